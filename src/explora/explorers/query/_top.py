"""The simplest batches: any rows, and the rows of highest score."""

import numpy as np
from jaxtyping import Bool, Float, Int

from ._candidates import Candidates, Selector


def top(
    scores: Float[np.ndarray, " rows"], free: Bool[np.ndarray, " rows"], count: int, *, rng: np.random.Generator
) -> Int[np.ndarray, " chosen"]:
    """The free rows of highest score, in linear time.

    **Arguments:**

    - `scores`: larger is better; NaN counts as -inf, and both come last.
    - `free`: which rows may be chosen.
    - `count`: how many.
    - `rng`: decides among equal scores, whether they are chosen and in which order.

    **Returns:** rows, best first; fewer than `count` if fewer are free.
    """
    rows = np.flatnonzero(free)
    values = scores[rows]
    values = np.where(np.isnan(values), -np.inf, values)
    count = min(count, len(rows))
    if count == 0:
        return rows[:0]
    least = np.partition(values, len(values) - count)[len(values) - count]
    above = np.flatnonzero(values > least)
    ties = np.flatnonzero(values == least)
    chosen = np.concatenate([rng.permutation(above), rng.choice(ties, count - len(above), replace=False)])
    return rows[chosen[np.argsort(-values[chosen], kind="stable")]]


def any_of(rows: Int[np.ndarray, " rows"], count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " chosen"]:
    """`count` distinct ones of the rows in random order, or all of them if there are fewer."""
    return rng.choice(rows, min(count, len(rows)), replace=False)


class Random(Selector):
    """Any free rows: the baseline that every other selector has to beat."""

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        return any_of(np.flatnonzero(candidates.free), count, rng=rng)


class Top(Selector):
    """The free rows of highest score; chance decides among equal ones.

    A batch may hold near duplicates: `Power`, `Clustered` and `Badge` spread it.
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"scores"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        return top(self.given(candidates, "scores"), candidates.free, count, rng=rng)
