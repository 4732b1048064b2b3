"""Pictures of mazes."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from ._task import AHEAD, MazeTask

FLOOR, WALL, LINE = (250, 249, 246), (88, 96, 108), (226, 224, 218)
GOAL, PLAYER, LIT = (39, 158, 96), (211, 47, 47), (255, 232, 150)

_FINE = 4
"""Everything is painted so many times larger and then shrunk, which smooths the edges."""


def draw_maze(
    task: MazeTask,
    size: int = 160,
    player: tuple[int, int] | None = None,
    heading: int | None = None,
    lit: np.ndarray | None = None,
) -> np.ndarray:
    """A picture of a maze.

    **Arguments:**

    - `task`: the maze.
    - `size`: the longer side [pixels].
    - `player`, `heading`: where the player is and looks; where it starts if None.
    - `lit`: the cells to tint, a map as large as the maze: what the player sees.

    **Returns:** an array `(height, width, 3)` of `uint8`.
    """
    walls = np.asarray(task.walls)
    rows, columns = walls.shape
    edge = 0.3  # the border, in cells
    scale = size / (max(rows, columns) + 2 * edge)
    shape = tuple(max(round((cells + 2 * edge) * scale), 1) for cells in (columns, rows))
    shape = (size if columns >= rows else shape[0], size if rows >= columns else shape[1])
    image = Image.new("RGB", (shape[0] * _FINE, shape[1] * _FINE), WALL)
    brush = ImageDraw.Draw(image)
    fine = scale * _FINE
    corner = lambda cells: (cells + edge) * fine
    box = lambda row, column, inset=0.0: (
        corner(column + inset),
        corner(row + inset),
        corner(column + 1 - inset),
        corner(row + 1 - inset),
    )
    gap = 0.04 if scale >= 6 else 0.0
    brush.rectangle((corner(0), corner(0), corner(columns), corner(rows)), fill=LINE if gap else FLOOR)
    for row, column in np.ndindex(rows, columns):
        if walls[row, column]:
            brush.rectangle(box(row, column), fill=WALL)
            colour = WALL
        else:
            colour = FLOOR
        if lit is not None and lit[row, column]:
            colour = _mix(colour, LIT)
        if colour != WALL:
            brush.rectangle(box(row, column, gap), fill=colour)
    large = max(1.0, 11 / scale)  # in a large maze the two that matter outgrow their cells
    row, column = (int(x) for x in np.asarray(task.goal))
    brush.rounded_rectangle(box(row, column, 0.5 - 0.37 * large), radius=0.18 * fine * large, fill=GOAL)
    row, column = player if player is not None else (int(x) for x in np.asarray(task.start))
    towards = np.array(AHEAD[int(task.heading if heading is None else heading)])
    brush.polygon(_arrow(row, column, towards, large, corner), fill=PLAYER)
    return np.asarray(image.resize(shape, Image.Resampling.BOX))


def _arrow(
    row: int, column: int, towards: np.ndarray, large: float, corner: Callable[[float], float]
) -> list[tuple[float, float]]:
    """The corners of a triangle in a cell: tip, left and right, with a notch behind."""
    middle = np.array([row, column]) + 0.5
    aside = np.array([towards[1], -towards[0]])
    tips = (0.42 * towards, -0.38 * towards + 0.36 * aside, -0.22 * towards, -0.38 * towards - 0.36 * aside)
    return [(corner(at[1]), corner(at[0])) for at in (middle + large * tip for tip in tips)]


def _mix(colour: tuple[int, ...], tint: tuple[int, ...]) -> tuple[int, int, int]:
    red, green, blue = (round(0.55 * a + 0.45 * b) for a, b in zip(colour, tint))
    return red, green, blue
