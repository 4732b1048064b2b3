"""The database of people: the same tables and the same code in an SQLite file and in a PostgreSQL server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

from explora.store import connect, guard

META = sa.MetaData()

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER

PERSON = sa.Table(
    "person",
    META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("revoked", sa.Double),
)
TOKEN = sa.Table(
    "token",
    META,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("used", sa.Double),
)
EVENT = sa.Table(
    "event",
    META,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False, index=True),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("uuid", sa.Text, nullable=False, unique=True),
    sa.Column("undoes", sa.BigInteger, unique=True),
    sqlite_autoincrement=True,
)
DRAFT = sa.Table(
    "draft",
    META,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("time", sa.Double, nullable=False),
)
REALM = sa.Table("realm", META, sa.Column("id", sa.Text, primary_key=True))

_STAYS = "events are only ever appended"
for _doing in ("UPDATE", "DELETE"):
    event.listen(
        EVENT,
        "after_create",
        sa.DDL(
            f"CREATE TRIGGER IF NOT EXISTS event_no_{_doing.lower()} BEFORE {_doing} ON event "
            f"BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"
        ).execute_if(dialect="sqlite"),
    )


class Base:
    """The tables of people.

    **Arguments:**

    - `where`: the path of an SQLite file, which is made if it is not there, or the URL of a server.
    - `schema`: in which schema of the server the tables lie.

    **Raises:** `RunError` if that cannot be written.
    """

    def __init__(self, where: Path | str, schema: str | None = None):
        if isinstance(where, Path):
            with guard("open", where):  # digests of tokens are nobody else's business
                os.close(os.open(where, os.O_CREAT | os.O_RDWR, 0o600))
        engine, self.place = connect(where, "create", schema)
        self._turn = Lock()
        self.sqlite = engine.dialect.name == "sqlite"
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if self.sqlite else engine
        with self.writing("open") as connection:
            if schema is not None:
                connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
            META.create_all(connection)
            if not self.sqlite:
                _forbid_changes(connection, schema)

    @contextmanager
    def writing(self, doing: str) -> Iterator[sa.Connection]:
        """One transaction that may write from its first statement: all of it happens, or nothing."""
        with guard(doing, self.place):
            if not self.sqlite:
                with self._engine.begin() as connection:
                    yield connection
                return
            # Threads of this process wait here, each for its turn: SQLite would have them sleep and try again.
            with self._turn, self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.exec_driver_sql("COMMIT")
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise

    def rows(self, query: sa.Select) -> list[Any]:
        """What a query finds."""
        with guard("read", self.place), self._engine.connect() as connection:
            return list(connection.execute(query))

    def insert(self, table: sa.Table) -> Any:
        """An insertion that can say what happens in a conflict, in the words of the database at hand."""
        return (sqlite if self.sqlite else postgresql).insert(table)

    def close(self) -> None:
        """Closes the database."""
        self._engine.dispose()


def _forbid_changes(connection: sa.Connection, schema: str | None) -> None:
    """What the triggers of SQLite do, for PostgreSQL."""
    place = f'"{schema}".' if schema else ""
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {place}event_stays() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN RAISE EXCEPTION '{_STAYS}'; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE OR REPLACE TRIGGER event_stays BEFORE UPDATE OR DELETE ON {place}event "
        f"FOR EACH ROW EXECUTE FUNCTION {place}event_stays()"
    )
