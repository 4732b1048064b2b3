"""Near-duplicates: the same groups as comparing all pairs, by first appearance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.ledger.labels import near_duplicates


def by_all_pairs(points: np.ndarray, epsilon: float) -> list[int]:
    """Groups by joining every close pair, numbered by first appearance."""
    group = list(range(len(points)))
    for i in range(len(points)):
        for j in range(i):
            if np.linalg.norm(points[i] - points[j]) <= epsilon and group[i] != group[j]:
                old, new = group[i], group[j]
                group = [new if g == old else g for g in group]
    order: dict[int, int] = {}
    return [order.setdefault(g, len(order)) for g in group]


def test_equal_rows_are_one_input():
    points = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, -0.0], [2.0, 1e-9]])
    assert near_duplicates(points).tolist() == [0, 1, 0, 2]
    assert near_duplicates(points, 1e-6).tolist() == [0, 1, 0, 1]


def test_a_chain_is_one_group():
    line = np.array([[0.0], [2.0], [1.0], [5.0]])
    assert near_duplicates(line, 1.0).tolist() == [0, 0, 0, 1]
    assert near_duplicates(line, 0.9).tolist() == [0, 1, 2, 3]


def test_nothing_and_everything():
    assert near_duplicates(np.zeros((0, 3)), 1.0).tolist() == []
    assert near_duplicates(np.zeros((4, 3)), 1.0).tolist() == [0] * 4
    assert near_duplicates(np.eye(3), 100.0).tolist() == [0] * 3
    with pytest.raises(ArgumentError, match="epsilon"):
        near_duplicates(np.zeros((1, 1)), -1.0)
    with pytest.raises(ArgumentError, match="finite"):
        near_duplicates(np.array([[0.0], [np.nan]]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 4), st.floats(0.01, 1.5))
def test_the_groups_are_those_of_all_pairs(seed, items, dims, epsilon):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(items, dims))
    points[rng.integers(0, items, items // 3)] = points[0]
    assert near_duplicates(points, epsilon).tolist() == by_all_pairs(points, epsilon)


def test_pairs_are_merged_in_portions_without_changing_the_groups(monkeypatch):
    points = np.random.default_rng(0).normal(size=(60, 2))
    whole = near_duplicates(points, 0.4).tolist()
    monkeypatch.setattr("explora.ledger.labels._duplicates._EDGES", 3)
    assert near_duplicates(points, 0.4).tolist() == whole == by_all_pairs(points, 0.4)


def test_single_precision_stays_what_it_is():
    points = np.random.default_rng(1).normal(size=(30, 5)).astype(np.float32)
    before = points.copy()
    assert near_duplicates(points, 1.0).tolist() == by_all_pairs(points, 1.0)
    np.testing.assert_array_equal(points, before)
