"""The one loop: ask → play → learn → tell. Start reading here."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, PRNGKeyArray

from explora.core import NEW, Experience, Lesson, Outcome, Parts, Rowwise, Status, turn_keys

from ._kinds import Kind
from ._state import Event, Spent, State


def step(
    parts: Parts,
    state: State,
    *,
    root: PRNGKeyArray,
    phase: str | Kind | None = None,
    lesson: Lesson | None = None,
) -> tuple[State, Event]:
    """One turn of the loop.

    The same page runs compiled (see `chunk`) and in plain Python (see `host`).

    **Arguments:**

    - `parts`: what the run is made of.
    - `state`: where it stands.
    - `root`: the key of the run; the turn's own key is derived from it.
    - `phase`: which kind of round, by its name or as one of several of a `Kind`; None: the first of the rhythm.
    - `lesson`: a lesson to take instead of asking for one: late answers to an open lesson, a task that a person
      sent, a journal that is replayed.

    **Returns:** the next state, and what happened.
    """
    ask_key, start_key, play_key, learn_key, tell_key = turn_keys(root, state.turn, 5)
    explorer, making = state.explorer, None

    if lesson is None:
        explorer, lesson = _ask(parts, state, phase, ask_key)
        making = lesson.cost
    lesson, tasks = _number(lesson, state.tasks, state.progress)
    learner, experience, outcome = _play(parts, state, lesson, start_key, play_key)
    learner, learned = _learn(parts, learner, lesson, experience, learn_key)
    explorer = _tell(parts, explorer, phase, lesson, outcome, tell_key)

    spent = Spent(
        state.spent.steps.plus(_sum(outcome.steps) + _sum(making)),
        state.spent.calls.plus(_sum(outcome.calls)),
        state.spent.updates.plus(learned),
        state.spent.episodes.plus(_sum(outcome.episodes)),
    )
    return State(state.turn + 1, learner, explorer, tasks, spent, state.budget), Event(lesson, experience, outcome)


def watch(parts: Parts, state: State, *, root: PRNGKeyArray, phase: str) -> tuple[Lesson, Experience]:
    """What the next turn of a run will ask and live, without taking the turn: `state` stays as it is.

    The keys are those of the turn, so it is the same experience, up to the rounding of another compiled program.

    **Arguments:**

    - `parts`: of the run, watched (see `explora.core.watching`) by whoever wants to cut episodes from it.
    - `state`, `root`: as for `step`.
    - `phase`: which kind of round the turn is.

    **Returns:** the lesson, without its memo, and the experience.
    """
    ask_key, start_key, play_key, _, _ = turn_keys(root, state.turn, 5)
    _, lesson = _ask(parts, state, phase, ask_key)
    lesson, _ = _number(lesson, state.tasks, state.progress)
    _, experience, _ = _play(parts, state, lesson, start_key, play_key)
    return eqx.tree_at(lambda l: l.memo, lesson, None, is_leaf=lambda x: x is None), experience


def _ask(parts: Parts, state: State, phase: str | Kind | None, key: PRNGKeyArray) -> tuple[Any, Lesson]:
    if isinstance(phase, Kind):
        return phase.ask(parts.explorer, state.explorer, parts.space, key=key)
    phase = phase or parts.explorer.rhythm[0][0]
    return parts.explorer.ask(state.explorer, parts.space, phase, key=key)


def _tell(
    parts: Parts, explorer: Any, phase: str | Kind | None, lesson: Lesson, outcome: Outcome, key: PRNGKeyArray
) -> Any:
    if isinstance(phase, Kind):
        return phase.tell(parts.explorer, explorer, parts.space, lesson, outcome, key=key)
    return parts.explorer.tell(explorer, parts.space, lesson, outcome, key=key)


def _play(
    parts: Parts, state: State, lesson: Lesson, start_key: PRNGKeyArray, play_key: PRNGKeyArray
) -> tuple[Any, Experience, Outcome]:
    """Plays a lesson, by copies of members where it wants them."""
    learner = state.learner
    if lesson.start is not None:
        learner = parts.learner.start(learner, lesson.start, key=start_key)
    return parts.learner.play(learner, parts.played_in(lesson.where), lesson, key=play_key)


def _number(lesson: Lesson, tasks: Array, progress: Array) -> tuple[Lesson, Array]:
    """Numbers the tasks that nobody has seen before and notes how far the run has come."""
    new = lesson.id == NEW
    ids = jnp.where(new, tasks + jnp.cumsum(new.astype(jnp.int32)) - 1, lesson.id)
    noted = eqx.tree_at(lambda l: (l.id, l.progress), lesson, (ids, progress))
    return noted, tasks + jnp.sum(new.astype(jnp.int32))


def _learn(parts: Parts, learner: Any, lesson: Lesson, experience: Experience, key: PRNGKeyArray) -> tuple[Any, Array]:
    """Learns where the lesson says so; where no row can learn, the cost is not paid.

    A row none of whose episodes has ended can: it makes no outcome, but what was lived counts. Leaving it out would
    teach the learner from nothing but episodes that end soon.
    """
    if lesson.learn is False:
        return learner, jnp.zeros((), jnp.int32)
    if lesson.span is not None:
        first, stop = lesson.span
        experience, lesson = experience.take(first, stop, lesson.queue), lesson.take(first, stop)
    lesson = eqx.tree_at(lambda l: l.learn, lesson, lesson.learn_mask & (experience.status == Status.ANSWERED))
    trains = jnp.any(lesson.learn)
    learner = _if(trains, lambda s: parts.learner.update(s, lesson, experience, key=key), learner)
    return learner, trains.astype(jnp.int32)


def _if(predicate: Array, then: Any, state: Any) -> Any:
    """`then(state)` where the predicate holds, else the state: traced, or decided at once in plain Python."""
    if not isinstance(predicate, Tracer):
        return then(state) if bool(np.asarray(predicate)) else state
    arrays, static = eqx.partition(state, eqx.is_array)
    run = lambda a: eqx.filter(then(eqx.combine(a, static)), eqx.is_array)
    return eqx.combine(jax.lax.cond(predicate, run, lambda a: a, arrays), static)


def _sum(column: Rowwise | None) -> Array:
    return jnp.zeros((), jnp.int32) if column is None else jnp.sum(column)
