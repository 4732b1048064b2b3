"""Lists of numbers that the user brought."""

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from explora.core import ArgumentError

from .._table import Column, missing
from ._encoder import Block, Encoder


@dataclasses.dataclass(frozen=True, eq=False)
class Embeddings(Encoder):
    """A column of lists of numbers of equal length, such as somebody's embeddings.

    They are shifted and scaled as a whole, so that distances and angles between differences stay as they are; what is
    missing lies in the middle.

    **Arguments:**

    - `name`: of the column.
    - `mean`: what is subtracted.
    - `scale`: what is then divided by: the root of the average variance of the dimensions.
    """

    kind: ClassVar[str] = "embeddings"
    mean: Float[np.ndarray, " dims"]
    scale: float

    @staticmethod
    def prepare(column: Column, base: Path | None) -> Float[np.ndarray, "rows dims"]:
        if isinstance(column, np.ndarray):
            return np.atleast_2d(column.astype(np.float32, copy=False).T).T
        dims = max((len(value) for value in column if not missing(value)), default=0)
        return np.array([_row(value, dims, place) for place, value in enumerate(column)], np.float32)

    @classmethod
    def fit(cls, name: str, prepared: Float[np.ndarray, "rows dims"]) -> "Embeddings | None":
        scaled = scaling(prepared)
        return None if scaled is None else cls(name, *scaled)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.name} {i}" for i in range(len(self.mean)))

    def encode(self, prepared: Float[np.ndarray, "rows dims"]) -> Block:
        if prepared.shape[1] == 0:  # every one is missing
            return np.zeros((len(prepared), len(self.mean)), np.float32)
        if prepared.shape[1] != len(self.mean):
            raise ArgumentError(
                f"the lists of column {self.name!r} must have {len(self.mean)} numbers, as when the model was made, "
                f"got {prepared.shape[1]}"
            )
        return scale_block(prepared, self.mean, self.scale)


def scaling(block: Float[np.ndarray, "rows dims"]) -> tuple[Float[np.ndarray, " dims"], float] | None:
    """The mean of a block and the root of its average variance; None if it never varies."""
    known = np.isfinite(block)
    block = block if known.all() else np.where(known, block, np.nan)
    rows = block[known.all(axis=1)]
    if len(rows) == 0 or not (rows != rows[0]).any():
        return None
    mean = rows.mean(axis=0, dtype=np.float64)
    scale = float(np.sqrt(rows.var(axis=0, dtype=np.float64).mean()))
    return (mean.astype(np.float32), scale) if scale > 0 else None


def scale_block(
    block: Float[np.ndarray, "rows dims"], mean: Float[np.ndarray, " dims"], scale: float
) -> Float[np.ndarray, "rows dims"]:
    """A block shifted and scaled; zero where it was not finite."""
    moved = (block - mean) / np.float32(scale)
    return np.where(np.isfinite(moved), moved, np.float32(0))


def _row(value: Any, dims: int, place: int) -> Any:
    if missing(value):
        return [np.nan] * dims
    if len(value) != dims:
        raise ArgumentError(
            f"a list of numbers must be as long in every row, got {len(value)} in row {place} and {dims} elsewhere"
        )
    return [np.nan if item is None else item for item in value]
