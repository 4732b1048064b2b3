"""Data that is in memory already."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from explora.core import ArgumentError
from explora.domains.pool import from_arrays, from_dataset, from_frame

COLUMNS = {
    "a": [1.0, 2.0, None, 4.0],
    "b": [1, 3, 5, 9],
    "c": ["x", "y", None, "x"],
    "when": ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
    "own": [[1.0, 2.0], [2.0, 1.0], [0.0, 0.0], [5.0, 1.0]],
    "y": ["u", None, "v", "u"],
}


class Hub:
    """As a `datasets.Dataset` looks from outside."""

    def __init__(self, columns, features=None):
        self.columns, self.features = columns, features

    @property
    def column_names(self):
        return list(self.columns)

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, rows):
        return {name: values[rows] for name, values in self.columns.items()}


class Splits(Hub):
    column_names = {"train": ["x"], "test": ["x"]}  # noqa: RUF012


class ClassLabel:
    names = ("no", "yes")


def test_all_ways_end_in_the_same_place():
    mine = pl.DataFrame(COLUMNS)
    theirs = pd.DataFrame({name: pd.Series(values) for name, values in COLUMNS.items()})
    found = [from_frame(mine, "y"), from_frame(theirs, "y"), from_dataset(Hub(COLUMNS), "y")]
    for items in found:
        assert items.labels == ["u", None, "v", "u"]
        assert items.feature_names == found[0].feature_names
        assert np.array_equal(items.inputs, found[0].inputs)
        assert items.row(2)["c"] is None
        assert items.row(0)["b"] == 1
        assert np.array_equal(items.featuriser(items.table), items.inputs)


def test_the_types_of_pandas():
    frame = pd.DataFrame(
        {
            "int": pd.array([1, None, 3], "Int64"),
            "flag": pd.array([True, None, False], "boolean"),
            "kind": pd.Categorical(["a", "b", None]),
            "when": pd.to_datetime(["2026-01-01", None, "2026-01-05"]),
            "zone": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-05"], utc=True),
            "text": pd.array(["p", None, "q"], "string"),
            "any": pd.Series([1, "two", None], dtype=object),
            "y": pd.Series([0, 1, None]),
        }
    )
    before = frame.copy()
    items = from_frame(frame, "y")
    assert items.labels == [0, 1, None]
    assert np.isfinite(items.inputs).all()
    kinds = {name.split(":")[0].split(" ")[0] for name in items.feature_names}
    assert kinds == set(frame.columns) - {"y"}
    pd.testing.assert_frame_equal(frame, before)
    assert items.row(1)["int"] is None
    assert items.table.frame().height == 3


def test_class_numbers_get_their_names_back():
    hub = Hub({"x": [1.0, 2.0, 3.0], "y": [1, 0, -1]}, {"y": ClassLabel()})
    assert from_dataset(hub, "y").labels == ["yes", "no", None]
    long = Hub({"x": list(np.random.default_rng(0).normal(size=2500)), "y": list(range(2500))})
    assert len(from_dataset(long, "y")) == 2500


def test_what_is_no_frame_is_said():
    with pytest.raises(ArgumentError, match="must be a data frame of pandas or Polars, got a list"):
        from_frame([1, 2])
    with pytest.raises(ArgumentError, match="collect a lazy frame first"):
        from_frame(pl.LazyFrame({"a": [1]}))
    with pytest.raises(ArgumentError, match="`target` is 'z', but the frame has no such column"):
        from_frame(pl.DataFrame({"a": [1, 2]}), "z")
    with pytest.raises(ArgumentError, match="two columns of the frame are called 'a'"):
        from_frame(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(ArgumentError, match="must have at least one row"):
        from_frame(pl.DataFrame({"a": []}))
    with pytest.raises(ArgumentError, match="choose one of train, test"):
        from_dataset(Splits({"x": [1]}))
    with pytest.raises(ArgumentError, match=r"must be a `datasets.Dataset`, got a list"):
        from_dataset([1])


def test_arrays():
    x = np.arange(12.0).reshape(6, 2) ** 2
    before = x.copy()
    items = from_arrays(
        x, np.array([0, 1, 2, 0, 1, 2]), ids=list("abcdef"), groups=[1, 1, 2, 2, 3, None], names=["p", "q"]
    )
    assert items.ids == list("abcdef")
    assert items.groups == ["1", "1", "2", "2", "3", "row 5"]
    assert items.labels == [0, 1, 2, 0, 1, 2]
    assert all(type(label) is int for label in items.labels)
    assert items.feature_names == ("p", "q")
    assert np.allclose(items.inputs, (x - x.mean(axis=0)) / x.std(axis=0), atol=1e-6)
    assert np.array_equal(x, before)
    assert from_arrays(x, [0.5, np.nan, None, 1, 2, 3]).labels == [0.5, None, None, 1, 2, 3]
    assert from_arrays(x).labels == [None] * 6
    again = from_arrays(x[:2], featuriser=from_arrays(x).featuriser)
    assert np.array_equal(again.inputs, from_arrays(x).inputs[:2])


def test_texts_as_a_list():
    items = from_arrays(["a red lamp", "a blue lamp", None, "red"], ["p", "q", None, "p"])
    assert items.feature_names[0] == "text: axis 0"
    assert items.row(2) == {"text": None, "(target)": None}
    assert np.array_equal(from_arrays(["a red lamp"], featuriser=items.featuriser).inputs[0], items.inputs[0])
    assert from_arrays(np.array(["one two", "three"])).feature_names[0] == "text: axis 0"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1.0, 2.0], [3.0]],), "rows of equal length"),
        ((np.zeros(3),), r"reshape a single feature with `x\[:, None\]`"),
        ((np.eye(3), [1, 2]), "`labels` must have one entry for each of 3 inputs, got 2"),
        ((np.zeros((0, 3)),), "at least one row"),
        ((np.zeros((3, 2)),), "'x0' never varies, 'x1' never varies"),
        ((np.zeros((3, 0)),), "at least one column"),
        ((np.array([object(), object()]),), "must be numbers or texts"),
    ],
)
def test_impossible_arrays(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        from_arrays(*arguments)
    with pytest.raises(ArgumentError, match="`names` must have 2 different entries"):
        from_arrays(np.eye(2), names=["a", "a"])
