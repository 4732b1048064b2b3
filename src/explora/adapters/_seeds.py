"""Seeds as tasks."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, PRNGKeyArray

from explora.core import ArgumentError, Field, Space, Suite, TaskError


class SeedSpace(Space[Array]):
    """A seed is a task: it makes every environment that is generated at random a space of levels.

    An episode of a task always starts with that seed. There is no `mutate`, for neighbouring seeds have nothing in
    common; whoever only replays, filters or samples tasks needs none.

    **Arguments:**

    - `levels`: how many seeds there are to be drawn.
    - `reserved`: the seeds 0 … `reserved` - 1 are never drawn; the suite `unseen` consists of the first of them.
    """

    levels: int = eqx.field(static=True, default=1_000_000)
    reserved: int = eqx.field(static=True, default=64)

    def __check_init__(self):
        if self.levels < 1 or self.reserved < 0 or self.levels + self.reserved >= 2**31:
            raise ArgumentError(
                f"`levels` must be at least 1, `reserved` at least 0, and both together less than 2³¹; "
                f"got {self.levels} and {self.reserved}"
            )

    def sample(self, *, key: PRNGKeyArray) -> Array:
        return jr.randint(key, (), self.reserved, self.reserved + self.levels)

    def valid(self, task: Array) -> Bool[Array, ""]:
        return (task >= 0) & (task < self.reserved + self.levels)

    def encode(self, task: Array) -> int:
        return int(task)

    def decode(self, value: Any) -> Array:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < self.reserved + self.levels:
            raise TaskError(f"a seed is a whole number in [0, {self.reserved + self.levels}); got {value!r}")
        return jnp.asarray(value, jnp.int32)

    @property
    def fields(self) -> tuple[Field, ...]:
        return (Field("", "whole", 0, self.reserved + self.levels - 1, hint="the seed"),)

    def describe(self, task: Array) -> str:
        return f"seed {int(task)}"

    def suite(self, count: int = 32) -> Suite[Array]:
        """The suite `unseen`: seeds that are never drawn.

        **Arguments:**

        - `count`: how many, at most `reserved`.
        """
        count = min(count, self.reserved)
        names = tuple(f"seed-{number}" for number in range(count))
        return Suite(jnp.arange(count, dtype=jnp.int32), names, summary=f"{count} seeds that are never drawn")
