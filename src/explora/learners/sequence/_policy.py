"""Acting on request, one step at a time."""

import dataclasses
from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int32, Key, PyTree

from explora.core import Policy
from explora.nets.sequence import Ring, Window

from ._net import ToldNet
from ._past import Past

MEMORIES = {"ring": Ring, "window": Window}


class SequencePolicy(Policy):
    """Does what it is asked for, in an environment of `explora.domains.views.Asking`.

    **Arguments:**

    - `net`, `weights`: the network.
    - `ranges`: the least and the greatest value of each number in the data.
    - `spec`, `action`: what it sees, what it does.
    - `remember`: `"ring"`: every step is worked out once; `"window"`: all that is remembered again at each step.
    - `sampled`: draws actions by their probability, or takes the likeliest.
    - `insist`: how much what is told counts: 1: as in the data; more: what tells the asked from the unasked is
      exaggerated, at twice the work.
    - `past`: for each lane steps of other episodes, by whose agent it goes, or which teach it; None: nothing is shown.

    **Reference:** Ho and Salimans 2022, classifier-free guidance (arXiv:2207.12598); Lifshitz et al. 2023, STEVE-1
    (arXiv:2306.00937), for `insist` of who acts.
    """

    net: ToldNet
    weights: PyTree
    ranges: dict[str, Array]
    spec: Any
    action: Any
    remember: Literal["ring", "window"] = eqx.field(static=True, default="ring")
    sampled: bool = eqx.field(static=True, default=True)
    insist: float = eqx.field(static=True, default=1.0)
    past: Past | None = None

    def memory(self, lanes: int) -> Any:
        shown = self.net.prefix(self.weights, self.spec, self.ranges, self.past)
        empty = lambda: MEMORIES[self.remember].empty(
            self.net.transformer, self.weights["body"], lanes, some=self.net.some, **shown
        )
        return empty() if self.insist == 1 else (empty(), empty())

    def __call__(
        self,
        observations: PyTree,
        memory: Any,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Any]]:
        step = lambda shown, memory: self.net.step(self.weights, self.spec, self.ranges, shown, memory, fresh)
        if self.insist == 1:
            after, outputs = step(observations, memory)
        else:
            asked, told = step(observations, memory[0])
            unasked, untold = step(observations | {"told": jnp.zeros_like(observations["told"])}, memory[1])
            after, outputs = (asked, unasked), self.net.insisted(self.action, told, untold, self.insist)
        outputs = self.net.heeding(self.action, outputs, observations, self.insist)
        return self.net.chosen(self.action, outputs, keys, self.sampled), after, {}

    def greedy(self) -> "SequencePolicy":
        return dataclasses.replace(self, sampled=False)
