"""Estimates from an audit set: by hand, at the edges, and how often the intervals hold the truth."""

import numpy as np
import pytest

from explora.core import ArgumentError
from explora.ledger.labels import (
    audited_accuracy,
    audited_balanced_accuracy,
    audited_error,
    audited_mean,
    normal_quantile,
)


def test_accuracy_of_eight_in_ten():
    found = audited_accuracy(np.arange(10) < 8)
    assert found.value == 0.8
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert found.count == 10
    assert found.sentence("accuracy") == (
        "accuracy 0.8 (95 % interval 0.4902 to 0.9433, from 10 audited items, Wilson)"
    )


def test_an_empty_audit_knows_nothing():
    found = audited_accuracy(np.zeros(0, bool))
    assert np.isnan(found.value)
    assert (found.low, found.high) == (0.0, 1.0)
    balanced = audited_balanced_accuracy(np.zeros(0, int), np.zeros(0, int), 3)
    assert np.isnan(balanced.overall.value)
    assert (balanced.overall.low, balanced.overall.high) == (0.0, 1.0)
    assert balanced.unseen == (0, 1, 2)


def test_balanced_accuracy_by_hand():
    truth = np.array([0] * 8 + [1] * 2)
    predicted = np.array([0] * 6 + [1] * 2 + [1, 0])
    found = audited_balanced_accuracy(truth, predicted, 2)
    assert [x.value for x in found.recalls] == [0.75, 0.5]
    assert found.overall.value == pytest.approx(0.625)
    # Wilson: 6 of 8 from 0.4093 to 0.9285, 1 of 2 from 0.0945 to 0.9055
    assert (found.recalls[0].low, found.recalls[0].high) == pytest.approx((0.4093, 0.9285), abs=1e-4)
    down = np.hypot(0.75 - 0.4093, 0.5 - 0.0945) / 2
    up = np.hypot(0.9285 - 0.75, 0.9055 - 0.5) / 2
    assert (found.overall.low, found.overall.high) == pytest.approx((0.625 - down, 0.625 + up), abs=1e-4)
    assert found.unseen == ()


def test_a_class_with_three_right_of_three_is_not_taken_as_perfect():
    found = audited_balanced_accuracy(np.repeat([0, 1, 2], 3), np.repeat([0, 1, 2], 3), 3)
    assert found.overall.value == 1.0
    assert found.overall.low < 0.75


def test_a_class_that_was_not_audited_widens_the_interval_to_both_sides():
    truth = np.repeat([0, 2], 500)
    found = audited_balanced_accuracy(truth, truth, 4)
    assert found.unseen == (1, 3)
    assert found.overall.value == 1.0
    assert found.overall.low == pytest.approx(0.5, abs=0.01)  # the two others may be all wrong
    assert found.overall.high == 1.0
    assert "2 of 4 classes unseen" in found.overall.method
    wrong = audited_balanced_accuracy(truth, 2 - truth, 4)
    assert wrong.overall.low == 0.0
    assert wrong.overall.high == pytest.approx(0.5, abs=0.01)  # or all right


def test_mean_squared_error_by_hand():
    found = audited_error(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 4.0]))
    assert found.value == pytest.approx(5 / 3)
    # errors 0, 4, 1: standard deviation 2.0817; t with two degrees 4.3027
    reach = np.exp(4.3027 * 2.0817 / np.sqrt(3) / (5 / 3))
    assert (found.low, found.high) == pytest.approx((5 / 3 / reach, 5 / 3 * reach), rel=1e-3)


def test_what_one_item_or_no_loss_leave_open():
    for losses in (np.array([2.0]), np.zeros(5), np.zeros(0)):
        found = audited_mean(losses)
        assert (found.low, found.high) == (0.0, np.inf)
    with pytest.raises(ArgumentError, match="not negative"):
        audited_mean(np.array([1.0, -1.0]))
    with pytest.raises(ArgumentError, match="not negative"):
        audited_mean(np.array([1.0, np.nan]))


def test_sizes_and_levels_are_checked():
    with pytest.raises(ArgumentError, match="alike in size"):
        audited_balanced_accuracy(np.zeros(3, int), np.zeros(2, int), 2)
    with pytest.raises(ArgumentError, match="alike in size"):
        audited_error(np.zeros(3), np.zeros(2))
    with pytest.raises(ArgumentError, match="from 0 to 1"):
        audited_balanced_accuracy(np.array([2]), np.array([0]), 2)
    assert normal_quantile(0.95) == pytest.approx(1.959964, abs=1e-6)
    for level in (0.0, 1.0, 1.5):
        with pytest.raises(ArgumentError, match="level"):
            normal_quantile(level)


def test_the_accuracy_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    for truth, items in ((0.95, 40), (0.7, 25)):
        found = [audited_accuracy(rng.random(items) < truth) for _ in range(600)]
        assert np.mean([x.low <= truth <= x.high for x in found]) >= 0.92
        assert np.mean([x.value for x in found]) == pytest.approx(truth, abs=0.01)


def test_the_balanced_interval_holds_the_truth_also_with_a_rare_class():
    rng = np.random.default_rng(2)
    recalls = np.array([0.95, 0.8, 0.5])
    held, values = [], []
    for _ in range(400):
        truth = rng.choice(3, 60, p=[0.75, 0.2, 0.05])  # three items of the last class, sometimes none
        predicted = np.where(rng.random(60) < recalls[truth], truth, (truth + 1) % 3)
        found = audited_balanced_accuracy(truth, predicted, 3)
        held.append(found.overall.low <= recalls.mean() <= found.overall.high)
        if not found.unseen:
            values.append(found.overall.value)
    assert 0.93 <= np.mean(held) <= 0.995
    assert np.mean(values) == pytest.approx(0.75, abs=0.02)


def test_the_error_interval_holds_the_truth_nearly_as_often_as_it_says():
    rng = np.random.default_rng(3)
    found = [audited_mean(rng.normal(size=40) ** 2) for _ in range(600)]
    held = np.mean([x.low <= 1.0 <= x.high for x in found])
    assert 0.91 <= held <= 0.98
    assert np.mean([x.value for x in found]) == pytest.approx(1.0, abs=0.03)
