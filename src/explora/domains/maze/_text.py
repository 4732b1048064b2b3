"""Mazes as text: `.` floor, `#` wall, `G` the goal, `>` `v` `<` `^` the player and where it looks."""

from collections.abc import Iterable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from explora.core import Brush, TaskError

from ._task import HEADINGS, MazeTask

SMALLEST, LARGEST = 2, 101
"""How many rows or columns a written maze can have."""

_ALPHABET = frozenset(".#G" + HEADINGS)
_LEGEND = "write . floor, # wall, G goal, > v < ^ player"


BRUSHES = (
    Brush(".", "floor", "floor"),
    Brush("#", "wall", "wall"),
    Brush("G", "goal", "goal", once=True),
    Brush(HEADINGS, "player", "player", once=True),
)
"""The same for editors."""


class Grid(NamedTuple):
    """One maze on the host, as NumPy arrays; the fields of `MazeTask`."""

    walls: np.ndarray
    goal: np.ndarray
    start: np.ndarray
    heading: np.ndarray


def write_grid(task: MazeTask | Grid) -> str:
    """A maze as lines of text, without a newline at the end."""
    rows = np.where(np.asarray(task.walls), "#", ".")
    rows[tuple(np.asarray(task.goal, int))] = "G"
    rows[tuple(np.asarray(task.start, int))] = HEADINGS[int(task.heading)]
    return "\n".join("".join(row) for row in rows)


def read_grid(rows: list[str], source: str = "", first: int = 1) -> Grid:
    """The maze that is written in `rows`.

    **Arguments:**

    - `rows`: the lines.
    - `source`: where they come from, for error messages.
    - `first`: the number of the first line there.

    **Raises:** `TaskError`, one line that names source, line and cure.
    """
    goal: tuple[int, int] | None = None
    start: tuple[int, int] | None = None
    for number, row in enumerate(rows):
        line = f"{source}, line {first + number}" if source else f"line {first + number}"
        _check_row(row, number, rows[0], line)
        for column in range(len(row)):
            letter = row[column]
            if letter == "G":
                if goal is not None:
                    raise TaskError(f"{line}: a second goal; keep one G (the other is in line {first + goal[0]})")
                goal = (number, column)
            elif letter in HEADINGS:
                if start is not None:
                    raise TaskError(
                        f"{line}: a second player; keep one of > v < ^ (the other is in line {first + start[0]})"
                    )
                start = (number, column)
    line = f"{source}, line {first}" if source else f"line {first}"
    if len(rows) < SMALLEST:
        raise TaskError(
            f"{line}: a maze of {len(rows)} row; it needs at least {SMALLEST}, in lines one below the other"
        )
    if goal is None:
        raise TaskError(f"{line}: this maze has no goal; write one G")
    if start is None:
        raise TaskError(f"{line}: this maze has no player; write one of > v < ^")
    walls = np.array([[letter == "#" for letter in row] for row in rows])
    heading = HEADINGS.index(rows[start[0]][start[1]])
    return Grid(walls, np.array(goal, np.uint8), np.array(start, np.uint8), np.array(heading, np.uint8))


def _check_row(row: str, number: int, top: str, line: str) -> None:
    if number >= LARGEST:
        raise TaskError(f"{line}: a maze of more than {LARGEST} rows; put a blank line between two mazes")
    if len(row) > LARGEST or len(row) < SMALLEST:
        raise TaskError(f"{line}: {len(row):,} columns; a maze has {SMALLEST} to {LARGEST}")
    strange = set(row) - _ALPHABET
    if strange:
        column = min(row.index(letter) for letter in strange)
        raise TaskError(f"{line}: unknown character {row[column]!a} in column {column + 1}; {_LEGEND}")
    if len(row) != len(top):
        raise TaskError(f"{line}: {len(row)} columns where the first row has {len(top)}; make all rows equally long")


def stacked(grids: Iterable[Grid]) -> Grid:
    """Mazes of one size, with a leading axis."""
    return Grid(*(np.stack(field) for field in zip(*grids, strict=True)))


def task_of(grid: Grid) -> MazeTask:
    """A grid, or a stack of them, as a task on the device."""
    return MazeTask(*(jnp.asarray(field) for field in grid))
