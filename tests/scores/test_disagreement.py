"""Disagreement against published numbers, scikit-activeml and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.pool import average_kl_divergence, batch_bald
from skactiveml.pool import variation_ratios as their_ratios
from skactiveml.pool import vote_entropy as their_entropy

from explora.core import ArgumentError
from explora.scores import (
    bald,
    consensus_entropy,
    entropy,
    max_divergence,
    mean_divergence,
    variance,
    variation_ratio,
    vote_entropy,
)

VOTES = np.array([[0, 0, 2], [1, 0, 2], [2, 1, 2], [0, 0, 0]])


def draw(seed: int, rows: int, members: int, classes: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(classes), size=(rows, members))


def test_votes_that_were_published():
    np.testing.assert_allclose(variation_ratio(VOTES), [1 / 3, 2 / 3, 1 / 3, 0.0], rtol=1e-15)


def test_the_entropy_of_votes_by_hand():
    split = np.log(3) - 2 / 3 * np.log(2)
    np.testing.assert_allclose(vote_entropy(VOTES), [split, np.log(3), split, 0.0], rtol=1e-15)


def test_divergences_that_were_published():
    by_member = np.array([[[0.3, 0.7], [0.4, 0.6]], [[0.2, 0.8], [0.5, 0.5]]])
    published = [0.00670178182, 0.00505938993]
    np.testing.assert_allclose(mean_divergence(by_member.swapaxes(0, 1)), published, atol=1e-11)


def test_the_largest_divergence_by_hand():
    # The mean of (1, 0), (½, ½), (0, 1) is even: the outer two are ln 2 from it, the middle one nothing.
    given_ = np.array([[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]])
    np.testing.assert_allclose(max_divergence(given_), [np.log(2)], rtol=1e-15)
    np.testing.assert_allclose(mean_divergence(given_), [np.log(2) * 2 / 3], rtol=1e-15)


@pytest.mark.parametrize("shape", [(3000, 2, 3), (500, 10, 10), (40, 25, 2)])
def test_the_numbers_of_scikit_activeml(shape):
    predictions = draw(sum(shape), *shape)
    votes = predictions.argmax(axis=2)
    expected = average_kl_divergence(predictions.swapaxes(0, 1).copy())
    np.testing.assert_allclose(mean_divergence(predictions), expected, rtol=1e-4, atol=1e-6)  # theirs clips at 1e-7
    np.testing.assert_allclose(vote_entropy(votes), their_entropy(votes, np.arange(shape[2])), rtol=1e-12)
    np.testing.assert_allclose(variation_ratio(votes), their_ratios(votes), rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_scikit_activeml(seed):
    """Theirs raises probabilities to 1e-7 at least, which is why the numbers differ in the last digits."""
    predictions = draw(seed, 1000, 5, 4)
    by_member = predictions.swapaxes(0, 1)
    first = lambda score: np.argsort(-score)[:100].tolist()
    assert first(mean_divergence(predictions)) == first(average_kl_divergence(by_member.copy()))
    assert first(bald(predictions)) == first(batch_bald(by_member.copy(), batch_size=1)[0])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.integers(2, 6), st.integers(2, 6))
def test_what_the_answer_tells_is_a_difference_of_entropies(seed, members, classes):
    predictions = draw(seed, 15, members, classes)
    each = np.stack([entropy(predictions[:, m]) for m in range(members)]).mean(axis=0)
    np.testing.assert_allclose(bald(predictions), consensus_entropy(predictions) - each, atol=1e-13)
    assert np.all(bald(predictions) >= 0)
    assert np.all(bald(predictions) <= np.log(min(members, classes)) + 1e-12)
    assert np.all(bald(predictions) <= max_divergence(predictions) + 1e-12)
    assert np.all(max_divergence(predictions) <= np.log(members) + 1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.integers(2, 6), st.integers(2, 6))
def test_members_that_agree_leave_nothing(seed, members, classes):
    same = np.repeat(draw(seed, 15, 1, classes), members, axis=1)
    for score in (bald, mean_divergence, max_divergence, variance):
        np.testing.assert_allclose(score(same), 0.0, atol=1e-15)
        assert np.all(score(same) >= 0)
    for score in (vote_entropy, variation_ratio):
        assert np.all(score(same.argmax(axis=2)) == 0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999))
def test_neither_classes_nor_members_have_an_order(seed):
    predictions, rng = draw(seed, 10, 4, 5), np.random.default_rng(seed)
    other = predictions[:, rng.permutation(4)][:, :, rng.permutation(5)]
    for score in (bald, mean_divergence, max_divergence, consensus_entropy, variance):
        np.testing.assert_allclose(score(other), score(predictions), rtol=1e-9, atol=1e-14)
    for score in (vote_entropy, variation_ratio):
        np.testing.assert_allclose(score(other.argmax(axis=2)), score(predictions.argmax(axis=2)), rtol=1e-12)


def test_members_that_are_sure_of_different_classes_disagree_most():
    opposed = np.eye(3)[None]
    np.testing.assert_allclose(bald(opposed), np.log(3), rtol=1e-15)
    np.testing.assert_allclose(consensus_entropy(opposed), np.log(3), rtol=1e-15)


def test_variance_is_over_members_and_averaged_over_targets():
    # Members 0, 2, 4 vary by 8/3, members 1, 1, 1 by nothing.
    assert variance(np.array([[[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]]])).tolist() == pytest.approx([4 / 3])


def test_a_vote_that_is_no_class_is_named():
    with pytest.raises(ArgumentError, match="`votes` must be numbers of classes, from 0, got -1"):
        vote_entropy(np.array([[0, -1]]))


def test_nobody_asked_nothing_said():
    assert vote_entropy(np.zeros((0, 3), int)).shape == (0,)
    assert bald(np.zeros((0, 3, 2))).shape == (0,)
