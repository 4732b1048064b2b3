import jax
import numpy as np
import pytest

from explora.core import ArgumentError, TaskError, UnknownName
from explora.domains.walker import Walker, WalkerSpace, load_terrains, parse_terrains

LINES = """{"name": "gap", "ground_roughness": 0.6, "pit_gap": [0, 0.8], "seed": 3}

{"ground_roughness": 5}
"""


def test_a_file_is_read_line_by_line(tmp_path):
    path = tmp_path / "terrains.jsonl"
    path.write_text("\ufeff" + LINES, encoding="utf-8")
    (suite,) = load_terrains(path)
    assert suite.names == ("gap", "terrain 2")
    assert suite.order == (0, 1)
    assert suite.tasks.pit_gap.tolist() == [[0, 80], [0, 0]]
    assert suite.tasks.roughness.tolist() == [60, 500]
    (again,) = Walker().read_tasks(str(path))
    assert again.names == suite.names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text holds no terrain"),
        ("walls", "line 1: not a JSON object"),
        ("[" * 100_000, "line 1: not a JSON object"),
        (LINES + '{"ground_roughness": 12}', "line 4: `ground_roughness` must lie in [0, 10], got 12"),
        (LINES + '{"name": "gap", "ground_roughness": 1}', "line 4: a second terrain called 'gap'"),
        ('{"name": "a\\u0000b", "ground_roughness": 1}', "can be printed"),
        ('{"ground_roughness": NaN}', "must lie in [0, 10]"),
        ("3", "line 1: a terrain is an object"),
    ],
)
def test_an_impossible_file_is_refused_with_its_line(text, message):
    with pytest.raises(TaskError) as error:
        parse_terrains(text)
    assert message in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(TaskError, match="there is no file"):
        load_terrains(tmp_path / "none")
    bad = tmp_path / "bad"
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TaskError, match="not UTF-8"):
        load_terrains(bad)


@pytest.mark.slow
def test_suites_are_the_published_settings():
    walker, space = Walker(), WalkerSpace()
    genes = {}
    for name in walker.suite_names:
        suite = walker.suite(name)
        assert suite.summary
        first = space.encode(jax.tree.map(lambda x: x[0], suite.tasks))
        genes[name] = (len(suite.names), first)
    layout = {"seed": 20_000_000}
    stairs = lambda height, steps: {
        "stair_height": [height] * 2,
        "stair_width": [4, 5],
        "stair_steps": [steps, steps + 1],
    }
    assert genes["flat"] == (1, {"ground_roughness": 0.0, "seed": 0})
    assert genes["v3"] == (10, {"ground_roughness": 1.0, **layout})
    assert genes["stairs-medium"] == (10, {"ground_roughness": 0.0, **stairs(2.0, 5), **layout})
    assert genes["stairs-high"] == (10, {"ground_roughness": 0.0, **stairs(5.0, 9), **layout})
    assert genes["pit-high"] == (10, {"ground_roughness": 0.0, "pit_gap": [10.0, 10.0], **layout})
    assert genes["roughness-high"] == (10, {"ground_roughness": 9.0, **layout})
    assert genes["rose"][0] == 30
    assert genes["rose"][1]["stump_height"] == [2.4, 2.82]
    assert genes["random"][0] == 100
    assert set(walker.suites("medium")) == {"stairs-medium", "pit-medium", "stump-medium", "roughness-medium"}


@pytest.mark.slow
def test_layouts_of_suites_are_never_drawn_in_training():
    walker = Walker()
    for name in set(walker.suite_names) - {"flat", "random"}:
        assert np.asarray(walker.suite(name).tasks.seed).min() >= 1_000_000


def test_unknown_suites():
    with pytest.raises(UnknownName, match="did you mean 'hardcore'"):
        Walker().suite("hardcor")
    with pytest.raises(ArgumentError, match="stands for several suites"):
        Walker().suite("medium")
