"""The same turns in plain Python, for parts with people, browsers, remote models or scikit-learn inside."""

from collections.abc import Callable, Iterator

from jaxtyping import PRNGKeyArray

from explora.core import Parts

from ._rhythm import phase_at
from ._state import Event, State
from ._step import step


def host(
    parts: Parts,
    state: State,
    *,
    root: PRNGKeyArray,
    turns: int,
    keep: Callable[[Event], None] | None = None,
) -> State:
    """Runs `turns` turns in plain Python.

    **Arguments:**

    - `parts`, `state`, `root`: as for `step`.
    - `turns`: how many turns.
    - `keep`: called with every event, for whoever wants to keep the experience.

    **Returns:** the state afterwards.
    """
    for after, event in hosted(parts, state, root=root, turns=turns):
        state = after
        if keep is not None:
            keep(event)
    return state


def hosted(parts: Parts, state: State, *, root: PRNGKeyArray, turns: int) -> Iterator[tuple[State, Event]]:
    """Yields the state and the event after each of `turns` turns."""
    for _ in range(turns):
        state, event = step(parts, state, root=root, phase=phase_at(parts.explorer, int(state.turn)))
        yield state, event
