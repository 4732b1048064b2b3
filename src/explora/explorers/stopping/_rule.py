"""When to stop asking: what all rules share, and those that look at uncertainty and at what calls have bought."""

from typing import Any, Generic, TypeVar

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError, Part, between

State = TypeVar("State")


def normalised_entropy(probabilities: Float[np.ndarray, "items classes"]) -> Float[np.ndarray, " items"]:
    """The entropy of each prediction as a share of the greatest possible, in [0, 1].

    **Arguments:**

    - `probabilities`: of the classes, at least two of them, summing to one.

    **Returns:** 0 for a certain prediction, 1 for one that prefers no class.
    """
    if probabilities.shape[1] < 2:
        raise ArgumentError(f"`probabilities` must have at least two classes, got {probabilities.shape[1]}")
    safe = np.where(probabilities > 0, probabilities, 1.0)
    return -np.sum(safe * np.log(safe), axis=1, where=probabilities > 0) / np.log(probabilities.shape[1])


class StoppingRule(Part, Generic[State]):
    """Says when asking on is no longer worth it, by what successive models answer on one fixed set of items.

    The items should be ones that nobody labels (else models agree there because they were told), always the same and
    in the same order. A rule looks at the evidence that it needs and ignores the rest, so that rules can be exchanged.
    Its state is a pytree of arrays: a run that is resumed stops where the other would have.
    """

    hosted = True

    def init(self, items: int) -> State:
        """The state before the first model.

        **Arguments:**

        - `items`: how many items the models are compared on.
        """
        raise NotImplementedError

    def update(
        self,
        state: State,
        predictions: Int[np.ndarray, " items"],
        *,
        probabilities: Float[np.ndarray, "rows classes"] | None = None,
        audited: Float[np.ndarray, " audited"] | None = None,
        calls: int | None = None,
    ) -> State:
        """Takes note of a new model.

        **Arguments:**

        - `state`: as `init` or the last `update` left it.
        - `predictions`: the class that the model predicts for each item.
        - `probabilities`: of each class.
        - `audited`: the model's score in [0, 1] on each item of the audit set; 1 and 0 for right and wrong.
        - `calls`: how many oracle calls there have been in all.

        **Returns:** the new state.

        **Raises:** `ArgumentError` if what the rule needs is missing or has the wrong size.
        """
        raise NotImplementedError

    def stop(self, state: State) -> bool:
        """Whether to stop asking."""
        raise NotImplementedError

    def reason(self, state: State) -> str:
        """One sentence that gives the number and what it is compared with, whether the rule says stop or not."""
        raise NotImplementedError


class UncertaintyState(eqx.Module):
    """What `OverallUncertainty` remembers.

    **Arguments:**

    - `models`: how many models have been seen.
    - `mean`: the mean normalised entropy of the last one; NaN before the first.
    """

    models: Int[np.ndarray, ""]
    mean: Float[np.ndarray, ""]


class OverallUncertainty(StoppingRule[UncertaintyState]):
    """Stop when the model is sure of nearly everything: the mean normalised entropy falls below a threshold.

    A model may be sure and wrong; this rule trusts its probabilities, and says nothing of how good it is.

    **Arguments:**

    - `threshold`: the mean normalised entropy below which it stops.

    **Reference:** Zhu, Wang and Hovy 2008 (COLING).
    """

    threshold: float = eqx.field(static=True, default=0.05)

    def __check_init__(self):
        between("threshold", self.threshold, 0.0, 1.0)

    def init(self, items: int) -> UncertaintyState:
        between("items", items, 1)
        return UncertaintyState(np.array(0), np.array(np.nan))

    def update(self, state, predictions, *, probabilities=None, audited=None, calls=None) -> UncertaintyState:
        table: Any = _wanted("probabilities", probabilities, self)
        same_items(predictions, len(table))
        return UncertaintyState(np.asarray(state.models + 1), np.array(normalised_entropy(table).mean()))

    def stop(self, state: UncertaintyState) -> bool:
        return bool(state.mean < self.threshold)

    def reason(self, state: UncertaintyState) -> str:
        if state.models == 0:
            return "not yet: no model has been seen"
        verdict, side = ("stop", "below") if self.stop(state) else ("go on", "not below")
        return f"{verdict}: the mean normalised entropy is {float(state.mean):.4f}, {side} {self.threshold}"


class GainState(eqx.Module):
    """What `GainPerCall` remembers, newest last.

    **Arguments:**

    - `models`: how many models have been seen.
    - `scores`: of the last models on each audited item; NaN where there was none.
    - `calls`: how many oracle calls there had been at each.
    """

    models: Int[np.ndarray, ""]
    scores: Float[np.ndarray, "records audited"]
    calls: Int[np.ndarray, " records"]


class GainPerCall(StoppingRule[GainState]):
    """Stop when another oracle call buys too little: the upper end of the gain per call is below a threshold.

    The gain is measured on the audit set, item by item, between the model `window` records ago and the present one.
    Its interval is Wald's after one call more of either kind was added half and half (Agresti and Min's correction of
    paired shares), so that an audit set on which nothing changed does not pass for certainty. It stops only if even
    the upper end is too little: with a small audit set it therefore asks on rather than stop for want of data.

    **Arguments:**

    - `audited`: how many items the audit set has.
    - `threshold`: the gain per call [score per oracle call] below which it stops.
    - `window`: over how many records the gain is measured.
    - `z`: the normal quantile of the interval; 1.96 gives 95 %.

    **Reference:** Agresti and Min 2005, Statistics in Medicine 24 (the interval).
    """

    audited: int = eqx.field(static=True, default=100)
    threshold: float = eqx.field(static=True, default=1e-3)
    window: int = eqx.field(static=True, default=3)
    z: float = eqx.field(static=True, default=1.96)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"audited"})

    def __check_init__(self):
        between("audited", self.audited, 1)
        between("threshold", self.threshold, 0.0)
        between("window", self.window, 1)
        between("z", self.z, 0.0)

    def init(self, items: int) -> GainState:
        return GainState(
            np.array(0), np.full((self.window + 1, self.audited), np.nan), np.zeros(self.window + 1, np.int64)
        )

    def update(self, state, predictions, *, probabilities=None, audited=None, calls=None) -> GainState:
        scores: Any = _wanted("audited", audited, self)
        number: Any = _wanted("calls", calls, self)
        if scores.shape != (self.audited,):
            raise ArgumentError(
                f"`audited` must have {self.audited} scores, always of the same items, got {scores.size}"
            )
        if not np.all((scores >= 0) & (scores <= 1)):
            raise ArgumentError("`audited` must be scores in [0, 1]; divide an error by its largest possible value")
        if state.models > 0 and number < state.calls[-1]:
            raise ArgumentError(f"`calls` counts all calls so far: at least {state.calls[-1]}, got {number}")
        kept = np.vstack([state.scores[1:], scores.astype(np.float64)])
        return GainState(np.asarray(state.models + 1), kept, np.append(state.calls[1:], number))

    def gain(self, state: GainState) -> tuple[float, float, float]:
        """The gain per oracle call over the window, and the ends of its interval [score per call].

        **Returns:** gain, low, high; NaN while the window is not full or no call was made in it.
        """
        calls = int(state.calls[-1] - state.calls[0])
        if state.models <= self.window or calls == 0:
            return float("nan"), float("nan"), float("nan")
        change = state.scores[-1] - state.scores[0]
        count = self.audited + 2
        middle = change.sum() / count
        half = self.z * np.sqrt(max((np.sum(change**2) + 1) / count - middle**2, 0.0) / count)
        return float(change.mean()) / calls, float(middle - half) / calls, float(middle + half) / calls

    def stop(self, state: GainState) -> bool:
        return bool(self.gain(state)[2] < self.threshold)  # NaN is below nothing

    def reason(self, state: GainState) -> str:
        gain, low, high = self.gain(state)
        if np.isnan(gain):
            return f"not yet: {int(state.models)} of {self.window + 1} records are there, or none of them cost a call"
        verdict, side = ("stop", "below") if self.stop(state) else ("go on", "not below")
        found = f"the last {self.window} records gained {gain:.2e} a call (from {low:.2e} to {high:.2e})"
        return f"{verdict}: {found}, whose upper end is {side} {self.threshold:.2e}"


def same_items(predictions: Int[np.ndarray, " items"], items: int) -> None:
    """Complains about predictions for another number of items."""
    if len(predictions) != items:
        raise ArgumentError(
            f"`predictions` must have one entry for each of the {items} items, got {len(predictions)}; "
            "the items must stay the same from model to model"
        )


def _wanted(name: str, value: Any, rule: StoppingRule) -> Any:
    """The value, or a complaint that it is missing."""
    if value is None:
        raise ArgumentError(f"{type(rule).__name__} needs `{name}`, got None; pass it to `update`")
    return value
