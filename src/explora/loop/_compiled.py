"""Many turns in one dispatch: the same `step`, inside a `fori_loop` of traced length, so one compilation serves all."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from explora.core import ArgumentError, Parts, Story, jitted

from . import _digest as digest
from ._kinds import Kind, kinds
from ._rhythm import phase_index, phases
from ._state import State
from ._step import step


class Log(eqx.Module):
    """What a chunk of turns has to tell, turn by turn.

    **Arguments:**

    - `metrics`: one column a scalar, `(capacity,)`; only the first `turns` entries mean anything.
    - `rows`: for each phase, the tasks of its turns (None if the explorer keeps no archive).
    - `phase`: the index of each turn's phase among `names`.
    - `story`: who lived where after each turn, `(capacity, places)` (None if agents have no places).
    - `names`: of the phases. (JAX sorts the names of `rows`.)
    """

    metrics: dict[str, Float[Array, " capacity"]]
    rows: dict[str, Any]
    phase: Array
    story: Story | None = None
    names: tuple[str, ...] = eqx.field(static=True, default=())


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
    arrays, log = jitted(_chunk, parts.domain, donate="all-except-first")(fixed, arrays)
    return eqx.combine(arrays, static), log


def rehearse(parts: Parts, state: State, *, root: PRNGKeyArray, capacity: int) -> None:
    """Goes through every kind of round in shapes alone: what does not fit together says so, and nothing is computed.

    It traces and lowers what `chunk` compiles, and JAX keeps that, so it costs next to nothing if a `chunk` follows.

    **Arguments:**

    - `parts`: what is going to run. Nothing is done if any is hosted: plain Python cannot be run in shapes.
    - `state`, `root`, `capacity`: as for `chunk`. The state can be used afterwards.

    **Raises:** whatever the parts raise, `CombinationError` above all.
    """
    if parts.hosted:
        return
    arrays, static = eqx.partition(state, eqx.is_array)
    run = jitted(_chunk, parts.domain, donate="all-except-first")
    run.lower((parts, static, root, jnp.asarray(capacity, jnp.int32), capacity), arrays)


def _chunk(fixed: tuple[Parts, Any, PRNGKeyArray, Array, int], arrays: Any) -> tuple[Any, Log]:
    parts, static, root, turns, capacity = fixed
    names = phases(parts.explorer)

    @eqx.filter_jit  # so that it is traced once, for its shapes and for itself
    def one(arrays: Any, phase: Kind) -> tuple[Any, dict[str, Array], Any, Story | None]:
        state, event = step(parts, eqx.combine(arrays, static), root=root, phase=phase)
        told = digest.metrics(parts, state, event.outcome)
        lived = digest.rows(parts.explorer, state, event)
        return eqx.filter(state, eqx.is_array), told, lived, digest.story(parts.explorer, state)

    alike = kinds(parts.explorer, eqx.combine(arrays, static).explorer, parts.space)
    first = jnp.zeros((), jnp.int32)
    shapes = {alike_names: eqx.filter_eval_shape(one, arrays, Kind(alike_names, first)) for alike_names in alike}
    empty = Log(
        digest.stack(shapes[alike[0]][1], capacity),
        {name: digest.stack(shape[2], capacity) for some, shape in shapes.items() for name in some},
        jnp.zeros((capacity,), jnp.int32),
        digest.stack(shapes[alike[0]][3], capacity),
        names,
    )

    def branch(some: tuple[str, ...]) -> Any:
        here = jnp.array([some.index(name) if name in some else 0 for name in names], jnp.int32)

        def run(at: Array, phase: Array, arrays: Any, log: Log) -> tuple[Any, Log]:
            arrays, told, rows, story = one(arrays, Kind(some, here[phase]))
            log = Log(
                digest.put(log.metrics, at, told),
                log.rows | {name: digest.put(log.rows[name], at, rows, names.index(name) == phase) for name in some},
                log.phase.at[at].set(phase),
                digest.put(log.story, at, story),
                names,
            )
            return arrays, log

        return run

    branches = [branch(some) for some in alike]
    owner = jnp.array([next(at for at, some in enumerate(alike) if name in some) for name in names], jnp.int32)

    def body(at: Array, carry: tuple[Any, Log]) -> tuple[Any, Log]:
        arrays, log = carry
        phase = phase_index(parts.explorer, arrays.turn)
        if len(branches) == 1:
            return branches[0](at, phase, arrays, log)
        return jax.lax.switch(owner[phase], branches, at, phase, arrays, log)

    return jax.lax.fori_loop(0, turns, body, (arrays, empty))
