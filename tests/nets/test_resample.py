"""Samples of rows: how often each counts, and that no class is lost."""

from typing import Any

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.nets._resample import resampled


def sample(bootstrap: Any, rows: int = 40, key: int = 0, weights: Any = None) -> np.ndarray:
    weights = jnp.ones((rows,)) if weights is None else weights
    classes, present = jnp.zeros((rows,), jnp.int32), jnp.array([True, False])
    return np.asarray(resampled(weights, classes, present, bootstrap=bootstrap, key=jr.key(key)))


def test_samples_count_rows() -> None:
    assert sample("none").tolist() == [1.0] * 40
    many = sample("poisson", rows=20_000)
    assert abs(many.mean() - 1) < 0.03
    assert abs(many.var() - 1) < 0.05
    assert abs((many == 0).mean() - np.exp(-1)) < 0.01
    drawn = sample("multinomial")
    assert drawn.sum() == 40
    assert len(set(drawn)) > 2
    holes = jnp.ones((40,)).at[::2].set(0.0)
    assert sample("multinomial", weights=holes)[::2].sum() == 0
    assert sample("multinomial", weights=holes).sum() == 20


def test_further_rows_leave_the_sample_of_earlier_ones_alone() -> None:
    assert sample("poisson", rows=64)[:40].tolist() == sample("poisson", rows=40).tolist()
    assert sample("poisson").tolist() != sample("poisson", key=1).tolist()


@pytest.mark.parametrize("bootstrap", ["poisson", "multinomial"])
def test_a_class_that_a_sample_lost_is_put_back(bootstrap: Any) -> None:
    classes, present = jnp.array([0, 0, 0, 0, 0, 1, 1], jnp.int32), jnp.array([True, True, False, False])
    weights = jnp.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 2.0])
    put_back = 0
    for seed in range(40):
        found = np.asarray(resampled(weights, classes, present, bootstrap=bootstrap, key=jr.key(seed)))
        assert found[:5].sum() > 0
        assert found[5:].sum() > 0
        put_back += found[5:].tolist() == [0.5, 2.0]
    assert put_back > 3
