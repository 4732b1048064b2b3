"""A picture of a whole episode: the ground from end to end, the way of the hull, where feet were put down."""

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image, ImageDraw

from ._body import STEP_LENGTH
from ._draw import EARTH, EDGE, FAR_LEG, FINE, NEAR_LEG, SKY, TURF, outline_points, parts
from ._task import WalkerTask
from ._terrain import POINTS, Heights

_EVERY = 4.0
"""A body is shown each time that it has come so far [m]."""
_FADED = 0.45
"""How much of their colours the bodies on the way keep; the last one keeps all."""
_WAY = (222, 120, 40)
_ROWS = 2
"""A terrain is very long: its second half stands below the first."""


def draw_strip(
    task: WalkerTask | Heights,
    poses: Float[np.ndarray, "moments 7"],
    touches: Bool[np.ndarray, "moments 2"],
    size: int = 960,
) -> np.ndarray:
    """A picture of an episode.

    **Arguments:**

    - `task`: the terrain.
    - `poses`: of the body, as in `Motion`, from first to last.
    - `touches`: which shanks touched the ground.
    - `size`: how wide the picture is [pixels]; both axes have one scale, and the second half stands below the first.

    **Returns:** an array `(height, width, 3)` of `uint8`.
    """
    line = outline_points(task)
    length = (POINTS - 1) * STEP_LENGTH
    low = min(line[:, 1].min(), poses[:, 1].min()) - 1.0
    high = max(line[:, 1].max(), poses[:, 1].max()) + 1.5
    shape = (_ROWS * size, max(round(_ROWS * size * (high - low) / length), 1))
    image = Image.new("RGB", (shape[0] * FINE, shape[1] * FINE), SKY)
    brush, scale = ImageDraw.Draw(image), image.width / length
    place = lambda points: [(x * scale, image.height - (y - low) * scale) for x, y in np.asarray(points).tolist()]

    bodies = shown_moments(poses[:, 0])
    for moment in bodies:
        for corners, colour in parts(poses[moment]):
            last = moment == bodies[-1]
            edge = EDGE if last else _mixed(EDGE)
            brush.polygon(place(corners), fill=colour if last else _mixed(colour), outline=edge)
    ends = np.array([(line[-1, 0], low - 1.0), (line[0, 0], low - 1.0)])
    brush.polygon(place(np.concatenate([line, ends])), fill=EARTH)
    brush.line(place(line), fill=TURF, width=max(round(0.12 * scale), FINE))
    brush.line(place(poses[:, :2]), fill=_WAY, width=round(1.4 * FINE), joint="curve")
    for leg, colour in ((0, FAR_LEG), (1, NEAR_LEG)):
        for moment in footfalls(touches[:, leg]):
            ((x, y),) = place(foot(poses[moment], leg)[None])
            reach = 2.4 * FINE
            around = (x - reach, y - reach, x + reach, y + reach)
            brush.ellipse(around, fill=colour, outline=(255, 255, 255), width=FINE // 2)
    strip = np.asarray(image.resize(shape, Image.Resampling.BOX))
    return np.concatenate(np.split(strip, _ROWS, axis=1))


def shown_moments(x: Float[np.ndarray, " moments"], every: float = _EVERY) -> list[int]:
    """When bodies are shown: at the start, whenever they have come further by `every` metres, and at the end."""
    found = [0]
    for moment in range(1, len(x) - 1):
        if x[moment] >= x[found[-1]] + every:
            found.append(moment)
    if len(found) > 1 and abs(x[-1] - x[found[-1]]) < every / 3:
        found.pop()  # the last body would hide behind this one
    return found if len(x) == 1 else [*found, len(x) - 1]


def footfalls(touch: Bool[np.ndarray, " moments"]) -> list[int]:
    """When a foot was put down: it touches now and did not before."""
    return [int(moment) + 1 for moment in np.flatnonzero(touch[1:] & ~touch[:-1])]


def foot(pose: Float[np.ndarray, "7"], leg: int) -> Float[np.ndarray, "2"]:
    """The lower end of a shank [m]."""
    corners, _ = parts(pose)[3 * leg]
    return corners[2:].mean(axis=0)


def _mixed(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = (round(_FADED * a + (1 - _FADED) * b) for a, b in zip(colour, SKY))
    return red, green, blue
