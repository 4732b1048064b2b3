"""Pictures of terrains, and of the walker on them."""

import numpy as np
from PIL import Image, ImageDraw

from ._body import HALF, HIP, HULL, HULL_MIDDLE, LOWER_WIDTH, STEP_LENGTH, UPPER_WIDTH
from ._task import WalkerTask
from ._terrain import METRE, POINTS, STEP_UNITS, Heights, host_terrain

SKY, EARTH, TURF = (231, 240, 248), (110, 92, 78), (88, 140, 84)
HULL_COLOUR, NEAR_LEG, FAR_LEG, EDGE = (127, 86, 196), (176, 120, 160), (120, 84, 140), (60, 50, 80)

FINE = 4
"""Everything is painted so many times larger and then shrunk, which smooths the edges."""
_VIEW = (20.0, 40 / 3)
"""What a picture of a moment shows [m]."""


def draw_terrain(task: WalkerTask | Heights, size: int = 160) -> np.ndarray:
    """A picture of a whole terrain, as a strip that is as long as `size` [pixels]; both axes have one scale."""
    line = outline_points(task)
    length = (POINTS - 1) * STEP_LENGTH
    low, high = line[:, 1].min() - 1.5, line[:, 1].max() + 4.0
    if high - low > length:  # hardly ever: then the strip stands
        return _painted(line, (0.0, low), (high - low, high - low), (size, size), None)
    shape = (size, max(round(size * (high - low) / length), 1))
    return _painted(line, (0.0, low), (length, high - low), shape, None)


def draw_moment(task: WalkerTask | Heights, pose: np.ndarray, size: int = 160) -> np.ndarray:
    """A picture of the walker and of what is around it.

    **Arguments:**

    - `task`: the terrain.
    - `pose`: of the body, as in `Motion`.
    - `size`: the width of the picture [pixels].
    """
    left, bottom = float(pose[0]) - _VIEW[0] / 3, float(pose[1]) - _VIEW[1] / 2.2
    shape = (size, max(round(size * _VIEW[1] / _VIEW[0]), 1))
    return _painted(outline_points(task), (left, bottom), _VIEW, shape, pose)


def outline_points(task: WalkerTask | Heights) -> np.ndarray:
    """The corners of the outline of a terrain, from left to right, `(corners, 2)` [m]."""
    terrain = host_terrain(task)
    edge, left, right = (np.asarray(x[:-1], float) / METRE for x in (terrain.edge, terrain.left, terrain.right))
    end = np.append(edge[1:], (POINTS - 1) * STEP_UNITS / METRE)
    return np.stack([np.stack([edge, end], 1), np.stack([left, right], 1)], -1).reshape(-1, 2)


def parts(pose: np.ndarray) -> list[tuple[np.ndarray, tuple[int, int, int]]]:
    """The corners of the five parts of a body and their colours, the ones behind first."""
    middle, angles = np.asarray(pose[:2], float), np.asarray(pose[2:], float)
    turn = lambda a: np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    hip = middle + turn(angles[0]) @ (np.array(HIP) - HULL_MIDDLE)
    box = lambda width: np.array([(-width / 2, 0), (width / 2, 0), (width / 2, -2 * HALF), (-width / 2, -2 * HALF)])
    hull = ((HULL - HULL_MIDDLE) @ turn(angles[0]).T + middle, HULL_COLOUR)
    legs = []
    for leg, colour in ((0, FAR_LEG), (1, NEAR_LEG)):
        upper, lower = turn(angles[1 + 2 * leg]), turn(angles[2 + 2 * leg])
        knee = hip + upper @ np.array([0, -2 * HALF])
        legs.append([(box(LOWER_WIDTH) @ lower.T + knee, colour), (box(UPPER_WIDTH) @ upper.T + hip, colour)])
    return [*legs[0], hull, *legs[1]]


def _painted(
    line: np.ndarray,
    corner: tuple[float, float],
    extent: tuple[float, float],
    shape: tuple[int, int],
    pose: np.ndarray | None,
) -> np.ndarray:
    """The outline, and the walker if there is a pose; `corner` is the lower left one, `extent` what is shown [m]."""
    image = Image.new("RGB", (shape[0] * FINE, shape[1] * FINE), SKY)
    brush = ImageDraw.Draw(image)
    scale = image.width / extent[0]

    def place(points: np.ndarray) -> list[tuple[float, float]]:
        return [((x - corner[0]) * scale, image.height - (y - corner[1]) * scale) for x, y in points.tolist()]

    ends = np.array([(line[-1, 0], corner[1] - 1.0), (line[0, 0], corner[1] - 1.0)])
    brush.polygon(place(np.concatenate([line, ends])), fill=EARTH)
    brush.line(place(line), fill=TURF, width=max(round(0.12 * scale), FINE))
    for corners, colour in [] if pose is None else parts(pose):
        brush.polygon(place(corners), fill=colour, outline=EDGE)
    return np.asarray(image.resize(shape, Image.Resampling.BOX))
