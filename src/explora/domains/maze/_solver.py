"""How many actions a perfect player needs: exact search over (row, column, heading)."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Int32, UInt8

from ._cells import at, mark, shifted
from ._task import AHEAD, MazeTask
from ._text import Grid

UNSOLVABLE = 1 << 20
"""What stands for the number of actions where no path leads to the goal."""


def fewest_actions(task: MazeTask) -> Int32[Array, ""]:
    """The least number of actions from the start to the goal; the last one walks into it.

    Breadth-first search backwards from the goal; a cell holds one bit for each heading, so that one sweep moves the
    frontier of all four by one action. It stops when the start is reached or nothing changes.

    **Arguments:**

    - `task`: one maze.

    **Returns:** the number of actions, or `UNSOLVABLE`.
    """
    wanted = jnp.uint8(1) << task.heading
    reached = lambda seen: (at(seen, task.start) & wanted) > 0

    def unfinished(carry: tuple[Array, Array, Array]) -> Array:
        return carry[2] & ~reached(carry[0])

    def sweep(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        seen, actions, _ = carry
        new = _one_action_back(seen, free)
        return new, actions + 1, jnp.any(new != seen)

    free = jnp.where(task.walls, 0, 15).astype(jnp.uint8)
    first = jnp.where(mark(task.goal, task.walls), free, jnp.uint8(0))
    seen, actions, _ = jax.lax.while_loop(unfinished, sweep, (first, jnp.zeros((), jnp.int32), jnp.ones((), bool)))
    return jnp.where(reached(seen), actions, UNSOLVABLE)


def all_actions(task: MazeTask) -> Int32[Array, "4 rows columns"]:
    """The least number of actions to the goal from every cell and heading.

    **Arguments:**

    - `task`: one maze; its start does not matter.

    **Returns:** numbers of actions by heading, row and column: 0 at the goal, `UNSOLVABLE` where there is no way.
    """
    rows, columns = task.walls.shape
    bits = (jnp.uint8(1) << jnp.arange(4, dtype=jnp.uint8))[:, None, None]

    def sweep(carry: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        seen, actions, table, _ = carry
        new = _one_action_back(seen, free)
        fresh = ((new & ~seen)[None] & bits) > 0
        return new, actions + 1, jnp.where(fresh, actions + 1, table), jnp.any(new != seen)

    free = jnp.where(task.walls, 0, 15).astype(jnp.uint8)
    goal = mark(task.goal, task.walls) & ~task.walls
    table = jnp.broadcast_to(jnp.where(goal, 0, UNSOLVABLE).astype(jnp.int32), (4, rows, columns))
    first = (jnp.where(goal, free, jnp.uint8(0)), jnp.zeros((), jnp.int32), table, jnp.ones((), bool))
    return jax.lax.while_loop(lambda carry: carry[3], sweep, first)[2]


def cells_away(walls: Bool[Array, "rows columns"], start: UInt8[Array, "2"]) -> Int32[Array, "rows columns"]:
    """How many cells lie on the shortest path from `start` to each cell, turns not counted.

    **Arguments:**

    - `walls`: where there are walls.
    - `start`: where the paths begin.

    **Returns:** 0 at the start, `UNSOLVABLE` where no path leads.
    """

    def sweep(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        away, steps, _ = carry
        seen = away < UNSOLVABLE
        near = shifted(seen, 0, 1) | shifted(seen, 1, 0) | shifted(seen, 0, -1) | shifted(seen, -1, 0)
        new = near & ~seen & ~walls
        return jnp.where(new, steps + 1, away), steps + 1, jnp.any(new)

    away = jnp.where(mark(start, walls) & ~walls, 0, UNSOLVABLE).astype(jnp.int32)
    return jax.lax.while_loop(lambda carry: carry[2], sweep, (away, jnp.zeros((), jnp.int32), jnp.ones((), bool)))[0]


def _one_action_back(seen: UInt8[Array, "rows columns"], free: UInt8[Array, "rows columns"]) -> Array:
    """`seen` and the states from which one action leads into it: a turn either way, or a step forward."""
    new = seen | (seen << 1) | (seen >> 3) | (seen >> 1) | (seen << 3)
    for heading, (down, right) in enumerate(AHEAD):
        new = new | (shifted(seen, -down, -right) & jnp.uint8(1 << heading))
    return new & free


def fewest_actions_of_many(tasks: MazeTask | Grid) -> Int[np.ndarray, " mazes"]:
    """`fewest_actions` on the host, for many mazes of one size at once and without compiling anything.

    Only the frontier is touched, so that long paths through large mazes (101 × 101) cost milliseconds.

    **Arguments:**

    - `tasks`: mazes with a leading axis.

    **Returns:** for each maze the number of actions, or `UNSOLVABLE`.
    """
    walls, goal, start, heading = (np.asarray(x) for x in (tasks.walls, tasks.goal, tasks.start, tasks.heading))
    mazes, rows, columns = walls.shape
    solid = np.pad(walls, ((0, 0), (1, 1), (1, 1)), constant_values=True).reshape(-1)
    stride, area = columns + 2, (rows + 2) * (columns + 2)

    def cell(place: np.ndarray) -> np.ndarray:
        row, column = place.astype(np.int64).T + 1
        return np.arange(mazes) * area + row * stride + column

    goals = np.zeros(solid.size, bool)
    goals[cell(goal)] = True
    ahead = np.array(AHEAD) @ [stride, 1]
    seen = np.zeros(solid.size * 4, bool)
    first_to = np.zeros(solid.size * 4, np.int64)
    found = np.full(mazes, UNSOLVABLE)
    frontier = cell(start) * 4 + heading
    seen[frontier] = True
    actions = 0
    while frontier.size:
        actions += 1
        here, looks = frontier // 4, frontier % 4
        front = here + ahead[looks]
        arrived = front[goals[front]] // area
        found[arrived] = np.minimum(found[arrived], actions)
        walked = (front * 4 + looks)[~solid[front] & ~goals[front]]
        new = np.concatenate([here * 4 + (looks + 1 & 3), here * 4 + (looks + 3 & 3), walked])
        new = new[~seen[new] & (found[new // (4 * area)] == UNSOLVABLE)]
        first_to[new] = np.arange(new.size)  # of equal entries one survives: far cheaper than sorting
        frontier = new[first_to[new] == np.arange(new.size)]
        seen[frontier] = True
    return found
