"""Asking where a row may have several labels at once."""

from typing import Any

import numpy as np

from ._data import rows_of
from ._selection import chosen, chosen_least, shuffled_argmin


def svm_loss(multiclass_classifier: Any, X: Any, most_certain_classes: Any = None) -> np.ndarray:
    """The hinge loss of each row if its likeliest class were its only label; None: the mean over all classes.

    **Arguments:**

    - `multiclass_classifier`: a fitted `OneVsRestClassifier`.
    - `X`: the pool.
    - `most_certain_classes`: the number of the likeliest class of each row.

    **Reference:** Li, Wang & Sung 2004, Multilabel SVM Active Learning for Image Classification.
    """
    signs = 2 * np.asarray(multiclass_classifier.predict(X)) - 1
    only = 2 * np.eye(len(multiclass_classifier.classes_)) - 1
    if most_certain_classes is None:
        return np.maximum(1 - signs @ only, 0).mean(axis=1)
    return np.maximum(1 - only[np.asarray(most_certain_classes)] * signs, 0).sum(axis=1)


def SVM_binary_minimum(classifier: Any, X_pool: Any, random_tie_break: bool = False) -> Any:
    """The row that is nearest to the border of any of the classes.

    **Reference:** Brinker 2006, On Active Learning in Multi-label Classification.
    """
    distances = np.stack([svm.decision_function(X_pool) for svm in classifier.estimator.estimators_], axis=1)
    nearest = np.abs(distances).min(axis=1)
    return shuffled_argmin(nearest) if random_tie_break else np.argmin(nearest)


def max_loss(
    classifier: Any, X_pool: Any, n_instances: int = 1, random_tie_break: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Where `svm_loss` of the likeliest class is largest, and that loss.

    **Arguments:**

    - `classifier`: a fitted `OneVsRestClassifier`; the loss means something for support vector machines.
    - `X_pool`: the pool.
    - `n_instances`: how many rows are wanted.
    - `random_tie_break`: let chance decide among equal ones.

    **Reference:** Li, Wang & Sung 2004.
    """
    likeliest = np.asarray(classifier.predict_proba(X_pool)).argmax(axis=1)
    return chosen(svm_loss(classifier, X_pool, likeliest), n_instances, random_tie_break)


def mean_max_loss(
    classifier: Any, X_pool: Any, n_instances: int = 1, random_tie_break: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Where the mean of `svm_loss` over the classes is largest, and that loss.

    **Arguments:** as of `max_loss`.
    """
    return chosen(svm_loss(classifier, X_pool), n_instances, random_tie_break)


def min_confidence(
    classifier: Any, X_pool: Any, n_instances: int = 1, random_tie_break: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Where the least probable label is least probable.

    **Arguments:** as of `max_loss`.

    **Reference:** Esuli & Sebastiani 2009, Active Learning Strategies for Multi-Label Text Classification.
    """
    return chosen_least(_confidence(classifier, X_pool).min(axis=1), n_instances, random_tie_break)


def avg_confidence(
    classifier: Any, X_pool: Any, n_instances: int = 1, random_tie_break: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Where the labels are most probable on average.

    **Arguments:** as of `max_loss`. **Reference:** as of `min_confidence`.
    """
    return chosen(_confidence(classifier, X_pool).mean(axis=1), n_instances, random_tie_break)


def max_score(
    classifier: Any, X_pool: Any, n_instances: int = 1, random_tie_break: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Where the surest of the labels that are predicted is surest.

    **Arguments:** as of `max_loss`. **Reference:** as of `min_confidence`.
    """
    return chosen(_signed(classifier, X_pool).max(axis=1), n_instances, random_tie_break)


def avg_score(
    classifier: Any, X_pool: Any, n_instances: int = 1, random_tie_break: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Where labels that are predicted are surest and the others least probable, on average.

    **Arguments:** as of `max_loss`. **Reference:** as of `min_confidence`.
    """
    return chosen(_signed(classifier, X_pool).mean(axis=1), n_instances, random_tie_break)


def _confidence(classifier: Any, X: Any) -> np.ndarray:
    return np.asarray(classifier.predict_proba(X)).reshape(rows_of(X), -1)


def _signed(classifier: Any, X: Any) -> np.ndarray:
    return _confidence(classifier, X) * (np.asarray(classifier.predict(X)) - 0.5)
