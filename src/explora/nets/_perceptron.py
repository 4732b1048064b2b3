"""Small multi-layer perceptrons, trained from scratch for a number of steps that does not depend on the data."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int32

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
    """How layers of ReLU units with a linear output are trained, and a head that predicts the loss if one is wanted.

    **Arguments:** as of `Ensemble`; `allowed` are the classes that exist, None: the outputs are values.
    """

    decay: float
    steps: int
    rate: float
    judges: bool
    allowed: Bool[Array, " classes"] | None

    def fit(self, weights: dict[str, Any], rows: Rows, picks: Int32[Array, "steps batch"]) -> dict[str, Any]:
        """Trains one member by AdamW, with a rate that falls to zero along half a cosine.

        **Arguments:**

        - `weights`: where it starts, from `first_weights`.
        - `rows`: what is learned from.
        - `picks`: the rows of each step.

        **Reference:** Loshchilov & Hutter 2019 (arXiv:1711.05101), algorithm 2.
        """
        start, shaped = ravel_pytree(weights)  # one long vector: the update is compiled once, not once a layer
        heaviness = jnp.maximum(jnp.mean(rows.weights[picks]), 1e-30)

        def step(state: tuple[Array, ...], picked: Int32[Array, " batch"]) -> tuple[tuple[Array, ...], None]:
            place, mean, square, turn = state
            batch = Rows(*(x[picked] for x in rows))
            together = turn < _TOGETHER * self.steps
            gradient = jax.grad(lambda x: self._loss(shaped(x), batch, heaviness, together))(place)
            mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
            rate = self.rate * 0.5 * (1.0 + jnp.cos(jnp.pi * turn / self.steps))
            turn = turn + 1.0
            move = mean / (1.0 - 0.9**turn) / (jnp.sqrt(square / (1.0 - 0.999**turn)) + 1e-8)
            return (place - rate * (move + self.decay * place), mean, square, turn), None

        zero = jnp.zeros_like(start)
        return shaped(jax.lax.scan(step, (start, zero, zero, jnp.float32(0.0)), picks)[0][0])

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
        if not self.judges:
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


def first_weights(
    features: int, outputs: int, *, width: int, depth: int, judges: bool, rng: np.random.Generator
) -> dict[str, Any]:
    """Weights as He et al. 2015 (arXiv:1502.01852) draw them, zero biases.

    **Arguments:** as of `Ensemble`; `features` and `outputs` are those of the whole network.
    """
    layer = lambda inputs, outputs, gain: (
        (rng.standard_normal((inputs, outputs)) * (gain / inputs) ** 0.5).astype(np.float32),
        np.zeros(outputs, np.float32),
    )
    weights = {
        "layers": [layer(features if i == 0 else width, width, 2.0) for i in range(depth)],
        "out": layer(width, outputs, 1.0),
    }
    if judges:
        weights["readers"] = [layer(width, _JUDGE, 2.0) for _ in range(depth)]
        weights["judge"] = layer(_JUDGE * depth, 1, 1.0)
    return weights


def picked(rows: int, steps: int, *, rng: np.random.Generator) -> Int32[np.ndarray, "steps batch"]:
    """The rows of each step: a sample, or everything in a new order (and some padding) if that is no more."""
    if rows > _BATCH:
        return rng.integers(0, rows, (steps, _BATCH), np.int32)
    return rng.permuted(np.tile(np.arange(_BATCH, dtype=np.int32), (steps, 1)), axis=1)
