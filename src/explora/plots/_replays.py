"""Replays: one episode of the learner on one task, frame by frame."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import PRNGKeyArray, UInt8

from explora.core import Environment, Space
from explora.store import TaskRow

from ._facts_matrix import SuiteResult, TaskResult
from ._films import Actor, played


class Replay(NamedTuple):
    """One episode, to look at.

    **Arguments:**

    - `name`: of the task.
    - `known`: what else is known of it.
    - `frames`: pictures of the episode, the first and the last moment among them.
    - `stride`: how many steps lie between two frames.
    - `steps`: how long it took.
    - `solved`: whether it succeeded.
    - `returned`: its undiscounted return.
    - `optimal`: what a perfect player needs [steps]; None if unknown.
    """

    name: str
    known: str
    frames: tuple[UInt8[np.ndarray, "height width 3"], ...]
    stride: int
    steps: int
    solved: bool
    returned: float
    optimal: float | None

    def sentence(self) -> str:
        """What happened, in words."""
        best = (
            "" if self.optimal is None or not np.isfinite(self.optimal) else f" (the shortest way: {self.optimal:.0f})"
        )
        steps = "1 step" if self.steps == 1 else f"{self.steps} steps"
        how = f"Solved in {steps}{best}." if self.solved else f"Not solved in {steps}{best}."
        return how if self.stride == 1 else f"{how} Every {_ordinal(self.stride)} step is shown."


class Choice(NamedTuple):
    """A task to be replayed.

    **Arguments:**

    - `name`, `known`: of the task, for people.
    - `task`: the task.
    """

    name: str
    known: str
    task: Any


def replay(
    environment: Environment, choice: Choice, actor: Actor, *, key: PRNGKeyArray, frames: int = 60, size: int = 160
) -> Replay:
    """Plays one episode and keeps pictures of it.

    **Arguments:**

    - `environment`: where it is played.
    - `choice`: what is played.
    - `actor`: who plays.
    - `key`: for the chances of the environment.
    - `frames`: how many pictures at most.
    - `size`: the longer side of each [pixels].
    """
    episode = played(environment, choice.task, actor, key=key)
    stride = max(1, -(-episode.steps // (frames - 1)))
    shown = [*episode.states[:-1:stride], episode.states[-1]]
    pictures = tuple(environment.frame(episode.task, moment, size) for moment in shown)
    return Replay(
        choice.name,
        choice.known,
        pictures,
        stride,
        episode.steps,
        episode.solved,
        episode.returned,
        episode.optimal,
    )


def held_out_choices(
    results: Sequence[SuiteResult], first: str, count: int = 3
) -> tuple[tuple[SuiteResult, TaskResult], ...]:
    """Held-out tasks that show what a learner can do and what it cannot.

    The hardest that it usually solves (the longest way), then the easiest that it usually fails, first those of one
    suite, then those of the others.

    **Arguments:**

    - `results`: how it did.
    - `first`: the suite that counts most.
    - `count`: how many tasks.
    """
    ordered = sorted(results, key=lambda result: result.suite != first)
    pairs = [(result, task) for result in ordered for task in result.tasks]
    home = lambda pair: pair[0].suite != first
    length = lambda pair: pair[1].optimal if pair[1].optimal is not None and np.isfinite(pair[1].optimal) else 0.0
    can = sorted((p for p in pairs if p[1].solved >= 0.5), key=lambda p: (home(p), -length(p), p[1].name))
    cannot = sorted((p for p in pairs if p[1].solved < 0.5), key=lambda p: (home(p), -p[1].solved, length(p)))
    chosen = [*can[: count - 1], *cannot[:1]]
    chosen += [pair for pair in (*can[count - 1 :], *cannot[1:]) if pair not in chosen]
    return tuple(chosen[:count])


def found_choices(space: Space, tasks: Sequence[TaskRow]) -> tuple[Choice, ...]:
    """Recorded tasks as choices."""
    return tuple(
        Choice(f"task {task.id}", f"generation {task.generation or 0}", space.decode(task.spec)) for task in tasks
    )


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
