"""Minimal-criterion coevolution: tasks that somebody can solve, and players that can solve something."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import NEW, Archive, ArgumentError, CombinationError, Explorer, Lesson, Outcome, Parts, Space, between

from .._places import ring_places

Task = TypeVar("Task")


class CriterionState(eqx.Module):
    """What `MinimalCriterion` remembers.

    **Arguments:**

    - `tasks`: the queue, a ring: the oldest makes way.
    - `id`, `parent`: the number of each, and of the one that it was made from.
    - `score`: by which share of the members it was solved when it was last played.
    - `uses`: how often it has let a member pass.
    - `admitted`: how many tasks were ever queued.
    - `turn`: how many edits were ever asked for: whose turn it is to be edited.
    - `source`: for each member, whose copy it becomes next; -1: it goes on.
    - `passed`: which share of the members met the criterion last.
    """

    tasks: Any
    id: Int32[Array, " slots"]
    parent: Int32[Array, " slots"]
    score: Float[Array, " slots"]
    uses: Int32[Array, " slots"]
    admitted: Int32[Array, ""]
    turn: Int32[Array, ""]
    source: Int32[Array, " members"]
    passed: Float[Array, ""]


class MinimalCriterion(Explorer[CriterionState, Task]):
    """Keeps every task that some member solves and edits these in turn; who solves none of them is replaced.

    Nothing is ranked. A new task is queued if a member solves it; each member may vouch for `limit` new tasks a round.
    A member passes if it solves a queued task; each may let members pass `limit` times, and is spent then, though it is
    still edited until it leaves the queue. So neither side can live on what is easy. A member that does not pass
    becomes a copy of one that does. Until `initial` tasks are queued all of a lesson are new.

    All members play all tasks of a lesson and learn from them: learning takes the place of the mutations by which the
    published players change, and random tasks that of the search that finds the first ones. With one member it is
    a curriculum of whatever that member can solve.

    **Arguments:**

    - `rows`: how many tasks a lesson has; each is played by every member, so that it has `rows * members` rows.
    - `members`: how many members the learner has.
    - `capacity`: how many tasks are queued.
    - `initial`: see above.
    - `replay`: which share of a lesson are queued tasks; the others are edits.
    - `success`: a member solves a task that it solves in this share of its episodes.
    - `limit`: see above; None: none.

    **Reference:** Brant and Stanley 2017, Minimal Criterion Coevolution: A New Approach to Open-Ended Search (GECCO),
    for the two queues; Brant and Stanley 2020, Diversity Preservation in Minimal Criterion Coevolution through Resource
    Limitation (GECCO), for the limit. Theirs are 250 players and 50 mazes, a limit of 5, and edits by tens.
    """

    rows: int = eqx.field(static=True, default=32)
    members: int = eqx.field(static=True, default=4)
    capacity: int = eqx.field(static=True, default=50)
    initial: int = eqx.field(static=True, default=10)
    replay: float = eqx.field(static=True, default=0.5)
    success: float = eqx.field(static=True, default=0.5)
    limit: int | None = eqx.field(static=True, default=5)

    def __check_init__(self):
        between("rows", self.rows, 2)
        between("members", self.members, 1)
        between("capacity", self.capacity, 1)
        between("initial", self.initial, 1, self.capacity)
        between("replay", self.replay, 0.0, 1.0)
        between("success", self.success, 0.0, 1.0, strict=True)
        if self.limit is not None:
            between("limit", self.limit, 1)
        if not 0 < self._again < self.rows:
            raise ArgumentError(f"`replay` must leave some of `rows`={self.rows} on both sides, got {self.replay}")
        if self.rows - self._again > self.capacity:
            raise ArgumentError(
                f"`capacity` must be at least the {self.rows - self._again} edits of a lesson, got {self.capacity}"
            )

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"solved", "members"} if self.members > 1 else {"solved"})

    def refuses(self, parts: Parts) -> str | None:
        name, found = type(parts.space).__name__, parts.learner.members
        if "mutate" not in parts.space.provides:
            return f"MinimalCriterion edits tasks, but {name} has no `mutate`; give the space one, or use Frontier"
        if found != self.members:
            return (
                f"MinimalCriterion judges `members`={self.members} players, but the {type(parts.learner).__name__} has "
                f"{found}; set one of the two to the other"
            )
        return None

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> CriterionState:
        slots, none = self.capacity, jnp.zeros((), jnp.int32)
        task = jax.eval_shape(lambda: space.sample(key=key))
        return CriterionState(
            jax.tree.map(lambda x: jnp.zeros((slots, *x.shape), x.dtype), task),
            jnp.full((slots,), NEW, jnp.int32),
            jnp.full((slots,), NEW, jnp.int32),
            jnp.zeros((slots,)),
            jnp.zeros((slots,), jnp.int32),
            none,
            none,
            jnp.full((self.members,), -1, jnp.int32),
            jnp.zeros(()),
        )

    def ask(
        self, state: CriterionState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[CriterionState, Lesson[Task]]:
        draw, edit, make = jr.split(key, 3)
        again, edits = self._again, self.rows - self._again
        size = jnp.minimum(state.admitted, self.capacity)
        begun = size >= self.initial
        none = lambda count: jnp.full((count,), NEW, jnp.int32)

        def new() -> tuple[Any, Array, Array, Array]:
            return space.samples(self.rows, key=make), none(self.rows), none(self.rows), none(self.rows)

        def mixed() -> tuple[Any, Array, Array, Array]:
            count = jnp.maximum(size, 1)
            # Neighbours in the queue, so that no task stands twice in a lesson unless the queue is shorter.
            slot = (jr.randint(draw, (), 0, count) + jnp.arange(again)) % count
            # The queue is a ring: its oldest stands where the next one will be put.
            oldest = jnp.where(state.admitted > self.capacity, state.admitted % self.capacity, 0)
            source = (oldest + (state.turn + jnp.arange(edits)) % count) % count
            take = lambda at: jax.tree.map(lambda x: x[at], state.tasks)
            kinds = (
                (take(slot), state.id[slot], state.parent[slot], slot),
                (space.mutants(take(source), key=edit), none(edits), state.id[source], none(edits)),
            )
            return jax.tree.map(lambda *parts: jnp.concatenate(parts), *kinds)

        tasks, number, parent, slot = jax.lax.cond(begun, mixed, new)
        block = lambda x: jnp.concatenate([x] * self.members)
        several = self.members > 1
        lesson = Lesson(
            jax.tree.map(block, tasks),
            True,
            block(number),
            block(parent),
            who=jnp.repeat(jnp.arange(self.members, dtype=jnp.int32), self.rows) if several else None,
            start=state.source if several else None,
            memo=block(slot),
            phase=phase,
        )
        later = eqx.tree_at(
            lambda s: (s.turn, s.source),
            state,
            (state.turn + jnp.where(begun, edits, 0), jnp.full_like(state.source, -1)),
        )
        return later, lesson

    def tell(
        self, state: CriterionState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> CriterionState:
        if outcome.solved is None:
            raise CombinationError("MinimalCriterion needs `outcome.solved`, which was not measured")
        # Of a lesson that came unasked every row is a task of its own, played by one.
        members, slot = (1, None) if lesson.memo is None else (self.members, lesson.memo)
        table = lambda x: x.reshape(members, -1)
        answered = table(outcome.answered)
        solved = answered & (table(outcome.solved) >= self.success)
        count = solved.shape[1]
        slot = jnp.full((count,), -1, jnp.int32) if slot is None else slot[:count]
        slot = jnp.where(state.id[slot] == lesson.id[:count], slot, -1)

        known = slot >= 0
        score = jnp.sum(solved, axis=0) / jnp.maximum(jnp.sum(answered, axis=0), 1)
        at = jnp.where(known & jnp.any(answered, axis=0), slot, self.capacity)
        passes, uses = self._passing(solved & known[None], slot, state.uses)
        judged = jnp.any(answered & known[None], axis=1)
        state = eqx.tree_at(lambda s: (s.score, s.uses), state, (state.score.at[at].set(score, mode="drop"), uses))
        if members == self.members and lesson.memo is not None:
            state = eqx.tree_at(lambda s: (s.source, s.passed), state, _replaced(state, passes, judged))
        fresh = jnp.full((count,), True) if lesson.memo is None else lesson.memo[:count] < 0
        return self._queued(state, lesson, self._vouched(solved & fresh[None]), score)

    def archive(self, state: CriterionState) -> Archive:
        filled = jnp.arange(self.capacity) < state.admitted
        return Archive(state.tasks, filled, state.id, state.parent, state.score)

    def metrics(self, state: CriterionState) -> dict[str, Array]:
        filled = jnp.arange(self.capacity) < state.admitted
        count = jnp.maximum(jnp.sum(filled), 1).astype(jnp.float32)
        mean = lambda x: jnp.sum(jnp.where(filled, x, 0.0)) / count
        spent = jnp.zeros(()) if self.limit is None else mean((state.uses >= self.limit).astype(jnp.float32))
        return {
            "fill": jnp.mean(filled.astype(jnp.float32)),
            "admitted": state.admitted.astype(jnp.float32),
            "mean_score": mean(state.score),
            "spent": spent,
            "passed": state.passed,
        }

    @property
    def _again(self) -> int:
        return round(self.replay * self.rows)

    @property
    def _most(self) -> int:
        return 2**31 - 1 if self.limit is None else self.limit

    def _vouched(self, solved: Bool[Array, "members tasks"]) -> Bool[Array, " tasks"]:
        """Which new tasks are queued: in turn, each vouched for by the first who solves it and may vouch still."""

        def one(given: Array, who: Array) -> tuple[Array, Array]:
            can = who & (given < self._most)
            found = jnp.any(can)
            return given.at[jnp.argmax(can)].add(found.astype(jnp.int32)), found

        return jax.lax.scan(one, jnp.zeros((solved.shape[0],), jnp.int32), solved.T)[1]

    def _passing(
        self, solved: Bool[Array, "members tasks"], slot: Int32[Array, " tasks"], uses: Int32[Array, " slots"]
    ) -> tuple[Bool[Array, " members"], Int32[Array, " slots"]]:
        """Which members pass: in turn, each by the first task that it solves and that is not spent."""

        def one(uses: Array, which: Array) -> tuple[Array, Array]:
            can = which & (uses[slot] < self._most)
            found = jnp.any(can)
            return uses.at[slot[jnp.argmax(can)]].add(found.astype(jnp.int32)), found

        uses, passes = jax.lax.scan(one, uses, solved)
        return passes, uses

    def _queued(
        self, state: CriterionState, lesson: Lesson[Task], vouched: Bool[Array, " tasks"], score: Float[Array, " tasks"]
    ) -> CriterionState:
        """The state with some of the new tasks at the end of the queue."""
        count = vouched.shape[0]
        # More at once than there is room for: the last ones count.
        late = jnp.cumsum(vouched[::-1].astype(jnp.int32))[::-1] <= self.capacity
        at = jnp.where(late, ring_places(state.admitted, vouched, self.capacity), self.capacity)
        put = lambda x, y: x.at[at].set(y[:count], mode="drop")
        return CriterionState(
            jax.tree.map(put, state.tasks, lesson.tasks),
            put(state.id, lesson.id),
            put(state.parent, lesson.parent),
            put(state.score, score),
            put(state.uses, jnp.zeros((count,), jnp.int32)),
            state.admitted + jnp.sum(vouched.astype(jnp.int32)),
            state.turn,
            state.source,
            state.passed,
        )


def _replaced(
    state: CriterionState, passes: Bool[Array, " members"], judged: Bool[Array, " members"]
) -> tuple[Int32[Array, " members"], Float[Array, ""]]:
    """Whose copy each member becomes (-1: it goes on), and the share of those judged that passed.

    Who was not judged goes on; if nobody passed, all do. The first who failed becomes a copy of the first who passed.
    """
    number = jnp.sum(passes.astype(jnp.int32))
    donors = jnp.argsort(~passes)
    fails = judged & ~passes & (number > 0)
    turn = jnp.cumsum(fails.astype(jnp.int32)) - 1
    source = jnp.where(fails, donors[turn % jnp.maximum(number, 1)].astype(jnp.int32), -1)
    asked = jnp.sum(judged.astype(jnp.int32))
    return source, jnp.where(asked > 0, number / jnp.maximum(asked, 1), state.passed)
