"""What an archive of solutions keeps, and what became of those that were offered to it."""

import enum
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import Rowwise


class Verdict(enum.IntEnum):
    """What an archive made of a candidate; the codes are those of pyribs."""

    NOT_ADDED = 0
    """Not good or not novel enough, or not a finite number."""
    IMPROVED = 1
    """Better than what its cell demands, where there was something already."""
    NEW = 2
    """The first of its cell, or novel."""


class Kept(eqx.Module):
    """What an archive keeps: one solution a cell, and some cells still empty.

    **Arguments:**

    - `solutions`: a pytree of arrays with leading axis `cells`.
    - `objectives`: how good each is; -inf where a cell is empty.
    - `measures`: what it is like.
    - `thresholds`: what the next one in each cell must exceed.
    - `filled`: which cells hold a solution.
    - `order`: the filled cells, in the order in which they were filled; the first `size` entries count.
    - `size`: how many cells are filled.
    - `added`: how many solutions were ever written.
    """

    solutions: Any
    objectives: Float[Rowwise, " cells"]
    measures: Float[Rowwise, "cells measures"]
    thresholds: Float[Rowwise, " cells"]
    filled: Bool[Rowwise, " cells"]
    order: Int32[Rowwise, " cells"]
    size: Int32[Rowwise, ""]
    added: Int32[Rowwise, ""]

    @property
    def cells(self) -> int:
        """How many solutions there is room for."""
        return self.filled.shape[0]

    def draw(self, count: int, *, key: PRNGKeyArray) -> Int32[Array, " count"]:
        """Filled cells drawn evenly, with replacement; cell 0 if none is filled."""
        place = jr.randint(key, (count,), 0, jnp.maximum(self.size, 1))
        return jnp.where(self.size > 0, self.order[place], 0)

    def at(self, cell: Int32[Array, " count"]) -> Any:
        """The solutions of some cells."""
        return jax.tree.map(lambda x: x[cell], self.solutions)


class Added(eqx.Module):
    """What became of a batch of candidates.

    **Arguments:**

    - `status`: one `Verdict` each. Several of one batch may have beaten what their cell demanded, and only the best
      of them is kept.
    - `value`: by how much each beat (or missed) what its cell demanded; in a cell without demands the objective itself.
      In an archive of novelty: the novelty. -inf for what is not finite.
    - `cell`: where each belongs, or was put; -1 for nowhere.
    - `stored`: which of them the archive holds now.
    """

    status: Int32[Rowwise, " batch"]
    value: Float[Rowwise, " batch"]
    cell: Int32[Rowwise, " batch"]
    stored: Bool[Rowwise, " batch"]


class Summary(eqx.Module):
    """How much an archive has found.

    **Arguments:**

    - `elites`: how many solutions it holds.
    - `coverage`: the share of its cells that are filled, in [0, 1].
    - `qd_score`: the sum of all objectives, each less an offset.
    - `norm_qd_score`: the same divided by the number of cells.
    - `best`, `mean`: of the objectives; NaN if there are none.

    **Reference:** Pugh et al. 2016, Quality Diversity: A New Frontier for Evolutionary Computation, for the QD score.
    """

    elites: Int32[Array, ""]
    coverage: Float[Array, ""]
    qd_score: Float[Array, ""]
    norm_qd_score: Float[Array, ""]
    best: Float[Array, ""]
    mean: Float[Array, ""]


def summary(kept: Kept, offset: Float[Array, ""] | float = 0.0) -> Summary:
    """How much an archive has found.

    **Arguments:**

    - `kept`: what it keeps.
    - `offset`: the least objective there can be, so that a new cell never lowers the score.
    """
    kind = kept.objectives.dtype
    count = kept.size.astype(kind)
    total = jnp.sum(jnp.where(kept.filled, kept.objectives, 0.0))
    score = total - offset * count
    some = kept.size > 0
    best = jnp.where(some, jnp.max(kept.objectives, initial=-jnp.inf, where=kept.filled), jnp.nan)
    mean = jnp.where(some, total / jnp.maximum(count, 1.0), jnp.nan)
    return Summary(kept.size, count / kept.cells, score, score / kept.cells, best, mean)


def nothing(solution: Any, cells: int, measures: int, threshold: float) -> Kept:
    """An archive that holds nothing.

    **Arguments:**

    - `solution`: one solution, or its shapes and types.
    - `cells`: how many there is room for.
    - `measures`: how many numbers say what a solution is like.
    - `threshold`: what the first solution of a cell must exceed.
    """
    return Kept(
        jax.tree.map(lambda x: jnp.zeros((cells, *jnp.shape(x)), x.dtype), solution),
        jnp.full((cells,), -jnp.inf, jnp.float32),
        jnp.zeros((cells, measures), jnp.float32),
        jnp.full((cells,), threshold, jnp.float32),
        jnp.zeros((cells,), bool),
        jnp.zeros((cells,), jnp.int32),
        jnp.zeros((), jnp.int32),
        jnp.zeros((), jnp.int32),
    )


def sound(
    solutions: Any, objectives: Float[Array, " batch"], measures: Float[Array, "batch measures"]
) -> Bool[Array, " batch"]:
    """Which candidates consist of finite numbers only."""
    fine = jnp.isfinite(objectives) & jnp.all(jnp.isfinite(measures), axis=1)
    for leaf in jax.tree.leaves(solutions):
        if jnp.issubdtype(leaf.dtype, jnp.inexact):
            fine = fine & jnp.all(jnp.isfinite(leaf).reshape(leaf.shape[0], -1), axis=1)
    return fine


def written(
    kept: Kept, cell: Int32[Array, " batch"], solutions: Any, objectives: Array, measures: Array, thresholds: Array
) -> Kept:
    """The archive with candidates put into cells; `cells` (one past the end) for those that go nowhere.

    **Arguments:** as in `Kept`, one a candidate; no cell is named twice.
    """
    put = lambda x, y: x.at[cell].set(y.astype(x.dtype), mode="drop")
    goes = cell < kept.cells
    first = goes & ~kept.filled.at[cell].get(mode="fill", fill_value=False)
    place = jnp.where(first, kept.size + jnp.cumsum(first.astype(jnp.int32)) - 1, kept.cells)
    return Kept(
        jax.tree.map(put, kept.solutions, solutions),
        put(kept.objectives, objectives),
        put(kept.measures, measures),
        put(kept.thresholds, thresholds),
        put(kept.filled, jnp.ones_like(goes)),
        kept.order.at[place].set(cell, mode="drop"),
        kept.size + jnp.sum(first.astype(jnp.int32)),
        kept.added + jnp.sum(goes.astype(jnp.int32)),
    )
