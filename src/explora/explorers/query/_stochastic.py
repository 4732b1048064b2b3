"""Batches drawn by chance from the scores: the cheapest way to keep a batch from being all alike."""

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import ArgumentError, between

from ._candidates import Candidates, Selector
from ._top import top


def draw(
    logits: Float[np.ndarray, " rows"], free: Bool[np.ndarray, " rows"], count: int, *, rng: np.random.Generator
) -> Int[np.ndarray, " chosen"]:
    """Free rows drawn without replacement, each in proportion to exp(logit) among those that are left.

    Adding Gumbel noise and taking the highest is the same as drawing one after the other.

    **Arguments:**

    - `logits`: logarithms of weights that need not sum to one; -inf and NaN are drawn last.
    - `free`: which rows may be drawn.
    - `count`: how many.
    - `rng`: the only source of chance.

    **Returns:** rows in the order of the draws; fewer than `count` if fewer are free.

    **Reference:** Kirsch et al. 2023 (arXiv:2106.12059); Kool et al. 2019 (arXiv:1903.06059) for the noise.
    """
    return top(logits + rng.gumbel(size=len(logits)), free, count, rng=rng)


def power_logits(scores: Float[np.ndarray, " rows"], coldness: float = 1.0) -> Float[np.ndarray, " rows"]:
    """β log s: weights sᵝ; -inf where the score is zero or NaN.

    **Raises:** `ArgumentError` for scores below zero by more than rounding explains.
    """
    known = scores[np.isfinite(scores)].astype(np.float64)
    if known.size and known.min() < -1e-6 * np.abs(known).max():
        raise ArgumentError(
            f"`scores` must not be negative for Power, got {known.min():.3g}; use Rank or Softmax, which take any"
        )
    positive = scores > 0
    return np.where(positive, coldness * np.log(np.where(positive, scores, 1.0).astype(np.float64)), -np.inf)


def rank_logits(
    scores: Float[np.ndarray, " rows"],
    free: Bool[np.ndarray, " rows"],
    coldness: float = 1.0,
    *,
    rng: np.random.Generator,
) -> Float[np.ndarray, " rows"]:
    """-β log r: weights r⁻ᵝ for the ranks 1, 2, … of the free rows, the highest score first.

    **Arguments:**

    - `scores`: larger is better; NaN and -inf get no weight.
    - `free`: which rows have a rank.
    - `coldness`: β, the inverse temperature.
    - `rng`: decides among equal scores.
    """
    order = top(scores, free, len(scores), rng=rng)
    logits = np.full(len(scores), -np.inf)
    logits[order] = -coldness * np.log(np.arange(1, len(order) + 1))
    return np.where(np.isnan(scores) | np.isneginf(scores), -np.inf, logits)


class _Drawn(Selector):
    """Rows drawn by chance, in proportion to something that grows with the score."""

    coldness: float = eqx.field(static=True, default=1.0)

    def __check_init__(self):
        between("coldness", self.coldness, 0.0)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"scores"})

    def logits(self, candidates: Candidates, *, rng: np.random.Generator) -> Float[np.ndarray, " rows"]:
        """The logarithm of each row's weight."""
        raise NotImplementedError

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        return draw(self.logits(candidates, rng=rng), candidates.free, count, rng=rng)


class Power(_Drawn):
    """Draws rows with weights sᵝ: the published favourite where scores are informative and zero means "known".

    Rows of score zero are drawn last. β = 0 draws any row whose score is not zero, a large β the top rows.

    **Arguments:**

    - `coldness`: β, the inverse temperature.

    **Reference:** Kirsch et al. 2023 (arXiv:2106.12059).
    """

    def logits(self, candidates: Candidates, *, rng: np.random.Generator) -> Float[np.ndarray, " rows"]:
        return power_logits(np.where(candidates.free, self.given(candidates, "scores"), 0.0), self.coldness)


class Softmax(_Drawn):
    """Draws rows with weights exp(β s).

    **Arguments:**

    - `coldness`: β, the inverse temperature; what is hot or cold depends on the scale of the scores.

    **Reference:** Kirsch et al. 2023 (arXiv:2106.12059).
    """

    def logits(self, candidates: Candidates, *, rng: np.random.Generator) -> Float[np.ndarray, " rows"]:
        scores = self.given(candidates, "scores").astype(np.float64)
        with np.errstate(invalid="ignore"):
            return np.where(np.isneginf(scores), -np.inf, self.coldness * scores)


class Rank(_Drawn):
    """Draws rows with weights r⁻ᵝ, where r is the rank by score: indifferent to the scale of the scores.

    **Arguments:**

    - `coldness`: β, the inverse temperature.

    **Reference:** Kirsch et al. 2023 (arXiv:2106.12059) ("soft-rank").
    """

    def logits(self, candidates: Candidates, *, rng: np.random.Generator) -> Float[np.ndarray, " rows"]:
        return rank_logits(self.given(candidates, "scores"), candidates.free, self.coldness, rng=rng)
