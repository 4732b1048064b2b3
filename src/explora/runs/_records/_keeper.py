"""Keeping the episodes that a run lives, without changing the run."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from explora.core import Environment, Episodes, Experience, Lesson, Parts, Status, cut, sharing, watching
from explora.domains.views import Request
from explora.learners.sequence import unasked
from explora.loop import Event, State, phase_at, watch
from explora.store import RunFolder

_BUFFER = 1 << 26  # how much is gathered at most before it is written [bytes]


class Keeper:
    """Keeps the episodes of one turn in `every`, author and all, in the folder of a run.

    What a compiled run lives never leaves its program, and letting it out would change the program. So the turns that
    are kept are played a second time beside the run, from the same state with the same keys. The run is not touched;
    its budget does not count these steps, and `metrics` does. A hosted run hands over what it lived itself, and plays
    nothing twice.

    A shard is written before each checkpoint and names its turn, so that a run which goes on from there finds the
    episodes of the turns before, and lives the others again.

    **Arguments:**

    - `folder`: of the run, open for writing.
    - `every`: of how many turns one is kept. It is the first of the first `every`, the second of the second, and so on:
      so all kinds of rounds come up.
    - `seed`: of the run.
    - `devices`: over how many devices lanes are spread.
    """

    def __init__(self, folder: RunFolder, every: int, seed: int, devices: int = 1):
        self._store = folder.episodes(create=True)
        self._every, self._seed, self._devices = every, seed, devices
        self._buffer: list[Episodes] = []
        self._held = 0
        self._twice = 0
        self._turn = 0
        self._elsewhere: set[str] = set()  # phases that are played in other domains, or not at all

    def room(self, turn: int) -> int:
        """How many turns can be taken from this one on until the next that is kept."""
        return self._next(turn + 1) - turn

    def look(self, parts: Parts, state: State, root: PRNGKeyArray) -> None:
        """Keeps the coming turn of a compiled run if it is its turn."""
        turn = int(state.turn)
        phase = phase_at(parts.explorer, turn)
        if self._next(turn) != turn or phase in self._elsewhere:
            return
        with sharing(self._devices) as everywhere:
            lesson, experience = _watch(watching(parts), everywhere(state), root, phase)
        if not self._keep(lesson, experience, turn):
            self._elsewhere.add(phase)
        elif isinstance(parts.domain, Environment):
            self._twice += lesson.lanes * lesson.plays * parts.domain.steps

    def begin(self, turn: int) -> None:
        """A hosted run is about to take turns, this one first."""
        self._turn = turn

    def lived(self, event: Event) -> None:
        """Keeps what a hosted run has lived in a turn if it is its turn."""
        if self._next(self._turn) == self._turn:
            self._keep(event.lesson, event.experience, self._turn)
        self._turn += 1

    def write(self, turn: int) -> None:
        """Writes down what was gathered; `turn` turns are over."""
        if self._buffer:
            self._store.append(Episodes.concatenate(self._buffer), turn=turn)
        self._buffer, self._held = [], 0

    def metrics(self) -> dict[str, float]:
        """How many episodes are kept, and how many steps were played twice for it since this was last asked."""
        count, twice = len(self._store) + sum(map(len, self._buffer)), self._twice
        self._twice = 0
        return {"experience/episodes": float(count), "experience/steps_twice": float(twice)}

    def _keep(self, lesson: Lesson, experience: Experience, turn: int) -> bool:
        if lesson.where != "main" or lesson.plays == 0:
            return False
        found = kept(lesson, experience, {"turn": np.int64(turn), "seed": np.int64(self._seed)})
        if found is not None:
            self._buffer.append(found)
            self._held += sum(x.nbytes for x in jax.tree.leaves(vars(found)))
        if self._held > _BUFFER:
            self.write(turn + 1)
        return True

    def _next(self, turn: int) -> int:
        """The first turn from this one on that is kept."""
        block = turn // self._every
        place = lambda block: block * self._every + block % self._every
        return place(block) if place(block) >= turn else place(block + 1)


def kept(lesson: Lesson, experience: Experience, columns: dict[str, np.int64]) -> Episodes | None:
    """The episodes of a lesson with their columns, as `cut` makes them; None if there are none.

    A sequence learner hands over whole episodes of requests. They are kept as the environment inside would have
    recorded them, so that they can be learned from like any others.
    """
    lived = experience.data
    if not isinstance(lived, Episodes):
        return cut(lesson, experience, columns=columns)
    tasks = lesson.tasks.task if isinstance(lesson.tasks, Request) else lesson.tasks
    row = np.repeat(np.arange(lesson.rows), lesson.plays)
    leaves = jax.tree_util.tree_leaves_with_path(jax.device_get(tasks))
    places = {f"task.{jax.tree_util.keystr(p, simple=True, separator='.')}": np.asarray(x)[row] for p, x in leaves}
    own = {"task": np.asarray(lesson.id)[row], "member": np.zeros(len(row), np.int32), "return": lived.returns}
    own |= {name: np.full(len(row), x) for name, x in columns.items()}
    found = unasked(dataclasses.replace(lived, columns=lived.columns | own | places))
    answered = (np.asarray(experience.status) == Status.ANSWERED)[row]
    return found.take(answered) if answered.any() else None


@eqx.filter_jit
def _watch(parts: Parts, state: State, root: PRNGKeyArray, phase: str) -> Any:
    return watch(parts, state, root=root, phase=phase)
