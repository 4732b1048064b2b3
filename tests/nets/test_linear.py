"""Linear models: the optimum that scikit-learn finds, on well and on badly scaled inputs, and two cases by hand."""

from typing import Any

import jax.random as jr
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from explora.nets import Ensemble

KEY = jr.key(0)


def data(load: Any, rows: int = 600, scaled: bool = True) -> tuple[np.ndarray, np.ndarray]:
    inputs, targets = load(return_X_y=True)
    inputs = StandardScaler().fit_transform(inputs) if scaled else inputs
    return inputs[:rows], targets[:rows]


def linear_chances(inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None, **fields: Any) -> Any:
    ensemble = Ensemble(**fields)
    fitted = ensemble.fit(inputs, targets, weights, classes=int(targets.max()) + 1, key=KEY)
    return ensemble.predict(fitted, inputs)[:, 0]


def theirs(inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None, C: float = 1.0) -> np.ndarray:
    model = LogisticRegression(C=C, tol=1e-9, max_iter=5000)
    return model.fit(inputs, targets, weights).predict_proba(inputs)


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_digits])
def test_probabilities_are_those_of_scikit_learn(load: Any) -> None:
    inputs, targets = data(load)
    assert np.abs(linear_chances(inputs, targets) - theirs(inputs, targets)).max() < 1e-3


def test_also_with_weights_and_another_penalty() -> None:
    inputs, targets = data(load_wine)
    weights = np.random.default_rng(0).integers(0, 4, len(targets)).astype(np.float32)
    found = linear_chances(inputs, targets, weights, decay=0.1)
    assert np.abs(found - theirs(inputs, targets, weights, C=10.0)).max() < 1e-3


def test_also_with_inputs_as_they_come() -> None:
    inputs, targets = data(load_breast_cancer, scaled=False)  # one column is 10⁵ times as wide as another
    model = LogisticRegression(solver="newton-cholesky", tol=1e-9, max_iter=1000)
    assert np.abs(linear_chances(inputs, targets) - model.fit(inputs, targets).predict_proba(inputs)).max() < 1e-3


def test_also_with_more_features_than_rows() -> None:
    rng = np.random.default_rng(1)
    inputs, targets = rng.normal(size=(30, 200)), np.arange(30) % 3
    assert np.abs(linear_chances(inputs, targets) - theirs(inputs, targets)).max() < 1e-3


def test_two_points_by_hand() -> None:
    # The slope w minimises 2 ln(1 + exp(−w)) + w²/2, so w = 2 σ(−w) = 0.67488, and σ(w) = 0.66256.
    found = linear_chances(np.array([[-1.0], [1.0]]), np.array([0, 1]))
    assert np.allclose(found, [[0.66256, 0.33744], [0.33744, 0.66256]], atol=2e-5)


@pytest.mark.slow
def test_columns_that_are_constant_or_twice_there_do_no_harm() -> None:
    inputs, targets = data(load_iris)
    inputs = np.concatenate([inputs, inputs[:, :1], np.full((len(inputs), 1), 1e3)], axis=1)
    assert np.abs(linear_chances(inputs, targets) - theirs(inputs, targets)).max() < 1e-3


def test_ridge_regression_is_that_of_scikit_learn() -> None:
    inputs, targets = data(load_diabetes)
    targets = np.stack([targets, 1e4 - 3 * targets + inputs[:, 0] * 100], axis=1)
    weights = np.random.default_rng(2).uniform(0, 2, len(targets))
    ensemble = Ensemble(decay=3.0)
    found = ensemble.predict(ensemble.fit(inputs, targets, weights, key=KEY), inputs)[:, 0]
    wanted = Ridge(alpha=3.0).fit(inputs, targets, weights).predict(inputs)
    assert np.abs(found - wanted).max() < 1e-4 * targets.std()
    # By hand: 1, 3 at −1, 1, with penalty 2: the slope is 2 / (2 + 2), the level 2.
    pair = np.array([[-1.0], [1.0]])
    by_hand = Ensemble(decay=2.0)
    said = by_hand.predict(by_hand.fit(pair, np.array([[1.0], [3.0]]), key=KEY), pair)
    assert np.allclose(said[:, 0, 0], [1.5, 2.5], atol=1e-5)
