"""Mazes of corridors: a random walk that never crosses itself and backs out of dead ends."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ._task import AHEAD

NEVER = -1


def carve(height: int, width: int, *, key: PRNGKeyArray) -> Bool[Array, "rows columns"]:
    """Walls between which exactly one path joins any two cells: randomised depth-first search.

    Corridors join the cells at even rows and columns; with an even side the last row or column stays solid.
    """
    rows, columns = (height + 1) // 2, (width + 1) // 2
    count = rows * columns
    start_key, turn_key = jr.split(key)
    first = jr.randint(start_key, (), 0, count)
    down = jnp.array([step[0] for step in AHEAD])
    right = jnp.array([step[1] for step in AHEAD])
    place = lambda row, column: row * width + column  # on the map

    def walk(carry: Any, chance: Array) -> tuple[Any, Array]:
        entered, here = carry  # by which way each crossing was entered
        row, column = here // columns, here % columns
        beyond, beside = row + down, column + right
        inside = (beyond >= 0) & (beyond < rows) & (beside >= 0) & (beside < columns)
        there = jnp.where(inside, beyond * columns + beside, 0)
        new = inside & (entered[there] == NEVER)
        ways = jnp.sum(new).astype(jnp.float32)
        # Each new one with the same chance.
        way = jnp.argmax(jnp.cumsum(new).astype(jnp.float32) > jnp.floor(chance * ways))
        back = entered[here].astype(jnp.int32)
        on = ways > 0
        door = jnp.where(on, place(2 * row + down[way], 2 * column + right[way]), place(2 * row, 2 * column))
        cell = jnp.where(on, there[way], here - down[back] * columns - right[back])
        entered = entered.at[cell].set(jnp.where(on, way.astype(jnp.int8), entered[cell]))
        return (entered, cell), door

    entered = jnp.full((count,), NEVER, jnp.int8).at[first].set(0)
    # Every crossing but the first is entered once and left for good once.
    chances = jr.uniform(turn_key, (2 * count - 2,))
    _, doors = jax.lax.scan(walk, (entered, first), chances)
    walls = jnp.ones((height, width), bool).at[::2, ::2].set(False)
    return walls.reshape(-1).at[doors].set(False).reshape(height, width)


def breach(
    walls: Bool[Array, "rows columns"], count: Int[Array, ""], most: int, *, key: PRNGKeyArray
) -> Bool[Array, "rows columns"]:
    """A carved maze without `count` (at most `most`) walls between crossings, drawn with replacement."""
    doors = jnp.asarray(np.flatnonzero(_doors(*walls.shape)))
    spots = doors[jr.randint(key, (most,), 0, len(doors))]
    spots = jnp.where(jnp.arange(most) < count, spots, walls.size)
    return walls.reshape(-1).at[spots].set(False, mode="drop").reshape(walls.shape)


def is_carved(walls: Bool[Array, "rows columns"]) -> Bool[Array, ""]:
    """Whether `carve` and `breach` can have made these walls: crossings are free, posts between them stand."""
    return ~jnp.any(walls[::2, ::2]) & jnp.all(walls[1::2, 1::2])


def openings_of(walls: Bool[Array, "rows columns"]) -> Float[Array, ""]:
    """How many openings leave as many walls between the crossings of a carved maze, on average."""
    doors = _doors(*walls.shape)
    crossings = walls[::2, ::2].size
    shut = doors.sum() - (crossings - 1)  # before any opening
    left = jnp.maximum(jnp.sum(walls & doors).astype(jnp.float32), 0.5)
    return jnp.maximum(jnp.log(left / float(shut)) / math.log1p(-1.0 / float(doors.sum())), 0.0)


def _doors(rows: int, columns: int) -> np.ndarray:
    """The cells between two crossings."""
    return np.indices((rows, columns)).sum(0) % 2 == 1
