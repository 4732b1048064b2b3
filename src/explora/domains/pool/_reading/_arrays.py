"""Data that is in memory already."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from explora.core import ArgumentError

from .._features import Featuriser
from .._items import Items
from .._table import Table, missing
from ._assemble import Roles, assemble, check_dtype
from ._files import digest

Names = str | Sequence[str]


def from_arrays(
    inputs: Any,
    labels: Any = None,
    *,
    ids: Sequence[Any] | None = None,
    groups: Sequence[Any] | None = None,
    names: Sequence[str] | None = None,
    dtype: str = "float32",
    featuriser: Featuriser | None = None,
) -> Items:
    """Items of arrays or lists.

    **Arguments:**

    - `inputs`: a matrix of numbers with a row an item (standardised column by column), a list of texts, or images as
      an array of shape (items, height, width) or (items, height, width, 3).
    - `labels`: one an item, None or NaN where it is not known; or None for no labels at all.
    - `ids`: what each item is called; by default their places, from 0.
    - `groups`: which items belong together.
    - `names`: what the columns of a matrix are called.
    - `dtype`: of the features.
    - `featuriser`: one that was fitted to other items.

    **Raises:** `ArgumentError` for lengths or shapes that do not fit together.
    """
    check_dtype(dtype)
    columns = _columns(inputs, names)
    table = Table(columns, "`inputs`")
    extra, roles = {}, {}
    for role, values in (("target", labels), ("id", ids), ("group", groups)):
        if values is not None:
            values = values.tolist() if isinstance(values, np.ndarray) else list(values)
            if len(values) != table.rows:
                role = {"target": "labels", "id": "ids", "group": "groups"}[role]
                raise ArgumentError(f"`{role}` must have one entry for each of {table.rows} inputs, got {len(values)}")
            roles[role] = f"({role})"  # no column of numbers is called that
            extra[f"({role})"] = values
    if not table.rows:
        raise ArgumentError("`inputs` must have at least one row, got none")
    fingerprint = digest(_bytes(values) for values in (*columns.values(), *extra.values()))
    whole = Table(columns | extra, "`inputs`")
    text, image = (tuple(name for name in columns if name == role and names is None) for role in ("text", "image"))
    return assemble(whole, Roles(text=text, image=image, dtype=dtype, **roles), fingerprint, featuriser)


def from_frame(
    frame: Any,
    target: str | None = None,
    *,
    id: str | None = None,
    group: str | None = None,
    text: Names = (),
    image: Names = (),
    ignore: Names = (),
    dtype: str = "float32",
    pair: tuple[str, str] | None = None,
    featuriser: Featuriser | None = None,
) -> Items:
    """Items of a data frame of pandas or Polars.

    **Arguments:**

    - `frame`: one item a row.
    - `target`, `id`, `group`, `text`, `image`, `ignore`, `dtype`, `pair`: as for `Source`.
    - `featuriser`: one that was fitted to other items.

    **Raises:** `ArgumentError` for something else, or for a column that does not exist.
    """
    check_dtype(dtype)
    if type(frame).__module__.startswith("polars") and type(frame).__name__ == "DataFrame":
        table = Table(frame, "the frame")
    elif hasattr(frame, "iloc") and hasattr(frame, "columns"):
        doubled = [str(name) for name in frame.columns[frame.columns.duplicated()]]
        if doubled:
            raise ArgumentError(f"two columns of the frame are called {doubled[0]!r}; rename one of them")
        table = Table({str(name): _from_pandas(frame[name]) for name in frame.columns}, "the frame")
    else:
        raise ArgumentError(
            f"`frame` must be a data frame of pandas or Polars, got a {type(frame).__name__}; "
            "collect a lazy frame first, and hand arrays to `from_arrays`"
        )
    if not table.rows:
        raise ArgumentError("`frame` must have at least one row, got none")
    roles = Roles(target, id, group, several(text), several(image), several(ignore), dtype, pair)
    return assemble(table, roles, fingerprint_of(table), featuriser)


def from_dataset(
    dataset: Any,
    target: str | None = None,
    *,
    id: str | None = None,
    group: str | None = None,
    text: Names = (),
    image: Names = (),
    ignore: Names = (),
    dtype: str = "float32",
    featuriser: Featuriser | None = None,
) -> Items:
    """Items of a `datasets.Dataset` of Hugging Face that is in memory or on disk already; nothing is downloaded.

    **Arguments:**

    - `dataset`: anything with `column_names` whose slices are dictionaries of lists.
    - `target`, `id`, `group`, `text`, `image`, `ignore`, `dtype`: as for `Source`. A target that is stored as class
      numbers gets the names of its classes back.
    - `featuriser`: one that was fitted to other items.

    **Raises:** `ArgumentError` for something else, several splits in one, or a column that does not exist.
    """
    check_dtype(dtype)
    names = getattr(dataset, "column_names", None)
    if isinstance(names, dict):
        raise ArgumentError(f"`dataset` has several splits; choose one of {', '.join(map(str, names))}")
    if names is None or not hasattr(dataset, "__len__"):
        raise ArgumentError(
            f"`dataset` must be a `datasets.Dataset`, got a {type(dataset).__name__}; "
            "take a finite part of a stream first, and hand frames to `from_frame`"
        )
    if not len(dataset):
        raise ArgumentError("`dataset` must have at least one row, got none")
    columns: dict[str, list] = {name: [] for name in names}
    for begin in range(0, len(dataset), 1000):
        for name, values in dataset[begin : begin + 1000].items():
            columns[name].extend(values)
    features = getattr(dataset, "features", None) or {}
    classes = getattr(features.get(target), "names", None)
    if target is not None and classes and target in columns:
        columns[target] = [
            classes[x] if isinstance(x, int) and 0 <= x < len(classes) else None for x in columns[target]
        ]
    table = Table({name: _tidy(values) for name, values in columns.items()}, "the dataset")
    roles = Roles(target, id, group, several(text), several(image), several(ignore), dtype)
    return assemble(table, roles, fingerprint_of(table), featuriser)


def several(names: Names) -> tuple[str, ...]:
    """One name or several, as a tuple."""
    return (names,) if isinstance(names, str) else tuple(names)


def _columns(inputs: Any, names: Sequence[str] | None) -> dict[str, Any]:
    if not isinstance(inputs, np.ndarray) and len(inputs) and all(isinstance(x, str) or missing(x) for x in inputs):
        return {"text": list(inputs)}
    try:
        array = np.asarray(inputs)
    except ValueError as error:
        raise ArgumentError(f"`inputs` must have rows of equal length: {error}") from error
    if array.dtype.kind not in "biuf":
        if array.ndim == 1 and array.dtype.kind in "US":
            return {"text": array.tolist()}
        raise ArgumentError(
            f"`inputs` must be numbers or texts, got an array of {array.dtype}; see `from_frame` for more"
        )
    if array.ndim in (3, 4):
        return {"image": array}
    if array.ndim != 2:
        raise ArgumentError(
            f"`inputs` must have the shape (items, features) or that of images, got {array.shape}; "
            "reshape a single feature with `x[:, None]`"
        )
    if not array.shape[1]:
        raise ArgumentError(f"`inputs` must have at least one column, got {array.shape}")
    names = [f"x{i}" for i in range(array.shape[1])] if names is None else [str(name) for name in names]
    if len(names) != array.shape[1] or len(set(names)) != len(names):
        raise ArgumentError(
            f"`names` must have {array.shape[1]} different entries, one a column, got {len(set(names))}"
        )
    return {name: array[:, i] for i, name in enumerate(names)}


def _from_pandas(series: Any) -> Any:
    kind = series.dtype
    if isinstance(kind, np.dtype) and kind.kind in "biufMm":
        return series.to_numpy()
    if getattr(kind, "kind", "O") in "biuf" and getattr(kind, "name", "") != "category":
        return series.to_numpy(dtype=np.float64, na_value=np.nan) if series.hasnans else series.to_numpy()
    if getattr(kind, "kind", "O") == "M":
        return series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return _tidy(series.tolist())


def _tidy(values: list) -> Any:
    """A list without the several ways of saying missing; an array where all are numbers."""
    values = [None if missing(value) else value for value in values]
    kinds = {type(value) for value in values}
    if kinds and kinds <= {int, bool, float}:
        return np.asarray(values, np.float64 if float in kinds else None) if len(kinds) == 1 else values
    return values


def fingerprint_of(table: Table) -> str:
    """SHA-256 of all columns and their names."""
    return digest(part for name in table.names for part in (name.encode(), _bytes(table.column(name))))


def _bytes(values: Any) -> bytes:
    if isinstance(values, np.ndarray):
        return f"{values.dtype} {values.shape} ".encode() + np.ascontiguousarray(values).tobytes()
    return "\0".join(value if isinstance(value, str) else _written(value) for value in values).encode(
        "utf-8", "replace"
    )


def _written(value: Any) -> str:
    """A value as a text that is the same in every process: not the address of an object, say."""
    if hasattr(value, "tobytes"):
        return value.tobytes().hex()
    return repr(value)
