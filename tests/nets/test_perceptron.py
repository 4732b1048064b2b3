"""Perceptrons: what no line divides, values, and the head that predicts the loss."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.nets import Ensemble
from explora.nets._perceptron import ranking

KEY = jr.key(0)


def test_a_perceptron_learns_what_no_line_divides() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (200, 2))
    targets = (inputs[:, 0] * inputs[:, 1] > 0).astype(int)
    ensemble = Ensemble(kind="mlp", members=2, width=32, steps=400)
    fitted = ensemble.fit(inputs, targets, classes=2, key=KEY)
    right = ensemble.predict(fitted, inputs).argmax(2) == targets[:, None]
    assert right.mean(0).min() > 0.95
    seen = ensemble.embed(fitted, inputs)
    assert seen.shape == (200, 32)
    assert seen.min() == 0  # what a ReLU lets through
    out = fitted.weights["out"]
    logits = seen @ np.asarray(out[0][0]) + np.asarray(out[1][0])
    assert np.array_equal(logits.argmax(1) == targets, right[:, 0])
    assert np.array_equal(Ensemble().embed(fitted, inputs), inputs.astype(np.float32))


def test_a_perceptron_learns_values() -> None:
    inputs = np.linspace(-1, 1, 100)[:, None]
    targets = np.concatenate([1000 + 50 * np.abs(inputs), -inputs], axis=1)
    ensemble = Ensemble(kind="mlp", members=2, width=32, steps=400)
    said = ensemble.predict(ensemble.fit(inputs, targets, key=KEY), inputs)
    assert said.shape == (100, 2, 2)
    assert np.abs(said - targets[:, None]).mean(axis=(0, 1)) == pytest.approx([0, 0], abs=0.1 * targets.std(0).max())
    assert np.abs(said[:, :, 0] - targets[:, None, 0]).mean() < 0.1 * targets[:, 0].std()


def test_the_ranking_loss_by_hand() -> None:
    # Pairs (0, 2) and (1, 3): losses 3 > 1 and 0 < 2. Expected 0.5 − 0.2 = 0.3 short of 1 by 0.7; 1 − 0.4 by 1.6.
    expected, losses = jnp.array([0.5, 1.0, 0.2, 0.4]), jnp.array([3.0, 0.0, 1.0, 2.0])
    assert float(ranking(expected, losses, jnp.ones(4))) == pytest.approx((0.7 + 1.6) / 2)
    assert float(ranking(expected, losses, jnp.array([2.0, 1.0, 1.0, 0.0]))) == pytest.approx(1.4 / 2)


def test_the_second_head_knows_where_the_loss_is_large() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (400, 2))
    noise = rng.random(400) < 0.5
    targets = np.where(inputs[:, 0] > 0, 0, noise.astype(int))  # a coin decides on the left
    ensemble = Ensemble(kind="mlp", members=2, width=32, judges=True)
    fitted = ensemble.fit(inputs[:200], targets[:200], classes=2, key=KEY)
    expected = ensemble.losses(fitted, inputs[200:])
    left = inputs[200:, 0] < -0.1
    right = inputs[200:, 0] > 0.1
    assert expected.shape == (200,)
    assert np.quantile(expected[left], 0.1) > np.quantile(expected[right], 0.9)
