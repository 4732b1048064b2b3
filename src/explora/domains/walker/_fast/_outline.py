"""Asking the ground: how far is it from a point, which of its corners is inside a leg, where does a ray meet it.

All arrays have the lanes as their last axis, so that every operation runs along contiguous memory.
"""

from functools import reduce
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._body import HULL, RAYS, SIGHT
from .._terrain import METRE, PAD_LEFT, STEP_UNITS, Outline
from ._kernel import apart


class Near(NamedTuple):
    """How the ground lies to points.

    **Arguments:**

    - `gap`: the distance to it, negative inside [m].
    - `x`, `y`: the direction away from it.
    """

    gap: Array
    x: Array
    y: Array


def _piece(ground: Outline, x: Array, first: int, last: int) -> Array:
    """On which piece `x` lies by the grid; from it one may look `first` pieces back and `last` ahead."""
    cell = jnp.floor(x * jnp.float32(METRE / STEP_UNITS)).astype(jnp.int32) + PAD_LEFT
    return jnp.clip(cell, first, ground.edge.shape[-1] - 1 - last)


def _take(table: Array, index: Array) -> Array:
    """`table` at `index` `(…, lanes)`; the table is `(pieces,)`, or `(lanes, pieces)` with one for each lane."""
    if table.ndim == 1:
        return table.at[index].get(mode="promise_in_bounds")
    # The last lanes may be copies of the last that has an outline.
    lanes, pieces = index.shape[-1], table.shape[1]
    own = jnp.minimum(jnp.arange(lanes, dtype=jnp.int32), table.shape[0] - 1)
    flat = index + own.reshape(*(1,) * (index.ndim - 1), lanes) * pieces
    return table.reshape(-1).at[flat].get(mode="promise_in_bounds")


def _window(table: Array, start: Array, count: int) -> Array:
    """`count` neighbours from `start` on, as a new first axis."""
    offsets = jnp.arange(count, dtype=jnp.int32).reshape(count, *(1,) * start.ndim)
    return apart(_take(table, start[None] + offsets))


def near(ground: Outline, x: Array, y: Array) -> Near:
    """How the ground lies to the points `(…, lanes)`: the nearest of three pieces and of the two walls between."""
    piece = _piece(ground, x, 1, 2)
    edge = _window(ground.edge, piece - 1, 4)
    left, right = (_window(table, piece - 1, 3) for table in (ground.left, ground.right))
    found = []
    for number in range(3):
        run, rise = edge[number + 1] - edge[number], right[number] - left[number]
        away, up = x - edge[number], y - left[number]
        share = jnp.clip((away * run + up * rise) / (run * run + rise * rise), 0.0, 1.0)
        found.append((away - share * run, up - share * rise))
    for number in range(2):
        one, other = right[number], left[number + 1]
        foot = jnp.clip(y, jnp.minimum(one, other), jnp.maximum(one, other))
        found.append((x - edge[number + 1], y - foot))
    square, away, up = apart(reduce(_nearer, [(a * a + b * b, a, b) for a, b in found]))
    height = _height(x, edge[1:], left[1:], right[1:])
    gap = jnp.sqrt(square)
    sign = jnp.where(y < height, -1.0, 1.0)
    clear = gap > 1e-6
    inverse = sign / jnp.where(clear, gap, 1.0)
    return Near(sign * gap, jnp.where(clear, away * inverse, 0.0), jnp.where(clear, up * inverse, 1.0))


def _nearer(one: tuple[Array, ...], other: tuple[Array, ...]) -> tuple[Array, ...]:
    """The one with the smaller first entry."""
    return tuple(jnp.where(other[0] < one[0], b, a) for a, b in zip(one, other))


def _height(x: Array, edge: Array, left: Array, right: Array) -> Array:
    """The height of the ground at `x`, which lies on the first piece, or behind its end on the second."""
    line = lambda n: left[n] + (right[n] - left[n]) * ((x - edge[n]) / (edge[n + 1] - edge[n]))
    return jnp.where(x < edge[1], line(0), line(1))


class Poke(NamedTuple):
    """The corner of the ground that reaches deepest into each of some boxes.

    **Arguments:**

    - `gap`: how far it is outside, negative inside [m].
    - `x`, `y`: where it is [m].
    - `away_x`, `away_y`: the direction in which the box escapes.
    - `other`: how far it is outside along the other axis of the box, negative within [m].
    - `turn`: the sign with which `other` grows when the box moves along `(away_y, -away_x)`.
    """

    gap: Array
    x: Array
    y: Array
    away_x: Array
    away_y: Array
    other: Array
    turn: Array


def poke(ground: Outline, x: Array, y: Array, cos: Array, sin: Array, half_width: Array, half: float) -> Poke:
    """Which corner of the ground reaches deepest into boxes `(boxes, lanes)`.

    **Arguments:**

    - `ground`: the outline.
    - `x`, `y`: the middle of each box [m].
    - `cos`, `sin`: its direction across.
    - `half_width`, `half`: half of its width `(boxes, 1)` and of its height [m].
    """
    piece = _piece(ground, x, 2, 2)
    edge = _window(ground.edge, piece - 1, 4)
    before, behind = _window(ground.right, piece - 2, 4), _window(ground.left, piece - 1, 4)
    found = []
    for number in range(4):
        for height in (before[number], behind[number]):
            away, up = edge[number] - x, height - y
            across, along = away * cos + up * sin, up * cos - away * sin
            side, end = jnp.abs(across) - half_width, jnp.abs(along) - half
            # The upper end of a part is a joint; nothing reaches into it from above.
            gap = jnp.where((end > side) & (along > 0), 1.0, jnp.maximum(side, end))
            push = jnp.where(side > end, -jnp.sign(across), 0.0)
            lift = jnp.where(side > end, 0.0, 1.0)
            other = jnp.minimum(side, end)
            turn = jnp.where(side > end, jnp.sign(across), -jnp.sign(across))
            found.append((gap, edge[number], height, push * cos - lift * sin, push * sin + lift * cos, other, turn))
    return Poke(*apart(reduce(_nearer, apart(found))))


_CORNERS: list[tuple[float, float]] = HULL.tolist()
_SIDES = np.roll(HULL, -1, axis=0) - HULL
_OUTWARD: list[tuple[float, float]] = (
    np.stack([-_SIDES[:, 1], _SIDES[:, 0]], axis=1) / np.linalg.norm(_SIDES, axis=1, keepdims=True)
).tolist()


def hull_touches(ground: Outline, x: Array, y: Array, cos: Array, sin: Array, skin: float) -> Array:
    """Whether the hull, with its origin at `(x, y)` `(lanes,)`, comes closer to the ground than `skin` [m]."""
    x, y, cos, sin = x[None], y[None], cos[None], sin[None]
    corners_x = jnp.concatenate([x + cos * a - sin * b for a, b in _CORNERS])
    corners_y = jnp.concatenate([y + sin * a + cos * b for a, b in _CORNERS])
    piece = _piece(ground, corners_x, 0, 2)
    edge = _window(ground.edge, piece, 3)
    height = _height(corners_x, edge, _window(ground.left, piece, 2), _window(ground.right, piece, 2))
    below = jnp.any(corners_y < height + skin, axis=0)
    reach = 3
    piece = _piece(ground, x[0], reach + 1, reach + 1)
    edge = _window(ground.edge, piece - reach, 2 * reach + 2)
    for heights in (
        _window(ground.right, piece - reach - 1, 2 * reach + 2),
        _window(ground.left, piece - reach, 2 * reach + 2),
    ):
        away, up = edge - x, heights - y
        across, along = away * cos + up * sin, up * cos - away * sin
        outside = jnp.full_like(across, -jnp.inf)
        for (normal_x, normal_y), (a, b) in zip(_OUTWARD, _CORNERS):
            outside = jnp.maximum(outside, normal_x * (across - a) + normal_y * (along - b))
        below |= jnp.any(outside < skin, axis=0)
    return below


_AHEAD = int(SIGHT * METRE / STEP_UNITS) + 2
"""So many pieces a ray can meet."""


def lidar(ground: Outline, x: Array, y: Array) -> Array:
    """How far each ray from `(x, y)` `(lanes,)` gets, as a share of its reach, `(rays, lanes)`: the nearest hit.

    Both the rays and the outline go from left to right, so a ray is hit where the corners of the outline first come
    to lie above it.
    """
    across, down = (jnp.asarray(side[:, None], jnp.float32) for side in RAYS)
    piece = _piece(ground, x, 0, _AHEAD + 1)
    edge = _window(ground.edge, piece, _AHEAD + 1) - x[None]
    left, right = (_window(table, piece, _AHEAD) - y[None] for table in (ground.left, ground.right))
    hit = jnp.full((RAYS.shape[1], x.shape[0]), jnp.inf, jnp.float32)
    over = lambda a, b: across * b[None] - down * a[None]
    along = lambda a, b: across * a[None] + down * b[None]
    corners = [(edge[n + side], (left, right)[side][n]) for n in range(_AHEAD) for side in (0, 1)]
    last_over, last_along = over(*corners[0]), along(*corners[0])
    for corner in corners[1:]:
        now_over, now_along = over(*corner), along(*corner)
        crossed = (last_over <= 0) & (now_over > 0)
        share = last_over / jnp.where(crossed, last_over - now_over, 1.0)
        hit = jnp.minimum(hit, jnp.where(crossed, last_along + (now_along - last_along) * share, jnp.inf))
        last_over, last_along = now_over, now_along
    return jnp.clip(hit * jnp.float32(1 / SIGHT), 0.0, 1.0)
