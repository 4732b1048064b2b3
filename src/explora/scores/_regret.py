"""Scores of a population: what one member reaches and another does not."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from explora.core import ArgumentError, Lesson, Outcome, Score

from ._column import column


class Regret(Score):
    """How much better a task could be played, judged by members of a population that all played it.

    The rows of a lesson are blocks, one a member, of the same tasks in the same order. Every row of a task gets the
    task's regret; it is NaN (which enters no archive) unless all members finished.

    - `"paired"`: highest return of the antagonist (member 1) − mean return of the protagonist (member 0);
    - `"flexible"`: the member with the highest return plays antagonist, max(best) − mean of the others;
    - `"population"`: highest return of anybody − mean return of all.

    **Arguments:**

    - `members`: how many members play each task.
    - `form`: which of the three.
    - `clip`: whether negative regret counts as none (as in the reference implementation of PAIRED).

    **Reference:** Dennis et al. 2020 (arXiv:2012.02096), sec. 4 and app. E.
    """

    members: int = eqx.field(static=True, default=2)
    form: str = eqx.field(static=True, default="paired")
    clip: bool = eqx.field(static=True, default=True)

    def __check_init__(self):
        if self.form not in ("paired", "flexible", "population"):
            raise ArgumentError(f"`form` must be 'paired', 'flexible' or 'population', got {self.form!r}")
        least = 1 if self.form == "population" else 2
        if self.members < least or (self.form == "paired" and self.members != 2):
            raise ArgumentError(
                f"`members` must be {'2' if self.form == 'paired' else f'at least {least}'} for {self.form} regret, "
                f"got {self.members}; use form='population' for other numbers"
            )

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"returns", "max_returns"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        blocks = (self.members, -1)
        mean = column(self, outcome, "returns").reshape(blocks)
        best = column(self, outcome, "max_returns").reshape(blocks)
        if self.form == "paired":
            regret = best[1] - mean[0]
        elif self.form == "flexible":
            leader = jnp.argmax(best, axis=0)
            others = jnp.arange(self.members)[:, None] != leader[None]
            regret = jnp.max(best, axis=0) - jnp.sum(jnp.where(others, mean, 0.0), axis=0) / (self.members - 1)
        else:
            regret = jnp.max(best, axis=0) - jnp.mean(mean, axis=0)
        regret = jnp.maximum(regret, 0.0) if self.clip else regret
        finished = jnp.all(outcome.answered.reshape(blocks), axis=0)
        return jnp.tile(jnp.where(finished, regret, jnp.nan), self.members), rows


class Difficulty(Score):
    """How badly the learner did: the negative return. What a minimax adversary seeks, and why it ends in tasks that
    nobody can solve.

    **Arguments:**

    - `best`: count the highest return of a task instead of the mean.

    **Reference:** Dennis et al. 2020 (arXiv:2012.02096), sec. 3, the minimax adversary.
    """

    best: bool = eqx.field(static=True, default=False)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"max_returns" if self.best else "returns"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        return -column(self, outcome, "max_returns" if self.best else "returns"), rows
