"""The routes under `/api/watch`."""

import math
from threading import Lock
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from explora.plots import cost, headline, held_out_curve, metric_curves, run_card, speed_curve
from explora.store import RunFolder, TaskRow

from .._access import VIEWER, Person
from .._scene import Scene
from ._curves import decimated
from ._follower import Follower, Known
from ._outlook import Outlook
from ._stream import stream
from ._tasks import Filter, Shelf

_MOST = 200  # rows and columns of a matrix on a page, and members of a family

Number = Annotated[int, Field(ge=0, le=2**53)]
Points = Annotated[int, Field(ge=10, le=2000)]
Axis = Literal["steps", "minutes", "updates", "answers"]
Real = Annotated[float, Field(allow_inf_nan=False)]


class Setting(BaseModel):
    """One field of a configuration."""

    path: str
    value: str


class Run(BaseModel):
    """What a run is, what it has spent, what it amounts to."""

    name: str
    recipe: str
    domain: str
    state: str
    created: str
    command: str
    title: str
    further: list[str]
    spent: dict[str, float | None] | None
    records: int
    tasks: int
    versions: int
    suites: list[str]
    asks: bool
    whole: bool
    problem: str | None
    settings: list[Setting]
    plan: list[Setting]


class Line(BaseModel):
    """A curve, with its band; empty bands are none."""

    name: str
    x: list[float]
    y: list[float]
    low: list[float]
    high: list[float]


class Curves(BaseModel):
    """Curves over one axis."""

    axis: str
    whole: bool
    held_out: list[Line]
    metrics: list[Line]
    speed: Line


class Task(BaseModel):
    """A task of the archive."""

    id: int
    parent: int
    turn: int
    score: float | None
    generation: int
    children: int
    address: str


class Tasks(BaseModel):
    """A page of the archive."""

    count: int
    offset: int
    whole: bool
    tasks: list[Task]


class Family(BaseModel):
    """A task with those it comes from and those that were made from it."""

    task: Task
    description: str
    spec: Any
    ancestors: list[Task]
    children: list[Task]


class Next(BaseModel):
    """A task that may be asked for next: the expected share of the next lesson, and why."""

    task: Task
    share: float
    reasons: dict[str, float]
    rank: int
    sentence: str


class Nexts(BaseModel):
    """What is asked for next, as the explorer's state of that turn has it; `problem`: why nobody can say.

    Neither ready nor a problem: it is being found out, ask again.
    """

    ready: bool
    problem: str | None = None
    sentence: str = ""
    turn: int | None = None
    new: float = 0.0
    edited: float = 0.0
    kept: float = 0.0
    archive: int = 0
    tasks: list[Next] = []


class Versions(BaseModel):
    """Versions × held-out tasks of one suite."""

    suite: str
    suites: list[str]
    tasks: list[str]
    turns: list[int]
    steps: list[float]
    solved: list[list[float | None]]
    sentence: str
    gained: list[str]
    forgotten: list[str]


def watch_routes(folder: RunFolder, follower: Follower, scene: Scene, outlook: Outlook) -> APIRouter:
    """The routes under `/api/watch`.

    **Arguments:**

    - `folder`: of the run.
    - `follower`: what is known of it.
    - `scene`: what draws its tasks.
    - `outlook`: what its explorer is going to ask for.
    """
    routes = APIRouter(prefix="/api/watch", tags=["watch"])
    _of_the_run(routes, folder, follower)
    shelves = _Shelves(follower)
    _of_the_archive(routes, folder, follower, scene, shelves)
    _of_the_future(routes, folder, shelves, outlook)
    return routes


def _of_the_run(routes: APIRouter, folder: RunFolder, follower: Follower) -> None:
    @routes.get("/run")
    def run(person: Person = VIEWER) -> Run:
        """What the run is, what it has spent, what it amounts to."""
        return _run(folder.path.name, follower.known)

    @routes.get("/curves")
    def curves(axis: Axis = "steps", points: Points = 300, person: Person = VIEWER) -> Curves:
        """Held-out scores, metrics and speed, with at most so many points each."""
        known = follower.known
        lines = lambda found: [Line(**decimated(curve, axis, points).json()) for curve in found]
        return Curves(
            axis=axis,
            whole=known.whole,
            held_out=lines(map(held_out_curve, known.matrices)),
            metrics=lines(metric_curves(known.records)),
            speed=lines([speed_curve(known.records)])[0],
        )

    @routes.get("/versions")
    def versions(
        suite: Annotated[str | None, Field(max_length=200)] = None, most: Points = 60, person: Person = VIEWER
    ) -> Versions:
        """Versions × held-out tasks: all versions, or as many as asked for, evenly spread with the latest."""
        return _versions(follower.known, suite, most)

    @routes.get("/stream", response_class=StreamingResponse)
    async def events(person: Person = VIEWER) -> StreamingResponse:
        """Server-sent events: `news` whenever something was recorded, `end` when the run is over."""
        return StreamingResponse(stream(follower), media_type="text/event-stream")


def _of_the_future(routes: APIRouter, folder: RunFolder, shelves: "_Shelves", outlook: Outlook) -> None:
    @routes.get("/next")
    def following(count: Annotated[int, Field(ge=1, le=100)] = 24, person: Person = VIEWER) -> Nexts:
        """What the explorer is going to ask for next and why: out of its own state, the likeliest tasks first."""
        found, problem = outlook.look()
        if found is None:
            return Nexts(ready=False, problem=problem)
        likely = {each.id: each for each in found.tasks[:count]}
        rows = sorted(folder.database.tasks_of(list(likely)), key=lambda row: -likely[row.id].share)
        tasks = [
            Next(
                task=task, **{name: getattr(likely[task.id], name) for name in ("share", "reasons", "rank", "sentence")}
            )
            for task in _tasks(shelves.now(), rows)
        ]
        whole = {name: getattr(found, name) for name in ("sentence", "turn", "new", "edited", "kept", "archive")}
        return Nexts(ready=True, tasks=tasks, **whole)


def _of_the_archive(
    routes: APIRouter, folder: RunFolder, follower: Follower, scene: Scene, shelves: "_Shelves"
) -> None:
    database = folder.database

    @routes.get("/tasks")
    def tasks(
        sort: Literal["score", "id", "turn", "generation", "children"] = "score",
        descending: bool = True,
        generation: Number | None = None,
        parent: Number | None = None,
        low: Real | None = None,
        high: Real | None = None,
        offset: Annotated[int, Field(ge=0, le=10**9)] = 0,
        count: Annotated[int, Field(ge=1, le=200)] = 50,
        person: Person = VIEWER,
    ) -> Tasks:
        """A page of the archive, filtered and sorted."""
        shelf = shelves.now()
        which = Filter(generation, parent, low, high)
        places, passing = shelf.page(which, sort, descending, offset, count)
        found = database.tasks_of([int(shelf.tasks.id[place]) for place in places])
        return Tasks(count=passing, offset=offset, whole=follower.known.whole, tasks=_tasks(shelf, found))

    @routes.get("/tasks/{id}")
    def task(id: Number, person: Person = VIEWER) -> Family:
        """A task, those it comes from (oldest first) and those that were made from it."""
        shelf, row = shelves.now(), _row(id)
        line = database.tasks_of(shelf.line(id)[:-1][-_MOST:])
        below = database.tasks_of(shelf.made_from(id, _MOST))
        itself, ancestors, children = (_tasks(shelf, rows) for rows in ([row], line, below))
        return Family(
            task=itself[0],
            description=scene.describe(row),
            spec=row.spec,
            ancestors=ancestors,
            children=children,
        )

    @routes.get(
        "/tasks/{id}/picture", response_class=Response, responses={200: {"content": {"image/png": {}}}, 204: {}}
    )
    def pictured(id: Number, size: Annotated[int, Field(ge=16, le=320)] = 160, person: Person = VIEWER) -> Response:
        """A task as a picture; nothing (204) where its space cannot draw, or cannot yet."""
        png = scene.task(_row(id), size)
        if png is None:
            return Response(status_code=204)
        return Response(png, media_type="image/png", headers={"cache-control": "private, max-age=3600"})

    def _row(id: int) -> TaskRow:
        rows = database.tasks_of([id])
        if not rows:
            raise HTTPException(404, f"task {id} was not recorded")
        return rows[0]


class _Shelves:
    """The shelf of the moment, made once for all requests."""

    def __init__(self, follower: Follower):
        self._follower, self._lock = follower, Lock()
        self._shelf = Shelf(follower.known.tasks)

    def now(self) -> Shelf:
        tasks = self._follower.known.tasks
        with self._lock:
            if self._shelf.tasks is not tasks:
                self._shelf = Shelf(tasks)
            return self._shelf


def _run(name: str, known: Known) -> Run:
    card, spent = run_card(name, known.facts), cost(known.records)
    asks = spent is not None and spent.calls > 0 and spent.steps == 0
    if spent is not None and asks:
        scores = ", ".join(f"{result.mean:.1%} of {result.suite}" for result in known.results)
        title, further = f"{spent.calls:,} answers{f'; right on {scores}' if scores else ''}.", ()
    else:
        title, further = headline(card, spent, known.results, known.matrices)
    return Run(
        **{field: getattr(card, field) for field in ("name", "recipe", "domain", "state", "created", "command")},
        title=title,
        further=list(further),
        spent=None if spent is None else spent._asdict(),
        records=len(known.records.turn),
        tasks=len(known.tasks.id),
        versions=max((len(matrix.turns) for matrix in known.matrices), default=0),
        suites=[matrix.suite for matrix in known.matrices],
        asks=asks,
        whole=known.whole,
        problem=known.problem,
        settings=[Setting(path=row.path, value=row.value) for row in card.settings],
        plan=[Setting(path=row.path, value=row.value) for row in card.plan],
    )


def _versions(known: Known, suite: str | None, most: int) -> Versions:
    suites = [matrix.suite for matrix in known.matrices]
    if suite is None and suites:
        suite = suites[0]
    if suite not in suites:
        raise HTTPException(404, f"no version was judged on {suite or 'any suite'} yet")
    matrix, stands = known.matrices[suites.index(suite)], known.generality[suites.index(suite)]
    count = len(matrix.turns)
    rows = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
    solved = [[round(x, 4) if np.isfinite(x) else None for x in row[:_MOST]] for row in matrix.solved[rows].tolist()]
    return Versions(
        suite=suite,
        suites=suites,
        tasks=list(matrix.tasks[:_MOST]),
        turns=matrix.turns[rows].tolist(),
        steps=matrix.at.steps[rows].tolist(),
        solved=solved,
        sentence=stands.sentence(),
        gained=list(stands.gained),
        forgotten=list(stands.forgotten),
    )


def _tasks(shelf: Shelf, rows: list[TaskRow]) -> list[Task]:
    counts = shelf.children(np.array([row.id for row in rows], np.int64)).tolist()
    return [
        Task(
            id=row.id,
            parent=row.parent,
            turn=row.turn,
            score=row.score if row.score is not None and math.isfinite(row.score) else None,
            generation=row.generation or 0,
            children=count,
            address=row.address,
        )
        for row, count in zip(rows, counts, strict=True)
    ]
