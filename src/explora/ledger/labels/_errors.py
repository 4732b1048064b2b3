"""Which of the given labels are probably wrong? Confident learning from out-of-fold predictions."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped

from explora.core import ArgumentError, between

RANKS = ("self_confidence", "normalised_margin")


class LabelErrors(NamedTuple):
    """Labels that are probably wrong, the most suspicious first.

    **Arguments:**

    - `item`: which items.
    - `given`, `suggested`: the label that each has, and the one that it probably should have.
    - `score`: how well the given label fits, in [0, 1]; the least first.
    - `joint`: how many items with each given label (rows) confidently belong to each class (columns).
    - `share`: of all labels that are wrong, as estimated from the joint distribution of given and true labels.
    """

    item: Int[np.ndarray, " suspects"]
    given: Int[np.ndarray, " suspects"]
    suggested: Int[np.ndarray, " suspects"]
    score: Float[np.ndarray, " suspects"]
    joint: Int[np.ndarray, "classes classes"]
    share: float


def class_thresholds(
    probabilities: Float[np.ndarray, "items classes"], labels: Int[np.ndarray, " labels"]
) -> Float[np.ndarray, " classes"]:
    """How confident the model is of each class on the items that were given it: the mean of its probability there.

    **Arguments:**

    - `probabilities`: predicted for each item by a model that had not seen its label.
    - `labels`: as given.

    **Returns:** one threshold a class; infinite for a class that no item was given, which thus is never suggested.

    **Raises:** `ArgumentError` for labels that are no class.

    **Reference:** Northcutt, Jiang and Chuang 2021 (arXiv:1911.00068), equation 2.
    """
    _check(probabilities, labels)
    classes = probabilities.shape[1]
    count = np.bincount(labels, minlength=classes)
    total = np.bincount(labels, weights=probabilities[np.arange(len(labels)), labels], minlength=classes)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def confident_joint(
    probabilities: Float[np.ndarray, "items classes"], labels: Int[np.ndarray, " labels"]
) -> tuple[Int[np.ndarray, "classes classes"], Int[np.ndarray, " items"]]:
    """Counts the items that confidently belong to each class, by the label that they were given.

    **Arguments:** as `class_thresholds`.

    **Returns:** the counts (rows: given, columns: confident class), and the confident class of each item: of the
    classes whose probability reaches their threshold the likeliest, −1 where none does. Such items are counted nowhere.

    **Reference:** Northcutt, Jiang and Chuang 2021 (arXiv:1911.00068), equation 1.
    """
    reached = probabilities >= class_thresholds(probabilities, labels)
    best = np.argmax(np.where(reached, probabilities, -1.0), axis=1)
    best = np.where(reached.any(axis=1), best, -1)
    classes = probabilities.shape[1]
    sure = best >= 0
    counts = np.bincount(labels[sure] * classes + best[sure], minlength=classes * classes)
    return counts.reshape(classes, classes), best


def noise_share(joint: Int[np.ndarray, "classes classes"], labels: Int[np.ndarray, " items"]) -> float:
    """The share of wrong labels: the rows of the confident joint, scaled to how often each label was given.

    **Arguments:**

    - `joint`: as `confident_joint` counts it.
    - `labels`: as given.

    **Returns:** in [0, 1]. A label none of whose items was counted is taken as right.

    **Reference:** Northcutt, Jiang and Chuang 2021 (arXiv:1911.00068), equation 3.
    """
    rows = joint.sum(axis=1)
    right = np.where(rows > 0, np.diagonal(joint) / np.maximum(rows, 1), 1.0)
    given = np.bincount(labels, minlength=len(joint))
    return float(np.sum(given * (1.0 - right)) / max(given.sum(), 1))


def label_errors(
    probabilities: Float[np.ndarray, "items classes"], labels: Int[np.ndarray, " labels"], *, rank: str = RANKS[0]
) -> LabelErrors:
    """The items that confidently belong to another class than they were given, most suspicious first.

    The probabilities must be out of fold (`out_of_fold`): a model that has seen a wrong label has learned it.

    **Arguments:**

    - `probabilities`: predicted for each item by a model that had not seen its label.
    - `labels`: as given.
    - `rank`: `"self_confidence"`, the probability of the given label, or `"normalised_margin"`, that minus the highest
      of the others, brought to [0, 1]. The second is kinder to labels of which the model is never sure.

    **Returns:** `LabelErrors`; a list of candidates for a second look, not a verdict.

    **Raises:** `ArgumentError` for labels that are no class, or an unknown ranking.

    **Reference:** Northcutt, Jiang and Chuang 2021 (arXiv:1911.00068), method "confident joint".
    """
    if rank not in RANKS:
        raise ArgumentError(f"`rank` must be one of {', '.join(map(repr, RANKS))}, got {rank!r}")
    joint, sure = confident_joint(probabilities, labels)
    suspects = np.flatnonzero((sure >= 0) & (sure != labels))
    given = labels[suspects]
    rows = probabilities[suspects].astype(np.float64)
    score = rows[np.arange(len(suspects)), given]
    if rank == "normalised_margin":
        others = rows.copy()
        others[np.arange(len(suspects)), given] = -np.inf
        score = (score - others.max(axis=1, initial=-np.inf) + 1.0) / 2.0
    order = np.argsort(score, kind="stable")
    suspects = suspects[order]
    return LabelErrors(suspects, given[order], sure[suspects], score[order], joint, noise_share(joint, labels))


def folds_of(
    labels: Int[np.ndarray, " items"],
    folds: int,
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    rng: np.random.Generator,
) -> Int[np.ndarray, " items"]:
    """The fold of each item: every class is spread evenly, and items of one group stay together.

    **Arguments:**

    - `labels`: class numbers.
    - `folds`: how many, at least two.
    - `groups`: what belongs together (duplicates, pictures of one patient): apart they would tell on each other. With
      groups the folds are even in size rather than in classes.
    - `rng`: shuffles.

    **Returns:** numbers from 0 to `folds` − 1.
    """
    items = len(labels)
    between("folds", folds, 2, max(2, items))
    fold = np.empty(items, np.int64)
    if groups is None:
        shuffled = rng.permutation(items)
        order = shuffled[np.argsort(labels[shuffled], kind="stable")]
        # One class after the other is dealt out without starting anew, so that small classes do not all go to fold 0.
        fold[order] = np.arange(items) % folds
        return fold
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    if len(size) < folds:
        raise ArgumentError(f"`folds` must be at most the number of groups, {len(size)}, got {folds}")
    filled, home = np.zeros(folds), np.empty(len(size), np.int64)
    shuffled = rng.permutation(len(size))
    for number in shuffled[np.argsort(-size[shuffled], kind="stable")]:  # large ones first, each into the emptiest fold
        home[number] = np.argmin(filled)
        filled[home[number]] += size[number]
    return home[group]


def out_of_fold(
    fit_predict: Callable[[Int[np.ndarray, " train"], Int[np.ndarray, " test"]], Float[np.ndarray, "test classes"]],
    labels: Int[np.ndarray, " items"],
    classes: int,
    *,
    folds: int = 5,
    groups: Shaped[np.ndarray, " items"] | None = None,
    rng: np.random.Generator,
) -> Float[np.ndarray, "items classes"]:
    """What a model says of each item when it has not seen its label.

    **Arguments:**

    - `fit_predict`: given the row numbers to fit on and those to predict, the probabilities of all classes for the
      latter. It must start from nothing each time, and must return a column also for a class that is not among the rows
      it was fitted on.
    - `labels`: class numbers, to spread the classes over the folds.
    - `classes`: how many columns there must be.
    - `folds`: how many models are fitted.
    - `groups`: as in `folds_of`.
    - `rng`: decides on the folds.

    **Returns:** one row an item.

    **Raises:** `ArgumentError` if what `fit_predict` returns has the wrong shape, is not finite or does not sum to one.
    """
    fold = folds_of(labels, folds, groups=groups, rng=rng)
    found = np.empty((len(labels), classes))
    for number in range(folds):
        test = np.flatnonzero(fold == number)
        part = np.asarray(fit_predict(np.flatnonzero(fold != number), test))
        if part.shape != (len(test), classes):
            raise ArgumentError(
                f"`fit_predict` must return shape {(len(test), classes)}, one column a class, got {part.shape}; "
                "put zeros where a class was not among the rows to fit on"
            )
        if not np.allclose(part.sum(axis=1), 1.0, atol=1e-3):  # NaN is not close either
            raise ArgumentError("`fit_predict` must return probabilities that sum to one in each row")
        found[test] = part
    return found


def _check(probabilities: Float[np.ndarray, "items classes"], labels: Int[np.ndarray, " labels"]) -> None:
    """Complains about labels that do not fit the probabilities."""
    if len(probabilities) != len(labels):
        raise ArgumentError(f"`labels` must have one entry for each of {len(probabilities)} rows, got {len(labels)}")
    classes = probabilities.shape[1]
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ArgumentError(
            f"`labels` must be class numbers from 0 to {classes - 1}, got {labels.min()} to {labels.max()}"
        )
