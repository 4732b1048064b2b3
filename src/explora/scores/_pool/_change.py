"""How much the answer would change the learner."""

from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Float

from explora.core import Lesson, Outcome, Score

from ._arrays import by_blocks, committee, consensus, embeddings, predictions


def gradient_length(
    probabilities: Float[np.ndarray, "rows classes"],
    embeddings: Float[np.ndarray, "rows features"],
    intercept: bool = True,
) -> Float[np.ndarray, " rows"]:
    """Σ_c p_c ‖∇ℓ(x, c)‖, the expected length of the gradient that the answer would cause.

    With a linear last layer, softmax and cross-entropy the gradient is (p − e_c) ⊗ φ, so its length is
    ‖p − e_c‖ · ‖φ‖ and nothing needs to be differentiated.

    **Arguments:**

    - `probabilities`: of each class.
    - `embeddings`: φ, what the last layer sees.
    - `intercept`: whether the last layer adds a constant; φ then has one more feature, which is 1.

    **Returns:** one number a row.

    **Reference:** Settles, Craven & Ray 2007, Multiple-Instance Active Learning.
    """
    return by_blocks(
        lambda p, features: _expected_miss(p) * _length(features, intercept),
        probabilities,
        embeddings,
        width=probabilities.shape[1] + embeddings.shape[1],
    )


def model_change(
    predictions: Float[np.ndarray, "rows members targets"],
    embeddings: Float[np.ndarray, "rows features"],
    intercept: bool = True,
    current: Float[np.ndarray, "rows targets"] | None = None,
) -> Float[np.ndarray, " rows"]:
    """Σ_m ‖f_m(x) − f(x)‖ · ‖φ‖ / M: the change that the answer would cause, the members standing for the answer.

    This is the length of the gradient of half the squared error of a linear last layer.

    **Arguments:**

    - `predictions`: the targets that each member predicts.
    - `embeddings`: φ, what the last layer sees.
    - `intercept`: whether the last layer adds a constant; φ then has one more feature, which is 1.
    - `current`: f, what the model that is going to be trained predicts; None: the mean of the members.

    **Returns:** one number a row.

    **Reference:** Cai, Zhang & Zhou 2013, Maximizing Expected Model Change for Active Learning in Regression.
    """
    width = predictions[:1].size + embeddings.shape[1]
    if current is None:
        spread = lambda given, phi: _spread(given, consensus(given)) * _length(phi, intercept)
        return by_blocks(spread, predictions, embeddings, width=width)
    spread = lambda given, phi, own: _spread(given, own) * _length(phi, intercept)
    return by_blocks(spread, predictions, embeddings, current, width=width)


class GradientLength(Score):
    """How far the answer is expected to move a classifier's last layer: Σ_c p_c ‖p − e_c‖ · ‖φ‖.

    **Arguments:**

    - `intercept`: whether the last layer adds a constant.

    **Reference:** see `gradient_length`.
    """

    intercept: bool = eqx.field(static=True, default=True)
    hosted: ClassVar[bool] = True

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "embeddings", "classes"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        of = lambda given, phi: gradient_length(consensus(given), phi, self.intercept)
        return by_blocks(of, predictions(self, outcome), embeddings(self, outcome)), rows


class ModelChange(Score):
    """How far the answer is expected to move a regression's last layer: Σ_m ‖f_m − f‖ · ‖φ‖ / M.

    **Arguments:**

    - `intercept`: whether the last layer adds a constant.

    **Reference:** see `model_change`.
    """

    intercept: bool = eqx.field(static=True, default=True)
    hosted: ClassVar[bool] = True

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "committee", "embeddings"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return model_change(committee(self, outcome), embeddings(self, outcome), self.intercept), rows


def _expected_miss(p: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, " rows"]:
    """Σ_c p_c ‖p − e_c‖."""
    others = np.maximum(np.einsum("rc,rc->r", p, p)[:, None] - p * p, 0)
    return np.einsum("rc,rc->r", p, np.sqrt(others + (1 - p) ** 2))


def _spread(
    given: Float[np.ndarray, "rows members targets"], own: Float[np.ndarray, "rows targets"]
) -> Float[np.ndarray, " rows"]:
    """Σ_m ‖f_m − f‖ / M."""
    away = given - own[:, None]
    return np.sqrt(np.einsum("rmt,rmt->rm", away, away)).mean(axis=1)


def _length(features: Float[np.ndarray, "rows features"], intercept: bool) -> Float[np.ndarray, " rows"]:
    return np.sqrt(np.einsum("rf,rf->r", features, features) + (1 if intercept else 0))
