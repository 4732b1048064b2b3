"""Scores that follow what people like."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from explora.core import Lesson, Outcome, Score
from explora.maths import Taste

from ._column import column


class Preferred(Score):
    """A score that is tilted towards what people like: score × e^(weight × liking).

    The liking of a task is its utility in the logits of a comparison, 0 for a usual task, so that with `weight=1` a
    task that people prefer to a usual one with odds of 3 to 1 counts three times. Of all ways to please, this one
    stays closest to the score (in relative entropy, for its gain): a task that promises nothing is not sought however
    much it is liked, and what is not liked is sought less, not never. A negative score is divided instead.

    The taste is not part of the algorithm: a run fits it to what people said so far and puts it in between two
    chunks. Its arrays keep their shapes, so nothing is compiled anew.

    **Arguments:**

    - `score`: the learning potential; None: nothing but the liking counts.
    - `weight`: how much people's word counts; 0: not at all.
    - `caution`: how many standard deviations are taken off the liking, for tasks unlike those that were compared.
    - `most`: the greatest liking or dislike that counts, so that no feature is driven far beyond what was compared.
    - `taste`: what people like; None: nobody has said yet.

    **Reference:** Rafailov et al. 2023, Direct Preference Optimization (arXiv:2305.18290), eq. 4, with the score in
    place of the reference policy; Bradley and Terry 1952, Biometrika 39.
    """

    score: Score | None = None
    weight: float = 1.0
    caution: float = 0.0
    most: float = 3.0
    taste: Taste | None = None

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"features"}) | (frozenset() if self.score is None else self.score.needs)

    def init(self) -> Any:
        inner = () if self.score is None else self.score.init()
        return {"score": jnp.zeros(()), "liking": jnp.zeros(()), "row": inner}

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        score, row = jnp.ones((lesson.rows,)), rows["row"]
        if self.score is not None:
            score, row = self.score(lesson, outcome, row)
        liking = self.liking(outcome)
        tilt = jnp.exp(self.weight * liking)
        return jnp.where(score >= 0, score * tilt, score / tilt), {"score": score, "liking": liking, "row": row}

    def liking(self, outcome: Outcome) -> Float[Array, " tasks"]:
        """How much each task is liked, as it counts."""
        if self.taste is None:
            return jnp.zeros(outcome.status.shape)
        mean, deviation = self.taste(column(self, outcome, "features"))
        return jnp.clip(mean - self.caution * deviation, -self.most, self.most)

    def metrics(self, state: Any) -> dict[str, Array]:
        """The score before it was tilted, and the liking, of one memory row."""
        deeper = {} if self.score is None else self.score.metrics(state["row"])
        return {"score": state["score"], "liking": state["liking"], **deeper}

    def tasting(self, taste: Taste) -> "Preferred":
        """The same score for another taste."""
        return eqx.tree_at(lambda p: p.taste, self, taste, is_leaf=lambda x: x is None)
