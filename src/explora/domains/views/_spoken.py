"""Words as goals."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, UInt8

from explora.core import Codes, CombinationError, Environment, Episodes, Language, Suite, View


class Spoken(View[Any, Any, Any]):
    """An environment whose goals are clauses of its language: a 1 for each that is asked for.

    - **Goal**: `(clauses,)` of 0 and 1. What the environment itself wants is `wants`.
    - Which clauses came true is known when an episode is over, and on the host (`retell`); `achieved` is zero until
      then, so that nobody takes a moment for a story.
    - All else is the environment's.

    **Arguments:**

    - `environment`: what is played; it must have a language.
    - `wants`: what is asked for where nobody says otherwise.

    **Raises:** `CombinationError` for an environment without a language; `ArgumentError` for `wants` that it does not
    know.
    """

    wants: str = "reach the goal"

    def __check_init__(self):
        _ = self._wanted  # which complains

    @property
    def language(self) -> Language:
        found = self.environment.language
        if found is None:
            raise CombinationError(f"{type(self.environment).__name__} has no words for what an episode does")
        return found

    @property
    def _wanted(self) -> np.ndarray:
        return self.language.asked(self.language.parse(self.wants)).astype(np.uint8)

    def retell(self, episodes: Episodes) -> Bool[np.ndarray, "episodes clauses"]:
        return self.environment.retell(episodes)

    @property
    def goal(self) -> Codes:
        return Codes((len(self.language.clauses),), 2)

    def achieved(self, world: Any, state: Any) -> UInt8[Array, " clauses"]:
        return jnp.zeros((len(self.language.clauses),), jnp.uint8)

    def wanted(self, world: Any) -> UInt8[Array, " clauses"]:
        return jnp.asarray(self._wanted)

    def suite(self, name: str) -> Suite:
        suite = self.environment.suite(name)
        if not isinstance(suite.domain, Environment):
            return suite
        elsewhere = Spoken(suite.domain, self.wants)
        return Suite(suite.tasks, suite.names, elsewhere, suite.summary, suite.order, suite.tail)
