"""Acting on request, one step at a time."""

import dataclasses
from typing import Any, Literal

import equinox as eqx
from jaxtyping import Array, Bool, Int32, Key, PyTree

from explora.core import Policy
from explora.nets.sequence import Ring, Window

from ._net import ToldNet
from ._windows import Past

MEMORIES = {"ring": Ring, "window": Window}


class SequencePolicy(Policy):
    """Does what it is asked for, in an environment of `explora.domains.views.Asking`.

    **Arguments:**

    - `net`, `weights`: the network.
    - `ranges`: the least and the greatest value of each number in the data.
    - `spec`, `action`: what it sees, what it does.
    - `remember`: `"ring"`: every step is worked out once; `"window"`: all that is remembered again at each step.
    - `sampled`: draws actions by their probability, or takes the likeliest.
    - `past`: for each lane steps of other episodes, by whose agent it goes; None: nothing is shown.
    """

    net: ToldNet
    weights: PyTree
    ranges: dict[str, Array]
    spec: Any
    action: Any
    remember: Literal["ring", "window"] = eqx.field(static=True, default="ring")
    sampled: bool = eqx.field(static=True, default=True)
    past: Past | None = None

    def memory(self, lanes: int) -> Ring | Window:
        shown = self.net.prefix(self.weights, self.spec, self.past)
        return MEMORIES[self.remember].empty(
            self.net.transformer, self.weights["body"], lanes, some=self.net.some, **shown
        )

    def __call__(
        self,
        observations: PyTree,
        memory: Any,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Any]]:
        after, outputs = self.net.step(self.weights, self.spec, self.ranges, observations, memory, fresh)
        return self.net.chosen(self.action, outputs, keys, self.sampled), after, {}

    def greedy(self) -> "SequencePolicy":
        return dataclasses.replace(self, sampled=False)
