"""One step of the body on its terrain, for all lanes at once.

The methods of an environment are written for one lane and mapped over many. Mapping puts the lanes first; the
arithmetic here wants them last, where they are contiguous. `advance` and `sense` therefore say themselves how they are
mapped: they turn what they are given and call the functions for many lanes.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Float, UInt32

from .._body import (
    FASTEST,
    FASTEST_TURN,
    HALF,
    LOWER_WIDTH,
    MOTOR_SPEEDS,
    REST,
    SKIN,
    TIME_STEP,
    UPPER_WIDTH,
)
from .._terrain import Outline
from ._dynamics import Body, body_of, free_speeds, leg_speeds, mass_of, origin_of
from ._impact import blow, pieces_at, touches
from ._kernel import apart, one_kernel
from ._outline import hull_touches, lidar, near, poke
from ._solver import (
    Contacts,
    Impulses,
    contact_rows,
    joint_angles,
    joint_rows,
    joint_speeds,
    joints_of,
    settle,
    solve,
)


class Motion(eqx.Module):
    """How the body lies and moves.

    **Arguments:**

    - `pose`: seven coordinates: x and y of the middle of the hull [m]; absolute angles of hull, thigh, shank, thigh,
      shank [rad].
    - `speed`: how fast they change.
    - `legs`: the speeds of the middles of thighs and shanks, `(x and y, parts, legs)` [m/s].
    - `touch`: whether the shank of each leg touches the ground, as Gymnasium's walker believes.
    - `pieces`: the pieces of the ground that it does touch, as `pieces_at` writes them.
    - `held`: the impulses of the last step by leg, from which the solver starts: of motors and limits, then of the
      eight places where a leg may touch, away from the ground and along it.
    """

    # The lanes come first between steps, and last within one.
    pose: Float[Array, "..."]
    speed: Float[Array, "..."]
    legs: Float[Array, "..."]
    touch: Bool[Array, "..."]
    pieces: UInt32[Array, "..."]
    held: Float[Array, "..."]


def motion_of(
    pose: Float[Array, "*lanes 7"],
    speed: Float[Array, "*lanes 7"],
    legs: Float[Array, "*lanes 2 2 2"],
    touch: Bool[Array, "*lanes 2"],
) -> Motion:
    """A motion of which nothing else is known.

    **Arguments:** as of `Motion`: `pose`, `speed`, `legs` and `touch`.
    """
    lanes = pose.shape[:-1]
    return Motion(pose, speed, legs, touch, jnp.zeros((*lanes, 2), jnp.uint32), jnp.zeros((*lanes, 4 + 2 * _PLACES, 2)))


class Physics(NamedTuple):
    """How exactly contacts are solved.

    **Arguments:**

    - `iterations`: of the solver.
    - `contacts`: how many contacts of each leg count: those where it is closest to the ground.
    """

    iterations: int = 20
    contacts: int = 3


_PLACES = 8
"""Where a leg may touch: four corners of its shank, two of its thigh, and one corner of the ground in each."""
_FEET = (2, 3, 7)
"""Those of them by which a shank stands on a piece of the ground."""
_SETTLING = 4
"""Iterations that move the body out of the ground."""
_WIDTH = 64
"""Lanes are a multiple of this, so that the compiler treats all of them alike."""
_BLOCK = 256
"""So many lanes, and all that is worked out of them, have room in the cache of a processor."""


def _candidates(ground: Outline, body: Body, leg: int) -> Contacts:
    """Where a leg may touch: both lower corners of the thigh, all of the shank, a corner of the ground in each."""
    ends = []
    for part, middle, width, sides in (
        (body.upper, body.upper_middle, UPPER_WIDTH, (1,)),
        (body.lower, body.lower_middle, LOWER_WIDTH, (1, -1)),
    ):
        cos, sin = part[0, leg], part[1, leg]
        for side in sides:  # 1 for the lower end, -1 for the upper
            end_x, end_y = middle[0, leg] + side * HALF * sin, middle[1, leg] - side * HALF * cos
            ends += [(end_x + out * cos, end_y + out * sin) for out in (-width / 2, width / 2)]
    x, y = (jnp.stack(side) for side in zip(*ends))
    corner = near(ground, x, y)
    both = lambda one, other: jnp.stack([one[leg], other[leg]])
    middle_x, middle_y = (both(body.upper_middle[n], body.lower_middle[n]) for n in (0, 1))
    cos, sin = (both(body.upper[n], body.lower[n]) for n in (0, 1))
    widths = jnp.array([[UPPER_WIDTH / 2], [LOWER_WIDTH / 2]], jnp.float32)
    stone = poke(ground, middle_x, middle_y, cos, sin, widths, HALF)
    join = lambda a, b: jnp.concatenate([a, b])
    shank = jnp.array([False, False, True, True, True, True, False, True])[:, None]
    return Contacts(
        join(x, stone.x),
        join(y, stone.y),
        join(corner.x, stone.away_x),
        join(corner.y, stone.away_y),
        join(corner.gap, stone.gap),
        jnp.broadcast_to(shank, (_PLACES, x.shape[-1])),
        join(jnp.full_like(x, -1.0), stone.other),
        join(jnp.zeros_like(x), stone.turn),
    )


def _closest(found: Contacts, count: int) -> tuple[Contacts, Array]:
    """Those `count` contacts that are closest to the ground, and which they are."""
    gaps = [found.gap[n] for n in range(_PLACES)]
    picked = []
    for _ in range(count):
        best, index = gaps[0], jnp.zeros_like(gaps[0], jnp.int32)
        for number, gap in enumerate(gaps[1:], 1):
            closer = gap < best
            best, index = jnp.where(closer, gap, best), jnp.where(closer, number, index)
        picked.append(index)
        gaps = [jnp.where(index == number, jnp.inf, gap) for number, gap in enumerate(gaps)]
    index = jnp.stack(picked)
    return Contacts(*(_pick(field, index) for field in found)), index


def _pick(field: Array, index: Array) -> Array:
    """`field[index]`, lane by lane; selections are quicker than so small a table."""
    found = jnp.broadcast_to(field[0], index.shape)
    for number in range(1, _PLACES):
        found = jnp.where(index == number, field[number], found)
    return found


def _held(held: Array, index: Array) -> Impulses:
    """The impulses of one leg `(20, lanes)` for the contacts that were picked."""
    push, rub = held[4 : 4 + _PLACES], held[4 + _PLACES :]
    return Impulses(held[:2], held[2:4], _pick(push, index), _pick(rub, index))


def _hold(found: Impulses, index: Array) -> Array:
    """The inverse of `_held`; contacts that were not picked hold nothing."""
    number = jnp.arange(_PLACES, dtype=jnp.int32)[:, None]
    spread = lambda x: sum(jnp.where(index[n][None] == number, x[n][None], 0.0) for n in range(index.shape[0]))
    return jnp.concatenate([found.motor, found.limit, spread(found.push), spread(found.rub)])


def _advance_lanes(ground: Outline, motion: Motion, action: Array, physics: Physics) -> tuple[Motion, Array]:
    """The motion of all lanes a time step later, and whether the hull touches the ground; lanes are the last axis."""
    motion, action = apart((motion, action))
    body = apart(body_of(motion.pose))
    mass = apart(mass_of(body))
    speed = free_speeds(body, mass, motion.speed, motion.legs)
    found = apart([_candidates(ground, body, leg) for leg in (0, 1)])
    picked = [_closest(each, physics.contacts) for each in found]
    close, index = apart(((picked[0][0], picked[1][0]), (picked[0][1], picked[1][1])))
    before = (_held(motion.held[:, 0], index[0]), _held(motion.held[:, 1], index[1]))
    joints = (joints_of(motion.pose, action, 0), joints_of(motion.pose, action, 1))
    joint = (joint_rows(mass, 0), joint_rows(mass, 1))
    contact = (contact_rows(body, mass, 0, close[0]), contact_rows(body, mass, 1, close[1]))
    speed, joints, joint, contact, before = apart((speed, joints, joint, contact, before))
    speed, impulses = solve(speed, joints, joint, close, contact, before, iterations=physics.iterations)
    speed = jnp.concatenate([jnp.clip(speed[:2], -FASTEST, FASTEST), jnp.clip(speed[2:], -FASTEST_TURN, FASTEST_TURN)])
    speed, impulses = apart((speed, impulses))
    aside = settle(speed, joints, joint, close, contact, iterations=_SETTLING)
    pose = apart(motion.pose + speed * TIME_STEP + aside)
    x, y = origin_of(pose)
    crash = hull_touches(ground, x, y, jnp.cos(pose[2]), jnp.sin(pose[2]), REST)
    speed, legs, touch, pieces = _struck(body, motion, found, close, index, speed)
    held = jnp.stack([_hold(impulses[leg], index[leg]) for leg in (0, 1)], axis=1)
    return apart((Motion(pose, speed, legs, touch, pieces, held), crash))


def _struck(
    body: Body,
    motion: Motion,
    found: list[Contacts],
    close: tuple[Contacts, Contacts],
    index: tuple[Array, Array],
    speed: Array,
) -> tuple[Array, Array, Array, Array]:
    """The speeds after blows within the step, and what the legs feel: all speeds, those of the legs' middles, touch,
    pieces."""
    legs = leg_speeds(body, speed)
    turns, moves, touch, pieces = [], [], [], []
    for leg in (0, 1):
        turn, move, met = blow(body, leg, close[leg], speed[3 + 2 * leg : 5 + 2 * leg], legs[:, :, leg])
        feet = jnp.stack([found[leg].x[place] for place in _FEET])
        now = pieces_at(feet, jnp.stack([found[leg].gap[place] for place in _FEET]) < SKIN)
        hit = [jnp.any(met & (index[leg] == place), axis=0) for place in _FEET]
        then = pieces_at(feet, jnp.stack(hit))
        turns.append(turn)
        moves.append(move)
        touch.append(touches(motion.touch[leg], motion.pieces[leg], now, then))
        pieces.append(now | then)
    return jnp.concatenate([speed[:3], *turns]), jnp.stack(moves, axis=2), jnp.stack(touch), jnp.stack(pieces)


def _sense_lanes(ground: Outline, motion: Motion) -> Array:
    """The observation of all lanes, `(24, lanes)`."""
    pose, speed = apart((motion.pose, motion.speed))
    hips, knees = joint_angles(pose)
    turn_hips, turn_knees = joint_speeds(speed)
    touch = motion.touch.astype(jnp.float32)
    rows = [
        pose[2],
        speed[2] * (2 * TIME_STEP),
        speed[0] * (0.3 * 20 * TIME_STEP),
        speed[1] * (0.3 * 40 / 3 * TIME_STEP),
    ]
    for leg in (0, 1):
        rows += [hips[leg], turn_hips[leg] / MOTOR_SPEEDS[0], knees[leg] + 1.0, turn_knees[leg] / MOTOR_SPEEDS[1]]
        rows.append(touch[leg])
    return apart(jnp.concatenate([jnp.stack(rows), lidar(ground, *apart(origin_of(pose)))]))


def _lanes_last(tree: Any, mapped: Any, lanes: int) -> Any:
    """Arrays with the lanes as their last axis; what is the same in all lanes is repeated."""
    turn = lambda x, lies: jnp.moveaxis(x, 0, -1) if lies else jnp.broadcast_to(x[..., None], (*x.shape, lanes))
    return jax.tree.map(turn, tree, mapped)


def _ground(ground: Outline, mapped: Any) -> Outline:
    """An outline for each lane, or one for all: a table that is only looked up need not be turned."""
    flags = jax.tree.leaves(mapped)
    if all(flags) or not any(flags):
        return ground
    lanes = next(x.shape[0] for x, lies in zip(jax.tree.leaves(ground), flags) if lies)
    spread = lambda x, lies: x if lies else jnp.broadcast_to(x, (lanes, *x.shape))
    return jax.tree.map(spread, ground, mapped)


def _filled(tree: Any) -> Any:
    """Copies of the last lane beside it, up to the next multiple of `_WIDTH`."""
    fill = lambda x: jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, -x.shape[-1] % _WIDTH)], mode="edge")
    return jax.tree.map(fill, tree)


def _block_by_block(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function of many lanes; a processor works out `_BLOCK` of them at a time.

    **Arguments:**

    - `function`: of an outline and of trees whose arrays have the lanes last.
    """

    def blocks(ground: Outline, *trees: Any) -> Any:
        lanes = jax.tree.leaves(trees)[0].shape[-1]
        count = -(-lanes // _BLOCK)
        size = -(-lanes // (count * _WIDTH)) * _WIDTH
        fill = lambda x: jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, count * size - lanes)], mode="edge")
        cut = lambda x: jnp.moveaxis(fill(x).reshape(*x.shape[:-1], count, size), -2, 0)
        rows = lambda x: jnp.pad(x, [(0, count * size - len(x)), (0, 0)], mode="edge").reshape(count, size, -1)
        whole = lambda x: jnp.moveaxis(x, 0, -2).reshape(*x.shape[1:-1], count * size)[..., :lanes]
        each = jax.tree.map(cut, trees)
        if jax.tree.leaves(ground)[0].ndim == 1:  # one for all
            found = jax.lax.map(lambda block: function(ground, *block), each)
        else:
            found = jax.lax.map(lambda block: function(*block), (jax.tree.map(rows, ground), *each))
        return jax.tree.map(whole, found)

    def chosen(ground: Outline, *trees: Any) -> Any:
        if jax.tree.leaves(trees)[0].shape[-1] <= _BLOCK:
            return function(ground, *trees)
        return jax.lax.platform_dependent(ground, *trees, cpu=blocks, default=function)

    return chosen


def _lanes_first(tree: Any) -> Any:
    return jax.tree.map(lambda x: jnp.moveaxis(x, -1, 0), tree)


def _mapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one lane from a function of many; mapped over lanes it is the latter again.

    **Arguments:**

    - `function`: of an outline and of trees whose arrays have the lanes last.
    """

    @custom_vmap
    def one(ground: Outline, *trees: Any) -> Any:
        found = function(ground, *_filled(jax.tree.map(lambda x: x[..., None], trees)))
        return jax.tree.map(lambda x: x[..., 0], found)

    @one.def_vmap
    def many(lanes: int, mapped: Any, ground: Outline, *trees: Any) -> Any:
        turned = [_filled(_lanes_last(tree, lies, lanes)) for tree, lies in zip(trees, mapped[1:])]
        found = function(_ground(ground, mapped[0]), *turned)
        found = _lanes_first(jax.tree.map(lambda x: x[..., :lanes], found))
        return found, jax.tree.map(lambda _: True, found)

    return one


@lru_cache(maxsize=64)
def _advance(physics: Physics) -> Callable[..., Any]:
    kernel = one_kernel(lambda ground, motion, action: _advance_lanes(ground, motion, action, physics))
    return _mapped(_block_by_block(kernel))


_sense = _mapped(_block_by_block(_sense_lanes))


def advance(ground: Outline, motion: Motion, action: Float[Array, "4"], physics: Physics) -> tuple[Motion, Array]:
    """What an action leads to.

    **Arguments:**

    - `ground`: the outline.
    - `motion`: before.
    - `action`: hip, knee, hip, knee, in [-1, 1].
    - `physics`: how exactly.

    **Returns:** the motion 1/50 s later, and whether the hull touches the ground.
    """
    return _advance(physics)(ground, motion, action)


def sense(ground: Outline, motion: Motion) -> Float[Array, "24"]:
    """What the body feels and sees."""
    return _sense(ground, motion)
