"""Densities against every pair of rows, and the score that is weighted with them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.scores import cosine_density, gaussian_density


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.integers(1, 30))
def test_the_mean_cosine_over_every_pair(seed, rows):
    embeddings = np.random.default_rng(seed).normal(size=(rows, 4))
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    np.testing.assert_allclose(cosine_density(embeddings), (unit @ unit.T).mean(axis=1), atol=1e-14)
    np.testing.assert_allclose(cosine_density(embeddings * 3), cosine_density(embeddings), atol=1e-14)


def test_cosines_by_hand():
    # Two to the right, one up, one of zeros, which is like nothing.
    score = cosine_density(np.array([[2.0, 0.0], [5.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    np.testing.assert_allclose(score, [0.5, 0.5, 0.25, 0.0], rtol=1e-15)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.floats(0.3, 5.0))
def test_the_mean_gaussian_over_every_pair(seed, width):
    embeddings = np.random.default_rng(seed).normal(size=(25, 4)) + 1000.0  # far from the origin
    apart = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2)
    expected = np.exp(-(apart**2) / (2 * width**2)).mean(axis=1)
    np.testing.assert_allclose(gaussian_density(embeddings, embeddings, width), expected, rtol=1e-9)


def test_a_sample_is_as_far_off_as_is_said():
    embeddings = np.random.default_rng(0).normal(size=(4000, 3))
    exact = gaussian_density(embeddings, embeddings, 2.0)
    drawn = gaussian_density(embeddings, embeddings[:1000], 2.0)  # the rows are in random order
    assert np.abs(drawn - exact).max() < 3 * 0.5 / np.sqrt(1000)


def test_single_precision_stays_single_and_true():
    embeddings = np.random.default_rng(0).normal(size=(300, 5))
    single = embeddings.astype(np.float32)
    for score in (cosine_density, lambda x: gaussian_density(x, x[:50], 2.0)):
        assert score(single).dtype == np.float32
        np.testing.assert_allclose(score(single), score(embeddings), atol=1e-6)


def test_a_row_that_is_not_finite_is_alone_with_it():
    embeddings = np.random.default_rng(1).normal(size=(9, 2))
    others = np.delete(embeddings, 4, axis=0)
    embeddings[4, 0] = np.nan
    score = cosine_density(embeddings)
    assert np.isnan(score[4])
    np.testing.assert_allclose(np.delete(score, 4), cosine_density(others), rtol=1e-14)


def test_impossible_numbers_are_refused():
    with pytest.raises(ArgumentError, match="`width` must be greater than 0"):
        gaussian_density(np.ones((2, 1)), np.ones((1, 1)), 0.0)
    with pytest.raises(ArgumentError, match="`others` must have one row at least"):
        gaussian_density(np.ones((2, 1)), np.ones((0, 1)), 1.0)
