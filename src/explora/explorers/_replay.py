"""Prioritised replay of tasks, and its descendants: PLR, robust PLR, ACCEL and their parallel forms."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import NEW, Archive, ArgumentError, Explorer, Lesson, Outcome, Parts, Prospects, Score, Space
from explora.scores import MaxMC

from . import _buffer
from ._buffer import Batch, Buffer, Rules
from ._checks import between, lanes, one_of
from ._pooled import described, pooled, twins

Task = TypeVar("Task")

FRESH, REPLAYED, EDITED = 0, 1, 2


class Parents(eqx.Module):
    """The tasks that the next round edits.

    **Arguments:**

    - `tasks`, `id`: the tasks and their numbers.
    - `due`: whether the next round edits them.
    """

    tasks: Any
    id: Int32[Array, " rows"]
    due: Bool[Array, ""]


class ReplayState(eqx.Module):
    """What `Replay` remembers.

    **Arguments:**

    - `buffer`: the tasks that are kept.
    - `parents`: what the next round edits; None if nothing is ever edited, or within the same round.
    - `rounds`, `replays`: how many rounds there were, and how many of them replayed.
    """

    buffer: Buffer
    parents: Parents | None
    rounds: Int32[Array, ""]
    replays: Int32[Array, ""]


class Memo(eqx.Module):
    """What comes back with a lesson: where each row was drawn from (-1: nowhere) and what kind of rows it has."""

    slot: Int32[Array, " rows"]
    kind: Int32[Array, ""]


class Replay(Explorer[ReplayState, Task]):
    """Keeps the tasks of highest score and plays them again, along with ones that have waited long.

    A round either replays or, before the buffer is filled to `minimum_fill` and with probability `1 - probability`
    after that, tries new tasks. All are scored; only replayed ones are learned from (robust PLR) unless
    `explore_learns` (PLR). With `edit` the replayed tasks are changed a little in the round after that, scored and not
    learned from (ACCEL). With `parallel` one lesson holds new, replayed and (with `edit`) edited tasks side by side
    and only the replayed ones are learned from; `probability=1` is then usual. Before there is enough to replay the
    whole lesson is new.

    A task is drawn with P = (1 − κ) P_S + κ P_C, where P_S ∝ (1 / rank)^(1/β) and P_C ∝ rounds since last use.
    A batch is drawn from one P and taken in at once; `sequential` makes each draw and each insertion see the one
    before, as published. The two agree exactly where κ = 0, except that tasks new in a batch never evict each other,
    which changes nothing while `accept` is `">"`. Rows that hold the same task are pooled before they are scored.

    **Arguments:**

    - `rows`: how many tasks are replayed, tried or edited in a round (of each, if `parallel`).
    - `score`: the learning potential of a task.
    - `capacity`: how many tasks are kept.
    - `probability`: of replaying, once there is enough to replay.
    - `minimum_fill`: the share of the capacity from which there is.
    - `temperature`, `staleness`: β and κ.
    - `explore_learns`: learn from new tasks too.
    - `edit`: change replayed tasks; needs a space that can `mutate`.
    - `edit_from`: `"batch"`, all replayed tasks, or `"easy"`: those of highest return − score, `easiest` of them,
      each as often as needed (what the ACCEL paper describes; its code took the lowest).
    - `easiest`: see `edit_from`.
    - `parallel`: see above.
    - `queue`: how many rows each lane plays in turn, going on when an episode ends.
    - `prioritisation`: `"rank"`, or `"topk"`: softmax over the scores of the `top` best.
    - `top`: see `prioritisation`.
    - `ties`: equal scores share their `"average"` rank, or are ranked in the `"order"` in which they came.
    - `schedule`: `"fixed"`, or `"proportionate"`: replay with probability min(fill, `probability`).
    - `accept`: a new task must beat (`">"`) or reach (`">="`) the score of the one that it evicts.
    - `victim`: which task is evicted: that of lowest `"priority"` P, or of lowest `"score"`.
    - `clock`: staleness counts every task drawn or tried (`"touches"`), or only `"draws"`.
    - `blend`: α of a replayed task's score, α new + (1 − α) old.
    - `unique`: a task that is kept already is scored anew instead of being kept twice.
    - `distinct`: draw the tasks of a batch without replacement.
    - `sequential`: see above; costs one pass over the buffer for each row.

    **Reference:** Jiang et al. 2021, Prioritized Level Replay (arXiv:2010.03934); Jiang et al. 2021, robust PLR
    (arXiv:2110.02439); Parker-Holder et al. 2022, ACCEL (arXiv:2203.01302); Jiang et al. 2023, minimax
    (arXiv:2311.12716), for the parallel forms.
    """

    rows: int = eqx.field(static=True, default=256)
    score: Score = eqx.field(default_factory=MaxMC)
    capacity: int = eqx.field(static=True, default=4000)
    probability: float = 0.8
    minimum_fill: float = 0.5
    temperature: float = 0.3
    staleness: float = 0.3
    explore_learns: bool = eqx.field(static=True, default=False)
    edit: bool = eqx.field(static=True, default=False)
    edit_from: str = eqx.field(static=True, default="batch")
    easiest: int = eqx.field(static=True, default=4)
    parallel: bool = eqx.field(static=True, default=False)
    queue: int = eqx.field(static=True, default=1)
    prioritisation: str = eqx.field(static=True, default="rank")
    top: int = eqx.field(static=True, default=1)
    ties: str = eqx.field(static=True, default="average")
    schedule: str = eqx.field(static=True, default="fixed")
    accept: str = eqx.field(static=True, default=">")
    victim: str = eqx.field(static=True, default="priority")
    clock: str = eqx.field(static=True, default="touches")
    blend: float = 1.0
    unique: bool = eqx.field(static=True, default=True)
    distinct: bool = eqx.field(static=True, default=False)
    sequential: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        lanes(self.rows, self.queue)
        for name in ("probability", "minimum_fill", "staleness", "blend"):
            between(name, getattr(self, name), 0.0, 1.0)
        between("temperature", self.temperature, 0.0, strict=True)
        between("capacity", self.capacity, self.slices * self.rows)
        between("top", self.top, 1)
        between("easiest", self.easiest, 1, self.rows)
        one_of("edit_from", self.edit_from, ("batch", "easy"))
        one_of("prioritisation", self.prioritisation, ("rank", "topk"))
        one_of("ties", self.ties, ("average", "order"))
        one_of("schedule", self.schedule, ("fixed", "proportionate"))
        one_of("accept", self.accept, (">", ">="))
        one_of("victim", self.victim, ("priority", "score"))
        one_of("clock", self.clock, ("touches", "draws"))
        if self.parallel and self.edit and self.edit_from == "easy":
            raise ArgumentError(
                "`edit_from` must be 'batch' with `parallel`, where tasks are edited before anybody knows which of "
                "them are easy; got 'easy'"
            )

    @property
    def slices(self) -> int:
        """How many times `rows` tasks a lesson has."""
        return 1 + self.parallel * (1 + self.edit)

    @property
    def rules(self) -> Rules:
        """How tasks are drawn and evicted."""
        names = ("temperature", "staleness", "blend", "prioritisation", "top", "ties", "accept", "victim")
        names += ("clock", "unique", "distinct", "sequential")
        return Rules(*(getattr(self, name) for name in names))

    @property
    def needs(self) -> frozenset[str]:
        easy = {"returns"} if self.edit and self.edit_from == "easy" else set()
        return self.score.needs | easy

    def refuses(self, parts: Parts) -> str | None:
        if self.edit and "mutate" not in parts.space.provides:
            return (
                f"Replay(edit=True) changes tasks, but {type(parts.space).__name__} has no `mutate`; "
                "use Replay(edit=False), or give the space a `mutate`"
            )
        return None

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> ReplayState:
        buffer = _buffer.empty(space, self.score.init(), self.capacity)
        parents = None
        if self.edit and not self.parallel:
            none = jnp.full((self.rows,), NEW, jnp.int32)
            tasks = jax.tree.map(lambda x: jnp.zeros((self.rows, *x.shape[1:]), x.dtype), buffer.tasks)
            parents = Parents(tasks, none, jnp.zeros((), bool))
        return ReplayState(buffer, parents, jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32))

    def ask(
        self, state: ReplayState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[ReplayState, Lesson[Task]]:
        buffer, rows = state.buffer, self.rows
        choose, draw, make = jr.split(key, 3)
        kind = jnp.where(self._replays(buffer, choose), REPLAYED, FRESH)

        def fresh() -> tuple[Any, Array, Array, Array]:
            none = jnp.full((self.slices * rows,), NEW, jnp.int32)
            return space.samples(self.slices * rows, key=make), none, none, none

        def replayed() -> tuple[Any, Array, Array, Array]:
            slot = _buffer.draw(buffer, self.rules, rows, key=draw)
            tasks, none = _take(buffer.tasks, slot), jnp.full((rows,), NEW, jnp.int32)
            replay = tasks, buffer.id[slot], buffer.parent[slot], slot
            if not self.parallel:
                return replay
            slices = [(space.samples(rows, key=make), none, none, none), replay]
            if self.edit:
                slices.append((space.mutants(tasks, key=jr.fold_in(make, rows)), none, buffer.id[slot], none))
            return jax.tree.map(lambda *parts: jnp.concatenate(parts), *slices)

        branches = [fresh, replayed]
        parents = state.parents
        if parents is not None:
            none = jnp.full((rows,), NEW, jnp.int32)
            sources, origin = parents.tasks, parents.id
            branches.append(lambda: (space.mutants(sources, key=make), none, origin, none))
            kind = jnp.where(parents.due, EDITED, kind)
            parents = eqx.tree_at(lambda p: p.due, parents, jnp.zeros((), bool))
        tasks, number, parent, slot = jax.lax.switch(kind, branches)
        replaying = kind == REPLAYED
        buffer = _buffer.touch(buffer, slot, slot >= 0)
        state = ReplayState(buffer, parents, state.rounds + 1, state.replays + replaying.astype(jnp.int32))
        learn, span = self._learns(kind, slot)
        lesson = Lesson(tasks, learn, number, parent, memo=Memo(slot, kind), queue=self.queue, span=span, phase=phase)
        return state, lesson

    def tell(
        self, state: ReplayState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> ReplayState:
        buffer, memo = state.buffer, lesson.memo
        nowhere = jnp.full((lesson.rows,), -1, jnp.int32)
        slot = memo.slot if isinstance(memo, Memo) else nowhere
        prints = jax.vmap(space.fingerprint)(lesson.tasks)
        kept = _buffer.locate(buffer, slot, prints, self.unique)
        same = twins(kept, prints if self.unique else None, outcome.answered)
        rows = jax.tree.map(lambda x, y: _where(kept >= 0, x[kept], y), buffer.memory, self.score.init())
        measured = described(pooled(outcome, same), self.score, space, lesson)
        given, rows = self.score(lesson, measured, rows)
        score = jnp.asarray(given)
        first = jnp.argmax(same, axis=1) == jnp.arange(lesson.rows)
        valid = outcome.answered & jnp.isfinite(score) & first
        drawn = (slot >= 0) & (kept == slot)
        batch = Batch(lesson.tasks, lesson.id, lesson.parent, rows, prints, kept, drawn, score, valid)
        parents = state.parents
        if parents is not None and isinstance(memo, Memo):
            due = (memo.kind == REPLAYED) & jnp.any(outcome.answered)
            parents = self._parents(parents, lesson, outcome, score, due)
        return ReplayState(_buffer.absorb(buffer, self.rules, batch), parents, state.rounds, state.replays)

    def archive(self, state: ReplayState) -> Archive:
        buffer = state.buffer
        score = jnp.where(buffer.filled, buffer.score, 0.0)
        return Archive(buffer.tasks, buffer.filled, buffer.id, buffer.parent, score)

    def prospects(self, state: ReplayState) -> Prospects:
        """P = (1 − κ) P_S + κ P_C of each task, times the share of the rows that the next lesson replays.

        With `distinct` or `sequential`, where each draw changes those after it, that of the first row drawn.
        """
        buffer, rules, parents = state.buffer, self.rules, state.parents
        due = jnp.zeros(()) if parents is None else parents.due.astype(jnp.float32)
        replaying = (1.0 - due) * self._replay_chance(buffer) / self.slices
        of_slots = lambda weights: jnp.zeros_like(weights).at[buffer.order].set(replaying * weights)
        score = of_slots((1.0 - self.staleness) * _buffer.score_weights(buffer, rules))
        stale = of_slots(self.staleness * _buffer.staleness_weights(buffer, buffer.used, buffer.clock))
        reasons, edited = {"score": score, "staleness": stale}, due
        if self.edit:
            reasons["edited"] = score + stale if parents is None else due * _edits(buffer, parents)
            edited = due + (replaying if parents is None else 0.0)
        new = 1.0 - replaying - edited
        return Prospects(sum(reasons.values(), jnp.zeros(buffer.slots)), reasons, new, edited)

    def metrics(self, state: ReplayState) -> dict[str, Array]:
        buffer = state.buffer
        count = jnp.maximum(buffer.size, 1).astype(jnp.float32)
        mean = lambda x: jnp.sum(jnp.where(buffer.filled & jnp.isfinite(x), x, 0.0)) / count
        best = buffer.score[buffer.order[0]]
        factors = jax.vmap(self.score.metrics, axis_size=buffer.slots)(buffer.memory)
        return {
            "fill": buffer.size.astype(jnp.float32) / buffer.slots,
            "mean_score": mean(buffer.score),
            "max_score": jnp.where(buffer.size > 0, best, 0.0),
            "mean_age": mean((buffer.clock - buffer.used).astype(jnp.float32)),
            "replay_share": state.replays.astype(jnp.float32) / jnp.maximum(state.rounds, 1).astype(jnp.float32),
            **{f"score/{name}": mean(values) for name, values in factors.items()},
        }

    def _replays(self, buffer: Buffer, key: PRNGKeyArray) -> Bool[Array, ""]:
        """Whether this round replays, if it does not edit."""
        return jr.uniform(key) < self._replay_chance(buffer)

    def _replay_chance(self, buffer: Buffer) -> Float[Array, ""]:
        fill = buffer.size.astype(jnp.float32) / buffer.slots
        enough = (fill >= self.minimum_fill) & (buffer.size >= (self.rows if self.distinct else 1))
        probability = jnp.minimum(fill, self.probability) if self.schedule == "proportionate" else self.probability
        return jnp.where(enough, probability, 0.0)

    def _learns(self, kind: Array, slot: Array) -> tuple[Any, tuple[int, int] | None]:
        """Which rows are learned from, and between which rows they always lie."""
        if self.explore_learns:
            if not self.edit:
                return True, None
            if not self.parallel:
                return jnp.broadcast_to(kind != EDITED, slot.shape), None
            return (jnp.arange(slot.shape[0]) < 2 * self.rows) | (kind == FRESH), None
        return slot >= 0, (self.rows, 2 * self.rows) if self.parallel else None

    def _parents(
        self, parents: Parents, lesson: Lesson[Task], outcome: Outcome, score: Array, due: Bool[Array, ""]
    ) -> Parents:
        """What the next round edits, chosen among the tasks that were just replayed."""
        tasks, number = lesson.tasks, lesson.id
        if self.edit_from == "easy":
            assert outcome.returns is not None
            ease = jnp.where(outcome.answered & jnp.isfinite(score), outcome.returns - score, -jnp.inf)
            chosen = jax.lax.top_k(ease, self.easiest)[1]
            chosen = chosen[jnp.arange(self.rows) % self.easiest]
            tasks, number = _take(tasks, chosen), number[chosen]
        keep = lambda new, old: jnp.where(due, new, old)
        return Parents(jax.tree.map(keep, tasks, parents.tasks), keep(number, parents.id), parents.due | due)


def _edits(buffer: Buffer, parents: Parents) -> Float[Array, " slots"]:
    """Which share of the edits that come next is made of each task."""
    by = jnp.sort(parents.id)
    last, first = (jnp.searchsorted(by, buffer.id, side=side) for side in ("right", "left"))
    return jnp.where(buffer.filled, last - first, 0) / parents.id.shape[0]


def _take(tasks: Any, index: Array) -> Any:
    return jax.tree.map(lambda x: x[index], tasks)


def _where(mask: Array, yes: Array, no: Array) -> Array:
    return jnp.where(mask.reshape(mask.shape + (1,) * (yes.ndim - 1)), yes, no)
