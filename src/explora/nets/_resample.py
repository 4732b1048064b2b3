"""Weights that make each member of an ensemble see another sample of the same rows."""

import math
from typing import Literal

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import row_keys

Bootstrap = Literal["none", "poisson", "multinomial"]

_DISTRIBUTION = [sum(math.exp(-1) / math.factorial(k) for k in range(n + 1)) for n in range(12)]


def resampled(
    weights: Float[Array, " rows"],
    classes: Int32[Array, " rows"],
    present: Bool[Array, " classes"],
    *,
    bootstrap: Bootstrap,
    key: PRNGKeyArray,
) -> Float[Array, " rows"]:
    """The weights of one member's sample.

    A class of which the sample kept nothing gets its rows back with the weights that they had: a member that never
    heard of a class would disagree with the others about everything that looks like it, at just the time when the
    few labels there are should count.

    **Arguments:**

    - `weights`: of the rows; a row of weight zero is in no sample.
    - `classes`: of the rows; the same everywhere if they have none.
    - `present`: which classes have a row of positive weight.
    - `bootstrap`: `"none"`: every member sees all rows. `"poisson"`: every row counts Poisson(1) times, whatever the
      other rows do. `"multinomial"`: as many draws with replacement as there are rows.
    - `key`: each row has a draw of its own, so that with `"poisson"` further rows change nothing for earlier ones.
    """
    if bootstrap == "none":
        return weights
    counts = _poisson(weights, key) if bootstrap == "poisson" else _multinomial(weights, key)
    kept = jnp.zeros(present.shape, jnp.float32).at[classes].add(counts * weights) > 0
    lost = (present & ~kept)[classes]
    return weights * jnp.where(lost, 1.0, counts)


def _poisson(weights: Float[Array, " rows"], key: PRNGKeyArray) -> Float[Array, " rows"]:
    draws = jax.vmap(jr.uniform)(row_keys(key, weights.shape[0]))
    return jnp.sum(draws[:, None] > jnp.array(_DISTRIBUTION)[None], axis=1).astype(jnp.float32)


def _multinomial(weights: Float[Array, " rows"], key: PRNGKeyArray) -> Float[Array, " rows"]:
    rows = weights.shape[0]
    order, count = jnp.argsort(weights <= 0, stable=True), jnp.sum(weights > 0)
    draws = jax.vmap(jr.uniform)(row_keys(key, rows))
    drawn = order[jnp.minimum((draws * count.astype(jnp.float32)).astype(jnp.int32), jnp.maximum(count - 1, 0))]
    counted = (jnp.arange(rows) < count).astype(jnp.float32)
    return jnp.zeros((rows,), jnp.float32).at[drawn].add(counted)
