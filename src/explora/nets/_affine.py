"""The one line that every layer shares."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def affine(
    x: Float[Array, "*batch inputs"], weights: Float[Array, "inputs outputs"], bias: Float[Array, " outputs"]
) -> Float[Array, "*batch outputs"]:
    """`x @ weights + bias` for any leading axes."""
    y = x @ weights
    return y + jnp.broadcast_to(bias, y.shape)
