"""Archives of one elite a cell: regular grids, and the cells around chosen centres."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int32

from explora.core import ArgumentError, between
from explora.maths import nearest

from ..query import k_means
from ._container import Container, offered
from ._kept import Added, Kept, Verdict, nothing, written


class Cells(Container):
    """An archive of one elite a cell, with the batch rule of MAP-Elites and of CMA-MAE.

    A candidate is accepted if its objective is greater than the threshold t of its cell; the best accepted one of a
    batch (the first of equal ones) becomes the elite. Then t becomes its objective; or with a `threshold`, from which
    every cell starts, and a `rate` α, t ← (1 - α)ᵏ t + (1 - (1 - α)ᵏ) · mean of the objectives of the k accepted ones.

    **Arguments:**

    - `threshold`: from which every cell starts; None: anything finite will do.
    - `rate`: how fast thresholds rise, α; 0 never (then only improvement over `threshold` counts), 1 at once.

    **Reference:** Mouret and Clune 2015 (arXiv:1504.04909), for one elite a cell; Fontaine and Nikolaidis 2022,
    Covariance Matrix Adaptation MAP-Annealing (arXiv:2205.10752), app. H, for the threshold of a batch.
    """

    threshold: float | None = eqx.field(static=True, default=None, kw_only=True)
    rate: float = eqx.field(static=True, default=1.0, kw_only=True)

    def cell(self, measures: Float[Array, "batch measures"]) -> Int32[Array, " batch"]:
        """The cell of each point; all numbers must be finite."""
        raise NotImplementedError

    def init(self, solution: Any) -> Kept:
        return nothing(solution, self.room, self.dims, self._least)

    def add(
        self,
        kept: Kept,
        solutions: Any,
        objectives: Float[Array, " batch"],
        measures: Float[Array, "batch measures"],
    ) -> tuple[Kept, Added]:
        objectives, measures, fine = offered(self, solutions, objectives, measures)
        cell = self.cell(jnp.where(fine[:, None], measures, 0.0))
        occupied, before = kept.filled[cell], kept.thresholds[cell]
        accepted = fine & (objectives > before)
        status = jnp.where(accepted, jnp.where(occupied, Verdict.IMPROVED, Verdict.NEW), Verdict.NOT_ADDED)
        demand = jnp.where(jnp.isneginf(before), 0.0, before)
        value = jnp.where(fine, objectives - demand, -jnp.inf)

        best, number, total = _rivals(jnp.where(accepted, cell, self.room), objectives, accepted)
        after = objectives
        if self.threshold is not None:
            left = (1.0 - self.rate) ** number
            after = left * demand + (1.0 - left) * total / number
        at = jnp.where(best, cell, self.room)
        kept = written(kept, at, solutions, objectives, measures, after)
        return kept, Added(status.astype(jnp.int32), value, jnp.where(fine, cell, -1), best)

    @property
    def _least(self) -> float:
        return -float("inf") if self.threshold is None else self.threshold

    def _check_threshold(self) -> None:
        between("rate", self.rate, 0.0, 1.0)
        if self.threshold is None and self.rate != 1.0:
            raise ArgumentError(
                f"`rate` must be 1 where there is no `threshold` to start from, got {self.rate}; give threshold=…, "
                "the least objective that is of any interest"
            )
        if self.threshold is not None and not np.isfinite(self.threshold):
            raise ArgumentError(f"`threshold` must be finite, or None for none, got {self.threshold}")


class Grid(Cells):
    """An archive of equal boxes. What lies outside belongs to the box at the edge.

    **Arguments:**

    - `shape`: how many cells each measure is cut into.
    - `low`, `high`: the ends of each measure.
    - `threshold`, `rate`: as in `Cells`.
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    low: tuple[float, ...] = eqx.field(static=True)
    high: tuple[float, ...] = eqx.field(static=True)

    def __check_init__(self):
        if not len(self.shape) == len(self.low) == len(self.high) > 0:
            raise ArgumentError(
                f"`shape`, `low` and `high` must have one entry a measure, got {len(self.shape)}, {len(self.low)} "
                f"and {len(self.high)}"
            )
        for count, low, high in zip(self.shape, self.low, self.high, strict=True):
            between("shape", count, 1)
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                raise ArgumentError(f"`low` must be less than `high` and both finite, got {low} and {high}")
        if self.room >= 2**31:
            raise ArgumentError(f"`shape` must have fewer than 2³¹ cells, got {self.room}")
        self._check_threshold()

    @property
    def dims(self) -> int:
        return len(self.shape)

    @property
    def room(self) -> int:
        return int(np.prod([int(count) for count in self.shape]))

    def cell(self, measures: Float[Array, "batch measures"]) -> Int32[Array, " batch"]:
        """The box of each point, the last measure changing fastest: arithmetic, so a large grid costs no more."""
        count = jnp.array(self.shape, jnp.float32)[None]
        low, high = (jnp.array(ends, jnp.float32)[None] for ends in (self.low, self.high))
        # The small number keeps a point on a boundary, a little low from rounding, in the box that begins there.
        place = (count * (measures - low) + 1e-6) / (high - low)
        # Clipped before it is made whole: a whole number has no room for what lies far outside.
        place = jnp.clip(place, 0.0, count - 1.0).astype(jnp.int32)
        strides = np.append(np.cumprod(self.shape[:0:-1])[::-1], 1).astype(np.int32)
        return jnp.sum(place * jnp.asarray(strides)[None], axis=1, dtype=jnp.int32)


class CVT(Cells):
    """An archive of the cells around chosen centres: each point belongs to the nearest, the first of equally near ones.

    For many measures, where a grid would have too many cells, or for measures whose range nobody knows.

    **Arguments:**

    - `centres`: one a cell.
    - `threshold`, `rate`: as in `Cells`.

    **Reference:** Vassiliades et al. 2018, Using Centroidal Voronoi Tessellations to Scale Up MAP-Elites
    (arXiv:1610.05729).
    """

    centres: Float[Array, "cells measures"]

    def __check_init__(self):
        shape = getattr(self.centres, "shape", None)  # a transformation may have put anything here
        if shape is not None and (len(shape) != 2 or 0 in shape):
            raise ArgumentError(f"`centres` must have a row a cell and a column a measure, got shape {shape}")
        self._check_threshold()

    @property
    def dims(self) -> int:
        return self.centres.shape[1]

    @property
    def room(self) -> int:
        return self.centres.shape[0]

    def cell(self, measures: Float[Array, "batch measures"]) -> Int32[Array, " batch"]:
        """The nearest centre of each point, by comparing with all."""
        return nearest(measures, self.centres, jnp.ones((self.room,), bool))[0]


def fitted(
    samples: Float[np.ndarray, "samples measures"], cells: int, *, rng: np.random.Generator, turns: int = 50
) -> Float[np.ndarray, "cells measures"]:
    """Centres for `CVT`: those of k-means in samples of what is to be told apart.

    **Arguments:**

    - `samples`: points, ten for a cell or more: drawn evenly from a box, or measured.
    - `cells`: how many centres.
    - `rng`: the only source of chance.
    - `turns`: of k-means, at most.

    **Raises:** `ArgumentError` if there are not as many distinct finite samples as cells.
    """
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 2 or not np.all(np.isfinite(samples)):
        raise ArgumentError(f"`samples` must be finite, a row each, got shape {samples.shape}")
    between("cells", cells, 1)
    centres = k_means(samples, cells, turns=turns, rng=rng)[0] if len(samples) >= cells else samples
    if len(centres) < cells:
        raise ArgumentError(f"`samples` must hold at least {cells} distinct points, got {len(centres)}; give more")
    return centres.astype(np.float32)


def _rivals(
    cell: Int32[Array, " batch"], objectives: Float[Array, " batch"], accepted: Bool[Array, " batch"]
) -> tuple[Bool[Array, " batch"], Float[Array, " batch"], Float[Array, " batch"]]:
    """Which candidates are the best accepted of their cell; how many those are, and the sum of their objectives.

    Costs a sort of the batch, whatever the number of cells. The numbers are right where the first answer is True.
    """
    batch = cell.shape[0]
    worth = jnp.where(accepted, objectives, -jnp.inf)
    by = jnp.lexsort((-worth, cell))
    ordered = cell[by]
    leads = jnp.concatenate([jnp.ones((1,), bool), ordered[1:] != ordered[:-1]])
    group = jnp.zeros((batch,), jnp.int32).at[by].set(jnp.cumsum(leads.astype(jnp.int32)) - 1)
    best = jnp.zeros((batch,), bool).at[by].set(leads) & accepted
    count = lambda x: jax.ops.segment_sum(jnp.where(accepted, x, 0.0), group, num_segments=batch)[group]
    return best, jnp.maximum(count(jnp.ones_like(objectives)), 1.0), count(objectives)
