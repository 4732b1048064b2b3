"""What a transformer remembers between steps while it acts, lane by lane."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32

from explora.core import ArgumentError

from ._transformer import Transformer, attend, hidden_where, norm


class Memory(eqx.Module):
    """What the steps before have left behind, in each of several lanes."""

    @classmethod
    def empty(
        cls,
        net: Transformer,
        weights: dict[str, Any],
        lanes: int,
        *,
        prefix: Float[Array, "lanes pinned width"] | None = None,
        there: Bool[Array, "lanes pinned"] | None = None,
        some: int = 1,
    ) -> "Memory":
        """A memory of the prefix, and of no step yet.

        **Arguments:** `lanes`: how many sequences go on side by side; `some`: how many tokens each step has; the others
        as for `Transformer`.
        """
        raise NotImplementedError

    def step(
        self,
        net: Transformer,
        weights: dict[str, Any],
        tokens: Float[Array, "lanes some width"],
        reset: Bool[Array, " lanes"] | None = None,
        *,
        before: int = 0,
    ) -> tuple["Memory", Float[Array, "lanes width"]]:
        """One step of every lane, which may have several tokens.

        **Arguments:**

        - `net`, `weights`: whose memory this is.
        - `tokens`: of the step, in order.
        - `reset`: where this step is the first of a new segment: what was before is forgotten, the prefix stays.
        - `before`: how many of the tokens tell of the step before, and are forgotten too where a segment begins.

        **Returns:** the memory afterwards, and what the network makes of the last token.
        """
        raise NotImplementedError


class Ring(Memory):
    """Keys and values of the prefix and of the last `window` tokens; the newest takes the place of the oldest.

    **Arguments:**

    - `keys`, `values`: for each layer; the prefix's places first, then a few more than `window`, so that the tokens
      of one step, which come in together, do not take the places of what the first of them still sees.
    - `there`: which conditions of the prefix count.
    - `time`: how many tokens there have been.
    - `start`: the first token that each lane still knows of.
    """

    keys: tuple[Float[Array, "lanes places heads size"], ...]
    values: tuple[Float[Array, "lanes places heads size"], ...]
    there: Bool[Array, "lanes pinned"]
    time: Int32[Array, ""]
    start: Int32[Array, " lanes"]

    @classmethod
    def empty(
        cls,
        net: Transformer,
        weights: dict[str, Any],
        lanes: int,
        *,
        prefix: Float[Array, "lanes pinned width"] | None = None,
        there: Bool[Array, "lanes pinned"] | None = None,
        some: int = 1,
    ) -> "Ring":
        pinned = 0 if prefix is None else prefix.shape[1]
        shown = jnp.ones((lanes, pinned), bool) if there is None else there
        slots = -(-(net.window + some - 1) // some) * some
        shape = (lanes, pinned + slots, net.heads, net.width // net.heads)
        keys, values = ([jnp.zeros(shape) for _ in range(net.layers)] for _ in range(2))
        if prefix is not None:
            bias = hidden_where(shown[:, None, None, :], jnp.zeros((lanes, 1, 1, pinned)))
            tokens = prefix
            for place, layer in enumerate(weights["layers"]):
                queries, own, said = net.look(layer, tokens)
                keys[place] = keys[place].at[:, :pinned].set(own)
                values[place] = values[place].at[:, :pinned].set(said)
                tokens = net.answer(layer, tokens, attend(queries, own, said, bias))
        return cls(tuple(keys), tuple(values), shown, jnp.zeros((), jnp.int32), jnp.zeros((lanes,), jnp.int32))

    def step(
        self,
        net: Transformer,
        weights: dict[str, Any],
        tokens: Float[Array, "lanes some width"],
        reset: Bool[Array, " lanes"] | None = None,
        *,
        before: int = 0,
    ) -> tuple["Ring", Float[Array, "lanes width"]]:
        pinned, some = self.there.shape[1], tokens.shape[1]
        slots = self.keys[0].shape[1] - pinned
        if slots < net.window + some - 1 or slots % some:
            raise ArgumentError(f"`tokens` are {some} a step, and this memory was not made so: `empty(…, some={some})`")
        start = self.start if reset is None else jnp.where(reset, self.time + before, self.start)
        place = pinned + self.time % slots
        write = lambda old, new: jax.lax.dynamic_update_slice(old, new, (0, place, 0, 0))
        bias, keys, values = self._bias(net, some, start), [], []
        for old_keys, old_values, layer in zip(self.keys, self.values, weights["layers"], strict=True):
            query, key, value = net.look(layer, tokens)
            keys.append(write(old_keys, key))
            values.append(write(old_values, value))
            tokens = net.answer(layer, tokens, attend(query, keys[-1], values[-1], bias))
        after = Ring(tuple(keys), tuple(values), self.there, self.time + some, start)
        return after, norm(weights["norm"], tokens[:, -1])

    def _bias(self, net: Transformer, some: int, start: Array) -> Float[Array, "lanes heads some places"]:
        """What is added to the products of the queries of a step with the keys of all places."""
        pinned, lanes = self.there.shape[1], len(start)
        slots, newest = self.keys[0].shape[1] - pinned, self.time + some - 1
        held = newest - (newest - jnp.arange(slots)) % slots  # which token is in each slot; less than 0: none yet
        age = (self.time + jnp.arange(some))[:, None] - held[None, :]
        near = (age >= 0) & (age < net.window)
        seen = near[None] & (held[None, :] >= start[:, None])[:, None, :]
        faded = -jnp.asarray(net.slopes)[:, None, None] * jnp.maximum(age, 0).astype(jnp.float32)[None]
        shape = (lanes, net.heads, some)
        there = jnp.broadcast_to(self.there[:, None, None, :], (*shape, pinned))
        seen = jnp.broadcast_to(seen[:, None], (*shape, slots))
        faded = jnp.broadcast_to(jnp.pad(faded, ((0, 0), (0, 0), (pinned, 0)))[None], (*shape, pinned + slots))
        return hidden_where(jnp.concatenate([there, seen], axis=-1), faded)


class Window(Memory):
    """The last `window` tokens, all of which every step goes through again.

    **Arguments:**

    - `tokens`: the newest last.
    - `known`: how many of them there are.
    - `prefix`, `there`: as for `Transformer`; None: no prefix.
    """

    tokens: Float[Array, "lanes window width"]
    known: Int32[Array, " lanes"]
    prefix: Float[Array, "lanes pinned width"] | None
    there: Bool[Array, "lanes pinned"] | None

    @classmethod
    def empty(
        cls,
        net: Transformer,
        weights: dict[str, Any],
        lanes: int,
        *,
        prefix: Float[Array, "lanes pinned width"] | None = None,
        there: Bool[Array, "lanes pinned"] | None = None,
        some: int = 1,
    ) -> "Window":
        return cls(jnp.zeros((lanes, net.window, net.width)), jnp.zeros((lanes,), jnp.int32), prefix, there)

    def step(
        self,
        net: Transformer,
        weights: dict[str, Any],
        tokens: Float[Array, "lanes some width"],
        reset: Bool[Array, " lanes"] | None = None,
        *,
        before: int = 0,
    ) -> tuple["Window", Float[Array, "lanes width"]]:
        count = tokens.shape[1]
        known = self.known + count if reset is None else jnp.where(reset, count - before, self.known + count)
        known = jnp.minimum(known, net.window)
        kept = jnp.concatenate([self.tokens, tokens], axis=1)[:, -net.window :]
        segment = (jnp.arange(net.window)[None, :] >= net.window - known[:, None]).astype(jnp.int32)
        found = net(weights, kept, segment=segment, prefix=self.prefix, there=self.there)
        return Window(kept, known, self.prefix, self.there), found[:, -1]
