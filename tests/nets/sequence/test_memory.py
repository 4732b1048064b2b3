"""What is worked out step by step is what the whole sequence gives."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError
from explora.nets.sequence import Ring, Transformer, Window

LANES, TIME = 3, 11


def weights_of(net: Transformer) -> dict[str, Any]:
    """Weights with nothing at its neutral value, so that each of them matters."""
    weights = net.init(key=jr.key(0))
    leaves, shape = jax.tree.flatten(weights)
    keys = jr.split(jr.key(1), len(leaves))
    noisy = [x + 0.2 * jr.normal(key, x.shape) for x, key in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(shape, noisy)


def body(width: int, time: int = TIME) -> jax.Array:
    return jr.normal(jr.key(2), (LANES, time, width))


def followed(memory: Any, net: Transformer, weights: dict[str, Any], tokens: jax.Array, resets: Any = None) -> Any:
    found = []
    for time in range(tokens.shape[1]):
        memory, said = memory.step(net, weights, tokens[:, time, None], None if resets is None else resets[:, time])
        found.append(said)
    return jnp.stack(found, axis=1)


@pytest.mark.parametrize("window", [4, TIME], ids=["sliding", "all"])
@pytest.mark.parametrize("ages", [True, False])
def test_the_ring_gives_what_the_whole_sequence_gives(window, ages):
    net = Transformer(width=8, layers=2, heads=2, window=window, ages=ages)
    weights, tokens = weights_of(net), body(8)
    whole = net(weights, tokens)
    np.testing.assert_allclose(followed(Ring.empty(net, weights, LANES), net, weights, tokens), whole, atol=1e-5)


@pytest.mark.slow
def test_each_lane_forgets_where_its_segment_ends_and_keeps_its_conditions():
    net = Transformer(width=8, layers=2, heads=2, window=5)
    weights, tokens = weights_of(net), body(8)
    prefix, there = jr.normal(jr.key(3), (LANES, 2, 8)), jnp.array([[1, 1], [1, 0], [0, 0]], bool)
    resets = jnp.zeros((LANES, TIME), bool).at[0, 4].set(True).at[1, 7].set(True).at[1, 8].set(True)
    segment = jnp.cumsum(resets, axis=1, dtype=jnp.int32)
    whole = net(weights, tokens, segment=segment, prefix=prefix, there=there)
    ring = Ring.empty(net, weights, LANES, prefix=prefix, there=there)
    np.testing.assert_allclose(followed(ring, net, weights, tokens, resets), whole, atol=1e-5)
    alone = net(weights, tokens[:1, 4:], prefix=prefix[:1])
    np.testing.assert_allclose(whole[0, 4:], alone[0], atol=1e-5)
    np.testing.assert_allclose(whole[2], net(weights, tokens)[2], atol=1e-5)


@pytest.mark.slow
def test_the_window_gives_what_the_last_tokens_alone_give():
    net = Transformer(width=8, layers=2, heads=2, window=4)
    weights, tokens = weights_of(net), body(8)
    resets = jnp.zeros((LANES, TIME), bool).at[1, 8].set(True)
    found = followed(Window.empty(net, weights, LANES), net, weights, tokens, resets)
    for time in range(TIME):
        first = max(0, time - 3)
        np.testing.assert_allclose(found[0, time], net(weights, tokens[:, first : time + 1])[0, -1], atol=1e-5)
    np.testing.assert_allclose(found[1, 9], net(weights, tokens[:, 8:10])[1, -1], atol=1e-5)
    ring = followed(Ring.empty(net, weights, LANES), net, weights, tokens, resets)
    np.testing.assert_allclose(ring[:, :4], found[:, :4], atol=1e-5)
    assert np.abs(np.asarray(ring - found))[0, 5:].max() > 1e-3, "with two layers what was dropped is still felt"


@pytest.mark.slow
@pytest.mark.parametrize("window", [1, 4, 6])
def test_several_tokens_a_step_are_as_good_as_one_after_the_other(window):
    net = Transformer(width=8, layers=2, heads=2, window=window)
    weights, tokens = weights_of(net), body(8, 15)
    prefix = jr.normal(jr.key(3), (LANES, 2, 8))
    resets = jnp.zeros((LANES, 15), bool).at[0, 7].set(True)  # the second token of the third step
    segment = jnp.cumsum(resets, axis=1, dtype=jnp.int32)
    whole = net(weights, tokens, segment=segment, prefix=prefix)
    memory = Ring.empty(net, weights, LANES, prefix=prefix, some=3)
    for step in range(5):
        begun = resets[:, 3 * step + 1]
        memory, found = memory.step(net, weights, tokens[:, 3 * step : 3 * step + 3], begun, before=1)
        np.testing.assert_allclose(found, whole[:, 3 * step + 2], atol=1e-5)


def test_a_memory_is_told_how_many_tokens_a_step_has():
    net = Transformer(width=4, layers=1, heads=1, window=2)
    with pytest.raises(ArgumentError, match=r"`tokens` are 3 a step, .* `empty\(…, some=3\)`"):
        Ring.empty(net, {}, 1).step(net, {}, jnp.zeros((1, 3, 4)))


def test_nothing_looks_ahead_or_across_lanes():
    net = Transformer(width=8, layers=2, heads=2, window=6)
    weights, tokens = weights_of(net), body(8)
    whole = net(weights, tokens)
    changed = net(weights, tokens.at[1, 6, 0].add(1.0))
    np.testing.assert_array_equal(np.asarray(changed)[[0, 2]], np.asarray(whole)[[0, 2]])
    np.testing.assert_allclose(changed[1, :6], whole[1, :6], atol=1e-6)
    assert (np.abs(np.asarray(changed - whole))[1, 6:].max(axis=1) > 1e-4).all()


def test_one_head_by_hand():
    """Queries and keys are nothing, so that only age decides: the softmax is that of (-slope, 0)."""
    net = Transformer(width=3, layers=1, heads=1, feed=1, window=2)
    weights = jax.tree.map(jnp.zeros_like, net.init(key=jr.key(0)))
    weights["norm"] = weights["layers"][0]["norm"] = (jnp.ones(3), jnp.zeros(3))
    weights["layers"][0]["look"] = (jnp.zeros((3, 9)).at[:, 6:].set(jnp.eye(3)), jnp.zeros(9))
    weights["layers"][0]["say"] = (jnp.eye(3), jnp.zeros(3))
    tokens = np.array([[3.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 9.0]], np.float32)
    normed = np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]) / 2**0.5  # centred, over the deviation
    old = np.exp(-(2.0**-8)) / (1 + np.exp(-(2.0**-8)))
    second, third = (tokens[t] + old * normed[t - 1] + (1 - old) * normed[t] for t in (1, 2))
    expected = np.stack([tokens[0] + normed[0], second, third])
    expected -= expected.mean(axis=1, keepdims=True)
    expected /= expected.std(axis=1, keepdims=True)
    np.testing.assert_allclose(net(weights, jnp.asarray(tokens)[None])[0], expected, atol=1e-4)


def test_a_window_and_heads_that_cannot_be_are_refused():
    with pytest.raises(ArgumentError, match="`heads` must divide `width`=10, got 4"):
        Transformer(width=10, heads=4)
    with pytest.raises(ArgumentError, match="window"):
        Transformer(window=0)
