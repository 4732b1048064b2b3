"""What edits, solver and studio all do with cells: mark one, move many, draw one at random."""

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Int, PRNGKeyArray, Shaped, UInt8


def mark(place: UInt8[Array, "2"], walls: Bool[Array, "rows columns"]) -> Bool[Array, "rows columns"]:
    """A map as large as `walls` on which only `place` is set."""
    rows, columns = walls.shape
    row, column = place[0].astype(jnp.int32), place[1].astype(jnp.int32)
    return (jnp.arange(rows)[:, None] == row) & (jnp.arange(columns)[None, :] == column)


def at(grid: Shaped[Array, "rows columns"], place: UInt8[Array, "2"]) -> Shaped[Array, ""]:
    """The entry of `grid` at `place`."""
    return grid[place[0].astype(jnp.int32), place[1].astype(jnp.int32)]


def place_of(cell: Int[Array, ""], columns: int) -> UInt8[Array, "2"]:
    """Row and column of a cell that is counted through the rows."""
    return jnp.stack([cell // columns, cell % columns]).astype(jnp.uint8)


def shifted(grid: Array, rows: int, columns: int) -> Array:
    """`grid` moved down by `rows` and right by `columns` (each -1, 0 or 1); nothing moves in from beyond the border."""
    height, width = grid.shape
    return jnp.pad(grid, 1)[1 - rows : 1 - rows + height, 1 - columns : 1 - columns + width]


def draw_place(allowed: Bool[Array, "rows columns"], *, key: PRNGKeyArray) -> UInt8[Array, "2"]:
    """One of the allowed cells, each as likely as the others; the first cell if none is allowed.

    First the row, as likely as it has allowed cells, then the column: two short cumulative sums cost far less than
    one over all cells, or than a random number for each.
    """
    grid = allowed.astype(jnp.int32)
    in_row = grid.sum(1)
    below = jnp.cumsum(in_row)
    rank = jr.randint(key, (), 0, jnp.maximum(below[-1], 1))
    row = jnp.minimum(jnp.sum(below <= rank), grid.shape[0] - 1)
    rank = rank - (below[row] - in_row[row])
    column = jnp.minimum(jnp.sum(jnp.cumsum(grid[row]) <= rank), grid.shape[1] - 1)
    some = below[-1] > 0
    return jnp.stack([jnp.where(some, row, 0), jnp.where(some, column, 0)]).astype(jnp.uint8)
