"""Choices and numbers against values worked out by hand."""

import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Box, Discrete
from explora.nets import ActorCritic, Choices, Dense, Memoryless, Numbers, acted

LOG_ROOT_TAU = 0.9189385332  # log √(2π)


def test_the_density_of_numbers_is_summed_over_them() -> None:
    # Deviations 1 and 2; off by one and by half a deviation.
    decision = Numbers(jnp.array([[0.5, -1.0]]), jnp.log(jnp.array([1.0, 2.0])))
    expected = -(0.5 * 1.0 + 0.0 + LOG_ROOT_TAU) - (0.5 * 0.25 + math.log(2) + LOG_ROOT_TAU)
    assert decision.log_probability(jnp.array([[1.5, 0.0]])).tolist() == pytest.approx([expected], abs=1e-6)
    assert expected == pytest.approx(-3.156024, abs=1e-6)


def test_the_entropy_of_numbers() -> None:
    # ½ log(2πe) = 1.418939 for a deviation of 1, and log 2 more for one of 2.
    decision = Numbers(jnp.zeros((3, 2)), jnp.log(jnp.array([1.0, 2.0])))
    assert decision.entropy().tolist() == pytest.approx([2 * 1.4189385 + 0.6931472] * 3, abs=1e-6)


def test_numbers_are_drawn_around_their_mean() -> None:
    decision = Numbers(jnp.broadcast_to(jnp.array([1.0, -2.0]), (20_000, 2)), jnp.log(jnp.array([0.5, 2.0])))
    drawn = np.asarray(jax.jit(lambda keys: decision.draw(keys))(jr.split(jr.key(0), 20_000)))
    assert np.allclose(drawn.mean(0), [1.0, -2.0], atol=0.06)
    assert np.allclose(drawn.std(0), [0.5, 2.0], rtol=0.03)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.03
    assert np.array_equal(decision.likeliest(), decision.mean)


def test_the_probability_and_the_entropy_of_choices() -> None:
    decision = Choices(jnp.log(jnp.array([[0.5, 0.25, 0.25]])))
    assert decision.log_probability(jnp.array([1])).tolist() == pytest.approx([math.log(0.25)])
    assert decision.entropy().tolist() == pytest.approx([1.5 * math.log(2)])
    assert decision.likeliest().tolist() == [0]


def test_one_stands_for_a_bound_and_nothing_goes_beyond() -> None:
    drawn = jnp.array([[-3.0], [-1.0], [0.0], [0.5], [1.0], [7.0]])
    assert acted(Box((1,), -1.0, 3.0), drawn)[:, 0].tolist() == [-1.0, -1.0, 1.0, 2.0, 3.0, 3.0]
    assert acted(Box((1,), 0.0, float("inf")), drawn)[:, 0].tolist() == [0.0, 0.0, 0.0, 0.5, 1.0, 7.0]
    assert acted(Box((1,)), drawn)[:, 0].tolist() == drawn[:, 0].tolist()
    third = acted(Box((1,), -0.1, 0.2), drawn)[:, 0]  # bounds that no float holds exactly
    assert float(third.max()) == np.float32(0.2)
    assert float(third.min()) == np.float32(-0.1)
    assert acted(Box((2, 1), -1.0, 1.0), jnp.zeros((3, 2))).shape == (3, 2, 1)
    assert acted(Discrete(3), jnp.array([2, 1])).tolist() == [2, 1]


def test_an_actor_critic_of_numbers_begins_in_the_middle() -> None:
    net = ActorCritic(Dense(6), Memoryless(5), deviation=0.5)
    spec = Box((4,))
    weights = net.init(spec, Box((3,), -1.0, 1.0), key=jr.key(0))
    said, values, memory = net(weights, spec, jnp.ones((2, 7, 4)), net.core.memory(7), jnp.ones((2, 7), bool))
    decision = net.decision(weights, said)
    assert isinstance(decision, Numbers)
    assert (said.shape, values.shape, memory) == ((2, 7, 3), (2, 7, 1), ())
    assert np.abs(np.asarray(said)).max() < 0.1
    assert np.allclose(np.exp(decision.log_deviation), 0.5)


def test_who_remembers_nothing_says_the_same_wherever_it_stands() -> None:
    core = Memoryless(5)
    weights = core.init(4, key=jr.key(0))
    x = jr.normal(jr.key(1), (6, 2, 4))
    whole, _ = core(weights, x, (), jnp.zeros((6, 2), bool))
    turned, _ = core(weights, x[::-1], (), jnp.ones((6, 2), bool))
    assert np.allclose(whole, turned[::-1], atol=1e-6)
    assert np.allclose(whole, np.tanh(np.asarray(x) @ np.asarray(weights["input"])), atol=1e-5)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_deviation_is_above_zero(value: float) -> None:
    with pytest.raises(ArgumentError, match="`deviation` must be greater than 0"):
        ActorCritic(deviation=value)
