"""Who takes over a task: direct transfer, transfer after one step of learning, and what admits a child."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32

from explora.maths import mean_distance

from ._state import NOBODY, Contest


def open_contest(
    scores: Float[Array, "agents tasks"],
    own: Float[Array, " tasks"] | None,
    bar: Float[Array, " tasks"] | None,
    tries: int,
) -> Contest:
    """A contest after everybody has played every task once.

    **Arguments:**

    - `scores`: the return of each agent in each task; -inf where it did not play.
    - `own`: for niches the return of the incumbent, agent `j` in task `j`: who is no better does not win. None: a child
      has no incumbent.
    - `bar`: where given, the rule of Enhanced POET: only who beats it may try, and only what a try has made can win.
      None: the rule of POET, by which a copy may win as it is.
    - `tries`: how many agents may try in each task, the best first.
    """
    agents, tasks = scores.shape
    place = jnp.arange(agents, dtype=jnp.int32)[:, None]
    others = scores if own is None else jnp.where(place == jnp.arange(tasks)[None], -jnp.inf, scores)
    order = jnp.argsort(-others, axis=0, stable=True)[:tries].astype(jnp.int32)
    limit = jnp.full((tasks,), -jnp.inf) if bar is None else bar
    may = jnp.take_along_axis(others, order, axis=0) > limit[None]
    best = jnp.full((tasks,), -jnp.inf) if own is None else own
    winner = jnp.full((tasks,), NOBODY, jnp.int32) if own is None else jnp.arange(tasks, dtype=jnp.int32)
    if bar is None or own is None:
        first = jnp.argmax(others, axis=0).astype(jnp.int32)
        top = jnp.max(others, axis=0)
        better = top > best
        best, winner = jnp.where(better, top, best), jnp.where(better, first, winner)
    sources = jnp.where(may, order, NOBODY)
    return Contest(best, winner, winner, sources, limit, jnp.zeros((), jnp.int32))


def judge(contest: Contest, returns: Float[Array, " tasks"], keepers: Array, scratch: Array) -> tuple[Contest, Array]:
    """The contest after one more try of each task.

    **Arguments:**

    - `contest`: before.
    - `returns`: what each try got; -inf where nobody tried.
    - `keepers`, `scratch`: the members that keep the best try of each task, and those that tried.

    **Returns:** the contest, and which tries are to be kept.
    """
    better = (returns > contest.best) & (returns > contest.bar)
    winner = jnp.where(better, keepers, contest.winner)
    trying = contest.sources[jnp.minimum(contest.turn, contest.sources.shape[0] - 1)]
    origin = jnp.where(better, trying, contest.origin)
    best = jnp.where(better, returns, contest.best)
    after = Contest(best, winner, origin, contest.sources, contest.bar, contest.turn + 1)
    return after, better


def empty_contest(tries: int, tasks: int) -> Contest:
    """A contest that nobody has entered."""
    nothing = jnp.full((tasks,), -jnp.inf)
    nobody = jnp.full((tasks,), NOBODY, jnp.int32)
    sources = jnp.full((tries, tasks), NOBODY, jnp.int32)
    return Contest(nothing, nobody, nobody, sources, nothing, jnp.zeros((), jnp.int32))


def admissible(
    fit: Bool[Array, " children"],
    best: Float[Array, " children"],
    novelty: Float[Array, " children"],
    low: float,
    high: float,
    count: int,
) -> Int32[Array, " admitted"]:
    """The most novel children whose best agent meets the minimal criterion; `children` (one past the end) for none."""
    good = fit & (best >= low) & (best <= high)
    order = jnp.argsort(jnp.where(good, -novelty, jnp.inf), stable=True)[:count].astype(jnp.int32)
    return jnp.where(good[order], order, fit.shape[0])


def opinion(scores: Float[Array, "agents tasks"], filled: Bool[Array, " agents"], low: float, high: float) -> Array:
    """What agents make of tasks, `(tasks, agents)`: ranks from -0.5 to 0.5 of their clipped returns.

    Equal returns share their average rank, so a task that nobody can do is one in which all have rank 0; a single
    agent has rank 0 too. Agents that do not count have rank 0 everywhere.

    **Reference:** Wang et al. 2020, Enhanced POET (arXiv:2003.08536), section 3 (PATA-EC).
    """
    clipped = jnp.clip(jnp.nan_to_num(scores, nan=low, neginf=low, posinf=high), low, high)
    counts = filled[:, None]
    below = jnp.sum((clipped[:, None] > clipped[None]) & counts[None], axis=1)
    equal = jnp.sum((clipped[:, None] == clipped[None]) & counts[None], axis=1)
    many = jnp.sum(filled)
    place = below.astype(jnp.float32) + (equal.astype(jnp.float32) - 1) / 2
    ranks = jnp.where(many > 1, place / jnp.maximum(many - 1, 1).astype(jnp.float32) - 0.5, 0.0)
    return jnp.where(counts, ranks, 0.0).T


def novelty_of(
    points: Float[Array, "children dims"], known: Float[Array, "memory dims"], counts: Bool[Array, " memory"], k: int
) -> Float[Array, " children"]:
    """The mean distance to the `k` nearest known points; a large number where nothing is known."""
    return jnp.nan_to_num(mean_distance(points, known, counts, min(k, known.shape[0])), posinf=1e9)


def first_alike(points: Float[Array, "children dims"]) -> Bool[Array, " children"]:
    """Which points are the first of their kind."""
    number = jnp.arange(points.shape[0])
    alike = jnp.all(points[:, None] == points[None], axis=-1) & (number[None] < number[:, None])
    return ~jnp.any(alike, axis=1)


def place_for(filled: Bool[Array, " niches"], born: Int32[Array, " niches"]) -> Int32[Array, ""]:
    """The first free slot, or that of the oldest niche."""
    return jnp.argmin(jnp.where(filled, born, -1)).astype(jnp.int32)


def keep_untold(told: Array, new: object, old: object) -> object:
    """`new`, or `old` where nobody was told anything."""
    pick = lambda a, b: jnp.where(told, a, b) if eqx.is_array(a) else a
    return jax.tree.map(pick, new, old)
