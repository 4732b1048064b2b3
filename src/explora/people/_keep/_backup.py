"""Backups of what people did, made while the server goes on, and put back into a store of either kind."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from explora._version import __version__
from explora.core import ArgumentError, RunError
from explora.store import (
    Slots,
    copy_database,
    fill_queue,
    fill_tables,
    guard,
    queue_is_empty,
    queue_rows,
    table_rows,
    write_file,
)

from .._base import EVENT, META, PERSON, REALM, Base

_FORMAT, _MANIFEST = 1, "backup.json"


class Backup(NamedTuple):
    """A backup.

    **Arguments:**

    - `path`: its folder.
    - `time`: when it was made, in ISO 8601.
    - `files`: the SHA-256 of each file in it.
    """

    path: Path
    time: str
    files: dict[str, str]


def backup(base: Base, slots: Slots | None, target: Path, *, portable: bool = False) -> Backup:
    """Makes a consistent copy of what people did and said, while the server and the run go on.

    Of an SQLite file it is another one; of tables in a server, JSON lines: a table's name and a row in each.

    **Arguments:**

    - `base`: the database of people.
    - `slots`: the queue; None: there is none.
    - `target`: a folder that is not there yet; it appears whole, or not at all.
    - `portable`: JSON lines in any case.

    **Raises:** `RunError` if the folder is there, or cannot be written.
    """
    if target.exists():
        raise RunError(f"{target} is there already and would be overwritten: move it away, or name another folder")
    building = target.with_name(f".{target.name}.new-{os.getpid()}")
    try:
        with guard("write", target):
            building.mkdir(parents=True, mode=0o700)
            _write(building, "people", base.sqlite and not portable, base.place, lambda: _people_rows(base))
            if slots is not None:
                place = slots._place
                _write(building, "queue", place.sqlite and not portable, place.name, lambda: queue_rows(slots))
            found = {file.name: _digest(file) for file in sorted(building.iterdir())}
            made = datetime.now(UTC).isoformat(timespec="seconds")
            facts = {"format": _FORMAT, "explora": __version__, "time": made, "files": found}
            write_file(building / _MANIFEST, json.dumps(facts, indent=1).encode() + b"\n")
            building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Backup(target, made, found)


def restore(source: Path, base: Base, slots: Slots | None) -> dict[str, int]:
    """Puts a backup into an empty store, of the same kind or the other one.

    **Arguments:**

    - `source`: the folder of the backup.
    - `base`: where people go.
    - `slots`: where the queue goes; None: it is left out.

    **Returns:** how many rows went where.

    **Raises:** `RunError` for a backup that is not whole, and `ArgumentError` for a store that is not empty.
    """
    files = _checked(source)
    if base.rows(sa.select(PERSON).limit(1)) or base.rows(sa.select(EVENT).limit(1)):
        raise ArgumentError(f"{base.place} is not empty, and a backup takes the place of nothing: move it away first")
    if slots is not None and not queue_is_empty(slots):
        raise ArgumentError(
            f"{slots._place.name} is not empty, and a backup takes the place of nothing: move it away first"
        )
    found: dict[str, int] = {}
    with base.writing("restore") as connection:
        connection.execute(sa.delete(REALM))
        found["people"] = fill_tables(connection, META.sorted_tables, _rows(files["people"], META.sorted_tables))
    if slots is not None and "queue" in files:
        found["queue"] = fill_queue(slots, _rows(files["queue"], None))
    return found


@contextmanager
def _moment(base: Base) -> Iterator[sa.Connection]:
    """A connection that sees one moment."""
    if base.sqlite:
        with base._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")
    else:
        with base._engine.execution_options(isolation_level="REPEATABLE READ").begin() as connection:
            yield connection


def _people_rows(base: Base) -> Iterator[tuple[str, dict[str, Any]]]:
    with guard("read", base.place), _moment(base) as connection:
        yield from table_rows(connection, META.sorted_tables)


def _write(folder: Path, name: str, file: bool, place: str, rows: Any) -> None:
    if file:
        copy_database(Path(place), folder / f"{name}.db")
        return
    with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as out:
        for table, row in rows():
            out.write(json.dumps({"table": table, "row": row}, ensure_ascii=False) + "\n")
        out.flush()
        os.fsync(out.fileno())


def _checked(source: Path) -> dict[str, Path]:
    """The files of a backup, by what they hold.

    **Raises:** `RunError` if one is missing, or not as it was.
    """
    with guard("read", source / _MANIFEST):
        try:
            facts = json.loads((source / _MANIFEST).read_text("utf-8"))
            made, written, files = facts["explora"], facts["format"], dict(facts["files"])
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{source / _MANIFEST} is not what was backed up: the backup is damaged") from error
        if written != _FORMAT:
            raise RunError(f"{source} was written by explora {made}: install that or a newer one")
        for name, digest in files.items():
            if Path(name).name != name or _digest(source / name) != digest:
                raise RunError(f"{source / name} is not what was backed up: the backup is damaged")
    return {Path(name).stem: source / name for name in files}


def _rows(path: Path, tables: Iterable[sa.Table] | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                found = json.loads(line)
                yield found["table"], found["row"]
        return
    with tempfile.TemporaryDirectory() as place:  # whoever opens an SQLite file changes it
        copied = Path(shutil.copy(path, place))
        other = Slots(copied) if tables is None else Base(copied)
        try:
            yield from queue_rows(other) if isinstance(other, Slots) else _people_rows(other)
        finally:
            other.close()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
