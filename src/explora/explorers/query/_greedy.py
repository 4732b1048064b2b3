"""Greedy sampling for regression: far apart in the inputs, in what is predicted, or in both."""

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import between

from ._candidates import Candidates, Selector
from ._centres import farthest_first
from ._geometry import central

SAMPLE = 4096
"""Rows to which distances are summed up for the very first choice."""


def greedy_input(
    embeddings: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    known: Bool[np.ndarray, " rows"],
    count: int,
    *,
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """GSx: first the most central row (if nothing is known), then always the row farthest from all known and chosen.

    **Arguments:**

    - `embeddings`: where each row lies.
    - `free`, `known`: which rows may be chosen, and which are centres from the start.
    - `count`: how many.
    - `rng`: draws the rows that say what is central where there are many; else used only if rows coincide.

    **Returns:** rows in the order of choice; fewer than `count` if fewer are free.

    **Reference:** Wu, Lin and Huang 2019, Inf. Sci. 474:90–105 (GSx).
    """
    return _greedy([embeddings], embeddings, free, known, count, rng)


def greedy_target(
    outputs: Float[np.ndarray, "rows outputs"],
    embeddings: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    known: Bool[np.ndarray, " rows"],
    count: int,
    *,
    both: bool = False,
    first: int = 1,
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """GSy and iGS: the row whose prediction is farthest from all outputs known or chosen, or (`both`) whose product of
    that distance and the distance of the embeddings is largest for the nearest of them.

    **Arguments:**

    - `outputs`: what is predicted for each row; what was answered where it is known.
    - `embeddings`: where each row lies.
    - `free`, `known`: which rows may be chosen, and which are answered.
    - `count`: how many.
    - `both`: iGS instead of GSy.
    - `first`: until so many rows are known or chosen, choose as `greedy_input` does.
    - `rng`: as in `greedy_input`.

    **Returns:** rows in the order of choice; fewer than `count` if fewer are free.

    **Reference:** Wu, Lin and Huang 2019, Inf. Sci. 474:90–105.
    """
    start = min(count, max(0, first - int(np.count_nonzero(known))))
    chosen = greedy_input(embeddings, free, known, start, rng=rng)
    free, known = free.copy(), known.copy()
    free[chosen], known[chosen] = False, True
    spaces = [outputs, embeddings] if both else [outputs]
    return np.concatenate([chosen, _greedy(spaces, embeddings, free, known, count - len(chosen), rng)])


def _greedy(
    spaces: list[np.ndarray],
    embeddings: np.ndarray,
    free: np.ndarray,
    known: np.ndarray,
    count: int,
    rng: np.random.Generator,
) -> np.ndarray:
    rows, centres, first = np.flatnonzero(free), np.flatnonzero(known), None
    if count and len(rows) and not len(centres):
        first = int(rows[central(embeddings[rows], sample=SAMPLE, rng=rng)])
    return farthest_first(spaces, rows, centres, count, first=first, rng=rng)


class GreedyInput(Selector):
    """GSx: rows far apart in the embeddings, the most central one first. As `KCentre`, but for that first one.

    **Reference:** Wu, Lin and Huang 2019, Inf. Sci. 474:90–105.
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        embeddings = self.given(candidates, "embeddings")
        return greedy_input(embeddings, candidates.free, candidates.known, count, rng=rng)


class GreedyTarget(Selector):
    """GSy: rows whose predictions are far from all answers known so far (for regression).

    Where `targets` are given, they count for the known rows; otherwise what is predicted for them does. Several
    members are averaged.

    **Arguments:**

    - `first`: until so many rows are known, choose as `GreedyInput` does.

    **Reference:** Wu, Lin and Huang 2019, Inf. Sci. 474:90–105.
    """

    first: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        between("first", self.first, 0)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings", "predictions"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        return self._pick(candidates, count, False, rng)

    def _pick(self, candidates: Candidates, count: int, both: bool, rng: np.random.Generator) -> np.ndarray:
        embeddings = self.given(candidates, "embeddings")
        free, known = candidates.free, candidates.known
        if int(np.count_nonzero(known)) + count <= self.first:  # there may be no model yet
            return greedy_input(embeddings, free, known, count, rng=rng)
        outputs = self.given(candidates, "predictions").mean(axis=1, dtype=np.float64)
        if candidates.targets is not None:
            outputs[known] = candidates.targets[known]
        return greedy_target(outputs, embeddings, free, known, count, both=both, first=self.first, rng=rng)


class GreedyBoth(GreedyTarget):
    """iGS: rows far from all that is known, in the embeddings times in the predictions (for regression).

    The published favourite of the three; inputs alone do nearly as well where the model is poor.

    **Arguments:** as for `GreedyTarget`.

    **Reference:** Wu, Lin and Huang 2019, Inf. Sci. 474:90–105.
    """

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        return self._pick(candidates, count, True, rng)
