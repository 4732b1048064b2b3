"""A domain that is watched while it is played: the same in all else."""

import dataclasses
from typing import Any, ClassVar

from jaxtyping import Array, Float, PRNGKeyArray

from .._domain import Environment
from .._errors import CombinationError
from .._lesson import Experience, Lesson, Outcome
from .._parts import Parts
from .._policy import Policy
from ._view import View


def watching(parts: Parts) -> Parts:
    """The parts, playing the same, whose experience holds what `cut` makes episodes of.

    **Arguments:**

    - `parts`: of a run whose domain is an `Environment`.

    **Raises:** `CombinationError` if it is not.
    """
    if not isinstance(parts.domain, Environment):
        raise CombinationError(
            f"{type(parts.domain).__name__} is not played in time, so that there are no episodes to keep; leave "
            "`experience` out, or choose a domain that is an Environment"
        )
    kind = _HostedWatched if parts.domain.hosted else _Watched
    return dataclasses.replace(parts, domain=kind(parts.domain))


class _Watched(View[Any, Any, Any]):
    """Plays by `watch`; everything else is what the environment says."""

    def play(self, policy: Policy, lesson: Lesson, *, key: PRNGKeyArray) -> Experience:
        return self.environment.watch(policy, lesson, key=key)

    def watch(self, policy: Policy, lesson: Lesson, *, key: PRNGKeyArray) -> Experience:
        return self.environment.watch(policy, lesson, key=key)

    def judge(
        self, policy: Policy, lesson: Lesson, *, key: PRNGKeyArray, part: float | Float[Array, ""] = 1.0
    ) -> Outcome:
        return self.environment.judge(policy, lesson, key=key, part=part)


class _HostedWatched(_Watched):
    """The same for an environment that lives in plain Python."""

    hosted: ClassVar[bool] = True
