"""Managers that compare uncertainty with a threshold, as long as not too much was spent of late."""

import math

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import ArgumentError

from .._checks import between
from ._manager import BudgetManager, count, number, one_each


class Spending(eqx.Module):
    """What a manager with a threshold remembers.

    **Arguments:**

    - `spent`: how many of the last `window` items were asked about, as a fading estimate.
    - `threshold`: the confidence below which it asks.
    - `seen`, `asked`: how many items have gone by, and were asked about.
    """

    spent: Float[np.ndarray, ""]
    threshold: Float[np.ndarray, ""]
    seen: Int[np.ndarray, ""]
    asked: Int[np.ndarray, ""]


class _Thresholding(BudgetManager[Spending]):
    """Asks where the model's confidence is below a threshold and the budget has room.

    What was spent is û ← û · (w − 1)/w + asked, and there is room while û / w is below the budget.
    """

    window: int | None = eqx.field(static=True, default=100)

    def __check_init__(self):
        between("window", self.window, 1)

    @property
    def start(self) -> float:
        """The threshold before the first item."""
        raise NotImplementedError

    def draws(self, items: int, rng: np.random.Generator) -> Float[np.ndarray, "items numbers"]:
        """The random numbers of each item."""
        return np.zeros((items, 0))

    def asks(self, confidence: float, threshold: float, draw: list[float]) -> tuple[bool, bool]:
        """Whether to ask, if there is room, and whether that moves the threshold."""
        raise NotImplementedError

    def moved(self, threshold: float, asked: bool) -> float:
        """The threshold after a decision that moves it."""
        return threshold

    def init(self, dims: int = 0) -> Spending:
        return Spending(number(0.0), number(self.start), count(0), count(0))

    def query(self, state, utilities, *, rng, embeddings=None) -> tuple[Bool[np.ndarray, " items"], Spending]:
        draws = self.draws(len(utilities), rng)
        asked = np.zeros(len(utilities), bool)
        memory = (float(state.spent), float(state.threshold), int(state.seen), int(state.asked))
        # Methods of a module are bound anew at each look, and arrays of one number are slow: both out of the loop.
        asks, room, after, moved = self.asks, self._room, self._after, self.moved
        for place, (utility, draw) in enumerate(zip(utilities.tolist(), draws.tolist(), strict=True)):
            ask, moves = asks(1.0 - utility, memory[1], draw) if room(memory) else (False, False)
            ask = ask and not math.isnan(utility)
            asked[place] = ask
            memory = after(memory, ask, moved(memory[1], ask) if moves else memory[1])
        return asked, _kept(memory)

    def record(self, state, utilities, asked) -> Spending:
        one_each(utilities, asked)
        memory = (float(state.spent), float(state.threshold), int(state.seen), int(state.asked))
        for one in asked.tolist():
            memory = self._after(memory, one, self.moved(memory[1], one) if self._room(memory) else memory[1])
        return _kept(memory)

    def _room(self, memory: tuple[float, float, int, int]) -> bool:
        """Whether the budget allows one call more."""
        spent, _, seen, asked = memory
        return (asked / (seen + 1) if self.window is None else spent / self.window) < self.budget

    def _after(
        self, memory: tuple[float, float, int, int], ask: bool, threshold: float
    ) -> tuple[float, float, int, int]:
        """What is remembered after a decision."""
        spent, _, seen, asked = memory
        fade = 1.0 if self.window is None else (self.window - 1) / self.window
        return spent * fade + ask, threshold, seen + 1, asked + ask


class FixedUncertainty(_Thresholding):
    """Asks where the likeliest class has a probability of at most 1/C + budget · (1 − 1/C).

    **Arguments:**

    - `budget`: the share of items that may be asked about.
    - `window`: over how many items the spending is estimated; None counts from the beginning.
    - `classes`: C, how many there are.

    Utilities are least confidence, 1 minus the highest probability.

    **Reference:** Žliobaitė, Bifet, Pfahringer and Holmes 2014, IEEE Trans. Neural Netw. Learn. Syst. 25.
    """

    classes: int = eqx.field(static=True, default=2)

    def __check_init__(self):
        between("classes", self.classes, 1)

    @property
    def start(self) -> float:
        return 1.0 / self.classes + self.budget * (1.0 - 1.0 / self.classes)

    def asks(self, confidence, threshold, draw) -> tuple[bool, bool]:
        return confidence <= threshold, False


class VariableUncertainty(_Thresholding):
    """Asks where confidence is below a threshold that falls with each question and rises with each item let go.

    **Arguments:**

    - `budget`: the share of items that may be asked about.
    - `window`: over how many items the spending is estimated; None counts from the beginning.
    - `threshold`: the confidence that it starts with.
    - `step`: the share by which it falls and rises.

    Utilities are least confidence, 1 minus the highest probability.

    **Reference:** Žliobaitė et al. 2014, algorithm "VarUncertainty".
    """

    threshold: float = eqx.field(static=True, default=1.0)
    step: float = eqx.field(static=True, default=0.01)

    def __check_init__(self):
        between("step", self.step, 0.0, 1.0, strict=True)

    @property
    def start(self) -> float:
        return self.threshold

    def asks(self, confidence, threshold, draw) -> tuple[bool, bool]:
        return confidence < threshold, True

    def moved(self, threshold, asked) -> float:
        return threshold * (1.0 - self.step if asked else 1.0 + self.step)


class RandomVariableUncertainty(VariableUncertainty):
    """`VariableUncertainty` with a threshold that is shaken for each item, so that sure items are asked about too.

    Where the concept drifts, a model is sure of what has become wrong: only chance can find that.

    **Arguments:**

    - `budget`, `window`, `threshold`, `step`: as for `VariableUncertainty`.
    - `spread`: the threshold is multiplied by a normal number of mean 1 and this standard deviation.

    **Reference:** Žliobaitė et al. 2014, "uncertainty strategy with randomization".
    """

    spread: float = eqx.field(static=True, default=1.0)

    def __check_init__(self):
        between("spread", self.spread, 0.0)

    def draws(self, items, rng) -> Float[np.ndarray, "items numbers"]:
        return rng.normal(1.0, self.spread, (items, 1))

    def asks(self, confidence, threshold, draw) -> tuple[bool, bool]:
        return confidence < threshold * draw[0], True


class Split(VariableUncertainty):
    """A share of the items is asked about by chance, the rest as by `VariableUncertainty`.

    The items that were left to chance are a fair sample of the stream, by which a change can be noticed.

    **Arguments:**

    - `budget`, `window`, `threshold`, `step`: as for `VariableUncertainty`.
    - `share`: of the items that are left to chance; of these a share of `budget` is asked about.

    **Reference:** Žliobaitė et al. 2014, "split strategy".
    """

    share: float = eqx.field(static=True, default=0.1)

    def __check_init__(self):
        between("share", self.share, 0.0, 1.0)
        if self.share == 1.0:
            raise ArgumentError(
                "`share` must be less than 1, or nothing is left to uncertainty; use RandomBudget instead"
            )

    def draws(self, items, rng) -> Float[np.ndarray, "items numbers"]:
        return rng.random((items, 2))

    def asks(self, confidence, threshold, draw) -> tuple[bool, bool]:
        if draw[0] < self.share:
            return draw[1] <= self.budget, False
        return confidence < threshold, True


def _kept(memory: tuple[float, float, int, int]) -> Spending:
    """The memory as a state."""
    spent, threshold, seen, asked = memory
    return Spending(number(spent), number(threshold), count(seen), count(asked))
