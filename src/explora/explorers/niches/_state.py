"""What `Niches` remembers."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32

NOBODY = -1
"""A row that nobody plays; in `start`, a member that stays as it is."""


class Criterion(eqx.Module):
    """What a new niche must offer, and when it counts as solved.

    **Arguments:**

    - `low`, `high`: the minimal criterion: neither too hard nor too easy, as a return.
    - `reproduce`: from which return on a niche may have children.
    - `solve`: from which return on it is solved.
    - `admitted`: how many children are admitted at a time.
    - `neighbours`: how many neighbours the novelty of a child is measured to.

    **Reference:** `Criterion(25, 340)` is what the released code has, the default what the paper is said to.
    """

    low: float = 50.0
    high: float = 300.0
    reproduce: float = 200.0
    solve: float = 230.0
    admitted: int = eqx.field(static=True, default=1)
    neighbours: int = eqx.field(static=True, default=5)


class Contest(eqx.Module):
    """Who does best so far in each of some tasks, and who else may try.

    **Arguments:**

    - `best`: the highest return.
    - `winner`: which member had it.
    - `origin`: whose agent the winner is, or is a copy of.
    - `sources`: whose copies may still try after one step of learning, in their order; `NOBODY` for none.
    - `bar`: what a return must exceed to count.
    - `turn`: how many have tried.
    """

    best: Float[Array, " tasks"]
    winner: Int32[Array, " tasks"]
    origin: Int32[Array, " tasks"]
    sources: Int32[Array, "tries tasks"]
    bar: Float[Array, " tasks"]
    turn: Int32[Array, ""]


class Counts(eqx.Module):
    """What has happened so far.

    **Arguments:**

    - `made`, `admitted`: children that were proposed, and those that became niches.
    - `solved`: ANNECS: niches that were admitted and later solved.
    - `tried`, `moved`: pairs of niches between which a transfer was tried by a return of its own, and niches that were
      taken over.
    - `failed`: copies that did better than the incumbent at once and worse after one step of learning.
    """

    made: Int32[Array, ""]
    admitted: Int32[Array, ""]
    solved: Int32[Array, ""]
    tried: Int32[Array, ""]
    moved: Int32[Array, ""]
    failed: Int32[Array, ""]

    @staticmethod
    def none() -> "Counts":
        """Nothing yet."""
        return Counts(*(jnp.zeros((), jnp.int32) for _ in range(6)))


class NichesState(eqx.Module):
    """What `Niches` remembers.

    **Arguments:**

    - `tasks`, `id`, `parent`: of the niches.
    - `filled`: which slots hold one.
    - `born`: the order in which they were admitted.
    - `score`: the latest return of each niche's own agent.
    - `recent`: its last returns, the latest first; -inf before there were any.
    - `solved`: which were ever solved.
    - `direct`: the return of each agent (first axis) in each niche, as last measured.
    - `known`: the features of every niche that ever was, `seen` of them; the oldest are forgotten when it is full.
    - `contest`: who may take over which niche.
    - `children`, `child_id`, `child_parent`: the latest proposals, their numbers and the slots of their parents.
    - `fit`: which of them are still in the running.
    - `novelty`: of each.
    - `audition`: who may start in which child.
    - `start`: for each member, whose copy it becomes with the next lesson.
    - `source`: the number of the task whose agent has just come to each niche; `NEW` where nobody has.
    - `counts`: what has happened.
    """

    tasks: Any
    id: Int32[Array, " niches"]
    parent: Int32[Array, " niches"]
    filled: Bool[Array, " niches"]
    born: Int32[Array, " niches"]
    score: Float[Array, " niches"]
    recent: Float[Array, "niches last"]
    solved: Bool[Array, " niches"]
    direct: Float[Array, "niches niches"]
    known: Float[Array, "memory features"]
    seen: Int32[Array, ""]
    contest: Contest
    children: Any
    child_id: Int32[Array, " children"]
    child_parent: Int32[Array, " children"]
    fit: Bool[Array, " children"]
    novelty: Float[Array, " children"]
    audition: Contest
    start: Int32[Array, " members"]
    source: Int32[Array, " niches"]
    counts: Counts
