"""A turn for tasks that somebody sends: the door of `step` that a person knocks at."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Int32, PRNGKeyArray

from explora.core import (
    Archive,
    CombinationError,
    Explorer,
    Lesson,
    Outcome,
    Parts,
    Questions,
    Space,
    Status,
    Story,
    jitted,
)

from ._jitted import quickened
from ._rhythm import phases
from ._state import State
from ._step import step


class Room(eqx.Module):
    """How many tasks a turn has room for.

    **Arguments:**

    - `rows`: that number.
    - `phase`: the kind of round whose lessons look like it.
    """

    rows: int = eqx.field(static=True)
    phase: str = eqx.field(static=True)


class Sent(eqx.Module):
    """Tasks that somebody sends.

    **Arguments:**

    - `tasks`: a pytree with leading axis `rows`; all behind the first `count` are copies of these.
    - `parent`: the number of the task of the run that each was made from; `NEW` for none.
    - `count`: how many they are.
    """

    tasks: Any
    parent: Int32[Array, " rows"]
    count: Int32[Array, ""]

    @staticmethod
    def of(tasks: list[Any], parents: list[int], rows: int) -> "Sent":
        """Tasks, repeated until they fill a lesson, so that one compiled program serves any number of them."""
        at = np.arange(rows) % len(tasks)
        stacked = jax.tree.map(lambda *x: jnp.asarray(np.stack([np.asarray(leaf) for leaf in x])[at]), *tasks)
        return Sent(stacked, jnp.asarray(np.asarray(parents, np.int32)[at]), jnp.asarray(len(tasks), jnp.int32))


def room(parts: Parts, state: State) -> Room:
    """What a lesson of tasks that somebody sends looks like: as those that the learner learns from anyway.

    **Raises:** `CombinationError` if the explorer asks for no such lessons.
    """
    if isinstance(parts.domain, Questions):
        raise CombinationError(
            f"{type(parts.domain).__name__} asks about items that are given, so that tasks which people send cannot be "
            "taken in; add them to its data"
        )
    for name in phases(parts.explorer):
        ask = lambda explorer, name=name: parts.explorer.ask(explorer, parts.space, name, key=jr.key(0))[1]
        like = ask(state.explorer) if parts.hosted else eqx.filter_eval_shape(ask, state.explorer)
        if like.where == "main" and like.learn is not False and like.plays > 0:
            return Room(like.rows if like.span is None else like.span[1] - like.span[0], name)
    raise CombinationError(
        f"{type(parts.explorer).__name__} asks for no lesson that the learner learns from by playing, so that tasks "
        "which people send cannot be taken in; use another explorer"
    )


def visit(parts: Parts, state: State, sent: Sent, *, root: PRNGKeyArray, room: Room) -> tuple[State, Outcome]:
    """A turn in which the learner plays tasks that somebody sent and learns from them, and the explorer is told.

    The tasks are numbered; copies of one have one number, and the explorer is told of each once. The place in the
    explorer's rhythm is the same afterwards as before.

    **Arguments:**

    - `parts`, `state`, `root`: as for `step`.
    - `sent`: as many rows of tasks as there is room for.
    - `room`: from `room`.

    **Returns:** the next state, and what came of it, one row a task; the rows of copies are WAITING.
    """
    if parts.hosted:
        return _visit(quickened(parts), state, sent, root, room)
    return jitted(_visit, parts.domain)(parts, state, sent, root, room)


def _visit(parts: Parts, state: State, sent: Sent, root: PRNGKeyArray, room: Room) -> tuple[State, Outcome]:
    like = parts.explorer.ask(state.explorer, parts.space, room.phase, key=jr.key(0))[1]
    first = 0 if like.span is None else like.span[0]
    copy = jnp.arange(room.rows, dtype=jnp.int32) % sent.count
    lesson = Lesson(
        sent.tasks,
        True,
        state.tasks + copy,
        sent.parent,
        who=None if like.who is None else jnp.asarray(like.who)[first : first + room.rows],
        plays=like.plays,
        queue=like.queue,
    )
    state = eqx.tree_at(lambda s: s.tasks, state, state.tasks + sent.count)
    once = Parts(parts.domain, parts.learner, _Once(parts.explorer, copy), parts.others)
    state, event = step(once, state, root=root, lesson=lesson)
    rhythm = sum(times for _, times in parts.explorer.rhythm)
    return eqx.tree_at(lambda s: s.turn, state, state.turn + (rhythm - 1)), _pooled(event.outcome, copy)


class _Once(Explorer[Any, Any]):
    """Tells an explorer of each task once, though several lanes played it."""

    part: Explorer
    copy: Int32[Array, " rows"]

    def tell(self, state: Any, space: Space, lesson: Lesson, outcome: Outcome, *, key: PRNGKeyArray) -> Any:
        return self.part.tell(state, space, lesson, _pooled(outcome, self.copy), key=key)

    def archive(self, state: Any) -> Archive | None:
        return self.part.archive(state)

    def story(self, state: Any) -> Story | None:
        return self.part.story(state)


_SUMS = ("steps", "calls", "episodes")
_ASIDE = ("status", "made", "said", "gradient")
_COLUMNS = tuple(field.name for field in dataclasses.fields(Outcome) if field.name not in _ASIDE)


def _pooled(outcome: Outcome, copy: Int32[Array, " rows"]) -> Outcome:
    """The outcome with what all lanes of a task measured in its first row; the other rows are WAITING."""
    rows = copy.shape[0]
    first = copy == jnp.arange(rows)
    answered = jnp.asarray(outcome.answered)
    count = jnp.zeros((rows,), jnp.float32).at[copy].add(answered.astype(jnp.float32))

    def joined(name: str, x: Any) -> Any:
        x = jnp.asarray(x)
        known = answered.reshape((rows,) + (1,) * (x.ndim - 1))
        if name == "max_returns":
            return jnp.full(x.shape, -jnp.inf, x.dtype).at[copy].max(jnp.where(known, x, -jnp.inf))
        total = jnp.zeros_like(x).at[copy].add(jnp.where(known | (name in _SUMS), x, jnp.zeros_like(x)))
        if name in _SUMS or not jnp.issubdtype(x.dtype, jnp.floating):
            return total
        return total / jnp.maximum(count, 1.0).astype(x.dtype).reshape((rows,) + (1,) * (x.ndim - 1))

    columns = {name: joined(name, value) for name in _COLUMNS if (value := getattr(outcome, name)) is not None}
    status = jnp.where(count > 0, Status.ANSWERED, jnp.asarray(outcome.status)).astype(jnp.int8)
    status = jnp.where(first, status, Status.WAITING).astype(jnp.int8)
    return eqx.tree_at(
        lambda o: (o.status, *(getattr(o, name) for name in columns)), outcome, (status, *columns.values())
    )
