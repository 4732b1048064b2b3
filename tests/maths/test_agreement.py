"""κ and α against worked examples, another implementation, and the edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import cohen_kappa_score

from explora.core import ArgumentError
from explora.maths import cohen_kappa, confusion, krippendorff_alpha, vote_counts

NONE = -1
# Krippendorff 2011, section C: four observers, twelve units, categories 1 to 5.
FOUR = (
    np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
            [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
        ]
    ).T
    - 1
)
# Three coders, fifteen units, most of them labelled by two only.
THREE = (
    np.array(
        [
            [0, 0, 0, 0, 0, 3, 4, 1, 2, 1, 1, 3, 3, 0, 3],
            [1, 0, 2, 1, 3, 3, 4, 3, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 2, 1, 3, 4, 4, 0, 2, 1, 1, 3, 3, 0, 4],
        ]
    ).T
    - 1
)


def test_kappa_of_the_grant_readers():
    # 20 proposals both accept, 15 both refuse, 5 and 10 they disagree on: 0.7 agreed, 0.5 by chance, so 0.2 / 0.5
    first = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    second = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    np.testing.assert_array_equal(confusion(first, second), [[15, 10], [5, 20]])
    assert cohen_kappa(first, second) == pytest.approx(0.4)


def test_kappa_of_complete_agreement_and_complete_disagreement():
    labels = np.array([0, 1, 2, 0])
    assert cohen_kappa(labels, labels) == 1.0
    assert cohen_kappa(np.array([0, 1]), np.array([1, 0])) == pytest.approx(-1.0)


def test_kappa_where_both_know_one_class_only_is_one():
    same = np.full(49, 3)
    assert cohen_kappa(same, same) == 1.0
    assert cohen_kappa(same, np.full(49, 1)) == 0.0
    assert cohen_kappa(np.array([0]), np.array([0])) == 1.0


def test_kappa_refuses_what_is_no_labelling():
    with pytest.raises(ArgumentError, match="at least one item"):
        cohen_kappa(np.array([], int), np.array([], int))
    with pytest.raises(ArgumentError, match="one label an item"):
        cohen_kappa(np.array([0, 1]), np.array([0]))
    with pytest.raises(ArgumentError, match="from 0 to"):
        cohen_kappa(np.array([0, -1]), np.array([0, 1]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(2, 5))
def test_kappa_is_that_of_scikit_learn(seed, items, classes):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, classes, (2, items))
    second = np.where(rng.random(items) < 0.5, first, second)
    if np.union1d(first, second).size < 2:
        return  # scikit-learn gives NaN there; ours is tested above
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


def test_alpha_of_the_published_examples():
    assert krippendorff_alpha(FOUR) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(THREE) == pytest.approx(0.691, abs=5e-4)


def test_alpha_of_two_items_by_hand():
    # (0, 0) and (0, 1): one of four values pairs is unlike within items, counted both ways: 2 / (2 − 1) = 2;
    # margins 3 and 1: (16 − 10) / (4 − 1) = 2 unlike by chance. α = 1 − 2/2 = 0.
    assert krippendorff_alpha(np.array([[0, 0], [0, 1]])) == pytest.approx(0.0)


def test_alpha_at_the_edges():
    assert krippendorff_alpha(np.array([[1, 1], [1, 1]])) == 1.0
    assert np.isnan(krippendorff_alpha(np.array([[1, NONE], [NONE, 0]])))
    assert np.isnan(krippendorff_alpha(np.zeros((0, 3), int)))


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.int64, (8, 4), elements=st.integers(-1, 3)))
def test_alpha_counts_neither_single_labels_nor_the_order_of_annotators(votes):
    alpha = krippendorff_alpha(votes)
    lonely = np.full((3, 4), NONE)
    lonely[:, 0] = 2
    np.testing.assert_allclose(krippendorff_alpha(np.vstack([votes, lonely])), alpha)
    np.testing.assert_allclose(krippendorff_alpha(votes[::-1, ::-1]), alpha)
    assert not alpha > 1


def test_vote_counts_leave_out_missing_labels():
    found = vote_counts(np.array([[0, 2, 2], [NONE, NONE, NONE]]), 4)
    np.testing.assert_array_equal(found, [[1, 0, 2, 0], [0, 0, 0, 0]])
    with pytest.raises(ArgumentError, match="below `classes`=2"):
        vote_counts(np.array([[2]]), 2)
