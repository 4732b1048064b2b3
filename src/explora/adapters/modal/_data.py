"""Rows of whatever kind data comes in: arrays, sparse matrices, frames, tensors, lists, dictionaries of those."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from explora.core import ArgumentError


class UnknownKind(ArgumentError, TypeError):
    """Data of a kind that is not known here; also a `TypeError`, as modAL raises."""


def data_vstack(blocks: Sequence[Any]) -> Any:
    """Blocks of rows below each other: arrays, sparse matrices, frames, tensors or lists, all of one kind.

    **Raises:** `ArgumentError` for other kinds, and `ValueError` for blocks of other widths.
    """
    return _stacked(blocks, 0)


def data_hstack(blocks: Sequence[Any]) -> Any:
    """Blocks of columns beside each other, of the same kinds.

    **Raises:** as `data_vstack` does.
    """
    return _stacked(blocks, 1)


def data_shape(X: Any) -> tuple[int, ...]:
    """The shape of data.

    **Raises:** `ArgumentError` for kinds that have none.
    """
    if hasattr(X, "shape"):
        return tuple(X.shape)
    if isinstance(X, list | tuple):
        return np.shape(X)
    raise _unknown("X", X)


def rows_of(X: Any) -> int:
    """How many rows there are."""
    if isinstance(X, dict):
        return rows_of(next(iter(X.values())))
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def retrieve_rows(X: Any, indices: Any) -> Any:
    """Some rows of data, or a single one, as what they were.

    **Arguments:**

    - `X`: an array, a sparse matrix, a frame, a tensor, a list, or a dictionary of those.
    - `indices`: a number gives the row, an array, a list or a mask gives rows.

    **Raises:** `ArgumentError` for other kinds.
    """
    if isinstance(X, dict):
        return {name: retrieve_rows(value, indices) for name, value in X.items()}
    if isinstance(X, list):
        if np.ndim(indices) == 0:
            return X[int(indices)]
        chosen = np.asarray(indices)
        return [X[place] for place in (np.flatnonzero(chosen) if chosen.dtype == bool else chosen)]
    if hasattr(X, "iloc"):
        return X.iloc[indices]
    if _sparse(X) and X.format not in ("csr", "csc", "lil", "dok"):
        return X.tocsr()[indices].asformat(X.format)
    if hasattr(X, "__getitem__") and hasattr(X, "shape"):
        return X[indices]
    raise _unknown("X", X)


def drop_rows(X: Any, indices: Any) -> Any:
    """Data without some rows."""
    stay = np.ones(rows_of(X), bool)
    stay[indices] = False
    return retrieve_rows(X, np.flatnonzero(stay))


def add_row(X: Any, row: Any) -> Any:
    """Data with one row more.

    **Arguments:**

    - `X`: an array, a sparse matrix, a frame or a list.
    - `row`: of the same kind, as `retrieve_rows` gives a single one; or as rows.
    """
    if isinstance(X, list):
        return [*X, row]
    if hasattr(X, "iloc"):
        return data_vstack([X, row.to_frame().T if getattr(row, "ndim", 2) == 1 else row])
    if isinstance(X, np.ndarray):
        return np.concatenate([X, np.reshape(row, (-1, *X.shape[1:]))])
    return data_vstack([X, row])


def enumerate_data(X: Any) -> Iterator[tuple[int, Any]]:
    """All rows with their numbers, from 0."""
    rows = X.tocsr() if _sparse(X) else X
    return ((place, retrieve_rows(rows, place)) for place in range(rows_of(X)))


def _stacked(blocks: Sequence[Any], axis: int) -> Any:
    first = blocks[0]
    if any(_sparse(block) for block in blocks):
        import scipy.sparse

        return (scipy.sparse.vstack, scipy.sparse.hstack)[axis](blocks, format=_format(first))
    if hasattr(first, "iloc"):
        import pandas

        return pandas.concat(list(blocks), axis=axis)
    if isinstance(first, np.ndarray):
        return np.concatenate(blocks) if axis == 0 else np.hstack(blocks)
    if isinstance(first, list):
        return (np.concatenate(blocks) if axis == 0 else np.hstack(blocks)).tolist()
    if type(first).__module__.partition(".")[0] == "torch":
        import torch

        return torch.cat(list(blocks), dim=axis)
    raise _unknown("blocks", first)


def _format(X: Any) -> str:
    return X.format if _sparse(X) and X.format in ("csr", "csc") else "csr"


def _sparse(X: Any) -> bool:
    return hasattr(X, "tocsr")


def _unknown(name: str, X: Any) -> UnknownKind:
    return UnknownKind(
        f"`{name}` must be arrays, sparse matrices, frames, tensors or lists, got {type(X).__name__}; "
        "convert it to an array"
    )
