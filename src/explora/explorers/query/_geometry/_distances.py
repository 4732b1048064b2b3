"""Distances between many rows and a few, in blocks that stay in the cache: never rows × rows at once."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, Int

from .._candidates import floating

BLOCK = 1 << 18
"""How many distances are computed at a time."""


def blocks(rows: int, width: int) -> Iterator[slice]:
    """Slices that cover `rows`, so long that each holds about `BLOCK` numbers if a row has `width`."""
    step = max(16, BLOCK // max(1, width))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def squares(points: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
    """The squared length of each row."""
    return np.einsum("ij,ij->i", points, points)


def squared_distances(
    centres: Float[np.ndarray, "centres features"], points: Float[np.ndarray, "rows features"]
) -> Float[np.ndarray, "centres rows"]:
    """Squared Euclidean distances, never negative.

    By ‖x‖² + ‖c‖² - 2 x·c, one matrix product; up to three features by differences, which cancels nothing.
    """
    if points.shape[1] <= 3:
        found = np.zeros((len(centres), len(points)), points.dtype)
        for feature in range(points.shape[1]):
            found += np.subtract.outer(centres[:, feature], points[:, feature]) ** 2
        return found
    found = (-2 * centres) @ points.T
    found += squares(centres)[:, None]
    found += squares(points)
    return np.maximum(found, 0, out=found)


def unit(points: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows features"]:
    """The rows at length 1; rows of zeros stay as they are."""
    length = np.sqrt(squares(points))
    return points / np.where(length > 0, length, 1)[:, None].astype(points.dtype)


def centred(points: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows features"]:
    """The rows around their mean: far from the origin, products of 32 bits would cancel what tells rows apart."""
    points = floating(points)
    return points - points.mean(axis=0, dtype=np.float64).astype(points.dtype)


def some(rows: Int[np.ndarray, " rows"], most: int, *, rng: np.random.Generator) -> Int[np.ndarray, " some"]:
    """The rows, or `most` of them by chance (in rising order) if there are more."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def taken(
    array: Float[np.ndarray, "rows features"], rows: Int[np.ndarray, " some"]
) -> Float[np.ndarray, "some features"]:
    """`array[rows]` for rising rows, without a copy if that is all of it."""
    return array if len(rows) == len(array) else array[rows]


def central(
    points: Float[np.ndarray, "rows features"],
    *,
    sample: int,
    rng: np.random.Generator,
    squared: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> int:
    """The row with the least sum of distances to all rows.

    **Arguments:**

    - `points`: where the rows lie.
    - `sample`: of how many rows, drawn by chance, the distances are summed if there are more.
    - `rng`: the only source of chance.
    - `squared`: the squared distances of some rows to others; None: the Euclidean ones.
    """
    squared = squared_distances if squared is None else squared
    others = points[some(np.arange(len(points)), sample, rng=rng)].astype(np.float64)
    total = np.concatenate(
        [np.sqrt(squared(others, points[s].astype(np.float64))).sum(axis=0) for s in blocks(len(points), len(others))]
    )
    return int(np.argmin(total))
