"""What a learner hands to a domain: something that acts."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Int32, Key, PyTree


class Policy(eqx.Module):
    """Acts on a batch of lanes. Weights are fields; memory is passed in and out.

    The batch axis is explicit (not a `vmap` over single lanes), so that a network sees one large matrix product.
    """

    def memory(self, lanes: int) -> PyTree:
        """The memory at the start of an episode, `(lanes, …)`."""
        return ()

    def __call__(
        self,
        observations: PyTree,
        memory: PyTree,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Array]]:
        """One action for each lane.

        **Arguments:**

        - `observations`: what each lane shows, `(lanes, …)`.
        - `memory`: what `memory` or the last call returned.
        - `fresh`: where an episode starts: memory is cleared there before it is used.
        - `keys`: one key a lane.
        - `who`: which member of a population acts in each lane.

        **Returns:** actions `(lanes, …)`, the new memory, and what the learner wants recorded by name.
        """
        raise NotImplementedError

    def prepared(self, who: Int32[Array, " lanes"] | None) -> "Policy":
        """The same policy, for lanes of which it is known who acts: what is alike in all steps is done here, once.

        A rollout asks for it before its first step. Whoever calls it says the same `who` again.
        """
        return self

    def greedy(self) -> "Policy":
        """The same policy without chance: it takes the likeliest action."""
        return self


class Uniformly(Policy):
    """Acts at random, whatever it sees: the baseline of baselines.

    **Arguments:**

    - `actions`: how many actions there are to choose from.
    """

    actions: int

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        draw = jax.vmap(jr.uniform)(keys)  # a quarter of the hashes of `randint`
        return (draw * self.actions).astype(jnp.int32), memory, {}
