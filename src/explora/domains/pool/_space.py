"""The items of a pool as a space of tasks: a task is the number of a row."""

from typing import Any, ClassVar

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import Space, Targets, TaskError

from ._items import Items


class PoolSpace(Space[Int32[Array, ""]]):
    """The rows of a table: there are finitely many tasks, and they cannot be changed.

    **Arguments:**

    - `items`: the rows.
    - `given`: the answers that are known from the start.
    - `annotators`: how many there are to be asked about each.
    """

    hosted: ClassVar[bool] = True
    items: Items
    given: Targets
    annotators: int = 1

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"items", "features"})

    @property
    def rows(self) -> int:
        """How many items there are."""
        return len(self.items.ids)

    def sample(self, *, key: PRNGKeyArray) -> Int32[Array, ""]:
        return jr.randint(key, (), 0, self.rows)

    def valid(self, task: Int32[Array, ""]) -> Bool[Array, ""]:
        return (task >= 0) & (task < self.rows)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(self.items.feature_names)

    def features(self, task: Int32[Array, ""]) -> Float[Array, " features"]:
        return jnp.asarray(self.items.inputs)[task]

    def feature_bounds(self) -> tuple[Float[Array, " features"], Float[Array, " features"]]:
        return jnp.asarray(self.items.inputs.min(0)), jnp.asarray(self.items.inputs.max(0))

    def encode(self, task: Any) -> str:
        return self.items.ids[int(task)]

    def decode(self, value: Any) -> Int32[Array, ""]:
        row = self.items.place(value) if isinstance(value, str) else None
        if row is None:
            raise TaskError(f"there is no item {value!r} in this pool of {self.rows}")
        return jnp.asarray(row, jnp.int32)

    def describe(self, task: Any) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.items.row(int(task)).items())
        return f"{self.items.ids[int(task)]}: {shown}"[:200]
