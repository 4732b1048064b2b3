"""`Top`, `Random` and batches by chance."""

import numpy as np
import pytest

from explora.core import ArgumentError
from explora.explorers.query import Power, Rank, Softmax, Top, draw, power_logits, rank_logits, top

from ._pools import mask, pool, seeded


def test_the_highest_scores_come_first_and_only_of_free_rows():
    scores = np.array([0.1, 0.9, 0.5, 0.7, 0.8])
    assert top(scores, ~mask(5, 1), 3, rng=seeded()).tolist() == [4, 3, 2]
    assert scores.tolist() == [0.1, 0.9, 0.5, 0.7, 0.8]


def test_as_sorting_would_do():
    scores = seeded(1).normal(size=500).astype(np.float32)
    assert top(scores, np.ones(500, bool), 77, rng=seeded()).tolist() == np.argsort(-scores)[:77].tolist()


def test_what_is_no_number_comes_last():
    scores = np.array([np.nan, 1.0, -np.inf, 2.0, np.inf])
    everything = top(scores, np.ones(5, bool), 5, rng=seeded()).tolist()
    assert everything[:3] == [4, 3, 1]
    assert sorted(everything[3:]) == [0, 2]


def test_chance_decides_among_equal_scores():
    """3 > {2, 2, 2} > 1: the first is certain, each tie takes the second place a third of the time."""
    scores = np.array([2.0, 3.0, 2.0, 1.0, 2.0])
    batches = np.array([top(scores, np.ones(5, bool), 2, rng=seeded(s)) for s in range(600)])
    assert (batches[:, 0] == 1).all()
    shares = np.bincount(batches[:, 1], minlength=5) / 600
    assert shares[[1, 3]].tolist() == [0, 0]
    assert np.abs(shares[[0, 2, 4]] - 1 / 3).max() < 0.06


def test_equal_scores_are_shuffled_within_the_batch_too():
    firsts = {int(top(np.ones(4), np.ones(4, bool), 4, rng=seeded(s))[0]) for s in range(60)}
    assert firsts == {0, 1, 2, 3}


def test_draws_are_in_proportion():
    """Weights 1 : 2 : 5. First draw 1/8, 2/8, 5/8; the pair {1, 2} comes by 2/8 · 5/6 + 5/8 · 2/3."""
    logits = np.log([1.0, 2.0, 5.0])
    pairs = np.array([draw(logits, np.ones(3, bool), 2, rng=seeded(s)) for s in range(2000)])
    assert np.abs(np.bincount(pairs[:, 0]) / 2000 - [0.125, 0.25, 0.625]).max() < 0.04
    without_0 = np.mean((pairs != 0).all(axis=1))
    assert abs(without_0 - (2 / 8 * 5 / 6 + 5 / 8 * 2 / 3)) < 0.04


def test_power_of_the_score():
    assert power_logits(np.array([0.0, 1.0, np.e, np.nan]), 2.0).tolist() == [-np.inf, 0.0, 2.0, -np.inf]
    assert power_logits(np.array([0.0, 5.0]), 0.0).tolist() == [-np.inf, 0.0]


def test_rank_of_the_score():
    """Ranks of the free rows: 0.9 is first, 0.5 second, 0.1 third; row 1 is not free."""
    logits = rank_logits(np.array([0.1, 1.0, 0.9, 0.5, np.nan]), ~mask(5, 1), 2.0, rng=seeded())
    assert logits.tolist() == [-2 * np.log(3), -np.inf, 0.0, -2 * np.log(2), -np.inf]


def test_zero_is_drawn_last():
    candidates = pool(6, 0)._replace(free=np.ones(6, bool), scores=np.array([0.0, 0.2, 0.0, 1e-9, 0.0, 1.0]))
    for seed in range(20):
        assert set(Power()(candidates, 3, rng=seeded(seed)).tolist()) == {1, 3, 5}
        assert len(Power()(candidates, 5, rng=seeded(seed))) == 5


def test_negative_scores_are_refused_where_they_mean_nothing():
    candidates = pool(6, 0)._replace(free=~mask(6, 0), scores=-np.arange(6.0))
    with pytest.raises(ArgumentError, match="must not be negative for Power, got -5; use Rank or Softmax"):
        Power()(candidates, 2, rng=seeded())
    assert len(Softmax()(candidates, 2, rng=seeded())) == len(Rank()(candidates, 2, rng=seeded())) == 2
    rounded = candidates._replace(scores=np.array([0.0, -1e-17, 0.5, 0.1, 0.2, 0.3]))
    assert 1 not in Power()(rounded, 4, rng=seeded())
    # Rows that cannot be chosen may have any score.
    assert len(Power()(candidates._replace(scores=np.array([-9.0, 1, 1, 1, 1, 1])), 2, rng=seeded())) == 2


@pytest.mark.parametrize("selector", [Power(coldness=1e4), Softmax(coldness=1e5), Rank(coldness=1e4)], ids=repr)
def test_cold_draws_are_the_top(selector):
    candidates = pool(40, 5, seed=2)
    candidates = candidates._replace(scores=seeded(3).permutation(40) / 40)
    assert selector(candidates, 6, rng=seeded()).tolist() == Top()(candidates, 6, rng=seeded()).tolist()
