"""How good is the model now? Estimates from a small random audit set, with intervals that hold what they say.

The audit set is drawn at random from where the model will be used, before any query, and no model is ever trained on
it: items that a query chose are harder than others, and a score on them says little (see `_weighted` for the cure).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import ArgumentError, between
from explora.maths import wilson


class Estimate(NamedTuple):
    """A number that was estimated.

    **Arguments:**

    - `value`: the estimate; NaN if nothing was audited.
    - `low`, `high`: the ends of its interval.
    - `level`: how often such an interval holds the truth.
    - `count`: from how many items.
    - `method`: how the interval was made.
    """

    value: float
    low: float
    high: float
    level: float
    count: int
    method: str

    def sentence(self, name: str = "estimate") -> str:
        """The estimate in words."""
        span = f"{100 * self.level:g} % interval {self.low:.4g} to {self.high:.4g}"
        return f"{name} {self.value:.4g} ({span}, from {self.count} audited items, {self.method})"


class BalancedEstimate(NamedTuple):
    """Class-balanced accuracy.

    **Arguments:**

    - `overall`: the mean of the recalls of the classes that were audited, and an interval for *all* classes.
    - `recalls`: of each class; value NaN and interval [0, 1] where no item of the class was audited.
    - `unseen`: the classes without an audited item.
    """

    overall: Estimate
    recalls: tuple[Estimate, ...]
    unseen: tuple[int, ...]


def normal_quantile(level: float) -> float:
    """The z for which a normal variable lies within ±z with probability `level`: 1.96 for 0.95."""
    from scipy.special import ndtri

    between("level", level, 0.0, 1.0, strict=True)
    if level >= 1:
        raise ArgumentError("`level` must be less than 1: only the whole line holds the truth always")
    return float(ndtri((1 + level) / 2))


def audited_accuracy(right: Bool[np.ndarray, " audited"], *, level: float = 0.95) -> Estimate:
    """The share of right predictions, with Wilson's interval.

    **Arguments:**

    - `right`: whether the prediction for each audited item was right.
    - `level`: how often the interval shall hold the truth.

    **Returns:** an unbiased estimate of the accuracy where the audit set was drawn from.

    **Reference:** Wilson 1927; see `explora.maths.wilson`.
    """
    low, high = wilson(float(right.sum()), right.size, normal_quantile(level))
    value = float(right.mean()) if right.size else float("nan")
    return Estimate(value, low, high, level, right.size, "Wilson")


def audited_balanced_accuracy(
    truth: Int[np.ndarray, " audited"],
    predicted: Int[np.ndarray, " predicted"],
    classes: int,
    *,
    level: float = 0.95,
) -> BalancedEstimate:
    """The mean of the recalls of all classes, however few items of a class were audited.

    The interval joins the Wilson intervals of the recalls: each end of the mean lies as far out as the root of the
    squared distances of the recalls' ends, divided by the number of classes. Unlike a bootstrap it does not believe
    that a class with three right items of three is perfect. A class without any audited item may have any recall from
    0 to 1, and the interval says so; audit more items, or fewer classes, where that is too wide.

    **Arguments:**

    - `truth`: the class of each audited item.
    - `predicted`: what the model says.
    - `classes`: how many classes there are.
    - `level`: how often the interval shall hold the truth.

    **Returns:** a `BalancedEstimate`.

    **Reference:** Zou and Donner 2008, Statistics in Medicine 27 (intervals from the variances recovered from others).
    """
    if truth.shape != predicted.shape:
        raise ArgumentError(f"`truth` and `predicted` must be alike in size, got {truth.size} and {predicted.size}")
    if truth.size and not 0 <= truth.min() <= truth.max() < classes:
        raise ArgumentError(
            f"`truth` must be class numbers from 0 to {classes - 1}, got {truth.min()} to {truth.max()}"
        )
    recalls = tuple(audited_accuracy(predicted[truth == k] == k, level=level) for k in range(classes))
    seen = [x for x in recalls if x.count]
    unseen = tuple(k for k, x in enumerate(recalls) if not x.count)
    if not seen:
        return BalancedEstimate(Estimate(float("nan"), 0.0, 1.0, level, 0, "nothing was audited"), recalls, unseen)
    total = sum(x.value for x in seen)
    down = np.sqrt(sum((x.value - x.low) ** 2 for x in seen))
    up = np.sqrt(sum((x.high - x.value) ** 2 for x in seen))
    low = max(0.0, float(total - down) / classes)
    high = min(1.0, float(total + up + len(unseen)) / classes)
    method = "joined Wilson" + (f", {len(unseen)} of {classes} classes unseen" if unseen else "")
    return BalancedEstimate(Estimate(total / len(seen), low, high, level, truth.size, method), recalls, unseen)


def audited_error(
    truth: Float[np.ndarray, " audited"], predicted: Float[np.ndarray, " predicted"], *, level: float = 0.95
) -> Estimate:
    """The mean squared error of a regression.

    **Arguments:**

    - `truth`: the target of each audited item [units of the target].
    - `predicted`: what the model says [the same].
    - `level`: how often the interval shall hold the truth.

    **Returns:** an unbiased estimate [units squared]; its interval as in `audited_mean`.
    """
    if truth.shape != predicted.shape:
        raise ArgumentError(f"`truth` and `predicted` must be alike in size, got {truth.size} and {predicted.size}")
    return audited_mean((truth - predicted) ** 2, level=level)


def audited_mean(losses: Float[np.ndarray, " audited"], *, level: float = 0.95) -> Estimate:
    """The mean of a loss that is never negative.

    Squared errors are skewed: a few large ones make most of the mean. The interval is therefore that of the logarithm
    of the mean (delta method, Student's t), which reaches further up than down and never below zero.

    **Arguments:**

    - `losses`: of each audited item, not negative.
    - `level`: how often the interval shall hold the truth.

    **Returns:** an unbiased estimate; from 0 to infinity where fewer than two items or no loss at all leave it open.

    **Raises:** `ArgumentError` for a negative loss or one that is not finite.
    """
    from scipy.special import stdtrit

    if not np.all(np.isfinite(losses) & (losses >= 0)):
        raise ArgumentError("the losses must be finite and not negative; leave out items without a prediction")
    value = float(losses.mean()) if losses.size else float("nan")
    if losses.size < 2 or value == 0:
        return Estimate(value, 0.0, float("inf"), level, losses.size, "open")
    normal_quantile(level)  # complains about an impossible level
    spread = float(losses.std(ddof=1)) / (value * np.sqrt(losses.size))
    reach = np.exp(float(stdtrit(losses.size - 1, (1 + level) / 2)) * spread)
    return Estimate(value, float(value / reach), float(value * reach), level, losses.size, "delta method of the log")
