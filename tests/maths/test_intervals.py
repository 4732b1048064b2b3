"""Intervals against published and hand-worked numbers."""

import numpy as np
import pytest

from explora.maths import bootstrap, interquartile_mean, wilson


def test_wilson_interval_of_eight_in_ten():
    low, high = wilson(8.0, 10)
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)


def test_wilson_of_nothing_and_of_the_ends():
    assert wilson(0.0, 0) == (0.0, 1.0)
    assert wilson(0.0, 10)[0] == 0.0
    assert wilson(10.0, 10)[1] == 1.0


def test_interquartile_mean_leaves_out_a_quarter_at_either_end():
    assert interquartile_mean(np.array([100.0, 1.0, 2.0, -50.0])) == pytest.approx(1.5)
    # five values: a quarter is 1.25 of them, so the second and the fourth count with 3/4
    assert interquartile_mean(np.array([0.0, 1.0, 2.0, 3.0, 9.0])) == pytest.approx((0.75 + 2 + 2.25) / 2.5)


def test_bootstrap_holds_the_mean_and_shrinks():
    generator = np.random.default_rng(0)
    few, many = generator.normal(size=10), generator.normal(size=1000)
    low, high = bootstrap(many, np.mean)
    assert low < many.mean() < high
    wide = bootstrap(few, np.mean)
    assert wide[1] - wide[0] > 3 * (high - low)
