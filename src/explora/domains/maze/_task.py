"""What a maze is: walls, a goal, a start and the direction in which the player looks at first."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, UInt8

HEADINGS = ">v<^"
"""How the player is written in a text grid, by heading: right, down, left, up."""

HEADING_NAMES = ("right", "down", "left", "up")

AHEAD = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""One step forward as `(rows, columns)`, by heading; the next heading is a quarter turn to the right."""

EMPTY, WALL, GOAL = 0, 1, 2
"""The codes of a cell, in a world and in an observation."""


class MazeTask(eqx.Module):
    """One maze. Everything beyond its border is wall. A byte a cell, so that large archives stay small.

    **Arguments:**

    - `walls`: where there are walls.
    - `goal`: row and column of the goal.
    - `start`: row and column of the player.
    - `heading`: where the player looks at first: 0 right, 1 down, 2 left, 3 up.
    """

    walls: Bool[Array, "*tasks rows columns"]
    goal: UInt8[Array, "*tasks 2"]
    start: UInt8[Array, "*tasks 2"]
    heading: UInt8[Array, "*tasks"]


def rotate(task: MazeTask) -> MazeTask:
    """The maze a quarter turn clockwise."""
    rows = task.walls.shape[0]
    turned = lambda place: _place(place[1], rows - 1 - place[0])
    heading = (task.heading + 1) & jnp.uint8(3)
    return MazeTask(jnp.rot90(task.walls, -1), turned(task.goal), turned(task.start), heading)


def mirror(task: MazeTask) -> MazeTask:
    """The maze with left and right exchanged."""
    columns = task.walls.shape[1]
    turned = lambda place: _place(place[0], columns - 1 - place[1])
    heading = (2 - task.heading) & jnp.uint8(3)
    return MazeTask(jnp.fliplr(task.walls), turned(task.goal), turned(task.start), heading)


def symmetries(task: MazeTask) -> list[MazeTask]:
    """The maze itself, its three rotations, and the mirror images of these four."""
    turned = [task]
    for _ in range(3):
        turned.append(rotate(turned[-1]))
    return turned + [mirror(maze) for maze in turned]


def _place(row: Array, column: Array) -> UInt8[Array, "2"]:
    return jnp.stack([row, column]).astype(jnp.uint8)
