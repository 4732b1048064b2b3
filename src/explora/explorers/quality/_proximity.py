"""An archive of what is unlike everything before it."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from explora.core import ArgumentError, between
from explora.maths import mean_distance

from ._container import Container, offered
from ._kept import Added, Kept, Verdict, nothing, written


class Proximity(Container):
    """An archive that keeps what is novel: far, on average, from its `neighbours` nearest in the archive.

    Novelty is measured to what the archive held before the batch; everything is novel to an empty one. When there is
    no room left, the oldest make way.

    **Arguments:**

    - `measures`: how many numbers say what a solution is like.
    - `least`: the novelty from which on a solution is kept.
    - `neighbours`: to how many the distance is averaged, k (to all, as long as there are fewer).
    - `capacity`: how many solutions there is room for.

    **Reference:** Lehman and Stanley 2011, Abandoning Objectives: Evolution Through the Search for Novelty Alone,
    Evolutionary Computation 19(2), eq. 1.
    """

    measures: int = eqx.field(static=True)
    least: float = eqx.field(static=True)
    neighbours: int = eqx.field(static=True, default=15)
    capacity: int = eqx.field(static=True, default=10_000)

    def __check_init__(self):
        between("measures", self.measures, 1)
        between("least", self.least, 0.0)
        between("neighbours", self.neighbours, 1)
        between("capacity", self.capacity, 1)

    @property
    def dims(self) -> int:
        return self.measures

    @property
    def room(self) -> int:
        return self.capacity

    def init(self, solution: Any) -> Kept:
        return nothing(solution, self.capacity, self.measures, -float("inf"))

    def novelty(self, kept: Kept, measures: Float[Array, "batch measures"]) -> Float[Array, " batch"]:
        """The mean distance of each point to its nearest in the archive; `least` if that is empty."""
        found = mean_distance(measures, kept.measures, kept.filled, min(self.neighbours, self.capacity))
        return jnp.where(kept.size > 0, found, self.least)

    def add(
        self,
        kept: Kept,
        solutions: Any,
        objectives: Float[Array, " batch"],
        measures: Float[Array, "batch measures"],
    ) -> tuple[Kept, Added]:
        objectives, measures, fine = offered(self, solutions, objectives, measures)
        if fine.shape[0] > self.capacity:
            raise ArgumentError(f"`capacity` must be at least the size of a batch, {len(fine)}, got {self.capacity}")
        novelty = self.novelty(kept, jnp.where(fine[:, None], measures, 0.0))
        novel = fine & (novelty >= self.least)
        turn = (kept.added + jnp.cumsum(novel.astype(jnp.int32)) - 1) % self.capacity
        at = jnp.where(novel, turn, self.capacity)
        kept = written(kept, at, solutions, objectives, measures, objectives)
        status = jnp.where(novel, Verdict.NEW, Verdict.NOT_ADDED).astype(jnp.int32)
        return kept, Added(status, jnp.where(fine, novelty, -jnp.inf), jnp.where(novel, turn, -1), novel)
