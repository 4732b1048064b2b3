"""The folder of one run."""

import json
import os
import re
import secrets
import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any

from explora.core import NotThere, RunError, UnknownName

from . import _files as files
from . import _values as values
from ._checkpoint import Checkpoints
from ._database import Database
from ._facts import environment
from ._letters import Inbox
from ._lock import Lock
from .experience import EpisodeStore, is_store

_DATABASE, _SERVER, _CONFIG = "run.db", "server.json", "config.json"

_README = """\
This folder is one run of explora, whole: it can be copied, moved and sent.

config.json    the parts of the run and their fields, for people; the database has its own copy, which counts
run.db         an SQLite database (run.db-wal and run.db-shm belong to it while a process has it open):
                 run         what is known of the run as a whole: versions, machine, configuration, state
                 record      totals and metrics, one row every so many turns
                 schedule    the budget that the schedules reckoned with, by turn
                 task        the tasks found, with the task that each was made from
                 version     the learners that were kept
                 evaluation  versions x held-out tasks
                 event       what the run did
                 journal     what came from outside: answers of people and other oracles
                 letter      what people sent to the run, and the turn at which it took each letter
server.json    instead of run.db, if the tables lie in a database server: where
checkpoints/   the newest states of the whole run; each is a .safetensors file and the .json that vouches for it
versions/      the learners that were kept for comparison, in the same form
experience/    the episodes that were kept: shards of .npy files, and the manifest.json that names them
rounds/        rounds against the model: what was confirmed (JSON Lines), and what each version of it was made of
people.db      who may use the pages of `explora people`, and what they did; not needed by the run
lock           names the process that is writing here; empty if none is

A file or folder whose name has "damaged" in it was damaged and set aside when the run went on without it.

explora resume FOLDER     goes on where the run stopped
explora eval FOLDER       plays held-out tasks with what was learned
explora report FOLDER     makes report.html
explora export FOLDER     takes weights and tasks out
"""


class RunFolder:
    """All that is kept of one run, so that it cannot be lost.

    One process writes, any number reads. Use it as a context manager, or call `close`.

    **Arguments:** see `create` and `open`.
    """

    def __init__(self, path: Path, database: Database, lock: Lock | None, warnings: tuple[str, ...] = ()):
        self.path, self.database, self._lock = path, database, lock
        self.warnings = warnings
        """A sentence for each thing that was missing or damaged when it was opened."""
        self.checkpoints = Checkpoints(path / "checkpoints", keep=3)
        """The newest states of the whole run."""
        self.versions = Checkpoints(path / "versions", keep=None)
        """The learners that are kept for comparison."""
        self._inbox: Inbox | None = None
        self._opening = threading.Lock()

    @classmethod
    def create(
        cls, path: Path | str, *, config: Any, facts: dict[str, Any] | None = None, server: str | None = None
    ) -> "RunFolder":
        """Makes the folder of a new run: it appears whole, or not at all.

        **Arguments:**

        - `path`: where; there must be nothing there yet, or an empty folder.
        - `config`: what the run is made of, as JSON.
        - `facts`: what else is known of it, as JSON by name; see `environment`.
        - `server`: the URL of a database server for the tables; None: an SQLite file in the folder.

        **Returns:** the folder, open for writing.

        **Raises:** `RunError` if there is something already, or if that place cannot be written to.
        """
        path = Path(path).expanduser().absolute()
        refuse_taken(path)
        building = path.with_name(f".{path.name}.new-{os.getpid()}")
        with files.guard("create", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_unfinished(path)
            building.mkdir()
        lock = None
        try:
            lock = Lock.acquire(building)  # on the open file: it stays locked when the folder is renamed
            with files.guard("create", path):
                files.write_file(building / "README.txt", _README.encode())
                files.write_file(building / _CONFIG, values.pretty(config).encode())
                (building / "checkpoints").mkdir()
                _create_database(building, path.name, server, {"config": config, **(facts or {})})
                files.sync(building)
                building.rename(path)
                lock.folder = path
                files.sync(path.parent)
            return cls(path, _open_database(path, write=True), lock)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            if lock is not None:
                lock.release()
            raise

    @classmethod
    def open(cls, path: Path | str, *, write: bool = False, mend: bool = False) -> "RunFolder":
        """Opens the folder of a run that was begun before.

        **Arguments:**

        - `path`: the folder; see `find` for names.
        - `write`: whether the run goes on: only one process at a time may. Reading needs no lock, not even the right
          to write there.
        - `mend`: whether to do without the database where it is missing or damaged: a writer sets it aside and begins a
          new one, a reader gets an empty one. Both know the configuration; `warnings` say what is lost.

        **Raises:** `RunError` if it is no run folder, if another process is writing there, or if a newer explora wrote
        it.
        """
        path = Path(path).expanduser().absolute()
        if not is_run(path):
            raise RunError(f"{path} is no run folder: it has no {_CONFIG}")
        lock = Lock.acquire(path) if write else None
        try:
            if not mend:
                return cls(path, _open_database(path, write=write), lock)
            database, warnings = _open_or_mend(path, write=write)
            return cls(path, database, lock, warnings)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self._lock is not None

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the run as a whole."""
        return self.database.facts()

    @property
    def config(self) -> Any:
        """What the run is made of, as JSON."""
        return self.facts["config"]

    def rewind(self, turn: int | None) -> None:
        """Forgets what happened after a turn, in all places: first thing to do when a run goes on.

        **Arguments:**

        - `turn`: that of the checkpoint from which it goes on; None if there is none, and it starts anew.
        """
        self.database.rewind(turn)
        if is_store(self._experience):
            self.episodes().rewind(turn)
        self.checkpoints.rewind(turn)
        self.versions.rewind(turn)

    def episodes(self, *, create: bool = False) -> EpisodeStore:
        """The episodes that the run has kept; open for writing if the folder is.

        **Arguments:**

        - `create`: whether to make an empty store if there is none yet.

        **Raises:** `NotThere` if there is none.
        """
        if is_store(self._experience):
            return EpisodeStore.open(self._experience, write=self.writable, alone=False)
        if create:
            return EpisodeStore.create(self._experience, alone=False)
        raise NotThere(
            f"{self.path} has kept no episodes: `explora run … --keep-experience` begins a run that keeps some"
        )

    @property
    def _experience(self) -> Path:
        return self.path / "experience"

    @property
    def inbox(self) -> Inbox:
        """What people send to the run. Who has the folder open for reading can send too: nothing else is changed.

        **Raises:** `RunError` if nothing can be written there.
        """
        with self._opening:
            if self._inbox is None:
                writes = self.database.writable
                self._inbox = Inbox(self.database if writes else _open_database(self.path, write=True))
            return self._inbox

    def close(self) -> None:
        """Closes the database and gives the lock back."""
        if self._inbox is not None:
            self._inbox.close()
        self.database.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_run(path: Path) -> bool:
    """Whether a folder is that of a run."""
    return any((path / name).is_file() for name in (_CONFIG, _DATABASE))


def find(run: Path | str, root: Path | str = "runs") -> Path:
    """The folder of a run that a person named.

    **Arguments:**

    - `run`: a path, or the name of a folder in `root`.
    - `root`: where runs usually lie.

    **Raises:** `UnknownName` that suggests the nearest; `RunError` for a folder that is no run.
    """
    path = Path(run).expanduser()
    for candidate in (path, Path(root) / path):
        if is_run(candidate):
            return candidate
    if path.exists() and path.parts:
        raise RunError(f"{path} is no run folder: it has no {_CONFIG}")
    beside = path.parent if path.parent.parts else Path(root)
    known = sorted(folder for folder in beside.glob("*") if is_run(folder)) if beside.is_dir() else []
    raise UnknownName("run", str(run), [str(folder) if path.parent.parts else folder.name for folder in known])


def refuse_taken(path: Path | str) -> None:
    """Complains about a place where a new run would lie on something else.

    **Arguments:**

    - `path`: of the folder that is to be made.

    **Raises:** `RunError` if there is anything but an empty folder.
    """
    path = Path(path).expanduser().absolute()
    if is_run(path):
        raise RunError(f"{path} holds a run already: `explora resume {path}` goes on with it; or choose another folder")
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise RunError(f"{path} is not a folder: choose another one")
    with files.guard("create", path):
        if path.is_dir() and any(path.iterdir()):
            raise RunError(f"{path} is not empty: choose another folder, or a new name inside it")


def _remove_unfinished(path: Path) -> None:
    """Removes what a process left that was killed while it made this folder."""
    for folder in path.parent.glob(f".{path.name}.new-*"):
        try:
            lock = Lock.acquire(folder)
        except RunError:
            continue  # somebody is at it
        shutil.rmtree(folder, ignore_errors=True)
        lock.forget()


def _create_database(folder: Path, name: str, server: str | None, facts: dict[str, Any]) -> None:
    if server is None:
        Database.create(folder / _DATABASE, facts=facts).close()
        return
    schema = f"explora_{re.sub('[^a-z0-9]+', '_', name.lower())[:40]}_{secrets.token_hex(4)}"
    Database.create(server, schema=schema, facts=facts).close()
    files.write_file(folder / _SERVER, json.dumps({"url": server, "schema": schema}).encode())


def _open_database(folder: Path, *, write: bool) -> Database:
    where = folder / _SERVER
    if not where.is_file():
        return Database.open(folder / _DATABASE, write=write)
    with files.guard("read", where):
        text = where.read_bytes()
    try:
        content = json.loads(text)
        url, schema = content["url"], content["schema"]
    except (ValueError, TypeError, KeyError) as error:
        raise RunError(
            f"{where} is damaged ({error}): write the address of the run's tables into it again, as "
            '{"url": "postgresql://USER@HOST/DATABASE", "schema": "explora_…"}'
        ) from error
    return Database.open(url, write=write, schema=schema)


def _open_or_mend(folder: Path, *, write: bool) -> tuple[Database, tuple[str, ...]]:
    """The database; where it is missing or damaged one that knows the configuration only, and what is to be said."""
    try:
        database = _open_database(folder, write=write)
        try:
            if write:  # a reader is told when it comes to the place that is damaged
                database.check()
        except files.Damaged:
            database.close()
            raise
        return database, ()
    except files.Damaged as damage:
        if (folder / _SERVER).exists():
            raise
        facts = _facts_without_database(folder, damage)
        said = str(damage)
    if not write:
        return _empty_database(facts), (f"{said}; until then what it recorded is missing, the tasks too",)
    aside = _renew_database(folder, environment() | facts)
    where = folder / _DATABASE
    kept = f"; what is left of it is kept in {aside}" if aside.exists() else ""
    return _open_database(folder, write=True), (f"{where} was missing or damaged and is begun anew{kept}",)


def _facts_without_database(folder: Path, damage: files.Damaged) -> dict[str, Any]:
    """What else is known of a run whose database is damaged: the configuration, and which explora wrote it."""
    where = folder / _CONFIG
    try:
        facts = {"config": json.loads(where.read_bytes())}
    except (OSError, ValueError) as error:
        raise RunError(f"{damage}; the configuration beside it, {where}, cannot be read either: {error}") from damage
    newest = Checkpoints(folder / "checkpoints").latest().manifest
    return facts if newest is None else facts | {"explora": newest.explora}


def _empty_database(facts: dict[str, Any]) -> Database:
    with files.guard("write to", tempfile.gettempdir()):
        place = Path(tempfile.mkdtemp(prefix="explora-"))
    Database.create(place / _DATABASE, facts=facts).close()
    database = Database.open(place / _DATABASE)
    weakref.finalize(database, shutil.rmtree, place, ignore_errors=True)
    return database


def _renew_database(folder: Path, facts: dict[str, Any]) -> Path:
    """Sets a damaged database aside and puts a new one in its place: a crash in between leaves it missing.

    **Returns:** where the damaged one is now, if there was one.
    """
    where, building = folder / _DATABASE, folder / f".{_DATABASE}.new"
    aside = files.free_name(where, ".damaged")
    with files.guard("set aside", where):
        for end in ("", "-wal", "-shm"):  # the new one must not find the log of the old one
            if (old := where.with_name(where.name + end)).exists():
                old.rename(aside.with_name(aside.name + end))
        for left in folder.glob(f"{building.name}*"):
            left.unlink()
    Database.create(building, facts=facts).close()
    with files.guard("create", where):
        building.rename(where)
        files.sync(folder)
    return aside
