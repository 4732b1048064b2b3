"""Majority and Dawid–Skene: the data of the paper, another way to compute it, and the laws of the algorithm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.maths import dawid_skene, majority_vote

from ._anaesthetists import VOTES, WHO


def test_majority_by_hand():
    votes = np.array([[0, 0, 1], [1, -1, 1], [-1, -1, -1], [0, 1, -1]])
    assert majority_vote(votes, 2).tolist() == [0, 1, -1, 1]  # the tie: class 1 was given four times in all, 0 thrice
    opinion = np.array([[0.5, 0.5]] * 3 + [[0.9, 0.1]])
    assert majority_vote(votes, 2, probabilities=opinion).tolist() == [0, 1, -1, 0]
    assert majority_vote(np.array([[0, 1]]), 3).tolist() == [0]
    # an opinion, however strong, never beats one vote more
    assert majority_vote(np.array([[0, 0, 1]]), 2, probabilities=np.array([[0.0, 1.0]])).tolist() == [0]


def test_the_anaesthetists():
    found = dawid_skene(VOTES, 4, who=WHO)
    assert found.converged
    np.testing.assert_allclose(found.prior, [0.40, 0.42, 0.11, 0.07], atol=5e-3)
    np.testing.assert_allclose(found.confusion[0, :2], [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0]], atol=5e-3)
    assert found.labels[:5].tolist() == [0, 3, 1, 1, 1]


def plainly(votes, who, classes, iterations):
    """The same algorithm with loops over everything, as the paper writes it."""
    share = np.stack([(votes == k).sum(axis=1) for k in range(classes)], axis=1) / votes.shape[1]
    for _ in range(iterations):
        prior = share.mean(axis=0)
        confusion = np.zeros((who.max() + 1, classes, classes))
        for i, row in enumerate(votes):
            for column, label in enumerate(row):
                confusion[who[column], :, label] += share[i]
        confusion /= confusion.sum(axis=2, keepdims=True)
        chance = np.tile(prior, (len(votes), 1))
        for i, row in enumerate(votes):
            for column, label in enumerate(row):
                chance[i] *= confusion[who[column], :, label]
        share = chance / chance.sum(axis=1, keepdims=True)
    return share, prior, confusion, np.log(chance.sum(axis=1)).sum()


def test_the_same_as_with_loops():
    found = dawid_skene(VOTES, 4, who=WHO, iterations=6, tolerance=0.0)
    share, prior, confusion, likelihood = plainly(VOTES, WHO, 4, 6)
    assert len(found.objective) == 6
    np.testing.assert_allclose(found.probabilities, share, atol=1e-10)
    np.testing.assert_allclose(found.prior, prior, atol=1e-12)
    np.testing.assert_allclose(found.confusion, confusion, atol=1e-12)
    assert found.objective[-1] == pytest.approx(likelihood)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 1.0]))
def test_the_objective_never_falls(seed, smoothing):
    rng = np.random.default_rng(seed)
    votes = rng.integers(-1, 3, (12, 4))
    votes[0, 0] = 0
    found = dawid_skene(votes, 3, smoothing=smoothing, iterations=30, tolerance=0.0)
    assert np.all(np.diff(found.objective) >= -1e-8 * np.abs(found.objective[:-1]))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0)
    np.testing.assert_allclose(found.confusion.sum(axis=2), 1.0)
    assert np.all((found.skill >= 0) & (found.skill <= 1 + 1e-12))


def test_it_beats_the_majority_where_skills_differ():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 600)
    skill = np.array([0.95, 0.9, 0.5, 0.4, 0.4])
    right = rng.random((600, 5)) < skill
    votes = np.where(right, truth[:, None], (truth[:, None] + rng.integers(1, 3, (600, 5))) % 3)
    votes[rng.random((600, 5)) < 0.2] = -1
    found = dawid_skene(votes, 3, smoothing=1.0)
    voted = (votes >= 0).any(axis=1)
    majority = np.mean(majority_vote(votes, 3)[voted] == truth[voted])
    assert np.mean(found.labels[voted] == truth[voted]) > majority + 0.05
    np.testing.assert_allclose(found.skill, skill, atol=0.06)


def test_an_annotator_who_always_swaps_two_classes_is_understood():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 300)
    honest = np.where(rng.random((300, 2)) < 0.9, truth[:, None], 1 - truth[:, None])
    votes = np.column_stack([honest, 1 - truth])
    found = dawid_skene(votes, 2, smoothing=0.5)
    assert found.skill[2] < 0.05
    assert np.mean(found.labels == truth) > 0.97


def test_items_without_a_label_have_the_prior_and_change_nothing():
    votes = np.array([[0, 0], [0, 0], [1, 1], [0, 1], [-1, -1]])
    found = dawid_skene(votes, 2, smoothing=0.3)
    np.testing.assert_allclose(found.probabilities[4], found.prior)
    without = dawid_skene(votes[:4], 2, smoothing=0.3)
    np.testing.assert_allclose(found.probabilities[:4], without.probabilities)
    np.testing.assert_allclose(found.objective, without.objective)


def test_a_class_or_an_annotator_that_never_appears_is_no_number_that_is_not_one():
    found = dawid_skene(np.array([[0, -1], [0, -1], [1, -1]]), 4)
    for part in found[:4]:
        assert np.all(np.isfinite(part))
    assert found.labels.tolist() == [0, 0, 1]


def test_impossible_votes():
    with pytest.raises(ArgumentError, match="at least one label"):
        dawid_skene(np.full((3, 2), -1), 2)
    with pytest.raises(ArgumentError, match="below `classes`=2"):
        dawid_skene(np.array([[2]]), 2)
    with pytest.raises(ArgumentError, match="smoothing"):
        dawid_skene(np.array([[1]]), 2, smoothing=-1.0)
