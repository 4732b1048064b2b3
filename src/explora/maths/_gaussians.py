"""One Gaussian, how far it is from another, and how it moves uphill within a trust region."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from ._triangular import solve_lower


class Gaussian(eqx.Module):
    """A Gaussian with full covariance L Lᵀ.

    **Arguments:**

    - `mean`: its centre.
    - `log_scale`: the logarithm of the diagonal of L.
    - `below`: L, of which only what lies below the diagonal counts.
    """

    mean: Float[Array, " dims"]
    log_scale: Float[Array, " dims"]
    below: Float[Array, "dims dims"]

    @staticmethod
    def upright(mean: Float[Array, " dims"], spread: Float[Array, " dims"]) -> "Gaussian":
        """The Gaussian with these means and standard deviations, and no correlation."""
        return Gaussian(mean, jnp.log(spread), jnp.zeros((mean.shape[0], mean.shape[0])))

    @property
    def factor(self) -> Float[Array, "dims dims"]:
        """L, the Cholesky factor of the covariance."""
        return jnp.tril(self.below, -1) + jnp.diag(jnp.exp(self.log_scale))

    @property
    def spread(self) -> Float[Array, " dims"]:
        """The standard deviation along each coordinate."""
        return jnp.sqrt(jnp.sum(self.factor**2, axis=1))

    def sample(self, *, key: PRNGKeyArray) -> Float[Array, " dims"]:
        """One draw."""
        return self.mean + self.factor @ jr.normal(key, self.mean.shape)

    def log_density(self, points: Float[Array, "points dims"]) -> Float[Array, " points"]:
        """The logarithm of the density at each point."""
        white = solve_lower(self.factor, (points - self.mean[None]).T)
        constant = 0.5 * self.mean.shape[0] * jnp.log(2 * jnp.pi) + jnp.sum(self.log_scale)
        return -0.5 * jnp.sum(white**2, axis=0) - constant

    def wider(self, floor: float | Array) -> "Gaussian":
        """The same Gaussian, stretched where its standard deviation is below `floor`."""
        stretch = jnp.maximum(floor / self.spread, 1.0)
        return Gaussian(self.mean, self.log_scale + jnp.log(stretch), self.below * stretch[:, None])

    def improved(
        self, worth: Callable[["Gaussian"], Float[Array, ""]], region: float | Array, steps: int = 10
    ) -> "Gaussian":
        """A Gaussian that is worth at least as much, no further away than KL(new ‖ self) ≤ `region`.

        Follows natural gradients: the curvature is that of the divergence where it stands. Along each, it takes the
        best of a few lengths that stay in the region, or none.

        **Arguments:**

        - `worth`: what is to be large.
        - `region`: the greatest divergence from this Gaussian.
        - `steps`: how many gradients to follow.
        """
        start, unravel = ravel_pytree(self)
        lengths = 4.0 ** -jnp.arange(8.0)

        def step(_: Array, place: Array) -> Array:
            here = unravel(place)
            gradient = jax.grad(lambda x: worth(unravel(x)))(place)
            curvature = jax.hessian(lambda x: divergence(unravel(x), jax.lax.stop_gradient(here)))(place)
            damped = curvature + 1e-4 * jnp.eye(place.shape[0])
            direction = jnp.linalg.solve(damped, gradient)
            # The length at which the quadratic model of the divergence reaches the region's edge.
            reach = jnp.sqrt(2.0 * region / jnp.maximum(direction @ curvature @ direction, 1e-12))
            tries = place[None] + (reach * lengths)[:, None] * direction[None]
            gain = jax.vmap(lambda x: worth(unravel(x)))(tries) - worth(here)
            away = jax.vmap(lambda x: divergence(unravel(x), self))(tries)
            sound = (away <= region) & jnp.isfinite(gain) & jnp.all(jnp.isfinite(tries), axis=1)
            gain = jnp.where(sound, gain, -jnp.inf)
            best = jnp.argmax(gain)
            return jnp.where(gain[best] > 0, tries[best], place)

        return unravel(jax.lax.fori_loop(0, steps, step, start))


def divergence(one: Gaussian, other: Gaussian) -> Float[Array, ""]:
    """KL(one ‖ other) in nats."""
    trace = jnp.sum(solve_lower(other.factor, one.factor) ** 2)
    moved = jnp.sum(solve_lower(other.factor, (other.mean - one.mean)[:, None]) ** 2)
    logs = jnp.sum(other.log_scale - one.log_scale)
    return 0.5 * (trace + moved - one.mean.shape[0]) + logs
