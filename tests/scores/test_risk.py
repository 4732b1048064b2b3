"""Closed forms of what an answer would change elsewhere, against fitting again in full."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.classifier import ParzenWindowClassifier
from skactiveml.pool import ExpectedModelVarianceReduction, MonteCarloEER
from skactiveml.regressor import SklearnNormalRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct

from explora.core import ArgumentError
from explora.scores import error_reduction, expected_error, variance_reduction


def constant(embeddings: np.ndarray, intercept: bool) -> np.ndarray:
    return np.concatenate([embeddings, np.ones((len(embeddings), 1))], axis=1) if intercept else embeddings


def test_variance_by_hand():
    # One feature, λ = 1, nothing known: A = 1, S = (1 + 4) / 2, and asking x lowers the mean by S x² / (1 + x²).
    score = variance_reduction(np.array([[1.0], [2.0]]), np.zeros((0, 1)), intercept=False)
    np.testing.assert_allclose(score, [2.5 / 2, 2.5 * 4 / 5], rtol=1e-15)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.integers(0, 6), st.booleans(), st.sampled_from([0.1, 1.0, 7.0]))
def test_variance_as_it_would_be(seed, known, intercept, ridge):
    embeddings = np.random.default_rng(seed).normal(size=(12, 3))
    phi = constant(embeddings, intercept)

    def mean_variance(rows: list[int]) -> float:
        inverse = np.linalg.inv(ridge * np.eye(phi.shape[1]) + phi[rows].T @ phi[rows])
        return float(np.einsum("rf,fg,rg->r", phi, inverse, phi).mean())

    before = list(range(known))
    expected = [mean_variance(before) - mean_variance([*before, row]) for row in range(12)]
    score = variance_reduction(embeddings, embeddings[:known], ridge=ridge, intercept=intercept)
    np.testing.assert_allclose(score, expected, rtol=1e-9, atol=1e-12)


def refitted(phi: np.ndarray, rows: list[int], answers: np.ndarray, ridge: float) -> np.ndarray:
    """What a ridge regression on one-hot classes predicts everywhere."""
    matrix = ridge * np.eye(phi.shape[1]) + phi[rows].T @ phi[rows]
    return phi @ np.linalg.solve(matrix, phi[rows].T @ answers)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.integers(2, 4), st.booleans())
def test_error_as_it_would_be(seed, classes, intercept):
    rng = np.random.default_rng(seed)
    embeddings, known, ridge = rng.normal(size=(12, 3)), list(range(5)), 2.0
    phi, answers = constant(embeddings, intercept), np.eye(classes)[rng.integers(0, classes, 5)]
    now = refitted(phi, known, answers, ridge)
    places = [7, 8, 11]
    error = lambda shares: float(np.mean(1 - np.clip(shares[places].max(axis=1), 0, 1)))
    expected = []
    for row in range(12):
        after = [
            error(refitted(phi, [*known, row], np.concatenate([answers, np.eye(classes)[[c]]]), ridge))
            for c in range(classes)
        ]
        expected.append(float(np.mean(1 - now[places].max(axis=1))) - float(now[row] @ np.array(after)))
    score = error_reduction(
        now,
        embeddings,
        embeddings[known],
        (now[places], embeddings[places]),
        ridge=ridge,
        intercept=intercept,
    )
    np.testing.assert_allclose(score, expected, atol=1e-12)


def test_classes_have_no_order():
    rng = np.random.default_rng(0)
    shares, embeddings = rng.dirichlet(np.ones(4), size=40), rng.normal(size=(40, 3))
    order = rng.permutation(4)
    ask = lambda p: error_reduction(p, embeddings, embeddings[:6], (p[:20], embeddings[:20]))
    np.testing.assert_allclose(ask(shares[:, order]), ask(shares), atol=1e-14)


def test_a_cluster_is_worth_more_than_an_outlier():
    """Ten rows to the right, one upwards and a little farther: the answer that stands for ten counts for more."""
    embeddings = np.array([[1.0, 0.0]] * 10 + [[0.0, 1.2]])
    assert np.argmax(variance_reduction(embeddings, embeddings[:0], intercept=False)) < 10
    even = np.full((11, 2), 0.5)
    score = error_reduction(even, embeddings, embeddings[:0], (even, embeddings), intercept=False)
    assert np.argmax(score) < 10
    # Asked often enough, the cluster is known and the outlier's turn has come.
    assert np.argmax(variance_reduction(embeddings, embeddings[:9], intercept=False)) == 10


def test_a_row_that_is_not_finite_is_alone_with_it():
    embeddings = np.random.default_rng(1).normal(size=(9, 2))
    others = np.delete(embeddings, 4, axis=0)
    embeddings[4, 0] = np.nan
    score = variance_reduction(embeddings, embeddings[:3])
    assert np.isnan(score[4])
    np.testing.assert_allclose(np.delete(score, 4), variance_reduction(others, others[:3]), rtol=1e-14)


@pytest.mark.parametrize("ridge", [0.0, -1.0])
def test_a_penalty_that_is_none_is_refused(ridge):
    with pytest.raises(ArgumentError, match="`ridge` must be greater than 0"):
        variance_reduction(np.ones((2, 1)), np.ones((0, 1)), ridge=ridge)
    with pytest.raises(ArgumentError, match="`ridge` must be greater than 0"):
        error_reduction(
            np.ones((2, 2)), np.ones((2, 1)), np.ones((0, 1)), (np.ones((1, 2)), np.ones((1, 1))), ridge=ridge
        )


def test_no_targets_are_refused():
    with pytest.raises(ArgumentError, match="`targets` must have one row at least"):
        error_reduction(np.ones((2, 2)), np.ones((2, 1)), np.ones((0, 1)), (np.ones((0, 2)), np.ones((0, 1))))


def test_other_features_are_refused():
    with pytest.raises(ArgumentError, match=r"`known` must have 3 features.*got shape \(1, 2\)"):
        variance_reduction(np.ones((2, 3)), np.ones((1, 2)))


# --- training again --------------------------------------------------------------------------------------------------


def test_training_again_by_hand():
    after = {(0, 0): [[1.0, 0.0]], (0, 1): [[0.5, 0.5]], (2, 1): [[0.9, 0.1]]}
    refit = lambda row, answer: np.array(after[row, answer])
    now = np.array([[0.25, 0.75], [np.nan, 0.5], [0.0, 1.0]])
    expected = expected_error(refit, now, np.array([0, 1, 2]))
    np.testing.assert_allclose(expected, [0.75 * 0.5, np.nan, 0.1], rtol=1e-14)  # a class of probability 0 is not tried
    logarithmic = expected_error(refit, now, np.array([0]), loss="log")
    np.testing.assert_allclose(logarithmic, [0.75 * np.log(2)], rtol=1e-14)


def test_no_such_loss():
    with pytest.raises(ArgumentError, match="`loss` must be 'error' or 'log', got 'hinge'"):
        expected_error(lambda row, answer: np.ones((1, 1)), np.ones((1, 1)), np.array([0]), loss="hinge")


# --- scikit-activeml -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "method"), [("error", "misclassification_loss"), ("log", "log_loss")])
def test_the_expected_error_of_scikit_activeml(loss, method):
    rng = np.random.default_rng(5)
    points, answers = rng.normal(size=(16, 2)), np.full(16, np.nan)
    answers[:6] = [0, 1, 2, 0, 1, 2]
    model = ParzenWindowClassifier(classes=[0, 1, 2], class_prior=1.0, metric_dict={"gamma": 0.7})
    theirs = MonteCarloEER(method=method, random_state=0).query(
        points, answers, model, X_eval=points, ignore_partial_fit=True, return_utilities=True
    )[1][0]

    def refit(row: int, answer: int) -> np.ndarray:
        known = answers.copy()
        known[row] = answer
        return model.fit(points, known).predict_proba(points)

    free = np.arange(6, 16)
    now = model.fit(points, answers).predict_proba(points)
    np.testing.assert_allclose(-16 * expected_error(refit, now, free, loss=loss), theirs[free], rtol=1e-9)


def test_the_expected_variance_of_scikit_activeml():
    """A Gaussian process with a linear kernel is the ridge regression whose penalty is the variance of its noise."""
    rng = np.random.default_rng(6)
    points, answers, noise = rng.normal(size=(14, 3)), np.full(14, np.nan), 0.5
    answers[:5] = rng.normal(size=5)
    process = GaussianProcessRegressor(DotProduct(1.0, "fixed"), alpha=noise, optimizer=None)
    theirs = ExpectedModelVarianceReduction(random_state=0).query(
        points, answers, SklearnNormalRegressor(process), return_utilities=True
    )[1][0]
    score = noise * variance_reduction(points, points[:5], ridge=noise)
    np.testing.assert_allclose(score[5:], theirs[5:], rtol=1e-6)
