"""Where the maximum of a function may be: acquisition functions of Bayesian optimisation."""

from typing import Any

import numpy as np
from scipy.special import ndtr
from sklearn.exceptions import NotFittedError

from ._data import rows_of
from ._selection import multi_argmax


def PI(mean: Any, std: Any, max_val: Any, tradeoff: float | int) -> Any:
    """How probable it is that a value lies above the best one so far, by `tradeoff` at least.

    **Arguments:**

    - `mean`, `std`: what is expected of each row.
    - `max_val`: the best value so far.
    - `tradeoff`: how much better it has to be.

    **Reference:** Kushner 1964, A New Method of Locating the Maximum Point of an Arbitrary Multipeak Curve.
    """
    return ndtr(_standard(mean, std, max_val, tradeoff))


def EI(mean: Any, std: Any, max_val: Any, tradeoff: float | int) -> Any:
    """By how much a value is expected to lie above the best one so far, less `tradeoff`.

    **Arguments:** as of `PI`.

    **Reference:** Jones, Schonlau & Welch 1998, Efficient Global Optimization of Expensive Black-Box Functions.
    """
    z = _standard(mean, std, max_val, tradeoff)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return (mean - max_val - tradeoff) * ndtr(z) + std * density


def UCB(mean: Any, std: Any, beta: float | int) -> Any:
    """The mean and `beta` standard deviations."""
    return mean + beta * std


def optimizer_PI(optimizer: Any, X: Any, tradeoff: float | int = 0) -> np.ndarray:
    """`PI` of each row, for a `BayesianOptimizer`; while it is not fitted all rows are alike."""
    return PI(*_expected(optimizer, X), optimizer.y_max, tradeoff)


def optimizer_EI(optimizer: Any, X: Any, tradeoff: float | int = 0) -> np.ndarray:
    """`EI` of each row, for a `BayesianOptimizer`; while it is not fitted all rows are alike."""
    return EI(*_expected(optimizer, X), optimizer.y_max, tradeoff)


def optimizer_UCB(optimizer: Any, X: Any, beta: float | int = 1) -> np.ndarray:
    """`UCB` of each row, for a `BayesianOptimizer`; while it is not fitted all rows are alike."""
    return UCB(*_expected(optimizer, X), beta)


def max_PI(optimizer: Any, X: Any, tradeoff: float | int = 0, n_instances: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Where `optimizer_PI` is largest, and its values there.

    **Arguments:**

    - `optimizer`: a `BayesianOptimizer`.
    - `X`: the rows to choose from.
    - `tradeoff`: how much better than the best so far it has to be.
    - `n_instances`: how many rows are wanted.
    """
    return multi_argmax(optimizer_PI(optimizer, X, tradeoff).ravel(), n_instances)


def max_EI(optimizer: Any, X: Any, tradeoff: float | int = 0, n_instances: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Where `optimizer_EI` is largest, and its values there.

    **Arguments:** as of `max_PI`.
    """
    return multi_argmax(optimizer_EI(optimizer, X, tradeoff).ravel(), n_instances)


def max_UCB(optimizer: Any, X: Any, beta: float | int = 1, n_instances: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Where `optimizer_UCB` is largest, and its values there.

    **Arguments:** as of `max_PI`; `beta` weighs the standard deviation.
    """
    return multi_argmax(optimizer_UCB(optimizer, X, beta).ravel(), n_instances)


def _standard(mean: Any, std: Any, max_val: Any, tradeoff: float | int) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (mean - max_val - tradeoff) / std
    # Where nothing is uncertain and nothing gained, 0 / 0 would be no number; the value lies at the bound.
    return np.where(np.isnan(z), 0.0, z)


def _expected(optimizer: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    try:
        mean, std = optimizer.predict(X, return_std=True)
    except NotFittedError:
        return np.zeros((rows_of(X), 1)), np.ones((rows_of(X), 1))
    return np.reshape(mean, -1), np.reshape(std, -1)
