"""Scores made of the learner's own prediction errors along the trajectories."""

from typing import Any

from jaxtyping import Array, Float

from explora.core import Lesson, Outcome, Score

from ._column import column


class PositiveValueLoss(Score):
    """How much better than predicted things went: the mean over an episode's steps of max(Â_t, 0).

    Â_t is the generalised advantage, so this is large where the learner still discovers better behaviour.

    **Reference:** Jiang et al. 2021, Replay-Guided Adversarial Environment Design (arXiv:2110.02439), sec. 4.
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"advantages"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        return column(self, outcome, "positive_advantages"), rows


class AbsoluteValueLoss(Score):
    """How wrong the predictions were, either way: the mean over an episode's steps of |Â_t| (L1).

    **Reference:** Jiang et al. 2021, Prioritized Level Replay (arXiv:2010.03934), table 1, "L1 value loss".
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"advantages"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        return column(self, outcome, "absolute_advantages"), rows


class ValueDisagreement(Score):
    """How much an ensemble of value functions disagrees: the mean over steps of their standard deviation.

    **Reference:** Zhang et al. 2020, Automatic Curriculum Learning through Value Disagreement (arXiv:2006.09641),
    eq. 2.
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"disagreement"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        return column(self, outcome, "disagreement"), rows
