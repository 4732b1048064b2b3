"""An actor-critic, with a memory or without, for choices and for rows of numbers."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from explora.core import Box, CombinationError, Discrete, Spec, between

from ._affine import affine
from ._decision import Choices, Decision, Numbers
from ._encoder import Convolution, Dense
from ._recurrent import GRU, Core


class ActorCritic(eqx.Module):
    """Observation → encoder → core → action preferences and value. A configuration; weights are apart.

    Where the action is a row of numbers, the preferences are their means; their deviations are weights of their own,
    the same for every observation. A number of 1 or -1 stands for a bound of the action, if it has bounds.

    **Arguments:**

    - `encoder`: what reads an observation.
    - `core`: what remembers.
    - `hidden`: width of a ReLU layer in each head; None: heads are linear.
    - `critics`: how many value heads (more than one gives a disagreement).
    - `deviation`: the standard deviation of numbers that has learned nothing yet; choices have none.
    """

    encoder: Dense | Convolution = Dense(64)
    core: Core = GRU(128)
    hidden: int | None = eqx.field(static=True, default=None)
    critics: int = eqx.field(static=True, default=1)
    deviation: float = 1.0

    def __check_init__(self):
        between("hidden", self.hidden, 1)
        between("critics", self.critics, 1)
        between("deviation", self.deviation, 0, strict=True)

    def init(self, observation: PyTree[Spec], action: Spec, *, key: PRNGKeyArray) -> dict[str, Any]:
        """Weights for an environment that shows `observation` and accepts `action`.

        **Raises:** `CombinationError` if the action is neither a choice nor a box of numbers.
        """
        if not isinstance(action, Discrete | Box):
            raise CombinationError(f"ActorCritic decides on choices or on numbers, but the environment takes {action}")
        numbers = isinstance(action, Box)
        outputs = math.prod(action.shape) if numbers else action.count
        encoder_key, core_key, actor_key, critic_key = jr.split(key, 4)
        encoder = self.encoder.init(observation, key=encoder_key)  # pyright: ignore[reportArgumentType]
        probe = jax.eval_shape(lambda w: self.encoder(w, observation, _zeros(observation)), encoder)  # pyright: ignore
        weights = {
            "encoder": encoder,
            "core": self.core.init(probe.shape[-1], key=core_key),
            "actor": self._head(actor_key, outputs, 0.01),
            "critic": self._head(critic_key, self.critics, 1.0),
        }
        return weights | ({"log_deviation": jnp.full((outputs,), math.log(self.deviation))} if numbers else {})

    def __call__(
        self,
        weights: dict[str, Any],
        spec: PyTree[Spec],
        observations: PyTree,
        memory: Any,
        fresh: Bool[Array, "steps lanes"],
    ) -> tuple[Float[Array, "steps lanes actions"], Float[Array, "steps lanes critics"], Any]:
        """Runs over sequences.

        **Arguments:**

        - `weights`: from `init`.
        - `spec`: what an observation looks like.
        - `observations`: `(steps, lanes, …)`.
        - `memory`: at the first step.
        - `fresh`: where an episode starts.

        **Returns:** action preferences (logits of choices, means of numbers), values, and the memory after the last
        step.
        """
        seen = self.encoder(weights["encoder"], spec, observations)  # pyright: ignore[reportArgumentType]
        said, memory = self.core(weights["core"], seen, memory, fresh)
        return self._apply(weights["actor"], said), self._apply(weights["critic"], said), memory

    def decision(self, weights: dict[str, Any], said: Float[Array, "*batch actions"]) -> Decision:
        """What action preferences mean: with which probability which action is taken."""
        if "log_deviation" in weights:
            return Numbers(said, weights["log_deviation"])
        return Choices(jax.nn.log_softmax(said))

    def _head(self, key: PRNGKeyArray, outputs: int, scale: float) -> dict[str, Array]:
        hidden_key, out_key = jr.split(key)
        width = self.core.width
        head = {}
        if self.hidden is not None:
            head |= _linear(hidden_key, width, self.hidden, 2.0, "hidden")
            width = self.hidden
        return head | _linear(out_key, width, outputs, scale, "out")

    def _apply(self, head: dict[str, Array], x: Array) -> Array:
        if self.hidden is not None:
            x = jax.nn.relu(affine(x, head["hidden"], head["hidden_bias"]))
        return affine(x, head["out"], head["out_bias"])


def _linear(key: PRNGKeyArray, inputs: int, outputs: int, scale: float, name: str) -> dict[str, Array]:
    weights = jax.nn.initializers.orthogonal(scale)(key, (inputs, outputs))
    return {name: weights, f"{name}_bias": jnp.zeros((outputs,))}


def _zeros(spec: PyTree[Spec]) -> PyTree:
    return jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), spec, is_leaf=lambda x: hasattr(x, "dtype"))
