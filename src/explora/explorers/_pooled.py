"""A task that stands in several rows of a lesson is one task that was played more often."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, UInt32

from explora.core import Lesson, Outcome, Score, Space

_MEANS = (
    "returns",
    "solved",
    "lengths",
    "values",
    "positive_advantages",
    "absolute_advantages",
    "disagreement",
    "optimal_returns",
    "losses",
)


def twins(
    slot: Int[Array, " rows"], prints: UInt32[Array, "rows 2"] | None, counts: Bool[Array, " rows"]
) -> Bool[Array, "rows rows"]:
    """Which rows hold the same task.

    **Arguments:**

    - `slot`: where each is kept, or -1.
    - `prints`: fingerprints by which rows without a slot are compared; None: each of them is a task of its own.
    - `counts`: which rows count at all.
    """
    rows = slot.shape[0]
    same = (slot[:, None] == slot[None]) & (slot >= 0)[:, None]
    if prints is not None:
        fresh = (slot < 0)[:, None] & (slot < 0)[None]
        same = same | (fresh & jnp.all(prints[:, None] == prints[None], axis=-1))
    return (same & counts[:, None] & counts[None]) | jnp.eye(rows, dtype=bool)


def pooled(outcome: Outcome, same: Bool[Array, "rows rows"]) -> Outcome:
    """An outcome in which every row has the measurements of all rows of its task.

    Means are weighted by how many episodes finished; the highest return is that of all. Published replay lets the
    last row written win, and so forgets what the others saw.

    **Arguments:**

    - `outcome`: one row for each row of the lesson.
    - `same`: from `twins`.
    """
    count = jnp.ones(same.shape[0]) if outcome.episodes is None else outcome.episodes.astype(jnp.float32)

    def mean(x: Array) -> Array:
        weight = jnp.where(same & jnp.isfinite(x)[None], count[None], 0.0)
        total = jnp.sum(weight, axis=1)
        # A row of its own keeps its value bit for bit, and where no episode finished there is nothing to weight by.
        alone = (jnp.sum(same, axis=1) == 1) | (total == 0)
        return jnp.where(alone, x, jnp.where(weight > 0, weight * x[None], 0.0).sum(1) / jnp.where(alone, 1.0, total))

    changed: dict[str, Any] = {name: mean(x) for name in _MEANS if (x := getattr(outcome, name)) is not None}
    if outcome.max_returns is not None:
        best = jnp.where(jnp.isnan(outcome.max_returns), -jnp.inf, outcome.max_returns)
        changed["max_returns"] = jnp.max(jnp.where(same, best[None], -jnp.inf), axis=1)
    if outcome.episodes is not None:
        changed["episodes"] = jnp.sum(jnp.where(same, outcome.episodes[None], 0), axis=1)
    names = list(changed)
    return eqx.tree_at(lambda o: [getattr(o, name) for name in names], outcome, [changed[name] for name in names])


def described(outcome: Outcome, score: Score, space: Space, lesson: Lesson) -> Outcome:
    """An outcome with what the space says of each task, if the score needs that and nobody has added it."""
    if "features" not in score.needs or outcome.features is not None:
        return outcome
    features = jax.vmap(space.features)(lesson.tasks)
    return eqx.tree_at(lambda o: o.features, outcome, features, is_leaf=lambda x: x is None)
