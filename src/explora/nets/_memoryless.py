"""The core of a network that remembers nothing."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from ._affine import affine
from ._recurrent import Core


class Memoryless(Core):
    """A layer of hyperbolic tangents: for environments that show everything there is to know.

    Sequences need not be kept together then: with `PPO(segment=1)` every step is a sample by itself.
    """

    def init(self, inputs: int, *, key: PRNGKeyArray) -> dict[str, Array]:
        weights = jax.nn.initializers.orthogonal(2**0.5)(key, (inputs, self.width))
        return {"input": weights, "bias": jnp.zeros((self.width,))}

    def memory(self, lanes: int) -> tuple[()]:
        return ()

    def __call__(self, weights: Any, inputs: Any, memory: Any, fresh: Any) -> tuple[Array, tuple[()]]:
        return jnp.tanh(affine(inputs, weights["input"], weights["bias"])), ()
