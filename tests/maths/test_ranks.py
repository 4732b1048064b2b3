import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.maths import pick, reorder, tied_ranks


def test_equal_values_share_their_average_rank():
    assert tied_ranks(jnp.array([9.0, 5.0, 5.0, 1.0])).tolist() == [1.0, 2.5, 2.5, 4.0]
    assert tied_ranks(jnp.array([7.0, 7.0, 7.0])).tolist() == [2.0, 2.0, 2.0]
    assert tied_ranks(jnp.array([3.0, 2.0, -jnp.inf, -jnp.inf])).tolist() == [1.0, 2.0, 3.5, 3.5]


_reorder = jax.jit(reorder)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.lists(st.integers(0, 3), min_size=12, max_size=12), st.data())
def test_a_mended_order_is_a_sorted_one(size, numbers, data):
    """Whatever changes, the order is what sorting anew would give, up to the order among equals."""
    values = np.where(np.arange(12) < size, np.array(numbers, np.float32), -np.inf).astype(np.float32)
    order = np.argsort(-values, kind="stable").astype(np.int32)
    changes = data.draw(st.lists(st.integers(0, 11), unique=True, max_size=5))
    for slot in changes:
        values[slot] = data.draw(st.integers(0, 3))
    changed = np.full(5, 12, np.int32)
    changed[: len(changes)] = changes
    mended = np.asarray(_reorder(jnp.array(order), jnp.array(values), jnp.array(changed)))
    assert sorted(mended.tolist()) == list(range(12))
    np.testing.assert_array_equal(values[mended], np.sort(values)[::-1])


def test_equal_values_stay_in_the_order_in_which_they_came():
    order, values = jnp.array([2, 0, 1], jnp.int32), jnp.array([5.0, 5.0, 5.0])
    assert _reorder(order, values, jnp.array([2, 3])).tolist() == [0, 1, 2]


def test_picks_are_in_proportion_to_the_weights():
    drawn = np.asarray(pick(jnp.array([0.0, 1.0, 0.0, 3.0, 0.0]), 4000, key=jr.key(0)))
    share = np.bincount(drawn, minlength=5) / 4000
    assert share[[0, 2, 4]].tolist() == [0, 0, 0]
    assert share[3] == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / 4000))


def test_without_any_weight_the_first_is_picked():
    assert pick(jnp.zeros(3), 2, key=jr.key(0)).tolist() == [0, 0]
