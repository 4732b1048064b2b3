"""Rules that stop when successive models agree."""

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from explora.core import between
from explora.maths import cohen_kappa

from ._rule import StoppingRule, same_items


def kappa_guarantee(threshold: float) -> float:
    """How far the F-measures of two models can lie apart at most, if their predictions agree with κ ≥ `threshold`.

    **Arguments:**

    - `threshold`: in (0, 1].

    **Returns:** 4(1 − T)/T; 0.0404 for T = 0.99. It bounds the change from one model to the next on the items that were
    compared, not what a hundred more labels might bring.

    **Reference:** Bloodgood and Grothendieck 2013, Analysis of Stopping Active Learning based on Stabilizing
    Predictions (CoNLL).
    """
    between("threshold", threshold, 0.0, 1.0, strict=True)
    return 4.0 * (1.0 - threshold) / threshold


class KappaState(eqx.Module):
    """What `KappaStability` and `ClassificationChange` remember.

    **Arguments:**

    - `models`: how many models have been seen.
    - `last`: the predictions of the last one; −1 before the first.
    - `values`: what the last comparisons gave, newest last; NaN where there was none.
    - `classes`: how many classes the two models of each comparison predicted between them.
    """

    models: Int[np.ndarray, ""]
    last: Int[np.ndarray, " items"]
    values: Float[np.ndarray, " window"]
    classes: Int[np.ndarray, " window"]


class _Comparing(StoppingRule[KappaState]):
    """A rule that compares each model with the one before it."""

    window: int = eqx.field(static=True, default=3)
    threshold: float = eqx.field(static=True, default=0.99)
    least_classes: int = eqx.field(static=True, default=2)

    def __check_init__(self):
        between("window", self.window, 1)
        between("threshold", self.threshold, 0.0, 1.0)
        between("least_classes", self.least_classes, 1)

    def init(self, items: int) -> KappaState:
        between("items", items, 1)
        none = np.full(self.window, np.nan)
        return KappaState(np.array(0), np.full(items, -1), none, np.zeros(self.window, np.int64))

    def update(self, state, predictions, *, probabilities=None, audited=None, calls=None) -> KappaState:
        same_items(predictions, len(state.last))
        values, classes = state.values, state.classes
        if state.models > 0:
            seen = np.union1d(predictions, state.last).size
            values = np.append(values[1:], self.compared(state.last, predictions))
            classes = np.append(classes[1:], seen)
        return KappaState(np.asarray(state.models + 1), predictions.copy(), values, classes)

    def compared(self, before: Int[np.ndarray, " items"], after: Int[np.ndarray, " items"]) -> float:
        """The number that says how alike two models are."""
        raise NotImplementedError

    def _waiting(self, state: KappaState) -> str | None:
        """Why nothing can be said yet."""
        missing = int(np.isnan(state.values).sum())
        if missing:
            return f"not yet: {self.window - missing} of {self.window} comparisons of successive models are there"
        if state.classes.min() < self.least_classes:
            return (
                f"not yet: within the last {self.window} comparisons two models predicted only {state.classes.min()} "
                f"class(es) between them, and {self.least_classes} are wanted before agreement counts"
            )
        return None


class KappaStability(_Comparing):
    """Stop when successive models hardly change their answers: the mean of the last κ is at or above a threshold.

    High agreement stops, low agreement goes on. The paper's setting (window 3, threshold 0.99) is the default.

    **Arguments:**

    - `window`: over how many comparisons of successive models the mean goes.
    - `threshold`: the mean κ from which on it stops.
    - `least_classes`: how many classes the two models of a comparison must predict between them for it to count. The
      papers do not say what κ is where both predict one class for everything (here 1); with 2 a model that has not yet
      learned to tell classes apart does not stop the run, with 1 it does.

    **Reference:** Bloodgood and Vijay-Shanker 2009 (arXiv:1409.5165); Bloodgood and Grothendieck 2013
    (arXiv:1504.06329), whose bound on the F-measure `kappa_guarantee` gives.
    """

    def compared(self, before, after) -> float:
        return cohen_kappa(before, after)

    def stop(self, state: KappaState) -> bool:
        return self._waiting(state) is None and bool(state.values.mean() >= self.threshold)

    def reason(self, state: KappaState) -> str:
        waiting = self._waiting(state)
        if waiting is not None:
            return waiting
        mean, last = state.values.mean(), state.values[-1]
        found = f"the mean of the last {self.window} κ is {mean:.4f}"
        if not self.stop(state):
            return f"go on: {found}, below {self.threshold}"
        bound = f", so F changed by at most {kappa_guarantee(last):.4f} between the last two models" if last > 0 else ""
        return f"stop: {found}, at or above {self.threshold}{bound}"


class ClassificationChange(_Comparing):
    """Stop when successive models change the class of hardly any item.

    **Arguments:**

    - `window`: how many comparisons in a row must be below the threshold.
    - `threshold`: the largest share of changed items that still counts as none.
    - `least_classes`: as in `KappaStability`.

    **Reference:** Zhu, Wang and Hovy 2008, Multi-Criteria-Based Strategy to Stop Active Learning for Data Annotation
    (COLING).
    """

    window: int = eqx.field(static=True, default=1)
    threshold: float = eqx.field(static=True, default=0.0)

    def compared(self, before, after) -> float:
        return float(np.mean(before != after))

    def stop(self, state: KappaState) -> bool:
        return self._waiting(state) is None and bool(np.all(state.values <= self.threshold))

    def reason(self, state: KappaState) -> str:
        waiting = self._waiting(state)
        if waiting is not None:
            return waiting
        verdict, side = ("stop", "at most") if self.stop(state) else ("go on", "above")
        most = (
            f"up to {100 * state.values.max():.2f} % of the items changed class in the last {self.window} comparisons"
        )
        return f"{verdict}: {most}, {side} {100 * self.threshold:.2f} %"
