"""What all archives are, and what they do with a batch before they look at it."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from explora.core import ArgumentError

from ._kept import Added, Kept, sound


class Container(eqx.Module):
    """What keeps solutions, by what they are like: `init`, `add`, and nothing that is changed in place."""

    @property
    def dims(self) -> int:
        """How many numbers say what a solution is like."""
        raise NotImplementedError

    @property
    def room(self) -> int:
        """How many solutions there is room for."""
        raise NotImplementedError

    def init(self, solution: Any) -> Kept:
        """An empty archive.

        **Arguments:**

        - `solution`: one solution as an example: a pytree of arrays, or of their shapes and types.
        """
        raise NotImplementedError

    def add(
        self,
        kept: Kept,
        solutions: Any,
        objectives: Float[Array, " batch"],
        measures: Float[Array, "batch measures"],
    ) -> tuple[Kept, Added]:
        """Offers a batch of candidates. Those that are not finite are passed over and cost no other its place.

        **Arguments:**

        - `kept`: what the archive holds so far.
        - `solutions`: a pytree of arrays with leading axis `batch`.
        - `objectives`: how good each is; larger is better.
        - `measures`: what it is like.

        **Returns:** the archive, and what became of each candidate.
        """
        raise NotImplementedError


def offered(
    container: Container, solutions: Any, objectives: Float[Array, " batch"], measures: Float[Array, "batch measures"]
) -> tuple[Float[Array, " batch"], Float[Array, "batch measures"], Bool[Array, " batch"]]:
    """Objectives and measures of a batch in 32 bits, and which candidates consist of finite numbers only.

    **Raises:** `ArgumentError` if the shapes do not fit.
    """
    rows = objectives.shape[0] if objectives.ndim else 0
    if objectives.shape != (rows,) or measures.shape != (rows, container.dims):
        raise ArgumentError(
            f"`objectives` must be (batch,) and `measures` (batch, {container.dims}), got {objectives.shape} and "
            f"{measures.shape}"
        )
    objectives, measures = objectives.astype(jnp.float32), measures.astype(jnp.float32)
    return objectives, measures, sound(solutions, objectives, measures)
