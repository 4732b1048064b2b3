"""The recurrent cores against the same cells written plainly and differentiated by JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.nets import GRU, LSTM

STEPS, LANES, INPUTS, WIDTH = 7, 3, 4, 5


def plain_gru(weights: Any, inputs: Any, memory: Any, fresh: Any) -> Any:
    """Cho et al. 2014 as in cuDNN, one step after the other."""
    said = []
    for x, begins in zip(inputs, fresh):
        memory = jnp.where(begins[:, None], 0.0, memory)
        drive = x @ weights["input"] + weights["bias"][None]
        recall = memory @ weights["memory"]
        reset = jax.nn.sigmoid(drive[:, :WIDTH] + recall[:, :WIDTH])
        keep = jax.nn.sigmoid(drive[:, WIDTH : 2 * WIDTH] + recall[:, WIDTH : 2 * WIDTH])
        new = jnp.tanh(drive[:, 2 * WIDTH :] + reset * (recall[:, 2 * WIDTH :] + weights["memory_bias"][None]))
        memory = (1 - keep) * new + keep * memory
        said.append(memory)
    return jnp.stack(said), memory


def plain_lstm(weights: Any, inputs: Any, memory: Any, fresh: Any) -> Any:
    """Hochreiter and Schmidhuber 1997, with a forget gate, one step after the other."""
    said, (cell, out) = [], memory
    for x, begins in zip(inputs, fresh):
        cell, out = (jnp.where(begins[:, None], 0.0, m) for m in (cell, out))
        gates = x @ weights["input"] + out @ weights["memory"] + weights["bias"][None]
        admit, keep, new, emit = (gates[:, i * WIDTH : (i + 1) * WIDTH] for i in range(4))
        cell = jax.nn.sigmoid(keep) * cell + jax.nn.sigmoid(admit) * jnp.tanh(new)
        out = jax.nn.sigmoid(emit) * jnp.tanh(cell)
        said.append(out)
    return jnp.stack(said), (cell, out)


CORES = [(GRU(WIDTH), plain_gru), (LSTM(WIDTH), plain_lstm)]


def case(core: Any) -> tuple[Any, ...]:
    """Random weights (biases too), inputs, a memory that is not zero, and resets: none, some, one at the first step."""
    keys = jr.split(jr.key(0), 5)
    weights = core.init(INPUTS, key=keys[0])
    weights = jax.tree.map(lambda w: w + 0.3 * jr.normal(keys[1], w.shape), weights)
    inputs = jr.normal(keys[2], (STEPS, LANES, INPUTS))
    memory = jax.tree.map(lambda m: jr.normal(keys[3], m.shape), core.memory(LANES))
    fresh = jnp.zeros((STEPS, LANES), bool).at[3, 1].set(True).at[0, 2].set(True).at[5, 2].set(True)
    return weights, inputs, memory, fresh


def close(a: Any, b: Any) -> bool:
    return all(np.allclose(x, y, atol=1e-5) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


@pytest.mark.parametrize(("core", "plain"), CORES)
def test_the_core_says_what_the_cell_says(core: Any, plain: Any) -> None:
    arguments = case(core)
    assert close(jax.jit(core)(*arguments), jax.jit(plain)(*arguments))


@pytest.mark.parametrize(("core", "plain"), CORES)
def test_the_gradients_are_those_of_plain_differentiation(core: Any, plain: Any) -> None:
    weights, inputs, memory, fresh = case(core)
    probes = jr.normal(jr.key(9), (STEPS, LANES, WIDTH))
    ends = jax.tree.map(lambda m: jr.normal(jr.key(10), m.shape), memory)

    def loss(run: Any) -> Any:
        def value(weights: Any, inputs: Any, memory: Any) -> Any:
            said, after = run(weights, inputs, memory, fresh)
            final = sum(jnp.sum(a * b) for a, b in zip(jax.tree.leaves(after), jax.tree.leaves(ends)))
            return jnp.sum(said * probes) + final

        return jax.jit(jax.grad(value, argnums=(0, 1, 2)))

    found, expected = loss(core)(weights, inputs, memory), loss(plain)(weights, inputs, memory)
    assert close(found, expected)
    assert all(np.any(np.abs(leaf) > 0.1) for leaf in jax.tree.leaves(expected))


@pytest.mark.parametrize(("core", "plain"), CORES)
def test_no_gradient_passes_the_beginning_of_an_episode(core: Any, plain: Any) -> None:
    weights, inputs, memory, fresh = case(core)
    loss = lambda inputs, memory: jnp.sum(core(weights, inputs, memory, fresh)[0][5:, 2] ** 2)
    to_inputs, to_memory = jax.jit(jax.grad(loss, argnums=(0, 1)))(inputs, memory)
    assert not np.any(to_inputs[:5])  # lane 2 begins anew at step 5
    assert np.all(np.abs(to_inputs[5:, 2]).sum(-1) > 0)
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(to_memory))


@pytest.mark.parametrize("core", [GRU(WIDTH), LSTM(WIDTH)])
def test_step_by_step_is_the_same_as_all_at_once(core: Any) -> None:
    weights, inputs, memory, fresh = case(core)
    whole, end = jax.jit(core)(weights, inputs, memory, fresh)
    step = jax.jit(core)
    for t in range(STEPS):
        said, memory = step(weights, inputs[t][None], memory, fresh[t][None])
        assert np.allclose(said[0], whole[t], atol=1e-6)
    assert close(memory, end)


def test_each_gate_starts_orthogonal() -> None:
    for core, gates in ((GRU(8), 3), (LSTM(8), 4)):
        weights = core.init(3, key=jr.key(1))["memory"]
        for gate in range(gates):
            square = weights[:, 8 * gate : 8 * gate + 8]
            assert np.allclose(square @ square.T, np.eye(8), atol=1e-5)
