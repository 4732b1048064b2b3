"""Ensembles: members that differ, few compiled programs, and answers where there is nothing to learn."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from explora.core import ArgumentError, CombinationError, build, spec
from explora.nets import Ensemble, _ensemble
from explora.nets._blocks import by_blocks, power_of_two

KEY = jr.key(0)
SMALL = {"width": 16, "depth": 2, "steps": 60}


def iris() -> tuple[np.ndarray, np.ndarray]:
    inputs, targets = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(inputs), targets


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_members_differ_and_a_key_makes_the_same_ones_again(kind: Any) -> None:
    inputs, targets = iris()
    ensemble = Ensemble(kind=kind, members=3, bootstrap="poisson", width=16, steps=150, rate=0.01)
    said = [ensemble.predict(ensemble.fit(inputs, targets, classes=3, key=jr.key(k)), inputs) for k in (5, 5, 6)]
    assert said[0].shape == (150, 3, 3)
    assert np.allclose(said[0].sum(2), 1, atol=1e-5)
    assert np.array_equal(said[0], said[1])
    assert np.abs(said[0] - said[2]).max() > 0.01
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(said[0][:, one] - said[0][:, other]).max() > 0.01
    assert (said[0].mean(1).argmax(1) == targets).mean() > 0.9


def test_linear_members_without_a_bootstrap_are_one() -> None:
    inputs, targets = iris()
    ensemble = Ensemble(members=3)
    said = ensemble.predict(ensemble.fit(inputs, targets, classes=3, key=KEY), inputs)
    assert np.abs(said - said[:, :1]).max() < 1e-6


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_where_there_is_nothing_to_learn_the_prior_answers(kind: Any) -> None:
    inputs = np.random.default_rng(0).normal(size=(6, 4))
    ensemble = Ensemble(kind=kind, members=3, bootstrap="poisson", **SMALL)

    def said(targets: list[int]) -> Any:
        rows = len(targets)
        fitted = ensemble.fit(inputs[:rows], np.array(targets, np.int64), classes=3, key=KEY)
        return ensemble.predict(fitted, inputs)

    assert np.allclose(said([]), 1 / 3)
    assert np.allclose(said([1]), [0, 1, 0])
    assert np.allclose(said([2, 2, 2, 2, 2]), [0, 0, 1])
    two = said([0, 2, 0, 2, 0])
    assert np.all(two[:, :, 1] == 0)  # not seen yet
    assert np.allclose(two.sum(2), 1, atol=1e-5)

    def valued(targets: list[float]) -> Any:
        rows = len(targets)
        fitted = ensemble.fit(inputs[:rows], np.array(targets).reshape(rows, 1), key=KEY)
        return ensemble.predict(fitted, inputs)

    assert np.allclose(valued([]), 0)
    assert np.allclose(valued([7.5]), 7.5)
    assert np.allclose(valued([7.5, 7.5]), 7.5)
    assert np.isfinite(valued([1.0, 2.0])).all()


def test_rows_without_weight_are_as_absent() -> None:
    inputs, targets = iris()
    weights = np.where(np.arange(150) % 3 == 0, 0.0, 1.0)
    kept = weights > 0
    inputs[~kept], targets[~kept] = np.nan, -1
    ensemble = Ensemble()
    found = ensemble.predict(ensemble.fit(inputs, targets, weights, classes=3, key=KEY), inputs[kept])
    wanted = ensemble.predict(ensemble.fit(inputs[kept], targets[kept], classes=3, key=KEY), inputs[kept])
    assert np.abs(found - wanted).max() < 2e-4


@pytest.mark.slow
def test_a_labelled_set_that_grows_compiles_few_programs() -> None:
    rng = np.random.default_rng(3)
    inputs, targets = rng.normal(size=(300, 3)), rng.integers(0, 5, 300)
    ensemble = Ensemble(members=2, bootstrap="poisson", steps=3)
    before = _ensemble._fit_classes._cache_size(), _ensemble._predict._cache_size()
    for rows in range(0, 300, 9):
        known = 1 + min(4, rows // 40)
        fitted = ensemble.fit(inputs[:rows], np.minimum(targets[:rows], known - 1), classes=known, key=KEY)
        assert ensemble.predict(fitted, inputs[rows:]).shape == (300 - rows, 2, known)
    after = _ensemble._fit_classes._cache_size(), _ensemble._predict._cache_size()
    # Rows 256 and 512; classes 2, 4, 8. To predict: 512, 256, 128, 64 rows, and classes again.
    assert 3 <= after[0] - before[0] <= 4
    assert after[1] - before[1] <= 6


def test_a_new_class_gets_a_column() -> None:
    inputs, targets = iris()
    ensemble = Ensemble()
    early = ensemble.predict(ensemble.fit(inputs[:100], targets[:100], classes=2, key=KEY), inputs)
    later = ensemble.predict(ensemble.fit(inputs, targets, classes=3, key=KEY), inputs)
    assert early.shape == (150, 1, 2)
    assert later.shape == (150, 1, 3)
    assert later[120, 0, 2] > 0.5


def test_blocks_are_invisible() -> None:
    shapes = []

    def run(rows: np.ndarray) -> Any:
        shapes.append(rows.shape)
        return jnp.asarray(rows * 2.0)

    inputs = np.random.default_rng(0).normal(size=(70_000, 5)).astype(np.float32)
    assert np.array_equal(by_blocks(run, inputs, wide=16), inputs * 2)
    assert set(shapes) == {(32_768, 5)}
    assert by_blocks(run, inputs[:0], wide=16).shape == (0, 5)
    assert [power_of_two(n, 64) for n in (0, 1, 64, 65, 128, 1000)] == [64, 64, 64, 128, 128, 1024]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match="`members` must be at least 1, got 0"):
        Ensemble(members=0)
    with pytest.raises(ArgumentError, match="`decay` must be greater than 0"):
        Ensemble(decay=0.0)
    with pytest.raises(CombinationError, match="use kind='mlp'"):
        Ensemble(judges=True)
    inputs, targets = np.zeros((2, 3)), np.array([0, 3])
    cases = [
        ({"classes": 3}, r"`targets` must be classes from 0 to 2, got 0 to 3"),
        ({"classes": None}, r"`classes` must be at least 1"),
        ({"classes": 4, "weights": np.array([1.0, -1.0])}, "`weights` must be finite and not negative"),
        ({"classes": 4, "inputs": np.full((2, 3), np.nan)}, "`inputs` must be finite"),
        ({"classes": 4, "targets": np.zeros((2, 1))}, "leave it out"),
        ({"classes": None, "targets": np.full((2, 1), np.inf)}, "`targets` must be finite"),
    ]
    for change, message in cases:
        with pytest.raises(ArgumentError, match=message):
            Ensemble().fit(**({"inputs": inputs, "targets": targets, "key": KEY} | change))
    for ensemble in (Ensemble(), Ensemble(kind="mlp", **SMALL)):
        fitted = ensemble.fit(inputs, np.array([0, 1]), classes=2, key=KEY)
        with pytest.raises(ArgumentError, match="must have the 3 features that were fitted, got 4"):
            ensemble.predict(fitted, np.zeros((5, 4)))
    ensemble = Ensemble()
    assert ensemble.losses(ensemble.fit(inputs, np.array([0, 1]), classes=2, key=KEY), inputs) is None


def test_it_is_a_configuration() -> None:
    ensemble = Ensemble(kind="mlp", members=5, bootstrap="poisson", decay=0.1)
    assert build(spec(ensemble)) == ensemble
    fitted = ensemble.fit(np.zeros((2, 3)), np.array([0, 1]), classes=2, key=KEY)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(fitted))  # a checkpoint can hold it
