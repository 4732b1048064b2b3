"""The one loop: ask → play → learn → tell. Start reading here."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, PRNGKeyArray

from explora.core import NEW, Experience, Lesson, Parts, Rowwise, Status, turn_keys

from ._state import Event, Spent, State


def step(
    parts: Parts,
    state: State,
    *,
    root: PRNGKeyArray,
    phase: str | None = None,
    lesson: Lesson | None = None,
) -> tuple[State, Event]:
    """One turn of the loop.

    The same page runs compiled (see `chunk`) and in plain Python (see `host`).

    **Arguments:**

    - `parts`: what the run is made of.
    - `state`: where it stands.
    - `root`: the key of the run; the turn's own key is derived from it.
    - `phase`: which kind of round; None: the first of the explorer's rhythm.
    - `lesson`: a lesson to take instead of asking for one: late answers to an open lesson, a task that a person
      sent, a journal that is replayed.

    **Returns:** the next state, and what happened.
    """
    ask_key, start_key, play_key, learn_key, tell_key = turn_keys(root, state.turn, 5)
    explorer, tasks, making = state.explorer, state.tasks, None

    if lesson is None:
        phase = phase or parts.explorer.rhythm[0][0]
        explorer, lesson = parts.explorer.ask(explorer, parts.space, phase, key=ask_key)
        making = lesson.cost
    lesson, tasks = _number(lesson, tasks, state.progress)

    learner = state.learner
    if lesson.start is not None:
        learner = parts.learner.start(learner, lesson.start, key=start_key)
    domain = parts.played_in(lesson.where)
    learner, experience, outcome = parts.learner.play(learner, domain, lesson, key=play_key)
    learner, learned = _learn(parts, learner, lesson, experience, learn_key)
    explorer = parts.explorer.tell(explorer, parts.space, lesson, outcome, key=tell_key)

    spent = Spent(
        state.spent.steps.plus(_sum(outcome.steps) + _sum(making)),
        state.spent.calls.plus(_sum(outcome.calls)),
        state.spent.updates.plus(learned),
        state.spent.episodes.plus(_sum(outcome.episodes)),
    )
    return State(state.turn + 1, learner, explorer, tasks, spent, state.budget), Event(lesson, experience, outcome)


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
