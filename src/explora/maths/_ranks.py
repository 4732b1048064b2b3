"""A ranking that is kept up to date instead of being sorted anew, and what is drawn from it."""

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int, Int32, PRNGKeyArray


def tied_ranks(ordered: Float[Array, " n"]) -> Float[Array, " n"]:
    """The ranks 1 … n of values that are already in order, where equal values share their average rank.

    **Arguments:**

    - `ordered`: values sorted either way.

    **Returns:** `(1, 2.5, 2.5, 4)` for `(9, 5, 5, 1)`.
    """
    count = ordered.shape[0]
    place = jnp.arange(1, count + 1, dtype=jnp.int32)
    change = ordered[1:] != ordered[:-1]
    edge = jnp.ones((1,), bool)
    first = jax.lax.cummax(jnp.where(jnp.concatenate([edge, change]), place, 0))
    last = jax.lax.cummin(jnp.where(jnp.concatenate([change, edge]), place, count + 1), reverse=True)
    return (first.astype(jnp.float32) + last.astype(jnp.float32)) / 2


def reorder(
    order: Int32[Array, " slots"], values: Float[Array, " slots"], changed: Int[Array, " changes"]
) -> Int32[Array, " slots"]:
    """The slots sorted by falling value, after a few values have changed.

    Merging a few changes into an order that is still right costs a few passes over the slots: 20 times less than
    sorting a million of them. Equal values stay in the order in which they arrived.

    **Arguments:**

    - `order`: the slots sorted by the values as they were.
    - `values`: the values as they are now; -inf where a slot is empty, never NaN.
    - `changed`: the slots whose values are new and finite, each at most once; `slots` (one past the end) for none.

    **Returns:** the new order.
    """
    slots = order.shape[0]
    valid = changed < slots
    fresh = jnp.where(valid, values.at[changed].get(mode="clip"), -jnp.inf)
    by = jnp.argsort(-fresh, stable=True)
    fresh, changed, valid = fresh[by], changed[by], valid[by]

    keep = ~jnp.zeros((slots,), bool).at[changed].set(True, mode="drop")[order]
    compact = jnp.where(keep, jnp.cumsum(keep.astype(jnp.int32)) - 1, slots)
    kept = jnp.full((slots,), -jnp.inf, values.dtype).at[compact].set(values[order], mode="drop")
    ahead = jnp.searchsorted(-kept, -fresh, side="right").astype(jnp.int32)
    join = jnp.where(valid, ahead + jnp.arange(changed.shape[0], dtype=jnp.int32), slots)

    # The others fill, in their order, the places that are left over.
    joined = jnp.zeros((slots,), jnp.int32).at[join].set(1, mode="drop")
    others = jnp.zeros_like(order).at[compact].set(order, mode="drop")
    merged = others[jnp.arange(slots, dtype=jnp.int32) - jnp.cumsum(joined)]
    return merged.at[join].set(changed.astype(jnp.int32), mode="drop")


def pick(weights: Float[Array, " n"], count: int, *, key: PRNGKeyArray) -> Int32[Array, " count"]:
    """`count` indices drawn with replacement, each in proportion to its weight; index 0 if all weights are zero.

    **Arguments:**

    - `weights`: not negative, finite; they need not sum to one.
    - `count`: how many.
    - `key`: the only source of chance.
    """
    total = jnp.cumsum(weights)
    point = jr.uniform(key, (count,)) * total[-1]
    # Rounding may put a point on the very end: the last index with any weight is where the sum first reaches it.
    end = jnp.searchsorted(total, total[-1], side="left")
    return jnp.minimum(jnp.searchsorted(total, point, side="right"), end).astype(jnp.int32)
