"""Advantages and per-episode means, worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.maths import advantages, by_row, episode_means


def column(*values: float) -> jax.Array:
    return jnp.array(values, jnp.float32)[:, None]


def flags(*values: int) -> jax.Array:
    return jnp.array(values, bool)[:, None]


def test_generalised_advantages_bootstrap_after_a_truncation_and_not_after_a_termination() -> None:
    # γ = 1/2, λ = 1/2, so γλ = 1/4.
    # t  reward  value  end
    # 0  1       2      -          δ = 1 + 4/2 - 2 = 1
    # 1  0       4      truncated  δ = 0 + 6/2 - 4 = -1: the gap's value 6 is of the observation that was cut off
    # 2  0       6      gap        δ = 0 + 8/2 - 6 = -2, and nobody counts it
    # 3  2       8      terminated δ = 2 + 0 - 8 = -6
    # 4  1       10     -          δ = 1 + 12/2 - 10 = -3
    # last value 12
    found = advantages(
        column(1, 0, 0, 2, 1),
        column(2, 4, 6, 8, 10),
        jnp.array([12.0]),
        flags(0, 0, 0, 1, 0),
        flags(0, 1, 0, 0, 0),
        discount=0.5,
        trace=0.5,
    )
    # A4 = -3; A3 = -6 (its episode ends); A2 = -2 + A3/4 = -3.5; A1 = -1 (cut off); A0 = 1 + A1/4 = 0.75
    assert found[:, 0].tolist() == [0.75, -1.0, -3.5, -6.0, -3.0]


def test_with_full_trace_an_advantage_is_the_return_less_the_value() -> None:
    rewards, values = column(1, 2, 3), column(5, 5, 5)
    found = advantages(rewards, values, jnp.array([7.0]), flags(0, 0, 1), flags(0, 0, 0), discount=0.5, trace=1.0)
    assert found[:, 0].tolist() == [1 + 1 + 0.75 - 5, 2 + 1.5 - 5, 3 - 5]


def test_without_trace_an_advantage_is_the_temporal_difference() -> None:
    found = advantages(column(1, 2), column(3, 4), jnp.array([6.0]), flags(0, 0), flags(0, 0), discount=0.5, trace=0.0)
    assert found[:, 0].tolist() == [1 + 2 - 3, 2 + 3 - 4]


def test_lanes_are_apart() -> None:
    rewards = jnp.array([[1.0, 5.0], [1.0, 5.0]])
    ends = jnp.array([[False, True], [False, False]])
    zero = jnp.zeros((2, 2))
    found = advantages(rewards, zero, jnp.zeros(2), ends, jnp.zeros((2, 2), bool), discount=1.0, trace=1.0)
    assert found.tolist() == [[2.0, 5.0], [1.0, 5.0]]


def test_means_stand_where_an_episode_ends_and_leave_gaps_out() -> None:
    # Episode of 2 steps (mean 2), a gap, an episode of 3 steps (mean 5), and one step of an episode that goes on.
    values = column(1, 3, 100, 4, 5, 6, 50)
    counted = flags(1, 1, 0, 1, 1, 1, 1)
    ended = flags(0, 1, 0, 0, 0, 1, 0)
    means, lengths = episode_means(values[None], counted, ended)
    assert means[0, :, 0].tolist() == [0, 2, 0, 0, 0, 5, 0]
    assert lengths[:, 0].tolist() == [1, 2, 0, 1, 2, 3, 1]


def test_sums_go_to_the_rows_that_were_played() -> None:
    columns = jnp.array([[[1.0, 10.0], [2.0, 20.0]]])
    rows = jnp.array([[0, 2], [1, 2]], jnp.int32)
    assert by_row(columns, rows, 4).tolist() == [[1.0, 2.0, 30.0, 0.0]]


@pytest.mark.parametrize("steps", [1, 16, 37])
def test_any_length_is_unrolled_rightly(steps: int) -> None:
    random = np.random.default_rng(steps)
    rewards, values = random.normal(size=(2, steps, 3)).astype(np.float32)
    last = random.normal(size=3).astype(np.float32)
    terminated = random.random((steps, 3)) < 0.2
    truncated = (random.random((steps, 3)) < 0.2) & ~terminated
    expected, later = np.zeros((steps, 3)), np.zeros(3)
    following = np.concatenate([values[1:], last[None]])
    for t in reversed(range(steps)):
        delta = rewards[t] + 0.9 * np.where(terminated[t], 0, following[t]) - values[t]
        later = delta + 0.9 * 0.8 * np.where(terminated[t] | truncated[t], 0, later)
        expected[t] = later
    found = advantages(*map(jnp.asarray, (rewards, values, last, terminated, truncated)), discount=0.9, trace=0.8)
    assert np.allclose(found, expected, atol=1e-5)
