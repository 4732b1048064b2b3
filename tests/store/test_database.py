"""The tables of a run: one transaction a record, exact rewinding, fast reading, clear errors."""

import gc
import math
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from explora.core import ArgumentError, MissingExtra, RunError
from explora.store import Database, EvaluationRow, EventRow, Record, TaskRow, VersionRow, _engine, _format
from explora.store import _tables as tables


@pytest.fixture
def database(tmp_path):
    made = Database.create(tmp_path / "run.db", facts={"state": "running"})
    yield made
    made.close()


def record(turn: int, **metrics: Any) -> Record:
    return Record(turn, 100 * turn, turn, 0, 3 * turn, time.time(), 1e6, metrics)


def task(id: int, parent: int = -1, **fields: Any) -> TaskRow:
    return TaskRow(id, parent, 1, f"address-{id}", {"maze": ["#", id]}, **fields)


def live(database: Database, turn: int) -> None:
    """One turn of a run that leaves something in every table."""
    database.schedule(turn - 1, 1000.0 + turn)
    database.append(
        record(turn, **{"play/solved": turn / 7}),
        tasks=[task(10 * turn, score=0.5), task(10 * turn + 1, 10 * (turn - 1))],
        evaluations=[EvaluationRow(turn, "graded", name, 20, turn / 9, math.nan, 12.0) for name in ("b", "a")],
        events=[("best", {"score": turn})],
        version=f"{turn}.json",
    )


def do_not_flush(database: Database) -> None:
    """Leaves our own cost, without that of this machine's disk."""
    with database._connection("prepare") as connection:
        connection.exec_driver_sql("pragma synchronous=off")


def test_everything_that_was_written_is_read(database):
    database.append(
        record(3, b=0.25, a=jnp.float32(0.1)),
        tasks=[task(0, score=jnp.float32(0.5)), task(2, 0)],
        evaluations=[EvaluationRow(3, "holdout", "Maze", 20, 0.5, 0.25, None, greedy=True)],
        events=[("best", {"score": [1, 2]}), ("plateau", None)],
        version="3.json",
    )
    last = database.last()
    assert last._replace(seconds=0.0) == Record(3, 300, 3, 0, 9, 0.0, 1e6, {"a": float(np.float32(0.1)), "b": 0.25})
    assert database.tasks() == [
        TaskRow(0, -1, 1, "address-0", {"maze": ["#", 0]}, 0.5, 0),
        TaskRow(2, 0, 1, "address-2", {"maze": ["#", 2]}, None, 1),
    ]
    assert database.evaluations() == [EvaluationRow(3, "holdout", "Maze", 20, 0.5, 0.25, None, True)]
    assert database.evaluations("graded") == []
    assert database.versions() == [VersionRow(3, "3.json")]
    now = time.time()
    best, plateau = database.events()
    assert abs(best.time - now) < 60
    assert best == EventRow(3, "best", {"score": [1, 2]}, best.time)
    assert database.events("plateau") == [plateau]
    assert database.facts()["state"] == "running"
    database.set(state="finished", seeds=[1, 2])
    assert database.facts().items() >= {"state": "finished", "seeds": [1, 2], "format": 1}.items()


def test_an_empty_database_reads_as_nothing(database):
    records = database.records()
    assert records.turn.shape == records.budget.shape == (0,)
    assert records.metrics == {}
    assert database.last() is None
    assert database.tasks() == database.lineage(5) == database.events() == database.versions() == []


def test_records_are_columns_with_gaps(database):
    database.append(record(1, a=1.0, b=math.nan))
    database.append(record(2, a=math.inf, c=-math.inf))
    database.append(record(10, a=np.float16(0.5), b=3))
    found = database.records()
    assert found.turn.tolist() == [1, 2, 10]
    assert found.steps.dtype == np.int64
    assert found.steps.tolist() == [100, 200, 1000]
    assert list(found.metrics) == ["a", "b", "c"]
    np.testing.assert_array_equal(found.metrics["a"], [1, math.inf, 0.5])
    np.testing.assert_array_equal(found.metrics["b"], [math.nan, math.nan, 3])
    np.testing.assert_array_equal(found.metrics["c"], [math.nan, -math.inf, math.nan])
    assert database.records(after=2).turn.tolist() == [10]
    assert math.isnan(Database.last(database).metrics.get("c", math.nan))


def test_integers_of_arrays_are_stored_as_integers(database):
    """SQLite would keep a NumPy integer as bytes."""
    database.append(Record(*(np.int64(i) for i in (1, 2**40, 3, 4, 5)), np.float64(6), jnp.float32(7), {}))
    with sqlite3.connect(database.place) as connection:
        kinds = connection.execute("select typeof(turn), typeof(steps), typeof(budget), steps from record").fetchone()
    connection.close()
    assert kinds == ("integer", "integer", "real", 2**40)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"metrics": {"a": np.zeros(2)}}, "metric 'a' must be one number"),
        ({"metrics": {"a": "high"}}, "metric 'a' must be one number, got 'high'"),
    ],
)
def test_a_metric_is_one_number(database, bad, message):
    with pytest.raises(ArgumentError, match=message):
        database.append(record(1)._replace(**bad))


@pytest.mark.parametrize(
    "bad",
    [
        {"events": [("kind", {1, 2})]},
        {"evaluations": [EvaluationRow(1, "s", "t", 1, 0.0, 0.0)] * 2},
        {"tasks": [task(1, score="high")]},
        {"events": [("kind", math.nan)]},
    ],
)
def test_a_record_is_written_whole_or_not_at_all(database, bad):
    whole = {
        "tasks": [task(1)],
        "evaluations": [EvaluationRow(1, "s", "a", 1, 0.0, 0.0)],
        "events": [("kind", 1)],
        "version": "1.json",
    }
    with pytest.raises((RunError, ArgumentError, ValueError)):
        database.append(record(1), **(whole | bad))
    assert all(rows == [] for rows in database.content().values())
    database.append(record(1), **whole)
    assert all(
        len(rows) == 1 for name, rows in database.content().items() if name not in ("schedule", "journal", "letter")
    )


def test_a_turn_is_recorded_once(database):
    database.append(record(1))
    with pytest.raises(RunError, match=r"cannot append a record to .*run.db: UNIQUE constraint failed: record.turn"):
        database.append(record(1))


@given(st.integers(0, 12), st.integers(0, 12))
@settings(max_examples=15, deadline=None)
def test_a_rewound_run_equals_one_that_was_never_interrupted(tmp_path_factory, killed, checkpoint):
    checkpoint = min(checkpoint, killed)
    folder = tmp_path_factory.mktemp("rewind")
    whole, resumed = (Database.create(folder / f"{name}.db") for name in ("whole", "resumed"))
    do_not_flush(whole)
    do_not_flush(resumed)
    for turn in range(1, 13):
        live(whole, turn)
    for turn in range(1, killed + 1):
        live(resumed, turn)
    resumed.rewind(checkpoint if checkpoint else None)
    assert resumed.records().turn.tolist() == list(range(1, checkpoint + 1))
    for turn in range(checkpoint + 1, 13):
        live(resumed, turn)
    assert resumed.content() == whole.content()
    assert resumed.schedules() == {turn: 1001.0 + turn for turn in range(12)}
    whole.close()
    resumed.close()


def test_what_came_from_outside_survives_a_rewind(database):
    database.note(5, ("answer", {"label": 3}), ("answer", {"label": 4}))
    database.note(6, ("skip", None))
    live(database, 5)
    database.rewind(None)
    assert [(entry.turn, entry.kind, entry.data) for entry in database.journal()] == [
        (5, "answer", {"label": 3}),
        (5, "answer", {"label": 4}),
        (6, "skip", None),
    ]
    assert [entry.turn for entry in database.journal("skip")] == [6]
    assert database.schedules() == {4: 1005.0}
    assert database.content()["journal"][0] == (0, 5, "answer", '{"label":3}')
    assert [rows for name, rows in database.content().items() if name not in ("schedule", "journal", "letter")] == [
        []
    ] * 5


def test_a_schedule_is_settled_once(database):
    assert database.schedule(7, 5e6) == 5e6
    assert database.schedule(7, 9e6) == 5e6
    assert database.schedule(8, math.inf) == math.inf
    assert database.schedules() == {7: 5e6, 8: math.inf}


def test_generations_and_lineage(database):
    database.append(record(1), tasks=[task(3, 1), task(0), task(1, 0), task(9, 8)])
    database.append(record(2), tasks=[task(4, 3), task(5), task(6, 5, generation=7), task(3, 0, score=9.0)])
    assert {row.id: row.generation for row in database.tasks()} == {0: 0, 1: 1, 3: 2, 4: 3, 5: 0, 6: 7, 9: 1}
    assert [row.id for row in database.lineage(4)] == [0, 1, 3, 4]
    assert [row.id for row in database.lineage(9)] == [9]
    assert [row.id for row in database.tasks(generation=0)] == [0, 5]
    assert database.numbers() == {0, 1, 3, 4, 5, 6, 9}
    assert database.tasks()[2].score is None, "a task that is known stays as it is"


def test_the_best_tasks_come_first(database):
    scores = [0.1, math.nan, 0.9, None, 0.9, math.inf]
    database.append(record(1), tasks=[task(i, score=score) for i, score in enumerate(scores)])
    assert [row.id for row in database.tasks(best=4)] == [5, 2, 4, 0]
    assert database.tasks(best=9)[-1].score is None


def test_thousands_of_tasks_in_one_record(database):
    database.append(record(1), tasks=[task(i) for i in range(2000)])
    database.append(record(2), tasks=[task(i + 2000, i) for i in range(2000)])
    assert {row.generation for row in database.tasks()[2000:]} == {1}


def test_speed(database):
    """36,000 records (ten hours) are read in a moment, and writing one takes about as long as flushing the disk."""
    metrics = {f"learner/metric-{i}": i / 7 for i in range(20)}
    do_not_flush(database)
    started = time.perf_counter()
    for turn in range(1, 1001):
        database.append(record(turn, **metrics))
    assert time.perf_counter() - started < 5.0
    with database._connection("multiply") as connection:
        for k in range(1, 36):
            columns = "steps, updates, calls, episodes, seconds, budget, metrics"
            turns = f"select turn + {1000 * k}, {columns} from record where turn <= 1000"
            connection.exec_driver_sql(f"insert into record (turn, {columns}) {turns}")
    started = time.perf_counter()
    found = database.records()
    assert time.perf_counter() - started < 5.0
    assert found.turn.shape == found.metrics["learner/metric-3"].shape == (36_000,)


def test_a_reader_sees_a_run_that_goes_on_and_changes_nothing(database, tmp_path):
    database.append(record(1))
    reader = Database.open(tmp_path / "run.db")
    assert reader.last().turn == 1
    database.append(record(2))
    assert reader.last().turn == 2
    for change in (lambda: reader.append(record(3)), lambda: reader.rewind(0), lambda: reader.set(state="x")):
        with pytest.raises(RunError, match="it was opened for reading"):
            change()
    reader.close()


def test_a_read_only_place_is_read_from_a_copy(database, tmp_path, monkeypatch):
    database.append(record(1))  # still in the write-ahead log
    monkeypatch.setattr(_engine, "_writable", lambda folder: False)
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(copies))
    reader = Database.open(tmp_path / "run.db")
    assert reader.last().turn == 1
    assert len(list(copies.iterdir())) == 1
    reader.close()
    del reader
    gc.collect()
    assert list(copies.iterdir()) == []


def test_a_full_disk_gives_a_clear_error_and_nothing_half_written(database):
    live(database, 1)
    before = database.content()
    with database._connection("limit") as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()
        connection.exec_driver_sql(f"pragma max_page_count={pages}")
    with pytest.raises(RunError, match=r"cannot append a record to .*run.db: the disk is full; free some space"):
        database.append(record(2, **{f"{i}": i for i in range(5000)}), tasks=[task(77)])
    assert database.content() == before


def test_a_place_that_cannot_be_written_gives_a_clear_error(database):
    with database._connection("freeze") as connection:
        connection.exec_driver_sql("pragma query_only=on")
    with pytest.raises(RunError, match=r"cannot append a record to .*run.db: the place cannot be written to"):
        database.append(record(1))
    with pytest.raises(RunError, match=r"cannot create /proc/run.db: the place cannot be written to"):
        Database.create(Path("/proc/run.db"))


@pytest.mark.parametrize("damage", [b"not a database, but long enough to be read as one" * 9, b""])
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "run.db"
    path.write_bytes(damage)
    with pytest.raises(RunError, match=str(path)):
        Database.open(path)
    with pytest.raises(RunError, match="there is no such file"):
        Database.open(tmp_path / "none.db")


def test_a_newer_format_names_the_version_that_can_read_it(tmp_path, monkeypatch):
    monkeypatch.setattr(_format, "FORMAT", 2)
    monkeypatch.setattr(_format, "__version__", "9.1")
    Database.create(tmp_path / "run.db").close()
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"run.db has format 2, written by explora 9.1; .* pip install 'explora>=9.1'"):
        Database.open(tmp_path / "run.db")


def test_the_tables_suit_postgresql():
    """Types and names compile for the other server; `WALL_CLOCK` and `content` cover all tables."""
    for table in tables.META.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))
    kinds = {type(column.type) for table in tables.META.tables.values() for column in table.columns}
    assert kinds == {sa.Text, sa.BigInteger, sa.Integer, sa.Double, sa.Boolean}
    assert {*tables.REWOUND, *tables.KEPT, tables.RUN} == set(tables.META.tables.values())


def test_a_server_needs_its_driver_and_no_password_in_the_folder(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ArgumentError, match=r"postgresql://me:\*\*\*@host/runs holds a password.*PGPASSWORD"):
        Database.open("postgresql://me:secret@host/runs", schema="a")
    with pytest.raises(MissingExtra, match=r"pip install 'explora\[postgresql\]'"):
        Database.open("postgresql://me@host/runs", schema="a")
    with pytest.raises(ArgumentError, match=r"'mongo://host' is no URL of a database that explora knows"):
        Database.open("mongo://host", schema="a")


def test_what_is_new_can_be_read_in_blocks(database):
    assert database.last_turns() == {"record": -1, "evaluation": -1, "version": -1, "task": -1}
    for turn in (1, 2, 3):
        live(database, turn)
    database.append(record(4), tasks=[task(7)._replace(turn=4)])
    assert database.last_turns() == {"record": 4, "evaluation": 3, "version": 3, "task": 4}
    assert database.records(1, most=2).turn.tolist() == [2, 3]
    blocks = list(database.task_columns(size=4))
    assert [len(block.id) for block in blocks] == [4, 3]
    assert np.concatenate([block.id for block in blocks]).tolist() == [10, 11, 20, 21, 30, 31, 7]
    assert blocks[0].parent.tolist() == [-1, 0, -1, 10]
    assert blocks[0].generation.tolist() == [0, 1, 0, 1]
    np.testing.assert_array_equal(blocks[0].score, [0.5, np.nan, 0.5, np.nan])
    assert [block.id.tolist() for block in database.task_columns(after=1)] == [[7]]
    assert [row.id for row in database.tasks_of([21, 99, 7])] == [21, 7]
    assert database.tasks_of([]) == []
