"""Whole tables out of one database and into another, and copies of SQLite files that are in use."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from explora.core import RunError

from .._files import guard
from .._slots import Slots
from ._tables import ITEM, LOG, SETTING, SLOT, WORD

_QUEUE = (ITEM, SLOT, WORD, LOG, SETTING)
_BLOCK = 500

Rows = Iterable[tuple[str, dict[str, Any]]]
"""Pairs of a table's name and a row of it."""


def queue_rows(slots: Slots) -> Iterator[tuple[str, dict[str, Any]]]:
    """All rows of a queue as they are at one moment."""
    with slots._place.moment() as connection:
        yield from table_rows(connection, _QUEUE)


def fill_queue(slots: Slots, rows: Rows) -> int:
    """Puts rows into a queue that has none.

    **Returns:** how many.
    """
    with slots._place.writing("restore") as connection:
        return fill_tables(connection, _QUEUE, rows)


def queue_is_empty(slots: Slots) -> bool:
    """Whether nothing was ever asked or said."""
    with slots._place.moment() as connection:
        return all(connection.execute(sa.select(table).limit(1)).first() is None for table in (ITEM, LOG))


def table_rows(connection: sa.Connection, tables: Sequence[sa.Table]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All rows of some tables, those that others refer to first.

    **Arguments:**

    - `connection`: a transaction, so that all belong to one moment.
    - `tables`: which.
    """
    there = set(sa.inspect(connection).get_table_names(schema=_schema(connection)))
    for table in tables:
        if table.name in there:
            query = sa.select(table).order_by(*table.primary_key.columns)
            for row in connection.execute(query).mappings():
                yield table.name, dict(row)


def fill_tables(connection: sa.Connection, tables: Sequence[sa.Table], rows: Rows) -> int:
    """Puts rows into tables, under the numbers that they had.

    **Arguments:**

    - `connection`: a transaction that may write.
    - `tables`: those that there are; rows of others are an error.
    - `rows`: from `table_rows`.

    **Returns:** how many.
    """
    known, count = {table.name: table for table in tables}, 0
    waiting: list[dict[str, Any]] = []
    last = ""
    for name, row in rows:
        if waiting and (name != last or len(waiting) >= _BLOCK):
            connection.execute(sa.insert(known[last]), waiting)
            waiting = []
        last, count = name, count + 1
        waiting.append(row)
    if waiting:
        connection.execute(sa.insert(known[last]), waiting)
    if connection.dialect.name == "postgresql":
        for table in tables:
            _continue(connection, table)
    return count


def copy_database(path: Path, target: Path) -> None:
    """A consistent copy of an SQLite file, also while others write to it; it is whole, or not there.

    **Arguments:**

    - `path`: the file.
    - `target`: where the copy is put; it needs no file beside it.

    **Raises:** `RunError` if one cannot be read or the other not be written.
    """
    building = target.with_name(f".{target.name}.new-{os.getpid()}")
    with guard("copy", path):
        try:
            source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30.0)
            with closing(source), closing(sqlite3.connect(building)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
            with building.open("rb+") as file:
                os.fsync(file.fileno())
            building.chmod(0o600)
            building.rename(target)
        except sqlite3.Error as error:
            raise RunError(f"cannot copy {path}: {error}") from error
        finally:
            building.unlink(missing_ok=True)


@contextmanager
def unlocked(connection: sa.Connection, table: sa.Table) -> Iterator[None]:
    """A log may be changed, in this transaction only: the law that asks for it is above the one that forbids it.

    **Arguments:**

    - `connection`: a transaction that may write.
    - `table`: the log.
    """
    if connection.dialect.name == "postgresql":
        name = named(connection, table)
        connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        yield
        connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE TRIGGER USER")
        return
    connection.exec_driver_sql("PRAGMA secure_delete = ON").close()
    query = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
    triggers = connection.execute(query, {"name": table.name}).all()
    for name, _ in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    for _, statement in triggers:
        connection.exec_driver_sql(statement)


def shred(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Writes tables anew, so that nothing of what was deleted is left in their files.

    **Arguments:**

    - `connection`: outside of any transaction.
    - `tables`: of a server those; a file is written anew as a whole.
    """
    if connection.dialect.name == "postgresql":
        for table in tables:
            connection.exec_driver_sql(f"VACUUM FULL {named(connection, table)}")
    else:
        for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            connection.exec_driver_sql(statement).close()


def _continue(connection: sa.Connection, table: sa.Table) -> None:
    """A server goes on numbering after the greatest number that is there."""
    for column in table.primary_key.columns:
        if column.autoincrement is True:
            most = connection.execute(sa.select(sa.func.max(column))).scalar()
            query = sa.select(
                sa.func.setval(sa.func.pg_get_serial_sequence(named(connection, table), column.name), most)
            )
            if most is not None:
                connection.execute(query)


def named(connection: sa.Connection, table: sa.Table) -> str:
    """A table as statements of one's own call it."""
    quote, schema = connection.dialect.identifier_preparer.quote_identifier, _schema(connection)
    return quote(table.name) if schema is None else f"{quote(schema)}.{quote(table.name)}"


def _schema(connection: sa.Connection) -> str | None:
    """The schema in which tables without one lie."""
    mapping = connection.get_execution_options().get("schema_translate_map") or {}
    return mapping.get(None)
