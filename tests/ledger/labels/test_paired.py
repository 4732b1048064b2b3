"""Paired comparisons by hand and by counting all signs."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.ledger.labels import holm, mean_ranks, paired, wilcoxon


def by_all_signs(differences: np.ndarray) -> float:
    """P(W⁺ at least as large) over all signs of the differences, none of which are tied."""
    ranks = np.argsort(np.argsort(np.abs(differences))) + 1
    found = ranks[differences > 0].sum()
    sums = [np.dot(signs, ranks) for signs in itertools.product([0, 1], repeat=len(ranks))]
    return float(np.mean(np.array(sums) >= found))


def test_wilcoxon_by_hand():
    # five wins of five: 1 of 2⁵ ways to sign the ranks is as good
    assert wilcoxon(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), "greater") == pytest.approx(1 / 32)
    assert wilcoxon(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), "less") == 1.0
    # only the smallest difference lost: W⁺ = 14, reached by 2 of 32
    assert wilcoxon(np.array([-0.1, 0.2, 0.3, 0.4, 0.5]), "greater") == pytest.approx(2 / 32)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_wilcoxon_is_the_share_of_signs(seed, seeds):
    differences = np.random.default_rng(seed).normal(0.3, 1, seeds)
    assert wilcoxon(differences, "greater") == pytest.approx(by_all_signs(differences))
    assert wilcoxon(-differences, "less") == pytest.approx(by_all_signs(differences))


def test_zeros_are_left_out_and_nothing_is_no_evidence():
    with_zeros = np.array([0.0, 0.1, 0.2, 0.0, 0.3])
    assert wilcoxon(with_zeros, "greater") == pytest.approx(1 / 8)
    assert wilcoxon(np.zeros(7), "greater") == wilcoxon(np.zeros(7), "less") == 1.0
    assert wilcoxon(np.zeros(0), "greater") == 1.0


def test_differences_of_equal_size_share_their_rank():
    # two of three differences of one size won: ranks 2, 2, 2; W⁺ = 4 or more in 4 of 8 ways
    assert wilcoxon(np.array([0.5, 0.5, -0.5]), "greater") == pytest.approx(0.5)
    many = np.repeat([1.0, 2.0, -1.0], 20)
    assert wilcoxon(many, "greater") < 1e-3 < 0.99 < wilcoxon(many, "less")


def test_holm_by_hand():
    # in order .01, .02, .04 times 3, 2, 1: .03, .04, .04
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.02])), [0.04, 0.03, 0.04])
    # a later one may not be smaller than an earlier one, none above 1
    np.testing.assert_allclose(holm(np.array([0.02, 0.021, 0.9])), [0.06, 0.06, 0.9])
    np.testing.assert_allclose(holm(np.array([[0.6, 0.7]])), [[1.0, 1.0]])
    assert holm(np.zeros(0)).size == 0
    with pytest.raises(ArgumentError, match="p-values"):
        holm(np.array([0.1, np.nan]))


def test_holm_keeps_false_alarms_of_many_cells_below_alpha():
    rng = np.random.default_rng(0)
    alarms = [holm(rng.random(20)).min() < 0.05 for _ in range(2000)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.012)
    bare = [rng.random(20).min() < 0.05 for _ in range(200)]
    assert np.mean(bare) > 0.5


def test_mean_ranks_share_ties():
    scores = np.array([[0.9, 0.8, 0.7], [0.5, 0.5, 0.1], [0.2, 0.2, 0.2]])
    np.testing.assert_allclose(mean_ranks(scores), [(1 + 1.5 + 2) / 3, (2 + 1.5 + 2) / 3, (3 + 3 + 2) / 3])
    with pytest.raises(ArgumentError, match="NaN"):
        mean_ranks(np.array([[0.5, np.nan]]))


def test_a_paired_comparison():
    ours = np.array([0.9, 0.8, 0.7, 0.6])
    theirs = np.array([0.8, 0.8, 0.5, 0.65])
    found = paired(ours, theirs)
    assert found.difference == pytest.approx(0.0625)
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert -0.05 <= found.low < found.difference < found.high <= 0.2
    assert found.better == pytest.approx(0.25)  # .1, .2, −.05: W⁺ = 5 of 6, reached by 2 of 8
    assert found.worse == pytest.approx(7 / 8)
    assert found.sentence().startswith("+0.0625 (")
    assert "2 of 4 seeds won, 1 tied; p 0.25 better, 0.875 worse" in found.sentence()


def test_pairing_finds_what_unpaired_seeds_hide():
    rng = np.random.default_rng(0)
    luck = rng.normal(0, 0.05, 30)
    ours, theirs = 0.8 + luck + 0.01, 0.8 + luck + rng.normal(0, 0.005, 30)
    found = paired(ours, theirs)
    assert found.low > 0
    assert found.better < 0.001
    shuffled = paired(ours, rng.permutation(theirs))
    assert shuffled.low < 0 < shuffled.high


def test_what_cannot_be_paired():
    with pytest.raises(ArgumentError, match="one score a seed"):
        paired(np.zeros(3), np.zeros(2))
    with pytest.raises(ArgumentError, match="one score a seed"):
        paired(np.zeros(0), np.zeros(0))
    with pytest.raises(ArgumentError, match="finite"):
        paired(np.array([np.nan]), np.array([0.1]))
