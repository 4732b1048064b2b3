"""Uncertainty against published numbers, scikit-activeml and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.pool import uncertainty_scores

from explora.scores import entropy, least_confident, margin

SCORES = [least_confident, margin, entropy]
PUBLISHED = np.array([[0.2, 0.5, 0.3], [0.1, 0.7, 0.2]])


def draw(seed: int, rows: int, classes: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(classes), size=rows)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (least_confident, [0.5, 0.3]),
        (margin, [0.8, 0.5]),
        (entropy, [1.029653014, 0.8018185525]),
    ],
)
def test_the_published_values(score, expected):
    np.testing.assert_allclose(score(PUBLISHED), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("score", "method"), [(least_confident, "least_confident"), (margin, "margin_sampling"), (entropy, "entropy")]
)
@pytest.mark.parametrize("classes", [2, 3, 10, 32, 33, 60])
def test_the_numbers_of_scikit_activeml(score, method, classes):
    probabilities = draw(classes, 5000, classes)  # several blocks of rows
    expected = uncertainty_scores(probabilities, method=method)
    np.testing.assert_allclose(score(probabilities), expected, rtol=1e-12, atol=1e-15)
    assert np.argsort(-score(probabilities)).tolist() == np.argsort(-expected).tolist()


@pytest.mark.parametrize(("score", "most"), [(least_confident, 0.75), (margin, 1.0), (entropy, np.log(4))])
def test_largest_where_all_classes_are_as_likely_and_least_where_one_is_sure(score, most):
    even, sure = np.full((1, 4), 0.25), np.eye(4)
    np.testing.assert_allclose(score(even), most, rtol=1e-14)
    assert score(sure).tolist() == [0.0] * 4
    assert np.all(score(draw(0, 300, 4)) <= most)
    assert np.all(score(draw(0, 300, 4)) >= 0.0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.integers(2, 40), st.sampled_from(SCORES))
def test_classes_have_no_order(seed, classes, score):
    probabilities = draw(seed, 20, classes)
    order = np.random.default_rng(seed).permutation(classes)
    np.testing.assert_allclose(score(probabilities[:, order]), score(probabilities), rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.integers(2, 12))
def test_with_two_classes_all_agree_on_the_order(seed, rows):
    probabilities = draw(seed, rows, 2)
    orders = [np.argsort(score(probabilities)).tolist() for score in SCORES]
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("classes", [3, 50])
def test_a_row_that_is_not_finite_is_alone_with_it(score, classes):
    probabilities = draw(1, 5, classes)
    expected = score(probabilities)
    probabilities[2, 1] = np.nan
    values = score(probabilities)
    assert np.isnan(values).tolist() == [False, False, True, False, False]
    np.testing.assert_array_equal(np.delete(values, 2), np.delete(expected, 2))


@pytest.mark.parametrize("score", SCORES)
def test_one_class_leaves_nothing_to_be_unsure_of(score):
    assert score(np.ones((2, 1))).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("score", SCORES)
def test_no_rows_have_no_scores(score):
    assert score(np.ones((0, 3))).shape == (0,)
