"""Weighted estimators: unbiased by going through every possible course of a small pool."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.ledger.labels import horvitz_thompson, lure, lure_weights

LOSSES = np.array([0.1, 3.0, 0.7, 1.4, 0.0])


def course(order: tuple[int, ...]) -> tuple[float, np.ndarray]:
    """How likely it is that items are drawn in this order, and the probability of each step.

    The proposal prefers large losses and looks at what was drawn last: as biased and adaptive as a query strategy.
    """
    left, steps = list(range(len(LOSSES))), []
    for place, item in enumerate(order):
        last = LOSSES[order[place - 1]] if place else 0.0
        weight = np.array([0.2 + LOSSES[i] + 0.5 * last * (i % 2) for i in left])
        steps.append(weight[left.index(item)] / weight.sum())
        left.remove(item)
    return float(np.prod(steps)), np.array(steps)


@pytest.mark.parametrize("drawn", [1, 2, 3, 4, 5])
def test_lure_is_unbiased_over_all_courses(drawn):
    expected, plain, total = 0.0, 0.0, 0.0
    for order in itertools.permutations(range(5), drawn):
        chance, steps = course(order)
        losses = LOSSES[list(order)]
        expected += chance * lure(losses, steps, 5).value
        plain += chance * losses.mean()
        total += chance
    assert total == pytest.approx(1.0)
    assert expected == pytest.approx(LOSSES.mean(), abs=1e-12)
    if drawn < 5:
        assert abs(plain - LOSSES.mean()) > 0.1  # what the weights are there for


def test_lure_weights_by_hand():
    # N = 4, M = 2: v_1 = 1 + 2/3 · (1/(4 · ½) − 1) = 2/3, v_2 = 1 + 2/2 · (1/(3 · ¼) − 1) = 4/3
    np.testing.assert_allclose(lure_weights(np.array([0.5, 0.25]), 4), [2 / 3, 4 / 3])


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(0, 5))
def test_even_draws_and_whole_pools_weigh_one(drawn, more):
    pool = drawn + more
    even = 1.0 / (pool - np.arange(drawn))
    np.testing.assert_allclose(lure_weights(even, pool), 1.0)
    chance = np.where(np.arange(drawn) < drawn - 1, 0.3, 1.0)
    np.testing.assert_allclose(lure_weights(chance, drawn), 1.0)  # all were drawn: how does not matter


def test_horvitz_thompson_and_its_variance_are_unbiased_over_all_samples():
    inclusion = np.array([0.2, 0.9, 0.5, 0.7, 0.4])
    values, chances, variances = [], [], []
    for mask in itertools.product([False, True], repeat=5):
        taken = np.array(mask)
        found = horvitz_thompson(LOSSES[taken], inclusion[taken], 5)
        values.append(found.value)
        chances.append(np.prod(np.where(taken, inclusion, 1 - inclusion)))
        variances.append(((found.high - found.value) / 1.959964) ** 2 if taken.any() else 0.0)
    chance, value = np.array(chances), np.array(values)
    mean = np.sum(chance * value)
    assert mean == pytest.approx(LOSSES.mean())
    # That nothing was labelled leaves everything open; its estimate of the variance without that would be 0.
    assert np.sum(chance * np.array(variances)) == pytest.approx(np.sum(chance * (value - mean) ** 2), rel=1e-5)


def test_nothing_labelled_leaves_everything_open():
    found = horvitz_thompson(np.zeros(0), np.zeros(0), 10)
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert lure(np.ones(1), np.array([0.1]), 10).high == np.inf


def test_the_lure_interval_holds_the_truth_when_errors_were_sought():
    rng = np.random.default_rng(0)
    pool = 400
    wrong = (rng.random(pool) < 0.2).astype(float)
    score = np.where(wrong > 0, 2.0, 1.0) * rng.uniform(0.5, 1.5, pool)
    held, plain = [], []
    for _ in range(200):
        # A draw without replacement in proportion to the scores, with the probability at each step (Gumbel's trick).
        order = np.argsort(-(np.log(score) + rng.gumbel(size=pool)))[:80]
        taken = np.concatenate([[0.0], np.cumsum(score[order])[:-1]])
        found = lure(wrong[order], score[order] / (score.sum() - taken), pool)
        held.append(found.low <= wrong.mean() <= found.high)
        plain.append(wrong[order].mean())
    assert np.mean(held) >= 0.92
    assert np.mean(plain) > wrong.mean() + 0.08


def test_what_is_no_draw_is_refused():
    for probabilities, pool, message in (
        (np.array([0.5, 0.0]), 4, "greater than 0"),
        (np.array([1.1]), 4, "at most 1"),
        (np.array([0.5, 0.5]), 1, "at least the number of steps"),
    ):
        with pytest.raises(ArgumentError, match=message):
            lure_weights(probabilities, pool)
    with pytest.raises(ArgumentError, match="one entry a step"):
        lure(np.zeros(2), np.array([0.5]), 4)
    with pytest.raises(ArgumentError, match="one entry for each"):
        horvitz_thompson(np.zeros(2), np.array([0.5]), 4)
    with pytest.raises(ArgumentError, match="inclusion"):
        horvitz_thompson(np.zeros(1), np.array([0.0]), 4)
    with pytest.raises(ArgumentError, match="pool"):
        horvitz_thompson(np.zeros(2), np.ones(2), 1)
