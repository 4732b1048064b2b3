import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from explora.maths import Gaussian, divergence


def slanted() -> Gaussian:
    return Gaussian(jnp.array([1.0, -2.0]), jnp.log(jnp.array([0.5, 2.0])), jnp.array([[7.0, 7.0], [0.3, 7.0]]))


def test_the_density_is_that_of_scipy():
    """L = ((0.5, 0), (0.3, 2)), so the covariance is ((0.25, 0.15), (0.15, 4.09)); the rest of `below` is ignored."""
    points = jr.normal(jr.key(0), (4, 2))
    expected = multivariate_normal([1, -2], [[0.25, 0.15], [0.15, 4.09]]).logpdf(points)
    np.testing.assert_allclose(slanted().log_density(points), expected, rtol=1e-4)
    np.testing.assert_allclose(slanted().spread, [0.5, np.sqrt(4.09)], rtol=1e-5)


def test_the_divergence_has_its_closed_form():
    """In one dimension: log(σ₂/σ₁) + (σ₁² + (μ₁ − μ₂)²) / 2σ₂² − ½."""
    one = Gaussian.upright(jnp.array([0.0]), jnp.array([1.0]))
    other = Gaussian.upright(jnp.array([1.0]), jnp.array([2.0]))
    assert float(divergence(one, other)) == pytest.approx(np.log(2) + 2 / 8 - 0.5, rel=1e-5)
    assert float(divergence(slanted(), slanted())) == pytest.approx(0.0, abs=1e-6)


def test_stretching_reaches_the_floor_and_leaves_the_rest():
    wide = slanted().wider(1.0)
    np.testing.assert_allclose(wide.spread, [1.0, np.sqrt(4.09)], rtol=1e-5)


@pytest.mark.parametrize("region", [0.05, 0.8])
def test_a_step_goes_uphill_and_stays_in_the_region(region):
    """Towards a far Gaussian the best step ends on the region's edge; towards a near one it arrives."""
    here = Gaussian.upright(jnp.array([0.2, 0.5]), jnp.array([0.1, 0.1]))
    far = Gaussian.upright(jnp.array([0.9, 0.5]), jnp.array([0.3, 0.1]))
    step = jax.jit(lambda g, t: g.improved(lambda x: -divergence(x, t), region))
    after = step(here, far)
    assert float(divergence(after, here)) <= region
    assert float(divergence(after, here)) > 0.8 * region
    assert float(divergence(after, far)) < float(divergence(here, far))
    near = Gaussian.upright(jnp.array([0.21, 0.5]), jnp.array([0.1, 0.11]))
    assert float(divergence(step(here, near), near)) < 1e-3


def test_where_nothing_is_gained_it_stays():
    here = Gaussian.upright(jnp.array([0.5]), jnp.array([0.1]))
    after = here.improved(lambda x: jnp.zeros(()) + 0.0 * x.mean[0], 0.5)
    assert float(divergence(after, here)) == 0.0
