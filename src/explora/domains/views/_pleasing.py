"""Reward from what people like."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from explora.core import (
    ArgumentError,
    Codes,
    CombinationError,
    Discrete,
    Space,
    Step,
    View,
    between,
)
from explora.maths import Taste


class Pleasing(View[Any, Any, Any]):
    """An environment with a reward that follows a taste.

    - **Reward**: `keep` times the environment's own, and `weight` times how much is liked what came of it: with `of`,
      the thing that the episode leaves behind, once, at its end (a studio's product: a learner then designs what
      people like); without, what the player sees after every step, so that an episode is worth the sum over its
      steps, which is how `explora.learners.Ranker` compares trajectories.
    - All else is the environment's, also what counts as solved: evaluation shows whether a taste was fitted badly.

    **Arguments:**

    - `environment`: what is played.
    - `taste`: what people like: of the features of `of`, or of what `seen` makes of an observation.
    - `of`: the space of what an episode leaves behind; None: every step is liked or not.
    - `weight`: how much people's liking counts.
    - `keep`: how much the environment's own reward counts.
    - `most`: the greatest liking or dislike that counts, of a step or of a product.
    - `caution`: how many standard deviations of what the taste is unsure of are taken off: learners go where a taste
      errs in their favour, and there its members disagree.

    **Raises:** `CombinationError` for an `of` without features.

    **Reference:** Brown et al. 2019, T-REX (arXiv:1904.06387), sec. 4; Christiano et al. 2017 (arXiv:1706.03741).
    """

    taste: Taste
    of: Space | None = None
    weight: float = 1.0
    keep: float = 0.0
    most: float = 3.0
    caution: float = 0.0

    def __check_init__(self):
        if self.of is not None and "features" not in self.of.provides:
            raise CombinationError(f"`of` must be a space with features, and {type(self.of).__name__} has none")
        if not self.most > 0:
            raise ArgumentError(f"`most` must be positive, got {self.most}")
        between("caution", self.caution, 0.0)

    @property
    def provides(self) -> frozenset[str]:
        return self.environment.provides - {"optimal_returns"}

    def step(self, world: Any, state: Any, action: Array, *, key: PRNGKeyArray) -> Step:
        done = self.environment.step(world, state, action, key=key)
        if self.of is None:
            liked, unsure = self.taste(seen(self.observation, self.environment.observe(world, done.state)))
            counts = jnp.ones(())
        else:
            liked, unsure = self.taste(self.of.features(self.environment.product(world, done.state)))
            counts = (done.terminated | done.truncated).astype(jnp.float32)
        pleasure = counts * jnp.clip(liked - self.caution * unsure, -self.most, self.most)
        return done._replace(reward=self.keep * done.reward + self.weight * pleasure)

    def optimal_return(self, world: Any) -> None:
        """Of a reward that follows a taste nobody knows it."""

    def optimal_length(self, world: Any) -> None:
        """Nor how long the best episode is."""

    def tasting(self, taste: Taste) -> "Pleasing":
        """The same environment for another taste."""
        return eqx.tree_at(lambda p: p.taste, self, taste)


def seen(specs: PyTree, observation: PyTree[Array]) -> Float[Array, " features"]:
    """What a player sees, as numbers: codes and choices as ones and zeros, all else as it is, one after the other.

    **Arguments:**

    - `specs`: of the environment's observation.
    - `observation`: one observation.
    """
    kinds, shape = jax.tree.flatten(specs, is_leaf=lambda x: isinstance(x, eqx.Module))
    leaves = shape.flatten_up_to(observation)
    flat = lambda spec, x: jax.nn.one_hot(x, spec.count) if isinstance(spec, Codes | Discrete) else x
    columns = [jnp.ravel(flat(spec, x)).astype(jnp.float32) for spec, x in zip(kinds, leaves, strict=True)]
    return jnp.concatenate(columns)
