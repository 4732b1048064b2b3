"""Samples of rows: how often each counts, and that no class is lost."""

from typing import Any

import jax.random as jr
import numpy as np
import pytest

from explora.nets import generator, resampled


def sample(bootstrap: Any, rows: int = 40, seed: int = 0) -> np.ndarray:
    return resampled(np.zeros(rows, np.int64), bootstrap=bootstrap, rng=np.random.default_rng(seed))


def test_samples_count_rows() -> None:
    assert sample("none").tolist() == [1] * 40
    many = sample("poisson", rows=20_000)
    assert abs(many.mean() - 1) < 0.03
    assert abs(many.var() - 1) < 0.05
    assert abs((many == 0).mean() - np.exp(-1)) < 0.01
    assert abs((many == 3).mean() - np.exp(-1) / 6) < 0.01
    drawn = sample("multinomial")
    assert drawn.sum() == 40
    assert len(set(drawn.tolist())) > 2
    assert [sample(bootstrap, rows=0).tolist() for bootstrap in ("none", "poisson", "multinomial")] == [[], [], []]


def test_further_rows_leave_the_sample_of_earlier_ones_alone() -> None:
    assert sample("poisson", rows=64)[:40].tolist() == sample("poisson", rows=40).tolist()
    assert sample("poisson").tolist() != sample("poisson", seed=1).tolist()


@pytest.mark.parametrize("bootstrap", ["poisson", "multinomial"])
def test_a_class_that_a_sample_lost_is_put_back(bootstrap: Any) -> None:
    put_back = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = resampled(np.array([0, 0, 0, 0, 0, 1, 1]), bootstrap=bootstrap, rng=rng)
        assert found[:5].sum() > 0
        assert found[5:].sum() > 0
        put_back += found[5:].tolist() == [1, 1]
        assert resampled(np.ones((1, 1)), bootstrap=bootstrap, rng=rng).sum() > 0  # values: no sample is empty
    assert put_back > 3


def test_a_key_and_a_place_make_the_numbers() -> None:
    draw = lambda *x: generator(*x).random()
    assert draw(jr.key(3), 0, 1) == draw(jr.key(3), 0, 1) == draw(jr.PRNGKey(3), 0, 1)
    assert len({draw(jr.key(k), *place) for k in (0, 1) for place in ((0,), (1,), (0, 1), (1, 1))}) == 8
