"""Batches with one row a cluster: the most typical one (TypiClust), or the one in the middle of the uncertain ones."""

import heapq

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import between

from ._candidates import Candidates, Selector
from ._geometry import blocks, centred, k_means, some, squared_distances
from ._top import any_of, top


def neighbour_distance(points: Float[np.ndarray, "rows features"], neighbours: int) -> Float[np.ndarray, " rows"]:
    """The mean Euclidean distance of each row to its nearest others: one over its typicality.

    **Arguments:**

    - `points`: where each row lies.
    - `neighbours`: how many others; all of them if there are fewer, and 0 is the distance if there are none.

    **Reference:** Hacohen et al. 2022 (arXiv:2202.02794), the definition of typicality.
    """
    points = centred(points)
    neighbours = min(neighbours, len(points) - 1)
    found = np.zeros(len(points), points.dtype)
    if neighbours < 1:
        return found
    for at in blocks(len(points), len(points)):
        apart = squared_distances(points[at], points)
        apart[np.arange(len(apart)), np.arange(at.start, at.start + len(apart))] = np.inf
        near = np.partition(apart, neighbours - 1, axis=1)[:, :neighbours]
        found[at] = np.sqrt(near).mean(axis=1)
    return found


def typical(
    embeddings: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    known: Bool[np.ndarray, " rows"],
    count: int,
    *,
    neighbours: int = 20,
    cap: int = 500,
    smallest: int = 5,
    sample: int = 1024,
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """TypiClust: the most typical row of each of the largest clusters that nothing is known about.

    **Arguments:** as for `TypiClust`, and:

    - `embeddings`: where each row lies.
    - `free`, `known`: which rows may be chosen, and which are answered.
    - `count`: how many.
    - `neighbours`, `cap`, `smallest`, `sample`: as there.
    - `rng`: the only source of chance.

    **Returns:** rows in the order of choice; fewer than `count` if fewer are free.

    **Reference:** Hacohen et al. 2022 (arXiv:2202.02794), algorithm 1.
    """
    rows = np.flatnonzero(free | known)
    count = min(count, int(np.count_nonzero(free)))
    if count == 0:
        return rows[:0]
    points = centred(embeddings[rows])
    _, label = k_means(points, min(int(np.count_nonzero(known)) + count, cap, len(rows)), rng=rng)
    size = np.bincount(label)
    members = np.split(np.argsort(label, kind="stable"), np.cumsum(size)[:-1])
    labelled = np.bincount(label[known[rows]], minlength=len(size))
    # Stray rows make clusters of their own; but if nothing else is left unlabelled, they are asked too.
    least = min(smallest, int(np.max(size, where=labelled == 0, initial=1)))
    # The fewest labels come first, then the largest cluster; chance decides among equal ones.
    luck = rng.permutation(len(size))
    queue = [(int(labelled[c]), -int(size[c]), int(luck[c]), c) for c in range(len(size)) if size[c] >= least]
    heapq.heapify(queue)
    waiting: dict[int, list[int]] = {}
    chosen: list[int] = []
    while queue and len(chosen) < count:
        labels, order, turn, cluster = heapq.heappop(queue)
        if cluster not in waiting:
            own = members[cluster]
            waiting[cluster] = _by_typicality(points[own], free[rows[own]], neighbours, sample, rng, rows[own])[::-1]
        if waiting[cluster]:
            chosen.append(waiting[cluster].pop())
            heapq.heappush(queue, (labels + 1, order, turn, cluster))
    left = np.setdiff1d(np.flatnonzero(free), chosen)
    return np.concatenate([np.array(chosen, np.int64), any_of(left, count - len(chosen), rng=rng)])


def _by_typicality(
    points: np.ndarray, free: np.ndarray, neighbours: int, sample: int, rng: np.random.Generator, rows: np.ndarray
) -> list[int]:
    """The free rows of a cluster, the most typical first; of a large cluster those of a random sample only."""
    if not free.any():
        return []
    seen = some(np.arange(len(points)), sample, rng=rng)
    if not free[seen].any():  # a large cluster that is nearly used up
        seen = some(np.flatnonzero(free), sample, rng=rng)
    # More neighbours than half of a small cluster would rank its rows by how central they are.
    distance = neighbour_distance(points[seen], min(neighbours, max(1, len(seen) // 2)))
    return rows[seen[top(-distance, free[seen], len(seen), rng=rng)]].tolist()


class TypiClust(Selector):
    """Clusters the pool into as many parts as there will be answers, and asks the most typical row of those without.

    The choice for the first dozens of answers: it finds classes. Later, rows that the model is unsure of are worth
    more (see `Switch`).

    **Arguments:**

    - `neighbours`: typicality is one over the mean distance to so many neighbours in the cluster (20 in the paper,
      5 in scikit-activeml), but at most to half of it.
    - `cap`: the most clusters.
    - `smallest`: clusters of fewer rows are left out, unless no others are without an answer.
    - `sample`: of larger clusters, so many rows stand for all.

    **Reference:** Hacohen, Dekel and Weinshall 2022 (arXiv:2202.02794), algorithm 1.
    """

    neighbours: int = eqx.field(static=True, default=20)
    cap: int = eqx.field(static=True, default=500)
    smallest: int = eqx.field(static=True, default=5)
    sample: int = eqx.field(static=True, default=1024)

    def __check_init__(self):
        for name in ("neighbours", "cap", "smallest"):
            between(name, getattr(self, name), 1)
        between("sample", self.sample, 2)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        return typical(
            self.given(candidates, "embeddings"),
            candidates.free,
            candidates.known,
            count,
            neighbours=self.neighbours,
            cap=self.cap,
            smallest=self.smallest,
            sample=self.sample,
            rng=rng,
        )


def clustered(
    scores: Float[np.ndarray, " rows"],
    embeddings: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    count: int,
    *,
    excess: int = 10,
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """The rows nearest to the centres of k-means over the rows of highest score, weighted by how high it is.

    **Arguments:**

    - `scores`: larger is better. The weight of a row is how far its score lies above the lowest one of those that are
      clustered.
    - `embeddings`: where each row lies.
    - `free`: which rows may be chosen.
    - `count`: how many.
    - `excess`: `excess` × `count` rows are clustered.
    - `rng`: the only source of chance.

    **Returns:** rows by falling score; fewer than `count` if fewer are free.

    **Reference:** Zhdanov 2019 (arXiv:1901.05954).
    """
    rows = top(scores, free, excess * count, rng=rng)
    count = min(count, len(rows))
    if count == 0:
        return rows
    points = centred(embeddings[rows])
    height = np.nan_to_num(scores[rows].astype(np.float64), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    finite = height[np.isfinite(height)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    height = np.clip(height, low, high) - low
    centres, _ = k_means(points, count, weights=height if height.any() else None, rng=rng)
    # Each centre takes the nearest row that no other has taken; a row can be nearest to two.
    open_rows = np.ones(len(rows), bool)
    for centre in centres:
        apart = squared_distances(centre[None], points)[0]
        open_rows[int(np.argmin(np.where(open_rows, apart, np.inf)))] = False
    chosen = np.flatnonzero(~open_rows)
    rest = np.flatnonzero(open_rows)[: count - len(chosen)]  # duplicates have fewer centres: the best of the rest
    return rows[np.sort(np.concatenate([chosen, rest]))]


class Clustered(Selector):
    """The rows of highest score, thinned out by clustering: uncertain first, diverse second.

    **Arguments:**

    - `excess`: so many times the batch is clustered.

    **Reference:** Zhdanov 2019 (arXiv:1901.05954).
    """

    excess: int = eqx.field(static=True, default=10)

    def __check_init__(self):
        between("excess", self.excess, 1)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"scores", "embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        scores, embeddings = self.given(candidates, "scores"), self.given(candidates, "embeddings")
        return clustered(scores, embeddings, candidates.free, count, excess=self.excess, rng=rng)
