"""The gradient that mirrored perturbations and the ranks of their results estimate."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def centred_ranks(values: Float[Array, " n"]) -> Float[Array, " n"]:
    """The ranks of values, spread evenly from -0.5 (lowest) to 0.5 (highest).

    Equal values share their average rank, so that order in memory decides nothing; a single value has rank 0; NaN
    counts as the lowest of all. (The code released with the paper gives ties different ranks, and divides 0 by 0 for
    a single value.)

    **Reference:** Salimans et al. 2017, Evolution Strategies as a Scalable Alternative to Reinforcement Learning
    (arXiv:1703.03864), sec. 2.1: fitness shaping.
    """
    count = values.shape[0]
    values = jnp.where(jnp.isnan(values), -jnp.inf, values)
    ordered = jnp.sort(values)
    below = jnp.searchsorted(ordered, values, side="left")
    upto = jnp.searchsorted(ordered, values, side="right")
    place = (below + upto - 1).astype(values.dtype) / 2
    return place / max(count - 1, 1) - (0.5 if count > 1 else 0.0)


def mirrored(
    mean: Float[Array, " dims"], noise: Float[Array, "pairs dims"], sigma: Float[Array, ""] | float
) -> Float[Array, "both dims"]:
    """The vectors mean + σ noise, and after all of them the vectors mean - σ noise."""
    return mean[None] + sigma * jnp.concatenate([noise, -noise])


def es_gradient(
    noise: Float[Array, "pairs dims"], results: Float[Array, " both"], sigma: Float[Array, ""] | float
) -> Float[Array, " dims"]:
    """Where results grow: Σ (r⁺ - r⁻) noise / (pairs · σ), with r the centred ranks of all results together.

    **Arguments:**

    - `noise`: one perturbation a pair.
    - `results`: what came of the vectors of `mirrored`, in their order; larger is better.
    - `sigma`: how far they were perturbed.

    **Reference:** Salimans et al. 2017 (arXiv:1703.03864), algorithm 1 with mirrored sampling; scaled as in the code
    released with POET (arXiv:1901.01753).
    """
    pairs = noise.shape[0]
    rank = centred_ranks(results)
    return (rank[:pairs] - rank[pairs:]) @ noise / (pairs * sigma)
