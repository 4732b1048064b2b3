"""k-means in blocks, with weights: for pools of a million rows, and the same on every number of threads."""

import numpy as np
from jaxtyping import Float, Int

from .._candidates import floating
from ._distances import blocks, some, squared_distances, squares

ENOUGH = 16384, 128
"""Centres are fitted to so many rows, or so many a cluster, by chance if there are more."""


def k_means(
    points: Float[np.ndarray, "rows features"],
    clusters: int,
    *,
    weights: Float[np.ndarray, " rows"] | None = None,
    turns: int = 50,
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "clusters features"], Int[np.ndarray, " rows"]]:
    """Lloyd's algorithm from greedy k-means++ seeds; a cluster that runs empty starts again at the farthest row.

    Centres of a large pool are fitted to a part of it, which moves them by about a tenth of the spread of a cluster;
    every row then goes to the nearest one.

    **Arguments:**

    - `points`: what is clustered.
    - `clusters`: how many are wanted; there are never more than distinct rows.
    - `weights`: how much each row counts, not negative; all alike if None.
    - `turns`: how many at most. It ends when all centres together move by less than 1 % of the spread of a feature.
    - `rng`: the only source of chance.

    **Returns:** the centres, and the cluster of each row.

    **Reference:** Arthur and Vassilvitskii 2007, k-means++ (with 2 + ln k trials a seed).
    """
    points = floating(points)
    seen = some(np.arange(len(points)), max(ENOUGH[0], ENOUGH[1] * clusters), rng=rng)
    part = points if len(seen) == len(points) else points[seen]
    heavy = np.ones(len(part)) if weights is None else weights[seen].astype(np.float64)
    centres = part[_seeds(part, heavy, clusters, rng)]
    spread = float(np.mean(np.var(part, axis=0, dtype=np.float64)))
    for _ in range(turns):
        label, apart = assign(part, centres)
        moved = _means(part, heavy, label, centres)
        empty = np.flatnonzero(np.bincount(label, minlength=len(centres)) == 0)
        if len(empty):
            moved[empty] = part[np.argsort(-apart, kind="stable")[: len(empty)]]
        shift = float(np.sum((moved - centres).astype(np.float64) ** 2))
        centres = moved
        if shift <= 1e-4 * spread:
            break
    return centres, assign(points, centres)[0]


def assign(
    points: Float[np.ndarray, "rows features"], centres: Float[np.ndarray, "clusters features"]
) -> tuple[Int[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """The nearest centre to each row, and the squared distance to it."""
    label, apart = np.zeros(len(points), np.int64), np.zeros(len(points), points.dtype)
    for at in blocks(len(points), len(centres)):
        near = squared_distances(points[at], centres)  # a row of it for each point: argmin runs along memory
        label[at] = near.argmin(axis=1)
        apart[at] = np.take_along_axis(near, label[at][:, None], axis=1)[:, 0]
    return label, apart


def _means(points: np.ndarray, weights: np.ndarray, label: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The weighted mean of each cluster; `before` where nothing weighs anything."""
    size = np.bincount(label, weights, minlength=len(before))
    total = np.stack([np.bincount(label, weights * x, minlength=len(before)) for x in points.T], axis=1)
    means = total / np.where(size > 0, size, 1)[:, None]
    return np.where(size[:, None] > 0, means, before).astype(points.dtype)


def _seeds(points: np.ndarray, weights: np.ndarray, clusters: int, rng: np.random.Generator) -> np.ndarray:
    """Distinct rows by greedy k-means++; fewer than `clusters` if the rest are duplicates."""
    weight = weights.copy() if weights.sum() > 0 else np.ones(len(points))
    trials = 2 + int(np.log(clusters))
    chosen = [int(rng.choice(len(points), p=weight / weight.sum()))]
    nearest = squared_distances(points[chosen], points)[0].astype(np.float64)
    tiny = 32 * float(np.finfo(points.dtype).eps) * float(squares(points).max())
    while len(chosen) < clusters:
        nearest[nearest <= tiny] = 0
        total = np.cumsum(nearest * weight)
        if not total[-1] > 0:
            break
        last = int(np.searchsorted(total, total[-1], side="left"))
        drawn = np.minimum(np.searchsorted(total, rng.random(trials) * total[-1], side="right"), last)
        near = np.minimum(squared_distances(points[drawn], points), nearest)
        best = int(np.argmin(near @ weight))
        chosen.append(int(drawn[best]))
        nearest = near[best].astype(np.float64)
    return np.array(chosen)
