"""Reading a run's folder again and again, only what is new."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any, NamedTuple

import numpy as np

from explora.core import ExploraError
from explora.plots import Generality, Matrix, SuiteResult, generality, matrices, suite_results
from explora.store import Records, RunFolder, TaskColumns

_BLOCK = 2000  # records or tasks that are read at once: in between other threads have their turn
_LIVE, _IDLE = 1.0, 5.0  # how long a follower sleeps while the run goes on, and else: it may be resumed [s]


class Known(NamedTuple):
    """What is known of a run at one moment.

    **Arguments:**

    - `facts`: of the run as a whole.
    - `records`: all of them.
    - `tasks`: all that were recorded, without what they are.
    - `matrices`, `generality`: versions × held-out tasks, and how the latest version stands; one a suite.
    - `results`: of the latest version.
    - `turns`: the newest turn in each table.
    - `whole`: whether everything that was there has been read.
    - `problem`: why it cannot be read any more; None if it can.
    """

    facts: dict[str, Any]
    records: Records
    tasks: TaskColumns
    matrices: tuple[Matrix, ...]
    generality: tuple[Generality, ...]
    results: tuple[SuiteResult, ...]
    turns: dict[str, int]
    whole: bool
    problem: str | None = None

    @property
    def live(self) -> bool:
        """Whether the run goes on, as far as its folder says."""
        return self.facts.get("state") == "running"


class Follower:
    """Keeps up with a run, in a thread of its own.

    A run that was resumed from an earlier checkpoint has forgotten its newest records; then everything is read anew.

    **Arguments:**

    - `folder`: of the run, open for reading.
    - `then`: called once it has read what was there, or found that it cannot.
    """

    def __init__(self, folder: RunFolder, then: Callable[[], None] = lambda: None):
        self.folder, self._then = folder, then
        self.known = _nothing(folder.facts)
        self.version = 0
        """Grows with everything new."""
        self._stop, self._thread = Event(), Thread(target=self._follow, name="follower", daemon=True)

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def leave(self) -> None:
        """Ends it soon, without waiting; whoever listens to a stream is let go."""
        self._stop.set()

    def stop(self) -> None:
        """Ends it."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(5.0)

    @property
    def stopped(self) -> bool:
        """Whether it was told to end."""
        return self._stop.is_set()

    def look(self) -> bool:
        """Reads what is new.

        **Returns:** whether there was anything.
        """
        before, database = self.known, self.folder.database
        turns, facts = database.last_turns(), self.folder.facts
        rewound = any(turns[table] < newest for table, newest in before.turns.items())
        if rewound:
            self.known = before = _nothing(facts)
        if before.whole and turns == before.turns and facts == before.facts:
            return rewound
        self._read_records(turns["record"])
        self._read_tasks(turns["task"])
        if turns["evaluation"] != before.turns["evaluation"]:
            self._read_evaluations()
        self._put(facts=facts, turns=turns, whole=True)
        return True

    def _read_records(self, newest: int) -> None:
        while not self._stop.is_set():
            records = self.known.records
            last = int(records.turn[-1]) if len(records.turn) else -1
            if last >= newest:
                return
            block = self.folder.database.records(last, _BLOCK)
            if not len(block.turn):
                return
            self._put(records=_joined(records, block))

    def _read_tasks(self, newest: int) -> None:
        tasks = self.known.tasks
        last = int(tasks.turn[-1]) if len(tasks.turn) else -1
        if last >= newest:
            return
        waiting = _of(tasks, slice(0))
        for block in self.folder.database.task_columns(last, _BLOCK):
            waiting = _end_to_end(waiting, block)
            whole = int(np.searchsorted(waiting.turn, waiting.turn[-1]))  # the newest turn may go on in the next block
            tasks, waiting = _end_to_end(tasks, _of(waiting, slice(whole))), _of(waiting, slice(whole, None))
            self._put(tasks=tasks)
        self._put(tasks=_end_to_end(tasks, waiting))

    def _read_evaluations(self) -> None:
        rows = self.folder.database.evaluations()
        found = matrices(self.known.records, rows, None)
        stands = tuple(generality(matrix) for matrix in found)
        self._put(matrices=found, generality=stands, results=suite_results(rows, None))

    def _put(self, **changed: Any) -> None:
        self.known = self.known._replace(**changed)
        self.version += 1

    def _follow(self) -> None:
        self._try()
        self._then()
        while not self._stop.wait(_LIVE if self.known.live else _IDLE):
            self._try()

    def _try(self) -> None:
        try:
            self.look()
            if self.known.problem is not None:
                self._put(problem=None)
        except ExploraError as error:  # a disk that fails now may be there again later
            if self.known.problem != str(error):
                self._put(problem=str(error))


def _nothing(facts: dict[str, Any]) -> Known:
    whole, real = np.zeros(0, np.int64), np.zeros(0, np.float64)
    records = Records(whole, whole, whole, whole, whole, real, real, metrics={})
    tasks = TaskColumns(whole, whole, whole, real, whole)
    turns: dict[str, int] = {"record": -1, "evaluation": -1, "version": -1, "task": -1}
    return Known(facts, records, tasks, (), (), (), turns, whole=False)


def _of(tasks: TaskColumns, which: slice) -> TaskColumns:
    return TaskColumns(*(column[which] for column in tasks))


def _end_to_end(first: TaskColumns, then: TaskColumns) -> TaskColumns:
    return TaskColumns(*(np.concatenate(pair) for pair in zip(first, then, strict=True)))


def _joined(first: Records, then: Records) -> Records:
    names = [*first.metrics, *(name for name in then.metrics if name not in first.metrics)]
    empty = lambda records: np.full(len(records.turn), np.nan)
    metrics = {
        name: np.concatenate([records.metrics.get(name, empty(records)) for records in (first, then)]) for name in names
    }
    plain = [np.concatenate(pair) for pair in zip(first[:-1], then[:-1], strict=True)]
    return Records(*plain, metrics=metrics)
