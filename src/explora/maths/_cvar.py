"""How well the worst tasks go, without the flattery of choosing them by the very numbers that are averaged."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def cvar(ranking: Float[Array, " tasks"], rates: Float[Array, " tasks"], share: float) -> Float[Array, ""]:
    """The mean rate on the `share` of the tasks that an independent evaluation found worst.

    Were the tasks chosen by the rates that are then averaged, bad luck would be counted as difficulty and the mean
    would be too low. Tasks that are equally bad at the edge of the share count equally, in part.

    **Arguments:**

    - `ranking`: the win rate of each task in one evaluation: it chooses.
    - `rates`: the win rate of each task in another one, with other keys: it is averaged.
    - `share`: how many of the tasks to look at, in (0, 1]; at least one.

    **Reference:** Rutherford et al. 2024, *No Regrets: Investigating and Improving Regret Approximations for
    Curriculum Discovery* (SFL), section 5.
    """
    tasks = ranking.shape[0]
    count = min(max(round(share * tasks), 1), tasks)
    edge = jnp.sort(ranking)[count - 1]
    worse, tied = ranking < edge, ranking == edge
    room = (count - jnp.sum(worse)) / jnp.sum(tied)
    return jnp.sum(jnp.where(worse, rates, 0.0) + jnp.where(tied, room * rates, 0.0)) / count
