"""What is wrong with the labels that one has: one look with all the instruments of this folder."""

from typing import NamedTuple

import jax.random as jr
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray, Shaped

from explora.core import Model

from ._duplicates import near_duplicates
from ._errors import LabelErrors, folds_of, label_errors, out_of_fold
from ._quality import BalancedEstimate, Estimate, audited_accuracy, audited_balanced_accuracy, audited_error

_FEWEST = 10
"""With fewer labels a model that has not seen some of them knows nothing that would tell them apart."""


class Quality(NamedTuple):
    """How good a model is.

    **Arguments:**

    - `accuracy`: share of right predictions; None where numbers are predicted.
    - `balanced`: the same, every class counting alike; None where numbers are predicted.
    - `error`: mean squared error [units of the target, squared]; None where classes are predicted.
    """

    accuracy: Estimate | None
    balanced: BalancedEstimate | None
    error: Estimate | None


class Audit(NamedTuple):
    """What was found out about labels.

    **Arguments:**

    - `counts`: how many labels each class has; None where numbers are predicted.
    - `contradictions`: the items of each input that has different labels.
    - `repeats`: how many items say the same as an earlier one.
    - `expected`: what a model that has not seen an item's label says of it; None with too few labels.
    - `errors`: labels that are probably wrong; None for numbers, and with too few labels.
    - `crossed`: how well that model says the *given* labels; None with too few labels.
    - `folds`: how many models were fitted for that.
    """

    counts: Int[np.ndarray, " classes"] | None
    contradictions: tuple[tuple[int, ...], ...]
    repeats: int
    expected: Float[np.ndarray, "items outputs"] | None
    errors: LabelErrors | None
    crossed: Quality | None
    folds: int


def audit_labels(
    inputs: Float[np.ndarray, "items features"],
    targets: Int[np.ndarray, " items"] | Float[np.ndarray, "items outputs"],
    model: Model,
    *,
    classes: int | None,
    groups: Shaped[np.ndarray, " items"] | None = None,
    near: float = 0.0,
    folds: int = 5,
    key: PRNGKeyArray,
) -> Audit:
    """Looks for contradictions, wrong labels and rare classes, and at how well the labels can be foretold.

    **Arguments:**

    - `inputs`: of the labelled items.
    - `targets`: their class numbers, or rows of numbers.
    - `model`: what is fitted to most of them to judge the others.
    - `classes`: how many classes there are; None for numbers.
    - `groups`: what belongs together and is never parted; None: items that are the same input.
    - `near`: the greatest distance of two inputs that are the same.
    - `folds`: into how many parts the items are divided.
    - `key`: the only source of chance.

    **Returns:** an `Audit`; lists of candidates for a second look, not verdicts.
    """
    same = near_duplicates(inputs, near)
    together = same if groups is None else groups
    counts = None if classes is None else np.bincount(targets, minlength=classes)
    found = _contradictions(same, targets)
    repeats = len(same) - len(np.unique(same))
    folds = min(folds, len(np.unique(together)))
    if len(targets) < _FEWEST or folds < 2 or (counts is not None and (counts > 0).sum() < 2):
        return Audit(counts, found, repeats, None, None, None, 0)
    rng = np.random.default_rng(np.asarray(jr.key_data(key)))

    def fit_predict(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        weights = np.ones(len(train), np.float32)
        fitted = model.fit(inputs[train], targets[train], weights, classes=classes, key=key)
        return np.asarray(model.predict(fitted, inputs[test])).mean(1)

    if classes is None:
        expected = np.empty(targets.shape)
        fold = folds_of(np.zeros(len(targets), np.int64), folds, groups=together, rng=rng)
        for number in range(folds):
            test = np.flatnonzero(fold == number)
            expected[test] = fit_predict(np.flatnonzero(fold != number), test)
        return Audit(None, found, repeats, expected, None, quality_of(targets, expected, None), folds)
    expected = out_of_fold(fit_predict, targets, classes, folds=folds, groups=together, rng=rng)
    errors = label_errors(expected, targets)
    return Audit(counts, found, repeats, expected, errors, quality_of(targets, expected, classes), folds)


def quality_of(
    truth: Int[np.ndarray, " audited"] | Float[np.ndarray, "audited outputs"],
    expected: Float[np.ndarray, "audited outputs"],
    classes: int | None,
    *,
    level: float = 0.95,
) -> Quality:
    """How good predictions are, with intervals.

    **Arguments:**

    - `truth`: class numbers, or rows of numbers.
    - `expected`: probabilities of the classes, or numbers.
    - `classes`: how many classes there are; None for numbers.
    - `level`: how often the intervals shall hold the truth.
    """
    if classes is None:
        return Quality(
            None, None, audited_error(truth.ravel().astype(float), expected.ravel().astype(float), level=level)
        )
    guess = expected.argmax(1)
    right = audited_accuracy(guess == truth, level=level)
    return Quality(right, audited_balanced_accuracy(truth, guess, classes, level=level), None)


def _contradictions(same: Int[np.ndarray, " items"], targets: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """The items of each input that has different labels, by the place of the first."""
    values = targets.reshape(len(targets), -1)
    _, first, number = np.unique(same, return_index=True, return_inverse=True)
    differs = (values != values[first[number]]).any(1)
    return tuple(tuple(np.flatnonzero(same == group).tolist()) for group in np.unique(same[differs]).tolist())
