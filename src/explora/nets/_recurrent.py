"""Recurrent cores whose training pass is a few large matrix products.

Differentiating a scan naively accumulates the gradients of the weights inside the loop, as thousands of thin products.
Here the forward loop keeps what each product read, the backward loop collects the gradients of the gates, and the
gradients of the weights are one or two large products afterwards. The numbers are the same; only their order of
summation differs. The product with the inputs stays inside the loop: at these widths a product that is written to
memory and read again costs more than a thinner one whose result stays in the cache.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from explora.core import between


class Core(eqx.Module):
    """A recurrent core: a configuration that makes weights and applies them to sequences.

    **Arguments:**

    - `width`: how many units it has.
    """

    width: int = eqx.field(static=True, default=128)

    def __check_init__(self):
        between("width", self.width, 1)

    def init(self, inputs: int, *, key: PRNGKeyArray) -> dict[str, Array]:
        """Weights for inputs of that many features."""
        raise NotImplementedError

    def memory(self, lanes: int) -> Any:
        """The memory at the start of an episode."""
        raise NotImplementedError

    def __call__(
        self,
        weights: dict[str, Array],
        inputs: Float[Array, "steps lanes features"],
        memory: Any,
        fresh: Bool[Array, "steps lanes"],
    ) -> tuple[Float[Array, "steps lanes width"], Any]:
        """Runs over sequences.

        **Arguments:**

        - `weights`: from `init`.
        - `inputs`: what to read.
        - `memory`: at the first step.
        - `fresh`: where an episode starts: the memory is cleared before that step.

        **Returns:** what it says at each step, and the memory after the last.
        """
        raise NotImplementedError


class GRU(Core):
    """Gated recurrent unit; the reset gate acts on the product of memory and weights.

    **Reference:** Cho et al. 2014 (arXiv:1406.1078), in the variant of cuDNN.
    """

    def init(self, inputs: int, *, key: PRNGKeyArray) -> dict[str, Array]:
        input_key, memory_key = jr.split(key)
        return {
            "input": _lecun(input_key, inputs, 3 * self.width),
            "memory": _orthogonal_gates(memory_key, self.width, 3),
            "bias": jnp.zeros((3 * self.width,)),
            "memory_bias": jnp.zeros((self.width,)),
        }

    def memory(self, lanes: int) -> Float[Array, "lanes width"]:
        return jnp.zeros((lanes, self.width))

    def __call__(self, weights: Any, inputs: Any, memory: Any, fresh: Any) -> tuple[Array, Array]:
        out = _gru(weights, inputs, memory, fresh)
        return out, out[-1]


class LSTM(Core):
    """Long short-term memory, gates in the order input, forget, cell, output.

    **Reference:** Hochreiter and Schmidhuber 1997; no peepholes, no forget bias (as Flax's cell).
    """

    def init(self, inputs: int, *, key: PRNGKeyArray) -> dict[str, Array]:
        input_key, memory_key = jr.split(key)
        return {
            "input": _lecun(input_key, inputs, 4 * self.width),
            "memory": _orthogonal_gates(memory_key, self.width, 4),
            "bias": jnp.zeros((4 * self.width,)),
        }

    def memory(self, lanes: int) -> tuple[Array, Array]:
        return jnp.zeros((lanes, self.width)), jnp.zeros((lanes, self.width))

    def __call__(self, weights: Any, inputs: Any, memory: Any, fresh: Any) -> tuple[Array, tuple[Array, Array]]:
        cells, out = _lstm(weights, inputs, memory, fresh)
        return out, (cells[-1], out[-1])


def _clear(fresh: Bool[Array, " lanes"], memory: Float[Array, "lanes width"]) -> Float[Array, "lanes width"]:
    return jnp.where(fresh[:, None], 0.0, memory)


def _outer(x: Float[Array, "steps lanes inputs"], y: Float[Array, "steps lanes outputs"]) -> Array:
    """The sum of outer products over steps and lanes, as one flat product: on CPUs XLA is slow at the 3-D form."""
    return x.reshape(-1, x.shape[-1]).T @ y.reshape(-1, y.shape[-1])


def _sigmoid(x: Array) -> Array:
    return 0.5 * jnp.tanh(0.5 * x) + 0.5


# --- GRU -------------------------------------------------------------------------------------------------------------


def _gru_step(weights: Any, read: Array, before: Array) -> tuple[Array, tuple[Array, ...]]:
    width = before.shape[-1]
    from_input = read @ weights["input"] + weights["bias"][None]
    from_memory = before @ weights["memory"]
    gates = _sigmoid(from_input[:, : 2 * width] + from_memory[:, : 2 * width])
    reset, keep = gates[:, :width], gates[:, width:]
    recalled = from_memory[:, 2 * width :] + weights["memory_bias"][None]
    new = jnp.tanh(from_input[:, 2 * width :] + reset * recalled)
    return new + keep * (before - new), (before, reset, keep, new, recalled)


@jax.custom_vjp
def _gru(weights: Any, inputs: Array, memory: Array, fresh: Array) -> Array:
    return _gru_forward(weights, inputs, memory, fresh)[0]


def _gru_forward(weights: Any, inputs: Array, memory: Array, fresh: Array) -> tuple[Array, Any]:
    def step(before: Array, x: tuple[Array, Array]) -> tuple[Array, Any]:
        after, kept = _gru_step(weights, x[0], _clear(x[1], before))
        return after, (after, kept)

    _, (out, kept) = jax.lax.scan(step, memory, (inputs, fresh))
    return out, (weights, inputs, fresh, kept)


def _gru_backward(saved: Any, upstream: Array) -> tuple[Any, ...]:
    weights, inputs, fresh, kept = saved
    to_input, to_memory = weights["input"].T, weights["memory"].T

    def step(later: Array, x: tuple[Any, ...]) -> tuple[Array, tuple[Array, ...]]:
        up, fresh, (before, reset, keep, new, recalled) = x
        grad = up + later
        d_new = grad * (1 - keep) * (1 - new * new)
        d_keep = grad * (before - new) * keep * (1 - keep)
        d_reset = d_new * recalled * reset * (1 - reset)
        d_from_input = jnp.concatenate([d_reset, d_keep, d_new], axis=-1)
        d_from_memory = jnp.concatenate([d_reset, d_keep, d_new * reset], axis=-1)
        earlier = _clear(fresh, grad * keep + d_from_memory @ to_memory)
        return earlier, (d_from_input @ to_input, d_from_input, d_from_memory)

    start = jnp.zeros_like(upstream[0])
    d_start, (d_inputs, d_from_input, d_from_memory) = jax.lax.scan(step, start, (upstream, fresh, kept), reverse=True)
    d_weights = {
        "input": _outer(inputs, d_from_input),
        "memory": _outer(kept[0], d_from_memory),
        "bias": d_from_input.sum((0, 1)),
        "memory_bias": d_from_memory[..., 2 * start.shape[-1] :].sum((0, 1)),
    }
    return d_weights, d_inputs, d_start, None


_gru.defvjp(_gru_forward, _gru_backward)


# --- LSTM ------------------------------------------------------------------------------------------------------------


def _lstm_step(gates: Array, cell: Array) -> tuple[Array, Array, tuple[Array, ...]]:
    width = cell.shape[-1]
    opened = _sigmoid(jnp.concatenate([gates[:, : 2 * width], gates[:, 3 * width :]], axis=-1))
    admit, keep, emit = opened[:, :width], opened[:, width : 2 * width], opened[:, 2 * width :]
    new = jnp.tanh(gates[:, 2 * width : 3 * width])
    cell = keep * cell + admit * new
    shown = jnp.tanh(cell)
    return cell, emit * shown, (admit, keep, new, emit, shown)


@jax.custom_vjp
def _lstm(weights: Any, inputs: Array, memory: tuple[Array, Array], fresh: Array) -> tuple[Array, Array]:
    return _lstm_forward(weights, inputs, memory, fresh)[0]


def _lstm_forward(weights: Any, inputs: Array, memory: tuple[Array, Array], fresh: Array) -> Any:
    both = jnp.concatenate([weights["input"], weights["memory"]])  # one product for inputs and memory

    def step(carry: tuple[Array, Array], x: tuple[Array, Array]) -> tuple[Any, Any]:
        before, out = _clear(x[1], carry[0]), _clear(x[1], carry[1])
        read = jnp.concatenate([x[0], out], axis=-1)
        cell, out, kept = _lstm_step(read @ both + weights["bias"][None], before)
        return (cell, out), (cell, out, (read, before, *kept))

    _, (cells, out, kept) = jax.lax.scan(step, memory, (inputs, fresh))
    return (cells, out), (both, fresh, kept)


def _lstm_backward(saved: Any, upstream: tuple[Array, Array]) -> tuple[Any, ...]:
    both, fresh, (read, *kept) = saved
    features = both.shape[0] - both.shape[1] // 4
    transposed = both.T

    def step(later: tuple[Array, Array], x: tuple[Any, ...]) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        (up_cell, up_out), fresh, (before, admit, keep, new, emit, shown) = x
        d_out = up_out + later[1]
        d_cell = up_cell + later[0] + d_out * emit * (1 - shown * shown)
        gates = [
            d_cell * new * admit * (1 - admit),
            d_cell * before * keep * (1 - keep),
            d_cell * admit * (1 - new * new),
            d_out * shown * emit * (1 - emit),
        ]
        d_gates = jnp.concatenate(gates, axis=-1)
        d_read = d_gates @ transposed
        earlier = _clear(fresh, d_cell * keep), _clear(fresh, d_read[:, features:])
        return earlier, (d_gates, d_read[:, :features])

    start = jax.tree.map(lambda x: jnp.zeros_like(x[0]), upstream)
    d_memory, (d_gates, d_inputs) = jax.lax.scan(step, start, (upstream, fresh, kept), reverse=True)
    d_both = _outer(read, d_gates)
    d_weights = {"input": d_both[:features], "memory": d_both[features:], "bias": d_gates.sum((0, 1))}
    return d_weights, d_inputs, d_memory, None


_lstm.defvjp(_lstm_forward, _lstm_backward)


def _lecun(key: PRNGKeyArray, inputs: int, outputs: int) -> Array:
    return jax.nn.initializers.lecun_normal()(key, (inputs, outputs))


def _orthogonal_gates(key: PRNGKeyArray, width: int, gates: int) -> Array:
    """Each gate's matrix is orthogonal by itself."""
    make = jax.nn.initializers.orthogonal()
    return jnp.concatenate([make(k, (width, width)) for k in jr.split(key, gates)], axis=1)
