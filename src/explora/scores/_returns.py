"""Scores that compare what was reached with what could have been reached."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from explora.core import Lesson, Outcome, Score

from ._column import column


class MaxMC(Score):
    """The highest return ever seen on a task, less what the learner predicts: the mean over steps of R_max − V(s_t).

    The maximum is kept in the task's memory row, starts at −∞ (returns may be negative) and never falls. While no
    episode has ever finished nothing is known to be missed, and the score is 0.

    R_max is undiscounted and V discounted, as published.

    **Reference:** Jiang et al. 2021, Replay-Guided Adversarial Environment Design (arXiv:2110.02439), sec. 4.
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"max_returns", "values"})

    def init(self) -> Float[Array, ""]:
        return jnp.full((), -jnp.inf, jnp.float32)

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        seen, values = column(self, outcome, "max_returns"), column(self, outcome, "values")
        if outcome.episodes is not None:
            seen = jnp.where(outcome.episodes > 0, seen, -jnp.inf)
        best = jnp.fmax(rows, seen)  # a NaN is no return
        known = jnp.isfinite(best)
        return jnp.where(known, jnp.where(known, best, 0.0) - values, 0.0), best


class TrueRegret(Score):
    """What a perfect player would have got, less what the learner got; for domains that can solve their tasks.

    **Reference:** Dennis et al. 2020, Emergent Complexity and Zero-shot Transfer via Unsupervised Environment Design
    (arXiv:2012.02096), eq. 1, with the optimal policy in the antagonist's place.
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"optimal_returns", "returns"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        return column(self, outcome, "optimal_returns") - column(self, outcome, "returns"), rows
