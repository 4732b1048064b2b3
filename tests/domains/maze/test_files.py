import os
import time

import numpy as np
import pytest

from explora.core import TaskError
from explora.domains.maze import MazeSpace, fewest_actions_of_many, load_mazes, parse_mazes

from ._mazes import written

TWO_SIZES = """\
# first one
>.G
...

#..
.v#
..G


# first one
>G
..

#  last
#.#
^.G
"""


def rows_of(suite) -> list[str]:
    return [written(type(suite.tasks)(*(x[i] for x in _fields(suite.tasks)))) for i in range(len(suite.names))]


def _fields(tasks):
    return tasks.walls, tasks.goal, tasks.start, tasks.heading


def test_a_file_of_several_sizes(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(TWO_SIZES, "utf-8")
    suites = load_mazes(path)
    assert [suite.tasks.walls.shape for suite in suites] == [(2, 2, 3), (1, 3, 3), (1, 2, 2)]
    assert [suite.names for suite in suites] == [("first one", "last"), ("maze 2",), ("first one (2)",)]
    assert [suite.order for suite in suites] == [(0, 3), (1,), (2,)]
    assert rows_of(suites[0]) == [">.G\n...", "#.#\n^.G"]
    assert rows_of(suites[1]) == ["#..\n.v#\n..G"]  # a row may start with a wall
    assert suites[0].summary == f"mazes of {path}, 2 × 3"
    assert np.all(fewest_actions_of_many(suites[0].tasks) < 10)


@pytest.mark.parametrize("text", ["\ufeff>G\n..", ">G\r\n..\r\n\r\n", "\n \n>G  \n..\t\n   \n"])
def test_marks_of_other_editors_do_no_harm(tmp_path, text):
    path = tmp_path / "mine.txt"
    path.write_bytes(text.encode("utf-8"))
    assert rows_of(load_mazes(path)[0]) == [">G\n.."]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "bad.txt holds no maze; write one"),
        ("\n\n  \n", "bad.txt holds no maze; write one"),
        (">.\n..", "line 1: this maze has no goal; write one G"),
        (">G\n..\n\n.G\n..", "line 4: this maze has no player; write one of > v < ^"),
        (">G\n.G", "line 2: a second goal; keep one G (the other is in line 1)"),
        (">G\n.^", "line 2: a second player; keep one of > v < ^ (the other is in line 1)"),
        ("# a\n>G\n...", "line 3: 3 columns where the first row has 2; make all rows equally long"),
        (">G\n.o", "line 2: unknown character 'o' in column 2; write . floor"),
        (">G\n.\u2588", r"line 2: unknown character '\u2588' in column 2"),
        (">G\n\x00.", r"line 2: unknown character '\x00' in column 1"),
        ("..\n..\n\n>#G\n.#.", "line 1: this maze has no goal"),
        ("# x\n>#.\n.#G", "line 3: no path leads from the player to this goal; open a wall"),
        (">G\n..\n\n>#.\n.#G\n\n>#\n#G", "line 5: no path leads"),
        ("." * 102 + "\n>G", "line 1: 102 columns; a maze has 2 to 101"),
        (".\nG\n>", "line 1: 1 columns; a maze has 2 to 101"),
        (">.G", "line 1: a maze of 1 row; it needs at least 2"),
        (">G\n" + "..\n" * 101, "line 102: a maze of more than 101 rows; put a blank line"),
        ("# name\n\n>G\n..", "line 1: a name without a maze; write the maze right below"),
        (">G\n..\n\n# name", "line 4: a name without a maze"),
        (">G\n# name\n..", "line 2: a name inside a maze; put a blank line before it"),
        ("# one\n# two\n>G\n..", "line 2: a name inside a maze"),
        ("# " + "x" * 101 + "\n>G\n..", "line 1: a name of 101 characters; at most 100"),
        ("# \x1b[31mred\n>G\n..", "line 1: a name with characters that cannot be printed"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, text, words):
    path = tmp_path / "bad.txt"
    path.write_bytes(text.encode("utf-8"))
    with pytest.raises(TaskError) as caught:
        load_mazes(path)
    message = str(caught.value)
    assert words in message
    assert str(path) in message
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < len(str(path)) + 200


def test_wrong_encodings_folders_and_absent_files(tmp_path):
    path = tmp_path / "maze.txt"
    path.write_bytes(b">G\n..\n\n>\xe9\n.G")
    with pytest.raises(TaskError, match=r"maze.txt, line 4: not UTF-8 text; save"):
        load_mazes(path)
    path.write_text(">G\n..", "utf-16")
    with pytest.raises(TaskError, match=r"line 1: not UTF-8 text"):
        load_mazes(path)
    with pytest.raises(TaskError, match="is a folder; give a file"):
        load_mazes(tmp_path)
    with pytest.raises(TaskError, match=r"there is no file .*absent.txt"):
        load_mazes(tmp_path / "absent.txt")
    with pytest.raises(TaskError, match="cannot be read: File name too long"):
        load_mazes(tmp_path / ("x" * 300))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TaskError, match="there is no file"):
        load_mazes(tmp_path / "pipe")


@pytest.mark.parametrize(
    "noise",
    [
        lambda dice: dice.integers(0, 256, 10_000_000, np.uint8).tobytes(),
        lambda dice: dice.choice(np.frombuffer(b".#G>v<^ \n@", np.uint8), 10_000_000).tobytes(),
        lambda dice: b"." * 10_000_000,
        lambda dice: b"..........\n" * 1_000_000,
        lambda dice: b"# " + b"x" * 10_000_000,
        lambda dice: b"\n" * 10_000_000,
    ],
)
def test_ten_megabytes_of_noise_are_answered_briefly(tmp_path, noise):
    path = tmp_path / "noise.txt"
    path.write_bytes(noise(np.random.default_rng(0)))
    start = time.process_time()
    with pytest.raises(TaskError) as caught:
        load_mazes(path)
    assert time.process_time() - start < 10
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < len(str(path)) + 200


def test_mazes_of_all_sizes_are_read():
    row = "." * 101
    large = "\n".join([">" + row[1:], *[row] * 99, row[1:] + "G"])
    suites = parse_mazes(f">G\n..\n\n{large}")
    assert [suite.tasks.walls.shape for suite in suites] == [(1, 2, 2), (1, 101, 101)]
    assert fewest_actions_of_many(suites[1].tasks).tolist() == [201]
    assert MazeSpace(101, 101, walls=0).decode(large).walls.shape == (101, 101)


def test_text_without_a_source_is_read_too():
    with pytest.raises(TaskError, match=r"^line 2: a second goal"):
        parse_mazes(">G\n.G")
    with pytest.raises(TaskError, match=r"^the text holds no maze"):
        parse_mazes("")
