"""Modules of PyTorch, asked as an ensemble is.

PyTorch is no requirement of explora and is not installed where its tests usually run, so that these are skipped there.
They were run with PyTorch 2.13.0 on a CPU when they were written; run them again after a change of the adapter.
"""

from typing import Any

import jax.random as jr
import numpy as np
import pytest

from explora.adapters import TorchModel
from explora.core import ArgumentError, spec

torch = pytest.importorskip("torch")

KEY = jr.key(0)
ROWS = np.random.default_rng(0).uniform(-1, 1, (200, 2))
SIGNS = (ROWS[:, 0] * ROWS[:, 1] > 0).astype(int)


def perceptron(features: int, outputs: int) -> Any:
    nn = torch.nn
    return nn.Sequential(nn.Linear(features, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, outputs))


def linear(features: int, outputs: int) -> Any:
    return torch.nn.Linear(features, outputs)


def test_it_learns_what_no_line_divides() -> None:
    model = TorchModel(perceptron, members=2, steps=400)
    fitted = model.fit(ROWS, SIGNS, classes=4, key=KEY)
    said = model.predict(fitted, ROWS)
    assert said.shape == (200, 2, 4)
    assert said.dtype == np.float32
    assert np.all(said[:, :, 2:] == 0)
    assert np.allclose(said.sum(2), 1, atol=1e-5)
    assert (said.argmax(2) == SIGNS[:, None]).mean(0).min() > 0.95
    seen = model.embed(fitted, ROWS)
    assert seen.shape == (200, 32)
    assert seen.min() == 0
    with torch.no_grad():
        again = fitted.modules[0][-1](torch.tensor(seen)).numpy()[:, :2]
    assert np.array_equal(again.argmax(1), said[:, 0].argmax(1))


def test_it_learns_values() -> None:
    inputs = np.linspace(-1, 1, 100)[:, None]
    targets = np.concatenate([1000 + 50 * np.abs(inputs), -inputs, np.full((100, 1), 3.0)], axis=1)
    model = TorchModel(perceptron, members=2, steps=400)
    said = model.predict(model.fit(inputs, targets, key=KEY), inputs)
    assert np.abs(said[:, :, 0] - targets[:, None, 0]).mean() < 0.1 * targets[:, 0].std()
    assert np.abs(said[:, :, 1] - targets[:, None, 1]).mean() < 0.1 * targets[:, 1].std()
    assert np.all(said[:, :, 2] == 3)


def test_a_linear_module_finds_the_optimum() -> None:
    # With slopes ±w the loss is ln(1 + exp(−2w)) and the penalty d w², so that d w = σ(−2w) at the optimum.
    pair = np.array([[-1.0], [1.0]])
    model = TorchModel(linear, steps=1500, decay=0.5, rate=0.01)
    said = model.predict(model.fit(pair, np.array([0, 1]), classes=2, key=KEY), pair)
    slopes = np.linspace(0, 2, 200_001)
    width = slopes[np.argmin(np.abs(0.5 * slopes - 1 / (1 + np.exp(2 * slopes))))]
    assert said[1, 0, 1] == pytest.approx(1 / (1 + np.exp(-2 * width)), abs=2e-3)


def test_a_key_makes_the_same_members_again_and_nothing_global_moves() -> None:
    model = TorchModel(perceptron, members=2, bootstrap="poisson", steps=20)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    said = [model.predict(model.fit(ROWS, SIGNS, classes=2, key=jr.key(k)), ROWS) for k in (1, 1, 2)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert np.array_equal(said[0], said[1])
    assert np.abs(said[0] - said[2]).max() > 0.01
    assert np.abs(said[0][:, 0] - said[0][:, 1]).max() > 0.01


def test_what_is_random_in_training_is_not_in_use() -> None:
    dropping = lambda features, outputs: torch.nn.Sequential(torch.nn.Dropout(0.5), linear(features, outputs))
    model = TorchModel(dropping, steps=20)
    fitted = model.fit(ROWS, SIGNS, classes=2, key=KEY)
    again = model.fit(ROWS, SIGNS, classes=2, key=KEY)
    assert np.array_equal(model.predict(fitted, ROWS), model.predict(fitted, ROWS))
    assert np.array_equal(model.predict(fitted, ROWS), model.predict(again, ROWS))


def test_weights_count() -> None:
    inputs, targets = np.array([[0.0], [0.0], [0.0]]), np.array([0, 1, 1])
    model = TorchModel(linear, steps=800, decay=0.0, rate=0.03)
    for weights, wanted in ((np.array([2.0, 1.0, 1.0]), 0.5), (np.array([1.0, 3.0, 0.0]), 0.75)):
        said = model.predict(model.fit(inputs, targets, weights, classes=2, key=KEY), inputs)
        assert said[0, 0, 1] == pytest.approx(wanted, abs=2e-3)


def test_where_there_is_nothing_to_learn_the_prior_answers() -> None:
    model = TorchModel(perceptron, members=2)
    for targets, wanted in (([], [1 / 3] * 3), ([1], [0, 1, 0]), ([2, 2], [0, 0, 1])):
        fitted = model.fit(ROWS[: len(targets)], np.array(targets, np.int64), classes=3, key=KEY)
        assert np.allclose(model.predict(fitted, ROWS), wanted)
        assert np.array_equal(model.embed(fitted, ROWS), ROWS.astype(np.float32))
    for values, wanted in (([], 0.0), ([4.0], 4.0), ([4.0, 4.0], 4.0)):
        fitted = model.fit(ROWS[: len(values)], np.array(values).reshape(-1, 1), key=KEY)
        assert np.allclose(model.predict(fitted, ROWS), wanted)


def test_it_cannot_be_written_down() -> None:
    with pytest.raises(ArgumentError, match=r"`make` is .* a configuration cannot hold"):
        spec(TorchModel(perceptron))
    with pytest.raises(ArgumentError, match="`steps` must be at least 1"):
        TorchModel(perceptron, steps=0)
