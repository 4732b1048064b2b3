"""Nearest neighbours by brute force, which is what fits a compiled loop."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32


def nearest(
    queries: Float[Array, "queries dims"], points: Float[Array, "points dims"], counts: Bool[Array, " points"]
) -> tuple[Int32[Array, " queries"], Float[Array, " queries"]]:
    """The nearest of the counting points to each query, the earliest among equally near ones.

    **Arguments:**

    - `queries`: where to look from.
    - `points`: where to look.
    - `counts`: which points count.

    **Returns:** indices, and Euclidean distances (infinite if no point counts).
    """
    apart = _squared(queries, points, counts)
    index = jnp.argmin(apart, axis=1).astype(jnp.int32)
    return index, jnp.sqrt(jnp.min(apart, axis=1))


def mean_distance(
    queries: Float[Array, "queries dims"], points: Float[Array, "points dims"], counts: Bool[Array, " points"], k: int
) -> Float[Array, " queries"]:
    """The mean Euclidean distance of each query to the `k` nearest of the counting points: its novelty.

    **Arguments:**

    - `queries`: where to look from.
    - `points`: where to look, `k` of them at least.
    - `counts`: which points count; if fewer than `k` do, the mean is over those, and infinite over none.
    - `k`: how many neighbours.

    **Reference:** Lehman and Stanley 2011, Abandoning Objectives, Evolutionary Computation 19(2), eq. 1.
    """
    near = jnp.sqrt(-jax.lax.top_k(-_squared(queries, points, counts), k)[0])
    known = jnp.isfinite(near)
    number = jnp.sum(known, axis=1).astype(near.dtype)
    mean = jnp.sum(jnp.where(known, near, 0.0), axis=1) / jnp.maximum(number, 1.0)
    return jnp.where(number > 0, mean, jnp.inf)


def _squared(queries: Array, points: Array, counts: Array) -> Float[Array, "queries points"]:
    """Squared distances; infinite to points that do not count."""
    apart = jnp.zeros((queries.shape[0], points.shape[0]))
    for dim in range(points.shape[1]):  # one plane after the other: never a (queries, points, dims) array
        apart = apart + (queries[:, dim, None] - points[None, :, dim]) ** 2
    return jnp.where(counts[None], apart, jnp.inf)
