"""Labelled rows on the host: which count, samples of them, and what to say before there is anything to learn."""

from typing import Any, Literal, NamedTuple

import jax.random as jr
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray

from explora.core import ArgumentError

Bootstrap = Literal["none", "poisson", "multinomial"]

BLOCK = 2**16
"""Rows that a model is asked about at a time."""


class Labelled(NamedTuple):
    """Rows that count: their inputs, targets (classes or values) and weights."""

    inputs: Float[np.ndarray, "rows features"]
    targets: np.ndarray
    weights: Float[np.ndarray, " rows"]

    @staticmethod
    def of(inputs: Any, targets: Any, weights: Any, classes: int | None) -> "Labelled":
        """The rows of positive weight.

        **Raises:** `ArgumentError` for targets outside the classes and for negative weights.
        """
        inputs, targets = np.asarray(inputs), np.asarray(targets)
        weights = np.ones(len(inputs)) if weights is None else np.asarray(weights, np.float64)
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise ArgumentError("`weights` must be finite and not negative")
        count = weights > 0
        rows = Labelled(inputs[count], targets[count], weights[count])
        _check(rows.targets, classes)
        return rows

    @property
    def valued(self) -> bool:
        """Whether the targets are values, not classes."""
        return self.targets.ndim == 2

    def prior(self, classes: int | None) -> Float[np.ndarray, " outputs"]:
        """The answer without a model: classes that were seen are alike (all are, if none was); the mean of values."""
        if self.valued:
            return self.targets.mean(0) if len(self.targets) else np.zeros(self.targets.shape[1])
        seen = np.bincount(self.targets, minlength=classes or 1) > 0
        seen = seen | (not seen.any())
        return seen / seen.sum()

    def sample(self, bootstrap: Bootstrap, *, rng: np.random.Generator) -> Int[np.ndarray, " drawn"]:
        """The places of one member's rows, some of them more than once. A class that the sample lost is put back."""
        rows = len(self.targets)
        if bootstrap == "none":
            return np.arange(rows)
        if bootstrap == "poisson":
            places = np.repeat(np.arange(rows), rng.poisson(1.0, rows))
        else:
            places = np.sort(rng.integers(0, rows, rows))
        if self.valued:
            return places if len(places) else np.arange(rows)
        lost = np.flatnonzero(~np.isin(self.targets, self.targets[places]))
        return np.concatenate([places, lost])


def generator(key: PRNGKeyArray, member: int) -> np.random.Generator:
    """The random numbers of one member: the same key gives the same ones."""
    return np.random.default_rng([*np.asarray(jr.key_data(key)).ravel().tolist(), member])


def _check(targets: np.ndarray, classes: int | None) -> None:
    if targets.ndim == 2:
        if classes is not None:
            raise ArgumentError("`classes` counts classes, but `targets` are values: leave it out")
        return
    if classes is None or classes < 1:
        raise ArgumentError(f"`classes` must be at least 1 where `targets` are classes, got {classes}")
    if len(targets) and (targets.min() < 0 or targets.max() >= classes):
        raise ArgumentError(
            f"`targets` must be classes from 0 to {classes - 1}, got {targets.min()} to {targets.max()}"
        )
