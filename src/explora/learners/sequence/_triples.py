"""Decision Transformer's own layout: three tokens a step."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, Key, PRNGKeyArray

from explora.core import Box, CombinationError, Discrete, Spec, between
from explora.nets import affine, features, flatten
from explora.nets.sequence import Memory, Transformer, norm

from ._net import ToldNet
from ._windows import TOLD, Past


class TripleNet(ToldNet):
    """Three tokens a step, as Decision Transformer has them: the return that is left, what is seen, what is done.

    Each is a linear map of its own plus an embedding of how many steps the episode has had, the same for all three;
    layer normalisation; a transformer with ReLU and no places of its own; the action is read off what is seen. What is
    published is continuous: tanh of a linear map, and the mean square of what it is off. Choices have a softmax, and
    cross-entropy. A return that is not told (the paper always tells it) is a learned constant.

    It learns what `SequenceNet` learns from three times as many tokens; it is here to be compared with.

    **Arguments:**

    - `width`, `layers`, `heads`: of the transformer.
    - `steps`: how many it looks back.
    - `longest`: for how many steps of an episode there are embeddings.
    - `scale`: returns are divided by it.

    **Reference:** Chen et al. 2021, section 3 (arXiv:2106.01345), with the constants of its continuous tasks.
    """

    hears: ClassVar[tuple[str, ...]] = ("return",)
    some: ClassVar[int] = 3
    width: int = eqx.field(static=True, default=128)
    layers: int = eqx.field(static=True, default=3)
    heads: int = eqx.field(static=True, default=1)
    steps: int = eqx.field(static=True, default=20)
    longest: int = eqx.field(static=True, default=1000, kw_only=True)
    scale: float = 1.0

    def __check_init__(self):
        between("steps", self.steps, 1)
        between("longest", self.longest, 1)
        between("scale", self.scale, 0, strict=True)
        if self.past:
            raise CombinationError("TripleNet is shown no steps of other episodes: take `SequenceNet` for `past`")
        _ = self.transformer  # which complains

    @property
    def window(self) -> int:
        return self.steps

    @property
    def transformer(self) -> Transformer:
        """The action before the first step that is remembered is not."""
        return Transformer(
            self.width, self.layers, self.heads, window=3 * self.steps - 1, ages=False, activation="relu"
        )

    def init(self, spec: dict[str, Any], action: Spec, *, key: PRNGKeyArray) -> dict[str, Any]:
        if isinstance(action, Discrete):
            outputs = action.count
        elif isinstance(action, Box):
            outputs = features(action)
        else:
            raise CombinationError(f"actions must be Discrete or Box, got {type(action).__name__}")
        keys, width = jr.split(key, 7), self.width
        draw = lambda k, rows, columns: 0.02 * jr.normal(k, (rows, columns))
        linear = lambda k, rows, columns: (draw(k, rows, columns), jnp.zeros((columns,)))
        return {
            "body": self.transformer.init(key=keys[0]),
            "time": draw(keys[1], self.longest, width),
            "return": linear(keys[2], 1, width),
            "no return": draw(keys[3], 1, width)[0],
            "seen": linear(keys[4], features(spec["seen"]), width),
            "action": linear(keys[5], features(spec["action"]), width),
            "norm": (jnp.ones((width,)), jnp.zeros((width,))),
            "head": linear(keys[6], width, outputs),
        }

    def tokens(
        self, weights: dict[str, Any], spec: dict[str, Any], moments: dict[str, Any]
    ) -> Float[Array, "*batch 3 width"]:
        """What each moment adds: the action that led to it, the return that is left, what is seen."""
        time = moments["time"].astype(jnp.int32)
        when = weights["time"][jnp.clip(time, 0, self.longest - 1)]
        before = weights["time"][jnp.clip(time - 1, 0, self.longest - 1)]
        done = affine(flatten(spec["action"], moments["action"]), *weights["action"])
        left = affine(moments["return"][..., None] / self.scale, *weights["return"])
        told = moments["told"][..., TOLD.index("return"), None] > 0
        left = jnp.where(told, left, jnp.broadcast_to(weights["no return"], left.shape))
        seen = affine(flatten(spec["seen"], moments["seen"]), *weights["seen"])
        return norm(weights["norm"], jnp.stack([done + before, left + when, seen + when], axis=-2))

    def __call__(
        self,
        weights: dict[str, Any],
        spec: dict[str, Any],
        ranges: dict[str, Array],
        moments: dict[str, Any],
        past: Past | None = None,
        segment: Int32[Array, "lanes time"] | None = None,
    ) -> Float[Array, "lanes time outputs"]:
        tokens = self.tokens(weights, spec, moments)
        lanes, time = tokens.shape[:2]
        if segment is not None:
            segment = jnp.repeat(segment, 3, axis=1)[:, :-1]  # an action belongs to the step at which it was done
        body = tokens.reshape(lanes, 3 * time, self.width)[:, 1:]
        found = self.transformer(weights["body"], body, segment=segment)
        return affine(found[:, 1::3], *weights["head"])

    def step(
        self,
        weights: dict[str, Any],
        spec: dict[str, Any],
        ranges: dict[str, Array],
        moment: dict[str, Any],
        memory: Memory,
        fresh: Bool[Array, " lanes"] | None,
    ) -> tuple[Memory, Float[Array, "lanes outputs"]]:
        tokens = self.tokens(weights, spec, moment)
        after, found = memory.step(self.transformer, weights["body"], tokens, fresh, before=1)
        return after, affine(found, *weights["head"])

    def losses(
        self, action: Spec, outputs: Float[Array, "*batch outputs"], done: Array, moments: dict[str, Any]
    ) -> Float[Array, "*batch"]:
        """The mean square of what real actions are off; of choices -log p."""
        if isinstance(action, Discrete):
            return super().losses(action, outputs, done, moments)
        off = done.reshape(outputs.shape) - self.real(action, outputs)
        return jnp.mean(off**2, axis=-1)

    def chosen(self, action: Spec, outputs: Float[Array, "lanes outputs"], keys: Key[Array, " lanes"], sampled: bool):
        """The likeliest action; of choices also one drawn by its probability."""
        if isinstance(action, Discrete):
            return super().chosen(action, outputs, keys, sampled)
        return self.real(action, outputs).reshape(len(outputs), *action.shape).astype(action.dtype)

    def insisted(
        self,
        action: Spec,
        told: Float[Array, "lanes outputs"],
        untold: Float[Array, "lanes outputs"],
        insist: float,
    ) -> Float[Array, "lanes outputs"]:
        """Outputs with `insist` times the difference that being told makes: real actions have no spread here."""
        return untold + insist * (told - untold)

    def real(self, action: Spec, outputs: Float[Array, "*batch outputs"]) -> Float[Array, "*batch outputs"]:
        """Real actions: between the bounds by tanh, as they are where there are none."""
        if not isinstance(action, Box) or not math.isfinite(action.high - action.low):
            return outputs
        middle, half = (action.high + action.low) / 2, (action.high - action.low) / 2
        return middle + half * jnp.tanh(outputs)
