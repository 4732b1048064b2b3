"""How unsure a classifier is, and asking where it is."""

from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from explora.scores import entropy, least_confident, margin

from ._data import rows_of
from ._selection import chosen, chosen_least


def classifier_uncertainty(classifier: Any, X: Any, **predict_proba_kwargs: Any) -> np.ndarray:
    """1 − p₍₁₎ of each row; 1 while the classifier is not fitted."""
    try:
        return least_confident(_chances(classifier.predict_proba(X, **predict_proba_kwargs)))
    except NotFittedError:
        return np.ones(rows_of(X))


def classifier_margin(classifier: Any, X: Any, **predict_proba_kwargs: Any) -> np.ndarray:
    """p₍₁₎ − p₍₂₎ of each row: small where it is unsure; 0 for a single class, and while it is not fitted."""
    try:
        chances = _chances(classifier.predict_proba(X, **predict_proba_kwargs))
    except NotFittedError:
        return np.zeros(rows_of(X))
    return np.zeros(len(chances)) if chances.shape[1] == 1 else 1 - margin(chances)


def classifier_entropy(classifier: Any, X: Any, **predict_proba_kwargs: Any) -> np.ndarray:
    """−Σ p ln p of each row [nats]; 0 while the classifier is not fitted."""
    try:
        return entropy(shares(classifier.predict_proba(X, **predict_proba_kwargs)))
    except NotFittedError:
        return np.zeros(rows_of(X))


def uncertainty_sampling(
    classifier: Any, X: Any, n_instances: int = 1, random_tie_break: bool = False, **uncertainty_measure_kwargs: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Where the first guess is least probable, and `classifier_uncertainty` there.

    **Arguments:**

    - `classifier`: an estimator, an `ActiveLearner` or a `Committee`.
    - `X`: the pool.
    - `n_instances`: how many rows are wanted.
    - `random_tie_break`: let chance decide among equal ones.
    - `uncertainty_measure_kwargs`: for `predict_proba`.
    """
    return chosen(classifier_uncertainty(classifier, X, **uncertainty_measure_kwargs), n_instances, random_tie_break)


def margin_sampling(
    classifier: Any, X: Any, n_instances: int = 1, random_tie_break: bool = False, **uncertainty_measure_kwargs: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Where the two likeliest classes are closest, and `classifier_margin` there.

    **Arguments:** as of `uncertainty_sampling`.
    """
    return chosen_least(classifier_margin(classifier, X, **uncertainty_measure_kwargs), n_instances, random_tie_break)


def entropy_sampling(
    classifier: Any, X: Any, n_instances: int = 1, random_tie_break: bool = False, **uncertainty_measure_kwargs: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Where the prediction is most spread out, and `classifier_entropy` there.

    **Arguments:** as of `uncertainty_sampling`.
    """
    return chosen(classifier_entropy(classifier, X, **uncertainty_measure_kwargs), n_instances, random_tie_break)


def shares(given: Any) -> np.ndarray:
    """Chances whose last axis sums up to 1; rows of zeros stay what they are."""
    chances = _chances(given)
    total = chances.sum(axis=-1, keepdims=True)
    return chances / np.where(total == 0, 1, total)


def _chances(given: Any) -> np.ndarray:
    chances = np.asarray(given)
    return chances if chances.dtype in (np.float32, np.float64) else chances.astype(np.float64)
