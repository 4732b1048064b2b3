"""The same turns in plain Python, for parts with people, browsers, remote models or scikit-learn inside."""

from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from explora.core import Lesson, Parts

from . import _digest as digest
from ._compiled import Log
from ._jitted import quickened
from ._rhythm import phase_at, phases, starts
from ._state import Event, State
from ._step import step


def hosted(parts: Parts, state: State, *, root: PRNGKeyArray, turns: int) -> Iterator[tuple[State, Event]]:
    """Yields the state and the event after each of `turns` turns of plain Python.

    What a learner and an explorer do on their own is compiled, verb by verb, unless they are hosted themselves.

    **Arguments:**

    - `parts`, `state`, `root`: as for `step`.
    - `turns`: how many turns.
    """
    parts = quickened(parts)
    for _ in range(turns):
        state, event = step(parts, state, root=root, phase=phase_at(parts.explorer, int(state.turn)))
        yield state, event


def host_chunk(
    parts: Parts,
    state: State,
    *,
    root: PRNGKeyArray,
    turns: int,
    keep: Callable[[Event], Any] | None = None,
) -> tuple[State, Log]:
    """What `chunk` does, in plain Python.

    Where answers may come late, those that have come are taken first, before anything new is asked: a chunk that
    begins with the rhythm and finds some is one turn, which takes the place of a whole rhythm.

    **Arguments:**

    - `parts`, `state`, `root`: as for `step`.
    - `turns`: how many turns.
    - `keep`: called with every event, for whoever wants to keep the experience.

    **Returns:** the state afterwards, and the log.
    """
    names = phases(parts.explorer)
    quick = quickened(parts)
    first = int(state.turn)
    late = arrived(parts, state) if starts(parts.explorer, first) else None
    if late is not None:
        return _take(parts, quick, state, late, root=root, keep=keep)
    kinds = [names.index(phase_at(parts.explorer, first + turn)) for turn in range(turns)]
    told: list[dict[str, Any]] = []
    lineage: list[Any] = []
    stories: list[Any] = []
    for after, event in hosted(parts, state, root=root, turns=turns):
        state = after
        if keep is not None:
            keep(event)
        told.append(digest.metrics(quick, state, event.outcome))
        lineage.append(digest.rows(parts.explorer, state, event))
        stories.append(digest.story(parts.explorer, state))
    columns = {name: jnp.stack([row[name] for row in told]) for name in told[0]}
    rows = {name: _stack(lineage, [kind == number for kind in kinds]) for number, name in enumerate(names)}
    story = jax.tree.map(lambda *x: jnp.stack(x), *stories)
    return state, Log(columns, rows, jnp.asarray(np.array(kinds, np.int32)), story, names)


def arrived(parts: Parts, state: State) -> Lesson | None:
    """The answers that have come to what the explorer asked earlier, as a lesson for `step`; None if there are none.

    They are in the journal by then.
    """
    if not parts.domain.late:
        return None
    unsettled = parts.explorer.open(state.explorer)
    return None if unsettled is None else parts.domain.arrived(unsettled)


def _take(
    parts: Parts, quick: Parts, state: State, late: Lesson, *, root: PRNGKeyArray, keep: Callable[[Event], Any] | None
) -> tuple[State, Log]:
    """A turn for late answers. The turns that the rhythm would still have are passed over, so that it begins anew."""
    names, rhythm = phases(parts.explorer), sum(times for _, times in parts.explorer.rhythm)
    state, event = step(quick, state, root=root, lesson=late)
    state = eqx.tree_at(lambda s: s.turn, state, state.turn + (rhythm - 1))
    if keep is not None:
        keep(event)
    columns = {name: x[None] for name, x in digest.metrics(quick, state, event.outcome).items()}
    lived = digest.rows(parts.explorer, state, event)
    rows = {name: jax.tree.map(lambda x: x[None], lived) if name == late.phase else None for name in names}
    story = jax.tree.map(lambda x: x[None], digest.story(parts.explorer, state))
    return state, Log(columns, rows, jnp.asarray([names.index(late.phase)], jnp.int32), story, names)


def _stack(records: list[Any], chosen: list[bool]) -> Any:
    """One entry a turn, as in a compiled log; zeros at the turns of other phases, whose lessons have other shapes."""
    shape = next((record for record, take in zip(records, chosen) if take), None)
    if shape is None:
        return None
    blank = jax.tree.map(jnp.zeros_like, shape)
    return jax.tree.map(lambda *x: jnp.stack(x), *(r if take else blank for r, take in zip(records, chosen)))
