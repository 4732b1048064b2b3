import jax.numpy as jnp
import jax.random as jr
import pytest

from explora.maths import cvar


def test_by_hand():
    ranking = jnp.array([0.9, 0.1, 0.5, 0.2, 1.0])
    rates = jnp.array([0.8, 0.3, 0.6, 0.0, 1.0])
    assert float(cvar(ranking, rates, 0.4)) == pytest.approx((0.3 + 0.0) / 2)
    assert float(cvar(ranking, rates, 0.01)) == pytest.approx(0.3)  # at least one task
    assert float(cvar(ranking, rates, 1.0)) == pytest.approx(float(rates.mean()))


def test_ties_at_the_edge_count_in_part():
    ranking = jnp.array([0.0, 0.5, 0.5, 0.5, 1.0])
    rates = jnp.array([0.2, 0.3, 0.6, 0.9, 1.0])
    # Two of five: the worst, and one of the three equally bad, each with weight 1/3.
    assert float(cvar(ranking, rates, 0.4)) == pytest.approx((0.2 + 0.6) / 2)
    assert float(cvar(ranking[::-1], rates[::-1], 0.4)) == pytest.approx((0.2 + 0.6) / 2)


def test_luck_is_not_taken_for_difficulty():
    """All tasks are won half of the time; the worst by their own numbers only look worse."""
    first, second = (jr.binomial(jr.key(seed), 10, 0.5, (2000,)) / 10 for seed in (0, 1))
    assert float(cvar(first, second, 0.05)) == pytest.approx(0.5, abs=0.06)
    assert float(cvar(first, first, 0.05)) < 0.25
