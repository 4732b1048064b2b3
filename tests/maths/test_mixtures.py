import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from explora.maths import GaussianMixture, best_mixture, fit_mixture

_fit = jax.jit(fit_mixture, static_argnames=("most", "iterations"))


def two_clouds(count: int = 120) -> jax.Array:
    """A third of the points around (0, 0), the rest around (5, 5) with correlated coordinates."""
    noise = jr.normal(jr.key(0), (count, 2))
    right = 5.0 + noise @ jnp.array([[1.0, 0.8], [0.0, 0.6]])
    return jnp.where((jnp.arange(count) < count // 3)[:, None], 0.5 * noise, right)


def test_the_density_is_that_of_scipy():
    mixture = GaussianMixture(
        jnp.array([0.25, 0.75, 0.0]),
        jnp.array([[0.0, 1.0], [2.0, -1.0], [9.0, 9.0]]),
        jnp.array([[[1.0, 0.3], [0.3, 2.0]], [[0.5, 0.0], [0.0, 0.1]], [[1.0, 0.0], [0.0, 1.0]]]),
    )
    points = jr.normal(jr.key(1), (5, 2))
    expected = np.log(
        0.25 * multivariate_normal([0, 1], [[1, 0.3], [0.3, 2]]).pdf(points)
        + 0.75 * multivariate_normal([2, -1], [[0.5, 0], [0, 0.1]]).pdf(points)
    )
    np.testing.assert_allclose(mixture.log_density(points), expected, rtol=1e-4)


def test_one_gaussian_is_fitted_in_closed_form():
    """The maximum-likelihood Gaussian has the sample's mean and covariance, and points that do not count do not."""
    points = two_clouds(60)
    stray = jnp.concatenate([points, jnp.full((4, 2), jnp.nan)])
    counts = jnp.arange(64) < 60
    mixture, criterion = _fit(stray, counts, jnp.array(1), 3, key=jr.key(0))
    covariance = np.cov(np.asarray(points).T, bias=True)
    np.testing.assert_allclose(mixture.means[0], points.mean(0), rtol=1e-4)
    np.testing.assert_allclose(mixture.covariances[0], covariance, rtol=1e-3)
    likelihood = multivariate_normal(np.asarray(points).mean(0), covariance).logpdf(points).sum()
    assert float(criterion) == pytest.approx(2 * 5 - 2 * likelihood, rel=1e-4)
    assert mixture.weights.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.slow
@pytest.mark.slow
def test_the_criterion_finds_two_clouds():
    points = two_clouds()
    mixture, _ = best_mixture(points, jnp.ones(120, bool), 1, 3, iterations=30, key=jr.key(2))
    criteria = [float(_fit(points, jnp.ones(120, bool), jnp.array(k), 3, key=jr.key(2))[1]) for k in (1, 2)]
    assert criteria[1] < criteria[0]
    heavy = jnp.argsort(-mixture.weights)[:2]
    means = mixture.means[heavy]
    near = jnp.linalg.norm(means[:, None] - jnp.array([[5.0, 5.0], [0.0, 0.0]])[None], axis=-1).min(1)
    assert float(near.max()) < 0.7


def test_many_equal_points_do_not_break_the_fit():
    points = jnp.concatenate([jnp.zeros((20, 2)), jnp.ones((2, 2))])
    mixture, criterion = _fit(points, jnp.ones(22, bool), jnp.array(3), 3, key=jr.key(3))
    assert bool(jnp.isfinite(criterion))
    assert bool(jnp.all(jnp.isfinite(mixture.sample(jnp.array(0), key=jr.key(4)))))
