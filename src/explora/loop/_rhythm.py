"""Which kind of round a turn is."""

import jax.numpy as jnp
from jaxtyping import Array

from explora.core import Explorer


def phases(explorer: Explorer) -> tuple[str, ...]:
    """The names of the explorer's kinds of round, each once, in order of first appearance."""
    return tuple(dict.fromkeys(name for name, _ in explorer.rhythm))


def starts(explorer: Explorer, turn: int) -> bool:
    """Whether the rhythm begins anew with a turn, on the host."""
    return turn % sum(times for _, times in explorer.rhythm) == 0


def phase_at(explorer: Explorer, turn: int) -> str:
    """The kind of round of a turn, on the host."""
    place = turn % sum(times for _, times in explorer.rhythm)
    for name, times in explorer.rhythm:
        if place < times:
            return name
        place -= times
    raise AssertionError("unreachable: the place lies inside the rhythm")


def phase_index(explorer: Explorer, turn: Array) -> Array:
    """The kind of round of a turn, as an index into `phases`, under `jit`."""
    names = phases(explorer)
    ends, total = [], 0
    for _, times in explorer.rhythm:
        total += times
        ends.append(total)
    kinds = jnp.array([names.index(name) for name, _ in explorer.rhythm], jnp.int32)
    return kinds[jnp.searchsorted(jnp.array(ends, jnp.int32), turn % total, side="right")]
