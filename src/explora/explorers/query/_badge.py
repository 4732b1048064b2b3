"""BADGE: a batch of uncertain rows whose gradients point in different directions."""

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from .._checks import one_of
from ._candidates import Candidates, Selector, floating
from ._geometry import blocks, squares, taken
from ._top import any_of, top

PROPOSALS = 64
"""How many draws are made before all rows are brought up to date."""


def badge(
    probabilities: Float[np.ndarray, "rows classes"],
    embeddings: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    count: int,
    *,
    seeding: str = "origin",
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """k-means++ over gradient embeddings g = (p - e_ŷ) ⊗ φ, which are never written down.

    ⟨gᵢ, gⱼ⟩ = (qᵢ·qⱼ)(φᵢ·φⱼ) with q = p - e_ŷ, so memory is rows × (classes + features). Draws are made *in batches*:
    proposals are drawn from weights of a moment ago and accepted with probability (weight now) / (weight then), which
    is exactly a draw from the weights now, because weights only shrink; all rows are then brought up to date by one
    matrix product for all that was accepted.

    **Arguments:**

    - `probabilities`: of the classes.
    - `embeddings`: φ, the inputs of the model's last layer.
    - `free`: which rows may be chosen.
    - `count`: how many.
    - `seeding`: as in `Badge`.
    - `rng`: the only source of chance.

    **Returns:** rows in the order of choice, that of the longest gradient first; fewer than `count` if fewer are free.

    **Reference:** Ash et al. 2020 (arXiv:1906.03671), algorithm 1; Arthur and Vassilvitskii 2007 for the seeding.
    """
    rows = np.flatnonzero(free)
    count = min(count, len(rows))
    if count == 0:
        return rows[:0]
    places = floating(taken(embeddings, rows))
    errors = probabilities[rows].astype(places.dtype)
    errors[np.arange(len(rows)), errors.argmax(axis=1)] -= 1
    lengths = squares(errors) * squares(places)
    weight = lengths.copy() if seeding == "origin" else np.full(len(rows), np.inf, places.dtype)
    fresh = top(lengths, np.ones(len(rows), bool), 1, rng=rng).tolist()
    chosen: list[int] = list(fresh)
    while len(chosen) < count:
        _approach(weight, errors, places, lengths, fresh)
        weight[chosen] = 0
        fresh = _draws(weight, errors, places, lengths, count - len(chosen), rng)
        if not fresh:  # all that is left lies on what was chosen
            left = np.setdiff1d(np.arange(len(rows)), chosen)
            fresh = any_of(left, count - len(chosen), rng=rng).tolist()
        chosen += fresh
    return rows[np.array(chosen)]


def _approach(weight: np.ndarray, errors: np.ndarray, places: np.ndarray, lengths: np.ndarray, new: list[int]) -> None:
    """Brings `weight`, the squared distance to the nearest centre, up to date with new centres, in place."""
    for at in blocks(len(weight), len(new)):
        near = (-2 * errors[new]) @ errors[at].T
        near *= places[new] @ places[at].T
        near += lengths[new][:, None]
        best = near.min(axis=0) + lengths[at]
        # What is nearer than rounding can tell counts as a duplicate.
        best[best <= 32 * np.finfo(best.dtype).eps * lengths[at]] = 0
        np.minimum(weight[at], best, out=weight[at])


def _draws(
    weight: np.ndarray,
    errors: np.ndarray,
    places: np.ndarray,
    lengths: np.ndarray,
    count: int,
    rng: np.random.Generator,
) -> list[int]:
    """Up to `count` rows drawn one after the other in proportion to their weights; none if all weights are zero."""
    total = np.cumsum(weight, dtype=np.float64)
    if not total[-1] > 0:
        return []
    size = min(PROPOSALS, 2 * count)
    last = int(np.searchsorted(total, total[-1], side="left"))  # rounding may put a draw on the very end
    drawn = np.minimum(np.searchsorted(total, rng.random(size) * total[-1], side="right"), last)
    bar = rng.random(size) * weight[drawn]
    apart = (-2 * errors[drawn] @ errors[drawn].T) * (places[drawn] @ places[drawn].T)
    apart += lengths[drawn][:, None] + lengths[drawn]
    now = weight[drawn]
    found: list[int] = []
    for turn in range(size):
        if bar[turn] < now[turn]:
            found.append(int(drawn[turn]))
            if len(found) == count:
                break
            now = np.minimum(now, apart[turn])
            now[drawn == drawn[turn]] = 0
    return found


class Badge(Selector):
    """BADGE: rows of large and different gradients, so that a batch is uncertain and diverse at once.

    Several members are averaged. Two published seedings:

    - `"origin"`: weights are min(‖g‖², D²), as if the origin were a centre. A row whose gradient vanishes teaches the
      model nothing, and is never drawn while others are left. The default; also what scikit-activeml does.
    - `"centres"`: weights are D², plain k-means++ as in the paper. With few centres that are far out, most of the
      weight lies on rows that the model is sure of: one or two draws of every batch go to them, after which the two
      are alike.

    **Arguments:**

    - `seeding`: `"origin"` or `"centres"`.

    **Reference:** Ash et al. 2020 (arXiv:1906.03671).
    """

    seeding: str = eqx.field(static=True, default="origin")

    def __check_init__(self):
        one_of("seeding", self.seeding, ("origin", "centres"))

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings", "predictions"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        predictions = self.given(candidates, "predictions")
        probabilities = predictions[:, 0] if predictions.shape[1] == 1 else predictions.mean(axis=1)
        embeddings = self.given(candidates, "embeddings")
        return badge(probabilities, embeddings, candidates.free, count, seeding=self.seeding, rng=rng)
