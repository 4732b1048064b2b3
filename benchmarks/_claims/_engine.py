"""How the runs are played: one compiled program for whatever learns, two for whatever is only judged.

Each kind of round of `Niches` would be compiled by itself, which takes longer than a small run. Here the rows of a
lesson are filled up with rows that nobody plays, and what does not matter to the learner is left out of it.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from explora.core import Domain, Experience, Learner, Lesson, Outcome, Step
from explora.domains.walker import Outline, Walker, WalkerSpace, WalkerState
from explora.domains.walker._body import FINISH, STEP_LENGTH
from explora.domains.walker._fast import origin_of
from explora.explorers.niches import NOBODY, Criterion
from explora.learners import ES, Fading, Horizon
from explora.learners._es import ESState
from explora.loop import QuickLearner

from ._preset import Preset

_BEGIN = 10 * STEP_LENGTH
_FALL = -100.0


class Course(Walker):
    """The first part of the walker's way: it ends there, and a fall costs that part of what it costs.

    **Arguments:**

    - `course`: which part, in (0, 1].
    """

    course: float = eqx.field(static=True, default=0.5)

    def step(self, world: Outline, state: WalkerState, action: Array, *, key: PRNGKeyArray) -> Step:
        made = super().step(world, state, action, key=key)
        place, _ = origin_of(made.state.motion.pose)
        there = (place > _BEGIN + self.course * (FINISH - _BEGIN)) & ~made.terminated
        reward = jnp.where(made.reward <= _FALL, self.course * _FALL, made.reward)
        return Step(made.state, reward, made.terminated | there, made.truncated & ~there, made.solved | there)


class Thrifty(Learner[ESState]):
    """Evolution strategies that are compiled once for lessons of any kind and size.

    **Arguments:**

    - `part`: the strategies.
    - `sizes`: how many rows a lesson that is only judged is filled up to, the smallest that is enough.
    - `place`: puts arrays where all programs want them: a program is compiled anew for arrays that lie elsewhere.
    """

    part: ES
    sizes: tuple[int, ...] = eqx.field(static=True)
    place: Callable[[Any], Any] = eqx.field(static=True)

    @property
    def members(self) -> int:
        return self.part.members

    @property
    def provides(self) -> frozenset[str]:
        return self.part.provides

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> ESState:
        return self.part.init(domain, key=key)

    def policy(self, state: ESState) -> Any:
        return self.part.policy(state)

    def play(
        self, state: ESState, domain: Domain, lesson: Lesson, *, key: PRNGKeyArray
    ) -> tuple[ESState, Experience, Outcome]:
        size = lesson.rows if lesson.learn is not False else min(x for x in self.sizes if x >= lesson.rows)
        bare = _bare(lesson, size)
        state, bare, key = self.place((state, bare, key))
        _, experience, outcome = self._quick.play(state, domain, bare, key=key)
        if lesson.learn is not False:
            return state, experience, outcome
        cut = jax.tree.map(lambda x: x[: lesson.rows], outcome)
        return state, Experience(cut.status, None), cut

    def update(self, state: ESState, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray) -> ESState:
        bare, key = self.place((_bare(lesson, lesson.rows), key))
        return self._quick.update(state, bare, experience, key=key)

    def start(self, state: ESState, source: Array, *, key: PRNGKeyArray) -> ESState:
        source, key = self.place((source, key))
        return self._quick.start(state, source, key=key)

    @property
    def _quick(self) -> QuickLearner:
        return QuickLearner(self.part)


class Bench:
    """Domain and learner that all runs share, so that they are compiled once.

    **Arguments:**

    - `preset`: the settings.
    - `everywhere`: puts arrays on all devices, from `explora.core.sharing`.
    """

    def __init__(self, preset: Preset, everywhere: Any):
        self.preset = preset
        self.everywhere = everywhere
        self.space = WalkerSpace(obstacles=preset.obstacles)
        self.domain = Course(self.space, max_steps=preset.max_steps, course=preset.course)
        strategies = ES(
            pairs=preset.pairs,
            rate=Fading(0.02, 0.9999, 0.001),  # as in the recipe `poet`
            horizon=Horizon(preset.first, max(preset.reproduce, 1.0)),
            members=3 * preset.capacity,
        )
        self.learner = Thrifty(strategies, (preset.capacity**2, 4 * preset.capacity**2), everywhere)

    @property
    def criterion(self) -> Criterion:
        """The marks of POET."""
        mark = self.preset
        return Criterion(mark.low, mark.high, mark.reproduce, mark.solve)

    def task(self, genes: dict[str, Any]) -> Any:
        """A terrain on the device."""
        return jax.tree.map(jnp.asarray, self.space.decode(genes))

    def genes(self, tasks: Any, row: int) -> dict[str, Any]:
        """A terrain of a stack as JSON."""
        return self.space.encode(jax.tree.map(lambda x: np.asarray(x[row]), tasks))

    def fresh(self, key: PRNGKeyArray) -> ESState:
        """Strategies that have learned nothing."""
        state = self.learner.init(self.domain, key=key)
        # What is made of plain numbers has weak types, for which programs would be compiled apart.
        return self.everywhere(jax.tree.map(lambda x: jnp.array(x, x.dtype) if eqx.is_array(x) else x, state))

    def copies(self, weights: np.ndarray, key: PRNGKeyArray) -> ESState:
        """Strategies that all begin with the same weights, or with rows of weights; moments and step sizes are new."""
        state = self.fresh(key)
        centre = jnp.broadcast_to(jnp.asarray(weights, jnp.float32), state.centre.shape)
        return self.everywhere(eqx.tree_at(lambda s: s.centre, state, centre))

    def practise(
        self, state: ESState, tasks: list[Any], who: list[int], key: PRNGKeyArray
    ) -> tuple[ESState, np.ndarray, np.ndarray]:
        """One iteration of learning: each member in its task; missing rows are played by nobody.

        **Returns:** the state; the return of each member before it; the steps that each row took.
        """
        count, rows = len(tasks), self.preset.capacity
        lesson = _lesson(tasks + tasks[:1] * (rows - count), who + [NOBODY] * (rows - count), True)
        play, learn = jr.split(key)
        _, experience, outcome = self.learner.play(state, self.domain, lesson, key=play)
        state = self.learner.update(state, lesson, experience, key=learn)
        return state, np.asarray(outcome.returns)[:count], np.asarray(outcome.steps)[:count]

    def trial(
        self, state: ESState, tasks: list[Any], who: list[int], episodes: int, key: PRNGKeyArray
    ) -> tuple[np.ndarray, int]:
        """Plays each pair of task and member several times.

        **Returns:** the returns, `(pairs, episodes)`, and the steps of all.
        """
        pairs = [(task, member) for task, member in zip(tasks, who, strict=True) for _ in range(episodes)]
        found, steps, size = [], 0, self.learner.sizes[-1]
        for number, first in enumerate(range(0, len(pairs), size)):
            some = pairs[first : first + size]
            lesson = _lesson([task for task, _ in some], [member for _, member in some], False)
            _, _, outcome = self.learner.play(state, self.domain, lesson, key=jr.fold_in(key, number))
            found.append(np.nan_to_num(np.asarray(outcome.returns), nan=-1e3))
            steps += int(np.asarray(outcome.steps).sum())
        return np.concatenate(found).reshape(len(tasks), episodes), steps


def _lesson(tasks: list[Any], who: list[int], learn: bool) -> Lesson:
    number = jnp.zeros((len(tasks),), jnp.int32)
    members = jnp.asarray(who, jnp.int32)
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *tasks)
    return Lesson(stacked, members != NOBODY if learn else False, number, number - 1, who=members)


def _bare(lesson: Lesson, rows: int) -> Lesson:
    """What a learner has to know of a lesson, with rows for nobody at its end."""
    more = rows - lesson.rows
    who = jnp.zeros((lesson.rows,), jnp.int32) if lesson.who is None else lesson.who
    longer = lambda x: jnp.concatenate([x, jnp.broadcast_to(x[:1], (more, *x.shape[1:]))]) if more else x
    idle = jnp.concatenate([who, jnp.full((more,), NOBODY, jnp.int32)])
    number = jnp.zeros((rows,), jnp.int32)
    learn = lesson.learn if lesson.learn is False else lesson.learn_mask
    return Lesson(jax.tree.map(longer, lesson.tasks), learn, number, number - 1, who=idle)
