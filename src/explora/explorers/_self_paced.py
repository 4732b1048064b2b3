"""Self-paced learning: a Gaussian over tasks that starts easy and moves towards the tasks one wants."""

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from explora.core import ArgumentError, Explorer, Lesson, Outcome, Parts, Space, fresh_lesson
from explora.maths import Gaussian, divergence

from ._checks import between, lanes, one_of
from ._places import MEASURES, dims, measured, places_of, refusal, ring_places, tasks_at

Task = TypeVar("Task")


class SelfPacedState(eqx.Module):
    """What `SelfPaced` remembers.

    **Arguments:**

    - `gaussian`: where tasks are drawn now.
    - `places`, `results`: of the tasks since the last step.
    - `count`: how many there were.
    - `steps`: how many steps the Gaussian has taken.
    - `weight`: α of the last step.
    """

    gaussian: Gaussian
    places: Float[Array, "window dims"]
    results: Float[Array, " window"]
    count: Int32[Array, ""]
    steps: Int32[Array, ""]
    weight: Float[Array, ""]


class SelfPaced(Explorer[SelfPacedState, Task]):
    """Draws tasks from a Gaussian that moves towards a target as fast as the learner's success allows.

    Every `window` tasks the Gaussian p_ν takes a step: it maximises the mean over these tasks of p_ν(c)/p_old(c) R(c)
    less α KL(p_ν ‖ target), subject to KL(p_ν ‖ p_old) ≤ ε. α = ζ max(R̄, 0) / KL(p_old ‖ target), so that success buys
    speed; it is 0 in the first `offset` steps.

    The step is found by natural gradients with a line search that never leaves the region and never gets worse.

    **Arguments:**

    - `rows`: how many tasks a lesson has.
    - `mean`, `spread`: of the Gaussian at the start; a number for all coordinates or one for each, in [0, 1].
    - `target`, `target_spread`: of the target. The default is about as wide as the uniform distribution.
    - `pace`: ζ.
    - `region`: ε.
    - `window`: after how many tasks it takes a step.
    - `offset`: how many steps leave the target out of account.
    - `floor`: the least standard deviation along each coordinate while the target is far, `far` or more.
    - `far`: the divergence from the target below which `floor` no longer holds.
    - `centred`: subtract R̄ from R in the objective. The ratios average to one, so its expectation stays what it was;
      without it a few dozen tasks of equal return pull the Gaussian to where they happen to lie.
      False: as published.
    - `measure`: which column of the outcome is R, `"returns"` or `"solved"`.
    - `queue`: how many rows each lane plays in turn.

    **Reference:** Klink et al. 2020, Self-Paced Deep Reinforcement Learning (arXiv:2004.11812), eqs. 5 to 7; constants
    of Romac et al. 2021, TeachMyAgent (arXiv:2103.09815).
    """

    rows: int = eqx.field(static=True, default=256)
    mean: float | tuple[float, ...] = 0.5
    spread: float | tuple[float, ...] = 0.1
    target: float | tuple[float, ...] = 0.5
    target_spread: float | tuple[float, ...] = 0.3
    pace: float = 0.05
    region: float = 0.8
    window: int = eqx.field(static=True, default=1024)
    offset: int = eqx.field(static=True, default=2)
    floor: float = 0.0
    far: float = 0.0
    centred: bool = eqx.field(static=True, default=True)
    measure: str = eqx.field(static=True, default="returns")
    queue: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        lanes(self.rows, self.queue)
        one_of("measure", self.measure, MEASURES)
        between("window", self.window, self.rows)
        for name in ("spread", "target_spread"):
            value = getattr(self, name)
            for number in value if isinstance(value, tuple) else (value,):
                between(name, number, 0.0, strict=True)
        between("pace", self.pace, 0.0)
        between("region", self.region, 0.0, strict=True)
        between("offset", self.offset, 0)
        between("floor", self.floor, 0.0)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.measure})

    def refuses(self, parts: Parts) -> str | None:
        return refusal(self, parts)

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> SelfPacedState:
        coordinates = dims(space)
        zero = jnp.zeros((), jnp.int32)
        return SelfPacedState(
            self._gaussian("mean", "spread", coordinates),
            jnp.zeros((self.window, coordinates)),
            jnp.zeros((self.window,)),
            zero,
            zero,
            jnp.zeros(()),
        )

    def ask(
        self, state: SelfPacedState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[SelfPacedState, Lesson[Task]]:
        draw, make = jr.split(key)
        places = jax.vmap(lambda k: _inside(state.gaussian, k))(jr.split(draw, self.rows))
        tasks = tasks_at(space, places, key=make)
        return state, fresh_lesson(tasks, True, memo=places, queue=self.queue, phase=phase)

    def tell(
        self, state: SelfPacedState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> SelfPacedState:
        if lesson.memo is None:
            return state  # the ratio of densities holds for tasks that were drawn from the Gaussian only
        result = measured(self, outcome, self.measure)
        counts = jnp.isfinite(result)
        at = ring_places(state.count, counts, self.window)
        state = eqx.tree_at(
            lambda s: (s.places, s.results, s.count),
            state,
            (
                state.places.at[at].set(places_of(space, lesson.tasks, lesson.memo), mode="drop"),
                state.results.at[at].set(result, mode="drop"),
                state.count + jnp.sum(counts.astype(jnp.int32)),
            ),
        )
        return jax.lax.cond(state.count >= self.window, self._step, lambda s: s, state)

    def metrics(self, state: SelfPacedState) -> dict[str, Array]:
        target = self._gaussian("target", "target_spread", state.places.shape[1])
        means = {f"mean_{place}": value for place, value in enumerate(state.gaussian.mean)}
        spreads = {f"spread_{place}": value for place, value in enumerate(state.gaussian.spread)}
        apart = {"target_divergence": divergence(state.gaussian, target), "target_weight": state.weight}
        return means | spreads | apart

    def _gaussian(self, mean: str, spread: str, coordinates: int) -> Gaussian:
        values = []
        for name in (mean, spread):
            value = jnp.asarray(getattr(self, name), jnp.float32)
            if value.ndim and value.shape != (coordinates,):
                raise ArgumentError(
                    f"`{name}` must be one number or {coordinates}, one a coordinate of the space, got {value.shape[0]}"
                )
            values.append(jnp.broadcast_to(value, (coordinates,)))
        return Gaussian.upright(*values)

    def _step(self, state: SelfPacedState) -> SelfPacedState:
        """One step of the Gaussian, after which the window is empty again."""
        target = self._gaussian("target", "target_spread", state.places.shape[1])
        old = state.gaussian
        distance = divergence(old, target)
        mean = jnp.mean(state.results)
        weight = jnp.where(
            state.steps >= self.offset, self.pace * jnp.maximum(mean, 0.0) / jnp.maximum(distance, 1e-6), 0.0
        )
        log_old = old.log_density(state.places)
        gain = state.results - mean if self.centred else state.results

        def worth(new: Gaussian) -> Float[Array, ""]:
            ratio = jnp.exp(jnp.clip(new.log_density(state.places) - log_old, -20.0, 20.0))
            return jnp.mean(ratio * gain) - weight * divergence(new, target)

        new = old.improved(worth, self.region)
        new = jax.tree.map(
            lambda x, y: jnp.where(divergence(old, target) >= self.far, x, y), new.wider(self.floor), new
        )
        zero = jnp.zeros((), jnp.int32)
        return SelfPacedState(new, state.places, state.results, zero, state.steps + 1, weight)


def _inside(gaussian: Gaussian, key: PRNGKeyArray) -> Float[Array, " dims"]:
    """A draw that lies in the unit cube: the first of a few that does, or one moved onto its border."""
    tries = jax.vmap(lambda k: gaussian.sample(key=k))(jr.split(key, 16))
    good = jnp.all((tries >= 0) & (tries <= 1), axis=1)
    return jnp.clip(tries[jnp.argmax(good)], 0.0, 1.0)
