"""Batches that cover the pool: the greedy choice for any kernel, and balls of one radius (ProbCover)."""

from collections.abc import Callable

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import ArgumentError, between

from ._candidates import Candidates, Selector, floating
from ._geometry import blocks, k_means, some, squared_distances, squares, unit
from ._top import any_of

Kernel = Callable[[np.ndarray], np.ndarray]
"""Squared distances to how well a row covers another, 0 to 1; it may work in place."""

PROBES = 2048
"""Rows whose balls are looked at to find a radius."""


def greedy_cover(
    points: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    known: Bool[np.ndarray, " rows"],
    count: int,
    kernel: Kernel,
    *,
    weights: Float[np.ndarray, " rows"] | None = None,
    most: int = 8192,
    targets: int = 8192,
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """Greedily the free row that adds most to Σₓ wₓ maxₛ k(x, s), the sum over free rows x, s among known and chosen.

    *Lazy*: what a row would add only shrinks as others are chosen, so an old value is a bound, and only rows whose
    bound beats the best value are looked at again. Memory is `most` × `targets` numbers, however many rows there are.

    **Arguments:**

    - `points`: where each row lies.
    - `free`, `known`: which rows may be chosen, and which are answered.
    - `count`: how many.
    - `kernel`: how well a row covers another at some squared distance.
    - `weights`: how much it counts that a row is covered, not negative; all alike if None.
    - `most`: of more free rows, so many by chance are considered (never fewer than `count`).
    - `targets`: of more free rows, so many by chance are to be covered.
    - `rng`: the only source of chance; it also decides among equal rows, and fills up once all is covered.

    **Returns:** rows in the order of choice; fewer than `count` if fewer are free.

    **Reference:** Bae, Noh and Sutherland 2024 (arXiv:2407.12212), algorithm 1; Minoux 1978 for lazy evaluation.
    """
    rows = np.flatnonzero(free)
    count = min(count, len(rows))
    if count == 0:
        return rows[:0]
    order = rng.permutation(rows)  # so that the first of equal rows is any of them
    rivals, goal = order[: max(most, count)], points[order[:targets]]
    matrix = np.empty((len(rivals), len(goal)), points.dtype)
    for at in blocks(len(rivals), len(goal)):
        matrix[at] = kernel(squared_distances(points[rivals[at]], goal))
    cover = _covered(goal, points[known], kernel)
    weight = np.ones(len(goal)) if weights is None else weights[order[:targets]]
    weight = weight.astype(points.dtype)
    bound, current = _gains(matrix, cover, weight), np.ones(len(rivals), bool)
    chosen: list[int] = []
    while len(chosen) < count:
        best = _look(bound, current, matrix, cover, weight)
        if not bound[best] > 1e-12 * float(weight.sum()):
            left = np.setdiff1d(rows, rivals[chosen])
            return np.concatenate([rivals[chosen], any_of(left, count - len(chosen), rng=rng)])
        chosen.append(best)
        np.maximum(cover, matrix[best], out=cover)
        bound[best], current[:] = -np.inf, False
    return rivals[chosen]


def _look(bound: np.ndarray, current: np.ndarray, matrix: np.ndarray, cover: np.ndarray, weight: np.ndarray) -> int:
    """The rival that adds most now; brings bounds up to date, in place, as far as that takes."""
    size = 4
    while not current[best := int(np.argmax(bound))]:
        stale = np.flatnonzero(~current & (bound >= np.max(bound, where=current, initial=-np.inf)))
        if len(stale) > size:
            stale = stale[np.argpartition(-bound[stale], size - 1)[:size]]
        bound[stale], current[stale] = _gains(matrix, cover, weight, stale), True
        size *= 2
    return best


def _gains(matrix: np.ndarray, cover: np.ndarray, weight: np.ndarray, rivals: np.ndarray | None = None) -> np.ndarray:
    """What each rival, or each of some, would add."""
    found = np.zeros(len(matrix) if rivals is None else len(rivals))
    for at in blocks(len(found), 4 * len(cover)):
        more = matrix[at if rivals is None else rivals[at]] - cover
        found[at] = np.maximum(more, 0, out=more) @ weight
    return found


def _covered(goal: np.ndarray, known: np.ndarray, kernel: Kernel) -> np.ndarray:
    """How well each row is covered by what is known."""
    cover = np.zeros(len(goal), goal.dtype)
    for start in range(0, len(known), 256):
        own = known[start : start + 256]
        for at in blocks(len(goal), len(own)):
            np.maximum(cover[at], kernel(squared_distances(own, goal[at])).max(axis=0), out=cover[at])
    return cover


def pure_radius(
    points: Float[np.ndarray, "rows features"],
    clusters: int,
    purity: float = 0.95,
    *,
    rng: np.random.Generator,
) -> float:
    """The largest radius at which the balls around a share `purity` of the rows stay within their cluster of k-means.

    A ball is pure up to the distance of the nearest row of another cluster, so the radius is a quantile of these
    distances: nothing has to be tried out. They are measured from at most `PROBES` rows by chance, to all rows.

    **Arguments:**

    - `points`: where each row lies.
    - `clusters`: how many to make; 2 or more, and at least 2 distinct rows (else the radius is 0).
    - `purity`: α of the paper.
    - `rng`: the only source of chance.

    **Reference:** Yehuda et al. 2022 (arXiv:2205.11603), which tries out a grid of radii.
    """
    _, label = k_means(points, clusters, rng=rng)
    if label.max() == 0:
        return 0.0
    probes = some(np.arange(len(points)), PROBES, rng=rng)
    foe = np.full(len(probes), np.inf)
    for start in range(0, len(probes), 256):
        own = probes[start : start + 256]
        for at in blocks(len(points), len(own)):
            apart = np.where(label[own][:, None] == label[at], np.inf, squared_distances(points[own], points[at]))
            foe[start : start + 256] = np.minimum(foe[start : start + 256], apart.min(axis=1))
    # Just below the first ball that is one too many to be impure.
    impure = int(np.floor((1 - purity) * len(foe) + 1e-9))
    return float(np.sqrt(np.partition(foe, impure)[impure])) * (1 - 1e-6)


def share_radius(points: Float[np.ndarray, "rows features"], balls: int, *, rng: np.random.Generator) -> float:
    """The radius at which a ball holds one row in `balls` on average: so many balls could just cover all.

    Measured between at most `PROBES` pairs of rows by chance, times 32.
    """
    one, other = rng.integers(len(points), size=(2, 32 * PROBES))
    one, other = one[one != other], other[one != other]
    if not len(one):
        return 0.0
    apart = np.concatenate(
        [np.sqrt(((points[one[s]] - points[other[s]]) ** 2).sum(axis=1)) for s in blocks(len(one), points.shape[1])]
    )
    return float(np.quantile(apart, 1 / max(1, balls)))


class ProbCover(Selector):
    """Covers as many rows as possible with balls of one radius around what is asked.

    It depends much on the radius, which has to fit the embeddings; `MaxHerding` is the same without that edge.

    **Arguments:**

    - `radius`: a distance between embeddings (of length 1 if `normalise`), or a rule: `"share"`, the radius at which
      as many balls as there will be answers could just cover the pool; `"purity"`, as published, the largest at which
      a share `purity` of the balls stays within one cluster of k-means.
    - `purity`: for that rule.
    - `clusters`: for that rule; if None, as many as classes were observed, and at least 2.
    - `normalise`: whether to bring embeddings to length 1 first.
    - `most`, `targets`: of more free rows, so many by chance are considered, and so many are to be covered; memory
      and time grow with their product.

    **Reference:** Yehuda et al. 2022 (arXiv:2205.11603), algorithm 1.
    """

    radius: float | str = eqx.field(static=True, default="share")
    purity: float = eqx.field(static=True, default=0.95)
    clusters: int | None = eqx.field(static=True, default=None)
    normalise: bool = eqx.field(static=True, default=True)
    most: int = eqx.field(static=True, default=8192)
    targets: int = eqx.field(static=True, default=8192)

    def __check_init__(self):
        if isinstance(self.radius, str) and self.radius not in ("share", "purity"):
            raise ArgumentError(f"`radius` must be a number, 'share' or 'purity', got {self.radius!r}")
        between("radius", self.radius, 0.0)
        between("purity", self.purity, 0.0, 1.0, strict=True)
        between("clusters", self.clusters, 2)
        between("most", self.most, 1)
        between("targets", self.targets, 1)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        points = floating(self.given(candidates, "embeddings"))
        points = unit(points) if self.normalise else points
        limit = self._radius(points, candidates, count, rng) ** 2
        # Rounding may put a row apart from itself, which it always covers.
        limit = max(limit, 32 * float(np.finfo(points.dtype).eps) * float(squares(points).max()))
        ball = lambda apart: (apart <= limit).astype(apart.dtype)
        free, known = candidates.free, candidates.known
        return greedy_cover(points, free, known, count, ball, most=self.most, targets=self.targets, rng=rng)

    def _radius(self, points: np.ndarray, candidates: Candidates, count: int, rng: np.random.Generator) -> float:
        if not isinstance(self.radius, str):
            return self.radius
        rows = points[candidates.free | candidates.known]
        if self.radius == "share":
            return share_radius(rows, int(np.count_nonzero(candidates.known)) + count, rng=rng)
        seen = () if candidates.answers is None else np.unique(candidates.answers[candidates.known])
        return pure_radius(rows, self.clusters or max(2, len(seen)), self.purity, rng=rng)
