"""`explora suggest`: what it names, and what it says of data that are not as they should be."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explora.cli import main


def table(path: Path, rows: list[tuple], names: tuple[str, ...] = ("id", "a", "b", "y")) -> str:
    """A table on disk; None is an empty cell."""
    lines = [",".join(names)] + [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def points(labels: list[Any]) -> list[tuple]:
    numbers = np.random.default_rng(0).normal(size=(len(labels), 2)).round(3)
    return [(f"i{place}", *point, label) for place, (point, label) in enumerate(zip(numbers.tolist(), labels))]


def told(capsys: pytest.CaptureFixture, *words: str) -> dict[str, Any]:
    assert main(["suggest", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("known", "recipe"),
    [
        ([], "uncertainty-herding"),
        (["red"], "uncertainty-herding"),
        (["red", "blue", "red"], "uncertainty-herding"),
        ([1.5, 2.25, -1.0], "max-herding"),
        (["x|y", "y", "x"], "max-herding"),
    ],
    ids=["none", "one", "classes", "numbers", "several at once"],
)
def test_it_names_items_without_a_label_by_a_recipe_that_suits_the_labels(tmp_path, capsys, known, recipe):
    path = table(tmp_path / "t.csv", points([*known, *[None] * 9]))
    found = told(capsys, "--data", path, "--target", "y", "-n", "4")
    named = [item["id"] for item in found["items"]]
    assert (found["recipe"], found["known"], found["free"]) == (recipe, len(known), 9)
    assert len(set(named)) == 4
    assert not {f"i{place}" for place in range(len(known))} & set(named)


@pytest.mark.parametrize("labels", [[1.5, 2.5, 3.5], ["red", "blue", "red"], ["x|y", "y", "x|z"]])
def test_where_everything_has_a_label_nothing_is_named(tmp_path, capsys, labels):
    found = told(capsys, "--data", table(tmp_path / "t.csv", points(labels)), "--target", "y")
    assert (found["items"], found["known"], found["free"]) == ([], 3, 0)


def test_labels_may_lie_in_a_second_table_where_the_last_word_counts(tmp_path, capsys):
    data = table(tmp_path / "t.csv", [row[:3] for row in points([None] * 8)], ("id", "a", "b"))
    labels = table(tmp_path / "l.csv", [("i0", "red"), ("i1", "blue"), ("i0", "blue")], ("id", "label"))
    found = told(capsys, "--data", data, "--labels", labels, "-n", "20")
    assert (found["known"], found["free"]) == (2, 6)
    assert {item["id"] for item in found["items"]} == {f"i{place}" for place in range(2, 8)}


def test_gaps_constants_copies_and_mixed_columns_are_no_obstacle(tmp_path, capsys):
    rows = [(f"i{place}", None if place % 3 else 1.5, "same", "w" if place % 2 else 7, None) for place in range(6)]
    rows += [("j0", 1.5, "same", "w", "red"), ("j1", None, "same", 7, "blue")]
    path = table(tmp_path / "t.csv", rows, ("id", "gaps", "constant", "mixed", "y"))
    found = told(capsys, "--data", path, "--target", "y", "-n", "6")
    assert {item["id"] for item in found["items"]} == {f"i{place}" for place in range(6)}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--target", "z"], "z"),
        (["--target", "y", "-n", "0"], "at least 1"),
        (["--target", "y", "--recipe", "margn"], "margin"),
        (["--target", "y", "--recipe", "greedy", "--labels", "nowhere.csv"], "nowhere.csv"),
        (["--target", "y", "--recipe", "dr"], "question"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_printed_as_a_result(tmp_path, capsys, words, sentence):
    path = table(tmp_path / "t.csv", points(["red", "blue", None, None]))
    assert main(["suggest", "--data", path, *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert sentence in said.err


def test_a_table_in_another_encoding_is_read_or_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "latin.csv"
    path.write_bytes("id,a,y\ni0,grün,rot\ni1,weiß,\n".encode("latin-1"))
    assert main(["suggest", "--data", str(path), "--target", "y"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "UTF-8" in said.err
