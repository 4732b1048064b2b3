"""A pendulum that is to stand on its head."""

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Float32, Int32, PRNGKeyArray

from explora.core import Box, Environment, Field, Space, Step, Suite, TaskError, between

_GRAVITY, _TIME_STEP, _FASTEST, _STRONGEST = 10.0, 0.05, 8.0, 2.0
_SPEED = 1.0
"""How fast it turns at the start, at most [rad/s]."""


class PendulumTask(eqx.Module):
    """How a pendulum hangs at the start.

    **Arguments:**

    - `angle`: in [-π, π], 0 upright [rad].
    - `speed`: in [-1, 1] [rad/s].
    """

    angle: Float32[Array, "*tasks"]
    speed: Float32[Array, "*tasks"]


class PendulumState(eqx.Module):
    """What changes while it swings.

    **Arguments:**

    - `angle`, `speed`: of the pendulum [rad, rad/s].
    - `time`: how many steps were taken.
    """

    angle: Float[Array, "*lanes"]
    speed: Float[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class Hangings(Space[PendulumTask]):
    """All ways in which it may hang at the start."""

    def sample(self, *, key: PRNGKeyArray) -> PendulumTask:
        angle, speed = jr.uniform(key, (2,), jnp.float32, -1.0, 1.0)
        return PendulumTask(jnp.float32(math.pi) * angle, _SPEED * speed)

    def valid(self, task: PendulumTask) -> Bool[Array, ""]:
        return (jnp.abs(task.angle) <= math.pi) & (jnp.abs(task.speed) <= _SPEED)

    def encode(self, task: PendulumTask) -> dict[str, float]:
        return {"angle": float(task.angle), "speed": float(task.speed)}

    def decode(self, value: Any) -> PendulumTask:
        named = value if isinstance(value, dict) else {}
        found = []
        for name, most in (("angle", math.pi), ("speed", _SPEED)):
            x = named.get(name)
            if not isinstance(x, int | float) or isinstance(x, bool) or not abs(x) <= most:
                raise TaskError(f"`{name}` of a pendulum is a number in [-{most:.6g}, {most:.6g}]; got {x!r}")
            found.append(jnp.clip(jnp.float32(x), -jnp.float32(most), jnp.float32(most)))
        return PendulumTask(*found)

    @property
    def fields(self) -> tuple[Field, ...]:
        return (
            Field("angle", "real", -math.pi, math.pi, hint="at the start; 0 is upright [rad]"),
            Field("speed", "real", -_SPEED, _SPEED, hint="at the start [rad/s]"),
        )


class Pendulum(Environment[PendulumTask, PendulumTask, PendulumState]):
    """Swing a pendulum up with a motor that is too weak to lift it, and keep it there: Gymnasium's Pendulum-v1.

    - **Space**: `Hangings`.
    - **Observation**: cosine and sine of the angle, 0 upright, and the speed [rad/s] (`Box`).
    - **Action**: the torque, in [-2, 2] [N m] for 1/20 s (`Box`).
    - **Reward**: less the squared angle, a tenth of the squared speed and a thousandth of the squared torque; of the
      moment in which the action was chosen.
    - **End**: after `patience` steps (truncated): all episodes are equally long.
    - **Suites**: `hanging`, at rest straight down and a little to either side.

    **Arguments:**

    - `space`: how it may hang at the start.
    - `steps`: length of one play in training [steps].
    - `patience`: when an episode is cut off [steps].

    **Reference:** Gymnasium 1.4, `Pendulum-v1`.
    """

    space: Hangings = Hangings()  # pyright: ignore[reportIncompatibleMethodOverride]
    steps: int = eqx.field(static=True, default=200)  # pyright: ignore[reportIncompatibleMethodOverride]
    patience: int = eqx.field(static=True, default=200)

    def __check_init__(self):
        between("steps", self.steps, 1)
        between("patience", self.patience, 1)

    @property
    def suite_names(self) -> tuple[str, ...]:
        return ("hanging",)

    def suite(self, name: str) -> Suite[PendulumTask]:
        if name not in self.suite_names:
            return super().suite(name)
        down = jnp.array([math.pi, -3.0, 3.0], jnp.float32)
        return Suite(PendulumTask(down, jnp.zeros((3,))), ("down", "left", "right"), summary="at rest, hanging down")

    def limit(self, world: PendulumTask) -> int:
        return self.patience

    @property
    def observation(self) -> Box:
        return Box((3,))

    @property
    def action(self) -> Box:
        return Box((1,), -_STRONGEST, _STRONGEST)

    def reset(self, world: PendulumTask, *, key: PRNGKeyArray) -> PendulumState:
        return PendulumState(world.angle, world.speed, jnp.zeros((), jnp.int32))

    def observe(self, world: PendulumTask, state: PendulumState) -> Float[Array, "3"]:
        return jnp.stack([jnp.cos(state.angle), jnp.sin(state.angle), state.speed])

    def step(self, world: PendulumTask, state: PendulumState, action: Array, *, key: PRNGKeyArray) -> Step:
        torque = jnp.clip(action[0], -_STRONGEST, _STRONGEST)
        off = jnp.mod(state.angle + math.pi, 2 * math.pi) - math.pi
        reward = -(off**2) - 0.1 * state.speed**2 - 0.001 * torque**2
        pull = 1.5 * _GRAVITY * jnp.sin(state.angle) + 3.0 * torque  # of a rod of 1 m and 1 kg
        speed = jnp.clip(state.speed + _TIME_STEP * pull, -_FASTEST, _FASTEST)
        time, never = state.time + 1, jnp.zeros((), bool)
        moved = PendulumState(state.angle + _TIME_STEP * speed, speed, time)
        return Step(moved, reward, never, time >= self.patience, never)
