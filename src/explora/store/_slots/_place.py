"""Where a queue lies: an SQLite file or a schema of a PostgreSQL server, and how one writes to either in turn."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

from explora.core import RunError

from .._engine import connect
from .._files import guard
from ._tables import FORMAT, make

_FORMAT = 1

# A queue grows from nothing in seconds, and the planner of a server, which looks at tables now and then, takes it for
# empty or for full long afterwards: then it reads all of it for every claim. Every question here has an index.
_STEERED = ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "jit")


class Place:
    """The database of a queue.

    Whoever writes has the right to from the first statement of the transaction, and nobody else until its end
    (`BEGIN IMMEDIATE`, or a lock of the schema in PostgreSQL): so events become visible in the order of their numbers,
    and whoever reads on from a number misses none.

    **Arguments:**

    - `where`: the path of a file, or the URL of a server.
    - `schema`: in which schema of the server the tables lie.
    """

    def __init__(self, where: Path | str, schema: str):
        server = isinstance(where, str) and "://" in where
        self.schema = schema if server else None
        engine, self.name = connect(where, "create", self.schema)
        self.sqlite = engine.dialect.name == "sqlite"
        if not self.sqlite:
            event.listen(engine, "connect", _steer)
        self._once = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._engine = self._once if self.sqlite else engine
        self._moment = self._once if self.sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        self._turn, self._lock = Lock(), _number(schema)
        with self.writing("open") as connection:
            if not sa.inspect(connection).has_table(FORMAT.name, self.schema):  # a trigger is not made beside a reader
                make(connection, self.schema)
            written = connection.execute(sa.select(sa.func.max(FORMAT.c.format))).scalar()
            if written is None:
                connection.execute(sa.insert(FORMAT).values(format=_FORMAT))
        if written not in (None, _FORMAT):
            raise RunError(f"{self.name} has format {written} and this explora knows {_FORMAT}: install the newer one")

    @contextmanager
    def writing(self, doing: str) -> Iterator[sa.Connection]:
        """A transaction that nobody else's can come between."""
        # Threads of this process wait here, each for its turn: SQLite would have them sleep and try again.
        with guard(doing, self.name), self._turn:
            if self.sqlite:
                with self._begun("BEGIN IMMEDIATE") as connection:
                    yield connection
            else:
                with self._engine.begin() as connection:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({self._lock})")
                    yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for one question."""
        with guard("read", self.name), self._once.connect() as connection:
            yield connection

    @contextmanager
    def moment(self) -> Iterator[sa.Connection]:
        """A connection for several questions whose answers belong to the same moment."""
        with guard("read", self.name):
            if self.sqlite:
                with self._begun("BEGIN") as connection:
                    yield connection
            else:
                with self._moment.begin() as connection:
                    yield connection

    def insert(self, table: sa.Table) -> Any:
        """An insertion that can say what happens in a conflict, in the words of the database at hand."""
        return (sqlite if self.sqlite else postgresql).insert(table)

    def close(self) -> None:
        """Closes the database."""
        self._engine.dispose()

    @contextmanager
    def _begun(self, begin: str) -> Iterator[sa.Connection]:
        with self._once.connect() as connection:
            connection.exec_driver_sql(begin)
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise


def _steer(connection: Any, record: Any) -> None:
    """Has a server walk along indices."""
    for name in _STEERED:
        connection.execute(f"SET {name} = off")
    connection.commit()


def _number(schema: str) -> int:
    """The number of the lock of a schema."""
    return int.from_bytes(hashlib.sha256(f"explora queue {schema}".encode()).digest()[:8], "big", signed=True)
