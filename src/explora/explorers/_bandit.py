"""Learning progress over a finite set of tasks or of regions: the arms of a bandit."""

import math
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import NEW, Archive, Explorer, Lesson, Outcome, Parts, Space, fresh_lesson
from explora.maths import pick
from explora.scores import LearningProgress, Pace

from ._checks import between, lanes, one_of
from ._places import MEASURES, dims, measured, refusal, tasks_at

Task = TypeVar("Task")


class BanditState(eqx.Module):
    """What `Bandit` remembers of each arm.

    **Arguments:**

    - `tasks`: the task of each arm; None if arms are regions.
    - `id`: the number of that task.
    - `result`: what was reached last.
    - `pace`: its average at two speeds.
    - `values`, `times`: the last results in a ring and the rounds when they came; None if not needed.
    - `seen`: how many lessons each arm has been told in.
    - `round`: how many lessons were asked for.
    """

    tasks: Any
    id: Int32[Array, " arms"]
    result: Float[Array, " arms"]
    pace: Pace
    values: Float[Array, "arms window"] | None
    times: Float[Array, "arms window"] | None
    seen: Int32[Array, " arms"]
    round: Int32[Array, ""]


class Bandit(Explorer[BanditState, Task]):
    """Asks for the arms on which the learner's success changes fastest, for better or worse.

    Each arm is a task drawn at the start, or with `cells` a region of the space's coordinates in which every draw is
    a new task. All arms are tried once in turn; then a share `random` of the rows is drawn evenly and the rest by
    progress:

    - `estimate="pace"`: |g(fast) − g(slow)| of `LearningProgress`; `"window"`: the slope of the last `window` results
      over the rounds in which they came.
    - `choice="standard"`: over the arms with any progress or success, standardise, squash with a sigmoid, normalise
      (OMNI); `"greedy"`: the arm of most progress (TSCL, with `random` as its ε); `"boltzmann"`: softmax of progress /
      `temperature`.

    **Arguments:**

    - `rows`: how many tasks a lesson has.
    - `arms`: how many tasks are drawn at the start.
    - `cells`: how many parts each coordinate is cut into, to have regions instead; None: tasks.
    - `progress`: how progress is measured from success.
    - `measure`: which column of the outcome is the result, `"solved"` or `"returns"`.
    - `estimate`, `choice`, `window`, `temperature`, `random`: see above.
    - `queue`: how many rows each lane plays in turn.

    **Reference:** Kanitscheider et al. 2021 (arXiv:2106.14876), sec. 3; Zhang et al. 2023, OMNI (arXiv:2306.01711);
    Matiisen et al. 2017, Teacher-Student Curriculum Learning (arXiv:1707.00183), algorithms 2 and 4.
    """

    rows: int = eqx.field(static=True, default=256)
    arms: int = eqx.field(static=True, default=1000)
    cells: int | None = eqx.field(static=True, default=None)
    progress: LearningProgress = eqx.field(default_factory=LearningProgress)
    measure: str = eqx.field(static=True, default="solved")
    estimate: str = eqx.field(static=True, default="pace")
    choice: str = eqx.field(static=True, default="standard")
    window: int = eqx.field(static=True, default=10)
    temperature: float = 0.1
    random: float = 0.1
    queue: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        lanes(self.rows, self.queue)
        one_of("measure", self.measure, MEASURES)
        one_of("estimate", self.estimate, ("pace", "window"))
        one_of("choice", self.choice, ("standard", "greedy", "boltzmann"))
        between("arms", self.arms, 1)
        between("cells", self.cells, 1)
        between("window", self.window, 2)
        between("temperature", self.temperature, 0.0, strict=True)
        between("random", self.random, 0.0, 1.0)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.measure})

    def refuses(self, parts: Parts) -> str | None:
        return None if self.cells is None else refusal(self, parts)

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> BanditState:
        count = self.arms if self.cells is None else self.cells ** dims(space)
        ring = jnp.zeros((count, self.window)) if self.estimate == "window" else None
        return BanditState(
            space.samples(count, key=key) if self.cells is None else None,
            jnp.full((count,), NEW, jnp.int32),
            jnp.zeros((count,)),
            jax.tree.map(lambda x: jnp.broadcast_to(x, (count,)), self.progress.init()),
            ring,
            ring,
            jnp.zeros((count,), jnp.int32),
            jnp.zeros((), jnp.int32),
        )

    def ask(
        self, state: BanditState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[BanditState, Lesson[Task]]:
        choose, make, place = jr.split(key, 3)
        count = state.seen.shape[0]
        in_turn = (state.round * self.rows + jnp.arange(self.rows, dtype=jnp.int32)) % count
        first = state.round < math.ceil(count / self.rows)
        arm = jnp.where(first, in_turn, pick(self.probabilities(state), self.rows, key=choose))
        state = eqx.tree_at(lambda s: s.round, state, state.round + 1)
        if self.cells is None:
            tasks = jax.tree.map(lambda x: x[arm], state.tasks)
            number = state.id[arm]
        else:
            tasks = tasks_at(space, self._inside(arm, dims(space), place), key=make)
            number = jnp.full((self.rows,), NEW, jnp.int32)
        return state, fresh_lesson(tasks, True, id=number, memo=arm, queue=self.queue, phase=phase)

    def tell(
        self, state: BanditState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> BanditState:
        arm = lesson.memo
        if arm is None:
            return state  # a task that belongs to no arm says nothing about any
        result = measured(self, outcome, self.measure)
        counts = jnp.isfinite(result)
        at = jnp.where(counts, arm, state.seen.shape[0])
        total = jnp.zeros_like(state.result).at[at].add(jnp.where(counts, result, 0.0), mode="drop")
        number = jnp.zeros_like(state.seen).at[at].add(1, mode="drop")
        told = number > 0
        mean = total / jnp.maximum(number, 1).astype(jnp.float32)
        keep = lambda new, old: jnp.where(told, new, old)
        values, times = state.values, state.times
        if values is not None and times is not None:
            here = told[:, None] & (jnp.arange(self.window)[None] == (state.seen % self.window)[:, None])
            values = jnp.where(here, mean[:, None], values)
            times = jnp.where(here, state.round.astype(jnp.float32), times)
        return BanditState(
            state.tasks,
            state.id if self.cells is not None else state.id.at[at].set(lesson.id, mode="drop"),
            keep(mean, state.result),
            jax.tree.map(keep, self.progress.follow(state.pace, mean), state.pace),
            values,
            times,
            state.seen + told.astype(jnp.int32),
            state.round,
        )

    def archive(self, state: BanditState) -> Archive | None:
        if state.tasks is None:
            return None
        parent = jnp.full_like(state.id, NEW)
        return Archive(state.tasks, state.seen > 0, state.id, parent, self._progress(state))

    def metrics(self, state: BanditState) -> dict[str, Array]:
        progress = self._progress(state)
        chance = self.probabilities(state)
        entropy = -jnp.sum(jnp.where(chance > 0, chance * jnp.log(jnp.where(chance > 0, chance, 1.0)), 0.0))
        return {
            "fill": jnp.mean((state.seen > 0).astype(jnp.float32)),
            "mean_score": jnp.mean(progress),
            "max_score": jnp.max(progress),
            "mean_result": jnp.mean(state.result),
            "effective_arms": jnp.exp(entropy),
        }

    def probabilities(self, state: BanditState) -> Float[Array, " arms"]:
        """The chance of each arm, once all have been tried."""
        progress = self._progress(state)
        even = jnp.full(progress.shape, 1.0 / progress.shape[0])
        if self.choice == "greedy":
            best = (progress == jnp.max(progress)).astype(jnp.float32)
            chance = best / jnp.sum(best)
        elif self.choice == "boltzmann":
            chance = jax.nn.softmax(progress / self.temperature)
        else:
            chance = _standard(progress, (progress > 0) | (state.result > 0))
        return self.random * even + (1.0 - self.random) * chance

    def _progress(self, state: BanditState) -> Float[Array, " arms"]:
        if state.values is None or state.times is None:
            return self.progress.progress(state.pace)
        return jnp.abs(slope(state.times, state.values, jnp.arange(self.window)[None] < state.seen[:, None]))

    def _inside(self, cell: Int32[Array, " rows"], coordinates: int, key: PRNGKeyArray) -> Float[Array, "rows dims"]:
        """A random place inside each region; the last coordinate changes fastest."""
        assert self.cells is not None
        powers = self.cells ** jnp.arange(coordinates - 1, -1, -1, dtype=jnp.int32)
        corner = (cell[:, None] // powers[None]) % self.cells
        return (corner.astype(jnp.float32) + jr.uniform(key, corner.shape)) / self.cells


def slope(
    times: Float[Array, "arms window"], values: Float[Array, "arms window"], counts: Bool[Array, "arms window"]
) -> Float[Array, " arms"]:
    """The slope of the straight line of least squares through the values that count; 0 with fewer than two times."""
    weight = counts.astype(jnp.float32)
    number = jnp.maximum(jnp.sum(weight, axis=1, keepdims=True), 1.0)
    time = (times - jnp.sum(weight * times, axis=1, keepdims=True) / number) * weight
    value = (values - jnp.sum(weight * values, axis=1, keepdims=True) / number) * weight
    spread = jnp.sum(time**2, axis=1)
    return jnp.where(spread > 0, jnp.sum(time * value, axis=1) / jnp.where(spread > 0, spread, 1.0), 0.0)


def _standard(progress: Float[Array, " arms"], among: Bool[Array, " arms"]) -> Float[Array, " arms"]:
    """Standardised over some of the arms, squashed, normalised; all arms alike if there are none."""
    weight = among.astype(jnp.float32)
    number = jnp.maximum(jnp.sum(weight), 1.0)
    mean = jnp.sum(weight * progress) / number
    spread = jnp.sqrt(jnp.sum(weight * (progress - mean) ** 2) / number)
    squashed = weight * jax.nn.sigmoid((progress - mean) / jnp.where(spread > 0, spread, 1.0))
    squashed = jnp.where(jnp.any(among), squashed, 1.0)
    return squashed / jnp.sum(squashed)
