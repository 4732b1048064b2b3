"""Greedy k-centre: always the row that is farthest from everything known or chosen."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from ._candidates import Candidates, Selector
from ._geometry import BLOCK, blocks, squared_distances, squares, taken
from ._top import any_of

LEAST = 512
"""The fewest rows that contend for the next choices."""


def k_centre(
    embeddings: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    known: Bool[np.ndarray, " rows"],
    count: int,
    *,
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """The greedy solution of the k-centre problem: each choice is farthest from all that is known or chosen so far.

    Equal, index for index, to updating all distances after every choice, at a fraction of the cost; in float64
    whatever the embeddings are in.

    **Arguments:**

    - `embeddings`: where each row lies.
    - `free`: which rows may be chosen.
    - `known`: which rows are centres from the start; without any, the first choice is left to chance.
    - `count`: how many.
    - `rng`: the only source of chance; also decides when all free rows that are left lie on centres.

    **Returns:** rows in the order of choice; fewer than `count` if fewer are free.

    **Reference:** Sener and Savarese 2018 (arXiv:1708.00489), algorithm 1.
    """
    centres = np.flatnonzero(known)
    first = None if len(centres) else int(any_of(np.flatnonzero(free), 1, rng=rng)[0])
    return farthest_first([embeddings], np.flatnonzero(free), centres, count, first=first, rng=rng)


def farthest_first(
    spaces: Sequence[Float[np.ndarray, "rows _"]],
    rows: Int[np.ndarray, " free"],
    centres: Int[np.ndarray, " centres"],
    count: int,
    *,
    first: int | None = None,
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """Greedy choice of the row whose distance to the nearest centre is largest; what is chosen becomes a centre.

    *Lazy and in batches*: choices only shrink distances. So a few rows of large distance contend, and as long as the
    best of them is at least as far as any other row was, it is the true choice; only the contenders are kept up to
    date. Then all rows are, by one matrix product for all new centres.

    **Arguments:**

    - `spaces`: one array of points, or several: distances are then multiplied.
    - `rows`: which may be chosen, rising.
    - `centres`: which are centres from the start.
    - `count`: how many.
    - `first`: a row of `rows` that is chosen first; needed if there are no centres.
    - `rng`: fills up when the rows that are left lie on centres.

    **Returns:** rows in the order of choice; fewer than `count` if there are fewer.
    """
    count = min(count, len(rows))
    points = [taken(space, rows) for space in spaces]
    nearest = np.full(len(rows), np.inf)
    # What is nearer than rounding can tell counts as the same place.
    zero = 1e-13 * float(np.prod([np.einsum("ij,ij->i", p, p).max() for p in points])) if count else 0.0
    chosen: list[int] = []
    _approach(nearest, points, [space[centres] for space in spaces])
    if first is not None and count:
        chosen = [int(np.searchsorted(rows, first))]
        _approach(nearest, points, [p[chosen] for p in points])
    while len(chosen) < count:
        nearest[chosen] = -np.inf
        fresh = _contest(nearest, points, count - len(chosen), zero)
        if not fresh:
            left = np.setdiff1d(np.arange(len(rows)), chosen)
            chosen += any_of(left, count - len(chosen), rng=rng).tolist()
            break
        chosen += fresh
        if len(chosen) < count:
            _approach(nearest, points, [p[fresh] for p in points])
    return rows[np.array(chosen, np.int64)]


def _contest(nearest: Float[np.ndarray, " free"], points: list[np.ndarray], count: int, zero: float) -> list[int]:
    """The next choices, as many as are certain and at most `count`; none if all that is left lies on centres."""
    size = max(LEAST, 4 * count)
    if size < len(nearest):
        order = np.argpartition(nearest, [len(nearest) - size - 1, len(nearest) - size])
        bound, rivals = nearest[order[-size - 1]], np.sort(order[-size:])
    else:
        bound, rivals = -np.inf, np.arange(len(nearest))
    own = nearest[rivals]
    places = [p[rivals].astype(np.float64) for p in points]
    lengths = [squares(p) for p in places]
    found: list[int] = []
    while len(found) < count:
        best = int(np.argmax(own))
        if own[best] <= zero or own[best] < bound:
            break
        found.append(best)
        apart = np.ones(())
        for place, length in zip(places, lengths):
            if place.shape[1] <= 3:
                near = squared_distances(place[best : best + 1], place)[0]
            else:
                near = np.maximum(length + (length[best] - 2 * (place @ place[best])), 0)
            apart = apart * near
        own = np.minimum(own, apart)
        own[best] = -np.inf
    return rivals[found].tolist()


def _approach(nearest: Float[np.ndarray, " free"], points: list[np.ndarray], centres: list[np.ndarray]) -> None:
    """Brings `nearest`, squared distances to the nearest centre, up to date with new centres, in place."""
    group = 256
    for start in range(0, len(centres[0]), group):
        new = [c[start : start + group].astype(np.float64) for c in centres]
        for at in blocks(len(nearest), max(len(new[0]), BLOCK // 4096)):
            near = squared_distances(new[0], points[0][at].astype(np.float64, copy=False))
            for others, place in zip(new[1:], points[1:]):
                near *= squared_distances(others, place[at].astype(np.float64, copy=False))
            np.minimum(nearest[at], near.min(axis=0), out=nearest[at])


class KCentre(Selector):
    """Greedy k-centre (core-set): the rows farthest from all that is known and chosen.

    It covers the pool evenly and so finds rare corners, outliers first; it ignores what the model says. With few
    labels on clean clusters it discovers classes; on noisy high-dimensional data it can be worse than `Random`.

    **Reference:** Sener and Savarese 2018 (arXiv:1708.00489).
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        embeddings = self.given(candidates, "embeddings")
        return k_centre(embeddings, candidates.free, candidates.known, count, rng=rng)
