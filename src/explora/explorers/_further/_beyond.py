"""Exploration by asking: whatever was not achieved yet is asked for again, and a little more than the best."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import NEW, Archive, CombinationError, Explorer, Lesson, Outcome, Space, between
from explora.maths import pick

from .._places import ring_places

Task = TypeVar("Task")


class BeyondState(eqx.Module):
    """What `Beyond` remembers.

    **Arguments:**

    - `tasks`, `id`, `parent`: the requests that were not met, in a ring.
    - `filled`: which places hold one.
    - `best`: the highest return that was achieved in each.
    - `tries`: how often each was asked since it last got better.
    - `count`: how many were ever put into the ring.
    - `met`: how many were asked again and met then.
    """

    tasks: Any
    id: Int32[Array, " kept"]
    parent: Int32[Array, " kept"]
    filled: Bool[Array, " kept"]
    best: Float[Array, " kept"]
    tries: Int32[Array, " kept"]
    count: Int32[Array, ""]
    met: Int32[Array, ""]


class Beyond(Explorer[BeyondState, Task]):
    """Asks again for what was never achieved, and for a little more than the best; the rest of a lesson is new.

    Made for spaces of requests, in which a task says what is to be achieved in it (`Requests` of `Asking`); whoever
    learns in hindsight gets something from each failure. A request that was not met is kept. It is asked again until it
    is met, or until it has not got better for `patience` times: it may be impossible. Where a space can be asked for
    returns (`"demands"`), a kept request is asked for more than the best that was got in it, by up to `more` standard
    deviations of these; there it is kept until its patience is over.

    **Arguments:**

    - `rows`: how many requests a lesson has.
    - `again`: the share of them that were not met before, as soon as there are any.
    - `kept`: how many are kept at most, no fewer than `rows`; the oldest make way.
    - `patience`: see above.
    - `more`: see above.
    - `plays`: how many episodes of each are played.

    **Reference:** Srivastava et al. 2019 (arXiv:1912.02877), section 2.2.3, for asking between the mean return and a
    standard deviation more; Andrychowicz et al. 2017 (arXiv:1707.01495) for what is learned from requests not met.
    """

    rows: int = eqx.field(static=True, default=64)
    again: float = eqx.field(static=True, default=0.5)
    kept: int = eqx.field(static=True, default=512)
    patience: int = eqx.field(static=True, default=8)
    more: float = eqx.field(static=True, default=1.0)
    plays: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        for name in ("rows", "patience", "plays"):
            between(name, getattr(self, name), 1)
        between("kept", self.kept, self.rows)
        between("again", self.again, 0.0, 1.0)
        between("more", self.more, 0.0)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"solved", "max_returns"})

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> BeyondState:
        task = jax.eval_shape(lambda: space.sample(key=key))
        none, zero = jnp.full((self.kept,), NEW, jnp.int32), jnp.zeros((), jnp.int32)
        return BeyondState(
            jax.tree.map(lambda x: jnp.zeros((self.kept, *x.shape), x.dtype), task),
            none,
            jnp.copy(none),
            jnp.zeros((self.kept,), bool),
            jnp.zeros((self.kept,), jnp.float32),
            jnp.zeros((self.kept,), jnp.int32),
            zero,
            jnp.copy(zero),
        )

    def ask(
        self, state: BeyondState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[BeyondState, Lesson[Task]]:
        draw, make, raise_by = jr.split(key, 3)
        tasks, none = space.samples(self.rows, key=make), jnp.full((self.rows,), NEW, jnp.int32)
        count = round(self.again * self.rows)
        number, parent, slot = none, none, none
        if count:
            place = pick(state.filled.astype(jnp.float32), count, key=draw)
            some = jnp.any(state.filled)
            old = self._asked(state, space, place, key=raise_by)
            join = lambda new, own: own.at[:count].set(jnp.where(some, new, own[:count]))
            tasks = jax.tree.map(join, old, tasks)
            raised = "demands" in space.provides
            number = number if raised else join(state.id[place], number)
            parent = join(state.id[place] if raised else state.parent[place], parent)
            slot = join(place.astype(jnp.int32), slot)
        known = jnp.where(slot >= 0, state.id[slot], NEW)
        lesson = Lesson(tasks, True, number, parent, memo=(slot, known), plays=self.plays, phase=phase)
        return state, lesson

    def _asked(self, state: BeyondState, space: Space[Task], place: Array, *, key: PRNGKeyArray) -> Any:
        """The kept requests at some places, asked for more than was got where that can be asked."""
        old = jax.tree.map(lambda x: x[place], state.tasks)
        if "demands" not in space.provides:
            return old
        number = jnp.maximum(jnp.sum(state.filled), 1).astype(jnp.float32)
        best = jnp.where(state.filled, state.best, 0.0)
        mean = jnp.sum(best) / number
        spread = jnp.sqrt(jnp.sum(jnp.where(state.filled, (best - mean) ** 2, 0.0)) / number)
        wanted = best[place] + self.more * spread * jr.uniform(key, place.shape)
        return jax.vmap(space.demanding)(old, wanted)

    def tell(
        self, state: BeyondState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> BeyondState:
        if outcome.solved is None or outcome.max_returns is None:
            raise CombinationError(
                "Beyond needs `outcome.solved` and `outcome.max_returns`; take a learner that has both"
            )
        none = jnp.full((lesson.rows,), NEW, jnp.int32)
        slot, known = (none, none) if lesson.memo is None else lesson.memo
        # another request may have come into its place since it was asked
        slot = jnp.where((slot >= 0) & (state.id[slot] == known) & state.filled[slot], slot, -1)
        returns = jnp.asarray(outcome.max_returns)
        counts = outcome.answered & jnp.isfinite(returns)
        raised = "demands" in space.provides
        met = counts & (jnp.asarray(outcome.solved) >= 1.0) & (not raised)

        at = jnp.where(counts & (slot >= 0), slot, self.kept)
        best = state.best.at[at].max(returns, mode="drop")
        tries = jnp.where(best > state.best, 0, state.tries.at[at].add(1, mode="drop"))
        over = (tries >= self.patience).at[jnp.where(met, at, self.kept)].set(True, mode="drop")
        filled = state.filled & ~over

        news = counts & (slot < 0) & ~met & (lesson.id >= 0)
        place = ring_places(state.count, news, self.kept)
        put = lambda x, y: x.at[place].set(y, mode="drop")
        return BeyondState(
            jax.tree.map(put, state.tasks, lesson.tasks),
            put(state.id, lesson.id),
            put(state.parent, lesson.parent),
            put(filled, news),
            put(best, jnp.where(news, returns, 0.0)),
            put(tries, jnp.zeros_like(none)),
            state.count + jnp.sum(news).astype(jnp.int32),
            state.met + jnp.sum(met & (slot >= 0)).astype(jnp.int32),
        )

    def archive(self, state: BeyondState) -> Archive:
        return Archive(state.tasks, state.filled, state.id, state.parent, jnp.where(state.filled, state.best, 0.0))

    def metrics(self, state: BeyondState) -> dict[str, Array]:
        number = jnp.maximum(jnp.sum(state.filled), 1).astype(jnp.float32)
        return {
            "fill": jnp.sum(state.filled).astype(jnp.float32) / self.kept,
            "best": jnp.sum(jnp.where(state.filled, state.best, 0.0)) / number,
            "met_again": state.met.astype(jnp.float32),
        }
