"""Mean and variance of what was seen, kept up as more is seen."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from explora.core import Box, Spec

_FARTHEST = 10.0
"""Scaled numbers are clipped here, so that a first glimpse of something new does not throw the network."""


class Moments(eqx.Module):
    """Mean and variance of each number that an observation holds; codes and choices are left alone.

    **Arguments:**

    - `weight`: of everything that was seen [steps].
    - `mean`, `variance`: one array for each `Box` of the observation, in its shape.
    """

    weight: Float[Array, ""]
    mean: list[Array]
    variance: list[Array]

    def scaled(self, spec: PyTree[Spec], observations: PyTree) -> PyTree:
        """Observations with every number less its mean, divided by its deviation, within ± 10."""
        leaves, shape = jax.tree.flatten(observations)
        own = iter(zip(self.mean, self.variance, strict=True))

        def one(leaf: Spec, x: Array) -> Array:
            if not isinstance(leaf, Box):
                return x
            mean, variance = (jnp.broadcast_to(m, x.shape) for m in next(own))
            return jnp.clip((x.astype(jnp.float32) - mean) / jnp.sqrt(variance + 1e-6), -_FARTHEST, _FARTHEST)

        return jax.tree.unflatten(shape, [one(leaf, x) for leaf, x in zip(_specs(spec), leaves, strict=True)])

    def with_more(self, spec: PyTree[Spec], observations: PyTree, weight: Float[Array, "steps lanes"]) -> "Moments":
        """What they are after `observations` too, `(steps, lanes, …)`, each of which counts as `weight` says.

        **Reference:** T. Chan et al. 1983, *Algorithms for Computing the Sample Variance*, equation 1.3.
        """
        leaves = jax.tree.leaves(observations)
        numbers = [x for leaf, x in zip(_specs(spec), leaves, strict=True) if isinstance(leaf, Box)]
        more = weight.sum()
        whole = self.weight + more
        means, variances = [], []
        for x, mean, variance in zip(numbers, self.mean, self.variance, strict=True):
            flat = x.astype(jnp.float32).reshape(weight.size, -1)
            share = (weight / jnp.maximum(more, 1.0)).reshape(-1)
            own = share @ flat
            own_variance = share @ (flat - own[None]) ** 2
            apart = own.reshape(mean.shape) - mean
            part = more / jnp.maximum(whole, 1.0)
            means.append(mean + part * apart)
            within = (1.0 - part) * variance + part * own_variance.reshape(mean.shape)
            variances.append(within + part * (1.0 - part) * apart**2)
        return Moments(whole, means, variances)


def nothing_seen(spec: PyTree[Spec]) -> Moments:
    """The moments before anything was seen: numbers stay as they are."""
    shapes = [leaf.shape for leaf in _specs(spec) if isinstance(leaf, Box)]
    zero, one = [jnp.zeros(shape) for shape in shapes], [jnp.ones(shape) for shape in shapes]
    return Moments(jnp.zeros(()), zero, one)


def _specs(spec: PyTree[Spec]) -> list[Any]:
    return jax.tree.leaves(spec, is_leaf=lambda x: hasattr(x, "dtype"))
