"""Reading a run's database."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from jaxtyping import Float, Int

from . import _tables as t
from . import _values as values
from ._files import damaged, guard
from ._tables import EvaluationRow, EventRow, Record, TaskRow, VersionRow


class Records(NamedTuple):
    """All records of a run, one column each.

    **Arguments:** as for `Record`; `metrics` has one column a name, not-a-number where nothing was measured.
    """

    turn: Int[np.ndarray, " records"]
    steps: Int[np.ndarray, " records"]
    updates: Int[np.ndarray, " records"]
    calls: Int[np.ndarray, " records"]
    episodes: Int[np.ndarray, " records"]
    seconds: Float[np.ndarray, " records"]
    budget: Float[np.ndarray, " records"]
    metrics: dict[str, Float[np.ndarray, " records"]]


class TaskColumns(NamedTuple):
    """Many tasks without what they are, one column each.

    **Arguments:** as for `TaskRow`; `score` is not-a-number where a task was not scored.
    """

    id: Int[np.ndarray, " tasks"]
    parent: Int[np.ndarray, " tasks"]
    turn: Int[np.ndarray, " tasks"]
    score: Float[np.ndarray, " tasks"]
    generation: Int[np.ndarray, " tasks"]


class Reading:
    """What can be read from a run's database, also while the run goes on.

    **Arguments:**

    - `engine`: the connection to the database.
    - `place`: what error messages call it.
    """

    def __init__(self, engine: sa.Engine, place: str):
        self._engine, self.place = engine, place

    def facts(self) -> dict[str, Any]:
        """What is known of the run as a whole: versions, machine, configuration, state."""
        rows = self._rows(sa.select(t.RUN))
        try:
            return {row.key: json.loads(row.value) for row in rows}
        except ValueError as error:
            raise damaged("read", self.place) from error

    def check(self) -> None:
        """Reads a whole SQLite file.

        **Raises:** `RunError` if it is damaged.
        """
        with self._connection("read") as connection:
            if connection.dialect.name != "sqlite":
                return
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise damaged("read", self.place)

    def records(self, after: int = -1, most: int | None = None) -> Records:
        """All records of turns after that one, oldest first; the first `most` of them if that is given."""
        query = sa.select(t.RECORD).where(t.RECORD.c.turn > after).order_by(t.RECORD.c.turn)
        rows = self._plain(query.limit(most))
        plain = list(zip(*rows, strict=True)) or [()] * len(Record._fields)
        whole, real = plain[:5], plain[5:7]
        return Records(
            *(np.array(column, np.int64) for column in whole),
            *(np.array(column, np.float64) for column in real),
            metrics=values.columns(plain[7]),
        )

    def last(self) -> Record | None:
        """The newest record."""
        rows = self._rows(sa.select(t.RECORD).order_by(t.RECORD.c.turn.desc()).limit(1))
        return Record(*rows[0][:-1], metrics=values.read_metrics(rows[0].metrics)) if rows else None

    def schedules(self) -> dict[int, float]:
        """The budget that the schedules reckoned with, by the turn from which on."""
        return {row.turn: row.budget for row in self._rows(sa.select(t.SCHEDULE).order_by(t.SCHEDULE.c.turn))}

    def tasks(self, *, generation: int | None = None, best: int | None = None) -> list[TaskRow]:
        """The tasks found.

        **Arguments:**

        - `generation`: only those of one generation.
        - `best`: only so many, those of the highest score first; None: all, in the order in which they were found.
        """
        query = sa.select(t.TASK)
        if generation is not None:
            query = query.where(t.TASK.c.generation == generation)
        if best is None:
            query = query.order_by(t.TASK.c.id)
        else:
            query = query.order_by(t.TASK.c.score.desc().nulls_last(), t.TASK.c.id).limit(best)
        return [_task(row) for row in self._rows(query)]

    def numbers(self) -> frozenset[int]:
        """The numbers of all tasks found; much faster than reading the tasks."""
        return frozenset(row.id for row in self._rows(sa.select(t.TASK.c.id)))

    def task_columns(self, after: int = -1, size: int = 5000) -> Iterator[TaskColumns]:
        """The tasks that were recorded after a turn, in the order of those turns, a block of at most `size` at a time.

        What they are is left out, so that a hundred thousand of them are soon read.
        """
        c = t.TASK.c
        query = sa.select(c.id, c.parent, c.turn, c.score, c.generation).order_by(c.turn, c.id).limit(size)
        rows = self._plain(query.where(c.turn > after))
        while rows:
            id, parent, turn, score, generation = zip(*rows, strict=True)
            whole = lambda column: np.array(column, np.int64)
            yield TaskColumns(whole(id), whole(parent), whole(turn), np.array(score, np.float64), whole(generation))
            rows = self._plain(query.where(sa.tuple_(c.turn, c.id) > (turn[-1], id[-1])))

    def tasks_of(self, ids: Sequence[int]) -> list[TaskRow]:
        """Some tasks by number, in that order; those that were not recorded are left out."""
        found: dict[int, TaskRow] = {}
        for at in range(0, len(ids), 500):  # SQLite bounds the number of values in a query
            query = sa.select(t.TASK).where(t.TASK.c.id.in_([int(id) for id in ids[at : at + 500]]))
            found |= {row.id: _task(row) for row in self._rows(query)}
        return [found[int(id)] for id in ids if int(id) in found]

    def last_turns(self) -> dict[str, int]:
        """The newest turn of which there is a record, an evaluation, a version, a task; -1 where there is none."""
        tables = {"record": t.RECORD, "evaluation": t.EVALUATION, "version": t.VERSION, "task": t.TASK}
        newest = [
            sa.select(sa.func.coalesce(sa.func.max(table.c.turn), -1)).scalar_subquery() for table in tables.values()
        ]
        return dict(zip(tables, map(int, self._rows(sa.select(*newest))[0]), strict=True))

    def lineage(self, id: int) -> list[TaskRow]:
        """A task and its ancestors, oldest first; empty if the task was not recorded."""
        line: list[TaskRow] = []
        while id >= 0:
            rows = self._rows(sa.select(t.TASK).where(t.TASK.c.id == id))
            if not rows:
                break
            line.append(_task(rows[0]))
            id = line[-1].parent
        return line[::-1]

    def versions(self) -> list[VersionRow]:
        """The learners that were kept, oldest first."""
        return [VersionRow(*row) for row in self._rows(sa.select(t.VERSION).order_by(t.VERSION.c.turn))]

    def evaluations(self, suite: str | None = None) -> list[EvaluationRow]:
        """How the versions did on held-out tasks, oldest first.

        **Arguments:**

        - `suite`: only on that suite.
        """
        table = t.EVALUATION
        query = sa.select(table) if suite is None else sa.select(table).where(table.c.suite == suite)
        order = (table.c.turn, table.c.suite, table.c.greedy, table.c.task)
        return [EvaluationRow(*row) for row in self._rows(query.order_by(*order))]

    def events(self, kind: str | None = None) -> list[EventRow]:
        """What the run did, oldest first; of one kind only if that is given."""
        return self._events(t.EVENT, kind)

    def journal(self, kind: str | None = None) -> list[EventRow]:
        """What came from outside, oldest first; of one kind only if that is given."""
        return self._events(t.JOURNAL, kind)

    def content(self) -> dict[str, list[tuple]]:
        """All rows of all tables but the facts, wall-clock columns aside: equal for equal runs."""
        found = {}
        for table in (*t.REWOUND, *t.KEPT):
            kept = [column for column in table.columns if column.name not in t.WALL_CLOCK]
            query = sa.select(*kept).order_by(*table.primary_key.columns)
            found[table.name] = [tuple(row) for row in self._rows(query)]
        return found

    def close(self) -> None:
        """Closes the database; nothing can be read or written afterwards."""
        self._engine.dispose()

    def _events(self, table: sa.Table, kind: str | None) -> list[EventRow]:
        query = sa.select(table) if kind is None else sa.select(table).where(table.c.kind == kind)
        rows = self._rows(query.order_by(table.c.id))
        return [EventRow(row.turn, row.kind, json.loads(row.data), row.time) for row in rows]

    def _rows(self, query: sa.Select) -> list[Any]:
        with self._connection("read") as connection:
            return list(connection.execute(query))

    def _plain(self, query: sa.Select) -> list[tuple]:
        """Rows of numbers and text as the driver gives them: twice as fast as `_rows`."""
        with self._connection("read") as connection:
            cursor: Any = connection.execute(query).cursor
            return cursor.fetchall()

    @contextlib.contextmanager
    def _connection(self, doing: str) -> Iterator[sa.Connection]:
        """One transaction: all of it happens, or nothing."""
        with guard(doing, self.place), self._engine.begin() as connection:
            yield connection


def _task(row: Any) -> TaskRow:
    return TaskRow(row.id, row.parent, row.turn, row.address, json.loads(row.spec), row.score, row.generation)
