"""Novelty search over the tasks of a space: what is unlike everything before it."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import ArgumentError, Space, between
from explora.maths import mean_distance

from ..quality import Kept, Proximity, summary
from ._featured import Featured, FeaturedState, Task


class Novelty(Featured[Task]):
    """Keeps tasks that are unlike those it has, plays these again, and edits of the most unlike ones.

    The novelty of a task is the mean distance to the `neighbours` nearest kept tasks, each feature scaled to [0, 1]. A
    task is kept from a novelty of `least` on; when there is no room left, the oldest make way. Of two kept tasks drawn
    evenly, the one that is more novel now is edited. Novelty alone leads to tasks that nobody can learn from: with a
    `minimum` only those of a higher score are kept.

    **Arguments:**

    - `rows`: how many tasks a lesson has, at most `capacity`.
    - `score`: how good a task is; it leads nowhere but for the `minimum`.
    - `neighbours`: to how many the distance is averaged, k.
    - `least`: the novelty from which on a task is kept.
    - `capacity`: how many are kept.
    - `minimum`: the score that a task must exceed to be kept; None: whatever its score.
    - `features`: the names of the features; none: all of the space.
    - `low`, `high`: the ends of each feature; None: those that the space says.
    - `replay`: which share of a lesson are tasks that are kept.
    - `random`: which share of the others are new tasks and no edits.
    - `initial`: as long as fewer tasks are kept, all of a lesson are new.
    - `explore_learns`: learn from edited and new tasks too, not only from those that are played again.
    - `queue`: how many rows each lane plays in turn.

    **Reference:** Lehman and Stanley 2011, Abandoning Objectives: Evolution Through the Search for Novelty Alone,
    Evolutionary Computation 19(2), eq. 1; Lehman and Stanley 2010, Revising the Evolutionary Computation Abstraction:
    Minimal Criteria Novelty Search, for the minimum. There whole populations are replaced by the most novel; here a
    tournament of two chooses parents among all that is kept.
    """

    neighbours: int = eqx.field(static=True, default=15)
    least: float = eqx.field(static=True, default=0.05)
    capacity: int = eqx.field(static=True, default=1000)
    minimum: float | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        self._check(self.capacity)
        between("neighbours", self.neighbours, 1)
        between("least", self.least, 0.0)
        if self.rows > self.capacity:
            raise ArgumentError(f"`capacity` must be at least `rows`={self.rows}, got {self.capacity}")

    def container(self, space: Space[Any]) -> Proximity:
        return Proximity(self.kinds or len(space.feature_names), self.least, self.neighbours, self.capacity)

    def novelty(self, kept: Kept) -> Float[Array, " cells"]:
        """The mean distance of each kept task to the nearest others; 0 for the only one and for empty cells."""
        near = min(self.neighbours, self.capacity - 1) + 1
        among = jnp.minimum(kept.size, near).astype(jnp.float32)
        # Each is its own nearest, at distance 0, and does not count.
        mean = mean_distance(kept.measures, kept.measures, kept.filled, near)
        return jnp.where(kept.filled & (among > 1), mean * among / jnp.maximum(among - 1.0, 1.0), 0.0)

    def chosen(self, kept: Kept, again: int, edits: int, *, key: PRNGKeyArray) -> Int32[Array, " rows"]:
        evenly, pairs = jr.split(key)
        rivals = kept.draw(2 * edits, key=pairs).reshape(2, edits)
        novelty = self.novelty(kept)[rivals]
        return jnp.concatenate([kept.draw(again, key=evenly), jnp.where(novelty[0] >= novelty[1], *rivals)])

    def admits(self, score: Float[Array, " rows"]) -> Bool[Array, " rows"]:
        return super().admits(score) if self.minimum is None else score > self.minimum

    def metrics(self, state: FeaturedState) -> dict[str, Array]:
        found, some = summary(state.kept), state.kept.size > 0
        number = jnp.maximum(found.elites, 1).astype(jnp.float32)
        return {
            "fill": found.coverage,
            "novelty": jnp.sum(self.novelty(state.kept)) / number,
            "mean_score": jnp.where(some, found.mean, 0.0),
            "max_score": jnp.where(some, found.best, 0.0),
        }
