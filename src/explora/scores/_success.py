"""Scores made of how often a task is solved."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from explora.core import Lesson, Outcome, Score

from ._column import column


class Learnability(Score):
    """p(1 − p), where p is the share of episodes that succeed: largest for tasks that are solved half of the time.

    **Arguments:**

    - `unbiased`: multiply by n / (n − 1), where n is how many episodes finished, so that few episodes do not make a
      task look less learnable than it is; a task with one episode scores 0 either way.

    **Reference:** Rutherford et al. 2024, No Regrets: Investigating and Improving Regret Approximations for Curriculum
    Discovery (arXiv:2408.15099), sec. 4.
    """

    unbiased: bool = False

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"solved", "episodes"} if self.unbiased else {"solved"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        share = column(self, outcome, "solved")
        score = share * (1.0 - share)
        if self.unbiased:
            count = column(self, outcome, "episodes").astype(jnp.float32)
            score = score * count / jnp.maximum(count - 1.0, 1.0)
        return score, rows


class Solved(Score):
    """The share of episodes that succeed, p: as a term of a `Sum` it draws towards tasks within reach."""

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"solved"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        return column(self, outcome, "solved"), rows


class Pace(eqx.Module):
    """How often a task was solved, remembered at two speeds.

    **Arguments:**

    - `fast`, `slow`: the two averages.
    - `seen`: whether there is anything to remember yet.
    """

    fast: Float[Array, "*tasks"]
    slow: Float[Array, "*tasks"]
    seen: Bool[Array, "*tasks"]


class LearningProgress(Score):
    """How fast the learner's success on a task changes, for better or worse: |g(fast) − g(slow)|.

    fast ← αp + (1 − α) fast, slow ← α fast + (1 − α) slow, and g(p) = p(1 − θ) / (p + θ(1 − 2p)) magnifies differences
    among tasks that are hardly ever solved. Both averages start at the first success rate, so a task that was seen
    once has made no progress yet.

    **Arguments:**

    - `rate`: α.
    - `focus`: θ; 0.5 leaves p as it is.
    - `baseline`: the success rate of acting at random, b: p becomes max(p − b, 0) / (1 − b), b at most 0.75.

    **Reference:** Kanitscheider et al. 2021, Multi-task curriculum learning in a complex, visual, hard-exploration
    domain: Minecraft (arXiv:2106.14876), sec. 3; Zhang et al. 2023, OMNI (arXiv:2306.01711), app. A.
    """

    rate: float = 0.1
    focus: float = 0.1
    baseline: float = 0.0

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"solved"})

    def init(self) -> Pace:
        return Pace(jnp.zeros(()), jnp.zeros(()), jnp.zeros((), bool))

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Pace) -> tuple[Float[Array, " tasks"], Pace]:
        rows = self.follow(rows, column(self, outcome, "solved"))
        return self.progress(rows), rows

    def follow(self, pace: Pace, share: Float[Array, "*tasks"]) -> Pace:
        """The memory after one more measurement of the success rate."""
        base = jnp.minimum(self.baseline, 0.75)
        share = jnp.maximum(share - base, 0.0) / (1.0 - base)
        fast = jnp.where(pace.seen, self.rate * share + (1.0 - self.rate) * pace.fast, share)
        slow = jnp.where(pace.seen, self.rate * fast + (1.0 - self.rate) * pace.slow, share)
        return Pace(fast, slow, jnp.ones_like(pace.seen))

    def progress(self, pace: Pace) -> Float[Array, "*tasks"]:
        """|g(fast) − g(slow)|."""
        return jnp.abs(reweighted(pace.fast, self.focus) - reweighted(pace.slow, self.focus))


def reweighted(share: Float[Array, "*tasks"], focus: Any) -> Float[Array, "*tasks"]:
    """g(p) = p(1 − θ) / (p + θ(1 − 2p)), which magnifies differences near p = 0 if θ is below one half."""
    return share * (1.0 - focus) / (share + focus * (1.0 - 2.0 * share))
