"""What somebody likes, as a function of features."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


class Taste(eqx.Module):
    """How much somebody likes a thing, as a function of its features, and how sure that is.

    Its arrays can be replaced by others of the same shape while a compiled program holds them.
    """

    def __call__(self, features: Float[Array, "*things features"]) -> tuple[Float[Array, "*things"], Array]:
        """The utility of things and its standard deviation, in the logits of a comparison."""
        raise NotImplementedError


class LinearTaste(Taste):
    """A taste that is linear in standardised features.

    **Arguments:**

    - `weights`: the utility of one scale of each feature.
    - `centre`, `scale`: of each feature; utility is 0 at the centre.
    - `root`: R with R Rᵀ the covariance of the weights.
    """

    weights: Float[Array, " features"]
    centre: Float[Array, " features"]
    scale: Float[Array, " features"]
    root: Float[Array, "features features"]

    @classmethod
    def unknown(cls, features: int) -> "LinearTaste":
        """The taste of somebody of whom nothing is known: it likes everything alike."""
        zeros, ones = jnp.zeros((features,), jnp.float32), jnp.ones((features,), jnp.float32)
        return cls(zeros, zeros + 0.0, ones, jnp.zeros((features, features), jnp.float32))

    def __call__(self, features: Float[Array, "*things features"]) -> tuple[Float[Array, "*things"], Array]:
        along = standardised(features, self.centre, self.scale)
        return along @ self.weights, jnp.sqrt(jnp.sum((along @ self.root) ** 2, axis=-1))


def standardised(
    features: Float[Array, "*things features"], centre: Float[Array, " features"], scale: Float[Array, " features"]
) -> Float[Array, "*things features"]:
    """Features in units of their scale, counted from the centre."""
    return (features - jnp.broadcast_to(centre, features.shape)) / jnp.broadcast_to(scale, features.shape)
