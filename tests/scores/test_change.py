"""How far an answer would move the last layer, against gradients worked out in full."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.pool import ExpectedModelChangeMaximization
from skactiveml.regressor import SklearnRegressor
from sklearn.linear_model import Ridge

from explora.scores import gradient_length, model_change


def draw(seed: int, rows: int = 30, classes: int = 4, features: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(classes), size=rows), rng.normal(size=(rows, features))


def test_by_hand():
    # ‖p − e_c‖ is √½ for both classes of an even row and 0 for the sure one; ‖φ‖ is 5, with the constant √26.
    probabilities, embeddings = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[3.0, 4.0], [3.0, 4.0]])
    np.testing.assert_allclose(gradient_length(probabilities, embeddings, False), [5 / np.sqrt(2), 0], rtol=1e-15)
    np.testing.assert_allclose(gradient_length(probabilities, embeddings), [np.sqrt(13), 0], rtol=1e-15)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.booleans())
def test_the_length_of_every_gradient_in_full(seed, intercept):
    probabilities, embeddings = draw(seed)
    phi = np.concatenate([embeddings, np.ones((30, 1))], axis=1) if intercept else embeddings
    expected = np.zeros(30)
    for answer in range(4):
        gradient = np.einsum("rc,rf->rcf", probabilities - np.eye(4)[answer], phi)  # of softmax cross-entropy
        expected += probabilities[:, answer] * np.linalg.norm(gradient.reshape(30, -1), axis=1)
    np.testing.assert_allclose(gradient_length(probabilities, embeddings, intercept), expected, rtol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999))
def test_classes_have_no_order_and_longer_embeddings_score_more(seed):
    probabilities, embeddings = draw(seed)
    order = np.random.default_rng(seed).permutation(4)
    score = gradient_length(probabilities, embeddings, False)
    np.testing.assert_allclose(gradient_length(probabilities[:, order], embeddings, False), score, rtol=1e-12)
    np.testing.assert_allclose(gradient_length(probabilities, 3 * embeddings, False), 3 * score, rtol=1e-12)


def test_the_change_of_a_regression_by_hand():
    # Members 0, 2 and 7 are 3, 1 and 4 from their mean 3.
    predictions, embeddings = np.array([[[0.0], [2.0], [7.0]]]), np.array([[3.0, 4.0]])
    assert model_change(predictions, embeddings, False).tolist() == pytest.approx([5 * 8 / 3])
    assert model_change(predictions, embeddings).tolist() == pytest.approx([np.sqrt(26) * 8 / 3])


def test_the_change_of_scikit_activeml():
    rng = np.random.default_rng(2)
    points, answers = rng.normal(size=(20, 2)), np.full(20, np.nan)
    answers[:8] = rng.normal(size=8)
    model = SklearnRegressor(Ridge())
    query = ExpectedModelChangeMaximization(bootstrap_size=4, n_train=0.5, random_state=3)
    # The committee that it trained is caught on the way, as the points that it asks it about are the candidates.
    members = []

    class Noted(SklearnRegressor):
        def predict(self, X, return_std=False):
            found = super().predict(X)
            members.append(found)
            return found

    theirs = query.query(points, answers, Noted(Ridge()), return_utilities=True)[1][0]
    own = model.fit(points, answers).predict(points[8:])
    committee = np.stack([found for found in members if not np.allclose(found, own)], axis=1)
    assert committee.shape == (12, 4)
    score = model_change(committee[:, :, None], points[8:], False, own[:, None])
    np.testing.assert_allclose(score, theirs[8:], rtol=1e-9)


def test_two_targets_are_one_distance():
    predictions = np.array([[[3.0, 4.0], [-3.0, -4.0]]])
    assert model_change(predictions, np.array([[1.0]]), False).tolist() == [5.0]


def test_a_row_that_is_not_finite_is_alone_with_it():
    probabilities, embeddings = draw(0)
    embeddings[3, 0], probabilities[5] = np.nan, np.nan
    assert np.flatnonzero(np.isnan(gradient_length(probabilities, embeddings))).tolist() == [3, 5]
    assert np.flatnonzero(np.isnan(model_change(probabilities[:, :, None], embeddings))).tolist() == [3, 5]
