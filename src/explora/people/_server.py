"""The server itself: a port on this machine, and the link that lets the owner in."""

import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from explora.core import ArgumentError, RunError
from explora.store import RunFolder

from ._access import Rules
from ._app import People, application

PORT = 8321
_FAREWELL = 2  # for how long requests under way may go on after Ctrl-C [s]


def serve(
    run: Path,
    *,
    port: int = PORT,
    rules: Rules | None = None,
    store: str | None = None,
    queue: Path | str | None = None,
    said: Callable[[str], None],
) -> None:
    """Serves the pages of a run on this machine until Ctrl-C.

    **Arguments:**

    - `run`: its folder.
    - `port`: on which port; 0: on any that is free.
    - `rules`: what is let through.
    - `store`: the URL of a PostgreSQL server for what people do; None: a file in the folder.
    - `queue`: the file of the questions, or the URL of a server; None: as the run's configuration says.
    - `said`: is told the address with the owner's token.

    **Raises:** `RunError` for a port that is taken, and for a folder that cannot be read or written.
    """
    rules = rules or Rules()
    with RunFolder.open(run, mend=True) as folder, _listening(port) as listening:
        people = People.around(folder, store=store, queue=queue)
        try:
            config = uvicorn.Config(
                application(people, rules),
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=rules.public is not None,
                timeout_graceful_shutdown=_FAREWELL,
                ws="none",
            )
            address = rules.public or f"http://127.0.0.1:{listening.getsockname()[1]}"
            said(f"{address.rstrip('/')}/#token={people.access.owner_link()}")
            _Server(config, people.follower.leave).run(sockets=[listening])
        finally:
            people.close()


class _Server(uvicorn.Server):
    """A server that lets those go who listen to a stream as soon as it is told to stop: they would never leave."""

    def __init__(self, config: uvicorn.Config, leaving: Callable[[], None]):
        super().__init__(config)
        self._leaving = leaving

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A signal has come."""
        self._leaving()
        super().handle_exit(sig, frame)


def _listening(port: int) -> socket.socket:
    """A port of this machine that nobody else reaches."""
    if not 0 <= port <= 65_535:
        raise ArgumentError(f"`port` must be from 0 to 65535, got {port}")
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
        found.listen(256)  # at once: who has the link may come before the server is ready, and then waits
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise RunError(f"port {port} is in use: choose another one, `--port 0` takes any that is free") from error
        raise RunError(f"cannot open port {port}: {error.strerror}; choose another one with `--port`") from error
    return found
