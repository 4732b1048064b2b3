"""Writing a run's database."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from explora.core import RunError

from . import _format
from . import _tables as t
from . import _values as values
from ._engine import connect
from ._files import damaged
from ._reading import Reading
from ._tables import EvaluationRow, Record, TaskRow


class Database(Reading):
    """The tables of one run.

    By default they lie in an SQLite file (write-ahead log, `synchronous=FULL`: a record costs one flush of the disk, a
    few milliseconds, and has then survived a power cut; so a checkpoint never knows of more than the tables do). With
    a URL they lie in a PostgreSQL server, each run in a schema of its own.
    """

    @classmethod
    def create(cls, where: Path | str, *, schema: str | None = None, facts: dict[str, Any] | None = None) -> "Database":
        """Makes the tables of a new run.

        **Arguments:**

        - `where`: the path of an SQLite file, or the URL of a server.
        - `schema`: the schema of the run, on a server.
        - `facts`: what is known of the run as a whole.

        **Raises:** `RunError` if that cannot be written.
        """
        engine, place = connect(where, "create", schema)
        database = cls(engine, place, writable=True)
        try:
            with database._connection("create") as connection:
                if schema is not None:
                    connection.execute(sa.schema.CreateSchema(schema))
                t.META.create_all(connection)
            database.set(**(_format.stamp() | (facts or {})))
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def open(cls, where: Path | str, *, write: bool = False, schema: str | None = None) -> "Database":
        """Opens the tables of a run.

        **Arguments:**

        - `where`, `schema`: as for `create`.
        - `write`: whether the run goes on; else nothing can be changed.

        **Raises:** `RunError` if they cannot be read by this version of explora.
        """
        engine, place = connect(where, "write" if write else "read", schema)
        database = cls(engine, place, writable=write)
        try:
            facts = database.facts()
            if "format" not in facts:
                raise damaged("open", place)
            _format.check(place, facts.get("format"), facts.get("explora", "unknown"))
        except BaseException:
            database.close()
            raise
        return database

    def __init__(self, engine: sa.Engine, place: str, *, writable: bool):
        super().__init__(engine, place)
        self.writable = writable

    def set(self, **facts: Any) -> None:
        """Notes facts about the run as a whole, in place of what was known before.

        **Arguments:**

        - `facts`: JSON by name.
        """
        with self._changing("write facts to") as connection:
            connection.execute(sa.delete(t.RUN).where(t.RUN.c.key.in_(list(facts))))
            rows = [{"key": key, "value": values.text(value)} for key, value in facts.items()]
            self._insert(connection, t.RUN, rows)

    def append(
        self,
        record: Record,
        *,
        tasks: Sequence[TaskRow] = (),
        evaluations: Sequence[EvaluationRow] = (),
        events: Sequence[tuple[str, Any]] = (),
        version: str | None = None,
    ) -> None:
        """Writes all that belongs to one record, in one transaction: all of it or nothing.

        Append first and save the checkpoint of the same turn afterwards: then a resumed run lacks nothing.

        **Arguments:**

        - `record`: the record.
        - `tasks`: tasks found since the last one. Those that are known already are left as they are.
        - `evaluations`: how this version did on held-out tasks.
        - `events`: what happened: pairs of kind and details.
        - `version`: the name under which the learner was kept.
        """
        with self._changing("append a record to") as connection:
            self._insert(connection, t.RECORD, [_record(record)])
            self._insert_tasks(connection, tasks)
            self._insert(connection, t.EVALUATION, [_evaluation(row) for row in evaluations])
            self._insert_events(connection, t.EVENT, int(record.turn), events)
            if version is not None:
                self._insert(connection, t.VERSION, [{"turn": int(record.turn), "name": version}])

    def schedule(self, turn: int, budget: float) -> float:
        """Settles the budget that the schedules reckon with from a turn on, once and for all.

        Where the budget follows the clock, only the first word counts: a resumed run gets what was settled before.

        **Arguments:**

        - `turn`: how many turns are over.
        - `budget`: what it would be now [environment steps].

        **Returns:** what it is.
        """
        with self._changing("write the schedule to") as connection:
            row = connection.execute(sa.select(t.SCHEDULE.c.budget).where(t.SCHEDULE.c.turn == turn)).first()
            if row is not None:
                return row.budget
            self._insert(connection, t.SCHEDULE, [{"turn": turn, "budget": float(budget)}])
        return float(budget)

    def note(self, turn: int, *entries: tuple[str, Any]) -> None:
        """Writes into the journal what came from outside, before it is used: a person's answer, say.

        **Arguments:**

        - `turn`: the turn that will use it.
        - `entries`: pairs of kind and details, as JSON.
        """
        with self._changing("write to the journal of") as connection:
            self._insert_events(connection, t.JOURNAL, turn, entries)

    def rewind(self, turn: int | None) -> None:
        """Forgets what happened after a turn, so that it can happen again.

        What came from outside stays: the schedule and the journal, which the resumed run reads.

        **Arguments:**

        - `turn`: that of the checkpoint from which the run goes on; None if it starts anew.
        """
        with self._changing("rewind") as connection:
            for table in t.REWOUND:
                connection.execute(sa.delete(table) if turn is None else sa.delete(table).where(table.c.turn > turn))

    def _changing(self, doing: str) -> Any:
        if not self.writable:
            raise RunError(f"cannot {doing} {self.place}: it was opened for reading; open it with `write=True`")
        return self._connection(doing)

    def _insert(self, connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            connection.execute(sa.insert(table), rows)

    def _insert_events(
        self, connection: sa.Connection, table: sa.Table, turn: int, entries: Sequence[tuple[str, Any]]
    ) -> None:
        # numbered here and not by the database, which would skip the numbers of rows that were rewound
        first = connection.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id) + 1, 0))).scalar_one()
        now = time.time()
        rows = [
            {"id": first + i, "turn": turn, "kind": kind, "data": values.text(data), "time": now}
            for i, (kind, data) in enumerate(entries)
        ]
        self._insert(connection, table, rows)

    def _insert_tasks(self, connection: sa.Connection, tasks: Sequence[TaskRow]) -> None:
        if not tasks:
            return
        generations = self._generations(connection, tasks)
        rows = [_task(task, generations[int(task.id)]) for task in tasks]
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(t.TASK).on_conflict_do_nothing(), rows)

    def _generations(self, connection: sa.Connection, tasks: Sequence[TaskRow]) -> dict[int, int]:
        """The generation of each task: one more than its parent's. A parent always has the smaller number."""
        parents = sorted({int(task.parent) for task in tasks} - {-1})
        known: dict[int, int] = {}
        for at in range(0, len(parents), 500):  # SQLite bounds the number of values in a query
            query = sa.select(t.TASK.c.id, t.TASK.c.generation).where(t.TASK.c.id.in_(parents[at : at + 500]))
            known |= {row.id: row.generation for row in connection.execute(query)}
        for task in sorted(tasks, key=lambda task: int(task.id)):
            counted = 0 if task.parent < 0 else known.get(int(task.parent), 0) + 1
            known.setdefault(int(task.id), counted if task.generation is None else int(task.generation))
        return known


def _record(record: Record) -> dict[str, Any]:
    whole = {name: int(getattr(record, name)) for name in ("turn", "steps", "updates", "calls", "episodes")}
    real = {"seconds": float(record.seconds), "budget": float(record.budget)}
    return whole | real | {"metrics": values.metrics(record.metrics)}


def _task(task: TaskRow, generation: int) -> dict[str, Any]:
    return {
        "id": int(task.id),
        "parent": int(task.parent),
        "turn": int(task.turn),
        "address": task.address,
        "spec": values.text(task.spec),
        "score": values.real(task.score),
        "generation": generation,
    }


def _evaluation(row: EvaluationRow) -> dict[str, Any]:
    real = {name: values.real(getattr(row, name)) for name in ("solve_rate", "mean_return", "optimal_steps")}
    whole = {"turn": int(row.turn), "episodes": int(row.episodes)}
    return whole | real | {"suite": row.suite, "task": row.task, "greedy": bool(row.greedy)}
