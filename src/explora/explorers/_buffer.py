"""The tasks that `Replay` keeps, in order of their score, and the rules by which they are drawn, found and evicted.

Every operation takes a whole batch and costs a few passes over the slots, none of them a sort: the order is mended
after each batch (`explora.maths.reorder`), so a buffer of a million tasks costs tens of milliseconds a round.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray, UInt32

from explora.core import NEW, Space
from explora.maths import pick, reorder, tied_ranks


class Buffer(eqx.Module):
    """A fixed number of slots, the first `size` of them filled.

    **Arguments:**

    - `tasks`: a pytree of arrays with leading axis `slots`.
    - `id`, `parent`: the number of each task and of the one it was made from.
    - `score`: the learning potential of each; -inf where a slot is empty.
    - `memory`: the memory row of the score, one a slot.
    - `used`: the reading of the clock when each was last drawn or written.
    - `print`: the fingerprint of each task.
    - `order`: the slots sorted by falling score, the empty ones last.
    - `size`: how many slots are filled.
    - `clock`: how many tasks have been drawn or written so far.
    """

    tasks: Any
    id: Int32[Array, " slots"]
    parent: Int32[Array, " slots"]
    score: Float[Array, " slots"]
    memory: Any
    used: Int32[Array, " slots"]
    print: UInt32[Array, "slots 2"]
    order: Int32[Array, " slots"]
    size: Int32[Array, ""]
    clock: Int32[Array, ""]

    @property
    def slots(self) -> int:
        """How many tasks there is room for."""
        return self.score.shape[0]

    @property
    def filled(self) -> Bool[Array, " slots"]:
        """Which slots hold a task."""
        return jnp.arange(self.slots) < self.size


class Batch(eqx.Module):
    """Tasks that were just scored.

    **Arguments:**

    - `tasks`, `id`, `parent`, `memory`, `print`: as in `Buffer`, one a row.
    - `slot`: where the task is kept already, or -1.
    - `drawn`: whether the row was drawn from its slot (and not found there by its fingerprint).
    - `score`: the learning potential.
    - `valid`: whether the row counts: answered, finite, and the first of its task in the batch.
    """

    tasks: Any
    id: Int32[Array, " rows"]
    parent: Int32[Array, " rows"]
    memory: Any
    print: UInt32[Array, "rows 2"]
    slot: Int32[Array, " rows"]
    drawn: Bool[Array, " rows"]
    score: Float[Array, " rows"]
    valid: Bool[Array, " rows"]


class Rules(eqx.Module):
    """How tasks are drawn and evicted; the fields are those of `Replay`."""

    temperature: Any
    staleness: Any
    blend: Any
    prioritisation: str = eqx.field(static=True)
    top: int = eqx.field(static=True)
    ties: str = eqx.field(static=True)
    accept: str = eqx.field(static=True)
    victim: str = eqx.field(static=True)
    clock: str = eqx.field(static=True)
    unique: bool = eqx.field(static=True)
    distinct: bool = eqx.field(static=True)
    sequential: bool = eqx.field(static=True)


def empty(space: Space, memory: Any, slots: int) -> Buffer:
    """A buffer with nothing in it; `memory` is the memory row of a task that has never been played."""
    task = jax.eval_shape(lambda: space.sample(key=jr.key(0)))
    none = jnp.full((slots,), NEW, jnp.int32)
    return Buffer(
        jax.tree.map(lambda x: jnp.zeros((slots, *x.shape), x.dtype), task),
        none,
        jnp.copy(none),
        jnp.full((slots,), -jnp.inf, jnp.float32),
        jax.tree.map(lambda x: jnp.broadcast_to(x, (slots, *jnp.shape(x))), memory),
        jnp.zeros((slots,), jnp.int32),
        jnp.zeros((slots, 2), jnp.uint32),
        jnp.arange(slots, dtype=jnp.int32),
        jnp.zeros((), jnp.int32),
        jnp.zeros((), jnp.int32),
    )


def score_weights(buffer: Buffer, rules: Rules) -> Float[Array, " places"]:
    """P_S, the share that each place of `buffer.order` gets because of its score.

    By rank: P_S ∝ (1 / rank)^(1/β). By topk: softmax of the scores over the best few. Empty places get nothing.

    **Reference:** Jiang et al. 2021 (arXiv:2010.03934), eq. 2.
    """
    ordered = buffer.score[buffer.order]
    place = jnp.arange(buffer.slots)
    inside = place < buffer.size
    if rules.prioritisation == "topk":
        inside = inside & (place < rules.top)
        log = ordered
    else:
        rank = tied_ranks(ordered) if rules.ties == "average" else (place + 1).astype(jnp.float32)
        log = -jnp.log(rank) / rules.temperature
    log = jnp.where(inside, log, -jnp.inf)
    # Relative to the largest: the weights of a million tied tasks would all underflow.
    weight = jnp.where(inside, jnp.exp(log - jnp.maximum(jnp.max(log), jnp.finfo(jnp.float32).min)), 0.0)
    return weight / jnp.maximum(jnp.sum(weight), 1.0)


def staleness_weights(buffer: Buffer, used: Int32[Array, " slots"], clock: Int32[Array, ""]) -> Float[Array, " places"]:
    """P_C ∝ c − C_i for each place of `buffer.order`; the same for all if all are fresh. Empty places get nothing.

    **Reference:** Jiang et al. 2021 (arXiv:2010.03934), eq. 3.
    """
    inside = (jnp.arange(buffer.slots) < buffer.size).astype(jnp.float32)
    age = inside * (clock - used[buffer.order]).astype(jnp.float32)
    total = jnp.sum(age)
    even = inside / jnp.maximum(buffer.size, 1).astype(jnp.float32)
    return jnp.where(total > 0, age / jnp.maximum(total, 1.0), even)


def priorities(buffer: Buffer, rules: Rules) -> Float[Array, " places"]:
    """P = (1 − κ) P_S + κ P_C for each place of `buffer.order`."""
    stale = staleness_weights(buffer, buffer.used, buffer.clock)
    return (1.0 - rules.staleness) * score_weights(buffer, rules) + rules.staleness * stale


def draw(buffer: Buffer, rules: Rules, count: int, *, key: PRNGKeyArray) -> Int32[Array, " count"]:
    """The slots of `count` tasks to be replayed. The buffer must hold one at least (`count` if they are distinct)."""
    if rules.sequential:
        return _draw_in_turn(buffer, rules, count, key)
    weight = priorities(buffer, rules)
    if not rules.distinct:
        return buffer.order[pick(weight, count, key=key)]
    # The largest of log-weight plus Gumbel noise are draws without replacement.
    noisy = jnp.where(weight > 0, jnp.log(weight) + jr.gumbel(key, weight.shape), -jnp.inf)
    spare = jnp.where(jnp.arange(buffer.slots) < buffer.size, jnp.finfo(jnp.float32).min, -jnp.inf)
    return buffer.order[jax.lax.top_k(jnp.maximum(noisy, spare), count)[1]]


def _draw_in_turn(buffer: Buffer, rules: Rules, count: int, key: PRNGKeyArray) -> Int32[Array, " count"]:
    """Each draw makes its slot fresh before the next one."""
    by_score = score_weights(buffer, rules)

    def one(carry: tuple[Array, Array, Array], k: PRNGKeyArray) -> tuple[tuple[Array, Array, Array], Array]:
        used, clock, free = carry
        weight = (1.0 - rules.staleness) * by_score + rules.staleness * staleness_weights(buffer, used, clock)
        slot = buffer.order[pick(jnp.where(free, weight, 0.0), 1, key=k)[0]]
        free = free & (buffer.order != slot) if rules.distinct else free
        return (used.at[slot].set(clock + 1), clock + 1, free), slot

    start = (buffer.used, buffer.clock, jnp.ones((buffer.slots,), bool))
    return jax.lax.scan(one, start, jr.split(key, count))[1]


def touch(buffer: Buffer, slot: Int32[Array, " rows"], counts: Bool[Array, " rows"]) -> Buffer:
    """Notes that rows were drawn or written, one after the other: the clock counts them, their slots become fresh.

    **Arguments:**

    - `buffer`: where they are kept.
    - `slot`: the slot of each row; -1 where it has none.
    - `counts`: which rows the clock counts.
    """
    stamp = buffer.clock + jnp.cumsum(counts.astype(jnp.int32))
    at = jnp.where(counts & (slot >= 0), slot, buffer.slots)
    return eqx.tree_at(
        lambda b: (b.used, b.clock),
        buffer,
        (buffer.used.at[at].max(stamp, mode="drop"), buffer.clock + jnp.sum(counts.astype(jnp.int32))),
    )


def locate(
    buffer: Buffer, slot: Int32[Array, " rows"], prints: UInt32[Array, "rows 2"], search: bool
) -> Int32[Array, " rows"]:
    """The slot in which each task is kept, or -1.

    **Arguments:**

    - `buffer`: where to look.
    - `slot`: where a row was drawn from (-1: nowhere); kept if the same task is still there.
    - `prints`: the fingerprints of the rows.
    - `search`: whether to look for the others.
    """
    same = jnp.all(buffer.print.at[slot].get(mode="clip") == prints, axis=1)
    slot = jnp.where((slot >= 0) & (slot < buffer.size) & same, slot, -1)
    if not search:
        return slot
    # A binary search among the few rows for every slot: 50 times cheaper than comparing all pairs. A row whose first
    # word equals another row's is found only if it comes first, so a duplicate is missed once in 10⁵ batches.
    by = jnp.lexsort((prints[:, 1], prints[:, 0]))
    words = prints[by]
    near = jnp.searchsorted(words[:, 0], buffer.print[:, 0], method="scan_unrolled")
    near = jnp.minimum(near, words.shape[0] - 1)
    match = jnp.all(words[near] == buffer.print, axis=1) & buffer.filled
    at = jnp.where(match, near, words.shape[0])
    found = jnp.full((words.shape[0],), -1, jnp.int32)
    found = found.at[at].max(jnp.arange(buffer.slots, dtype=jnp.int32), mode="drop")
    found = jnp.zeros_like(found).at[by].set(found)
    twin = jnp.all(prints[:, None] == prints[None], axis=-1)
    found = jnp.max(jnp.where(twin, found[None], -1), axis=1)
    return jnp.where(slot >= 0, slot, found)


def absorb(buffer: Buffer, rules: Rules, batch: Batch) -> Buffer:
    """Takes scored tasks in: known ones get their new score, new ones a free slot or that of a lesser task.

    In one go, all known tasks are scored anew first; then the new ones, best first, take the free slots and after that
    challenge the tasks of lowest priority, the best of them the lowest. With κ = 0 this keeps exactly the tasks that
    taking them one by one would (the best of all). With `sequential`, rows are taken one by one, as published.
    """
    if not rules.sequential:
        return _absorb(buffer, rules, batch)

    def one(row: Array, buffer: Buffer) -> Buffer:
        single = jax.tree.map(lambda x: jax.lax.dynamic_slice_in_dim(x, row, 1), batch)
        slot = locate(buffer, single.slot, single.print, rules.unique)
        return _absorb(buffer, rules, eqx.tree_at(lambda b: b.slot, single, slot))

    return jax.lax.fori_loop(0, batch.id.shape[0], one, buffer)


def _absorb(buffer: Buffer, rules: Rules, batch: Batch) -> Buffer:
    buffer = _rescore(buffer, rules, batch)
    new = batch.valid & (batch.slot < 0)
    nowhere = jnp.full(new.shape, -1, jnp.int32)
    # Only the places come out of the branch: the tasks themselves are written in place.
    target = jax.lax.cond(jnp.any(new), lambda: _places(buffer, rules, batch.score, new), lambda: nowhere)
    return _write(buffer, rules, batch, target)


def _rescore(buffer: Buffer, rules: Rules, batch: Batch) -> Buffer:
    """Gives known tasks their new scores and memory rows."""
    at = jnp.where(batch.valid & (batch.slot >= 0), batch.slot, buffer.slots)
    before = jnp.where(at < buffer.slots, buffer.score.at[at].get(mode="clip"), 0.0)
    score = buffer.score.at[at].set((1.0 - rules.blend) * before + rules.blend * batch.score, mode="drop")
    memory = jax.tree.map(lambda x, y: x.at[at].set(y, mode="drop"), buffer.memory, batch.memory)
    order = _reorder(buffer.order, score, at)
    return eqx.tree_at(lambda b: (b.score, b.memory, b.order), buffer, (score, memory, order))


def _places(
    buffer: Buffer, rules: Rules, score: Float[Array, " rows"], new: Bool[Array, " rows"]
) -> Int32[Array, " rows"]:
    """The slot that each new task gets, or -1."""
    rows = score.shape[0]
    by = jnp.argsort(-jnp.where(new, score, -jnp.inf), stable=True)
    turn = jnp.arange(rows, dtype=jnp.int32)
    free = buffer.slots - buffer.size
    # The lowest score comes first, so that it is the one to go among equal priorities.
    lowest = buffer.order[::-1]
    if rules.victim == "priority":
        filled = (jnp.arange(buffer.slots) < buffer.size)[::-1]
        weight = jnp.where(filled, -priorities(buffer, rules)[::-1], -jnp.inf)
        victims = lowest[jax.lax.top_k(weight, rows)[1]]
    else:
        victims = jax.lax.dynamic_slice(jnp.concatenate([lowest, lowest[:rows]]), (free,), (rows,))
    victim = victims[jnp.clip(turn - free, 0, rows - 1)]
    theirs, ours = buffer.score[victim], score[by]
    beats = ours > theirs if rules.accept == ">" else ours >= theirs
    target = jnp.where(turn < free, buffer.size + turn, jnp.where(beats, victim, -1))
    return jnp.zeros_like(turn).at[by].set(jnp.where(new[by], target, -1))


def _write(buffer: Buffer, rules: Rules, batch: Batch, target: Int32[Array, " rows"]) -> Buffer:
    """Puts new tasks into the slots that they were given."""
    at = jnp.where(target >= 0, target, buffer.slots)
    put = lambda x, y: x.at[at].set(y, mode="drop")
    score = put(buffer.score, batch.score)
    size = jnp.minimum(buffer.size + jnp.sum((target >= buffer.size).astype(jnp.int32)), buffer.slots)
    buffer = Buffer(
        jax.tree.map(put, buffer.tasks, batch.tasks),
        put(buffer.id, batch.id),
        put(buffer.parent, batch.parent),
        score,
        jax.tree.map(put, buffer.memory, batch.memory),
        put(buffer.used, jnp.broadcast_to(buffer.clock, at.shape)),
        put(buffer.print, batch.print),
        _reorder(buffer.order, score, at),
        size,
        buffer.clock,
    )
    if rules.clock == "draws":
        return buffer
    return touch(buffer, jnp.where(batch.slot >= 0, batch.slot, target), batch.valid & ~batch.drawn)


def _reorder(order: Array, score: Array, changed: Array) -> Array:
    slots = order.shape[0]
    return jax.lax.cond(jnp.any(changed < slots), lambda: reorder(order, score, changed), lambda: order)
