"""The routes under `/api/play`."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from explora.core import ExploraError, TaskError
from explora.store import RunFolder

from .._access import VIEWER, Person
from ._episode import Episode
from ._players import Job, Players
from ._task import Spec

_MOST = 200  # versions that are listed

Number = Annotated[int, Field(ge=0, le=2**53)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Action = int | float | list[float]


class Wanted(BaseModel):
    """Which episode somebody wants to see: of a task as JSON, or of a recorded one by number."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["task"], "properties": {"task": {"not": {"type": "null"}}, "id": {"type": "null"}}},
                {"required": ["id"], "properties": {"id": {"type": "integer"}, "task": {"type": "null"}}},
            ]
        }
    )

    task: Spec | None = None
    id: Number | None = None
    turn: Number | None = None
    seed: Seed = 0
    greedy: bool = False
    drawing: bool = False


class Walked(BaseModel):
    """What somebody did so far."""

    task: Spec
    actions: Annotated[list[Action], Field(max_length=5000)]
    seed: Seed = 0


class Replayed(BaseModel):
    """An episode; while it is being played there is none yet (202): send the same request again.

    **Arguments:** as for `Episode`; `ready`: whether there is one; `sentence`: what came of it.
    """

    ready: bool
    sentence: str = ""
    task: Any = None
    scene: Any = None
    moments: list[Any] = []
    pictures: list[str] = []
    stride: int = 1
    actions: list[Any] = []
    names: list[str] = []
    rewards: list[float] = []
    reports: dict[str, list[float]] = {}
    solved: bool = False
    ended: bool = False
    returned: float = 0.0
    optimal: float | None = None
    turn: int | None = None

    @staticmethod
    def of(episode: Episode | None) -> "Replayed":
        """An episode as JSON."""
        if episode is None:
            return Replayed(ready=False)
        return Replayed(ready=True, sentence=episode.sentence(), **episode._asdict())


class Learners(BaseModel):
    """The learners that can be asked to play, oldest first, by turn; the last one is as the run is now."""

    turns: list[int]


def play_routes(folder: RunFolder, players: Players) -> APIRouter:
    """The routes under `/api/play`.

    **Arguments:**

    - `folder`: of the run.
    - `players`: who plays.
    """
    routes = APIRouter(prefix="/api/play", tags=["play"])

    @routes.get("/learners")
    def learners(person: Person = VIEWER) -> Learners:
        """The learners that can be asked to play."""
        kept = list(folder.versions.turns())
        try:
            latest = [turn for turn in (players.newest(),) if turn not in kept]
        except ExploraError:
            latest = []
        return Learners(turns=[*kept[-_MOST:], *latest])

    @routes.post("", responses={202: {"model": Replayed}})
    def play(said: Wanted, response: Response, person: Person = VIEWER) -> Replayed:
        """A learner plays a task once: the one of that turn, or the newest."""
        if (said.task is None) == (said.id is None):
            raise HTTPException(422, "say which task: `task` as JSON, or `id` of a recorded one")
        spec = said.task if said.id is None else _recorded(folder, said.id)
        turn = players.newest() if said.turn is None else said.turn
        instead = f"drawing {person.id}" if said.drawing else None
        return _shown(players, Job.of(spec, turn=turn, seed=said.seed, greedy=said.greedy), response, instead)

    @routes.post("/walk", responses={202: {"model": Replayed}})
    def walk(said: Walked, response: Response, person: Person = VIEWER) -> Replayed:
        """What follows from somebody's own actions."""
        actions = tuple(tuple(each) if isinstance(each, list) else each for each in said.actions)
        return _shown(players, Job.of(said.task, seed=said.seed, actions=actions), response, f"walk {person.id}")

    return routes


def _shown(players: Players, job: Job, response: Response, instead: str | None) -> Replayed:
    try:
        found = players.ask(job, instead=instead)
    except TaskError as error:
        raise HTTPException(409, str(error)[:500]) from error
    if found is None:
        response.status_code = 202
    return Replayed.of(found)


def _recorded(folder: RunFolder, id: int) -> Any:
    rows = folder.database.tasks_of([id])
    if not rows:
        raise HTTPException(404, f"task {id} was not recorded")
    return rows[0].spec
