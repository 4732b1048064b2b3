"""Ranked batches: uncertainty against similarity to what is known, weighed by how much is known."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

from ._candidates import Candidates, Selector
from ._geometry import blocks, central, centred, squared_distances

SAMPLE = 4096
"""Rows to which distances are summed up for the very first choice."""


def ranked(
    scores: Float[np.ndarray, " rows"],
    embeddings: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    known: Bool[np.ndarray, " rows"],
    count: int,
    *,
    rng: np.random.Generator,
    distance: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Int[np.ndarray, " chosen"]:
    """Greedily the row of largest α (1 - similarity) + (1 - α) score.

    The similarity is 1 / (1 + distance to the nearest row known or chosen), and α the share of the rows that are
    neither, so that a batch explores while little is known. Without any known row the first choice is the most central
    one.

    **Arguments:**

    - `scores`: uncertainties between 0 and 1, on the scale of 1 - similarity; NaN and -inf come last.
    - `embeddings`: where each row lies.
    - `free`, `known`: which rows may be chosen, and which are answered.
    - `count`: how many.
    - `rng`: draws the rows that say what is central where there are many.
    - `distance`: from some rows to other rows, a matrix; None: the Euclidean one.

    **Returns:** rows in the order of choice; fewer than `count` if fewer are free.

    **Reference:** Cardoso et al. 2017, Inf. Sci. 379, eq. 1; Danka and Horvath 2018, modAL (arXiv:1805.00979).
    """
    rows = np.flatnonzero(free)
    count = min(count, len(rows))
    if count == 0:
        return rows
    # Only Euclidean distances are the same wherever the origin lies, and lose fewer digits near it.
    points = centred(embeddings) if distance is None else embeddings
    squared = squared_distances if distance is None else lambda new, near: distance(new, near) ** 2
    own, height = points[rows], np.nan_to_num(scores[rows].astype(np.float64), nan=-np.inf, neginf=-np.inf)
    nearest = np.full(len(rows), np.inf)
    _approach(nearest, own, points[known], squared)
    seen = int(np.count_nonzero(known))
    chosen: list[int] = []
    open_rows = np.ones(len(rows), bool)
    while len(chosen) < count:
        if seen + len(chosen) == 0:
            best = central(own, sample=SAMPLE, rng=rng, squared=squared)
        else:
            share = (len(rows) - len(chosen)) / (len(rows) + seen)
            with np.errstate(invalid="ignore"):
                worth = share * (1 - 1 / (1 + np.sqrt(nearest))) + (1 - share) * height
            best = int(np.argmax(np.where(open_rows, worth, -np.inf)))
            if not open_rows[best]:  # only rows that come last are left
                best = int(np.flatnonzero(open_rows)[0])
        chosen.append(best)
        open_rows[best] = False
        _approach(nearest, own, own[best][None], squared)
    return rows[chosen]


def _approach(nearest: np.ndarray, points: np.ndarray, new: np.ndarray, squared: Callable) -> None:
    """Brings squared distances to the nearest centre up to date with new centres, in place."""
    for start in range(0, len(new), 256):
        group = new[start : start + 256]
        for at in blocks(len(points), max(64, len(group))):
            np.minimum(nearest[at], squared(group, points[at]).min(axis=0), out=nearest[at])


class Ranked(Selector):
    """Ranked batch: the larger the part of the pool that is still unknown, the more a row has to be unlike the rest.

    Made for scores between 0 and 1, such as least confidence.

    **Reference:** Cardoso et al. 2017, Inf. Sci. 379; modAL (arXiv:1805.00979).
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"scores", "embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        scores, embeddings = self.given(candidates, "scores"), self.given(candidates, "embeddings")
        return ranked(scores, embeddings, candidates.free, candidates.known, count, rng=rng)
