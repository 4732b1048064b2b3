"""Flipping bits until they are as they should be."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray, UInt8

from explora.core import Codes, Discrete, Environment, Field, Space, Step, Suite, TaskError, between


class BitTask(eqx.Module):
    """A row of bits, and what it is to become.

    **Arguments:**

    - `start`: the bits at first.
    - `goal`: the bits that are wanted; not the same.
    """

    start: UInt8[Array, "*tasks bits"]
    goal: UInt8[Array, "*tasks bits"]


class BitState(eqx.Module):
    """What changes while bits are flipped.

    **Arguments:**

    - `bits`: as they are now.
    - `time`: how many were flipped.
    """

    bits: UInt8[Array, "*lanes bits"]
    time: Int32[Array, "*lanes"]


class BitRows(Space[BitTask]):
    """All pairs of two different rows of bits.

    **Arguments:**

    - `bits`: how long a row is.
    """

    bits: int = eqx.field(static=True, default=10)

    def __check_init__(self):
        between("bits", self.bits, 1)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"mutate", "features"})

    def sample(self, *, key: PRNGKeyArray) -> BitTask:
        start, goal = jr.bernoulli(key, 0.5, (2, self.bits)).astype(jnp.uint8)
        return BitTask(start, _other(start, goal))

    def mutate(self, task: BitTask, *, key: PRNGKeyArray) -> BitTask:
        """One bit of the goal is another."""
        place = jr.randint(key, (), 0, self.bits)
        return BitTask(task.start, _other(task.start, task.goal.at[place].set(1 - task.goal[place])))

    def valid(self, task: BitTask) -> Bool[Array, ""]:
        return jnp.all((task.start <= 1) & (task.goal <= 1)) & jnp.any(task.start != task.goal)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return ("distance",)

    def features(self, task: BitTask) -> Float[Array, "1"]:
        """How many bits are to be flipped."""
        return _distance(task).astype(jnp.float32)[None]

    def feature_bounds(self) -> tuple[Float[Array, "1"], Float[Array, "1"]]:
        return jnp.ones((1,)), jnp.full((1,), float(self.bits))

    def encode(self, task: BitTask) -> dict[str, str]:
        return {name: "".join(map(str, np.asarray(getattr(task, name)).tolist())) for name in ("start", "goal")}

    def decode(self, value: Any) -> BitTask:
        for name in ("start", "goal"):
            text = value.get(name) if isinstance(value, dict) else None
            if not isinstance(text, str) or len(text) != self.bits or set(text) - set("01"):
                raise TaskError(f"`{name}` of a row of bits is {self.bits} letters, each 0 or 1; got {text!r}")
        if value["start"] == value["goal"]:
            raise TaskError("the bits are as they are wanted already; change `goal` or `start`")
        return BitTask(*(jnp.array([int(x) for x in value[name]], jnp.uint8) for name in ("start", "goal")))

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(Field(name, "text", low=self.bits, high=self.bits) for name in ("start", "goal"))

    def describe(self, task: BitTask) -> str:
        return f"{self.bits} bits, {int(_distance(task))} of which are to be flipped"


class BitFlipping(Environment[BitTask, BitTask, BitState]):
    """Flip bits, one at a time, until they are as they are wanted: 2ⁿ states, and reward in one of them.

    - **Space**: `BitRows`: start *and goal* are drawn anew for each task, each with probability 2⁻ⁿ. A fixed goal, as
      in some published code, can be learned by heart.
    - **Observation**: `bits`; with `shown` also `goal`.
    - **Action**: which bit to flip.
    - **Reward**: -1 at each step, 0 at that which reaches the goal.
    - **End**: at the goal (terminated, solved) or after n steps (truncated).
    - **Optimum**: as many steps as bits differ.
    - **Goals**: the bits.
    - **Suites**: `pairs`, 200 tasks.

    **Arguments:**

    - `space`: the rows.
    - `shown`: whether the goal is part of the observation; False where it is told as a condition instead.

    **Reference:** Andrychowicz et al. 2017, section 3.1 (arXiv:1707.01495).
    """

    space: BitRows = BitRows()  # pyright: ignore[reportIncompatibleMethodOverride]
    shown: bool = eqx.field(static=True, default=True)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"optimal_returns"})

    @property
    def suite_names(self) -> tuple[str, ...]:
        return ("pairs",)

    def suite(self, name: str) -> Suite[BitTask]:
        if name not in self.suite_names:
            return super().suite(name)
        tasks = self.space.samples(200, key=jr.key(0xB175))
        return Suite(tasks, tuple(f"pair-{number}" for number in range(200)), summary="start and goal at random")

    @property
    def steps(self) -> int:
        return 2 * self.space.bits

    def limit(self, world: BitTask) -> int:
        return self.space.bits

    @property
    def goal(self) -> Codes:
        return Codes((self.space.bits,), 2)

    @property
    def observation(self) -> dict[str, Codes]:
        names = ("bits", "goal") if self.shown else ("bits",)
        return dict.fromkeys(names, self.goal)

    @property
    def action(self) -> Discrete:
        return Discrete(self.space.bits)

    def reset(self, world: BitTask, *, key: PRNGKeyArray) -> BitState:
        return BitState(world.start, jnp.zeros((), jnp.int32))

    def observe(self, world: BitTask, state: BitState) -> dict[str, Array]:
        return {"bits": state.bits} | ({"goal": world.goal} if self.shown else {})

    def achieved(self, world: BitTask, state: BitState) -> UInt8[Array, " bits"]:
        return state.bits

    def wanted(self, world: BitTask) -> UInt8[Array, " bits"]:
        return world.goal

    def step(self, world: BitTask, state: BitState, action: Array, *, key: PRNGKeyArray) -> Step:
        bits = state.bits.at[action].set(1 - state.bits[action])
        there, time = jnp.all(bits == world.goal), state.time + 1
        reward = there.astype(jnp.float32) - 1.0
        return Step(BitState(bits, time), reward, there, (time >= self.limit(world)) & ~there, there)

    def optimal_length(self, world: BitTask) -> Float[Array, ""]:
        return _distance(world).astype(jnp.float32)

    def optimal_return(self, world: BitTask) -> Float[Array, ""]:
        return 1.0 - self.optimal_length(world)


def _distance(task: BitTask) -> Int32[Array, "*tasks"]:
    return jnp.sum((task.start != task.goal).astype(jnp.int32), axis=-1)


def _other(start: UInt8[Array, " bits"], goal: UInt8[Array, " bits"]) -> UInt8[Array, " bits"]:
    """`goal`, or where it is `start` a row that differs in the first bit."""
    return jnp.where(jnp.all(start == goal), goal.at[0].set(1 - goal[0]), goal)
