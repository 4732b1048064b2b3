import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.maths._triangular import cholesky, solve_lower


def test_factors_and_solutions_are_those_of_the_library():
    """Also for a batch; what lies above the diagonal of a factor is not read."""
    root = jr.normal(jr.key(0), (3, 4, 4))
    matrix = root @ root.swapaxes(1, 2) + jnp.eye(4)[None]
    factor = jax.vmap(cholesky)(matrix)
    np.testing.assert_allclose(factor, jnp.linalg.cholesky(matrix), atol=1e-5)
    right = jr.normal(jr.key(1), (4, 5))
    noisy = factor[0] + jnp.triu(jnp.full((4, 4), 7.0), 1)
    np.testing.assert_allclose(factor[0] @ solve_lower(noisy, right), right, atol=1e-5)
