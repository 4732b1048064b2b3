"""Episodes as a Parquet file: one row an episode; what has one entry a step is a list."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from explora.core import Episodes, MissingExtra

from .._layout import Field, Layout, put_together, take_apart

_LAYOUT, _FORMAT = "explora", 1


def write(path: Path, episodes: Episodes) -> None:
    """Writes a file."""
    pl = _polars()
    layout, arrays = take_apart(episodes)
    columns = []
    for name, field in layout.fields.items():
        flat = pl.Series(name, _flat(arrays[name]), strict=True)
        if field.by == "step":
            frame = pl.DataFrame([pl.Series("episode", episodes.episode), flat])
            flat = frame.group_by("episode", maintain_order=True).agg(pl.col(name))[name]
        columns.append(flat)
    text = json.dumps({"format": _FORMAT, **layout.to_json()})
    pl.DataFrame(columns).write_parquet(path, metadata={_LAYOUT: text})


def read(path: Path) -> Episodes:
    """Reads a file."""
    pl = _polars()
    try:
        text = pl.read_parquet_metadata(path).get(_LAYOUT)
        if text is None:
            raise ValueError("it was not written by explora: it does not say which columns are observations")
        content = json.loads(text)
        if content.get("format") != _FORMAT:
            raise ValueError(f"its layout is not of format {_FORMAT}: a newer explora wrote it")
        layout = Layout.from_json(content)
        frame = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"it is damaged ({str(error).splitlines()[0]})") from error
    missing = [name for name in layout.fields if name not in frame.columns]
    if missing:
        raise ValueError(f"the column `{missing[0]}` is missing")
    lengths = frame["reward"].list.len().to_numpy().astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    arrays = {}
    for name, field in layout.fields.items():
        column = frame[name]
        if column.null_count():
            raise ValueError(f"the column `{name}` has gaps")
        if field.by == "step":
            if not np.array_equal(column.list.len().to_numpy(), lengths):
                raise ValueError(f"the lists of `{name}` are not as long as those of `reward`")
            column = column.explode()
        arrays[name] = _shaped(name, column.to_numpy(), field)
    return put_together(layout, offsets, arrays)


def _flat(array: np.ndarray) -> Any:
    """An array as a column has it: entries of several numbers are rows; there are no complex ones."""
    if array.dtype.kind == "c":
        raise ValueError("Parquet has no complex numbers; write .npz or .hdf5")
    if array.dtype.kind == "U":
        return array.tolist() if array.ndim == 1 else array.reshape(len(array), -1).tolist()
    return np.ascontiguousarray(array if array.ndim == 1 else array.reshape(len(array), -1))


def _shaped(name: str, array: np.ndarray, field: Field) -> np.ndarray:
    rows = len(array)
    if array.dtype == object:
        array = np.array(array.tolist())
    try:
        dtype = array.dtype if field.dtype == "text" else np.dtype(field.dtype)
        return array.reshape(rows, *field.shape).astype(dtype, casting="equiv" if dtype.kind != "U" else "unsafe")
    except (ValueError, TypeError) as error:
        raise ValueError(f"the column `{name}` is not {field.dtype}{list(field.shape)}: {error}") from error


def _polars() -> Any:
    try:
        import polars
    except ImportError as error:
        raise MissingExtra("polars", "experience") from error
    return polars
