"""Square rooms whose cells are counted row by row: what the domains that take place in one share."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Int32

from explora.core import TaskError

MOVES = ((0, 0), (-1, 0), (0, 1), (1, 0), (0, -1))
"""What each action adds to row and column: stay, up, right, down, left."""


def walked(place: Int32[Array, ""], move: Int32[Array, "2"], side: int) -> Int32[Array, ""]:
    """The cell after a move; walls stop.

    **Arguments:**

    - `place`: the cell before.
    - `move`: what is added to its row and column.
    - `side`: of the room [cells].
    """
    row, column = place // side + move[0], place % side + move[1]
    return jnp.clip(row, 0, side - 1) * side + jnp.clip(column, 0, side - 1)


def steps_between(one: Int32[Array, "*cells"], other: Int32[Array, "*cells"], side: int) -> Int32[Array, "*cells"]:
    """How many moves one cell is from another."""
    return jnp.abs(one // side - other // side) + jnp.abs(one % side - other % side)


def read_cell(name: str, value: Any, side: int) -> int:
    """A cell, from its row and column.

    **Raises:** `TaskError` that says what `name` should be.
    """
    whole = isinstance(value, list) and all(isinstance(x, int) and not isinstance(x, bool) for x in value)
    if not whole or len(value) != 2 or not all(0 <= x < side for x in value):
        raise TaskError(f"{name} is a row and a column, each from 0 to {side - 1}; got {value!r}")
    return value[0] * side + value[1]
