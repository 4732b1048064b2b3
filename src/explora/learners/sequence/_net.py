"""From moments to actions: how a step and what is asked for become a token, and what is read off it."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, Key, PRNGKeyArray, PyTree

from explora.core import Box, CombinationError, Discrete, Spec, between
from explora.nets import features, flatten
from explora.nets.sequence import Memory, Transformer

from ._past import KINDS, Past
from ._windows import TOLD

NUMBERS = ("return", "horizon", "skill")


class ToldNet(eqx.Module):
    """What a `Sequence` learner asks of a network: what it makes of windows, and of one step after the other.

    **Arguments:**

    - `hears`: which conditions it can be told.
    - `foretells`: whether it must learn which clauses come true (`Clauses`), since goals are not shown to it.
    - `some`: how many tokens it makes of a step.
    - `longest`: how many steps an episode may have; None: any number.
    - `past`: how many steps of other episodes it can be shown.
    - `demos`: whether these are demonstrations and trials, see `Past`; else what one agent did.
    """

    hears: ClassVar[tuple[str, ...]] = TOLD
    foretells: ClassVar[bool] = False
    some: ClassVar[int] = 1
    longest: int | None = eqx.field(static=True, default=None, kw_only=True)
    past: int = eqx.field(static=True, default=0, kw_only=True)
    demos: bool = eqx.field(static=True, default=False, kw_only=True)

    @property
    def window(self) -> int:
        """How many steps it looks back."""
        raise NotImplementedError

    @property
    def transformer(self) -> Transformer:
        """Whose memory it acts with; its weights are the entry `body`."""
        raise NotImplementedError

    def init(self, spec: dict[str, Any], action: Spec, *, key: PRNGKeyArray) -> dict[str, Any]:
        """Weights.

        **Arguments:**

        - `spec`: of a moment.
        - `action`: of an action.
        - `key`: for the weights.
        """
        raise NotImplementedError

    def prefix(
        self, weights: dict[str, Any], spec: dict[str, Any], ranges: dict[str, Array], past: Past | None
    ) -> dict[str, Any]:
        """What `Transformer` is to be given of steps of other episodes, by name; nothing where nothing is shown."""
        return {}

    def __call__(
        self,
        weights: dict[str, Any],
        spec: dict[str, Any],
        ranges: dict[str, Array],
        moments: dict[str, Any],
        past: Past | None = None,
        segment: Int32[Array, "lanes time"] | None = None,
    ) -> Float[Array, "lanes time outputs"]:
        """The outputs at every step of whole windows.

        **Arguments:**

        - `weights`: from `init`.
        - `spec`: of a moment.
        - `ranges`: the least and the greatest value of each number in the data.
        - `moments`: of each step.
        - `past`: the same for all steps of a window.
        - `segment`: steps of different segments do not see each other; None: there is one.
        """
        raise NotImplementedError

    def step(
        self,
        weights: dict[str, Any],
        spec: dict[str, Any],
        ranges: dict[str, Array],
        moment: dict[str, Any],
        memory: Memory,
        fresh: Bool[Array, " lanes"] | None,
    ) -> tuple[Memory, Float[Array, "lanes outputs"]]:
        """The outputs of one step, and what is remembered of it; `fresh` where it is the first of an episode."""
        raise NotImplementedError

    def losses(
        self, action: Spec, outputs: Float[Array, "*batch outputs"], done: Array, moments: dict[str, Any]
    ) -> Float[Array, "*batch"]:
        """How far outputs are from what was done: -log p of a softmax, or of normal distributions.

        **Arguments:**

        - `action`: its kind.
        - `outputs`: preferences, or means and logarithms of standard deviations.
        - `done`: the actions.
        - `moments`: in which they were done.
        """
        return losses(action, outputs, done)

    def heeding(
        self, action: Spec, outputs: Float[Array, "lanes outputs"], moment: dict[str, Any], insist: float
    ) -> Float[Array, "lanes some"]:
        """Outputs to choose by, after what is asked has been minded that the network itself is not told; none here."""
        return outputs

    def chosen(self, action: Spec, outputs: Float[Array, "lanes outputs"], keys: Key[Array, " lanes"], sampled: bool):
        """One action a lane, drawn or the likeliest."""
        return chosen(action, outputs, keys, sampled)

    def insisted(
        self,
        action: Spec,
        told: Float[Array, "lanes outputs"],
        untold: Float[Array, "lanes outputs"],
        insist: float,
    ) -> Float[Array, "lanes outputs"]:
        """Outputs with `insist` times the difference that being told makes; the spread of real actions is as told."""
        more = untold + insist * (told - untold)
        if isinstance(action, Discrete):
            return more
        return jnp.concatenate([jnp.split(more, 2, axis=-1)[0], jnp.split(told, 2, axis=-1)[1]], axis=-1)


class SequenceNet(ToldNet):
    """A transformer with one token a step, in which conditions scale and shift what is seen.

    A token is `seen · (1 + Σ gate) + Σ shift` plus the last action and reward; each condition that is told contributes
    a gate and a shift, one that is not told contributes learned constants instead. What is seen *times* what is wanted
    is what many decisions need (a bit is to be flipped where the two differ), and sums of embeddings do not have it.

    Numbers are shown as they are and by their place between `bins` knots, so that single values can be told apart and
    values beyond all knots still differ.

    **Arguments:**

    - `body`: the transformer.
    - `bins`: how many knots.
    - `past`: how many steps of other episodes it can be shown, as a prefix that every step sees: what an agent did
      before, to do as that agent would; or, with `demos`, a demonstration and a trial, to do better.

    **Reference:** Srivastava et al. 2019 (arXiv:1912.02877) for the gate; Perez et al. 2018, FiLM (arXiv:1709.07871).
    """

    body: Transformer = Transformer()
    bins: int = eqx.field(static=True, default=24)

    def __check_init__(self):
        between("past", self.past, 2 if self.demos else 0)  # a step of a demonstration, and of a trial
        between("bins", self.bins, 2)

    @property
    def window(self) -> int:
        return self.body.window

    @property
    def transformer(self) -> Transformer:
        return self.body

    def init(self, spec: dict[str, Any], action: Spec, *, key: PRNGKeyArray) -> dict[str, Any]:
        if isinstance(action, Discrete):
            outputs = action.count
        elif isinstance(action, Box):
            outputs = 2 * _cells(action)
        else:
            raise CombinationError(f"actions must be Discrete or Box, got {type(action).__name__}")
        width, conditions = self.body.width, [name for name in TOLD if name in spec]
        keys = iter(jr.split(key, 7 + 3 * self.demos + len(conditions)))
        weights = {
            "body": self.body.init(key=next(keys)),
            "seen": _matrix(next(keys), features(spec["seen"]), width, _cells(spec["seen"])),
            "action": _matrix(next(keys), features(spec["action"]), width, 4 * _cells(spec["action"])),
            "reward": _matrix(next(keys), 1, width, 4),
            "bias": jnp.zeros((width,)),
            "head": jnp.zeros((width, outputs)),
            "head_bias": jnp.zeros((outputs,)),
        }
        for name in conditions:
            size, active = (self.bins + 1, 2) if name in NUMBERS else (features(spec[name]), _cells(spec[name]))
            weights[f"on {name}"] = _matrix(next(keys), size, 2 * width, active)
            weights[f"no {name}"] = jnp.zeros((2 * width,))
        if self.past:
            weights["past"] = {
                "seen": _matrix(next(keys), features(spec["seen"]), width, _cells(spec["seen"])),
                "action": _matrix(next(keys), features(spec["action"]), width, _cells(spec["action"])),
                "reward": _matrix(next(keys), 1, width, 4),
                "bias": jnp.zeros((width,)),
            }
        if self.demos:
            weights["past"] |= {
                "kind": _matrix(next(keys), len(KINDS), width, 1),
                "left": _matrix(next(keys), self.bins + 1, width, 2),
                "then": _matrix(next(keys), features(spec["seen"]), width, _cells(spec["seen"])),
            }
        return weights

    def tokens(
        self, weights: dict[str, Any], spec: dict[str, Any], ranges: dict[str, Array], moments: dict[str, Any]
    ) -> Float[Array, "*batch width"]:
        """One token for each moment.

        **Arguments:**

        - `weights`: from `init`.
        - `spec`: of a moment.
        - `ranges`: the least and the greatest value of each number in the data.
        - `moments`: with any leading axes.
        """
        token = flatten(spec["seen"], moments["seen"]) @ weights["seen"]
        total = 0.0
        for place, name in enumerate(TOLD):
            if name in spec:
                shown = self._shown(spec, ranges, name, moments[name]) @ weights[f"on {name}"]
                silent = jnp.broadcast_to(weights[f"no {name}"], shown.shape)
                total += jnp.where(moments["told"][..., place, None] > 0, shown, silent)
        gate, shift = jnp.split(jnp.asarray(total), 2, axis=-1)
        before = flatten(spec["action"], moments["action"]) @ weights["action"]
        before += moments["reward"][..., None] @ weights["reward"]
        return token * (1.0 + gate) + shift + before + jnp.broadcast_to(weights["bias"], token.shape)

    def prefix(
        self, weights: dict[str, Any], spec: dict[str, Any], ranges: dict[str, Array], past: Past | None
    ) -> dict[str, Any]:
        if past is None or not self.past:
            return {}
        own = weights["past"]
        token = flatten(spec["seen"], past.seen) @ own["seen"] + flatten(spec["action"], past.action) @ own["action"]
        token = token + past.reward[..., None] @ own["reward"]
        if self.demos:
            token = token + flatten(spec["seen"], past.then) @ own["then"] + own["kind"][past.kind]
            token = token + self._shown(spec, ranges, "horizon", past.left) @ own["left"]
        return {"prefix": token + jnp.broadcast_to(own["bias"], token.shape), "there": jnp.asarray(past.there)}

    def outputs(self, weights: dict[str, Any], found: Float[Array, "*batch width"]) -> Float[Array, "*batch outputs"]:
        """What the head makes of what the body found."""
        made = found @ weights["head"]
        return made + jnp.broadcast_to(weights["head_bias"], made.shape)

    def __call__(
        self,
        weights: dict[str, Any],
        spec: dict[str, Any],
        ranges: dict[str, Array],
        moments: dict[str, Any],
        past: Past | None = None,
        segment: Int32[Array, "lanes time"] | None = None,
    ) -> Float[Array, "lanes time outputs"]:
        tokens, before = self.tokens(weights, spec, ranges, moments), self.prefix(weights, spec, ranges, past)
        return self.outputs(weights, self.body(weights["body"], tokens, segment=segment, **before))

    def step(
        self,
        weights: dict[str, Any],
        spec: dict[str, Any],
        ranges: dict[str, Array],
        moment: dict[str, Any],
        memory: Memory,
        fresh: Bool[Array, " lanes"] | None,
    ) -> tuple[Memory, Float[Array, "lanes outputs"]]:
        token = self.tokens(weights, spec, ranges, moment)
        after, found = memory.step(self.body, weights["body"], token[:, None], fresh)
        return after, self.outputs(weights, found)

    def _shown(self, spec: dict[str, Any], ranges: dict[str, Array], name: str, value: PyTree) -> Array:
        if name not in NUMBERS:
            return flatten(spec[name], value)
        low, high = ranges[name]
        share = (value - low) / jnp.maximum(high - low, 1e-6)
        knots = jnp.linspace(0.0, 1.0, self.bins).reshape((1,) * share.ndim + (self.bins,))
        near = jnp.maximum(1.0 - jnp.abs(jnp.clip(share, 0.0, 1.0)[..., None] - knots) * (self.bins - 1), 0.0)
        return jnp.concatenate([2.0 * share[..., None] - 1.0, near], axis=-1)


def losses(action: Spec, outputs: Float[Array, "*batch outputs"], done: Array) -> Float[Array, "*batch"]:
    """-log p of what was done: of a softmax, or of normal distributions.

    **Arguments:**

    - `action`: its kind.
    - `outputs`: preferences, or means and logarithms of standard deviations.
    - `done`: the actions.
    """
    if isinstance(action, Discrete):
        return -jnp.take_along_axis(jax.nn.log_softmax(outputs), done[..., None].astype(jnp.int32), axis=-1)[..., 0]
    mean, spread = jnp.split(outputs, 2, axis=-1)
    spread = jnp.clip(spread, -5.0, 2.0)
    off = (done.reshape(mean.shape) - mean) * jnp.exp(-spread)
    return jnp.sum(0.5 * off**2 + spread + 0.9189385, axis=-1)


def chosen(action: Spec, outputs: Float[Array, "lanes outputs"], keys: Key[Array, " lanes"], sampled: bool) -> Array:
    """One action a lane, drawn or the likeliest."""
    if isinstance(action, Discrete):
        if not sampled:
            return jnp.argmax(outputs, axis=-1).astype(action.dtype)
        return jax.vmap(jr.categorical)(keys, outputs).astype(action.dtype)
    mean, spread = jnp.split(outputs, 2, axis=-1)
    if sampled:
        noise = jax.vmap(lambda k: jr.normal(k, mean.shape[1:]))(keys)
        mean = mean + noise * jnp.exp(jnp.clip(spread, -5.0, 2.0))
    low, high = (action.low, action.high) if isinstance(action, Box) else (-jnp.inf, jnp.inf)
    return jnp.clip(mean.reshape(len(mean), *action.shape), low, high).astype(action.dtype)


def _cells(spec: PyTree[Spec]) -> int:
    """How many entries one observation has."""
    leaves = jax.tree.leaves(spec, is_leaf=lambda x: isinstance(x, Spec))
    return max(sum(math.prod(leaf.shape) for leaf in leaves), 1)


def _matrix(key: PRNGKeyArray, inputs: int, outputs: int, active: int) -> Array:
    """Weights of which `active` act at a time, so that what they make has a standard deviation of about 1."""
    return jr.normal(key, (inputs, outputs)) / active**0.5
