"""How much better the learner would be elsewhere, once the answer is known.

Both parts stand a ridge regression on the learner's embeddings in for its re-training: one more row changes its
solution by a closed formula (Sherman & Morrison 1950), so every row can be tried out without fitting anything.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import ArgumentError, Lesson, Outcome, Score, between

from ._arrays import blocks, by_blocks, consensus, draw, embeddings, finite_rows, predictions
from ._uncertainty import entropy, least_confident


def variance_reduction(
    embeddings: Float[np.ndarray, "rows features"],
    known: Float[np.ndarray, "known _features"],
    *,
    ridge: float = 1.0,
    intercept: bool = True,
) -> Float[np.ndarray, " rows"]:
    """How much an answer at each row would lower the mean predictive variance over all rows.

    With A = λI + Σ_known φφᵀ the variance at u is σ² φ_uᵀA⁻¹φ_u, and asking x lowers its mean over the rows by
    σ² φ_xᵀA⁻¹SA⁻¹φ_x / (1 + φ_xᵀA⁻¹φ_x), where S is the mean of φφᵀ. Exact, in O(rows · features²); the answers
    themselves play no part.

    **Arguments:**

    - `embeddings`: φ of all rows. A row with a NaN scores NaN and counts as not there.
    - `known`: φ of the rows whose answers are known.
    - `ridge`: λ, the ratio of the noise's variance to that of the weights a priori.
    - `intercept`: add a feature that is 1, penalised as the others are.

    **Returns:** one number a row, in units of the noise's variance σ².

    **Raises:** `ArgumentError` if `ridge` is not positive, or `known` has other features.

    **Reference:** Cohn, Ghahramani & Jordan 1996, Active Learning with Statistical Models (arXiv:cs/9603104);
    V-optimality of experimental design.
    """
    between("ridge", ridge, 0.0, strict=True)
    inverse = _inverse(known, embeddings.shape[1], ridge, intercept)
    spread = _moment(embeddings, intercept) / max(1, int(finite_rows(embeddings).sum()))
    middle = inverse @ spread @ inverse

    def lower(block: Float[np.ndarray, "some features"]) -> Float[np.ndarray, " some"]:
        phi = _features(block, intercept)
        gain = np.einsum("rf,rf->r", phi @ middle, phi)
        return np.maximum(gain, 0) / (1 + np.einsum("rf,rf->r", phi @ inverse, phi))

    return by_blocks(lower, embeddings)


def error_reduction(
    probabilities: Float[np.ndarray, "rows classes"],
    embeddings: Float[np.ndarray, "rows features"],
    known: Float[np.ndarray, "known _features"],
    targets: tuple[Float[np.ndarray, "targets classes"], Float[np.ndarray, "targets features"]],
    *,
    ridge: float = 1.0,
    intercept: bool = True,
) -> Float[np.ndarray, " rows"]:
    """How much an answer at each row is expected to lower the share of errors at some targets.

    One more row (x, c) moves the prediction of a ridge regression on one-hot classes at u from p_u to
    p_u + g (e_c − p_x), g = φ_uᵀA⁻¹φ_x / (1 + φ_xᵀA⁻¹φ_x), A = λI + Σ_known φφᵀ. The learner's own probabilities stand
    in for p, and an error is expected with probability 1 − max_j p_j. In O(rows · targets · (classes² + features)).

    **Arguments:**

    - `probabilities`: of each class, at the rows. A row with a NaN scores NaN.
    - `embeddings`: φ of the rows.
    - `known`: φ of the rows whose answers are known.
    - `targets`: probabilities and embeddings where the errors are counted; all of them finite.
    - `ridge`: λ, the weight of the penalty.
    - `intercept`: add a feature that is 1, penalised as the others are.

    **Returns:** expected error now less expected error after the answer, in [−1, 1]; one number a row.

    **Raises:** `ArgumentError` if there is no target, `ridge` is not positive, or `known` has other features.

    **Reference:** Roy & McCallum 2001, Toward Optimal Active Learning through Sampling Estimation of Error Reduction;
    0/1 loss.
    """
    between("ridge", ridge, 0.0, strict=True)
    theirs, places = targets[0].astype(np.float64), _features(targets[1], intercept)
    if len(theirs) == 0:
        raise ArgumentError("`targets` must have one row at least, got none")
    inverse = _inverse(known, embeddings.shape[1], ridge, intercept)
    now = np.mean(1 - theirs.max(axis=1))

    def lower(p: Float[np.ndarray, "some classes"], block: Float[np.ndarray, "some features"]) -> np.ndarray:
        own, phi = p.astype(np.float64), _features(block, intercept)
        half = phi @ inverse
        gain = (half @ places.T) / (1 + np.einsum("rf,rf->r", half, phi))[:, None]
        shares = theirs.T[:, None, :] - gain * own.T[:, :, None]  # what all classes lose, whatever the answer
        after = np.zeros(len(own))
        for answer, likely in enumerate(own.T):
            shares[answer] += gain
            after += likely * np.mean(1 - np.clip(shares.max(axis=0), 0, 1), axis=1)
            shares[answer] -= gain
        return now - after

    return by_blocks(lower, probabilities, embeddings, width=theirs.size + embeddings.shape[1])


def expected_error(
    refit: Callable[[int, int], Float[np.ndarray, "targets classes"]],
    probabilities: Float[np.ndarray, "rows classes"],
    candidates: Int[np.ndarray, " candidates"],
    *,
    loss: str = "error",
) -> Float[np.ndarray, " candidates"]:
    """The error that is expected once a row is answered, by training again for each answer: ask where it is least.

    Σ_c p_c(x) · mean_u risk(p'(u)), where p' is what the model predicts that has learned the answer c at x too. That
    takes candidates × classes trainings, so it is for models that learn one more row quickly, and few candidates;
    `error_reduction` does without.

    **Arguments:**

    - `refit`: from the number of a row and of a class to the class probabilities at the targets after learning both.
    - `probabilities`: of each class now; a class that is impossible there is not tried.
    - `candidates`: which rows to try. One whose probabilities are not finite gets NaN.
    - `loss`: `"error"`, the risk being 1 − max_j p'_j, or `"log"`, the entropy of p' [nats].

    **Returns:** the mean risk over the targets, one number a candidate.

    **Raises:** `ArgumentError` if there is no such loss.

    **Reference:** Roy & McCallum 2001, Toward Optimal Active Learning through Sampling Estimation of Error
    Reduction.
    """
    risks = {"error": least_confident, "log": entropy}
    if loss not in risks:
        raise ArgumentError(f"`loss` must be 'error' or 'log', got {loss!r}")
    expected = np.zeros(len(candidates), probabilities.dtype)
    for place, row in enumerate(candidates.tolist()):
        own = probabilities[row]
        tried = np.flatnonzero(own) if np.isfinite(own).all() else []
        risk = [own[answer] * risks[loss](refit(row, int(answer))).mean() for answer in tried]
        expected[place] = sum(risk) if risk else np.nan
    return expected


class _Asked(Score):
    """What both scores share: the memory row of a task says whether its answer is known.

    A lesson that plays its tasks (`plays` above 0) makes the answered ones known; one that only looks at them does not.
    """

    hosted: ClassVar[bool] = True

    def init(self) -> Bool[np.ndarray, ""]:
        return np.zeros((), bool)

    def _after(self, lesson: Lesson, outcome: Outcome, rows: Any) -> Bool[np.ndarray, " tasks"]:
        return np.asarray(rows, bool) | (np.asarray(outcome.answered) & (lesson.plays > 0))


class VarianceReduction(_Asked):
    """How much an answer would lower the mean predictive variance over the lesson's rows: for regression.

    Known are the rows that were answered, as the memory rows say: an explorer that uses this score hands it all rows of
    the pool, not just those it might ask. With no row known it picks what stands for most of the others.

    **Arguments:**

    - `ridge`: the ratio of the noise's variance to that of the weights a priori, for the embeddings as they are scaled.
    - `intercept`: whether the last layer adds a constant.

    **Reference:** see `variance_reduction`.
    """

    ridge: float = 1.0
    intercept: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        between("ridge", self.ridge, 0.0, strict=True)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        features, asked = embeddings(self, outcome), self._after(lesson, outcome, rows)
        known = features[asked & finite_rows(features)]
        return variance_reduction(features, known, ridge=float(self.ridge), intercept=self.intercept), asked


class ErrorReduction(_Asked):
    """How much an answer is expected to lower the share of errors on the pool: for classification.

    Known are the rows that were answered, as the memory rows say: an explorer that uses this score hands it all rows of
    the pool, not just those it might ask.

    **Arguments:**

    - `targets`: on how many rows, drawn at random, the errors are counted.
    - `seed`: of the draw.
    - `ridge`: the weight of the penalty, for the embeddings as they are scaled.
    - `intercept`: whether the last layer adds a constant.

    **Reference:** see `error_reduction`.
    """

    targets: int = eqx.field(static=True, default=100)
    seed: int = eqx.field(static=True, default=0)
    ridge: float = 1.0
    intercept: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        between("targets", self.targets, 1)
        between("seed", self.seed, 0)
        between("ridge", self.ridge, 0.0, strict=True)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "embeddings", "classes"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        given, features = consensus(predictions(self, outcome)), embeddings(self, outcome)
        asked = self._after(lesson, outcome, rows)
        usable = finite_rows(features)
        drawn = draw(usable & finite_rows(given), self.targets, self.seed)
        if len(drawn) == 0:
            return np.full(len(given), np.nan, given.dtype), asked
        score = error_reduction(
            given,
            features,
            features[asked & usable],
            (given[drawn], features[drawn]),
            ridge=float(self.ridge),
            intercept=self.intercept,
        )
        return score, asked


def _features(block: Float[np.ndarray, "rows features"], intercept: bool) -> Float[np.ndarray, "rows more"]:
    """φ in double precision, with the constant."""
    phi = block.astype(np.float64)
    return np.concatenate([phi, np.ones((len(phi), 1))], axis=1) if intercept else phi


def _moment(rows: Float[np.ndarray, "rows features"], intercept: bool) -> Float[np.ndarray, "more more"]:
    """Σ φφᵀ over the finite rows."""
    width = rows.shape[1] + intercept
    total = np.zeros((width, width))
    for block in blocks(rows.shape[0], width):
        phi = _features(rows[block][finite_rows(rows[block])], intercept)
        total += phi.T @ phi
    return total


def _inverse(
    known: Float[np.ndarray, "known _features"], features: int, ridge: float, intercept: bool
) -> Float[np.ndarray, "more more"]:
    """A⁻¹, symmetric."""
    if known.shape[1] != features:
        raise ArgumentError(f"`known` must have {features} features, as the rows have, got shape {known.shape}")
    matrix = _moment(known, intercept) + ridge * np.eye(features + intercept)
    inverse = np.linalg.inv(matrix)
    return (inverse + inverse.T) / 2
