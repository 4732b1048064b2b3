"""What a leg feels of the ground: blows within a step, and whether it touches.

Box2D stops a part that meets the ground in the middle of a step as if it hung on no joint; what that does to the rest
of the body comes with the next step. And Gymnasium's walker counts events: it believes that it touches the ground from
the moment when any contact begins until any contact ends, so that a foot which has left one piece of the ground and
still stands on the next feels nothing. Policies live on these signals, so they are the same here.
"""

import jax.numpy as jnp
from jaxtyping import Array

from .._body import (
    FRICTION,
    LOWER_INERTIA,
    LOWER_MASS,
    SKIN,
    SLOP,
    TIME_STEP,
    UPPER_INERTIA,
    UPPER_MASS,
)
from .._terrain import METRE, PAD_LEFT, STEP_UNITS
from ._dynamics import Body
from ._solver import Contacts


def blow(body: Body, leg: int, at: Contacts, speed: Array, legs: Array) -> tuple[Array, Array, Array]:
    """The speeds of the parts of a leg after they have met the ground within the step.

    **Arguments:**

    - `body`: at the start of the step.
    - `leg`: 0 or 1.
    - `at`: its contacts, at the start of the step.
    - `speed`: how fast thigh and shank turn after the step, `(2, lanes)`.
    - `legs`: the speeds of their middles, `(x and y, parts, lanes)`.

    **Returns:** `speed` and `legs` anew, and which contacts met the ground.
    """
    met = []
    turn, move_x, move_y = list(speed), list(legs[0]), list(legs[1])
    for place in range(at.gap.shape[0]):
        shank = at.shank[place]
        own = lambda pair: jnp.where(shank, pair[1], pair[0])  # noqa: B023
        arm_x = at.x[place] - jnp.where(shank, body.lower_middle[0, leg], body.upper_middle[0, leg])
        arm_y = at.y[place] - jnp.where(shank, body.lower_middle[1, leg], body.upper_middle[1, leg])
        away_x, away_y, gap = at.away_x[place], at.away_y[place], at.gap[place]
        light = own((1 / UPPER_MASS, 1 / LOWER_MASS))
        loose = own((1 / UPPER_INERTIA, 1 / LOWER_INERTIA))
        turns, x, y = own(turn), own(move_x), own(move_y)
        point_x, point_y = x - turns * arm_y, y + turns * arm_x
        nearing = point_x * away_x + point_y * away_y
        along = point_x * away_y - point_y * away_x
        within = at.other[place] + TIME_STEP * at.turn[place] * along < SLOP
        meets = (gap >= SKIN) & (gap + TIME_STEP * nearing < SLOP) & within
        lever, side = arm_x * away_y - arm_y * away_x, -arm_x * away_x - arm_y * away_y
        push = jnp.where(meets, -nearing / (light + loose * lever * lever), 0.0)
        sliding = along + loose * lever * side * push
        rub = -sliding / (light + loose * side * side)
        rub = jnp.clip(rub, -FRICTION * push, FRICTION * push)
        change_x, change_y = light * (push * away_x + rub * away_y), light * (push * away_y - rub * away_x)
        change = loose * (lever * push + side * rub)
        for part, mine in ((0, ~shank), (1, shank)):
            turn[part] = turn[part] + jnp.where(mine, change, 0.0)
            move_x[part] = move_x[part] + jnp.where(mine, change_x, 0.0)
            move_y[part] = move_y[part] + jnp.where(mine, change_y, 0.0)
        met.append(meets)
    return jnp.stack(turn), jnp.stack([jnp.stack(move_x), jnp.stack(move_y)]), jnp.stack(met)


def pieces_at(x: Array, close: Array) -> Array:
    """The pieces of the ground at places `(places, lanes)`, as the bits of a number that counts pieces modulo 32.

    **Arguments:**

    - `x`: the places [m].
    - `close`: which of them are close to the ground; the others have none.
    """
    steps = x * jnp.float32(METRE / STEP_UNITS)
    cell = jnp.floor(steps)
    share, rim = steps - cell, jnp.float32(SKIN * METRE / STEP_UNITS)
    piece = cell.astype(jnp.int32) + PAD_LEFT
    found = jnp.zeros(x.shape[1:], jnp.uint32)
    for place in range(x.shape[0]):
        for step, there in ((0, close), (-1, close & (share < rim)), (1, close & (share > 1 - rim))):
            bit = jnp.uint32(1) << ((piece[place] + step) & 31).astype(jnp.uint32)
            found = found | jnp.where(there[place], bit, jnp.uint32(0))
    return found


def touches(before: Array, pieces: Array, now: Array, met: Array) -> Array:
    """Whether a leg believes that it touches the ground.

    **Arguments:**

    - `before`: whether it believed so.
    - `pieces`: what it touched at the last step, as `pieces_at` writes it.
    - `now`: what it touches.
    - `met`: what it met since.
    """
    begun, ended = (now & ~pieces) != 0, (pieces & ~now) != 0
    return ((before | begun) & ~ended) | ((met & ~now) != 0)
