"""Sampling for learnability: look far, keep what is solved sometimes, train on it for a while."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import NEW, Archive, Explorer, Lesson, Outcome, Parts, Prospects, Score, Space, fresh_lesson
from explora.maths import pick
from explora.scores import Learnability

from ._checks import between, lanes
from ._pooled import described

Task = TypeVar("Task")


class FrontierState(eqx.Module):
    """What `Frontier` remembers.

    **Arguments:**

    - `tasks`, `id`, `parent`: the tasks of highest score, best first.
    - `score`: their scores; -inf where there is none.
    - `found`: the number of the search that found each.
    - `search`: the number of the present search.
    - `searching`: whether the last round belonged to a search.
    - `rounds`, `searched`: how many rounds there were, and how many of them searched.
    """

    tasks: Any
    id: Int32[Array, " kept"]
    parent: Int32[Array, " kept"]
    score: Float[Array, " kept"]
    found: Int32[Array, " kept"]
    search: Int32[Array, ""]
    searching: Bool[Array, ""]
    rounds: Int32[Array, ""]
    searched: Int32[Array, ""]


class Frontier(Explorer[FrontierState, Task]):
    """Now and then plays many random tasks without learning, keeps those of highest learnability, and trains on them.

    In the phase `"search"` (`batches` rounds of `candidates` tasks) every task is played `plays` times the usual
    length; what the last search found is forgotten as soon as the next one finds anything. In the phase `"train"`
    (`train` rounds) a share of the rows is drawn uniformly from the `kept` tasks, the rest is new, and all are learned
    from. The steps of the search are counted as all others are.

    Published settings (the search of MiniGrid takes 7.6 times as many steps as the training that follows it):

    | | candidates | batches | steps of a search | kept | train | rows | share |
    |---|---|---|---|---|---|---|---|
    | MiniGrid | 5000 | 5 | 2000 | 1000 | 100 | 256 | 0.5 |
    | JaxNav | 1000 | 5 | 1000 | 100 | 50 | 256 | 0.5 |
    | XLand-MiniGrid | 40000 | 1 | 10 episodes | 8192 | 1 | 8192 | – |
    | Kinetix | 4096 | 3 | 512 | 1024 | 128 | 2048 | – |

    **Arguments:**

    - `rows`: how many tasks a training lesson has.
    - `score`: what makes a task worth keeping.
    - `candidates`, `batches`: how many tasks a round of search plays, and how many rounds a search has.
    - `plays`: how many times the usual length each is played.
    - `kept`: how many of them are kept.
    - `train`: how many training rounds follow a search.
    - `share`: of the rows of a training lesson that come from the kept tasks.
    - `edited`: of the candidates that are edits of kept tasks, as in ACCEL, instead of new ones; needs a space that can
      `mutate`. Random tasks get too easy in the end; edits of tasks at the frontier go on from there.
    - `queue`: how many rows each lane plays in turn in training.

    **Reference:** Rutherford et al. 2024, No Regrets (arXiv:2408.15099), algorithm 1.
    """

    rows: int = eqx.field(static=True, default=256)
    score: Score = eqx.field(default_factory=Learnability)
    candidates: int = eqx.field(static=True, default=512)
    batches: int = eqx.field(static=True, default=1)
    plays: int = eqx.field(static=True, default=4)
    kept: int = eqx.field(static=True, default=128)
    train: int = eqx.field(static=True, default=50)
    share: float = eqx.field(static=True, default=0.5)
    edited: float = eqx.field(static=True, default=0.0)
    queue: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        lanes(self.rows, self.queue)
        for name in ("candidates", "batches", "plays", "train"):
            between(name, getattr(self, name), 1)
        between("kept", self.kept, 1, self.candidates * self.batches)
        between("share", self.share, 0.0, 1.0)
        between("edited", self.edited, 0.0, 1.0)

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return (("search", self.batches), ("train", self.train))

    @property
    def needs(self) -> frozenset[str]:
        return self.score.needs

    def refuses(self, parts: Parts) -> str | None:
        if self.edited and "mutate" not in parts.space.provides:
            return (
                f"Frontier(edited={self.edited}) changes tasks, but {type(parts.space).__name__} has no `mutate`; "
                "use Frontier(edited=0), or give the space a `mutate`"
            )
        return None

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> FrontierState:
        task = jax.eval_shape(lambda: space.sample(key=key))
        zero = jnp.zeros((), jnp.int32)
        return FrontierState(
            jax.tree.map(lambda x: jnp.zeros((self.kept, *x.shape), x.dtype), task),
            jnp.full((self.kept,), NEW, jnp.int32),
            jnp.full((self.kept,), NEW, jnp.int32),
            jnp.full((self.kept,), -jnp.inf, jnp.float32),
            jnp.zeros((self.kept,), jnp.int32),
            zero,
            jnp.zeros((), bool),
            zero,
            zero,
        )

    def ask(
        self, state: FrontierState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[FrontierState, Lesson[Task]]:
        searching = phase == "search"
        state = eqx.tree_at(
            lambda s: (s.search, s.searching, s.rounds, s.searched),
            state,
            (
                state.search + (searching & ~state.searching).astype(jnp.int32),
                jnp.asarray(searching),
                state.rounds + 1,
                state.searched + int(searching),
            ),
        )
        if searching:
            tasks, parent = self._candidates(state, space, key)
            return state, fresh_lesson(tasks, False, parent=parent, plays=self.plays, phase=phase, memo=state.search)
        draw, make = jr.split(key)
        tasks = space.samples(self.rows, key=make)
        old = jnp.arange(self.rows, dtype=jnp.float32) < jnp.round(self.share * self.rows)
        old = old & jnp.isfinite(state.score[0])
        place = pick(jnp.isfinite(state.score).astype(jnp.float32), self.rows, key=draw)
        mix = lambda kept, new: jnp.where(old.reshape(old.shape + (1,) * (new.ndim - 1)), kept[place], new)
        tasks = jax.tree.map(mix, state.tasks, tasks)
        number, parent = (jnp.where(old, x[place], NEW) for x in (state.id, state.parent))
        if self.queue > 1:
            # Kept and new tasks take turns within a lane, so that every lane plays both.
            turns = jnp.arange(self.rows).reshape(self.queue, -1).T.reshape(-1)
            tasks, number, parent = jax.tree.map(lambda x: x[turns], (tasks, number, parent))
        return state, fresh_lesson(tasks, True, id=number, parent=parent, queue=self.queue, phase=phase)

    def _candidates(self, state: FrontierState, space: Space[Task], key: PRNGKeyArray) -> tuple[Task, Array]:
        """What a round of search plays, and the numbers of the tasks that were edited to make it."""
        draw, make = jr.split(key)
        tasks = space.samples(self.candidates, key=make)
        edits = round(self.edited * self.candidates)
        parent = jnp.full((self.candidates,), NEW, jnp.int32)
        if edits == 0:
            return tasks, parent
        found = jnp.isfinite(state.score)
        place = pick(found.astype(jnp.float32), edits, key=draw)
        changed = space.mutants(jax.tree.map(lambda x: x[place], state.tasks), key=jr.fold_in(make, self.candidates))
        join = lambda new, own: own.at[:edits].set(jnp.where(found[0], new, own[:edits]))
        return jax.tree.map(join, changed, tasks), join(state.id[place], parent)

    def tell(
        self, state: FrontierState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> FrontierState:
        if lesson.phase == "train":
            return state
        search = state.search if lesson.memo is None else lesson.memo
        fresh = jax.tree.map(lambda x: jnp.broadcast_to(x, (lesson.rows, *jnp.shape(x))), self.score.init())
        score, _ = self.score(lesson, described(outcome, self.score, space, lesson), fresh)
        score = jnp.where(outcome.answered & jnp.isfinite(score) & (search == state.search), score, -jnp.inf)
        # The learner has changed since the last search: what that found goes as soon as this one finds anything.
        stale = (state.found < state.search) & jnp.any(jnp.isfinite(score)) & (lesson.memo is not None)
        best, place = jax.lax.top_k(jnp.concatenate([jnp.where(stale, -jnp.inf, state.score), score]), self.kept)
        join = lambda old, new: jnp.concatenate([old, new])[place]
        return eqx.tree_at(
            lambda s: (s.tasks, s.id, s.parent, s.score, s.found),
            state,
            (
                jax.tree.map(join, state.tasks, lesson.tasks),
                join(state.id, lesson.id),
                join(state.parent, lesson.parent),
                best,
                join(state.found, jnp.broadcast_to(search, (lesson.rows,))),
            ),
        )

    def archive(self, state: FrontierState) -> Archive:
        filled = jnp.isfinite(state.score)
        return Archive(state.tasks, filled, state.id, state.parent, jnp.where(filled, state.score, 0.0))

    def prospects(self, state: FrontierState) -> Prospects:
        """In a round of search new tasks and edits; in training the kept ones share `share` of the rows evenly."""
        filled = jnp.isfinite(state.score).astype(jnp.float32)
        some = jnp.sum(filled) > 0
        searching = state.rounds % (self.batches + self.train) < self.batches
        edited = jnp.where(searching & some, round(self.edited * self.candidates) / self.candidates, 0.0)
        kept = jnp.where(~searching & some, jnp.round(self.share * self.rows) / self.rows, 0.0)
        reasons = {
            name: part * filled / jnp.maximum(jnp.sum(filled), 1.0)
            for name, part in (("frontier", kept), ("edited", edited))
        }
        return Prospects(reasons["frontier"] + reasons["edited"], reasons, 1.0 - kept - edited, edited)

    def metrics(self, state: FrontierState) -> dict[str, Array]:
        filled = jnp.isfinite(state.score)
        count = jnp.sum(filled).astype(jnp.float32)
        score = jnp.where(filled, state.score, 0.0)
        return {
            "fill": count / self.kept,
            "mean_score": jnp.sum(score) / jnp.maximum(count, 1.0),
            "max_score": jnp.max(score, initial=0.0, where=filled),
            "search_share": state.searched.astype(jnp.float32) / jnp.maximum(state.rounds, 1).astype(jnp.float32),
        }
