"""What the explorers share that tell tasks apart by their features."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import (
    NEW,
    Archive,
    ArgumentError,
    CombinationError,
    Explorer,
    Lesson,
    Outcome,
    Parts,
    Score,
    Space,
    between,
)
from explora.scores import Learnability

from .._checks import lanes
from .._pooled import described, pooled, twins
from ..quality import Container, Kept

Task = TypeVar("Task")


class Elite(eqx.Module):
    """A task that is kept.

    **Arguments:**

    - `task`: the task.
    - `id`, `parent`: its number, and that of the one that it was made from.
    """

    task: Any
    id: Int32[Array, "*cells"]
    parent: Int32[Array, "*cells"]


class FeaturedState(eqx.Module):
    """What `Elites` and `Novelty` remember.

    **Arguments:**

    - `kept`: one `Elite` a cell, with its score.
    - `memory`: the memory row of the score, one a cell.
    """

    kept: Kept
    memory: Any


class Featured(Explorer[FeaturedState, Task]):
    """Keeps tasks by their features, plays these again, and edits of them.

    A share of every lesson are tasks that are kept: what their score is worth now is measured anew, since the learner
    has changed; the rest are edits of kept tasks, and a few new ones. As long as fewer than `initial` are kept, all
    tasks are new. Rows that hold the same kept task are pooled before they are scored.

    **Arguments:**

    - `rows`: how many tasks a lesson has.
    - `score`: how good a task is.
    - `features`: the names of the features; none: those of the space, as many as are wanted.
    - `low`, `high`: the ends of each feature; None: those that the space says.
    - `replay`: which share of a lesson are tasks that are kept.
    - `random`: which share of the others are new tasks and no edits.
    - `initial`: see above.
    - `explore_learns`: learn from edited and new tasks too, not only from those that are played again.
    - `queue`: how many rows each lane plays in turn.
    """

    rows: int = eqx.field(static=True, default=128)
    score: Score = eqx.field(default_factory=Learnability)
    features: tuple[str, ...] = eqx.field(static=True, default=())
    low: tuple[float, ...] | None = eqx.field(static=True, default=None)
    high: tuple[float, ...] | None = eqx.field(static=True, default=None)
    replay: float = eqx.field(static=True, default=0.5)
    random: float = eqx.field(static=True, default=0.1)
    initial: int = eqx.field(static=True, default=32)
    explore_learns: bool = eqx.field(static=True, default=True)
    queue: int = eqx.field(static=True, default=1)

    @property
    def kinds(self) -> int | None:
        """By how many features tasks are told apart; None: by all that the space has."""
        return len(self.features) or None

    def container(self, space: Space[Task]) -> Container:
        """What decides which tasks are kept."""
        raise NotImplementedError

    def chosen(self, kept: Kept, again: int, edits: int, *, key: PRNGKeyArray) -> Int32[Array, " rows"]:
        """The cells of the tasks that are played again, and of those that are edited."""
        return kept.draw(again + edits, key=key)

    def admits(self, score: Float[Array, " rows"]) -> Bool[Array, " rows"]:
        """Which tasks may be kept at all."""
        return jnp.ones_like(score, dtype=bool)

    @property
    def needs(self) -> frozenset[str]:
        return self.score.needs

    def refuses(self, parts: Parts) -> str | None:
        own, space, name = type(self).__name__, parts.space, type(parts.space).__name__
        if "features" not in space.provides:
            return f"{own} tells tasks apart by their features, but {name} has no `features`; use Replay"
        if self.random < 1.0 and "mutate" not in space.provides:
            return f"{own} changes tasks, but {name} has no `mutate`; use {own}(random=1), or give the space a `mutate`"
        known = space.feature_names
        if self.kinds is not None and self.kinds > len(known):
            return f"{own} needs {self.kinds} features, but {name} has {len(known)}"
        wanted = len(known) if self.kinds is None else self.kinds
        for which in ("low", "high"):
            if (ends := getattr(self, which)) is not None and len(ends) != wanted:
                return f"{own} needs one entry of `{which}` for each of {wanted} features, got {len(ends)}"
        strange = [feature for feature in self.features if feature not in known]
        return f"{name} has no feature {strange[0]!r}; it has {', '.join(known)}" if strange else None

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> FeaturedState:
        number = jnp.zeros((), jnp.int32)
        kept = self.container(space).init(jax.eval_shape(lambda: Elite(space.sample(key=key), number, number)))
        none = jnp.full((kept.cells,), NEW, jnp.int32)
        kept = eqx.tree_at(lambda k: (k.solutions.id, k.solutions.parent), kept, (none, jnp.copy(none)))
        memory = jax.tree.map(lambda x: jnp.broadcast_to(x, (kept.cells, *jnp.shape(x))), self.score.init())
        return FeaturedState(kept, memory)

    def ask(
        self, state: FeaturedState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[FeaturedState, Lesson[Task]]:
        kept, rows = state.kept, self.rows
        draw, edit, make = jr.split(key, 3)
        again = round(self.replay * rows)
        fresh = round(self.random * (rows - again))
        edits = rows - again - fresh
        none = lambda count: jnp.full((count,), NEW, jnp.int32)

        def new(count: int) -> tuple[Any, Array, Array, Array]:
            return space.samples(count, key=make), none(count), none(count), none(count)

        def mixed() -> tuple[Any, Array, Array, Array]:
            slot = self.chosen(kept, again, edits, key=draw)
            elites = kept.at(slot)
            kinds = []
            if again:
                kinds.append((*_head(elites, again), slot[:again]))
            if edits:
                sources = jax.tree.map(lambda x: x[again:], elites)
                kinds.append((space.mutants(sources.task, key=edit), none(edits), sources.id, none(edits)))
            if fresh:
                kinds.append(new(fresh))
            return jax.tree.map(lambda *parts: jnp.concatenate(parts), *kinds)

        lesson = jax.lax.cond(kept.size >= self.initial, mixed, lambda: new(rows))
        if self.queue > 1:
            # The kinds take turns within a lane, so that every lane plays all of them.
            turns = jnp.arange(rows).reshape(self.queue, -1).T.reshape(-1)
            lesson = jax.tree.map(lambda x: x[turns], lesson)
        tasks, number, parent, slot = lesson
        learn = True if self.explore_learns else slot >= 0
        return state, Lesson(tasks, learn, number, parent, memo=slot, queue=self.queue, phase=phase)

    def tell(
        self, state: FeaturedState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> FeaturedState:
        kept = state.kept
        slot = jnp.full((lesson.rows,), -1, jnp.int32) if lesson.memo is None else lesson.memo
        # Another task may have taken the cell since the row was asked for.
        slot = jnp.where(kept.solutions.id[slot] == lesson.id, slot, -1)
        same = twins(slot, None, outcome.answered)
        known = slot >= 0
        rows = jax.tree.map(lambda x, y: _where(known, x[slot], y), state.memory, self.score.init())
        measured = described(pooled(outcome, same), self.score, space, lesson)
        given, rows = self.score(lesson, measured, rows)
        score = jnp.asarray(given)
        valid = outcome.answered & jnp.isfinite(score)

        first = jnp.argmax(same, axis=1) == jnp.arange(lesson.rows)
        at = jnp.where(valid & known & first, slot, kept.cells)
        put = lambda x, y: x.at[at].set(y, mode="drop")
        kept = eqx.tree_at(
            lambda k: (k.objectives, k.thresholds), kept, (put(kept.objectives, score), put(kept.thresholds, score))
        )
        memory = jax.tree.map(put, state.memory, rows)

        offered = jnp.where(valid & ~known & self.admits(score), score, jnp.nan)
        elites = Elite(lesson.tasks, lesson.id, lesson.parent)
        kept, added = self.container(space).add(kept, elites, offered, self.places(space, lesson.tasks))
        at = jnp.where(added.stored, added.cell, kept.cells)
        return FeaturedState(kept, jax.tree.map(lambda x, y: x.at[at].set(y, mode="drop"), memory, rows))

    def places(self, space: Space[Task], tasks: Task) -> Float[Array, "rows measures"]:
        """Where tasks lie: their features, each scaled by its ends to [0, 1].

        **Raises:** `CombinationError` if the space has no such features.
        """
        known = space.feature_names
        names = self.features or known[: self.kinds]
        if len(names) < (self.kinds or 1) or not set(names) <= set(known):
            raise CombinationError(
                f"{type(self).__name__} needs {self.kinds or 1} features {', '.join(self.features)} of "
                f"{type(space).__name__}, which has {', '.join(known) or 'none'}"
            )
        index = jnp.array([known.index(name) for name in names])
        ends = [x[index] for x in space.feature_bounds()]
        low, high = (
            end if own is None else jnp.array(own, jnp.float32)
            for end, own in zip(ends, (self.low, self.high), strict=True)
        )
        found = jax.vmap(space.features)(tasks)[:, index]
        return (found - low[None]) / (high - low)[None]

    def archive(self, state: FeaturedState) -> Archive:
        kept = state.kept
        score = jnp.where(kept.filled, kept.objectives, 0.0)
        return Archive(kept.solutions.task, kept.filled, kept.solutions.id, kept.solutions.parent, score)

    def _check(self, room: int) -> None:
        lanes(self.rows, self.queue)
        between("replay", self.replay, 0.0, 1.0)
        between("random", self.random, 0.0, 1.0)
        between("initial", self.initial, 1, room)
        for name in ("features", "low", "high"):
            given = getattr(self, name)
            if given and self.kinds is not None and len(given) != self.kinds:
                raise ArgumentError(f"`{name}` must have one entry for each of the {self.kinds} features, got {given}")
        if self.low is not None and self.high is not None and any(x >= y for x, y in zip(self.low, self.high)):
            raise ArgumentError(f"`low` must be less than `high`, got {self.low} and {self.high}")


def _head(elites: Elite, count: int) -> tuple[Any, Array, Array]:
    first = jax.tree.map(lambda x: x[:count], elites)
    return first.task, first.id, first.parent


def _where(mask: Array, yes: Array, no: Array) -> Array:
    return jnp.where(mask.reshape(mask.shape + (1,) * (yes.ndim - 1)), yes, no)
