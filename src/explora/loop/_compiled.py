"""Many turns in one dispatch: the same `step`, inside a `fori_loop` of traced length, so one compilation serves all."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from explora.core import ArgumentError, Parts

from . import _digest as digest
from ._rhythm import phase_index, phases
from ._state import State
from ._step import step


class Log(eqx.Module):
    """What a chunk of turns has to tell, turn by turn.

    **Arguments:**

    - `metrics`: one column a scalar, `(capacity,)`; only the first `turns` entries mean anything.
    - `rows`: for each phase, the tasks of its turns (None if the explorer keeps no archive).
    - `phase`: the index of each turn's phase.
    """

    metrics: dict[str, Float[Array, " capacity"]]
    rows: dict[str, Any]
    phase: Array


def chunk(
    parts: Parts, state: State, *, root: PRNGKeyArray, turns: int, capacity: int | None = None
) -> tuple[State, Log]:
    """Runs `turns` turns in one dispatch. The buffers of `state` are given away: do not use it afterwards.

    **Arguments:**

    - `parts`: what the run is made of; none may be hosted.
    - `state`: where it stands.
    - `root`: the key of the run.
    - `turns`: how many turns; any number up to `capacity` runs the same compiled program.
    - `capacity`: how many turns the log can hold; a new value compiles anew. None: `turns`.

    **Returns:** the state afterwards, and the log.
    """
    capacity = capacity or turns
    if not 0 < turns <= capacity:
        raise ArgumentError(f"`turns` must lie between 1 and `capacity`={capacity}, got {turns}; raise `capacity`")
    arrays, static = eqx.partition(state, eqx.is_array)
    fixed = (parts, static, root, jnp.asarray(turns, jnp.int32), capacity)
    arrays, log = _chunk(fixed, arrays)
    return eqx.combine(arrays, static), log


def rehearse(parts: Parts, state: State, *, root: PRNGKeyArray, capacity: int) -> None:
    """Goes through every kind of round in shapes alone: what does not fit together says so, and nothing is computed.

    It traces what `chunk` compiles, and JAX keeps the trace, so it costs next to nothing if a `chunk` follows.

    **Arguments:**

    - `parts`: what is going to run. Nothing is done if any is hosted: plain Python cannot be run in shapes.
    - `state`, `root`, `capacity`: as for `chunk`. The state can be used afterwards.

    **Raises:** whatever the parts raise, `CombinationError` above all.
    """
    if parts.hosted:
        return
    arrays, static = eqx.partition(state, eqx.is_array)
    eqx.filter_eval_shape(_chunk, (parts, static, root, jnp.asarray(capacity, jnp.int32), capacity), arrays)


@eqx.filter_jit(donate="all-except-first")
def _chunk(fixed: tuple[Parts, Any, PRNGKeyArray, Array, int], arrays: Any) -> tuple[Any, Log]:
    parts, static, root, turns, capacity = fixed
    names = phases(parts.explorer)

    def one(arrays: Any, phase: str) -> tuple[Any, dict[str, Array], Any]:
        state, event = step(parts, eqx.combine(arrays, static), root=root, phase=phase)
        told = digest.metrics(parts, state, event.outcome)
        return eqx.filter(state, eqx.is_array), told, digest.rows(parts.explorer, state, event)

    shapes = {name: eqx.filter_eval_shape(one, arrays, name) for name in names}
    empty = Log(
        digest.stack(shapes[names[0]][1], capacity),
        {name: digest.stack(shapes[name][2], capacity) for name in names},
        jnp.zeros((capacity,), jnp.int32),
    )

    def branch(name: str) -> Any:
        def run(at: Array, arrays: Any, log: Log) -> tuple[Any, Log]:
            arrays, told, rows = one(arrays, name)
            log = Log(
                digest.put(log.metrics, at, told),
                log.rows | {name: digest.put(log.rows[name], at, rows)},
                log.phase.at[at].set(names.index(name)),
            )
            return arrays, log

        return run

    branches = [branch(name) for name in names]

    def body(at: Array, carry: tuple[Any, Log]) -> tuple[Any, Log]:
        arrays, log = carry
        if len(branches) == 1:
            return branches[0](at, arrays, log)
        return jax.lax.switch(phase_index(parts.explorer, arrays.turn), branches, at, arrays, log)

    return jax.lax.fori_loop(0, turns, body, (arrays, empty))
