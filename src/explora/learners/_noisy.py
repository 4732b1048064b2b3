"""A policy that is disturbed: the more, the worse it plays, and everybody knows so without being asked."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, Key, PyTree

from explora.core import Box, CombinationError, Discrete, Policy, Spec


class Noisy(Policy):
    """Another policy, some of whose actions are replaced by random ones, all alike likely; greedy, none are.

    **Arguments:**

    - `policy`: who acts otherwise.
    - `noise`: the share of actions that are replaced, in each lane or in all.
    - `action`: what is decided.

    **Raises:** `CombinationError` for actions of which none can be drawn.

    **Reference:** Brown et al. 2020, D-REX (arXiv:1907.03976), sec. 4.1.
    """

    policy: Policy
    noise: Float[Array, "*lanes"]
    action: Spec = eqx.field(static=True)

    def __check_init__(self):
        bounded = isinstance(self.action, Box) and abs(self.action.low) + abs(self.action.high) < float("inf")
        if not bounded and not isinstance(self.action, Discrete):
            raise CombinationError(f"random actions are choices or bounded numbers, but actions are {self.action}")

    def prepared(self, who: Int32[Array, " lanes"] | None) -> "Noisy":
        return eqx.tree_at(lambda p: p.policy, self, self.policy.prepared(who))

    def memory(self, lanes: int) -> PyTree:
        return self.policy.memory(lanes)

    def __call__(
        self,
        observations: PyTree,
        memory: PyTree,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Any]]:
        act, toss, draw = jnp.moveaxis(jax.vmap(lambda k: jr.split(k, 3))(keys), 1, 0)
        named = {} if who is None else {"who": who}
        action, memory, report = self.policy(observations, memory, fresh, keys=act, **named)
        noise = jnp.broadcast_to(self.noise, fresh.shape)
        replaced = jax.vmap(lambda k, share: jr.uniform(k) < share)(toss, noise)
        other = jax.vmap(self._drawn)(draw)
        pick = lambda mask, one, two: jnp.where(mask, one, two)
        return jax.vmap(pick)(replaced, other.astype(action.dtype), action), memory, report

    def greedy(self) -> Policy:
        return self.policy.greedy()

    def _drawn(self, key: Array) -> Array:
        if isinstance(self.action, Discrete):
            return jr.randint(key, (), 0, self.action.count)
        assert isinstance(self.action, Box)  # nothing else is taken
        return jr.uniform(key, self.action.shape, jnp.float32, self.action.low, self.action.high)
