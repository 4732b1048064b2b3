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
from explora.core import ExploraError, NotThere, RunError, UnknownName
from explora.store import QUEUE, Inbox, RunFolder

from ._access import Access, Guard, Rules, access_routes
from ._author import Easel, author_routes
from ._base import Base
from ._compare import Panel, compare_routes
from ._fool import Rounds, fool_routes
from ._history import history_routes
from ._keep import keep_routes
from ._label import Desk, Oversight, RunQuality, answers, label_routes, owner_routes, run_quality
from ._log import EventLog
from ._play import Players, play_routes, playable
from ._scene import Scene
from ._watch import Follower, Outlook, watch_routes

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
    - `oversight`: what its owner does.
    - `follower`: what is known of the run.
    - `scene`: what draws its tasks and items.
    - `players`: who plays its tasks.
    - `easel`: where tasks are drawn.
    - `panel`: which tasks they compare.
    - `rounds`: against its model.
    - `outlook`: what its explorer is going to ask for.
    """

    folder: RunFolder
    base: Base
    log: EventLog
    access: Access
    desk: Desk
    oversight: Oversight
    follower: Follower
    scene: Scene
    players: Players
    easel: Easel
    panel: Panel
    rounds: Rounds
    outlook: Outlook

    @classmethod
    def around(cls, folder: RunFolder, *, store: str | None = None, queue: Path | str | None = None) -> "People":
        """Opens what people need around a run.

        **Arguments:**

        - `folder`: of the run.
        - `store`: the URL of a PostgreSQL server for what people do; None: the file `people.db` in the folder.
        - `queue`: the file of the questions, or the URL of a server; None: as the run's configuration says.

        **Raises:** `RunError` if one of them cannot be opened.
        """
        base = base_of(folder, store)
        log, scene = EventLog(base), Scene(folder)
        where, schema = queue_of(folder)
        desk = Desk(queue or where, base, log, usual=scene.schema, schema=schema)
        oversight = oversight_of(folder, desk, log, scene)
        players = Players(folder, lambda: playable(scene))
        easel = Easel(folder, lambda: scene.parts(0.2), log, players)
        follower = Follower(folder, then=scene.begin)
        return cls(
            folder=folder,
            base=base,
            log=log,
            access=Access(base, log),
            desk=desk,
            oversight=oversight,
            follower=follower,
            scene=scene,
            players=players,
            easel=easel,
            panel=Panel(folder, log, scene, follower),
            rounds=Rounds(folder.path, log),
            outlook=Outlook(folder),
        )

    def quality(self) -> RunQuality:
        """How good the run's model is now, and whether to go on asking: out of memory."""
        known, judged = self.follower.known, self.scene.judged()
        counts, classes = (None, True) if judged is None else judged
        return run_quality(
            known.records,
            known.results,
            counts,
            classes=classes,
            explorer=self.folder.config.get("parts", {}).get("explorer", {}),
            ended=known.facts.get("ended"),
        )

    def answers(self) -> list[dict[str, Any]]:
        """Everything that people said, as rows of an export."""
        return rows_of(self.folder, self.oversight, self.access)

    def forgotten(self, person: str) -> None:
        """Nothing of somebody whose data were deleted stays in memory."""
        self.access.forget(person)
        self.desk.forget(person)
        self.panel.forget()
        self.rounds.forget()

    def close(self) -> None:
        """Closes everything but the folder."""
        self.follower.stop()
        self.outlook.wait(30.0)
        self.players.close()
        self.rounds.shut()
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
        people.rounds.go_on()
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
    app.include_router(label_routes(people.desk, people.access, people.scene.item))  # first: a route is sought in order
    app.include_router(access_routes(people.access, people.log, rules))
    app.include_router(history_routes(people.log, lambda: people.desk.queue))
    app.include_router(owner_routes(people.oversight, people.access, people.quality, people.answers))
    backups = people.folder.path / "backups"
    letters = lambda: inbox_of(people.folder)
    keep = keep_routes(people.base, people.log, lambda: people.desk.queue, backups, letters, people.forgotten)
    app.include_router(keep)
    app.include_router(fool_routes(people.rounds, lambda: people.desk.schema))
    app.include_router(compare_routes(people.panel, people.access, people.scene))
    app.include_router(watch_routes(people.folder, people.follower, people.scene, people.outlook))
    app.include_router(play_routes(people.folder, people.players))
    app.include_router(author_routes(people.easel))
    for path, (name, kind) in _FILES.items():
        app.add_api_route(path, _serving(name, kind), include_in_schema=False)
    _speak_plainly(app)
    return Guard(app, people.access, rules)


def base_of(folder: RunFolder, store: str | None) -> Base:
    """The database of people around a run: a file in its folder, or tables in a server."""
    return Base(folder.path / "people.db") if store is None else Base(store, _schema_of(folder))


def oversight_of(folder: RunFolder, desk: Desk, log: EventLog, scene: Scene | None = None) -> Oversight:
    """What the owner of a run's questions does, by the run's own rules."""
    oracle, shown = _oracle(folder), (lambda item: None) if scene is None else scene.row
    return Oversight(desk, log, shown=shown, rule=oracle.get("rule", "majority"), asked=oracle.get("overlap", 1))


def rows_of(folder: RunFolder, oversight: Oversight, access: Access) -> list[dict[str, Any]]:
    """Everything that people said, as rows of an export."""
    explorer = folder.config.get("parts", {}).get("explorer", {})
    names = {one.id: one.name for one in access.people()}
    return answers(oversight, folder.database, names, scored=explorer.get("score") is not None)


def inbox_of(folder: RunFolder) -> Inbox | None:
    """Where letters to a run lie; None if its database is not there or damaged."""
    return None if folder.warnings else folder.inbox


def queue_of(folder: RunFolder) -> tuple[Path | str | None, str]:
    """Where a run asks people, as its configuration says.

    **Returns:** a file, the URL of a server, or None if it asks none; and the schema in which the queue lies there.
    """
    oracle = _oracle(folder)
    if not oracle:
        return None, QUEUE
    where, schema = str(oracle.get("path", "queue.db")), str(oracle.get("schema", QUEUE))
    if "://" in where:
        return where, schema
    beside = folder.path / where
    return beside if not Path(where).is_file() and beside.is_file() else Path(where).absolute(), schema


def _oracle(folder: RunFolder) -> dict[str, Any]:
    """What a run's configuration says of how it asks people; nothing if it asks none."""
    oracle = folder.config.get("parts", {}).get("domain", {}).get("oracle", {})
    return oracle if isinstance(oracle, dict) and oracle.get("type") == "explora.adapters.Queue" else {}


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
        status = 404 if isinstance(error, UnknownName | NotThere) else 503 if isinstance(error, RunError) else 409
        return JSONResponse({"error": str(error)}, status)

    @app.exception_handler(HTTPException)
    async def known(request: Request, error: Any) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: Any) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return JSONResponse({"error": f"`{where}`: {first['msg']}"}, 422)
