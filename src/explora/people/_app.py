"""The application: what answers to which address, and what becomes of errors."""

import dataclasses
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from explora._version import __version__
from explora.core import ExploraError, RunError, UnknownName
from explora.store import RunFolder

from ._access import Access, Guard, Rules, access_routes
from ._base import Base
from ._label import Desk, label_routes
from ._log import EventLog
from ._scene import Scene
from ._watch import Follower, watch_routes

_FILES = {
    "/": ("index.html", "text/html"),
    "/app.js": ("app.js", "text/javascript"),
    "/app.css": ("app.css", "text/css"),
    "/app.svg": ("app.svg", "image/svg+xml"),
}
_THREADS = 12  # that answer requests: fewer than a pool has connections, so that none waits for one
_SUMMARY = (
    "The pages use these routes and no others. Exchange a link's token for a session cookie (POST /api/session); "
    "send `X-Explora: 1` with everything but GET; make a new `uuid` for every act, and send it again with the same one "
    'if no answer came: it counts once. Errors are `{"error": sentence}`.'
)


@dataclasses.dataclass(eq=False)
class People:
    """A run with people around it.

    **Arguments:**

    - `folder`: of the run, open for reading.
    - `base`: the database of people.
    - `log`: what they did.
    - `access`: who may do what.
    - `desk`: what they are asked.
    - `follower`: what is known of the run.
    - `scene`: what draws its tasks and items.
    """

    folder: RunFolder
    base: Base
    log: EventLog
    access: Access
    desk: Desk
    follower: Follower
    scene: Scene

    @classmethod
    def around(cls, folder: RunFolder, *, store: str | None = None, queue: Path | None = None) -> "People":
        """Opens what people need around a run.

        **Arguments:**

        - `folder`: of the run.
        - `store`: the URL of a PostgreSQL server for what people do; None: the file `people.db` in the folder.
        - `queue`: the file of the questions; None: the one that the run's configuration names, if it does.

        **Raises:** `RunError` if one of them cannot be opened.
        """
        base = Base(folder.path / "people.db") if store is None else Base(store, _schema_of(folder))
        log, scene = EventLog(base), Scene(folder)
        desk = Desk(queue or queue_of(folder), base, log, usual=scene.schema)
        return cls(folder, base, log, Access(base, log), desk, Follower(folder), scene)

    def close(self) -> None:
        """Closes everything but the folder."""
        self.follower.stop()
        self.desk.close()
        self.base.close()


def application(people: People, rules: Rules | None = None) -> ASGIApp:
    """The server's application, with its guard around it.

    **Arguments:**

    - `people`: a run with people around it.
    - `rules`: what the guard lets through.
    """
    rules = rules or Rules()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = _THREADS
        people.follower.start()
        yield
        people.follower.stop()

    app = FastAPI(
        title="explora people",
        version=__version__,
        description=_SUMMARY,
        lifespan=life,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(access_routes(people.access, people.log, rules))
    app.include_router(label_routes(people.desk, people.access, people.scene.item))
    app.include_router(watch_routes(people.folder, people.follower, people.scene))
    for path, (name, kind) in _FILES.items():
        app.add_api_route(path, _serving(name, kind), include_in_schema=False)
    _speak_plainly(app)
    return Guard(app, people.access, rules)


def queue_of(folder: RunFolder) -> Path | None:
    """The file in which a run asks people, as its configuration says; None if it asks none."""
    oracle = folder.config.get("parts", {}).get("domain", {}).get("oracle", {})
    if not isinstance(oracle, dict) or oracle.get("type") != "explora.adapters.Queue":
        return None
    named = Path(str(oracle.get("path", "queue.db")))
    beside = folder.path / named
    return beside if not named.is_file() and beside.is_file() else named.absolute()


def _serving(name: str, kind: str) -> Callable[[], Response]:
    content = files("explora.people").joinpath("static", name).read_bytes()

    def serve() -> Response:
        return Response(content, media_type=kind)

    return serve


def _schema_of(folder: RunFolder) -> str:
    """The schema of a run's people in a server: the same wherever its folder lies, and nobody else's."""
    facts = folder.facts
    born = "|".join(str(facts.get(key, "")) for key in ("created", "command", "machine"))
    return f"explora_people_{hashlib.sha256(born.encode()).hexdigest()[:16]}"


def _speak_plainly(app: FastAPI) -> None:
    """Every error is one sentence."""

    @app.exception_handler(ExploraError)
    async def ours(request: Request, error: Exception) -> JSONResponse:
        status = 404 if isinstance(error, UnknownName) else 503 if isinstance(error, RunError) else 409
        return JSONResponse({"error": str(error)}, status)

    @app.exception_handler(HTTPException)
    async def known(request: Request, error: Any) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: Any) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return JSONResponse({"error": f"`{where}`: {first['msg']}"}, 422)
