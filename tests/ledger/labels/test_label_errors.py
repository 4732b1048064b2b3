"""Confident learning: by hand, and on generated data whose flipped labels are known."""

import numpy as np
import pytest

from explora.core import ArgumentError
from explora.ledger.labels import (
    class_thresholds,
    confident_joint,
    folds_of,
    label_errors,
    noise_share,
    out_of_fold,
)

# Five items, three classes, all by hand below.
TABLE = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.2, 0.7, 0.1],  # given 0, looks like 1
        [0.1, 0.6, 0.3],
        [0.3, 0.4, 0.3],  # given 1, sure of nothing
        [0.6, 0.0, 0.4],  # given 2, looks like 0, but is the only one of its class
    ]
)
GIVEN = np.array([0, 0, 1, 1, 2])


def test_thresholds_are_the_mean_confidence_in_the_given_class():
    np.testing.assert_allclose(class_thresholds(TABLE, GIVEN), [0.5, 0.5, 0.4])
    wider = np.hstack([TABLE, np.zeros((5, 1))])
    assert class_thresholds(wider, GIVEN)[3] == np.inf


def test_the_confident_joint_by_hand():
    joint, sure = confident_joint(TABLE, GIVEN)
    # the last item reaches the thresholds of 0 (.6 ≥ .5) and of 2 (.4 ≥ .4): the likelier of them counts
    assert sure.tolist() == [0, 1, 1, -1, 0]
    np.testing.assert_array_equal(joint, [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    # half of the two given 0, none of the two given 1, the one given 2: 2 of 5
    assert noise_share(joint, GIVEN) == pytest.approx(0.4)


def test_candidates_are_ranked_by_how_badly_the_given_label_fits():
    found = label_errors(TABLE, GIVEN)
    assert found.item.tolist() == [1, 4]
    assert found.given.tolist() == [0, 2]
    assert found.suggested.tolist() == [1, 0]
    np.testing.assert_allclose(found.score, [0.2, 0.4])
    assert found.share == pytest.approx(0.4)
    margin = label_errors(TABLE, GIVEN, rank="normalised_margin")
    assert margin.item.tolist() == [1, 4]
    np.testing.assert_allclose(margin.score, [(0.2 - 0.7 + 1) / 2, (0.4 - 0.6 + 1) / 2])


def test_a_class_whose_model_is_always_unsure_is_not_all_wrong():
    # Of class 1 the model is never surer than .45, though it is right: a fixed threshold of ½ would call all wrong.
    table = np.array([[0.9, 0.1], [0.95, 0.05], [0.55, 0.45], [0.58, 0.42]])
    found = label_errors(table, np.array([0, 0, 1, 1]))
    assert found.item.size == 0
    assert found.share == 0.0


def test_empty_and_impossible_labels():
    nothing = label_errors(np.zeros((0, 3)), np.zeros(0, int))
    assert nothing.item.size == 0
    assert nothing.share == 0.0
    assert label_errors(np.zeros((0, 3)), np.zeros(0, int), rank="normalised_margin").score.size == 0
    with pytest.raises(ArgumentError, match="from 0 to 2"):
        label_errors(TABLE, GIVEN + 1)
    with pytest.raises(ArgumentError, match="one entry for each of 5 rows"):
        confident_joint(TABLE, GIVEN[:3])
    with pytest.raises(ArgumentError, match="rank"):
        label_errors(TABLE, GIVEN, rank="entropy")


def gaussians(inputs: np.ndarray, labels: np.ndarray, classes: int):
    """A classifier with one round Gaussian a class, as `fit_predict`."""

    def fit_predict(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        means = np.stack([inputs[train][labels[train] == k].mean(axis=0) for k in range(classes)])
        apart = np.sum((inputs[test][:, None] - means[None]) ** 2, axis=-1)
        weight = np.exp(-0.5 * (apart - apart.min(axis=1, keepdims=True)))
        return weight / weight.sum(axis=1, keepdims=True)

    return fit_predict


@pytest.mark.parametrize("rank", ["self_confidence", "normalised_margin"])
def test_known_flips_are_found(rank):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 800)
    inputs = rng.normal(size=(800, 5)) + 3.0 * np.eye(5)[truth]
    flipped = rng.random(800) < 0.12
    labels = np.where(flipped, (truth + rng.integers(1, 4, 800)) % 4, truth)
    table = out_of_fold(gaussians(inputs, labels, 4), labels, 4, rng=rng)
    found = label_errors(table, labels, rank=rank)
    precision, recall = flipped[found.item].mean(), flipped[found.item].sum() / flipped.sum()
    assert precision >= 0.85
    assert recall >= 0.85
    assert np.mean(found.suggested[flipped[found.item]] == truth[found.item][flipped[found.item]]) >= 0.95
    best = found.item[: flipped.sum() // 2]
    assert flipped[best].mean() >= 0.98  # the order is worth something: the first half holds hardly a false alarm
    assert found.share == pytest.approx(flipped.mean(), abs=0.03)


def test_nothing_is_predicted_by_a_model_that_saw_it():
    seen = []

    def fit_predict(train, test):
        assert not set(train) & set(test)
        seen.extend(test)
        return np.tile([1.0, 0.0], (len(test), 1))

    out_of_fold(fit_predict, np.array([0, 1] * 10), 2, folds=4, rng=np.random.default_rng(0))
    assert sorted(seen) == list(range(20))


def test_folds_spread_every_class_and_keep_groups_together():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [50, 20, 5])
    fold = folds_of(labels, 5, rng=rng)
    for k in range(3):
        counts = np.bincount(fold[labels == k], minlength=5)
        assert counts.max() - counts.min() <= 1
    groups = np.repeat(np.arange(25), 3).astype(str)
    fold = folds_of(labels, 5, groups=groups, rng=rng)
    assert all(len(set(fold[groups == g])) == 1 for g in np.unique(groups))
    assert np.bincount(fold).tolist() == [15] * 5
    first, second = (folds_of(labels, 5, rng=np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_impossible_folds_and_predictions():
    rng = np.random.default_rng(0)
    labels = np.array([0, 1, 0, 1])
    with pytest.raises(ArgumentError, match="folds"):
        folds_of(labels, 5, rng=rng)
    with pytest.raises(ArgumentError, match="number of groups, 2"):
        folds_of(labels, 3, groups=np.array([0, 0, 1, 1]), rng=rng)
    for wrong, message in ((np.ones((2, 1)), "shape"), (np.full((2, 2), np.nan), "sum to one")):
        with pytest.raises(ArgumentError, match=message):
            out_of_fold(lambda train, test, wrong=wrong: wrong, labels, 2, folds=2, rng=rng)
