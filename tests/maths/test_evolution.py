"""Evolution strategies against hand-worked steps and a plain NumPy reading of the tutorial's equations."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError
from explora.maths import CMAES, Adam, centred_ranks, es_gradient, mirrored


def test_centred_ranks_spread_evenly_and_ties_share():
    assert centred_ranks(jnp.array([3.0, 1.0, 2.0])).tolist() == [0.5, -0.5, 0.0]
    assert centred_ranks(jnp.array([5.0, 5.0, 1.0])).tolist() == [0.25, 0.25, -0.5]
    assert centred_ranks(jnp.full((4,), 7.0)).tolist() == [0.0, 0.0, 0.0, 0.0]


def test_one_value_has_rank_nothing_and_nan_is_the_lowest():
    assert centred_ranks(jnp.array([3.0])).tolist() == [0.0]
    assert centred_ranks(jnp.array([jnp.nan, -1e30, 2.0])).tolist() == [-0.5, 0.0, 0.5]


def test_the_gradient_of_two_mirrored_pairs():
    """Results 3, 1 | 0, 2 have ranks ½, -1/6 | -½, 1/6; the differences are 1 and -1/3, over 2 pairs and σ = ½."""
    noise = jnp.eye(2)
    assert mirrored(jnp.array([1.0, 1.0]), noise, 0.5).tolist() == [[1.5, 1.0], [1.0, 1.5], [0.5, 1.0], [1.0, 0.5]]
    gradient = es_gradient(noise, jnp.array([3.0, 1.0, 0.0, 2.0]), 0.5)
    np.testing.assert_allclose(gradient, [1.0, -1.0 / 3.0], rtol=1e-6)


def test_adam_takes_the_published_steps():
    adam, rate, gradients = Adam(), 0.01, ([1.0, -4.0], [0.5, 0.0], [-2.0, 1e-4])
    state, first, second = adam.init(jnp.zeros(2)), np.zeros(2), np.zeros(2)
    for time, gradient in enumerate(gradients, 1):
        state, step = adam.step(state, jnp.array(gradient), rate)
        first = 0.9 * first + 0.1 * np.array(gradient)
        second = 0.999 * second + 0.001 * np.array(gradient) ** 2
        size = rate * np.sqrt(1 - 0.999**time) / (1 - 0.9**time)
        np.testing.assert_allclose(step, -size * first / (np.sqrt(second) + 1e-8), rtol=1e-4)
    assert int(state.steps) == 3


def plain(ranked: list[np.ndarray], parents: list[int], mean: np.ndarray, sigma: float, gap: float) -> tuple:
    """The tutorial's equations in 64-bit NumPy, the root renewed after `gap` samples."""
    dims, rows = len(mean), len(ranked[0])
    c, root, p_s, p_c, count, since = np.eye(dims), np.eye(dims), np.zeros(dims), np.zeros(dims), 0, 0
    for x, mu in zip(ranked, parents, strict=True):
        count, since = count + rows, since + rows
        if mu:
            w = np.log(mu + 0.5) - np.log(np.arange(1, mu + 1))
            w /= w.sum()
            mass = 1 / np.sum(w**2)
            cs, cc = (mass + 2) / (dims + mass + 5), (4 + mass / dims) / (dims + 4 + 2 * mass / dims)
            c1 = 2 / ((dims + 1.3) ** 2 + mass)
            cmu = min(1 - c1, 2 * (mass - 2 + 1 / mass) / ((dims + 2) ** 2 + mass))
            damp = 1 + 2 * max(0, np.sqrt(max(mass - 1, 0) / (dims + 1)) - 1) + cs
            y = (x[:mu] - mean) / sigma
            step = w @ y
            mean = mean + sigma * step
            p_s = (1 - cs) * p_s + np.sqrt(cs * (2 - cs) * mass) * np.linalg.solve(root, step)
            length = p_s @ p_s / dims
            steady = length / (1 - (1 - cs) ** (2 * count / rows)) < 2 + 4 / (dims + 1)
            p_c = (1 - cc) * p_c + steady * np.sqrt(cc * (2 - cc) * mass) * step
            keep = 1 - c1 * (1 - (1 - steady) * cc * (2 - cc)) - cmu
            c = keep * c + c1 * np.outer(p_c, p_c) + cmu * sum(a * np.outer(v, v) for a, v in zip(w, y, strict=True))
            sigma *= np.exp(min(1, cs / damp * (length - 1) / 2))
        if since > gap:
            values, axes = np.linalg.eigh(c)
            root, since = axes @ np.diag(np.sqrt(values)) @ axes.T, 0
    return mean, sigma, p_s, p_c, c


def test_cma_es_follows_the_tutorial():
    dims, rows, parents = 4, 8, [4, 8, 0, 1, 3, 4, 2, 4]
    es, rng = CMAES(rows, root="eigen"), np.random.default_rng(0)
    state = es.init(jnp.ones(dims), 0.5)
    tell, batches = eqx.filter_jit(es.tell), []
    for number, mu in enumerate(parents):
        drift = 0.8 if number > 4 else 0.1  # the last turns are a march, which stalls p_c
        batches.append(np.asarray(state.mean) + drift + float(state.sigma) * rng.normal(size=(rows, dims)))
        state = tell(state, jnp.asarray(batches[-1], jnp.float32), jnp.asarray(mu, jnp.int32))
        state = es.renewed(state) if bool(es.due(state)) else state
    mass = float(es.weights(jnp.asarray(4, jnp.int32))[1])
    c1 = 2 / ((dims + 1.3) ** 2 + mass)
    gap = 0.5 * rows / dims / (c1 + 2 * (mass - 2 + 1 / mass) / ((dims + 2) ** 2 + mass))
    mean, sigma, p_s, p_c, c = plain(batches, parents, np.ones(dims), 0.5, gap)
    for found, wanted in ((state.mean, mean), (state.sigma, sigma), (state.covariance, c)):
        np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(state.step_path, p_s, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(state.shape_path, p_c, rtol=1e-3, atol=1e-4)
    assert int(state.evaluations) == rows * len(parents)


@pytest.mark.parametrize("root", ["cholesky", "eigen"])
def test_a_root_is_a_root_and_whitening_undoes_it(root: str):
    es = CMAES(6, root=root)
    covariance = jnp.array([[4.0, 1.0], [1.0, 2.0]])
    state = es.renewed(eqx.tree_at(lambda s: s.covariance, es.init(jnp.zeros(2), 1.0), covariance))
    np.testing.assert_allclose(state.root @ state.root.T, covariance, rtol=1e-5)
    vector = jnp.array([1.0, -3.0])
    white = es.whitened(state, vector)
    np.testing.assert_allclose(white @ white, vector @ jnp.linalg.inv(covariance) @ vector, rtol=1e-5)


def grown(old: np.ndarray, new: np.ndarray, path: list[float]) -> np.ndarray:
    """The path that was summed up with one covariance, after the triangular root is that of another."""
    es = CMAES(6)
    place = lambda s: (s.covariance, s.root, s.step_path)
    arrays = (jnp.asarray(x, jnp.float32) for x in (new, np.linalg.cholesky(old), np.array(path)))
    return np.asarray(es.renewed(eqx.tree_at(place, es.init(jnp.zeros(3), 1.0), tuple(arrays))).step_path, np.float64)


def test_a_path_turns_with_the_triangular_root():
    """In the axes L (L⁻¹ C L⁻ᵀ)^½ it stays what it was."""
    old = np.array([[4.0, 1.0, 0.0], [1.0, 2.0, -0.5], [0.0, -0.5, 0.1875]])
    new, path = old + np.array([[0.1, 0.1, 0.0], [0.1, 0.2, -0.05], [0.0, -0.05, 0.04]]), [1.0, -2.0, 0.5]
    root = np.linalg.cholesky(old)
    values, axes = np.linalg.eigh(np.linalg.solve(root, np.linalg.solve(root, new).T))
    straight = root @ axes @ np.diag(np.sqrt(values)) @ axes.T
    turned = grown(old, new, path)
    np.testing.assert_allclose(np.linalg.cholesky(new) @ turned, straight @ path, atol=2e-3)
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(path), rel=1e-5)
    assert np.abs(turned - path).max() > 0.02, "it did turn"


def test_a_path_stays_where_the_root_has_changed_beyond_all_series():
    assert grown(np.eye(3), np.diag([9.0, 1.0, 25.0]) + 0.5, [1.0, -2.0, 0.5]).tolist() == [1.0, -2.0, 0.5]
    assert grown(np.eye(3), -np.eye(3), [1.0, -2.0, 0.5]).tolist() == [1.0, -2.0, 0.5]


def test_the_root_is_renewed_after_the_published_number_of_samples():
    """With λ = 36 and n = 100 that is 100.2, so after the third turn."""
    es = CMAES(36)
    state = es.init(jnp.zeros(100), 0.5)
    told = lambda samples: eqx.tree_at(lambda s: s.evaluations, state, jnp.asarray(samples, jnp.int32))
    assert [bool(es.due(told(samples))) for samples in (36, 72, 100, 101, 108)] == [False, False, False, True, True]
    assert bool(CMAES(36, lazy=False).due(told(36)))


@pytest.mark.parametrize("root", ["cholesky", pytest.param("eigen", marks=pytest.mark.slow)])
def test_it_finds_the_bottom_of_a_slanted_bowl(root: str):
    es, scale = CMAES(12, root=root), 10.0 ** jnp.linspace(0.0, 1.5, 6)
    turned = jnp.linalg.qr(jr.normal(jr.key(3), (6, 6)))[0]
    loss = jax.vmap(lambda x: jnp.sum((scale * (turned @ (x - 1.0))) ** 2))

    def turn(number, state):
        samples = es.ask(state, key=jr.fold_in(jr.key(0), number))
        state = es.tell(state, samples[jnp.argsort(loss(samples))], jnp.asarray(6, jnp.int32))
        return es.renewed(state)

    state = jax.jit(lambda s: jax.lax.fori_loop(0, 220, turn, s))(es.init(jnp.zeros(6), 0.5))
    assert float(loss(state.mean[None])[0]) < 1e-3
    assert not bool(es.exhausted(state, width=0.0))


def test_a_gaussian_that_is_none_is_exhausted():
    es = CMAES(6)
    state = es.init(jnp.zeros(2), 1.0)
    with_covariance = lambda c: es.renewed(eqx.tree_at(lambda s: s.covariance, state, jnp.array(c)))
    assert not bool(es.exhausted(state))
    assert bool(es.exhausted(with_covariance([[1.0, 2.0], [2.0, 1.0]])))  # no covariance at all
    assert bool(es.exhausted(with_covariance([[1.0, 0.0], [0.0, 1e-6]]), condition=1e5))
    assert bool(es.exhausted(eqx.tree_at(lambda s: s.sigma, state, jnp.asarray(1e-12))))


def test_roots_have_names():
    with pytest.raises(ArgumentError, match="`root` must be"):
        CMAES(6, root="square")
    with pytest.raises(ArgumentError, match="`form` must be"):
        CMAES(6, form="other")


def test_the_rank_one_update_of_pyribs_all_but_vanishes():
    """p_c is σ times as long as in the tutorial's first turn, and its square is weighted by c₁²."""
    samples, parents = jr.normal(jr.key(0), (8, 4)), jnp.asarray(4, jnp.int32)
    told = [
        CMAES(8, form=form).tell(CMAES(8).init(jnp.zeros(4), 0.5), samples, parents) for form in ("tutorial", "pyribs")
    ]
    np.testing.assert_allclose(told[1].shape_path, 0.5 * told[0].shape_path, rtol=1e-5)
    c_one = 2 / ((4 + 1.3) ** 2 + float(CMAES(8).weights(parents)[1]))
    path = told[0].shape_path
    apart = (c_one - 0.25 * c_one**2) * path[:, None] * path[None]
    np.testing.assert_allclose(told[0].covariance - told[1].covariance, apart, atol=1e-5)
    np.testing.assert_allclose(told[0].sigma, told[1].sigma)
