"""A worked example of an environment whose actions are numbers: a sled on ice that is to come to rest at a flag."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Float32, Int32, PRNGKeyArray

from explora.core import Box, Environment, Field, Space, Step, Suite, TaskError

_FARTHEST = 1.0


class Flag(eqx.Module):
    """Where the flag stands.

    **Arguments:**

    - `place`: in [-1, 1] [m]; the sled starts at 0.
    """

    place: Float32[Array, "*tasks"]


class Flags(Space[Flag]):
    """All places of the flag."""

    def sample(self, *, key: PRNGKeyArray) -> Flag:
        return Flag(jr.uniform(key, (), jnp.float32, -_FARTHEST, _FARTHEST))

    def valid(self, task: Flag) -> Bool[Array, ""]:
        return jnp.abs(task.place) <= _FARTHEST

    def encode(self, task: Flag) -> float:
        return float(task.place)

    def decode(self, value: Any) -> Flag:
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= _FARTHEST:
            raise TaskError(f"a flag is a number in [-1, 1]; got {value!r}")
        return Flag(jnp.float32(value))

    @property
    def fields(self) -> tuple[Field, ...]:
        return (Field("", "real", -_FARTHEST, _FARTHEST, hint="where the flag stands [m]"),)


class SledState(eqx.Module):
    """What changes while the sled glides.

    **Arguments:**

    - `place`, `speed`: of the sled [m, m/s].
    - `time`: how many steps were taken.
    """

    place: Float[Array, "*lanes"]
    speed: Float[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class Sled(Environment[Flag, Flag, SledState]):
    """Push a sled so that it comes to rest at a flag.

    - **Observation**: how far the flag is, and the speed of the sled (`Box`).
    - **Action**: how hard it is pushed, in [-2, 2] [m/s²] for 1/10 s (`Box`).
    - **Reward**: less the squared distance, a tenth of the squared speed and a thousandth of the squared push.
    - **End**: after `patience` steps (truncated).
    - **Suites**: `far`, a flag at either end.

    **Arguments:**

    - `space`: where the flag may stand.
    - `steps`: length of one play in training [steps].
    - `patience`: when an episode is cut off [steps].
    """

    space: Flags = Flags()
    steps: int = eqx.field(static=True, default=32)  # pyright: ignore[reportIncompatibleMethodOverride]
    patience: int = eqx.field(static=True, default=31)

    @property
    def suite_names(self) -> tuple[str, ...]:
        return ("far",)

    def suite(self, name: str) -> Suite[Flag]:
        if name not in self.suite_names:
            return super().suite(name)
        return Suite(Flag(jnp.array([-1.0, 1.0])), ("left", "right"), summary="at either end")

    def limit(self, world: Flag) -> int:
        return self.patience

    @property
    def observation(self) -> Box:
        return Box((2,))

    @property
    def action(self) -> Box:
        return Box((1,), -2.0, 2.0)

    def reset(self, world: Flag, *, key: PRNGKeyArray) -> SledState:
        return SledState(jnp.zeros(()), jnp.zeros(()), jnp.zeros((), jnp.int32))

    def observe(self, world: Flag, state: SledState) -> Float[Array, "2"]:
        return jnp.stack([world.place - state.place, state.speed])

    def step(self, world: Flag, state: SledState, action: Array, *, key: PRNGKeyArray) -> Step:
        push = jnp.clip(action[0], -2.0, 2.0)
        speed = state.speed + 0.1 * push
        place = state.place + 0.1 * speed
        reward = -((world.place - place) ** 2) - 0.1 * speed**2 - 0.001 * push**2
        time = state.time + 1
        never = jnp.zeros((), bool)
        return Step(SledState(place, speed, time), reward, never, time >= self.patience, never)
