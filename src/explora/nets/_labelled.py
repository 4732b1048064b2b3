"""Labelled rows on the host: which count, and what to say before there is anything to learn."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError

from ._resample import Bootstrap, resampled


class Labelled(NamedTuple):
    """Rows that count.

    **Arguments:**

    - `inputs`: what is seen of them.
    - `targets`: their classes, from 0, or their values, `(rows, outputs)`.
    - `weights`: how much each counts; more than 0.
    """

    inputs: Float[np.ndarray, "rows features"]
    targets: np.ndarray
    weights: Float[np.ndarray, " rows"]

    @staticmethod
    def of(inputs: Any, targets: Any, weights: Any, classes: int | None) -> "Labelled":
        """The rows of positive weight.

        **Arguments:**

        - `inputs`, `targets`: of all rows.
        - `weights`: of all rows; None: 1.
        - `classes`: how many classes are known by now; None: the targets are values.

        **Raises:** `ArgumentError` for targets outside the classes, for weights that are negative, and if there are
        not as many of one as of the other.
        """
        inputs, targets = np.asarray(inputs), np.asarray(targets)
        weights = np.ones(len(inputs)) if weights is None else np.asarray(weights, np.float64)
        if not len(inputs) == len(targets) == len(weights):
            raise ArgumentError(
                "`inputs`, `targets` and `weights` must have a row for each item, got "
                f"{len(inputs)}, {len(targets)} and {len(weights)} rows"
            )
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
        """The places of one member's rows, some of them more than once."""
        return np.repeat(np.arange(len(self.targets)), resampled(self.targets, bootstrap=bootstrap, rng=rng))


def _check(targets: np.ndarray, classes: int | None) -> None:
    if targets.ndim == 2:
        if classes is not None:
            raise ArgumentError("`classes` counts classes, but `targets` are values: leave it out")
        if not np.isfinite(targets).all():
            raise ArgumentError("`targets` must be finite, but some are missing or infinite: leave these rows out")
        return
    if classes is None or classes < 1:
        raise ArgumentError(f"`classes` must be at least 1 where `targets` are classes, got {classes}")
    if len(targets) and (targets.min() < 0 or targets.max() >= classes):
        raise ArgumentError(
            f"`targets` must be classes from 0 to {classes - 1}, got {targets.min()} to {targets.max()}"
        )
