"""Nearest neighbours by brute force, which is what fits a compiled loop."""

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
    apart = jnp.zeros((queries.shape[0], points.shape[0]))
    for dim in range(points.shape[1]):  # one plane after the other: never a (queries, points, dims) array
        apart = apart + (queries[:, dim, None] - points[None, :, dim]) ** 2
    apart = jnp.where(counts[None], apart, jnp.inf)
    index = jnp.argmin(apart, axis=1).astype(jnp.int32)
    return index, jnp.sqrt(jnp.min(apart, axis=1))
