"""Who plays: versions of the run's learner, and people, in a thread of their own."""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from threading import Condition, Thread
from typing import Any, NamedTuple

from explora.core import CombinationError, Environment, ExploraError, NotThere, Policy
from explora.runs import Taught, newest, read, taught
from explora.store import RunFolder

from .._scene import Scene
from ._episode import Episode, follow, play
from ._task import decoded

_KEPT = 256  # episodes that are remembered
_VERSIONS = 4  # learners that are remembered
_WAITING = 32  # jobs that wait at most

_log = logging.getLogger(__name__)


class Job(NamedTuple):
    """An episode that somebody wants to see.

    **Arguments:**

    - `task`: as JSON text.
    - `turn`: of the learner that plays; None: a person did.
    - `seed`: of all chance.
    - `greedy`: whether the learner takes its likeliest actions.
    - `actions`: what a person did.
    """

    task: str
    turn: int | None = None
    seed: int = 0
    greedy: bool = False
    actions: tuple[Any, ...] = ()

    @staticmethod
    def of(task: Any, **others: Any) -> "Job":
        """A job for a task as JSON."""
        return Job(json.dumps(task, sort_keys=True), **others)


class Players:
    """Plays episodes one after the other, and remembers the last ones.

    **Arguments:**

    - `folder`: of the run.
    - `environment`: gives the domain of the run; raises if there is none that can be played.
    """

    def __init__(self, folder: RunFolder, environment: Callable[[], Environment]):
        self._folder, self._environment = folder, environment
        self._done: OrderedDict[Job, Episode | ExploraError] = OrderedDict()
        self._wanted: OrderedDict[Job, str | None] = OrderedDict()
        self._versions: OrderedDict[int, Taught] = OrderedDict()
        self._change, self._thread, self._over = Condition(), None, False

    def newest(self) -> int:
        """The turn of the learner as it is now.

        **Raises:** `NotThere` if the run has saved none yet.
        """
        return newest(self._folder)

    def ask(self, job: Job, *, wait: float = 0.4, instead: str | None = None) -> Episode | None:
        """An episode, if it has been played by then; else ask again, it is being played.

        **Arguments:**

        - `job`: what to play.
        - `wait`: how long to wait for it [s].
        - `instead`: takes the place of what was asked for under that name and has not been played yet: what somebody
          is drawing, say.

        **Raises:** `ExploraError` if it cannot be played; `NotThere` if too many others wait.
        """
        with self._change:
            if job not in self._done and job not in self._wanted:
                stale = [other for other, name in self._wanted.items() if name is not None and name == instead]
                for other in stale:
                    del self._wanted[other]
                if len(self._wanted) >= _WAITING:
                    raise NotThere("many replays are being played; try again soon")
                self._wanted[job] = instead
                self._begin()
                self._change.notify_all()
            self._change.wait_for(lambda: job in self._done or self._over, wait)
            found = self._done.get(job)
            if found is not None:
                self._done.move_to_end(job)
        if isinstance(found, ExploraError):
            raise found
        return found

    def close(self) -> None:
        """Plays nothing more."""
        with self._change:
            self._over = True
            self._wanted.clear()
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(60.0)

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._work, name="players", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._wanted or self._over)
                if self._over:
                    return
                job = next(iter(self._wanted))
            found = self._play(job)
            with self._change:
                self._wanted.pop(job, None)
                self._done[job] = found
                while len(self._done) > _KEPT:
                    self._done.popitem(last=False)
                self._change.notify_all()

    def _play(self, job: Job) -> Episode | ExploraError:
        try:
            environment = self._environment()
            task = decoded(environment.space, json.loads(job.task))
            if job.turn is None:
                return follow(environment, task, job.actions, seed=job.seed)
            found = self._version(job.turn)
            return play(environment, found.policy, task, seed=job.seed, greedy=job.greedy, turn=found.turn)
        except ExploraError as error:
            return error
        except Exception as error:  # whatever somebody else's domain raises: the thread must go on
            _log.exception("a replay failed")
            return CombinationError(f"this cannot be played: {type(error).__name__}: {error}")

    def _version(self, turn: int) -> Taught:
        if turn not in self._versions:
            found = taught(self._folder, *read(self._folder), turn)
            if not isinstance(found.policy, Policy):
                raise CombinationError("what this run learns answers questions and does not act: there is no replay")
            self._versions[turn] = found
            while len(self._versions) > _VERSIONS:
                self._versions.popitem(last=False)
        self._versions.move_to_end(turn)
        return self._versions[turn]


def playable(scene: Scene) -> Environment:
    """The domain of a run, for replays.

    **Raises:** `NotThere` if its parts cannot be built here; `CombinationError` if it is not played in time.
    """
    parts = scene.parts(120.0)
    if parts is None:
        raise NotThere(scene.problem or "the parts of this run are not there yet; try again soon")
    if not isinstance(parts.domain, Environment):
        raise CombinationError(f"{type(parts.domain).__name__} is not played in time: there is no replay")
    return parts.domain
