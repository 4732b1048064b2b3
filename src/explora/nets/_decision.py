"""What an actor decides: one of several choices, or a row of numbers."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int32, Key

from explora.core import Box, Spec

_HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


class Choices(eqx.Module):
    """A choice of one among several.

    **Arguments:**

    - `logits`: the logarithms of the probabilities.
    """

    logits: Float[Array, "*batch choices"]

    def draw(self, keys: Key[Array, " lanes"]) -> Int32[Array, " lanes"]:
        """A random choice a lane, by inversion: a single uniform number each, instead of one for every choice."""
        uniform = jax.vmap(lambda k: jr.uniform(k))(keys)
        below = jnp.cumsum(jnp.exp(self.logits), axis=-1)
        drawn = jnp.sum(uniform[:, None] * below[:, -1:] > below, axis=-1)
        return jnp.minimum(drawn, self.logits.shape[-1] - 1).astype(jnp.int32)

    def likeliest(self) -> Int32[Array, "*batch"]:
        """The choice that is drawn most often."""
        return jnp.argmax(self.logits, axis=-1).astype(jnp.int32)

    def log_probability(self, drawn: Int32[Array, "*batch"]) -> Float[Array, "*batch"]:
        """The logarithm of the probability of what was drawn."""
        return jnp.take_along_axis(self.logits, drawn[..., None], axis=-1)[..., 0]

    def entropy(self) -> Float[Array, "*batch"]:
        """How undecided it is [nat]."""
        return -jnp.sum(jnp.exp(self.logits) * self.logits, axis=-1)


class Numbers(eqx.Module):
    """A row of numbers, each normally distributed by itself.

    **Arguments:**

    - `mean`: of each number.
    - `log_deviation`: the logarithm of the standard deviation of each number, the same for every observation.
    """

    mean: Float[Array, "*batch numbers"]
    log_deviation: Float[Array, " numbers"]

    def draw(self, keys: Key[Array, " lanes"]) -> Float[Array, "lanes numbers"]:
        """A random row a lane; it may lie beyond any bounds."""
        noise = jax.vmap(lambda k: jr.normal(k, self.log_deviation.shape))(keys)
        return self.mean + self._beside(jnp.exp(self.log_deviation)) * noise

    def likeliest(self) -> Float[Array, "*batch numbers"]:
        """The mean."""
        return self.mean

    def log_probability(self, drawn: Float[Array, "*batch numbers"]) -> Float[Array, "*batch"]:
        """The logarithm of the density at what was drawn, summed over its numbers."""
        off = (drawn - self.mean) * self._beside(jnp.exp(-self.log_deviation))
        return -jnp.sum(0.5 * off**2 + self._beside(self.log_deviation) + _HALF_LOG_TAU, axis=-1)

    def entropy(self) -> Float[Array, "*batch"]:
        """How undecided it is [nat]; less than nothing where it is sure."""
        total = jnp.sum(self.log_deviation + 0.5 + _HALF_LOG_TAU)
        return jnp.broadcast_to(total, self.mean.shape[:-1])

    def _beside(self, x: Float[Array, " numbers"]) -> Float[Array, "*batch numbers"]:
        return jnp.broadcast_to(x, self.mean.shape)


Decision = Choices | Numbers


def acted(action: Spec, drawn: Array) -> Array:
    """What is done where this was drawn: a choice as it is, numbers scaled and clipped to the bounds of the action.

    -1 and 1 stand for the two bounds, if both are finite. The probability of what was drawn is that from before
    clipping.

    **Arguments:**

    - `action`: what an environment accepts.
    - `drawn`: by a `Decision`, `(lanes, …)`.
    """
    if not isinstance(action, Box):
        return drawn
    if math.isfinite(action.low) and math.isfinite(action.high):
        half = (action.high - action.low) / 2
        # The two ends exactly, whatever rounding makes of the middle.
        drawn = jnp.where(drawn <= 0, action.low + half * (drawn + 1), action.high + half * (drawn - 1))
    drawn = jnp.clip(drawn, action.low, action.high)
    return drawn.reshape(-1, *action.shape).astype(action.dtype)
