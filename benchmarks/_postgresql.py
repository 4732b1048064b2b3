"""A PostgreSQL server of one's own, started from the installed packages as an unprivileged user."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOMES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@contextmanager
def postgresql(**settings: str) -> Iterator[str]:
    """A server that listens on a socket in a folder, and its URL; it refuses to run as root.

    **Arguments:**

    - `settings`: of the server, by name.
    """
    place = Path(tempfile.mkdtemp(prefix="explora-pg-", dir="/tmp"))  # the path of a socket must be short
    other = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if other:
        shutil.chown(place, **other)
    tool = lambda name, *words: subprocess.run(
        [HOMES[-1] / name, "-D", place / "data", *words], check=True, capture_output=True, cwd=place, **other
    )
    try:
        tool("initdb", "-A", "trust", "-U", "explora", "--no-sync")
        chosen = "".join(f" -c {name}={value}" for name, value in settings.items())
        tool("pg_ctl", "-o", f"-k {place} -c listen_addresses={chosen}", "-l", place / "log", "-w", "start")
        try:
            yield f"postgresql://explora@/postgres?host={place}"
        finally:
            tool("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place)
