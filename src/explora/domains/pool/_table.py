"""The rows of a user's data as they were written."""

import math
from collections.abc import Mapping, Sequence
from datetime import time
from pathlib import Path
from typing import Any

import numpy as np

from explora.core import ArgumentError, suggest

from ._required import polars

Column = np.ndarray | list
"""What features are made of: an array of numbers, dates or embeddings, or a list of Python values with None for what
is missing."""


class Table:
    """Columns of equal length by name, held as they came: a Polars frame, or arrays and lists.

    Nothing is copied or converted until a column is asked for, so that a table costs what its file costs.

    **Arguments:**

    - `data`: a Polars data frame, or columns by name.
    - `source`: what messages call it, the name of a file, say.
    - `base`: the folder from which relative paths of images lead.
    """

    def __init__(self, data: Any, source: str = "the data", base: Path | None = None):
        self.source, self.base = source, base
        self._frame = None if isinstance(data, Mapping) else data
        self._columns: dict[str, Any] = dict(data) if isinstance(data, Mapping) else {}
        lengths = {name: len(column) for name, column in self._columns.items()}
        if len(set(lengths.values())) > 1:
            raise ArgumentError(f"the columns of {source} must have equal lengths, got {lengths}")
        self.rows = len(data) if self._frame is not None else next(iter(lengths.values()), 0)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._columns if self._frame is None else self._frame.columns)

    def require(self, name: str, role: str) -> None:
        """Complains about a column that does not exist.

        **Raises:** `ArgumentError` that names the role in which it was wanted, and suggests the nearest name.
        """
        if name not in self.names:
            raise ArgumentError(
                f"`{role}` is {name!r}, but {self.source} has no such column{suggest(name, self.names)}"
            )

    def column(self, name: str) -> Column:
        """One column, for computing: an array where it holds numbers, dates or lists of equal length, else a list."""
        if self._frame is not None:
            return _from_series(self._frame[name])
        column = self._columns[name]
        return column if isinstance(column, np.ndarray) and column.dtype.kind in "biufMm" else list(column)

    def values(self, name: str) -> list[Any]:
        """One column as plain Python values; None where one is missing."""
        column = self._frame[name] if self._frame is not None else self._columns[name]
        return [_plain(value) for value in (column if isinstance(column, list) else _listed(column))]

    def row(self, index: int) -> dict[str, Any]:
        """One row as plain Python values, as the user wrote it."""
        if self._frame is not None:
            return {name: _plain(value) for name, value in self._frame.row(index, named=True).items()}
        return {name: _plain(_scalar(column[index])) for name, column in self._columns.items()}

    def take(self, index: Sequence[int] | np.ndarray) -> "Table":
        """Some of the rows, in the order of their places."""
        places = np.asarray(index, np.int64)
        if self._frame is not None:
            return Table(self._frame[places], self.source, self.base)
        take = lambda column: column[places] if isinstance(column, np.ndarray) else [column[i] for i in places.tolist()]
        return Table({name: take(column) for name, column in self._columns.items()}, self.source, self.base)

    def frame(self) -> Any:
        """All rows as a Polars data frame, for writing them elsewhere.

        **Raises:** `MissingExtra` if Polars is not installed.
        """
        if self._frame is not None:
            return self._frame
        return polars().DataFrame({name: self.values(name) for name in self.names}, strict=False)


def missing(value: Any) -> bool:
    """Whether a value stands for nothing: None, NaN, NaT, or a text of blanks."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, np.generic) and bool(value != value))


def _plain(value: Any) -> Any:
    if type(value) in (int, bool):
        return value
    if isinstance(value, np.ndarray):
        return value.tolist()
    return None if missing(value) else _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]")  # of nanoseconds, Python's own type would be a bare number
    return value.item() if isinstance(value, np.generic) else value


def _listed(column: Any) -> list:
    """A Polars series or an array as a list; an array of several dimensions as a list of arrays."""
    if isinstance(column, np.ndarray):
        return column.tolist() if column.ndim == 1 and column.dtype.kind != "M" else list(column)
    return column.to_list()


def _from_series(series: Any) -> Column:
    pl = polars()
    kind = series.dtype
    if kind == pl.Boolean or kind.is_numeric():
        return (series.cast(pl.Float64) if series.null_count() or not kind.is_float() else series).to_numpy()
    if kind in (pl.Date, pl.Datetime):
        return series.to_numpy()
    if kind == pl.Duration:
        return series.cast(pl.Float64).to_numpy()
    if kind == pl.Time:
        return [None if x is None else _seconds(x) for x in series.to_list()]
    if kind in (pl.List, pl.Array) and kind.inner.is_numeric() and not series.null_count():
        lengths = (series.list if kind == pl.List else series.arr).len().unique()
        if len(lengths) == 1 and lengths[0]:
            return series.explode().cast(pl.Float64).to_numpy().reshape(len(series), -1)
    return series.to_list()


def _seconds(value: time) -> float:
    return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond * 1e-6
