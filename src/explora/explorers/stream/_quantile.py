"""A manager that asks about the best share of what it has seen of late."""

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from .._checks import between
from ._manager import BudgetManager, count, one_each


class QuantileState(eqx.Module):
    """What `BalancedQuantile` remembers.

    **Arguments:**

    - `recent`: the last utilities, newest last; NaN where there is none yet.
    - `seen`, `asked`: how many items have gone by, and were asked about.
    """

    recent: Float[np.ndarray, " window"]
    seen: Int[np.ndarray, ""]
    asked: Int[np.ndarray, ""]


class BalancedQuantile(BudgetManager[QuantileState]):
    """BIQF, the balanced incremental quantile filter: asks about items in the upper share of the last utilities.

    The threshold is the (1 − budget) quantile of the last `window` utilities, this one included. It is lowered while
    calls are left over and raised while too many were made: by the range of these utilities times the calls left over,
    divided by `tolerance`. So it needs no scale: any utility will do, of which more is better.

    **Arguments:**

    - `budget`: the share of items that may be asked about; kept in the long run, not at every moment.
    - `window`: how many utilities the quantile is of.
    - `tolerance`: how many calls too few or too many move the threshold by the whole range.

    **Reference:** Kottke, Krempl and Spiliopoulou 2015, Probabilistic Active Learning in Datastreams.
    """

    window: int = eqx.field(static=True, default=100)
    tolerance: float = eqx.field(static=True, default=50.0)

    def __check_init__(self):
        between("window", self.window, 1)
        between("tolerance", self.tolerance, 0.0, strict=True)

    def init(self, dims: int = 0) -> QuantileState:
        return QuantileState(np.full(self.window, np.nan), count(0), count(0))

    def query(self, state, utilities, *, rng, embeddings=None) -> tuple[Bool[np.ndarray, " items"], QuantileState]:
        recent = [float(x) for x in state.recent if not np.isnan(x)]
        seen, spent = int(state.seen), int(state.asked)
        asked = np.zeros(len(utilities), bool)
        for place, utility in enumerate(utilities):
            seen += 1
            if np.isnan(utility):
                continue  # in the quantile it would make everything after it incomparable
            recent = [*recent[-(self.window - 1) :], float(utility)] if self.window > 1 else [float(utility)]
            left = self.budget * seen - spent
            threshold = np.quantile(recent, 1.0 - self.budget) - (max(recent) - min(recent)) * (left / self.tolerance)
            asked[place] = utility >= threshold
            spent += int(asked[place])
        return asked, self._kept(recent, seen, spent)

    def record(self, state, utilities, asked) -> QuantileState:
        one_each(utilities, asked)
        recent = [float(x) for x in (*state.recent, *utilities) if not np.isnan(x)]
        return self._kept(recent, int(state.seen) + len(asked), int(state.asked) + int(asked.sum()))

    def _kept(self, recent: list[float], seen: int, spent: int) -> QuantileState:
        """The memory as a state."""
        kept = np.full(self.window, np.nan)
        last = recent[-self.window :]
        kept[self.window - len(last) :] = last
        return QuantileState(kept, count(seen), count(spent))
