"""The routes under `/api/author`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from explora.core import Discrete, Environment

from .._access import ANNOTATOR, Person
from .._play import Job, Spec
from .._words import Uuid
from ._easel import Easel

Number = Annotated[int, Field(ge=0, le=2**53)]
Most = Annotated[int, Field(ge=1, le=500)]
Action = int | float | list[float]


class BrushSaid(BaseModel):
    """What can stand in a cell of a grid."""

    letters: str
    name: str
    colour: str
    once: bool


class FieldSaid(BaseModel):
    """One entry of a task."""

    name: str
    kind: Literal["real", "whole", "choice", "text", "grid"]
    low: float | None
    high: float | None
    choices: list[str | int | float | bool]
    log: bool
    brushes: list[BrushSaid]
    height: tuple[int, int]
    width: tuple[int, int]
    hint: str


class Form(BaseModel):
    """What a task of this run is made of, and what can be done with one."""

    space: str
    fields: list[FieldSaid]
    refusal: str | None
    start: Any
    mutates: bool
    plays: bool
    actions: list[str]
    running: bool


class Drawn(BaseModel):
    """A task."""

    task: Spec


class CheckedSaid(BaseModel):
    """What is known of a drawn task."""

    valid: bool
    problem: str | None
    task: Any
    description: str
    address: str
    optimal: float | None
    solvable: bool | None
    features: dict[str, float] | None


class Sending(BaseModel):
    """A task to be sent to the run, and the number of the one that it was made from."""

    uuid: Uuid
    task: Spec
    parent: Number | None = None


class Played(BaseModel):
    """What somebody played."""

    uuid: Uuid
    task: Spec
    actions: Annotated[list[Action], Field(min_length=1, max_length=5000)]
    seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class SentSaid(BaseModel):
    """A task that was sent, and what the run said of it."""

    uuid: str
    task: Any
    person: str
    time: float
    taken: int | None
    recorded: int | None
    number: int | None
    solved: float | None
    kept: bool | None
    score: float | None
    refused: str | None


class Demonstration(BaseModel):
    """What somebody played, and what came of it; None while it is being lived again: send it again."""

    event: int | None
    person: str
    task: Any
    actions: list[Any]
    solved: bool
    ended: bool
    returned: float
    seconds: float


def author_routes(easel: Easel) -> APIRouter:
    """The routes under `/api/author`.

    **Arguments:**

    - `easel`: where tasks are drawn.
    """
    routes = APIRouter(prefix="/api/author", tags=["author"])
    _of_drawing(routes, easel)
    _of_sending(routes, easel)
    _of_playing(routes, easel)
    return routes


def _of_drawing(routes: APIRouter, easel: Easel) -> None:
    @routes.get("")
    def form(person: Person = ANNOTATOR) -> Form:
        """What a task of this run is made of, with one to start from."""
        parts, refusal = easel.parts, easel.refusal()
        easel.greet(person.id)
        domain = parts.domain
        acts = domain.action if isinstance(domain, Environment) else None
        return Form(
            space=type(parts.space).__name__,
            fields=[_field(field) for field in parts.space.fields],
            refusal=refusal,
            start=None if refusal is not None else easel.sample(),
            mutates="mutate" in parts.space.provides,
            plays=isinstance(domain, Environment),
            actions=list(acts.names) if isinstance(acts, Discrete) else [],
            running=easel.running,
        )

    @routes.post("/check")
    def check(said: Drawn, person: Person = ANNOTATOR) -> CheckedSaid:
        """Whether a task belongs to the space and can be solved."""
        return CheckedSaid(**easel.check(said.task)._asdict())

    @routes.post("/sample")
    def sample(person: Person = ANNOTATOR) -> Drawn:
        """A random task."""
        return Drawn(task=easel.sample())

    @routes.post("/mutate")
    def mutate(said: Drawn, person: Person = ANNOTATOR) -> Drawn:
        """A random neighbour of a task, made as the search makes them."""
        return Drawn(task=easel.mutate(said.task))


def _of_sending(routes: APIRouter, easel: Easel) -> None:
    @routes.post("/send")
    def send(said: Sending, person: Person = ANNOTATOR) -> SentSaid:
        """Sends a task to the run. Sent again with the same `uuid` it counts once."""
        return _sent(easel.send(person.id, said.task, said.parent, said.uuid), None)

    @routes.get("/sent")
    def sent(most: Most = 50, person: Person = ANNOTATOR) -> list[SentSaid]:
        """What you sent, newest first, and what became of it; the owner sees what all sent."""
        who = None if person.role == "owner" else person.id
        return [_sent(letter, told) for letter, told in easel.sent(who, most)]


def _of_playing(routes: APIRouter, easel: Easel) -> None:
    @routes.post("/demonstrations", responses={202: {"model": Demonstration}})
    def demonstrate(said: Played, response: Response, person: Person = ANNOTATOR) -> Demonstration:
        """Keeps what you played as a demonstration, once the environment has lived it again (202: not yet)."""
        actions = tuple(tuple(each) if isinstance(each, list) else each for each in said.actions)
        job = Job.of(said.task, seed=said.seed, actions=actions)
        act = easel.demonstrate(person.id, job, said.seconds, said.uuid)
        if act is None:
            response.status_code = 202
            return _demonstration(None, person.id, {"task": said.task, "actions": list(said.actions)})
        return _demonstration(act.id, act.person, act.data)

    @routes.get("/demonstrations")
    def demonstrations(most: Most = 50, person: Person = ANNOTATOR) -> list[Demonstration]:
        """What you played, newest first; the owner sees what all played."""
        who = None if person.role == "owner" else person.id
        return [_demonstration(act.id, act.person, act.data) for act in easel.demonstrations(who, most)]


def _field(field: Any) -> FieldSaid:
    brushes = [BrushSaid(**brush._asdict()) for brush in field.brushes]
    return FieldSaid(**field._asdict() | {"brushes": brushes, "choices": list(field.choices)})


def _sent(letter: Any, told: dict[str, Any] | None) -> SentSaid:
    told = told or {}
    return SentSaid(
        uuid=letter.uuid,
        task=letter.data["task"],
        person=letter.person,
        time=letter.time,
        taken=letter.turn,
        recorded=told.get("turn"),
        number=told.get("task"),
        solved=told.get("solved"),
        kept=told.get("kept"),
        score=told.get("score"),
        refused=told.get("reason"),
    )


def _demonstration(event: int | None, person: str, data: dict[str, Any]) -> Demonstration:
    return Demonstration(
        event=event,
        person=person,
        task=data["task"],
        actions=data["actions"],
        solved=data.get("solved", False),
        ended=data.get("ended", False),
        returned=data.get("return", 0.0),
        seconds=data.get("seconds", 0.0),
    )
