"""Batches that cover the pool with bumps that fade: all of it, or what the model is unsure of."""

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError, between

from ._candidates import Candidates, Selector, floating
from ._coverage import Kernel, greedy_cover
from ._geometry import some, squared_distances, unit

PROBES = 2048
"""Known rows whose distances are looked at to find a width."""


def bump(width: float) -> Kernel:
    """exp(-‖x - y‖² / width²) of squared distances, which it overwrites."""

    def kernel(apart: np.ndarray) -> np.ndarray:
        apart *= -1.0 / width**2
        return np.exp(apart, out=apart)

    return kernel


class MaxHerding(Selector):
    """Covers the pool with Gaussian bumps exp(-‖x - y‖² / width²) around what is asked: a `ProbCover` without edges.

    **Arguments:**

    - `width`: of a bump, in distances between embeddings (of length 1 if `normalise`); None for √features, which is
      what scikit-activeml does.
    - `normalise`: whether to bring embeddings to length 1 first.
    - `most`, `targets`: of more free rows, so many by chance are considered, and so many are to be covered; memory
      and time grow with their product.

    **Reference:** Bae, Noh and Sutherland 2024 (arXiv:2407.12212), algorithm 1.
    """

    width: float | None = eqx.field(static=True, default=1.0)
    normalise: bool = eqx.field(static=True, default=True)
    most: int = eqx.field(static=True, default=8192)
    targets: int = eqx.field(static=True, default=8192)

    def __check_init__(self):
        between("width", self.width, 0.0, strict=True)
        between("most", self.most, 1)
        between("targets", self.targets, 1)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        points = floating(self.given(candidates, "embeddings"))
        points = unit(points) if self.normalise else points
        kernel = bump(points.shape[1] ** 0.5 if self.width is None else self.width)
        free, known = candidates.free, candidates.known
        return greedy_cover(points, free, known, count, kernel, most=self.most, targets=self.targets, rng=rng)


class UncertaintyHerding(Selector):
    """Covers what the model is unsure of: `MaxHerding` in which a row counts as much as its score.

    While all scores are alike it is `MaxHerding`; with a narrow width it is `Top`, without near duplicates. So it
    serves the beginning and the end, and a batch is diverse at any time.

    **Arguments:**

    - `width`: of a bump, in distances between embeddings (of length 1 if `normalise`); None for √features; or
      `"known"`, which narrows as answers come: the median distance from a known row to the nearest other one, and
      `widest` while fewer than two are known. (The paper narrows it too.)
    - `widest`: the limit of that rule.
    - `coldness`: the power to which scores are raised before they count.
    - `normalise`: whether to bring embeddings to length 1 first.
    - `most`, `targets`: of more free rows, so many by chance are considered, and so many are to be covered; memory
      and time grow with their product.

    **Reference:** Bae, Oliveira and Sutherland 2025 (arXiv:2412.20644), uncertainty coverage.
    """

    width: float | str | None = eqx.field(static=True, default=1.0)
    widest: float = eqx.field(static=True, default=1.0)
    coldness: float = eqx.field(static=True, default=1.0)
    normalise: bool = eqx.field(static=True, default=True)
    most: int = eqx.field(static=True, default=8192)
    targets: int = eqx.field(static=True, default=8192)

    def __check_init__(self):
        if isinstance(self.width, str) and self.width != "known":
            raise ArgumentError(f"`width` must be a number, 'known' or None, got {self.width!r}")
        between("width", self.width, 0.0, strict=True)
        between("widest", self.widest, 0.0, strict=True)
        between("coldness", self.coldness, 0.0)
        between("most", self.most, 1)
        between("targets", self.targets, 1)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"scores", "embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        points = floating(self.given(candidates, "embeddings"))
        points = unit(points) if self.normalise else points
        scores = self.given(candidates, "scores")
        weights = np.where(scores > 0, np.minimum(scores, np.finfo(scores.dtype).max), 0.0) ** self.coldness
        free, known = candidates.free, candidates.known
        largest = weights.max(where=free, initial=0.0)
        weights = weights / largest if largest > 0 else None
        if self.width == "known":
            width = nearest_known(points[known], self.widest, rng=rng)
        else:
            width = points.shape[1] ** 0.5 if self.width is None else float(self.width)
        return greedy_cover(
            points, free, known, count, bump(width), weights=weights, most=self.most, targets=self.targets, rng=rng
        )


def nearest_known(points: Float[np.ndarray, "known features"], widest: float, *, rng: np.random.Generator) -> float:
    """The median distance from a known row to the nearest other, of at most `PROBES` of them by chance; at most
    `widest`, which it also is while fewer than two are known or half of them lie on others."""
    points = points[some(np.arange(len(points)), PROBES, rng=rng)]
    if len(points) < 2:
        return widest
    apart = squared_distances(points, points)
    np.fill_diagonal(apart, np.inf)
    median = float(np.sqrt(np.median(apart.min(axis=1))))
    return min(median, widest) if median > 1e-3 * widest else widest
