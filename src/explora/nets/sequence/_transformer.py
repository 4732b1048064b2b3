"""The network: attention, a perceptron, and what a step may look at."""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import ArgumentError, between

from .._affine import affine

_HIDDEN = -1e9  # finite, so that a query that may look at nothing gives no not-a-number


class Transformer(eqx.Module):
    """A pre-norm transformer over a prefix of conditions and a causal body.

    A token of the body looks at itself, at the `window - 1` tokens before it that are of the same segment, and at the
    whole prefix; the tokens of the prefix look at each other.

    **Arguments:**

    - `width`: of a token.
    - `layers`, `heads`: how many; `heads` divides `width`.
    - `feed`: how many times wider the perceptron of a layer is.
    - `window`: how many tokens of the body a token sees, itself among them.
    - `ages`: whether attention falls off with the age of a token, by a slope of its own for each head (ALiBi). It needs
      no table of places, so a body may be of any length. False: whoever makes the tokens says where they stand.
    - `activation`: of the perceptrons.

    **Reference:** Vaswani et al. 2017 (arXiv:1706.03762); Xiong et al. 2020 (arXiv:2002.04745) for the place of the
    norms; Press et al. 2022, ALiBi (arXiv:2108.12409).
    """

    width: int = eqx.field(static=True, default=64)
    layers: int = eqx.field(static=True, default=2)
    heads: int = eqx.field(static=True, default=4)
    feed: int = eqx.field(static=True, default=4)
    window: int = eqx.field(static=True, default=32)
    ages: bool = eqx.field(static=True, default=True)
    activation: Literal["gelu", "relu"] = eqx.field(static=True, default="gelu")

    def __check_init__(self):
        for name in ("width", "layers", "heads", "feed", "window"):
            between(name, getattr(self, name), 1)
        if self.width % self.heads:
            raise ArgumentError(f"`heads` must divide `width`={self.width}, got {self.heads}")

    def init(self, *, key: PRNGKeyArray) -> dict[str, Any]:
        """Weights; those that end a residual branch are smaller by √(2 · layers), as in GPT-2."""
        keys = jr.split(key, 4 * self.layers)
        inner, last = self.feed * self.width, 0.02 / (2 * self.layers) ** 0.5
        layers = []
        for layer in range(self.layers):
            own = keys[4 * layer : 4 * layer + 4]
            layers.append({
                "norm": _norm(self.width),
                "look": _matrix(own[0], self.width, 3 * self.width, 0.02),
                "say": _matrix(own[1], self.width, self.width, last),
                "norm_feed": _norm(self.width),
                "widen": _matrix(own[2], self.width, inner, 0.02),
                "narrow": _matrix(own[3], inner, self.width, last),
            })  # fmt: skip
        return {"layers": layers, "norm": _norm(self.width)}

    def __call__(
        self,
        weights: dict[str, Any],
        body: Float[Array, "lanes time width"],
        *,
        segment: Int32[Array, "lanes time"] | None = None,
        prefix: Float[Array, "lanes pinned width"] | None = None,
        there: Bool[Array, "lanes pinned"] | None = None,
    ) -> Float[Array, "lanes time width"]:
        """What it makes of every step of whole sequences.

        **Arguments:**

        - `weights`: from `init`.
        - `body`: one token a step.
        - `segment`: tokens of different segments do not see each other (several episodes in a row; padding with a
          number of its own). None: one segment.
        - `prefix`: conditions that all steps see.
        - `there`: which of them count; None: all.
        """
        lanes, time, _ = body.shape
        pinned = 0 if prefix is None else prefix.shape[1]
        tokens = body if prefix is None else jnp.concatenate([prefix, body], axis=1)
        bias = self._bias(lanes, time, pinned, segment, there)
        for layer in weights["layers"]:
            queries, keys, values = self.look(layer, tokens)
            tokens = self.answer(layer, tokens, attend(queries, keys, values, bias))
        return norm(weights["norm"], tokens[:, pinned:])

    def look(self, layer: dict[str, Any], tokens: Float[Array, "lanes time width"]) -> tuple[Array, Array, Array]:
        """Queries, keys and values of tokens: each `(lanes, time, heads, width / heads)`."""
        found = affine(norm(layer["norm"], tokens), *layer["look"])
        shape = (*tokens.shape[:-1], self.heads, self.width // self.heads)
        queries, keys, values = (part.reshape(shape) for part in jnp.split(found, 3, axis=-1))
        return queries, keys, values

    def answer(
        self, layer: dict[str, Any], tokens: Float[Array, "lanes time width"], found: Float[Array, "lanes time width"]
    ) -> Float[Array, "lanes time width"]:
        """The tokens after a layer, given what attention found for each."""
        tokens = tokens + affine(found, *layer["say"])
        bend = {"gelu": jax.nn.gelu, "relu": jax.nn.relu}[self.activation]
        inner = bend(affine(norm(layer["norm_feed"], tokens), *layer["widen"]))
        return tokens + affine(inner, *layer["narrow"])

    @property
    def slopes(self) -> Float[np.ndarray, " heads"]:
        """How fast attention of each head falls off with age: 2⁻⁸ʰ/ʰᵉᵃᵈˢ for h = 1 … heads; 0 without `ages`."""
        steps = np.arange(1, self.heads + 1, dtype=np.float32)
        return 2.0 ** (-8.0 * steps / self.heads) if self.ages else np.zeros(self.heads, np.float32)

    def _bias(
        self, lanes: int, time: int, pinned: int, segment: Array | None, there: Array | None
    ) -> Float[Array, "some heads queries keys"]:
        """What is added to the product of each query and key, for lanes that are alike once for all."""
        age = np.arange(time)[:, None] - np.arange(time)[None, :]
        seen = jnp.asarray((age >= 0) & (age < self.window))[None]
        if segment is not None:
            seen = seen & (segment[:, :, None] == segment[:, None, :])
        faded = -self.slopes[:, None, None] * np.maximum(age, 0).astype(np.float32)
        body = jnp.where(seen[:, None], faded[None], _HIDDEN)
        if not pinned:
            return body
        shown = jnp.ones((1, pinned), bool) if there is None else there
        shown = jnp.where(shown[:, None, None, :], 0.0, _HIDDEN)
        whole = max(body.shape[0], shown.shape[0])
        wide = lambda x, *shape: jnp.broadcast_to(x, (whole, self.heads, *shape))
        above = [wide(shown, pinned, pinned), jnp.full((whole, self.heads, pinned, time), _HIDDEN)]
        below = [wide(shown, time, pinned), wide(body, time, time)]
        return jnp.concatenate([jnp.concatenate(above, axis=3), jnp.concatenate(below, axis=3)], axis=2)


def attend(
    queries: Float[Array, "lanes queries heads size"],
    keys: Float[Array, "lanes keys heads size"],
    values: Float[Array, "lanes keys heads size"],
    bias: Float[Array, "some of_heads of_queries keys"],
) -> Float[Array, "lanes queries width"]:
    """The values that queries find: their mean by the softmax of products over √size plus `bias`.

    An axis of length 1 of `bias` stands for all.
    """
    products = jnp.einsum("lqhs,lkhs->lhqk", queries, keys) / queries.shape[-1] ** 0.5
    found = jnp.einsum("lhqk,lkhs->lqhs", jax.nn.softmax(products + bias, axis=-1), values)
    return found.reshape(*found.shape[:2], -1)


def norm(weights: tuple[Array, Array], x: Float[Array, "*batch width"]) -> Float[Array, "*batch width"]:
    """Layer normalisation. **Reference:** Ba et al. 2016 (arXiv:1607.06450)."""
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    scale = jax.lax.rsqrt(jnp.mean(centred**2, axis=-1, keepdims=True) + 1e-5)
    gain, shift = (jnp.broadcast_to(each, x.shape) for each in weights)
    return centred * scale * gain + shift


def hidden_where(seen: Bool[Array, "*shape"], bias: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """`bias` where something may be looked at, and hidden elsewhere."""
    return jnp.where(seen, bias, _HIDDEN)


def _norm(width: int) -> tuple[Array, Array]:
    return jnp.ones((width,)), jnp.zeros((width,))


def _matrix(key: PRNGKeyArray, inputs: int, outputs: int, scale: float) -> tuple[Array, Array]:
    return scale * jr.normal(key, (inputs, outputs)), jnp.zeros((outputs,))
