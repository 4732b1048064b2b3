"""Writing files so that a crash leaves the old file or the new one, and saying clearly what went wrong with a disk."""

import contextlib
import errno
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from explora.core import RunError

_FULL = "the disk is full; free some space and resume: what was saved before is whole"
_CLOSED = "the place cannot be written to (a read-only disk, or not yours); choose another folder or change its rights"
_DAMAGED = "the file is damaged; restore it from a backup, or let `explora resume` go on without it"
_BUSY = "another process has kept the database locked for a long time; stop it and try again"

_ERRNOS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _CLOSED,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
}
_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _CLOSED,
    "SQLITE_CANTOPEN": _CLOSED,
    "SQLITE_PERM": _CLOSED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_BUSY": _BUSY,
}


_UNFIT = ("no such table", "Could not decode")  # how SQLite says that what it reads makes no sense


class Damaged(RunError):
    """A database that is missing, cut short or changed."""


@contextlib.contextmanager
def guard(doing: str, path: Path | str) -> Iterator[None]:
    """Turns errors of the disk and of the database into a `RunError` that says what to do.

    **Arguments:**

    - `doing`: what was tried, as in "cannot … PATH".
    - `path`: the file, folder or database.

    **Raises:** `RunError`; `Damaged` for a database that is.
    """
    try:
        yield
    except OSError as error:
        reason = _ERRNOS.get(error.errno or 0, error.strerror or str(error))
        raise RunError(f"cannot {doing} {path}: {reason}") from error
    except DBAPIError as error:
        # names are such as SQLITE_READONLY_DBMOVED: the first two words say what kind of trouble it is
        name = "_".join(getattr(error.orig, "sqlite_errorname", "").split("_")[:2])
        said = " ".join(str(error.orig).split())
        reason = _DAMAGED if said.startswith(_UNFIT) else _SQLITE.get(name) or said
        kind = Damaged if reason == _DAMAGED else RunError
        raise kind(f"cannot {doing} {path}: {reason}") from error


def damaged(doing: str, path: Path | str) -> Damaged:
    """The error for a database of which it was found out otherwise."""
    return Damaged(f"cannot {doing} {path}: {_DAMAGED}")


def write_file(path: Path, data: bytes) -> None:
    """Writes a whole file, or nothing: a crash or a power cut at any instant leaves the old file or the new one."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to report
            temporary.unlink(missing_ok=True)
        raise


def free_name(path: Path, mark: str) -> Path:
    """The first of `PATHmark-1`, `PATHmark-2`, … that nothing has: for what is damaged and must not be lost."""
    names = (path.with_name(f"{path.name}{mark}-{number}") for number in itertools.count(1))
    return next(name for name in names if not name.exists())


def sync(folder: Path) -> None:
    """Makes the names inside a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
