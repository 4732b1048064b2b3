"""Contacts, joint limits and motors: projected Gauss–Seidel over the seven speeds.

Each row is one inequality: the ground may push but not pull, friction is bounded by the push, a motor by its torque. A
row knows its direction among the seven speeds and what an impulse along it does to them; the iteration goes through
the rows again and again, joints first, then friction, then the ground, as Box2D does. It starts from the impulses of
the last step. Speeds never make good what places have come to be wrong: `settle` moves the body itself, afterwards.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from .._body import (
    ANGLE_SLOP,
    FRICTION,
    HIP_ZERO,
    JOINT_HIGH,
    JOINT_LOW,
    MOTOR_SPEEDS,
    MOTOR_TORQUE,
    SKIN,
    SLOP,
    TIME_STEP,
)
from ._dynamics import Body, Mass, moved
from ._kernel import apart

_PLACES = ((0, 1, 2, 3, 4), (0, 1, 2, 5, 6))
"""Which of the seven speeds a row of each leg feels."""

_RECOVERY = 0.2
"""The share of a small overlap that is taken back in one step."""
_DEEPEST = 3 * SLOP
"""By how much skins may overlap beyond which everything is taken back at once [m]."""
_NEVER = -1e9
"""A row that is to act never wants at least this speed."""


class Rows(NamedTuple):
    """Rows that share a leg.

    **Arguments:**

    - `feel`: the direction among the five speeds that the leg feels, five arrays `(rows, lanes)`.
    - `move`: what a unit impulse does to the seven speeds, `(7, rows, lanes)`.
    - `weight`: the effective mass, `(rows, lanes)` [kg or kg m²].
    """

    feel: tuple[Array, ...]
    move: Array
    weight: Array


def rows_of(mass: Mass, leg: int, feel: tuple[Array, ...]) -> Rows:
    """Rows of one leg from their directions."""
    move = moved(mass, leg, jnp.stack(feel[:3]), feel[3], feel[4])
    stiff = sum(f * move[place] for f, place in zip(feel, _PLACES[leg]))
    return Rows(feel, jnp.stack(move), 1.0 / jnp.maximum(stiff, 1e-9))


class Contacts(NamedTuple):
    """Places where a leg may touch the ground, `(contacts, lanes)` each.

    **Arguments:**

    - `x`, `y`: the place [m].
    - `away_x`, `away_y`: the direction away from the ground.
    - `gap`: how far the leg is from it, negative inside [m].
    - `shank`: whether it belongs to the shank, or else to the thigh.
    - `other`, `turn`: as in `Poke`; a corner of the leg itself is always within.
    """

    x: Array
    y: Array
    away_x: Array
    away_y: Array
    gap: Array
    shank: Array
    other: Array
    turn: Array


def contact_rows(body: Body, mass: Mass, leg: int, at: Contacts) -> Rows:
    """The rows of contacts: all normals, then all tangents."""
    both = lambda a, b: jnp.concatenate([a, b])
    to_x, to_y = both(at.away_x, at.away_y), both(at.away_y, -at.away_x)
    x, y, shank = (both(z, z) for z in (at.x, at.y, at.shank))
    turn = lambda centre: to_y * (x - centre[0]) - to_x * (y - centre[1])
    thigh, lower = turn(body.hip[:, None]), jnp.where(shank, turn(body.knee[:, leg][:, None]), 0.0)
    upper = thigh - lower  # a shank follows its thigh without turning
    hull = to_x * body.swing[0, None] + to_y * body.swing[1, None]
    return rows_of(mass, leg, (to_x, to_y, hull, upper, lower))


def joint_rows(mass: Mass, leg: int) -> Rows:
    """The rows of hip and knee: the speed of a joint is that of its lower part less that of its upper."""
    ones = jnp.ones_like(mass.hull[0])
    zero = jnp.zeros_like(ones)
    feel = tuple(jnp.stack(pair) for pair in ((zero, zero), (zero, zero), (-ones, zero), (ones, -ones), (zero, ones)))
    return rows_of(mass, leg, feel)


def joint_speeds(speed: Array) -> tuple[Array, Array]:
    """How fast hips and knees turn, `(2, lanes)` each: first leg, second leg."""
    return speed[3::2] - speed[2:3], speed[4::2] - speed[3::2]


def joint_angles(pose: Array) -> tuple[Array, Array]:
    """Hips and knees, as `joint_speeds`."""
    hips, knees = joint_speeds(pose)
    return hips - jnp.array(HIP_ZERO, jnp.float32)[:, None], knees


class Joints(NamedTuple):
    """What hip and knee of one leg want, `(2, lanes)` each.

    **Arguments:**

    - `target`: the speed of the motor [rad/s].
    - `strength`: the largest impulse of the motor in a step [N m s].
    - `side`: 1 where the lower limit is nearer, -1 where the upper is.
    - `room`: how far it is from that limit, negative beyond [rad].
    """

    target: Array
    strength: Array
    side: Array
    room: Array


def joints_of(pose: Array, action: Array, leg: int) -> Joints:
    """Hip and knee of a leg under an action `(4, lanes)`."""
    angle = jnp.stack([each[leg] for each in joint_angles(pose)])
    push = jnp.clip(action[2 * leg : 2 * leg + 2], -1.0, 1.0)
    column = lambda pair: jnp.array(pair, jnp.float32)[:, None]
    low, high = column(JOINT_LOW), column(JOINT_HIGH)
    side = jnp.where(angle < (low + high) / 2, 1.0, -1.0)
    room = jnp.where(side > 0, angle - low, high - angle)
    return Joints(jnp.sign(push) * column(MOTOR_SPEEDS), jnp.abs(push) * (MOTOR_TORQUE * TIME_STEP), side, room)


class Impulses(NamedTuple):
    """The impulses of one leg, those of the ground in the order of its contacts [N m s] or [N s].

    **Arguments:**

    - `motor`, `limit`: of hip and knee, `(2, lanes)`.
    - `push`, `rub`: of the ground, away from it and along it, `(contacts, lanes)`.
    """

    motor: Array
    limit: Array
    push: Array
    rub: Array


def solve(
    speed: Array,
    joints: tuple[Joints, Joints],
    joint: tuple[Rows, Rows],
    contacts: tuple[Contacts, Contacts],
    contact: tuple[Rows, Rows],
    before: tuple[Impulses, Impulses],
    *,
    iterations: int,
) -> tuple[Array, tuple[Impulses, Impulses]]:
    """The speeds after all impulses, and the impulses.

    A contact acts where skins overlap at the start of the step, a limit where the joint is beyond it: neither looks
    ahead.

    **Arguments:**

    - `speed`: before, `(7, lanes)`.
    - `joints`, `joint`: what the joints of each leg want, and their rows.
    - `contacts`, `contact`: where each leg may touch, and the rows.
    - `before`: the impulses of the last step, from which the iteration starts.
    - `iterations`: how often each row is visited.
    """
    many = contacts[0].gap.shape[0]
    floor = [jnp.where(each.gap < SKIN, 0.0, _NEVER) for each in contacts]
    ends = [jnp.where(each.room <= 0, 0.0, _NEVER) for each in joints]
    shift = lambda speed, rows, row, impulse: speed + rows.move[:, row] * impulse[None]

    def sweep(_: Array, carry: tuple[Array, tuple[tuple[Array, ...], ...]]) -> Any:
        speed, (motor, limit, push, rub) = carry[0], map(list, carry[1])
        for leg, part in ((0, 0), (0, 1), (1, 0), (1, 1)):
            want, rows, slot = joints[leg], joint[leg], 2 * leg + part
            old, strength = motor[slot], want.strength[part]
            now = _felt(rows, leg, part, speed)
            motor[slot] = apart(jnp.clip(old + rows.weight[part] * (want.target[part] - now), -strength, strength))
            speed = apart(shift(speed, rows, part, motor[slot] - old))
            old, side = limit[slot], want.side[part]
            now = side * _felt(rows, leg, part, speed)
            limit[slot] = apart(jnp.maximum(old + rows.weight[part] * (ends[leg][part] - now), 0.0))
            speed = apart(shift(speed, rows, part, side * (limit[slot] - old)))
        for leg, place in [(leg, place) for leg in (0, 1) for place in range(many)]:
            rows, slot, row = contact[leg], leg * many + place, many + place
            old, bound = rub[slot], FRICTION * push[slot]
            rub[slot] = apart(jnp.clip(old - rows.weight[row] * _felt(rows, leg, row, speed), -bound, bound))
            speed = apart(shift(speed, rows, row, rub[slot] - old))
        for leg, place in [(leg, place) for leg in (0, 1) for place in range(many)]:
            rows, slot = contact[leg], leg * many + place
            old, now = push[slot], _felt(rows, leg, place, speed)
            push[slot] = apart(jnp.maximum(old + rows.weight[place] * (floor[leg][place] - now), 0.0))
            speed = apart(shift(speed, rows, place, push[slot] - old))
        return speed, (tuple(motor), tuple(limit), tuple(push), tuple(rub))

    motor, limit, push, rub = [], [], [], []
    for leg in (0, 1):
        acts, near = joints[leg].room <= 0, contacts[leg].gap < SKIN
        motor += list(before[leg].motor)
        limit += list(jnp.where(acts, before[leg].limit, 0.0))
        push += list(jnp.where(near, before[leg].push, 0.0))
        rub += list(jnp.where(near, before[leg].rub, 0.0))
        for part in (0, 1):
            slot = 2 * leg + part
            speed = shift(speed, joint[leg], part, motor[slot] + joints[leg].side[part] * limit[slot])
        for place in range(many):
            slot = leg * many + place
            speed = shift(speed, contact[leg], place, push[slot])
            speed = shift(speed, contact[leg], many + place, rub[slot])
    start = apart((speed, (tuple(motor), tuple(limit), tuple(push), tuple(rub))))
    speed, found = jax.lax.fori_loop(0, iterations, sweep, start)
    motor, limit, push, rub = (jnp.stack(x) for x in found)
    own = lambda leg, x, size: x[leg * size : (leg + 1) * size]
    impulses = [Impulses(own(n, motor, 2), own(n, limit, 2), own(n, push, many), own(n, rub, many)) for n in (0, 1)]
    return speed, (impulses[0], impulses[1])


def settle(
    speed: Array,
    joints: tuple[Joints, Joints],
    joint: tuple[Rows, Rows],
    contacts: tuple[Contacts, Contacts],
    contact: tuple[Rows, Rows],
    *,
    iterations: int,
) -> Array:
    """By how much the body is moved out of the ground and joints back to their limits, `(7, lanes)` [m, rad].

    Of an overlap of skins a fifth of what is above a slop goes, and all of what is above three: so Box2D's own
    iteration ends. Speeds stay as they are.

    **Arguments:** as those of `solve`; `speed` is the one with which the body has moved.
    """
    many = contacts[0].gap.shape[0]
    moved = jnp.zeros_like(speed)
    wants: list[tuple[Rows, int, int, Array | float, Array]] = []  # rows, leg, row, side, by how much
    for leg in (0, 1):
        for part in (0, 1):
            side, room = joints[leg].side[part], joints[leg].room[part]
            beyond = room + TIME_STEP * side * _felt(joint[leg], leg, part, speed) + ANGLE_SLOP
            wants.append((joint[leg], leg, part, side, jnp.where(room <= 0, jnp.maximum(-beyond, 0.0), _NEVER)))
        for place in range(many):
            gap = contacts[leg].gap[place]
            overlap = SKIN - (gap + TIME_STEP * _felt(contact[leg], leg, place, speed))
            rest = jnp.minimum(overlap, _DEEPEST)
            back = jnp.maximum(overlap - rest, 0.0) + _RECOVERY * jnp.maximum(rest - SLOP, 0.0)
            wants.append((contact[leg], leg, place, 1.0, jnp.where(gap < SKIN, back, _NEVER)))

    def sweep(_: Array, carry: tuple[Array, tuple[Array, ...]]) -> tuple[Array, tuple[Array, ...]]:
        moved, pushes = carry[0], list(carry[1])
        for slot, (rows, leg, row, side, want) in enumerate(wants):
            old = pushes[slot]
            pushes[slot] = jnp.maximum(old + rows.weight[row] * (want - side * _felt(rows, leg, row, moved)), 0.0)
            moved = moved + rows.move[:, row] * (side * (pushes[slot] - old))[None]
        return moved, tuple(pushes)

    wants = [(rows, leg, row, side, apart(want)) for rows, leg, row, side, want in wants]
    start = (moved, (jnp.zeros_like(speed[0]),) * len(wants))
    return jax.lax.fori_loop(0, iterations, sweep, start)[0]


def _felt(rows: Rows, leg: int, row: int, speed: Array) -> Array:
    """How fast the body moves along a row, `(lanes,)`."""
    first, *rest = (feel[row] * speed[place] for feel, place in zip(rows.feel, _PLACES[leg]))
    return sum(rest, first)
