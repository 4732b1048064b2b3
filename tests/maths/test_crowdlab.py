"""CROWDLAB and ActiveLab by hand, their laws, and whom to ask."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.maths import activelab, crowdlab, majority_vote, next_labels

# Three annotators, five items, two classes; the last item has no label.
VOTES = np.array([[0, 0, -1], [1, 1, 1], [0, 1, -1], [-1, -1, 1], [-1, -1, -1]])
MODEL = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.5, 0.5]])


def test_weights_by_hand():
    found = crowdlab(VOTES, MODEL)
    # Majority 0, 1, and 0 by the model's word. On the three items with several labels the commonest class errs in 1/3.
    # Ann agrees with 3 of the 4 labels beside hers, Ben as well, Cat with 2 of 2: 1 − ¼/⅓ = ¼, ¼, 1.
    np.testing.assert_allclose(found.annotator_weight, [0.25, 0.25, 1.0])
    # The model is right on all three: 1 · √(8 labels / 4 items)
    assert found.model_weight == pytest.approx(np.sqrt(2))


def test_consensus_by_hand():
    found = crowdlab(VOTES, MODEL)
    assert found.labels.tolist() == [0, 1, 0, 1, 0]
    # A label is right with (1 + 1 + ½)/3 = 5/6: for the first item (√2 · .9 + 2 · ¼ · 5/6) / (√2 + ½), and so on
    np.testing.assert_allclose(found.quality, [0.882586, 0.817158, 0.573880, 0.755228, 0.5], atol=1e-6)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0)


def test_annotators_by_hand():
    # √2 / (√2 + 1.5 · 2/3) of the quality is that of their labels, the rest their agreement with the consensus
    np.testing.assert_allclose(crowdlab(VOTES, MODEL).annotator_quality, [0.858167, 0.691243, 0.874755], atol=1e-6)


def test_activelab_by_hand():
    # the first item weighs √2 + ½, the mean annotator ½: ((√2 + ½) · .882586 + ½ · ½) / (√2 + 1)
    score = activelab(VOTES, MODEL)
    np.testing.assert_allclose(score[[0, 3, 4]], [0.803350, 0.711438, 0.5], atol=1e-6)
    assert np.argmin(score) == 4


def test_the_model_decides_where_annotators_are_poor():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 400)
    right = rng.random((400, 4)) < 0.55
    votes = np.where(right, truth[:, None], (truth[:, None] + rng.integers(1, 3, (400, 4))) % 3)
    votes[rng.random((400, 4)) < 0.4] = -1
    votes[:, 0] = np.where((votes < 0).all(axis=1), truth, votes[:, 0])
    sure = np.where(rng.random(400) < 0.9, truth, (truth + 1) % 3)
    model = np.full((400, 3), 0.1)
    model[np.arange(400), sure] = 0.8
    together = np.mean(crowdlab(votes, model).labels == truth)
    assert together > np.mean(majority_vote(votes, 3) == truth) + 0.1
    assert together > 0.86


def test_low_quality_points_at_the_wrong_labels():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 300)
    votes = np.where(rng.random((300, 3)) < 0.8, truth[:, None], 1 - truth[:, None])
    strength = rng.uniform(0.6, 0.95, 300)
    model = np.where(np.eye(2)[truth] > 0, strength[:, None], 1 - strength[:, None])
    found = crowdlab(votes, model)
    wrong = found.labels != truth
    assert wrong.any()
    assert found.quality[wrong].mean() < found.quality[~wrong].mean() - 0.1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_laws(seed):
    rng = np.random.default_rng(seed)
    votes, model = rng.integers(-1, 3, (15, 4)), rng.dirichlet(np.ones(3), 15)
    votes[0, 0] = 1
    found = crowdlab(votes, model)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0)
    assert np.all((found.quality > 0) & (found.quality <= 1))
    assert np.all(found.annotator_weight > 0)
    # who the annotators are does not matter, nor the order of items
    turned = crowdlab(votes[::-1, ::-1], model[::-1])
    np.testing.assert_allclose(turned.quality[::-1], found.quality)
    np.testing.assert_allclose(turned.annotator_quality[::-1], found.annotator_quality)
    score = activelab(votes, model)
    assert np.all((score >= 0) & (score <= 1))


def test_one_label_an_item_measures_nobody():
    votes = np.array([[0, -1], [-1, 1], [1, -1]])
    model = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    found = crowdlab(votes, model)
    np.testing.assert_array_equal(found.annotator_weight, [1, 1])
    assert found.model_weight == 1
    assert np.all(np.isfinite(found.annotator_quality))
    # the label that the model doubts is the first to ask again about
    assert np.argmin(activelab(votes, model)) == 2


def test_without_any_label_the_least_sure_item_comes_first():
    score = activelab(np.full((5, 3), -1), MODEL)
    np.testing.assert_allclose(score, (MODEL.max(axis=1) + 0.5) / 2)


def test_an_old_item_of_poor_quality_comes_before_a_new_one_and_one_label_more_raises_it():
    votes = np.array([[0, 1, -1], [0, 0, 0], [1, 1, 1], [-1, -1, -1]])
    model = np.array([[0.5, 0.5], [0.9, 0.1], [0.1, 0.9], [0.95, 0.05]])
    items, who = next_labels(votes, model, 2)
    assert items.tolist()[0] == 0  # asked twice, answered both ways: before the new one, of which the model is sure
    assert who.tolist()[0] == 2
    more = votes.copy()
    more[0, 2] = 0
    assert activelab(more, model)[0] > activelab(votes, model)[0]


def test_nobody_is_asked_twice_about_one_item_or_beyond_their_room():
    rng = np.random.default_rng(0)
    votes, model = rng.integers(-1, 2, (20, 3)), rng.dirichlet(np.ones(2), 20)
    items, who = next_labels(votes, model, 9, capacity=2)
    assert len(items) == len(set(items.tolist())) == 6
    assert np.bincount(who, minlength=3).tolist() == [2, 2, 2]
    assert np.all(votes[items, who] < 0)
    only, asked = next_labels(votes, model, 4, available=np.array([False, True, False]))
    assert set(asked.tolist()) == {1}
    assert np.all(votes[only, 1] < 0)
    assert next_labels(np.zeros((2, 1), int), model[:2], 5)[0].size == 0
    assert next_labels(votes, model, 0)[0].size == 0


def test_the_best_annotator_is_asked_first():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 200)
    right = rng.random((200, 3)) < np.array([0.6, 0.95, 0.75])
    votes = np.where(right, truth[:, None], 1 - truth[:, None])
    votes = np.vstack([votes, np.full((10, 3), -1)])
    model = np.full((210, 2), 0.5)
    model[:200][np.arange(200), truth] = 0.7
    model[:200][np.arange(200), 1 - truth] = 0.3
    items, who = next_labels(votes, model, 5)
    assert np.all(items >= 200)
    assert who.tolist() == [1] * 5


def test_impossible_sizes():
    with pytest.raises(ArgumentError, match="one row for each of 5"):
        crowdlab(VOTES, MODEL[:4])
    with pytest.raises(ArgumentError, match="one row for each of 5"):
        activelab(np.full((5, 2), -1), MODEL[:4])
    with pytest.raises(ArgumentError, match="at least two classes"):
        crowdlab(VOTES, np.ones((5, 1)))
    with pytest.raises(ArgumentError, match="at least one label"):
        crowdlab(np.full((5, 2), -1), MODEL)
