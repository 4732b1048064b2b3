"""MAP-Elites over the tasks of a space: the best task of every kind."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int32, PRNGKeyArray

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

from ._checks import lanes
from ._pooled import pooled, twins
from .quality import Grid, Kept, summary

Task = TypeVar("Task")


class Elite(eqx.Module):
    """A task that `Elites` keeps.

    **Arguments:**

    - `task`: the task.
    - `id`, `parent`: its number, and that of the one that it was made from.
    """

    task: Any
    id: Int32[Array, "*cells"]
    parent: Int32[Array, "*cells"]


class ElitesState(eqx.Module):
    """What `Elites` remembers.

    **Arguments:**

    - `kept`: one `Elite` a cell, with its score.
    - `memory`: the memory row of the score, one a cell.
    """

    kept: Kept
    memory: Any


class Elites(Explorer[ElitesState, Task]):
    """Keeps the task of highest score of every kind, plays these again, and edits of them.

    The kinds are the cells of a grid over some features of the space. A new task takes its cell if it scores higher
    than the one that is there. A share of every lesson are tasks that are kept: what their score is worth now is
    measured anew, since the learner has changed; the rest are edits of kept tasks, and a few new ones. As long as fewer
    than `initial` cells are filled, all tasks are new. Unlike `Replay`, which keeps the highest scores whatever they
    are like, it never lets many tasks of one kind push out the only one of another.

    Rows that hold the same kept task are pooled before they are scored.

    **Arguments:**

    - `rows`: how many tasks a lesson has.
    - `score`: how good a task is.
    - `cells`: into how many parts each feature is cut.
    - `features`: the names of the features; none: the first ones of the space, as many as `cells` has entries.
    - `low`, `high`: the ends of each feature; None: those that the space says. What lies outside belongs to the edge.
    - `replay`: which share of a lesson are tasks that are kept.
    - `random`: which share of the others are new tasks and no edits.
    - `initial`: see above.
    - `explore_learns`: learn from edited and new tasks too, not only from those that are played again.
    - `queue`: how many rows each lane plays in turn.

    **Reference:** Mouret and Clune 2015, Illuminating Search Spaces by Mapping Elites (arXiv:1504.04909), with a score
    of the learner in the place of a fixed performance.
    """

    rows: int = eqx.field(static=True, default=128)
    score: Score = eqx.field(default_factory=Learnability)
    cells: tuple[int, ...] = eqx.field(static=True, default=(32, 32))
    features: tuple[str, ...] = eqx.field(static=True, default=())
    low: tuple[float, ...] | None = eqx.field(static=True, default=None)
    high: tuple[float, ...] | None = eqx.field(static=True, default=None)
    replay: float = eqx.field(static=True, default=0.5)
    random: float = eqx.field(static=True, default=0.1)
    initial: int = eqx.field(static=True, default=32)
    explore_learns: bool = eqx.field(static=True, default=True)
    queue: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        lanes(self.rows, self.queue)
        between("replay", self.replay, 0.0, 1.0)
        between("random", self.random, 0.0, 1.0)
        between("initial", self.initial, 1, self.grid.room)
        for name in ("features", "low", "high"):
            given = getattr(self, name)
            if given and len(given) != len(self.cells):
                raise ArgumentError(
                    f"`{name}` must have one entry for each of the {len(self.cells)} entries of `cells`, got {given}"
                )
        if self.low is not None and self.high is not None and any(x >= y for x, y in zip(self.low, self.high)):
            raise ArgumentError(f"`low` must be less than `high`, got {self.low} and {self.high}")

    @property
    def grid(self) -> Grid:
        """The kinds: every feature scaled to [0, 1], and cut."""
        return Grid(tuple(self.cells), (0.0,) * len(self.cells), (1.0,) * len(self.cells))

    @property
    def needs(self) -> frozenset[str]:
        return self.score.needs

    def refuses(self, parts: Parts) -> str | None:
        space, name = parts.space, type(parts.space).__name__
        if "features" not in space.provides:
            return f"Elites tells tasks apart by their features, but {name} has no `features`; use Replay"
        if self.random < 1.0 and "mutate" not in space.provides:
            return (
                f"Elites changes tasks, but {name} has no `mutate`; use Elites(random=1), or give the space a `mutate`"
            )
        known = space.feature_names
        if len(self.cells) > len(known):
            return f"Elites(cells={self.cells}) needs {len(self.cells)} features, but {name} has {len(known)}"
        strange = [feature for feature in self.features if feature not in known]
        return f"{name} has no feature {strange[0]!r}; it has {', '.join(known)}" if strange else None

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> ElitesState:
        number = jnp.zeros((), jnp.int32)
        kept = self.grid.init(jax.eval_shape(lambda: Elite(space.sample(key=key), number, number)))
        none = jnp.full((kept.cells,), NEW, jnp.int32)
        kept = eqx.tree_at(lambda k: (k.solutions.id, k.solutions.parent), kept, (none, jnp.copy(none)))
        memory = jax.tree.map(lambda x: jnp.broadcast_to(x, (kept.cells, *jnp.shape(x))), self.score.init())
        return ElitesState(kept, memory)

    def ask(
        self, state: ElitesState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[ElitesState, Lesson[Task]]:
        kept, rows = state.kept, self.rows
        draw, edit, make = jr.split(key, 3)
        again = round(self.replay * rows)
        fresh = round(self.random * (rows - again))
        edits = rows - again - fresh
        none = lambda count: jnp.full((count,), NEW, jnp.int32)

        def new(count: int) -> tuple[Any, Array, Array, Array]:
            return space.samples(count, key=make), none(count), none(count), none(count)

        def mixed() -> tuple[Any, Array, Array, Array]:
            slot = kept.draw(again + edits, key=draw)
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
        self, state: ElitesState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> ElitesState:
        kept = state.kept
        slot = jnp.full((lesson.rows,), -1, jnp.int32) if lesson.memo is None else lesson.memo
        # Another task may have taken the cell since the row was asked for.
        slot = jnp.where(kept.solutions.id[slot] == lesson.id, slot, -1)
        same = twins(slot, None, outcome.answered)
        known = slot >= 0
        rows = jax.tree.map(lambda x, y: _where(known, x[slot], y), state.memory, self.score.init())
        given, rows = self.score(lesson, pooled(outcome, same), rows)
        score = jnp.asarray(given)
        valid = outcome.answered & jnp.isfinite(score)

        first = jnp.argmax(same, axis=1) == jnp.arange(lesson.rows)
        at = jnp.where(valid & known & first, slot, kept.cells)
        put = lambda x, y: x.at[at].set(y, mode="drop")
        kept = eqx.tree_at(
            lambda k: (k.objectives, k.thresholds), kept, (put(kept.objectives, score), put(kept.thresholds, score))
        )
        memory = jax.tree.map(put, state.memory, rows)

        offered = jnp.where(valid & ~known, score, jnp.nan)
        elites = Elite(lesson.tasks, lesson.id, lesson.parent)
        kept, added = self.grid.add(kept, elites, offered, self.places(space, lesson.tasks))
        at = jnp.where(added.stored, added.cell, kept.cells)
        return ElitesState(kept, jax.tree.map(lambda x, y: x.at[at].set(y, mode="drop"), memory, rows))

    def places(self, space: Space[Task], tasks: Task) -> Float[Array, "rows measures"]:
        """Where tasks lie in the grid: their features, each scaled by its ends to [0, 1].

        **Raises:** `CombinationError` if the space has no such features.
        """
        known = space.feature_names
        names = self.features or known[: len(self.cells)]
        if len(names) < len(self.cells) or not set(names) <= set(known):
            raise CombinationError(
                f"Elites needs {len(self.cells)} features {', '.join(self.features)} of {type(space).__name__}, which "
                f"has {', '.join(known) or 'none'}"
            )
        index = jnp.array([known.index(name) for name in names])
        ends = [x[index] for x in space.feature_bounds()]
        low, high = (
            end if own is None else jnp.array(own, jnp.float32)
            for end, own in zip(ends, (self.low, self.high), strict=True)
        )
        found = jax.vmap(space.features)(tasks)[:, index]
        return (found - low[None]) / (high - low)[None]

    def archive(self, state: ElitesState) -> Archive:
        kept = state.kept
        score = jnp.where(kept.filled, kept.objectives, 0.0)
        return Archive(kept.solutions.task, kept.filled, kept.solutions.id, kept.solutions.parent, score)

    def metrics(self, state: ElitesState) -> dict[str, Array]:
        found = summary(state.kept)
        some = found.elites > 0
        return {
            "fill": found.coverage,
            "qd_score": found.qd_score,
            "mean_score": jnp.where(some, found.mean, 0.0),
            "max_score": jnp.where(some, found.best, 0.0),
        }


def _head(elites: Elite, count: int) -> tuple[Any, Array, Array]:
    first = jax.tree.map(lambda x: x[:count], elites)
    return first.task, first.id, first.parent


def _where(mask: Array, yes: Array, no: Array) -> Array:
    return jnp.where(mask.reshape(mask.shape + (1,) * (yes.ndim - 1)), yes, no)
