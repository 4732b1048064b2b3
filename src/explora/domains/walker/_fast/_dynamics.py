"""The body in seven coordinates: where its parts are, how heavy it is to move, what a push does.

Coordinates are the middle of the hull and the absolute angles of hull, thigh, shank, thigh, shank; speeds likewise. As
hip and knee are built in, nothing can come apart. The legs meet only in the hull, so the mass matrix is a 3 × 3 block
with two 2 × 2 blocks beside it, and its inverse a handful of products.

All arrays have the lanes as their last axis; leg quantities have the two legs before it.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from .._body import (
    GRAVITY,
    HALF,
    HIP,
    HULL_INERTIA,
    HULL_MASS,
    HULL_MIDDLE,
    LOWER_INERTIA,
    LOWER_MASS,
    MASS,
    TIME_STEP,
    UPPER_INERTIA,
    UPPER_MASS,
)

_HIP_X, _HIP_Y = (float(a - b) for a, b in zip(HIP, HULL_MIDDLE))
_MIDDLE_X, _MIDDLE_Y = (float(a) for a in HULL_MIDDLE)
_LEGS_MASS = 2 * (UPPER_MASS + LOWER_MASS)
_UPPER = UPPER_MASS * HALF + LOWER_MASS * 2 * HALF  # first moment of a leg about its hip
_LOWER = LOWER_MASS * HALF
_D11 = UPPER_INERTIA + UPPER_MASS * HALF**2 + LOWER_MASS * 4 * HALF**2
_D22 = LOWER_INERTIA + LOWER_MASS * HALF**2
_D12 = 2 * LOWER_MASS * HALF**2


class Body(NamedTuple):
    """Where the parts are.

    **Arguments:**

    - `x`, `y`: the middle of the hull `(lanes,)` [m].
    - `cos`, `sin`: of its angle.
    - `swing`: by how much the hips move when the hull turns by one radian, `(2, lanes)` [m].
    - `hip`: the hips' place, `(2, lanes)`.
    - `upper`, `lower`: cosine and sine of thighs and shanks, `(2, legs, lanes)`.
    - `knee`: `(2, legs, lanes)`.
    - `lower_middle`, `upper_middle`: the middles of thighs and shanks, `(2, legs, lanes)`.
    """

    x: Array
    y: Array
    cos: Array
    sin: Array
    swing: Array
    hip: Array
    upper: Array
    lower: Array
    knee: Array
    upper_middle: Array
    lower_middle: Array


def body_of(pose: Array) -> Body:
    """The parts of a body with these coordinates `(7, lanes)`."""
    x, y, angle = pose[0], pose[1], pose[2]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    hang_x, hang_y = cos * _HIP_X - sin * _HIP_Y, sin * _HIP_X + cos * _HIP_Y
    hip = jnp.stack([x + hang_x, y + hang_y])
    upper = jnp.stack([jnp.cos(pose[3::2]), jnp.sin(pose[3::2])])
    lower = jnp.stack([jnp.cos(pose[4::2]), jnp.sin(pose[4::2])])
    down = lambda part: jnp.stack([part[1], -part[0]]) * HALF
    upper_middle = hip[:, None] + down(upper)
    knee = upper_middle + down(upper)
    return Body(
        x=x,
        y=y,
        cos=cos,
        sin=sin,
        swing=jnp.stack([-hang_y, hang_x]),
        hip=hip,
        upper=upper,
        lower=lower,
        knee=knee,
        upper_middle=upper_middle,
        lower_middle=knee + down(lower),
    )


def origin_of(pose: Array) -> tuple[Array, Array]:
    """The origin of the hull `(lanes,)`, from which rewards, lidar and the ends of the terrain are measured [m]."""
    cos, sin = jnp.cos(pose[2]), jnp.sin(pose[2])
    return pose[0] - (cos * _MIDDLE_X - sin * _MIDDLE_Y), pose[1] - (sin * _MIDDLE_X + cos * _MIDDLE_Y)


class Mass(NamedTuple):
    """The mass matrix, taken apart.

    **Arguments:**

    - `legs`: the upper right block times the inverse of a leg's own block, `(3, 2 parts, legs, lanes)`.
    - `own`: the inverse of a leg's own block: diagonal, diagonal, beside it, `(3, legs, lanes)`.
    - `hull`: the inverse of what is left for the hull: xx, xy, xa, yy, ya, aa, `(6, lanes)`.
    """

    legs: Array
    own: Array
    hull: Array


def _both(legs: Array) -> Array:
    """The sum of the two legs, as an addition: sums of long arrays XLA takes from a library (see `one_kernel`)."""
    return legs[0] + legs[1]


def mass_of(body: Body) -> Mass:
    """The mass matrix of a body, ready for `moved`."""
    swing = body.swing[:, None]
    beside = [
        jnp.stack([weight * part[0], weight * part[1], weight * (swing[0] * part[0] + swing[1] * part[1])])
        for weight, part in ((_UPPER, body.upper), (_LOWER, body.lower))
    ]  # (3, legs, lanes) each
    both = _D12 * (body.upper[0] * body.lower[0] + body.upper[1] * body.lower[1])
    scale = 1.0 / (_D11 * _D22 - both * both)
    own = jnp.stack([_D22 * scale, _D11 * scale, -both * scale])
    one, two, across = own[:, None]
    legs = jnp.stack([one * beside[0] + across * beside[1], across * beside[0] + two * beside[1]], axis=1)
    less = lambda i, j: sum(_both(beside[part][i] * legs[j, part]) for part in (0, 1))
    turn = HULL_INERTIA + _LEGS_MASS * (body.swing[0] ** 2 + body.swing[1] ** 2)
    xx, xy, yy = MASS - less(0, 0), -less(0, 1), MASS - less(1, 1)
    xa, ya = (_LEGS_MASS * body.swing[n] - less(n, 2) for n in (0, 1))
    aa = turn - less(2, 2)
    parts = (yy * aa - ya * ya, xa * ya - xy * aa, xy * ya - xa * yy, xx * aa - xa * xa, xy * xa - xx * ya)
    last = xx * yy - xy * xy
    inverse = 1.0 / (xx * parts[0] + xy * parts[1] + xa * parts[2])
    return Mass(legs, own, jnp.stack([*parts, last]) * inverse[None])


def moved(mass: Mass, leg: int, hull: Array, upper: Array, lower: Array) -> tuple[Array, ...]:
    """What impulses on the hull and on one leg do to all seven speeds.

    **Arguments:**

    - `mass`: of the body.
    - `leg`: 0 or 1.
    - `hull`: impulses along x, y and the hull's angle, `(3, rows, lanes)`.
    - `upper`, `lower`: on the angles of the leg's parts, `(rows, lanes)`.

    **Returns:** the speeds, `(rows, lanes)` each, in the order of the coordinates.
    """
    legs, own = mass.legs[:, :, :, None], mass.own[:, leg, None]  # one for all rows
    rest = [hull[n] - legs[n, 0, leg] * upper - legs[n, 1, leg] * lower for n in range(3)]
    change = _hull_moved(mass.hull[:, None], rest)
    share = lambda n, part, one: legs[n, part, one] * change[n]
    through = lambda part, one: share(0, part, one) + share(1, part, one) + share(2, part, one)
    mine = (
        own[0] * upper + own[2] * lower - through(0, leg),
        own[2] * upper + own[1] * lower - through(1, leg),
    )
    other = (-through(0, 1 - leg), -through(1, 1 - leg))
    return (*change, *mine, *other) if leg == 0 else (*change, *other, *mine)


def _hull_moved(inverse: Array, rest: list[Array]) -> tuple[Array, Array, Array]:
    xx, xy, xa, yy, ya, aa = inverse
    return (
        xx * rest[0] + xy * rest[1] + xa * rest[2],
        xy * rest[0] + yy * rest[1] + ya * rest[2],
        xa * rest[0] + ya * rest[1] + aa * rest[2],
    )


def free_speeds(body: Body, mass: Mass, speed: Array, legs: Array) -> Array:
    """The speeds `(7, lanes)` that the body has in its new pose if nothing but gravity acts for a time step.

    Each part keeps the speed that it had; the joints take from it what does not fit any more. This is what a solver of
    bodies and joints does, so centrifugal forces come out as there.

    **Arguments:**

    - `body`, `mass`: in the new pose.
    - `speed`: of the last step.
    - `legs`: the speeds of the middles of thighs and shanks in the last step, `(2, parts, legs, lanes)` [m/s].
    """
    fall = GRAVITY * TIME_STEP
    push_upper, push_lower = (
        jnp.stack([weight * legs[0, part], weight * (legs[1, part] + fall)])
        for part, weight in ((0, UPPER_MASS), (1, LOWER_MASS))
    )
    both = [_both(push_upper[n] + push_lower[n]) for n in (0, 1)]
    hull = [HULL_MASS * speed[0] + both[0], HULL_MASS * (speed[1] + fall) + both[1]]
    hull.append(HULL_INERTIA * speed[2] + body.swing[0] * both[0] + body.swing[1] * both[1])
    along = lambda part, push: part[0] * push[0] + part[1] * push[1]
    upper = UPPER_INERTIA * speed[3::2] + HALF * along(body.upper, push_upper + 2 * push_lower)
    lower = LOWER_INERTIA * speed[4::2] + HALF * along(body.lower, push_lower)
    rest = [hull[n] - _both(mass.legs[n, 0] * upper + mass.legs[n, 1] * lower) for n in range(3)]
    change = _hull_moved(mass.hull, rest)
    through = lambda part: sum(mass.legs[n, part] * change[n][None] for n in range(3))
    own_upper = mass.own[0] * upper + mass.own[2] * lower - through(0)
    own_lower = mass.own[2] * upper + mass.own[1] * lower - through(1)
    return jnp.stack([*change, own_upper[0], own_lower[0], own_upper[1], own_lower[1]])


def leg_speeds(body: Body, speed: Array) -> Array:
    """The speeds of the middles of thighs and shanks, `(2, parts, legs, lanes)` [m/s]."""
    hip = speed[:2] + body.swing * speed[2:3]
    upper = hip[:, None] + HALF * body.upper * speed[None, 3::2]
    lower = upper + HALF * body.upper * speed[None, 3::2] + HALF * body.lower * speed[None, 4::2]
    return jnp.stack([upper, lower], axis=1)
