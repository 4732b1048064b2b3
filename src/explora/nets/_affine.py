"""The one line that every layer shares."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def affine(
    x: Float[Array, "*batch inputs"], weights: Float[Array, "inputs outputs"], bias: Float[Array, " outputs"]
) -> Float[Array, "*batch outputs"]:
    """`x @ weights + bias` for any leading axes."""
    flat = x.reshape(-1, x.shape[-1]) @ weights  # one flat product: on CPUs XLA is slow at batched ones
    flat = flat + jnp.broadcast_to(bias, flat.shape)
    return flat.reshape(*x.shape[:-1], weights.shape[-1])
