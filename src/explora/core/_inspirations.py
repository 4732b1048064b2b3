"""The space of what designers start from."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ._errors import TaskError
from ._space import Space


class Inspirations(Space[Float[Array, " noise"]]):
    """What a designer starts from: a vector of chance, without which every design would be the same.

    **Arguments:**

    - `noise`: how many numbers, each in [0, 1).
    """

    noise: int = eqx.field(static=True, default=50)

    def sample(self, *, key: PRNGKeyArray) -> Float[Array, " noise"]:
        return jr.uniform(key, (self.noise,))

    def valid(self, task: Float[Array, " noise"]) -> Bool[Array, ""]:
        return jnp.all((task >= 0) & (task < 1)) & (task.shape == (self.noise,))

    def encode(self, task: Float[Array, " noise"]) -> list[float]:
        return np.asarray(task).tolist()

    def decode(self, value: Any) -> Float[Array, " noise"]:
        numbers = isinstance(value, list) and all(isinstance(x, int | float) and 0 <= x < 1 for x in value)
        if not numbers or len(value) != self.noise:
            raise TaskError(f"what a designer starts from is a list of {self.noise} numbers in [0, 1)")
        return jnp.array(value, jnp.float32)
