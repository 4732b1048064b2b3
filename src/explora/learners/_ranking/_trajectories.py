"""Reward from what is known to be better: episodes that are ranked, by noise or time or people, cut to equal length."""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from explora.core import ArgumentError, Episodes, between
from explora.maths import LEFT, RIGHT, Taste

from ._ranker import Comparisons, Ranker


class Lasting(Taste):
    """A taste of steps by which it is neither good nor bad that an episode ends early.

    What is compared are pieces of equal length, and where an episode has ended nothing follows but rest. A step is
    worth what it is better than a step of rest; then the sum over an episode is the same whether rest is counted.

    **Arguments:**

    - `taste`: of the features of a step and whether it is rest, 0 or 1, as the last of them.
    - `rest`: what `taste` makes of a step of rest.
    - `scale`: what counts as 1; comparisons of sums leave the scale to the length of what is summed.
    """

    taste: Taste
    rest: Float[Array, ""]
    scale: Float[Array, ""]

    def __call__(self, features: Float[Array, "*things features"]) -> tuple[Float[Array, "*things"], Array]:
        lived = jnp.concatenate([features, jnp.zeros((*features.shape[:-1], 1), features.dtype)], axis=-1)
        worth, deviation = self.taste(lived)
        return (worth - self.rest) / self.scale, deviation / self.scale


class Ranking(eqx.Module):
    """How ranks of episodes become a taste of their steps.

    **Arguments:**

    - `ranker`: what learns from the comparisons.
    - `margin`: by how much ranks must differ for two episodes to be compared.
    - `pairs`: how many comparisons are made.
    - `length`: of the pieces that are compared [steps]; the whole episode where it is longer than that.

    **Reference:** Brown et al. 2020, D-REX (arXiv:1907.03976): 5,000 pairs of pieces of 50 steps, noise differing by
    0.3 at least, three networks; Brown et al. 2019, T-REX (arXiv:1904.06387). That the end of an episode must not
    tell what it is worth: Kostrikov et al. 2019 (arXiv:1809.02925), whose absorbing states are rest here.
    """

    ranker: Ranker = Ranker(hidden=(64, 64), members=3, steps=3000, rate=1e-3, decay=1e-3, batch=64)
    margin: float = 0.3
    pairs: int = eqx.field(static=True, default=5000)
    length: int = eqx.field(static=True, default=50)

    def __check_init__(self):
        between("margin", self.margin, 0.0)
        between("pairs", self.pairs, 1)
        between("length", self.length, 1)

    def comparisons(
        self,
        episodes: Episodes,
        features: Float[np.ndarray, "steps features"],
        ranks: Shaped[np.ndarray, " episodes"],
        *,
        rng: np.random.Generator,
    ) -> Comparisons:
        """Pieces of episodes of which the one that ranks higher is preferred.

        **Arguments:**

        - `episodes`: an episode that terminated is followed by rest, as long as the longest one lasts.
        - `features`: of each of their steps.
        - `ranks`: of each episode, higher is better.
        - `rng`: which pairs, and which pieces of them.

        **Returns:** comparisons with one feature more, the last: whether a step is rest.

        **Raises:** `ArgumentError` if no two ranks differ enough.
        """
        better, worse = np.nonzero(ranks[:, None] - ranks[None] >= max(self.margin, np.finfo(np.float64).tiny))
        if not len(better):
            raise ArgumentError(
                f"no two of the {len(ranks)} ranks differ by `margin`, {self.margin:g}; they reach from "
                f"{np.min(ranks, initial=np.inf):g} to {np.max(ranks, initial=-np.inf):g}"
            )
        lengths = np.where(episodes.terminated, episodes.lengths.max(), episodes.lengths)
        picked = rng.integers(0, len(better), self.pairs)
        sides = np.stack([better[picked], worse[picked]])
        flip = rng.random(self.pairs) < 0.5
        sides[:, flip] = sides[::-1, flip]
        steps = np.minimum(lengths[sides].min(0), self.length)
        starts = rng.integers(0, lengths[sides] - steps + 1)
        left, right = (
            _pieces(episodes, features, side, start, int(steps.max()))
            for side, start in zip(sides, starts, strict=True)
        )
        answers = np.where(flip, RIGHT, LEFT)
        ones = np.ones(self.pairs)
        return Comparisons(left, right, steps, steps, answers, np.zeros(self.pairs, np.int64), ones)

    def fit(
        self,
        episodes: Episodes,
        features: Float[np.ndarray, "steps features"],
        ranks: Shaped[np.ndarray, " episodes"],
        *,
        key: PRNGKeyArray,
    ) -> Lasting:
        """What a step is worth.

        **Arguments:** as of `comparisons`, and

        - `key`: of all chance.

        **Returns:** a taste of features as they were given, whose standard deviation over all steps is 1; the reward of
        `explora.domains.views.Pleasing`, say.

        **Raises:** as `comparisons`.
        """
        draw, train = jr.split(key)
        rng = np.random.default_rng(np.asarray(jr.key_data(draw)).ravel())
        said = self.comparisons(episodes, features, ranks, rng=rng)
        centre, scale = features.mean(0), features.std(0)
        scale = np.where(scale > 0, scale, 1.0)
        taste, _ = self.ranker.fit(said, key=train, centre=np.append(centre, 0.0), scale=np.append(scale, 1.0))
        rest, _ = taste(jnp.asarray(np.append(centre, 1.0), jnp.float32))
        found = Lasting(taste, rest, jnp.ones(()))
        spread = jnp.std(found(jnp.asarray(features, jnp.float32))[0])
        return Lasting(taste, rest, jnp.where(spread > 0, spread, 1.0))


def _pieces(
    episodes: Episodes, features: np.ndarray, which: np.ndarray, starts: np.ndarray, steps: int
) -> Float[np.ndarray, "pairs steps columns"]:
    """Pieces of episodes, `(pairs, steps, features + 1)`; behind an episode is rest."""
    at = starts[:, None] + np.arange(steps)[None]
    over = at >= episodes.lengths[which][:, None]
    index = np.where(over, 0, episodes.offsets[which][:, None] + at)
    rows = np.where(over[..., None], features.mean(0), features[index])
    return np.concatenate([rows, over[..., None].astype(rows.dtype)], axis=-1)
