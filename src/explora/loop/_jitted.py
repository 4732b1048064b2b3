"""Parts whose verbs are compiled one by one, for hosted runs: only what needs plain Python is left in plain Python.

Without this every turn would trace and compile each `scan` inside a part anew, because to JAX it is a new function.
"""

from typing import Any

import equinox as eqx
from jaxtyping import Array, PRNGKeyArray

from explora.core import Archive, Domain, Experience, Explorer, Learner, Lesson, Outcome, Parts, Space, Story, jitted


def quickened(parts: Parts) -> Parts:
    """The same parts; learner and explorer compile each of their verbs unless they (or what they use) are hosted."""
    learner, explorer = parts.learner, parts.explorer
    if not learner.hosted:
        learner = QuickLearner(learner)
    if not explorer.hosted and not parts.space.hosted:
        explorer = QuickExplorer(explorer)
    return Parts(parts.domain, learner, explorer, parts.others)


class QuickExplorer(Explorer[Any, Any]):
    """An explorer that compiles each of its verbs.

    **Arguments:**

    - `part`: the explorer.
    """

    part: Explorer

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return self.part.rhythm

    def init(self, space: Space, *, key: PRNGKeyArray) -> Any:
        return self.part.init(space, key=key)

    def ask(self, state: Any, space: Space, phase: str, *, key: PRNGKeyArray) -> tuple[Any, Lesson]:
        return _ask(self.part, state, space, phase, key)

    def tell(self, state: Any, space: Space, lesson: Lesson, outcome: Outcome, *, key: PRNGKeyArray) -> Any:
        return _tell(self.part, state, space, lesson, outcome, key)

    def archive(self, state: Any) -> Archive | None:
        return self.part.archive(state)

    def story(self, state: Any) -> Story | None:
        return self.part.story(state)

    def metrics(self, state: Any) -> dict[str, Array]:
        return _metrics(self.part, state)


class QuickLearner(Learner[Any]):
    """A learner that compiles each of its verbs.

    **Arguments:**

    - `part`: the learner.
    """

    part: Learner

    def policy(self, state: Any) -> Any:
        return self.part.policy(state)

    def play(self, state: Any, domain: Domain, lesson: Lesson, *, key: PRNGKeyArray) -> tuple[Any, Experience, Outcome]:
        if not domain.hosted:
            return jitted(_play, domain)(self.part, state, domain, lesson, key)
        if type(self.part).play is Learner.play:
            return super().play(state, domain, lesson, key=key)
        return self.part.play(state, domain, lesson, key=key)

    def measure(self, state: Any, lesson: Lesson, experience: Experience) -> Outcome:
        return _measure(self.part, state, lesson, experience)

    def update(self, state: Any, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray) -> Any:
        return _update(self.part, state, lesson, experience, key)

    def start(self, state: Any, source: Array, *, key: PRNGKeyArray) -> Any:
        return _start(self.part, state, source, key)

    def metrics(self, state: Any) -> dict[str, Array]:
        return _metrics(self.part, state)


@eqx.filter_jit
def _ask(part: Explorer, state: Any, space: Space, phase: str, key: PRNGKeyArray) -> tuple[Any, Lesson]:
    return part.ask(state, space, phase, key=key)


@eqx.filter_jit
def _tell(part: Explorer, state: Any, space: Space, lesson: Lesson, outcome: Outcome, key: PRNGKeyArray) -> Any:
    return part.tell(state, space, lesson, outcome, key=key)


def _play(part: Learner, state: Any, domain: Domain, lesson: Lesson, key: PRNGKeyArray) -> Any:
    return part.play(state, domain, lesson, key=key)


@eqx.filter_jit
def _measure(part: Learner, state: Any, lesson: Lesson, experience: Experience) -> Outcome:
    return part.measure(state, lesson, experience)


@eqx.filter_jit
def _update(part: Learner, state: Any, lesson: Lesson, experience: Experience, key: PRNGKeyArray) -> Any:
    return part.update(state, lesson, experience, key=key)


@eqx.filter_jit
def _start(part: Learner, state: Any, source: Array, key: PRNGKeyArray) -> Any:
    return part.start(state, source, key=key)


@eqx.filter_jit
def _metrics(part: Any, state: Any) -> dict[str, Array]:
    return part.metrics(state)
