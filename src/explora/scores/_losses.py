"""Scores made of the loss that the learner has, or expects, on each row."""

from typing import Any

import numpy as np
from jaxtyping import Array, Float

from explora.core import Lesson, Outcome, Score

from ._column import column


class PredictedLoss(Score):
    """The loss that the learner expects on the row, as it reports it.

    A learner with a head that learns to predict its own loss puts that prediction into `outcome.losses` while nobody
    has answered yet.

    **Reference:** Yoo & Kweon 2019, Learning Loss for Active Learning (arXiv:1905.03677), sec. 3.
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"losses"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array | np.ndarray, " tasks"], Any]:
        return column(self, outcome, "losses"), rows


class ReducibleLoss(Score):
    """The learner's loss, less what is left of it in a model that learned from other data of the same kind.

    Small where there is nothing more to learn, and also where nobody could do better: noise and wrong answers. It needs
    the answers, so it chooses what to train on among answered rows. The second loss is `outcome.irreducible`.

    **Reference:** Mindermann et al. 2022, Prioritized Training on Points that are Learnable, Worth Learning, and Not
    Yet Learnt (arXiv:2206.07137).
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"losses", "irreducible"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array | np.ndarray, " tasks"], Any]:
        return column(self, outcome, "losses") - column(self, outcome, "irreducible"), rows
