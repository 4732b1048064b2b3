"""Doing what will make clauses come true: a network that foretells, of every action, what an episode will have done."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from explora.core import CombinationError, Discrete, Spec, between
from explora.nets import features

from ._net import SequenceNet, losses

_EDGES = (-1.0, 0.0)
_SHARP = 16.0
"""Where a clause stands there or this much nearer than 1 to it, it is shown apart: what is used up is unlike a rest."""


class ForesightNet(SequenceNet):
    """A `SequenceNet` that is not told clauses, but foretells which will come true, and acts by that.

    Of every choice `a` it says how likely it is done, π(a), and how likely each clause c then comes true, P(c | a).
    Asked for some, it draws from π(a) · Π P(c | a)ⁱ: by Bayes' rule what is done where they come true, for one clause
    and i = 1; for several as if they came true independently. A greater i is what is likeliest to make them true. Every
    step teaches something of every clause, those that did not come true among them, and what was never asked for
    together is a product like any other.

    Where it is seen how clauses stand, P(c | a) is made of two: that the step does not break c for good, which shows at
    the next one, and that c then comes true. So it is sure of the first where the second is always small. What is
    broken already is minded no more.

    The other conditions are told as those of `SequenceNet`.

    **Arguments:**

    - `weight`: of what is foretold, beside what is done: the sum over clauses counts so much.
    - `resolve`: i is this times `insist` of who acts.

    **Reference:** Yang and Klein 2021, FUDGE (arXiv:2104.05218).
    """

    foretells: ClassVar[bool] = True
    weight: float = eqx.field(static=True, default=0.25)
    resolve: float = eqx.field(static=True, default=20.0)

    def __check_init__(self):
        between("weight", self.weight, 0, strict=True)
        between("resolve", self.resolve, 0)

    def init(self, spec: dict[str, Any], action: Spec, *, key: PRNGKeyArray) -> dict[str, Any]:
        if not isinstance(action, Discrete) or "goal" not in spec or len(spec["goal"].shape) != 1:
            raise CombinationError(
                "ForesightNet foretells clauses of choices: goals must be a row, and actions Discrete"
            )
        own, rest = jr.split(key)
        outputs = action.count * spec["goal"].shape[0] * (2 if "standing" in spec else 1)
        weights = super().init(_untold(spec), action, key=rest) | {
            "foresight": jnp.zeros((self.body.width, outputs)),
            "foresight_bias": jnp.zeros((outputs,)),
        }
        if "standing" in spec:
            size = (1 + len(_EDGES)) * features(spec["standing"])
            weights["standing"] = jr.normal(own, (size, self.body.width)) / spec["standing"].shape[0] ** 0.5
        return weights

    def tokens(
        self, weights: dict[str, Any], spec: dict[str, Any], ranges: dict[str, Array], moments: dict[str, Any]
    ) -> Float[Array, "*batch width"]:
        token = super().tokens(weights, _untold(spec), ranges, moments)
        if "standing" not in spec:
            return token
        stands = moments["standing"].astype(jnp.float32)
        near = [jnp.maximum(1.0 - _SHARP * jnp.abs(stands - edge), 0.0) for edge in _EDGES]
        return token + jnp.concatenate([stands, *near], axis=-1) @ weights["standing"]

    def outputs(self, weights: dict[str, Any], found: Float[Array, "*batch width"]) -> Float[Array, "*batch outputs"]:
        foresight = found @ weights["foresight"]
        foresight += jnp.broadcast_to(weights["foresight_bias"], foresight.shape)
        return jnp.concatenate([super().outputs(weights, found), foresight], axis=-1)

    def losses(
        self, action: Spec, outputs: Float[Array, "*batch outputs"], done: Array, moments: dict[str, Any]
    ) -> Float[Array, "*batch"]:
        """-log p of what was done, and of which clauses came true then.

        **Arguments:** as for `ToldNet`; `moments` are those of `Sampler` with its `clauses`.
        """
        prefers, comes, holds = self._parts(action, moments, outputs)
        taken = done.astype(jnp.int32)[..., None, None]
        pick = lambda of: jnp.take_along_axis(of, taken, axis=-2)[..., 0, :]
        if holds is None:
            missed = _missed(pick(comes), moments["true"])
        else:
            kept = jnp.where(moments["standing"] > -1, moments["holds"], -1)
            known = (moments["standing"] > -1) & (moments["holds"] != 0)
            missed = _missed(pick(holds), kept) + _missed(pick(comes), jnp.where(known, moments["true"], -1))
        return losses(action, prefers, done) + self.weight * jnp.sum(missed, axis=-1)

    def insisted(
        self, action: Spec, told: Float[Array, "lanes outputs"], untold: Float[Array, "lanes outputs"], insist: float
    ) -> Float[Array, "lanes outputs"]:
        count = self._count(action)
        return jnp.concatenate([untold[:, :count] + insist * (told - untold)[:, :count], told[:, count:]], axis=-1)

    def heeding(
        self, action: Spec, outputs: Float[Array, "lanes outputs"], moment: dict[str, Any], insist: float
    ) -> Float[Array, "lanes choices"]:
        prefers, comes, holds = self._parts(action, moment, outputs)
        asked = moment["goal"].astype(jnp.float32) * moment["told"][:, 2:3].astype(jnp.float32)
        likely = jax.nn.log_sigmoid(comes)
        if holds is not None:
            asked = asked * (moment["standing"] > -1).astype(jnp.float32)
            likely = likely + jax.nn.log_sigmoid(holds)
        return jax.nn.log_softmax(prefers) + self.resolve * insist * jnp.sum(likely * asked[:, None], axis=-1)

    def _count(self, action: Spec) -> int:
        assert isinstance(action, Discrete)  # `init` lets nothing else through
        return action.count

    def _parts(
        self, action: Spec, moment: dict[str, Any], outputs: Float[Array, "*batch outputs"]
    ) -> tuple[Array, Array, Array | None]:
        """Preferences `(…, choices)`; that clauses come true, and that they hold `(…, choices, clauses)`."""
        count = self._count(action)
        foresight = outputs[..., count:].reshape(*outputs.shape[:-1], count, -1)
        if "standing" not in moment:
            return outputs[..., :count], foresight, None
        comes, holds = jnp.split(foresight, 2, axis=-1)
        return outputs[..., :count], comes, holds


def _missed(logit: Array, true: Array) -> Array:
    """-log p of what is 1 or 0; 0 of what is -1."""
    true = true.astype(jnp.float32)
    return jnp.where(true < 0, 0.0, jax.nn.softplus(logit) - true * logit)


def _untold(spec: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in spec.items() if name != "goal"}
