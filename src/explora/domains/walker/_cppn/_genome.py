"""A network that writes a terrain, as arrays of fixed shape."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int8, Int32

from explora.core import Rowwise

from .._terrain import HEIGHT_UNITS, METRE, POINTS, START_PAD
from ._fixed import LARGEST, ONE, cut, sigmoid, sine, square, tangent, times

ACTIVATIONS = ("identity", "sin", "sigmoid", "square", "tanh")
NOBODY, IDENTITY = 0, 1
"""What `kind` says of a unit that is not there, and of the output."""
INPUT, OUTPUT = -1, 0
GONE, OFF, ON = range(3)
"""What `state` says of an edge."""

HEAVIEST = 10 * ONE
"""Of weights and biases, in 2⁻¹⁶."""
STRONGEST = LARGEST * ONE
"""Of the response."""
HIGHEST = 64
"""Ground is cut off so far above and below the start [m]."""

_PLACES = np.array([round((i - POINTS / 2) * np.pi / (POINTS / 2) * ONE) for i in range(POINTS)], np.int32)
"""Where each point of a terrain lies for the network: from -π to π."""
_JUDGED = np.array([round((i - 100) / 100 * ONE) for i in range(200)], np.int32)
"""Where the released code looks how high a terrain rises: from -1 to 1."""


class CppnTask(eqx.Module):
    """A network whose output is the height of the ground. Numbers are whole multiples of 2⁻¹⁶.

    Unit 0 is the output, the others are hidden; edges may start at -1, the input, which is the place.

    **Arguments:**

    - `kind`: of each unit: 0 it is not there, 1 identity, 2 sin, 3 sigmoid, 4 square, 5 tanh.
    - `bias`: of each unit.
    - `response`: by which the sum that reaches the output is multiplied.
    - `start`, `end`: the units between which each edge leads.
    - `state`: of each edge: 0 it is not there, 1 it is switched off, 2 it is on.
    - `weight`: of each edge.
    """

    kind: Int8[Rowwise, "*tasks units"]
    bias: Int32[Rowwise, "*tasks units"]
    response: Int32[Rowwise, "*tasks"]
    start: Int8[Rowwise, "*tasks edges"]
    end: Int8[Rowwise, "*tasks edges"]
    state: Int8[Rowwise, "*tasks edges"]
    weight: Int32[Rowwise, "*tasks edges"]

    def heights(self) -> Int32[Array, " points"]:
        """The height of the ground at each point, in the units of `Terrain`: flat, then as the network says."""
        said = answers(self, jnp.asarray(_PLACES))
        rise = jnp.clip((said - said[START_PAD + 1]) * (METRE // ONE), -HIGHEST * METRE, HIGHEST * METRE)
        return HEIGHT_UNITS + jnp.where(jnp.arange(POINTS) > START_PAD, rise, 0)


def answers(task: CppnTask, places: Int32[Array, " places"]) -> Int32[Array, " places"]:
    """What the network says at each place.

    Every unit is computed again until nothing changes any more: as often as the longest way through it is long.
    """
    on = (task.state == ON)[:, None]
    units = task.kind.shape[0]

    def again(values: Array) -> Array:
        # The input stands last, where -1 finds it.
        told = jnp.where(
            on, times(values[task.start], jnp.broadcast_to(task.weight[:, None], on.shape[:1] + places.shape)), 0
        )
        total = jnp.zeros_like(values[:-1]).at[task.end].add(told)
        total = total.at[OUTPUT].set(times(cut(total[OUTPUT]), jnp.broadcast_to(task.response, places.shape)))
        return jnp.concatenate([_activated(task.kind, cut(total + task.bias[:, None])), places[None]])

    def step(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        values, _, rounds = carry
        after = again(values)
        return after, jnp.any(after != values), rounds + 1

    first = jnp.concatenate([jnp.zeros((units, *places.shape), jnp.int32), places[None]])
    more = lambda carry: carry[1] & (carry[2] <= units)
    return jax.lax.while_loop(more, step, (first, jnp.ones((), bool), jnp.zeros((), jnp.int32)))[0][OUTPUT]


def _activated(kind: Int8[Array, " units"], x: Int32[Array, "units places"]) -> Int32[Array, "units places"]:
    kinds = [jnp.zeros_like(x), x, sine(x), sigmoid(x), square(x), tangent(x)]
    return jax.lax.select_n(jnp.broadcast_to(kind[:, None], x.shape).astype(jnp.int32), *kinds)


def highest(task: CppnTask, *, released: bool) -> Int32[Array, ""]:
    """How far the ground rises above its beginning at most, in 2⁻¹⁶ m.

    **Arguments:**

    - `task`: the network.
    - `released`: look from -1 to 1, as the released code does; otherwise at the terrain itself.
    """
    places = _JUDGED if released else _PLACES[START_PAD + 1 :]
    said = answers(task, jnp.asarray(places))
    return jnp.max(said - said[0])


def is_valid(task: CppnTask) -> Bool[Array, ""]:
    """Whether every number lies in its range, edges lead between units that are there, and none leads in a circle."""
    units = task.kind.shape[0]
    there = task.kind != NOBODY
    named = jnp.append(there, True)  # the input
    edge = task.state != GONE
    good = jnp.all((task.kind >= 0) & (task.kind <= len(ACTIVATIONS))) & (task.kind[OUTPUT] == IDENTITY)
    good &= jnp.all(jnp.abs(task.bias) <= HEAVIEST) & jnp.all(jnp.abs(task.weight) <= HEAVIEST)
    good &= (task.response > 0) & (task.response <= STRONGEST)
    good &= jnp.all((task.state >= GONE) & (task.state <= ON))
    ranged = (task.start >= INPUT) & (task.start < units) & (task.end >= OUTPUT) & (task.end < units)
    good &= jnp.all(~edge | (ranged & (task.start != OUTPUT) & named[task.start] & there[task.end]))
    return good & _straight(task, edge)


def _straight(task: CppnTask, edge: Bool[Array, " edges"]) -> Bool[Array, ""]:
    """Whether edges never lead in a circle: then every unit gets a depth, after at most as many rounds as units."""
    units = task.kind.shape[0]

    def deeper(depth: Array) -> Array:
        from_input = jnp.append(depth, 0)[task.start] + 1
        return depth.at[task.end].max(jnp.where(edge, from_input, 0))

    depth = jax.lax.fori_loop(0, units + 1, lambda _, x: deeper(x), jnp.zeros((units,), jnp.int32))
    return jnp.all(deeper(depth) == depth)


def canonical_task(task: CppnTask) -> CppnTask:
    """The same network with its units and edges moved together, edges in the order of where they lead."""
    there = (task.kind != NOBODY).at[OUTPUT].set(True)
    order = jnp.argsort(~there, stable=True)
    place = jnp.append(jnp.argsort(order), INPUT).astype(jnp.int8)  # where each unit goes, and the input
    bias = jnp.where(there, task.bias, 0)[order]
    kind = task.kind[order]
    edge = task.state != GONE
    clear = lambda x: jnp.where(edge, x, jnp.zeros_like(x))
    start, end = clear(place[task.start]), clear(place[task.end])
    code = (start.astype(jnp.int32) + 1) * 256 + end.astype(jnp.int32)
    by = jnp.argsort(jnp.where(edge, code, 2**20), stable=True)
    weight, state = clear(task.weight), task.state
    return CppnTask(kind, bias, task.response, start[by], end[by], state[by], weight[by])


def straight_line(hidden: int, weight: Int32[Array, ""] | int, bias: Int32[Array, ""] | int) -> CppnTask:
    """The network that leads from the input to the output and nowhere else, with room for `hidden` units."""
    edges = 2 * hidden + 1
    first = jnp.zeros((edges,), jnp.int8)
    return CppnTask(
        kind=jnp.zeros((hidden + 1,), jnp.int8).at[OUTPUT].set(IDENTITY),
        bias=jnp.zeros((hidden + 1,), jnp.int32).at[OUTPUT].set(bias),
        response=jnp.full((), ONE, jnp.int32),
        start=first.at[0].set(INPUT),
        end=first,
        state=first.at[0].set(ON),
        weight=jnp.zeros((edges,), jnp.int32).at[0].set(weight),
    )
