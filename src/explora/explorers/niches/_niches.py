"""POET: tasks and agents that evolve together."""

import dataclasses
from typing import Any, Literal, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import NEW, Archive, ArgumentError, Explorer, Lesson, Outcome, Parts, Space, Story, between

from .._checks import one_of
from ._contest import (
    admissible,
    empty_contest,
    first_alike,
    judge,
    keep_untold,
    novelty_of,
    open_contest,
    opinion,
    place_for,
)
from ._state import NOBODY, Counts, Criterion, NichesState

Task = TypeVar("Task")

_LAST = 5
"""So many of its last returns a niche remembers."""
_MEMORY = 1024
"""So many niches are remembered for novelty."""


class Niches(Explorer[NichesState, Task]):
    """Tasks and agents that evolve together: each niche is a task with an agent that learns in it.

    Agents learn in their niches for `every` turns. Then everybody plays every niche, and copies of the best strangers
    learn there for one step: who does better than the incumbent takes the niche over. After `transfers` such rounds,
    niches whose agent does well have children. A child must be neither too hard nor too easy for its parent's agent
    (`criterion`); the most novel one for which that also holds of the best agent of all, after one step of learning,
    becomes a niche, where that agent begins. When all slots are taken the oldest niche goes.

    The members of the learner are, in this order: the agents of the niches; those that keep the best copy found for a
    niche or a child; those that try. So it has `members = capacity + 2 max(capacity, children)`.

    Where this differs from the released code: a copy that tries starts with fresh moments of the optimiser instead of
    those of the incumbent; who takes over begins anew with them, as there. `proposals` of the best strangers try in
    each niche (there: all of them; `None`).

    **Arguments:**

    - `capacity`: how many niches there can be.
    - `children`: how many are proposed at a time.
    - `every`: how many turns agents learn between two rounds of transfer.
    - `transfers`: how many such rounds there are between two generations of children.
    - `proposals`: how many strangers try in each niche and each child, those first that do best at once; None: all.
    - `rule`: who may take over: `"poet"`, whoever has the highest return, at once or after a step of learning; or
      `"enhanced"`: who exceeds the best of the incumbent's last five returns at once *and* after the step.
    - `novelty`: of children: by the distance of `"features"` to those of all niches that ever were, or by the
      `"agents"`' ranking of the niches that are (PATA-EC).
    - `criterion`: what is too hard, too easy, and solved.

    **Reference:** Wang et al. 2019, Paired Open-Ended Trailblazer (arXiv:1901.01753), algorithms 1 to 3; Wang et al.
    2020, Enhanced POET (arXiv:2003.08536).
    """

    capacity: int = eqx.field(static=True, default=8)
    children: int = eqx.field(static=True, default=8)
    every: int = eqx.field(static=True, default=25)
    transfers: int = eqx.field(static=True, default=2)
    proposals: int | None = eqx.field(static=True, default=1)
    rule: Literal["poet", "enhanced"] = eqx.field(static=True, default="poet")
    novelty: Literal["features", "agents"] = eqx.field(static=True, default="features")
    criterion: Criterion = Criterion()

    def __check_init__(self):
        for name in ("capacity", "children", "every", "transfers"):
            between(name, getattr(self, name), 1)
        between("proposals", self.proposals, 1)
        one_of("rule", self.rule, ("poet", "enhanced"))
        one_of("novelty", self.novelty, ("features", "agents"))
        mark = self.criterion
        if not mark.low < mark.high:
            raise ArgumentError(f"`low` must be below `high`, got {mark.low} and {mark.high}")

    @property
    def members(self) -> int:
        """How many members the learner needs."""
        return self.capacity + 2 * self._spare

    @property
    def _spare(self) -> int:
        return max(self.capacity, self.children)

    @property
    def _tries(self) -> int:
        """How many strangers try in a niche."""
        most = max(self.capacity - 1, 1)
        return most if self.proposals is None else min(self.proposals, most)

    @property
    def _lessons(self) -> int:
        """How many agents try in a child."""
        return self.capacity if self.proposals is None else min(self.proposals, self.capacity)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"mutate", "features", "members", "returns"})

    def refuses(self, parts: Parts) -> str | None:
        if "any_member" not in parts.learner.provides:
            return (
                f"Niches lets any member play any row, but {type(parts.learner).__name__} does not; "
                f"use ES(members={self.members})"
            )
        if parts.learner.members != self.members:
            return (
                f"Niches with `capacity`={self.capacity} and `children`={self.children} needs {self.members} members, "
                f"but the learner has {parts.learner.members}; use ES(members={self.members})"
            )
        return None

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        tries = (("propose", 1), ("prove", 1)) * self._tries
        return (
            *((("train", self.every), ("direct", 1), *tries) * self.transfers),
            ("offspring", 1),
            ("audition", 1),
            *((("tutor", 1), ("hearing", 1)) * self._lessons),
        )

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> NichesState:
        task = space.sample(key=key)
        stack = lambda count: jax.tree.map(lambda x: jnp.broadcast_to(x, (count, *jnp.shape(x))), task)
        features = space.features(task)
        many, young = self.capacity, self.children
        number = lambda count: jnp.full((count,), NEW, jnp.int32)
        return NichesState(
            tasks=stack(many),
            id=number(many),
            parent=number(many),
            filled=jnp.arange(many) == 0,
            born=jnp.zeros((many,), jnp.int32),
            score=jnp.full((many,), -jnp.inf),
            recent=jnp.full((many, _LAST), -jnp.inf),
            solved=jnp.zeros((many,), bool),
            direct=jnp.full((many, many), -jnp.inf),
            known=jnp.zeros((_MEMORY, features.shape[0])).at[0].set(features),
            seen=jnp.ones((), jnp.int32),
            contest=empty_contest(self._tries, many),
            children=stack(young),
            child_id=number(young),
            child_parent=jnp.zeros((young,), jnp.int32),
            fit=jnp.zeros((young,), bool),
            novelty=jnp.zeros((young,)),
            audition=empty_contest(self._lessons, young),
            start=jnp.full((self.members,), NOBODY, jnp.int32),
            source=number(many),
            counts=Counts.none(),
        )

    def ask(
        self, state: NichesState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[NichesState, Lesson[Task]]:
        asks = {
            "train": self._train,
            "direct": self._direct,
            "propose": lambda s: self._try(s, True),
            "prove": lambda s: self._try(s, False),
            "offspring": lambda s: self._offspring(s, space, key),
            "audition": self._audition,
            "tutor": lambda s: self._hear(s, True),
            "hearing": lambda s: self._hear(s, False),
        }
        state, lesson = asks[phase](state)
        lesson = dataclasses.replace(lesson, start=state.start, phase=phase)
        kept = jnp.full_like(state.start, NOBODY)
        nobody = jnp.full_like(state.source, NEW)
        return eqx.tree_at(lambda s: (s.start, s.source), state, (kept, nobody)), lesson

    def tell(
        self, state: NichesState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> NichesState:
        if lesson.memo is None or outcome.returns is None:
            return state  # not asked for here: a niche without an agent is none
        sound = outcome.answered & jnp.isfinite(outcome.returns)
        returns = jnp.where(sound, outcome.returns, -jnp.inf)
        tells = {
            "train": self._trained,
            "direct": self._compared,
            "propose": lambda s, *_: s,
            "prove": self._proved,
            "offspring": lambda s, l, r: self._born(s, l, r, space),
            "audition": lambda s, l, r: self._auditioned(s, r, space),
            "tutor": lambda s, *_: s,
            "hearing": lambda s, _, r: self._heard(s, r, space),
        }
        after = tells[lesson.phase](state, lesson, returns)
        return keep_untold(jnp.any(outcome.told), after, state)  # pyright: ignore[reportReturnType]

    # what is asked ------------------------------------------------------------------------------------------------

    def _rows(self, state: NichesState, tasks: Any, who: Array, learn: Any, number: Array, parent: Array) -> Lesson:
        """A lesson. Rows that nobody plays stand for the first niche, so that they make no task of their own."""
        idle = who == NOBODY
        anchor = self._oldest(state)
        first = lambda x, own: jnp.where(idle.reshape(-1, *(1,) * (x.ndim - 1)), own[anchor][None], x)
        tasks = jax.tree.map(first, tasks, state.tasks)
        # Before anything was told the first niche has no number yet: then such rows get numbers of their own, once.
        mine = state.id[anchor]
        return Lesson(
            tasks,
            learn if isinstance(learn, bool) else learn & ~idle,
            jnp.where(idle, mine, number),
            jnp.where(idle, state.parent[anchor], parent),
            who=who,
            memo=jnp.zeros((), jnp.int32),
        )

    def _oldest(self, state: NichesState) -> Int32[Array, ""]:
        return jnp.argmin(jnp.where(state.filled, state.born, jnp.iinfo(jnp.int32).max)).astype(jnp.int32)

    def _train(self, state: NichesState) -> tuple[NichesState, Lesson]:
        own = jnp.where(state.filled, jnp.arange(self.capacity, dtype=jnp.int32), NOBODY)
        return state, self._rows(state, state.tasks, own, state.filled, state.id, state.parent)

    def _everybody(self, state: NichesState, tasks: Any, fit: Array, number: Array, parent: Array) -> Lesson:
        """Every agent in every task, the first agent's rows first."""
        many = fit.shape[0]
        agent = jnp.repeat(jnp.arange(self.capacity, dtype=jnp.int32), many)
        each = lambda x: jnp.concatenate([x] * self.capacity)
        who = jnp.where(state.filled[agent] & each(fit), agent, NOBODY)
        return self._rows(state, jax.tree.map(each, tasks), who, False, each(number), each(parent))

    def _direct(self, state: NichesState) -> tuple[NichesState, Lesson]:
        return state, self._everybody(state, state.tasks, state.filled, state.id, state.parent)

    def _audition(self, state: NichesState) -> tuple[NichesState, Lesson]:
        parent = state.id[state.child_parent]
        return state, self._everybody(state, state.children, state.fit, state.child_id, parent)

    def _try(self, state: NichesState, learn: bool) -> tuple[NichesState, Lesson]:
        source = state.contest.sources[jnp.minimum(state.contest.turn, self._tries - 1)]
        state, who = self._copied(state, source, learn)
        return state, self._rows(state, state.tasks, who, _learns(who, learn), state.id, state.parent)

    def _hear(self, state: NichesState, learn: bool) -> tuple[NichesState, Lesson]:
        source = state.audition.sources[jnp.minimum(state.audition.turn, self._lessons - 1)]
        source = jnp.where(state.fit, source, NOBODY)
        state, who = self._copied(state, source, learn)
        parent = state.id[state.child_parent]
        return state, self._rows(state, state.children, who, _learns(who, learn), state.child_id, parent)

    def _copied(self, state: NichesState, source: Array, learn: bool) -> tuple[NichesState, Int32[Array, " tasks"]]:
        """Members that try become copies; then they play."""
        scratch = self._scratch(source.shape[0])
        who = jnp.where(source == NOBODY, NOBODY, scratch)
        if learn:
            start = state.start.at[scratch].set(source)
            state = eqx.tree_at(lambda s: s.start, state, start)
        return state, who

    def _keepers(self, count: int) -> Int32[Array, " tasks"]:
        return self.capacity + jnp.arange(count, dtype=jnp.int32)

    def _scratch(self, count: int) -> Int32[Array, " tasks"]:
        return self.capacity + self._spare + jnp.arange(count, dtype=jnp.int32)

    def _offspring(self, state: NichesState, space: Space[Task], key: PRNGKeyArray) -> tuple[NichesState, Lesson]:
        able = state.filled & (state.score >= self.criterion.reproduce)
        pick, change = jr.split(key)
        any_able = jnp.any(able)
        odds = jnp.where(able, 1.0, jnp.where(any_able, 0.0, 1.0))
        parent = jr.choice(pick, self.capacity, (self.children,), p=odds / jnp.sum(odds)).astype(jnp.int32)
        children = space.mutants(jax.tree.map(lambda x: x[parent], state.tasks), key=change)
        who = jnp.where(any_able, parent, NOBODY)
        new = jnp.full((self.children,), NEW, jnp.int32)
        lesson = self._rows(state, children, who, False, new, state.id[parent])
        state = eqx.tree_at(lambda s: (s.children, s.child_parent), state, (children, parent))
        return state, lesson

    # what is told -------------------------------------------------------------------------------------------------

    def _trained(self, state: NichesState, lesson: Lesson, returns: Float[Array, " niches"]) -> NichesState:
        here = state.filled & jnp.isfinite(returns)
        score = jnp.where(here, returns, state.score)
        recent = jnp.concatenate([returns[:, None], state.recent[:, :-1]], axis=1)
        recent = jnp.where(here[:, None], recent, state.recent)
        solved, counts = self._solved(state, jnp.where(here, returns, -jnp.inf))
        return eqx.tree_at(
            lambda s: (s.score, s.recent, s.solved, s.counts, s.id),
            state,
            (score, recent, solved, counts, jnp.where(here, lesson.id, state.id)),
        )

    def _solved(self, state: NichesState, returns: Float[Array, " niches"]) -> tuple[Bool[Array, " niches"], Counts]:
        """Which niches are solved by now; those that were admitted and are solved for the first time are counted."""
        now = state.filled & (returns >= self.criterion.solve)
        fresh = now & ~state.solved & (state.born > 0)
        count = state.counts.solved + jnp.sum(fresh).astype(jnp.int32)
        return state.solved | now, eqx.tree_at(lambda c: c.solved, state.counts, count)

    def _compared(self, state: NichesState, lesson: Lesson, returns: Float[Array, " pairs"]) -> NichesState:
        direct = returns.reshape(self.capacity, self.capacity)
        own = jnp.diagonal(direct)
        bar = None
        if self.rule == "enhanced":
            last = jnp.concatenate([own[:, None], state.recent[:, :-1]], axis=1)
            bar = jnp.max(last, axis=1)
        contest = open_contest(direct, own, bar, self._tries)
        # Who could not be measured keeps its niche: nothing is known of it.
        contest = eqx.tree_at(lambda c: c.sources, contest, jnp.where(jnp.isfinite(own)[None], contest.sources, NOBODY))
        contest = eqx.tree_at(
            lambda c: (c.winner, c.origin),
            contest,
            (jnp.where(jnp.isfinite(own) & state.filled, contest.winner, jnp.arange(self.capacity, dtype=jnp.int32)),)
            * 2,
        )
        score = jnp.where(jnp.isfinite(own) & state.filled, own, state.score)
        tried = state.counts.tried + jnp.sum(contest.sources != NOBODY).astype(jnp.int32)
        return eqx.tree_at(
            lambda s: (s.direct, s.contest, s.score, s.counts.tried), state, (direct, contest, score, tried)
        )

    def _proved(self, state: NichesState, lesson: Lesson, returns: Float[Array, " niches"]) -> NichesState:
        before = state.contest
        tried = before.sources[jnp.minimum(before.turn, self._tries - 1)] != NOBODY
        returns = jnp.where(tried, returns, -jnp.inf)
        keepers, scratch = self._keepers(self.capacity), self._scratch(self.capacity)
        after, better = judge(before, returns, keepers, scratch)
        failed = state.counts.failed + jnp.sum(tried & ~better).astype(jnp.int32)
        start = state.start.at[keepers].set(jnp.where(better, scratch, NOBODY))
        state = eqx.tree_at(lambda s: (s.contest, s.start, s.counts.failed), state, (after, start, failed))
        return self._moved(state, better, scratch)

    def _moved(self, state: NichesState, better: Array, scratch: Array) -> NichesState:
        """Winners take over once all tries are over."""
        contest, place = state.contest, jnp.arange(self.capacity, dtype=jnp.int32)
        over = contest.turn >= self._tries
        won = over & state.filled & (contest.winner != place) & (contest.winner != NOBODY)
        # The keeper of the last try becomes its copy only with the next lesson, as the niche does.
        source = jnp.where(better, scratch, contest.winner)
        start = state.start.at[: self.capacity].set(jnp.where(won, source, NOBODY))
        recent = jnp.concatenate([contest.best[:, None], jnp.full((self.capacity, _LAST - 1), -jnp.inf)], axis=1)
        solved, counts = self._solved(state, jnp.where(won, contest.best, -jnp.inf))
        counts = eqx.tree_at(lambda c: c.moved, counts, counts.moved + jnp.sum(won).astype(jnp.int32))
        return eqx.tree_at(
            lambda s: (s.start, s.source, s.score, s.recent, s.solved, s.counts),
            state,
            (
                start,
                jnp.where(won, self._number(state, contest.origin), NEW),
                jnp.where(won, contest.best, state.score),
                jnp.where(won[:, None], recent, state.recent),
                solved,
                counts,
            ),
        )

    def _born(
        self, state: NichesState, lesson: Lesson, returns: Float[Array, " children"], space: Space
    ) -> NichesState:
        features = jax.vmap(space.features)(state.children)
        there = jax.vmap(space.features)(state.tasks)
        twin = jnp.any(jnp.all(features[:, None] == there[None], axis=-1) & state.filled[None], axis=1)
        mark = self.criterion
        fit = (returns >= mark.low) & (returns <= mark.high) & ~twin & first_alike(features)
        counts = jnp.arange(_MEMORY) < state.seen
        novelty = novelty_of(features, state.known, counts, mark.neighbours)
        made = state.counts.made + jnp.sum(jnp.isfinite(returns)).astype(jnp.int32)
        return eqx.tree_at(
            lambda s: (s.child_id, s.fit, s.novelty, s.counts.made), state, (lesson.id, fit, novelty, made)
        )

    def _auditioned(self, state: NichesState, returns: Float[Array, " pairs"], space: Space) -> NichesState:
        scores = returns.reshape(self.capacity, self.children)
        audition = open_contest(scores, None, None, self._lessons)
        state = eqx.tree_at(lambda s: s.audition, state, audition)
        if self.novelty == "features":
            return state
        mark = self.criterion
        mine = opinion(scores, state.filled, mark.low, mark.high)
        others = opinion(state.direct, state.filled, mark.low, mark.high)
        return eqx.tree_at(lambda s: s.novelty, state, novelty_of(mine, others, state.filled, mark.neighbours))

    def _heard(self, state: NichesState, returns: Float[Array, " children"], space: Space) -> NichesState:
        before = state.audition
        tried = before.sources[jnp.minimum(before.turn, self._lessons - 1)] != NOBODY
        keepers, scratch = self._keepers(self.children), self._scratch(self.children)
        after, better = judge(before, jnp.where(tried & state.fit, returns, -jnp.inf), keepers, scratch)
        start = state.start.at[keepers].set(jnp.where(better, scratch, NOBODY))
        state = eqx.tree_at(lambda s: (s.audition, s.start), state, (after, start))
        source = jnp.where(better, scratch, after.winner)
        mark, teachers = self.criterion, self._number(state, after.origin)
        chosen = admissible(state.fit, after.best, state.novelty, mark.low, mark.high, mark.admitted)
        for place in range(chosen.shape[0]):
            over = (after.turn >= self._lessons) & (chosen[place] < self.children)
            state = self._admitted(
                state, jnp.minimum(chosen[place], self.children - 1), (source, teachers), over, space
            )
        return state

    def _number(self, state: NichesState, agent: Int32[Array, " some"]) -> Int32[Array, " some"]:
        """The numbers of the tasks of agents."""
        return jnp.where(agent == NOBODY, NEW, state.id[jnp.maximum(agent, 0)])

    def _admitted(
        self, state: NichesState, child: Int32[Array, ""], best_agents: tuple[Array, Array], over: Array, space: Space
    ) -> NichesState:
        """The state with one more niche, if `over`.

        **Arguments:**

        - `child`: which one it is.
        - `best_agents`: of every child: the member that does best, and the number of the task from which it comes.
        """
        source, teacher = best_agents
        slot = place_for(state.filled, state.born)
        task = jax.tree.map(lambda x: x[child], state.children)
        best = state.audition.best[child]
        put = lambda field, value: field.at[slot].set(jnp.where(over, value, field[slot]))
        recent = jnp.full((_LAST,), -jnp.inf).at[0].set(best)
        cell = state.seen % _MEMORY
        known = state.known.at[cell].set(jnp.where(over, space.features(task), state.known[cell]))
        one = over.astype(jnp.int32)
        counts = eqx.tree_at(lambda c: c.admitted, state.counts, state.counts.admitted + one)
        was_solved = put(state.solved, False)
        state = eqx.tree_at(
            lambda s: (
                s.tasks,
                s.id,
                s.parent,
                s.filled,
                s.born,
                s.score,
                s.recent,
                s.solved,
                s.known,
                s.seen,
                s.start,
                s.source,
                s.direct,
                s.counts,
                s.fit,
            ),
            state,
            (
                jax.tree.map(put, state.tasks, task),
                put(state.id, state.child_id[child]),
                put(state.parent, state.id[state.child_parent[child]]),
                put(state.filled, True),
                put(state.born, counts.admitted),
                put(state.score, best),
                put(state.recent, recent),
                was_solved,
                known,
                state.seen + one,
                put(state.start, source[child]),
                put(state.source, teacher[child]),
                jnp.where(over, state.direct.at[slot].set(-jnp.inf).at[:, slot].set(-jnp.inf), state.direct),
                counts,
                state.fit.at[child].set(state.fit[child] & ~over),
            ),
        )
        solved, counts = self._solved(state, jnp.where((jnp.arange(self.capacity) == slot) & over, best, -jnp.inf))
        return eqx.tree_at(lambda s: (s.solved, s.counts), state, (solved, counts))

    def archive(self, state: NichesState) -> Archive:
        there = state.filled & (state.id != NEW) & jnp.isfinite(state.score)
        return Archive(state.tasks, there, state.id, state.parent, jnp.where(there, state.score, 0.0))

    def story(self, state: NichesState) -> Story:
        there = state.filled & (state.id != NEW)
        return Story(jnp.where(there, state.id, NEW), state.source, state.score, state.solved & there, state.direct)

    def metrics(self, state: NichesState) -> dict[str, Array]:
        known = state.filled & jnp.isfinite(state.score)
        many = jnp.maximum(jnp.sum(known), 1).astype(jnp.float32)
        best = jnp.max(jnp.where(known, state.score, -jnp.inf))
        counts = state.counts
        return {
            "niches": jnp.sum(state.filled).astype(jnp.float32),
            "mean_score": jnp.sum(jnp.where(known, state.score, 0.0)) / many,
            "best_score": jnp.where(jnp.any(known), best, 0.0),
            "children": counts.made.astype(jnp.float32),
            "admitted": counts.admitted.astype(jnp.float32),
            "annecs": counts.solved.astype(jnp.float32),
            "transfers": counts.moved.astype(jnp.float32),
            "tried": counts.tried.astype(jnp.float32),
            "failed": counts.failed.astype(jnp.float32),
        }


def _learns(who: Int32[Array, " tasks"], learn: bool) -> Bool[Array, " tasks"] | bool:
    """Who learns: those that play, or plainly nobody."""
    return (who != NOBODY) if learn else False
