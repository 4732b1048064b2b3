"""Curves by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.ledger.labels import aulc, calls_to_target, cost_per_point, costs_per_point, feedback_bottleneck

CALLS = np.array([0, 10, 20, 30])
SCORES = np.array([0.5, 0.7, 0.7, 0.9])


def test_aulc_is_the_mean_over_the_curve():
    assert aulc(SCORES) == pytest.approx(0.7)
    np.testing.assert_allclose(aulc(np.stack([SCORES, SCORES + 0.1])), [0.7, 0.8])
    with pytest.raises(ArgumentError, match="at least one point"):
        aulc(np.zeros((3, 0)))


def test_calls_to_target_are_those_of_the_first_record_that_reached_it():
    assert calls_to_target(CALLS, SCORES, 0.7) == 10
    assert calls_to_target(CALLS, SCORES, 0.5) == 0
    assert calls_to_target(CALLS, SCORES, 0.95) == np.inf
    dips = np.array([0.5, 0.8, 0.6, 0.9])
    assert calls_to_target(CALLS, dips, 0.75) == 10


def test_cost_per_point_gained():
    assert cost_per_point(CALLS, SCORES) == pytest.approx(0.75)  # 30 calls for 40 points
    assert cost_per_point(CALLS, SCORES, point=1.0) == pytest.approx(75.0)
    assert cost_per_point(CALLS, SCORES[::-1]) == np.inf
    assert np.isnan(cost_per_point(CALLS[:1], SCORES[:1]))
    np.testing.assert_allclose(costs_per_point(CALLS, SCORES), [np.nan, 0.5, np.inf, 0.5])
    with pytest.raises(ArgumentError, match="one entry a record"):
        cost_per_point(CALLS[:2], SCORES)


@pytest.mark.parametrize(
    ("waited", "computed", "first"),
    [
        ([0.0, 1.0, 5.0, 5.0], [2.0, 2.0, 2.0, 2.0], 2),
        ([9.0, 9.0], [1.0, 1.0], 0),
        ([1.0, 1.0], [9.0, 9.0], None),
        ([1.0, 1.0], [1.0, 1.0], None),  # as long as computing is not more
        ([5.0, 0.0, 9.0], [1.0, 2.0, 1.0], 0),  # one slow computation, shorter than what was waited more before
        ([5.0, 0.0, 9.0], [1.0, 6.0, 1.0], 2),  # and one that is longer
        ([9.0, 0.0], [1.0, 20.0], None),
        ([], [], None),
    ],
)
def test_the_record_from_which_on_feedback_is_the_bottleneck(waited, computed, first):
    assert feedback_bottleneck(np.array(waited), np.array(computed)) == first


def test_times_must_be_of_the_same_records():
    with pytest.raises(ArgumentError, match="waited"):
        feedback_bottleneck(np.zeros(2), np.zeros(3))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=10))
def test_the_bottleneck_is_its_definition(times):
    waited, computed = np.array(times, float).reshape(-1, 2).T
    ahead = waited - computed
    wanted = [r for r in range(len(ahead)) if all(ahead[r : t + 1].sum() > 0 for t in range(r, len(ahead)))]
    assert feedback_bottleneck(waited, computed) == (wanted[0] if wanted else None)
