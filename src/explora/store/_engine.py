"""Connections: to an SQLite file, or to a server by URL."""

import os
import shutil
import sqlite3
import tempfile
import weakref
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from explora.core import ArgumentError, MissingExtra

from ._files import Damaged, guard

Mode = Literal["create", "write", "read"]
_PATIENCE = 30.0  # seconds that a connection waits while another one writes


def connect(where: Path | str, mode: Mode, schema: str | None = None) -> tuple[sa.Engine, str]:
    """Connects to a database.

    **Arguments:**

    - `where`: the path of an SQLite file, or the URL of a server.
    - `mode`: whether the file is made, changed or only read.
    - `schema`: in which schema the tables lie, on a server.

    **Returns:** the engine, and what error messages call the database.

    **Raises:** `RunError` if there is no such file; `MissingExtra` if the server's driver is not installed.
    """
    if isinstance(where, str) and "://" in where:
        return _server(where, schema)
    return _file(Path(where), mode), str(where)


def _file(path: Path, mode: Mode) -> sa.Engine:
    if mode != "create" and not path.is_file():
        raise Damaged(
            f"cannot open {path}: there is no such file; is the run folder complete? Restore it from a backup, or let "
            "`explora resume` go on without it"
        )
    copied = mode == "read" and not _writable(path.parent)
    if copied:
        path = _copy(path)
    access = {"create": "rwc", "write": "rw", "read": "ro"}[mode]
    uri = f"{path.resolve().as_uri()}?mode={access}"

    def open_file() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=_PATIENCE, check_same_thread=False)

    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    engine = sa.create_engine("sqlite://", creator=open_file, poolclass=QueuePool)
    if mode != "read":
        event.listen(engine, "connect", prepare)
    if copied:
        weakref.finalize(engine, shutil.rmtree, path.parent, ignore_errors=True)
    return engine


def _copy(path: Path) -> Path:
    """A copy where one may write: SQLite must write beside a database to read its write-ahead log."""
    with guard("read", path):
        folder = Path(tempfile.mkdtemp(prefix="explora-"))
        for file in (path, path.with_name(f"{path.name}-wal")):
            if file.exists():
                shutil.copy(file, folder)
    return folder / path.name


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def _server(url: str, schema: str | None) -> tuple[sa.Engine, str]:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise ArgumentError(f"{url!r} is no URL of a database that explora knows: give postgresql://USER@HOST/DATABASE")
    if parsed.password:
        raise ArgumentError(
            f"the URL {parsed.render_as_string()} holds a password, which would be kept in the run folder: leave it "
            "out and set PGPASSWORD or use ~/.pgpass"
        )
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = sa.create_engine(parsed)
    except ImportError as error:
        raise MissingExtra(error.name or parsed.drivername, "postgresql") from error
    return engine.execution_options(schema_translate_map={None: schema}), f"{url} (schema {schema})"
