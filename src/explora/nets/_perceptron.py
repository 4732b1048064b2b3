"""Small multi-layer perceptrons, trained from scratch for a number of steps that does not depend on the data."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from ._affine import affine

_BATCH = 64
"""Rows of a step; with no more rows than that, every step sees all of them."""

_JUDGE = 16
"""Features that the head which predicts the loss takes from each layer."""

_TOGETHER = 0.6
"""The share of the steps in which that head shapes the layers that it reads."""


class Rows(NamedTuple):
    """What is learned from: inputs, one-hot classes or scaled values, and the weights of one member."""

    inputs: Float[Array, "rows features"]
    targets: Float[Array, "rows outputs"]
    weights: Float[Array, " rows"]


class Perceptron(eqx.Module):
    """`depth` layers of `width` ReLU units, a linear output, and a head that predicts the loss where one is wanted.

    **Arguments:** as of `Ensemble`; `allowed` are the classes that exist, None: the outputs are values.
    """

    width: int
    depth: int
    decay: float
    steps: int
    rate: float
    losses: bool
    allowed: Bool[Array, " classes"] | None

    def init(self, features: int, outputs: int, *, key: PRNGKeyArray) -> dict[str, Any]:
        """Weights as He et al. 2015 (arXiv:1502.01852) draw them, zero biases."""
        sides = [features, *[self.width] * self.depth]
        keys = jr.split(key, 2 * self.depth + 2)
        layers = [_layer(*x) for x in zip(sides[:-1], sides[1:], keys[: self.depth], strict=True)]
        weights = {"layers": layers, "out": _layer(self.width, outputs, keys[-1], 1.0)}
        if self.losses:
            readers = [_layer(self.width, _JUDGE, k) for k in keys[self.depth : 2 * self.depth]]
            weights |= {"readers": readers, "judge": _layer(_JUDGE * self.depth, 1, keys[-2], 1.0)}
        return weights

    def fit(self, rows: Rows, picks: Int32[Array, "steps batch"], *, key: PRNGKeyArray) -> dict[str, Any]:
        """Trains one member by AdamW, with a rate that falls to zero.

        **Arguments:**

        - `rows`: what is learned from.
        - `picks`: the rows of each step.
        - `key`: for the first weights.
        """
        adam = optax.adamw(optax.cosine_decay_schedule(self.rate, self.steps), weight_decay=self.decay)
        weights = self.init(rows.inputs.shape[1], rows.targets.shape[1], key=key)
        heaviness = jnp.maximum(jnp.mean(rows.weights[picks]), 1e-30)

        def step(state: tuple[Any, Any], turn: tuple[Array, Array]) -> tuple[tuple[Any, Any], None]:
            weights, memory = state
            number, picked = turn
            batch = Rows(*(x[picked] for x in rows))
            together = number < _TOGETHER * self.steps
            gradient = jax.grad(self._loss)(weights, batch, heaviness, together)
            with jax.numpy_dtype_promotion("standard"):  # Optax raises a float to the power of an int
                change, memory = adam.update(gradient, memory, weights)
            return (optax.apply_updates(weights, change), memory), None

        turns = (jnp.arange(self.steps).astype(jnp.float32), picks)
        return jax.lax.scan(step, (weights, adam.init(weights)), turns)[0][0]

    def _loss(
        self, weights: dict[str, Any], rows: Rows, heaviness: Float[Array, ""], together: Bool[Array, ""]
    ) -> Float[Array, ""]:
        seen = hidden(weights, rows.inputs)
        said = affine(seen[-1], *weights["out"])
        if self.allowed is None:
            each = 0.5 * jnp.sum((said - rows.targets) ** 2, axis=1)
        else:
            logs = jax.nn.log_softmax(jnp.where(self.allowed[None], said, -1e30), axis=1)
            each = -jnp.sum(rows.targets * logs, axis=1)
        loss = jnp.mean(rows.weights * each) / heaviness
        if not self.losses:
            return loss
        read = [jnp.where(together, x, jax.lax.stop_gradient(x)) for x in seen]
        return loss + ranking(judged(weights, read), jax.lax.stop_gradient(each), rows.weights / heaviness)


def hidden(weights: dict[str, Any], inputs: Float[Array, "rows features"]) -> list[Float[Array, "rows width"]]:
    """What each hidden layer says, the first one first."""
    found = []
    for layer in weights["layers"]:
        inputs = jax.nn.relu(affine(inputs, *layer))
        found.append(inputs)
    return found


def judged(weights: dict[str, Any], seen: list[Float[Array, "rows width"]]) -> Float[Array, " rows"]:
    """The loss that the second head expects, up to a scale of its own: it learns which of two rows has the larger."""
    read = [jax.nn.relu(affine(x, *reader)) for x, reader in zip(seen, weights["readers"], strict=True)]
    return affine(jnp.concatenate(read, axis=1), *weights["judge"])[:, 0]


def ranking(
    expected: Float[Array, " rows"], losses: Float[Array, " rows"], weights: Float[Array, " rows"]
) -> Float[Array, ""]:
    """How badly expected losses rank pairs of rows: the first half of the rows against the second.

    **Reference:** Yoo & Kweon 2019 (arXiv:1905.03677), equation 2, with margin 1.
    """
    half = losses.shape[0] // 2
    first, second = slice(0, half), slice(half, 2 * half)
    sign = jnp.where(losses[first] > losses[second], 1.0, -1.0)
    short = jax.nn.relu(1.0 - sign * (expected[first] - expected[second]))
    return jnp.mean(weights[first] * weights[second] * short)


def picked(weights: Float[Array, " rows"], steps: int, *, key: PRNGKeyArray) -> Int32[Array, "steps batch"]:
    """The rows of each step: everything in a new order, or a sample among the rows that weigh anything."""
    rows = weights.shape[0]
    if rows <= _BATCH:
        return jax.vmap(lambda k: jr.permutation(k, rows))(jr.split(key, steps)).astype(jnp.int32)
    order, count = jnp.argsort(weights <= 0, stable=True), jnp.maximum(jnp.sum(weights > 0), 1)
    return order[jr.randint(key, (steps, _BATCH), 0, count)].astype(jnp.int32)


def _layer(inputs: int, outputs: int, key: PRNGKeyArray, gain: float = 2.0) -> tuple[Array, Array]:
    return jr.normal(key, (inputs, outputs)) * (gain / inputs) ** 0.5, jnp.zeros((outputs,))
