"""A recurrent actor-critic for discrete actions."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from explora.core import CombinationError, Discrete, Spec, between

from ._affine import affine
from ._encoder import Convolution, Dense
from ._recurrent import GRU, Core


class ActorCritic(eqx.Module):
    """Observation → encoder → recurrent core → action preferences and value. A configuration; weights are apart.

    **Arguments:**

    - `encoder`: what reads an observation.
    - `core`: what remembers.
    - `hidden`: width of a ReLU layer in each head; None: heads are linear.
    - `critics`: how many value heads (more than one gives a disagreement).
    """

    encoder: Dense | Convolution = Dense(64)
    core: Core = GRU(128)
    hidden: int | None = eqx.field(static=True, default=None)
    critics: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        between("hidden", self.hidden, 1)
        between("critics", self.critics, 1)

    def init(self, observation: PyTree[Spec], action: Spec, *, key: PRNGKeyArray) -> dict[str, Any]:
        """Weights for an environment that shows `observation` and accepts `action`.

        **Raises:** `CombinationError` if the action is not discrete.
        """
        if not isinstance(action, Discrete):
            raise CombinationError(f"ActorCritic chooses among discrete actions, but the environment takes {action}")
        encoder_key, core_key, actor_key, critic_key = jr.split(key, 4)
        encoder = self.encoder.init(observation, key=encoder_key)  # pyright: ignore[reportArgumentType]
        probe = jax.eval_shape(lambda w: self.encoder(w, observation, _zeros(observation)), encoder)  # pyright: ignore
        return {
            "encoder": encoder,
            "core": self.core.init(probe.shape[-1], key=core_key),
            "actor": self._head(actor_key, action.count, 0.01),
            "critic": self._head(critic_key, self.critics, 1.0),
        }

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

        **Returns:** action preferences (logits), values, and the memory after the last step.
        """
        seen = self.encoder(weights["encoder"], spec, observations)  # pyright: ignore[reportArgumentType]
        said, memory = self.core(weights["core"], seen, memory, fresh)
        return self._apply(weights["actor"], said), self._apply(weights["critic"], said), memory

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
