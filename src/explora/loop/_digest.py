"""What the host is told of a turn: a few scalars, and the tasks of explorers that keep an archive."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32

from explora.core import Explorer, Outcome, Parts, Rowwise, Story

from ._state import Event, State


class Rows(eqx.Module):
    """The tasks of one turn: all that is needed to write their lineage down.

    **Arguments:**

    - `tasks`: a pytree with leading axis `rows` (after `(turns,)` in a log).
    - `id`, `parent`: their numbers.
    - `answered`: which were played and measured.
    """

    tasks: Any
    id: Int32[Rowwise, "*turns rows"]
    parent: Int32[Rowwise, "*turns rows"]
    answered: Bool[Rowwise, "*turns rows"]


def metrics(parts: Parts, state: State, outcome: Outcome) -> dict[str, Float[Array, ""]]:
    """The scalars of one turn, the same names whatever its phase; not-a-number where nothing was measured."""
    mask = outcome.answered
    found = {
        "play/answered": jnp.mean(mask.astype(jnp.float32)),
        "play/solved": _mean(outcome.solved, mask),
        "play/return": _mean(outcome.returns, mask),
        "play/length": _mean(outcome.lengths, mask),
    }
    found |= {f"learner/{name}": x for name, x in parts.learner.metrics(state.learner).items()}
    found |= {f"explorer/{name}": x for name, x in parts.explorer.metrics(state.explorer).items()}
    return {name: jnp.asarray(x, jnp.float32) for name, x in found.items()}


def rows(explorer: Explorer, state: State, event: Event) -> Rows | None:
    """The tasks of one turn if the explorer keeps an archive and they were played, else None."""
    if explorer.archive(state.explorer) is None or event.lesson.plays == 0:
        return None
    lesson = event.lesson
    return Rows(lesson.tasks, lesson.id, lesson.parent, event.outcome.answered)


def story(explorer: Explorer, state: State) -> Story | None:
    """Who lives where after one turn; what all think of all is left out, it would be too much for every turn."""
    told = explorer.story(state.explorer)
    return None if told is None else dataclasses.replace(told, scores=None)


def _mean(column: Rowwise | None, mask: Rowwise) -> Array:
    if column is None:
        return jnp.asarray(jnp.nan, jnp.float32)
    weight = mask.astype(jnp.float32)
    total = jnp.sum(weight)
    mean = jnp.sum(jnp.where(mask, column, 0.0)) / jnp.maximum(total, 1.0)
    return jnp.where(total > 0, mean, jnp.nan)


def stack(shape: Any, length: int) -> Any:
    """An empty log for `length` turns of records shaped like `shape`."""
    return jax.tree.map(lambda x: jnp.zeros((length, *x.shape), x.dtype), shape)


def put(log: Any, at: Array, record: Any, there: Array | bool = True) -> Any:
    """The log with one more record, if it is `there`."""
    if there is True:
        return jax.tree.map(lambda l, x: l.at[at].set(x), log, record)
    return jax.tree.map(lambda l, x: l.at[at].set(jnp.where(there, x, l[at])), log, record)
