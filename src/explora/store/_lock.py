"""The lock of a run folder: one process writes, any number reads."""

import contextlib
import datetime
import errno
import fcntl
import json
import os
import socket
import weakref
from pathlib import Path
from typing import Any

from explora.core import RunError

from ._files import guard

_NAME, _CLAIM = "lock", "lock.held"
_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


class Lock:
    """Held from `acquire` until `release`, or until this process ends in whatever way.

    The kernel's lock on the file decides; what the file says is for people. On file systems that cannot lock, a
    second file does, which only the holder could make; there the holder's process number tells whether it lives.

    **Arguments:**

    - `descriptor`: the open file.
    - `folder`: the run folder; to be set anew when it is renamed.
    - `claimed`: whether the second file had to be made.
    """

    def __init__(self, descriptor: int, folder: Path, *, claimed: bool):
        self._descriptor: int | None = descriptor
        self.folder, self._claimed = folder, claimed
        _held.add(self)

    @classmethod
    def acquire(cls, folder: Path) -> "Lock":
        """Takes the lock of a run folder; one whose holder is dead is taken over.

        **Raises:** `RunError` that names the process that holds it.
        """
        path = folder / _NAME
        with guard("lock", folder):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with guard("lock", folder):
                claimed = _lock(descriptor, folder)
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(_me()).encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, folder, claimed=claimed)

    def release(self) -> None:
        """Gives the lock back; once is enough."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # a disk that went away must not hide why the run ended
                os.ftruncate(self._descriptor, 0)
                if self._claimed:
                    (self.folder / _CLAIM).unlink(missing_ok=True)
            self.forget()

    def forget(self) -> None:
        """Closes this process's copy of the lock and leaves all else as it is: for a child that was forked off."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


_held: "weakref.WeakSet[Lock]" = weakref.WeakSet()


def _forget_all() -> None:
    for lock in list(_held):
        lock.forget()


# a worker process that outlives a killed run must not keep its folder locked
os.register_at_fork(after_in_child=_forget_all)


def _lock(descriptor: int, folder: Path) -> bool:
    """Locks the file, or else claims the folder with a second one: then True."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _refusal(folder, _read(folder / _NAME)) from None
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        _claim(folder)
        return True
    return False


def _claim(folder: Path) -> None:
    path = folder / _CLAIM
    for _ in range(2):
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            os.write(descriptor, json.dumps(_me()).encode())
            os.close(descriptor)
            return
        holder = _read(path)
        if holder.get("host") != socket.gethostname() or _alive(holder):
            break
        path.unlink(missing_ok=True)
    raise _refusal(folder, holder, cure=f"; if you are sure that it is gone, delete {path}")


def _refusal(folder: Path, holder: dict[str, Any], cure: str = "") -> RunError:
    who = f"process {holder.get('pid', 'unknown')} on {holder.get('host', 'an unknown machine')}"
    since = f" (since {holder['since']})" if "since" in holder else ""
    return RunError(f"{folder} is being written by {who}{since}: wait until it ends, or stop it{cure}")


def _me() -> dict[str, Any]:
    since = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "started": _started(os.getpid())}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}  # it is being written at this moment, or was cut short
    return found if isinstance(found, dict) else {}


def _alive(holder: dict[str, Any]) -> bool:
    """Whether the process lives, and is the same one: process numbers are used again."""
    try:
        os.kill(int(holder["pid"]), 0)
    except (ProcessLookupError, KeyError, ValueError):
        return False
    except PermissionError:
        return True
    return holder.get("started") in (None, _started(int(holder["pid"])))


def _started(pid: int) -> str | None:
    """When a process started, in ticks since boot; None where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]
