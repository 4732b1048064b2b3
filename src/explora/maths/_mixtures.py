"""Gaussian mixtures with full covariances, fitted by expectation-maximisation in fixed shapes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ._triangular import cholesky, solve_lower


class GaussianMixture(eqx.Module):
    """A mixture of Gaussians.

    **Arguments:**

    - `weights`: the share of each component, summing to one; 0 where a component is unused.
    - `means`, `covariances`: of each component.
    """

    weights: Float[Array, " components"]
    means: Float[Array, "components dims"]
    covariances: Float[Array, "components dims dims"]

    @staticmethod
    def empty(components: int, dims: int) -> "GaussianMixture":
        """One standard Gaussian at the origin, and room for more."""
        return GaussianMixture(
            jnp.zeros((components,)).at[0].set(1.0),
            jnp.zeros((components, dims)),
            jnp.tile(jnp.eye(dims)[None], (components, 1, 1)),
        )

    def joint(self, points: Float[Array, "points dims"]) -> Float[Array, "points components"]:
        """log(weight · density) of each component at each point."""
        factor = jax.vmap(cholesky)(self.covariances)
        centred = points[:, None] - self.means[None]
        white = jax.vmap(lambda l, x: solve_lower(l, x.T), in_axes=(0, 1))
        distance = jnp.sum(white(factor, centred) ** 2, axis=1).T
        spread = jnp.sum(jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1)), axis=-1)
        density = -0.5 * (distance + points.shape[1] * jnp.log(2 * jnp.pi)) - spread[None]
        used = self.weights > 0
        return jnp.where(used[None], density + jnp.log(jnp.where(used, self.weights, 1.0))[None], -jnp.inf)

    def log_density(self, points: Float[Array, "points dims"]) -> Float[Array, " points"]:
        """The log-density of the mixture at each point."""
        return jax.nn.logsumexp(self.joint(points), axis=1)

    def sample(self, component: Int[Array, ""], *, key: PRNGKeyArray) -> Float[Array, " dims"]:
        """A draw from one component."""
        factor = cholesky(self.covariances[component])
        return self.means[component] + factor @ jr.normal(key, self.means.shape[1:])


def fit_mixture(
    points: Float[Array, "points dims"],
    counts: Bool[Array, " points"],
    components: Int[Array, ""],
    most: int,
    *,
    iterations: int = 50,
    floor: float = 1e-6,
    key: PRNGKeyArray,
) -> tuple[GaussianMixture, Float[Array, ""]]:
    """A mixture of `components` Gaussians fitted to points by expectation-maximisation.

    Starts from k-means++ centres and always runs the same number of iterations, so that it compiles once for every
    number of components and points.

    **Arguments:**

    - `points`: the points.
    - `counts`: which of them count.
    - `components`: how many components to use, at most `most`.
    - `most`: how many there is room for.
    - `iterations`: how many steps of expectation-maximisation.
    - `floor`: added to the diagonal of every covariance.
    - `key`: for the first centres.

    **Returns:** the mixture, and Akaike's information criterion 2·parameters − 2·log-likelihood (infinite where the
    fit failed), of which less is better.

    **Reference:** Arthur and Vassilvitskii 2007 (k-means++); Dempster, Laird and Rubin 1977; Akaike 1974.
    """
    dims = points.shape[1]
    used = jnp.arange(most) < components
    weight = counts.astype(jnp.float32)
    points = jnp.where(counts[:, None], points, 0.0)
    centres = _spread_out(points, weight, most, key)
    distance = jnp.sum((points[:, None] - centres[None]) ** 2, axis=-1)
    nearest = jnp.argmin(jnp.where(used[None], distance, jnp.inf), axis=1)
    share = jax.nn.one_hot(nearest, most) * weight[:, None]

    def maximise(share: Float[Array, "points components"]) -> GaussianMixture:
        mass = jnp.sum(share, axis=0)
        safe = jnp.maximum(mass, 1e-8)
        means = (share.T @ points) / safe[:, None]
        centred = points[:, None] - means[None]
        covariances = jnp.einsum("nk,nki,nkj->kij", share, centred, centred) / safe[:, None, None]
        alive = used & (mass > 1e-6)
        weights = jnp.where(alive, mass, 0.0) / jnp.maximum(jnp.sum(jnp.where(alive, mass, 0.0)), 1e-8)
        unit = jnp.eye(dims)[None]
        return GaussianMixture(weights, means, jnp.where(alive[:, None, None], covariances, unit) + floor * unit)

    def step(_: Array, mixture: GaussianMixture) -> GaussianMixture:
        return maximise(jax.nn.softmax(mixture.joint(points), axis=1) * weight[:, None])

    mixture = jax.lax.fori_loop(0, iterations, step, maximise(share))
    likelihood = jnp.sum(jnp.where(counts, mixture.log_density(points), 0.0))
    free = components * (dims + dims * (dims + 1) // 2) + components - 1
    criterion = 2.0 * free.astype(jnp.float32) - 2.0 * likelihood
    sound = jnp.all(jnp.isfinite(mixture.covariances)) & jnp.isfinite(criterion)
    return mixture, jnp.where(sound, criterion, jnp.inf)


def best_mixture(
    points: Float[Array, "points dims"],
    counts: Bool[Array, " points"],
    least: int,
    most: int,
    *,
    iterations: int = 50,
    key: PRNGKeyArray,
) -> tuple[GaussianMixture, Float[Array, ""]]:
    """The best of the mixtures of `least` to `most` Gaussians by Akaike's information criterion.

    **Arguments:** as `fit_mixture`.

    **Returns:** the mixture and its criterion; infinite if every fit failed.
    """

    def fit(components: Array) -> tuple[GaussianMixture, Float[Array, ""]]:
        return fit_mixture(points, counts, components, most, iterations=iterations, key=jr.fold_in(key, components))

    # One after the other: side by side they no longer fit into the cache and take five times as long.
    mixtures, criteria = jax.lax.map(fit, jnp.arange(least, most + 1, dtype=jnp.int32))
    best = jnp.argmin(criteria)
    return jax.tree.map(lambda x: x[best], mixtures), criteria[best]


def _spread_out(
    points: Float[Array, "points dims"], weight: Float[Array, " points"], most: int, key: PRNGKeyArray
) -> Float[Array, "components dims"]:
    """k-means++: each centre is a point, likelier the further it is from the centres before it."""

    def one(carry: tuple[Array, Array], number: Array) -> tuple[tuple[Array, Array], Array]:
        distance, fallback = carry
        chance = weight * jnp.where(number == 0, 1.0, distance)
        # Where all points sit on centres already any of them will do.
        chance = jnp.where(jnp.sum(chance) > 0, chance, fallback)
        index = jr.categorical(jr.fold_in(key, number), jnp.log(chance))
        centre = points[index]
        apart = jnp.sum((points - centre[None]) ** 2, axis=1)
        return (jnp.minimum(distance, apart), fallback), centre

    start = (jnp.full(weight.shape, jnp.inf), jnp.maximum(weight, 1e-9))
    return jax.lax.scan(one, start, jnp.arange(most))[1]
