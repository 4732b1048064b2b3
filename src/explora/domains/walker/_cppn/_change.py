"""How networks that write terrains begin and change, as the released code has it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from ._fixed import ONE
from ._genome import (
    ACTIVATIONS,
    GONE,
    HEAVIEST,
    NOBODY,
    OFF,
    ON,
    OUTPUT,
    STRONGEST,
    CppnTask,
    canonical_task,
    highest,
    straight_line,
)

_ADD, _DELETE = 0.1, 0.075
_CHANGES, _POWER = 0.75, 0.1
"""How likely a number changes, and the deviation of its change."""
_FIRST_BIAS, _FIRST_WEIGHT = 0.1, 0.25
_LOW, _HIGH = 0.25, 16.0
"""A terrain that rises less or more [m] is scaled."""
_TO_LOW, _TO_HIGH = (0.25, 0.75), (12.0, 16.0)
_LEAST = ONE // 256
"""Who rises less does not rise: scaled up, the steps of whole numbers would show."""
_TRIES = 64


def first_line(hidden: int, *, key: PRNGKeyArray) -> CppnTask:
    """A network without hidden units: a slope."""
    weight, bias = jr.split(key)
    return straight_line(hidden, _normal(weight, (), _FIRST_WEIGHT), _normal(bias, (), _FIRST_BIAS))


def mutate_task(task: CppnTask, released: bool, *, key: PRNGKeyArray) -> CppnTask:
    """A changed network whose ground rises somewhere, neither too little nor too much.

    After 64 changes of which none does, the network stays as it is.
    """

    def one(carry: tuple[Array, CppnTask, Bool[Array, ""]]) -> tuple[Array, CppnTask, Bool[Array, ""]]:
        number, _, _ = carry
        change_key, scale_key = jr.split(jr.fold_in(key, number))
        changed = _changed(task, key=change_key)
        rise = highest(changed, released=released)
        good = (rise >= _LEAST) & _differs(changed, task)
        response = _response(rise, key=scale_key)
        changed = eqx.tree_at(lambda t: t.response, changed, response)
        return number + 1, jax.tree.map(lambda new, old: jnp.where(good, new, old), changed, task), good

    begin = (jnp.zeros((), jnp.int32), task, jnp.zeros((), bool))
    _, found, _ = jax.lax.while_loop(lambda carry: ~carry[2] & (carry[0] < _TRIES), one, begin)
    return canonical_task(found)


def _changed(task: CppnTask, *, key: PRNGKeyArray) -> CppnTask:
    """One change of the structure or none, and small changes of most numbers."""
    which, structure, weights, biases = jr.split(key, 4)
    chance = jr.uniform(which)
    grown, shrunk = _with_unit(task, key=structure), _without_unit(task, key=structure)
    pick = lambda grown, shrunk, same: jnp.where(chance < _ADD, grown, jnp.where(chance < _ADD + _DELETE, shrunk, same))
    task = jax.tree.map(pick, grown, shrunk, task)
    return CppnTask(
        task.kind,
        _jittered(task.bias, task.kind != NOBODY, key=biases),
        jnp.full((), ONE, jnp.int32),
        task.start,
        task.end,
        task.state,
        _jittered(task.weight, task.state != GONE, key=weights),
    )


def _with_unit(task: CppnTask, *, key: PRNGKeyArray) -> CppnTask:
    """A unit in the middle of an edge, which is switched off; the same network where there is no room or no edge."""
    edge_key, kind_key, bias_key = jr.split(key, 3)
    edge, free = task.state != GONE, task.state == GONE
    split = _any(edge, key=edge_key)
    unit = jnp.argmax(task.kind == NOBODY)
    into = jnp.argmax(free)
    out = jnp.argmax(free.at[into].set(False))
    room = jnp.any(edge) & jnp.any(task.kind == NOBODY) & (jnp.sum(free) >= 2)
    kind = jr.randint(kind_key, (), 1, len(ACTIVATIONS) + 1).astype(jnp.int8)
    put = lambda x, first, second: x.at[into].set(first).at[out].set(second)
    name = unit.astype(jnp.int8)
    grown = CppnTask(
        task.kind.at[unit].set(kind),
        task.bias.at[unit].set(_normal(bias_key, (), _FIRST_BIAS)),
        task.response,
        put(task.start, task.start[split], name),
        put(task.end, name, task.end[split]),
        put(task.state.at[split].set(OFF), jnp.int8(ON), jnp.int8(ON)),
        put(task.weight, jnp.int32(ONE), task.weight[split]),
    )
    return jax.tree.map(lambda new, old: jnp.where(room, new, old), grown, task)


def _without_unit(task: CppnTask, *, key: PRNGKeyArray) -> CppnTask:
    """One hidden unit less, with its edges; the same network where there is none."""
    hidden = (task.kind != NOBODY).at[OUTPUT].set(False)
    unit = _any(hidden, key=key)
    some = jnp.any(hidden)
    loose = some & ((task.start == unit.astype(jnp.int8)) | (task.end == unit.astype(jnp.int8)))
    gone = lambda x: jnp.where(some, x.at[unit].set(0), x)
    return CppnTask(
        gone(task.kind),
        gone(task.bias),
        task.response,
        task.start,
        task.end,
        jnp.where(loose, jnp.int8(GONE), task.state),
        task.weight,
    )


def _response(rise: Int32[Array, ""], *, key: PRNGKeyArray) -> Int32[Array, ""]:
    """What a rise is to be multiplied by: 1, unless it is too small or too large."""
    metres = rise.astype(jnp.float32) / ONE
    draw = jr.uniform(key)
    within = lambda span: span[0] + (span[1] - span[0]) * draw
    wanted = jnp.where(metres < _LOW, within(_TO_LOW), jnp.where(metres > _HIGH, within(_TO_HIGH), metres))
    response = jnp.round(wanted / jnp.maximum(metres, _LEAST / ONE) * ONE).astype(jnp.int32)
    return jnp.clip(response, 1, STRONGEST)


def _differs(a: CppnTask, b: CppnTask) -> Bool[Array, ""]:
    """Whether anything that shows is different; a response that is drawn anew does not count."""
    same = lambda name: jnp.all(getattr(a, name) == getattr(b, name))
    names = ("kind", "bias", "start", "end", "state", "weight")
    return ~jnp.all(jnp.stack([same(name) for name in names]))


def _jittered(x: Int32[Array, " genes"], there: Bool[Array, " genes"], *, key: PRNGKeyArray) -> Int32[Array, " genes"]:
    which, how = jr.split(key)
    change = there & (jr.uniform(which, x.shape) < _CHANGES)
    return jnp.where(change, jnp.clip(x + _normal(how, x.shape, _POWER), -HEAVIEST, HEAVIEST), x)


def _any(among: Bool[Array, " genes"], *, key: PRNGKeyArray) -> Int32[Array, ""]:
    """One of those that are meant, each as likely as the others."""
    rank: Float[Array, " genes"] = jnp.where(among, jr.uniform(key, among.shape), -1.0)
    return jnp.argmax(rank).astype(jnp.int32)


def _normal(key: PRNGKeyArray, shape: tuple[int, ...], deviation: float) -> Int32[Array, "*genes"]:
    return jnp.round(deviation * ONE * jr.normal(key, shape)).astype(jnp.int32)
