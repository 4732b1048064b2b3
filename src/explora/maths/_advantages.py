"""Generalised advantage estimation, and per-episode means."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


def advantages(
    rewards: Float[Array, "steps lanes"],
    values: Float[Array, "steps lanes"],
    last: Float[Array, " lanes"],
    terminated: Bool[Array, "steps lanes"],
    truncated: Bool[Array, "steps lanes"],
    *,
    discount: float,
    trace: float,
) -> Float[Array, "steps lanes"]:
    """Generalised advantage estimation that tells the end of an episode from the end of patience.

    δ_t = r_t + γ (1 − terminated_t) V_{t+1} − V_t, and A_t = δ_t + γλ (1 − ended_t) A_{t+1}. After a truncated step
    `values` must hold, one step later, the value of the observation that would have followed (the rollout's `gap`).

    **Arguments:**

    - `rewards`, `values`: what was received and predicted.
    - `last`: the value of the observation after the last step.
    - `terminated`, `truncated`: how the episode ended at that step, if it did.
    - `discount`: γ.
    - `trace`: λ.

    **Reference:** Schulman et al. 2016 (arXiv:1506.02438), eq. 16; Pardo et al. 2018 (arXiv:1712.00378) on limits.
    """
    following = jnp.concatenate([values[1:], last[None]])
    delta = rewards + discount * jnp.where(terminated, 0.0, following) - values
    decay = discount * trace * jnp.where(terminated | truncated, 0.0, 1.0)

    def step(later: Array, x: tuple[Array, Array]) -> tuple[Array, Array]:
        now = x[0] + x[1] * later
        return now, now

    return jax.lax.scan(step, jnp.zeros_like(last), (delta, decay), reverse=True, unroll=16)[1]


def episode_means(
    columns: Float[Array, "columns steps lanes"],
    counted: Bool[Array, "steps lanes"],
    ended: Bool[Array, "steps lanes"],
) -> tuple[Float[Array, "columns steps lanes"], Float[Array, "steps lanes"]]:
    """At each step that ends an episode, the mean of each column over that episode.

    **Arguments:**

    - `columns`: what is averaged.
    - `counted`: which steps belong to an episode at all.
    - `ended`: the last step of each episode.

    **Returns:** the means (zero where no episode ends), and the length of the episode so far at every step [steps].
    """
    weight = counted.astype(jnp.float32)
    stacked = jnp.concatenate([columns * weight[None], weight[None]]).swapaxes(0, 1)

    def step(total: Array, x: tuple[Array, Array]) -> tuple[Array, Array]:
        total = total + x[0]
        return jnp.where(x[1][None], 0.0, total), total

    _, totals = jax.lax.scan(step, jnp.zeros_like(stacked[0]), (stacked, ended), unroll=16)
    lengths = totals[:, -1]
    means = jnp.where(ended[:, None], totals[:, :-1] / jnp.maximum(lengths, 1.0)[:, None], 0.0)
    return means.swapaxes(0, 1), lengths


def by_row(
    columns: Float[Array, "columns steps lanes"], row: Int[Array, "steps lanes"], rows: int
) -> Float[Array, "columns rows"]:
    """The sum of each column over the steps at which each row was played."""
    flat = columns.reshape(columns.shape[0], -1)
    return jax.vmap(lambda x: jax.ops.segment_sum(x, row.reshape(-1), rows))(flat)
