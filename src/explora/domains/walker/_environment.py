"""Walking on two legs over generated terrain."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from explora.core import ArgumentError, Box, Environment, Step, Suite, between

from ._body import FINISH, MOTOR_TORQUE, TIME_STEP
from ._cppn import CppnSpace, CppnTask
from ._draw import draw_moment
from ._fast import Motion, Physics, advance, origin_of, sense, start_motion
from ._files import load_terrains
from ._space import WalkerSpace
from ._strip import draw_strip
from ._suites import SUITE_GROUPS, SUITE_NAMES, suite_of
from ._task import WalkerTask
from ._terrain import Outline, lay, outline

_EFFORT = 0.00035 * MOTOR_TORQUE
"""What a step with a motor at full strength costs."""
_FALL = -100.0


class WalkerState(eqx.Module):
    """What changes while a terrain is played.

    **Arguments:**

    - `motion`: how the body lies and moves.
    - `merit`: what it has been rewarded for so far: the way that it has come, less the tilt of its hull.
    - `time`: how many steps it has taken.
    """

    motion: Motion
    merit: Float[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class Walker(Environment[WalkerTask | CppnTask, Outline, WalkerState]):
    """Walk from left to right over rough ground, pits, stumps and stairs: the task of BipedalWalker and of POET.

    - **Space**: `WalkerSpace`, the published genes, or `CppnSpace`, the networks of Enhanced POET; a terrain is 200
      steps of 14/30 m and follows from genes and seed, or from the network, to the last bit.
    - **Body**: a hull with two legs of thigh and shank, 1/50 s a step; sizes, masses, motors, friction and limits of
      Gymnasium's BipedalWalker-v3. Physics are our own (`fast`): seven coordinates, contacts by projected
      Gauss–Seidel. Contacts and limits act as in Box2D: where skins overlap, without looking ahead; what meets the
      ground within a step is stopped as if it hung on no joint; overlaps are taken back without speed.
    - **Fidelity**: one step from each of 2,720 states of Box2D, with 10 sweeps, differs by 0.003 and 0.006 m/s in the
      speed of the hull and by 0.01 to 0.02 rad/s in those of legs (mean of the size; impacts more). Gymnasium's
      hand-written gait gets on flat ground (24 seeds each) 142 on average here, with 20 sweeps, and 142 in Box2D; with
      10 sweeps it falls. Three agents of the recipe `poet`, trained here alone for half an hour or two, get 270 to 277
      on average here and 269 to 292 in Gymnasium's BipedalWalker-v3 (100 seeds, all of them at least 230; one before
      them 280, and at least 230 on 88). Twelve other agents that were trained here, good and bad, get in Gymnasium what
      they get here up to 11 (means of 4 or 8 seeds each). The other way round, one that PPO trained in Gymnasium alone
      gets 172 there and 208 here (100 seeds; `benchmarks/walker_fidelity.py`).
      What differs most is a foot that meets the ground within a step: there Box2D tears the knee apart for a step, by
      up to 0.2 m, and here it holds.
    - **Speed**: 127,000 to 236,000 steps a second on one core, 245,000 to 455,000 on two, in 64 to 256 lanes with the
      network of POET in each: 81 to 86 times one process of Gymnasium's (20 sweeps; `benchmarks/walker_speed.py`).
    - **Observation**: 24 numbers in the units of BipedalWalker-v3: angle, turn and velocity of the hull; for each leg
      angle and speed of hip and knee and whether the shank touches the ground, as Gymnasium believes (from the moment
      when a contact with any piece of the ground begins until one with any piece ends); ten rays of lidar, from
      straight down to 1.35 rad ahead, each the share of 5.33 m that is free (the nearest hit).
    - **Action**: four numbers in [-1, 1]: hip, knee, hip, knee. The sign is the direction, the size the strength.
    - **Reward**: 130/30 for each metre forward, -5 for each radian of additional tilt of the hull, -0.028 for each
      motor at full strength; instead -100 in the step in which the hull touches the ground or leaves the left end.
    - **End**: when the hull touches the ground or goes beyond the left end (terminated), at 190 steps of the terrain
      (terminated, solved), or after `max_steps` (truncated). A motion that is not finite counts as a fall.
    - **Suites**: `flat`, `v3` (the ground of BipedalWalker-v3), `hardcore`, the published medium and high settings of
      stairs, pits, stumps and roughness (`medium`: four of them, `stairs`: two), `rose` (six levels that POET solved),
      `random` (100 terrains with genes over all their ranges); any file of genes through `load_terrains`.
    - **Versions**: 1, the first.

    **Arguments:**

    - `space`: the terrains to train on.
    - `steps`: the length of one play in training [steps].
    - `max_steps`: after how many steps an episode is cut off; 2,000 as in POET and in the hardcore version.
    - `iterations`: sweeps of the contact solver, which starts from the impulses of the last step.
    - `contacts`: how many contacts of each leg the solver minds.

    **Reference:** O. Klimov, *BipedalWalker*, in Brockman et al. 2016, *OpenAI Gym*; Wang et al. 2019, *POET*.
    """

    space: WalkerSpace | CppnSpace = WalkerSpace()  # pyright: ignore[reportIncompatibleMethodOverride]
    steps: int = eqx.field(static=True, default=256)  # pyright: ignore[reportIncompatibleMethodOverride]
    max_steps: int = eqx.field(static=True, default=2000)
    iterations: int = eqx.field(static=True, default=20)
    contacts: int = eqx.field(static=True, default=3)

    def __check_init__(self):
        if self.steps < 1 or self.max_steps < 1:
            raise ArgumentError(f"`steps` and `max_steps` must be at least 1; got {self.steps} and {self.max_steps}")
        between("iterations", self.iterations, 1)
        between("contacts", self.contacts, 1, 8)

    @property
    def compiler(self) -> dict[str, bool | int | str]:
        return {
            "xla_cpu_use_fusion_emitters": False,  # compiles in under half the time, and steps are no slower
            "xla_cpu_prefer_vector_width": 512,  # steps are up to 1.4 times as fast where the processor is that wide
        }

    @property
    def suite_names(self) -> tuple[str, ...]:
        return SUITE_NAMES

    @property
    def suite_groups(self) -> dict[str, tuple[str, ...]]:
        return SUITE_GROUPS

    @property
    def tuning_suites(self) -> tuple[str, ...]:
        return ("flat",)

    def suite(self, name: str) -> Suite:
        if isinstance(self.space, WalkerSpace):
            return suite_of(name)
        # Suites are of genes: the same body plays them, but their tasks are written otherwise.
        return eqx.tree_at(lambda s: s.domain, suite_of(name), self._of_genes, is_leaf=lambda x: x is None)

    @property
    def _of_genes(self) -> "Walker":
        return dataclasses.replace(self, space=WalkerSpace())

    def read_tasks(self, path: str) -> list[Suite]:
        if isinstance(self.space, WalkerSpace):
            return load_terrains(path)
        return load_terrains(path, self.space.decode)

    def limit(self, world: Outline) -> int:
        return self.max_steps

    @property
    def observation(self) -> Box:
        return Box((24,))

    @property
    def action(self) -> Box:
        return Box((4,), -1.0, 1.0)

    def world(self, task: WalkerTask | CppnTask) -> Outline:
        return outline(lay(task))

    def reset(self, world: Outline, *, key: PRNGKeyArray) -> WalkerState:
        motion = start_motion(jr.uniform(key, (), jnp.float32, -1.0, 1.0))
        return WalkerState(motion, _merit(motion), jnp.zeros((), jnp.int32))

    def observe(self, world: Outline, state: WalkerState) -> Float[Array, "24"]:
        return sense(world, state.motion)

    def step(self, world: Outline, state: WalkerState, action: Array, *, key: PRNGKeyArray) -> Step:
        motion, crash = advance(world, state.motion, action, Physics(self.iterations, self.contacts))
        sound = jnp.all(jnp.isfinite(motion.pose)) & jnp.all(jnp.isfinite(motion.speed))
        motion = jax.tree.map(lambda new, old: jnp.where(sound, new, old), motion, state.motion)
        place, _ = origin_of(motion.pose)
        fell = crash | (place < 0.0) | ~sound
        merit = _merit(motion)
        effort = _EFFORT * jnp.sum(jnp.clip(jnp.abs(action), 0.0, 1.0))
        reward = jnp.where(fell, _FALL, merit - state.merit - effort)
        arrived = (place > FINISH) & ~fell
        time = state.time + 1
        late = (time >= self.max_steps) & ~(fell | arrived)
        return Step(WalkerState(motion, merit, time), reward, fell | arrived, late, arrived)

    @property
    def pace(self) -> float:
        return 1 / TIME_STEP

    def frame(self, task: WalkerTask | CppnTask, state: WalkerState, size: int = 160) -> np.ndarray:
        return draw_moment(task, np.asarray(state.motion.pose), size)

    def strip(self, task: WalkerTask | CppnTask, states: Sequence[WalkerState], size: int = 960) -> np.ndarray:
        """The whole terrain with the way of the hull, the body every four metres, and where feet were put down."""
        poses = np.stack([np.asarray(state.motion.pose) for state in states])
        return draw_strip(task, poses, np.stack([np.asarray(state.motion.touch) for state in states]), size)


def _merit(motion: Motion) -> Float[Array, ""]:
    place, _ = origin_of(motion.pose)
    return (130 / 30) * place - 5.0 * jnp.abs(motion.pose[2])
