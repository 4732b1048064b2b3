"""A small perceptron for every lane: what evolution strategies play with."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32, Key, PyTree

from explora.core import Box, CombinationError, Discrete, Policy, Spec


class Shape(eqx.Module):
    """Which numbers a network reads and which it says.

    **Arguments:**

    - `sizes`: of its layers, input and output included.
    - `action`: what it decides.
    """

    sizes: tuple[int, ...] = eqx.field(static=True)
    action: Spec

    @property
    def count(self) -> int:
        """How many weights it has."""
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(self.sizes))


def shape_of(observation: PyTree[Spec], action: Spec, hidden: Sequence[int]) -> Shape:
    """The shape of a network for an environment.

    **Arguments:**

    - `observation`, `action`: of the environment.
    - `hidden`: units of each hidden layer.

    **Raises:** `CombinationError` for actions that are neither choices nor a bounded row of numbers.
    """
    leaves = jax.tree.leaves(observation, is_leaf=lambda x: hasattr(x, "shape"))
    inputs = sum(_size(leaf.shape) for leaf in leaves)
    if isinstance(action, Discrete):
        outputs = action.count
    elif isinstance(action, Box) and len(action.shape) == 1 and abs(action.low) + abs(action.high) < float("inf"):
        outputs = action.shape[0]
    else:
        raise CombinationError(f"ES decides by choices or by a bounded row of numbers, but actions are {action}")
    return Shape((inputs, *hidden, outputs), action)


class LanePolicy(Policy):
    """Perceptrons of hyperbolic tangents; the output layer is one too.

    Numbers are decided by scaling the outputs to their bounds, choices by the largest output.

    **Arguments:**

    - `weights`: of all members: for each layer those between units, inputs first, then those of the units themselves.
    - `shape`: of every network.
    """

    weights: Float[Array, "members weights"]
    shape: Shape

    def prepared(self, who: Int32[Array, " lanes"] | None) -> Policy:
        if who is None:
            return self
        # Else the compiler would turn all weights anew at each step, which costs more than what is done with them.
        turned = jax.lax.optimization_barrier(self.weights[who].T)
        return _Turned(tuple(_layers(turned, self.shape.sizes)), self.shape)

    def __call__(
        self,
        observations: PyTree,
        memory: PyTree,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Any]]:
        if who is not None:
            return self.prepared(who)(observations, memory, fresh, keys=keys, who=who)
        x = _seen(observations, fresh.shape[0])
        for between, own in _layers(self.weights[0], self.shape.sizes):
            x = jnp.tanh(x @ between + own[None])
        return _decided(x, self.shape.action), memory, {}


class _Turned(Policy):
    """What each lane's own network says.

    **Arguments:**

    - `layers`: the weights between inputs and outputs of each layer, and those of the outputs; the lanes are the last
      axis, where memory is contiguous.
    - `shape`: of every network.
    """

    layers: tuple[tuple[Float[Array, "_ _ lanes"], Float[Array, "_ lanes"]], ...]
    shape: Shape

    def __call__(
        self,
        observations: PyTree,
        memory: PyTree,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Any]]:
        x = _seen(observations, fresh.shape[0]).T
        for between, said in self.layers:
            # Input by input, in one pass over the weights: a sum over an axis is ten times slower.
            for n in range(between.shape[0]):
                said = said + between[n] * x[n][None]
            x = jnp.tanh(said)
        return _decided(x.T, self.shape.action), memory, {}


def _seen(observations: PyTree, lanes: int) -> Float[Array, "lanes numbers"]:
    leaves = [x.reshape(lanes, -1).astype(jnp.float32) for x in jax.tree.leaves(observations)]
    return jnp.concatenate(leaves, axis=1)


def _layers(weights: Array, sizes: tuple[int, ...]) -> list[tuple[Array, Array]]:
    """The weights of each layer; whatever axes follow the first stay."""
    found, at = [], 0
    for inputs, outputs in pairwise(sizes):
        middle = at + inputs * outputs
        between = weights[at:middle].reshape(inputs, outputs, *weights.shape[1:])
        found.append((between, weights[middle : middle + outputs]))
        at = middle + outputs
    return found


def _decided(said: Float[Array, "lanes outputs"], action: Spec) -> Array:
    if isinstance(action, Discrete):
        return jnp.argmax(said, axis=1).astype(action.dtype)
    assert isinstance(action, Box)  # `shape_of` lets nothing else through
    return action.low + (said + 1.0) * ((action.high - action.low) / 2)


def _size(shape: tuple[int, ...]) -> int:
    return math.prod(shape)
