"""Managers that do not look at the items: what the others must beat."""

import equinox as eqx
import numpy as np
from jaxtyping import Bool

from ._manager import BudgetManager, Counts, count, one_each


class _Counting(BudgetManager[Counts]):
    """A manager that remembers only how many items it saw and asked about."""

    def init(self, dims: int = 0) -> Counts:
        return Counts(count(0), count(0))

    def record(self, state, utilities, asked) -> Counts:
        one_each(utilities, asked)
        return Counts(np.asarray(state.seen + len(asked)), np.asarray(state.asked + int(asked.sum())))


class Periodic(_Counting):
    """Asks as soon as the budget has room for one call more: with 0.25, about every fourth item.

    **Arguments:**

    - `budget`: the share of items that are asked about.
    """

    def query(self, state, utilities, *, rng, embeddings=None) -> tuple[Bool[np.ndarray, " items"], Counts]:
        asked = np.zeros(len(utilities), bool)
        seen, spent = int(state.seen), int(state.asked)
        for place, utility in enumerate(utilities):
            seen += 1
            asked[place] = seen * self.budget - spent >= 1 and not np.isnan(utility)
            spent += int(asked[place])
        return asked, Counts(count(seen), count(spent))


class RandomBudget(_Counting):
    """Asks about each item with a probability of `budget`, whatever it is.

    **Arguments:**

    - `budget`: the share of items that are asked about.
    - `strict`: asks only while the calls that were made are at least one below the budget; otherwise the share is kept
      on average only.
    """

    strict: bool = eqx.field(static=True, default=False)

    def query(self, state, utilities, *, rng, embeddings=None) -> tuple[Bool[np.ndarray, " items"], Counts]:
        wanted = (rng.random(len(utilities)) >= 1.0 - self.budget) & ~np.isnan(utilities)
        if not self.strict:
            return wanted, self.record(state, utilities, wanted)
        asked = np.zeros(len(utilities), bool)
        seen, spent = int(state.seen), int(state.asked)
        for place, want in enumerate(wanted):
            seen += 1
            asked[place] = want and seen * self.budget - spent > 1
            spent += int(asked[place])
        return asked, Counts(count(seen), count(spent))
