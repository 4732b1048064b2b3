"""The ground: from genes and seed to heights, in whole numbers, so that it is the same to the last bit everywhere.

A length is a whole number of 2⁻¹⁷ m: it is exact as a 32-bit float too, and no compiler and no processor can round it
in another way. Chance is a hash of the seed and of where it is used, so nothing depends on an order of draws.

The published generator walks along 200 points: ground, an obstacle, ground, … What it builds is one *outline*: pieces
of a straight line, one for each step of the terrain, with a wall wherever a piece starts higher or lower than the last
one ended. `fast` plays on this outline. Box2D gets what the outline is made of: the polyline of the points, and boxes.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int8, Int32, UInt32

from ._task import WalkerTask, present

METRE = 2**17
POINTS = 200
PAD_LEFT, PAD_RIGHT = 8, 24
START_PAD = 20
"""So many points at the start are flat [steps]."""

GRASS, STUMP, STAIR, PIT = range(4)
"""What a stretch of the terrain is."""

STEP_UNITS = (14 * METRE + 15) // 30
"""14/30 m, half a micrometre too long: so 200 of them are whole numbers too."""
_GRID = np.arange(POINTS, dtype=np.int32) * STEP_UNITS
HEIGHT_UNITS = (100 * METRE + 15) // 30
_DEPTH = (4 * 14 * METRE + 15) // 30  # of a pit
_PULL = METRE // 100  # towards the usual height, at every step
_PUSH = METRE // 30  # the largest random change of the slope
_NOTHING = -512 * METRE  # the height where there is no ground


@runtime_checkable
class Heights(Protocol):
    """A task that says itself how high the ground is at each point, and has no obstacles."""

    def heights(self) -> Int32[Array, " points"]:
        """In units of 2⁻¹⁷ m."""
        ...


class Terrain(eqx.Module):
    """A terrain in units of 2⁻¹⁷ m, by point or by the piece that starts there.

    **Arguments:**

    - `x`, `y`: the polyline of the published generator.
    - `edge`: where a piece of the outline starts; the last ends a step behind.
    - `left`, `right`: the height of the outline at the two ends of a piece.
    - `began`: which obstacle begins at a point: 0 none, 1 a stump, 2 stairs, 3 a pit.
    - `size`: its height, or the width of the pit.
    - `wide`: how many steps wide it is (one stair of it).
    - `steps`: how many stairs, negative if they lead down.
    """

    x: Int32[Array, "*tasks points"]
    y: Int32[Array, "*tasks points"]
    edge: Int32[Array, "*tasks points"]
    left: Int32[Array, "*tasks points"]
    right: Int32[Array, "*tasks points"]
    began: Int8[Array, "*tasks points"]
    size: Int32[Array, "*tasks points"]
    wide: Int32[Array, "*tasks points"]
    steps: Int32[Array, "*tasks points"]


class _Walk(NamedTuple):
    """Where the generator is."""

    kind: Array
    count: Array  # how many points of this stretch are left
    first: Array  # whether this is its first
    since: Array  # how many points ago it began
    y: Array
    slope: Array
    base: Array  # the height at which the obstacle began
    begin: Array  # and its place
    size: Array
    wide: Array
    steps: Array


def lay(task: WalkerTask | Heights) -> Terrain:
    """The terrain of one task."""
    return _lay_genes(task) if isinstance(task, WalkerTask) else _bare(task.heights())


def _bare(y: Int32[Array, " points"]) -> Terrain:
    """Ground of these heights without obstacles."""
    zero, grid = jnp.zeros_like(y), jnp.asarray(_GRID)
    after = jnp.concatenate([y[1:], y[-1:]])
    one = jnp.ones_like(y)
    return Terrain(grid, y, grid, y, after, zero.astype(jnp.int8), zero, one, one)


def _lay_genes(task: WalkerTask) -> Terrain:
    zero, one = jnp.zeros((), jnp.int32), jnp.ones((), jnp.int32)
    start = _Walk(
        kind=zero,
        count=jnp.full((), START_PAD, jnp.int32),
        first=jnp.zeros((), bool),
        since=zero,
        y=jnp.full((), HEIGHT_UNITS, jnp.int32),
        slope=zero,
        base=zero,
        begin=zero,
        size=zero,
        wide=one,
        steps=one,
    )
    points = (jnp.arange(POINTS, dtype=jnp.int32), jnp.asarray(_GRID))
    _, (x, y, edge, level, flat, began, size, wide, steps) = jax.lax.scan(
        lambda walk, point: _advance(task, walk, *point), start, points
    )
    after = jnp.concatenate([y[1:], y[-1:]])
    return Terrain(
        x=x,
        y=y,
        edge=edge,
        left=jnp.where(flat, level, y),
        right=jnp.where(flat, level, after),
        began=began.astype(jnp.int8),
        size=size,
        wide=wide,
        steps=steps,
    )


def _advance(task: WalkerTask, walk: _Walk, point: Array, grid: Array) -> tuple[_Walk, tuple[Array, ...]]:
    """One point further."""
    chance = lambda use: _chance(task.seed, point * 8 + use)
    begins = walk.first & (walk.kind != GRASS)
    wild = (walk.kind == GRASS) & ~walk.first
    push = _below(chance(0), 2 * _PUSH, bits=18) - _PUSH
    slope = (4 * walk.slope + 2) // 5 + _PULL * jnp.sign(HEIGHT_UNITS - walk.y)
    slope = jnp.where(wild, slope + jnp.where(point > START_PAD, push, 0), walk.slope)
    y = jnp.where(wild, walk.y + (task.roughness.astype(jnp.int32) * slope + 50) // 100, walk.y)

    drawn = _draw(task, walk.kind, chance)
    keep = lambda new, old: jnp.where(begins, new, old)
    size, wide, steps = (keep(new, old) for new, old in zip(drawn, (walk.size, walk.wide, walk.steps)))
    base, begin = keep(y, walk.base), keep(grid, walk.begin)
    since = jnp.where(begins, 0, walk.since + 1)
    many = jnp.abs(steps) * wide
    lengths = [walk.count, wide, many + 1, wide + 2]
    count = keep(jax.lax.select_n(walk.kind, *lengths), walk.count) - 1

    low = base - _DEPTH
    stair = lambda number: base + jnp.sign(steps) * number * size
    down = jnp.where(steps < 0, size, 0)
    in_pit = (since >= 1) & (since <= wide)
    climbed = jnp.where(since == 0, base, stair((since - 1) // wide) - down)
    y = jax.lax.select_n(walk.kind, y, y, climbed, jnp.where(in_pit, low, base))
    floor = (since >= 1) & (since < wide)
    stands = jnp.where(since < many, stair(since // wide), y)
    level = jax.lax.select_n(walk.kind, y, base + size, stands, jnp.where(floor, low, base))
    # The far wall of a pit stands where its width says, up to a step before the grid.
    wall = begin + STEP_UNITS + size
    edge = jnp.where((walk.kind == PIT) & (since == wide), wall, grid)
    x = jnp.where((walk.kind == PIT) & (since == wide + 1), wall + STEP_UNITS, grid)

    record = (x, y, edge, level, walk.kind != GRASS, jnp.where(begins, walk.kind, 0), size, wide, steps)
    over = count == 0
    anew = 5 + _below(chance(1), 5)
    following = jnp.where(walk.kind == GRASS, _next_kind(task, chance(2)), GRASS)
    after = _Walk(
        kind=jnp.where(over, following, walk.kind),
        count=jnp.where(over, anew, count),
        first=over,
        since=since,
        y=y,
        slope=slope,
        base=base,
        begin=begin,
        size=size,
        wide=wide,
        steps=steps,
    )
    return after, record


def _draw(task: WalkerTask, kind: Array, chance: Callable[[int], Array]) -> tuple[Array, Array, Array]:
    """Size, width and number of steps of an obstacle of this kind."""
    high = jax.lax.select_n(kind, task.pit_gap, task.stump_height, task.stair_height, task.pit_gap).astype(jnp.int32)
    few = jax.lax.select_n(kind, task.stair_width, task.stump_width, task.stair_width, task.stair_width)
    wide = _among(few.astype(jnp.int32), chance(3))
    least, most = _units(high[0]), _units(high[1])
    free = least + _below(chance(4), most - least + 1, bits=12)
    round_up, round_down = (high[0] + 99) // 100, high[1] // 100
    number = round_up + _below(chance(4), jnp.maximum(round_down - round_up + 1, 1))
    number = jnp.where(kind == STUMP, wide, number)
    size = jnp.where(task.whole, _units(number * 100), free)
    steps = _among(task.stair_steps.astype(jnp.int32), chance(5))
    steps = jnp.where(kind == STAIR, jnp.where(_below(chance(6), 2) == 1, steps, -steps), 1)
    pit = 1 + (size + STEP_UNITS - 1) // STEP_UNITS  # up to the first point behind the far wall
    return size, jnp.where(kind == PIT, pit, wide), steps


def _next_kind(task: WalkerTask, chance: UInt32[Array, ""]) -> Int32[Array, ""]:
    """One of the kinds of obstacle that there are, each as likely as the others; ground if there are none."""
    there = [present(pair).astype(jnp.int32) for pair in (task.stump_height, task.stair_height, task.pit_gap)]
    many = there[0] + there[1] + there[2]
    rank = _below(chance, jnp.maximum(many, 1))
    stump, stair = (there[0] == 1) & (rank == 0), (there[1] == 1) & (rank == there[0])
    kind = jnp.where(stump, STUMP, jnp.where(stair, STAIR, PIT))
    return jnp.where(many > 0, kind, GRASS).astype(jnp.int32)


def _units(hundredths: Int32[Array, ""]) -> Int32[Array, ""]:
    """Hundredths of a step in units of length."""
    return (hundredths * (14 * METRE) + 1500) // 3000


def _among(pair: Int32[Array, "2"], chance: UInt32[Array, ""]) -> Int32[Array, ""]:
    """A whole number from the first up to below the second."""
    return pair[0] + _below(chance, jnp.maximum(pair[1] - pair[0], 1))


def _below(chance: UInt32[Array, ""], count: Int32[Array, ""] | int, bits: int = 16) -> Int32[Array, ""]:
    """A whole number from 0 to below `count`; `count` may be up to 2^(32 - bits)."""
    share = chance >> jnp.uint32(32 - bits)
    return ((share * jnp.asarray(count, jnp.int32).astype(jnp.uint32)) >> jnp.uint32(bits)).astype(jnp.int32)


def _chance(seed: Int32[Array, ""], use: Int32[Array, ""]) -> UInt32[Array, ""]:
    """32 random bits that belong to a seed and to a use.

    **Reference:** C. Wellons 2018, *Prospecting for Hash Functions* (the mixer and its two multipliers).
    """
    x = _mixed(seed.astype(jnp.uint32) + jnp.uint32(0x9E3779B9))
    return _mixed(x ^ (use.astype(jnp.uint32) * jnp.uint32(0x85EBCA6B)))


def _mixed(x: UInt32[Array, ""]) -> UInt32[Array, ""]:
    x = (x ^ (x >> jnp.uint32(16))) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> jnp.uint32(15))) * jnp.uint32(0x846CA68B)
    return x ^ (x >> jnp.uint32(16))


class Outline(eqx.Module):
    """What stays the same while a terrain is played: its outline, with nothing to stand on beyond its ends [m].

    **Arguments:**

    - `edge`: where each piece starts, `PAD_LEFT` pieces before the terrain included.
    - `left`, `right`: its height at both ends.
    """

    edge: Float[Array, "*tasks pieces"]
    left: Float[Array, "*tasks pieces"]
    right: Float[Array, "*tasks pieces"]


def outline(terrain: Terrain) -> Outline:
    """The outline of a terrain, padded, in metres; every number is exact."""
    before = -jnp.arange(PAD_LEFT, 0, -1, dtype=jnp.int32) * STEP_UNITS
    behind = int(_GRID[-1]) + jnp.arange(1, PAD_RIGHT + 1, dtype=jnp.int32) * STEP_UNITS
    nothing = lambda count: jnp.full((count,), _NOTHING, jnp.int32)
    # The polyline has no piece behind its last point.
    heights = lambda x: jnp.concatenate([nothing(PAD_LEFT), x[:-1], nothing(PAD_RIGHT + 1)])
    metres = lambda x: x.astype(jnp.float32) * jnp.float32(1 / METRE)
    edge = jnp.concatenate([before, terrain.edge, behind])
    return Outline(metres(edge), metres(heights(terrain.left)), metres(heights(terrain.right)))


def host_terrain(task: WalkerTask | Heights) -> Terrain:
    """The terrain of one task as NumPy arrays; the same whole numbers as on any device."""
    return jax.device_get(_lay_compiled(jax.tree.map(jnp.asarray, task)))


_lay_compiled = jax.jit(lay)


def polyline(terrain: Terrain) -> Float[np.ndarray, "points 2"]:
    """The points of the published generator [m], on the host."""
    return np.stack([np.asarray(terrain.x), np.asarray(terrain.y)], axis=1) / METRE


def boxes(terrain: Terrain) -> Float[np.ndarray, "boxes 4 2"]:
    """The corners of the boxes of a terrain [m], on the host: a stump is one, stairs one each, a pit its two walls."""
    found: list[tuple[int, int, int, int]] = []  # left, bottom, right, top
    y = np.asarray(terrain.y).astype(int)
    for point in np.flatnonzero(np.asarray(terrain.began)):
        kind, x, base = int(terrain.began[point]), int(_GRID[point]), int(y[point])
        size, wide, steps = (int(field[point]) for field in (terrain.size, terrain.wide, terrain.steps))
        if kind == STUMP:
            found.append((x, base, x + wide * STEP_UNITS, base + size))
        elif kind == PIT:
            for wall in (x, x + STEP_UNITS + size):
                found.append((wall, base - _DEPTH, wall + STEP_UNITS, base))
        else:
            up = 1 if steps > 0 else -1
            for number in range(abs(steps)):
                begin, top = x + number * wide * STEP_UNITS, base + number * size * up
                found.append((begin, top - size, begin + wide * STEP_UNITS, top))
    solid = [box for box in found if box[3] > box[1]]
    corners = [[(x0, y1), (x1, y1), (x1, y0), (x0, y0)] for x0, y0, x1, y1 in solid]
    return np.array(corners, float).reshape(-1, 4, 2) / METRE
