"""The routes under `/api/compare`."""

from math import exp
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from explora.maths import Preference
from explora.store import TaskRow

from .._access import ANNOTATOR, OWNER, Access, Person
from .._scene import Scene
from .._words import Uuid
from ._book import Pair
from ._export import MEDIA, judgements_file, judgements_rows
from ._panel import Panel

Answer = Literal["left", "right", "tie", "unsure"]
What = Literal["tasks", "plays"]


class Wanted(BaseModel):
    """How many pairs somebody wants to have at hand: of tasks, or of episodes (`plays`)."""

    count: Annotated[int, Field(ge=1, le=10)] = 3
    what: What = "tasks"


class Played(BaseModel):
    """Who plays an episode and with what chance; `POST /api/play` with these and the task plays it."""

    turn: int
    seed: int
    greedy: bool


class Side(BaseModel):
    """One of two tasks; its picture is that of `/api/watch/tasks/{task}/picture`. `play`: the episode of it."""

    task: int
    address: str
    description: str
    play: Played | None = None


class Compared(BaseModel):
    """Two tasks, or two episodes of one, on the sides on which they are to be shown."""

    pair: str
    what: What
    left: Side
    right: Side
    gain: float


class AtHand(BaseModel):
    """The pairs at hand, those whose answers tell most first; `waiting` says why there can be none (yet)."""

    pairs: list[Compared]
    waiting: str | None = None


class Judged(BaseModel):
    """Which is preferred: `tie` if neither is, `unsure` if one cannot tell."""

    uuid: Uuid
    pair: Uuid
    said: Answer
    seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None = None


class ToUndo(BaseModel):
    """What is to be taken back: what was said of tasks, of episodes, or the last of either."""

    uuid: Uuid
    what: What | None = None


class TakenBack(BaseModel):
    """What was taken back, and the pair again."""

    said: Answer
    pair: Compared | None


class How(BaseModel):
    """How far the comparing is, and how sure the fit."""

    mine: dict[str, int]
    all: int
    people: int
    sure: float | None
    follows: bool


class Weight(BaseModel):
    """How much one feature is liked: logits for each standard deviation of the feature, with its own deviation."""

    feature: str
    weight: float
    deviation: float
    usual: float
    scale: float


class Rater(BaseModel):
    """How often somebody chooses instead of guessing, as far as the others show; 1 where there is nobody else."""

    id: str
    name: str
    reliability: float


class Rung(BaseModel):
    """How far one version is preferred: in logits, with the deviation; `judged`: in how many judgements it played."""

    turn: int
    weight: float
    deviation: float
    judged: int


class Rungs(BaseModel):
    """Which versions are preferred by their episodes, oldest first."""

    versions: list[Rung]
    tie: float
    raters: list[Rater]


class Taste(BaseModel):
    """What people like: features by how clearly they matter."""

    weights: list[Weight]
    tie: float
    raters: list[Rater]


def compare_routes(panel: Panel, access: Access, scene: Scene) -> APIRouter:
    """The routes under `/api/compare`.

    **Arguments:**

    - `panel`: where pairs come from and answers go.
    - `access`: who is who.
    - `scene`: what describes tasks.
    """
    routes = APIRouter(prefix="/api/compare", tags=["compare"])

    @routes.post("/next")
    def following(said: Wanted, person: Person = ANNOTATOR) -> AtHand:
        """The pairs to compare next: those that you were asked already, filled up with new ones."""
        pairs = [_compared(scene, *shown) for shown in panel.next(person.id, said.count, said.what)]
        return AtHand(pairs=pairs, waiting=None if pairs else panel.waiting(said.what))

    @routes.post("/answer", status_code=204)
    def answer(said: Judged, person: Person = ANNOTATOR) -> None:
        """Says which of two is preferred. Sent again with the same `uuid` it changes nothing."""
        panel.say(person.id, said.pair, said.said, said.uuid, said.seconds)

    @routes.post("/undo")
    def undo(said: ToUndo, person: Person = ANNOTATOR) -> TakenBack | None:
        """Takes back what you said last; again, what you said before that. Nothing if nothing is left."""
        found = panel.undo(person.id, said.uuid, said.what)
        if found is None:
            return None
        back, shown = found
        again = None if shown is None else _compared(scene, *shown)
        return TakenBack.model_validate({"said": back.said, "pair": again})

    @routes.get("/progress")
    def progress(what: What = "tasks", person: Person = ANNOTATOR) -> How:
        """How far you are, and all together; how sure the fit is; whether the run follows it."""
        return How(**panel.standing(person.id, what)._asdict())

    @routes.get("/taste")
    def taste(person: Person = OWNER) -> Taste:
        """What people like, as the answers so far have it."""
        found = panel.taste()
        if found is None:
            return Taste(weights=[], tie=0.0, raters=[])
        yard, fit, people = found
        columns = zip(
            yard.names,
            fit.weights.tolist(),
            fit.covariance.diagonal().tolist(),
            yard.centre.tolist(),
            yard.scale.tolist(),
            strict=True,
        )
        weights = [
            Weight(feature=name, weight=weight, deviation=variance**0.5, usual=usual, scale=scale)
            for name, weight, variance, usual, scale in columns
        ]
        weights.sort(key=lambda each: -abs(each.weight) / each.deviation)
        return Taste(weights=weights, tie=exp(fit.log_tie), raters=_raters(access, people, fit))

    @routes.get("/versions")
    def versions(person: Person = OWNER) -> Rungs:
        """Which versions of the learner are preferred, as the judgements of their episodes so far have it."""
        ladder, judged = panel.ladder()
        if ladder is None:
            return Rungs(versions=[], tie=0.0, raters=[])
        fit = ladder.ranked.linear
        columns = zip(ladder.turns, fit.weights.tolist(), fit.covariance.diagonal().tolist(), strict=True)
        rungs = [Rung(turn=t, weight=w, deviation=v**0.5, judged=judged[t]) for t, w, v in columns]
        return Rungs(versions=rungs, tie=exp(fit.log_tie), raters=_raters(access, ladder.people, fit))

    @routes.get("/export", response_class=Response)
    def export(format: Literal["jsonl", "csv", "parquet"] = "jsonl", person: Person = OWNER) -> Response:
        """All comparisons as a file: each judgement with what stood on which side, and whether it stands."""
        rows = judgements_rows(panel.said(), {one.id: one.name for one in access.people()})
        name = f'attachment; filename="comparisons.{format}"'
        return Response(judgements_file(rows, format), media_type=MEDIA[format], headers={"content-disposition": name})

    return routes


def _raters(access: Access, people: list[str], fit: Preference) -> list[Rater]:
    names = {one.id: one.name for one in access.people()}
    shares = zip(people, fit.reliability.tolist(), strict=False)
    return [Rater(id=who, name=names.get(who, who), reliability=share) for who, share in shares]


def _compared(scene: Scene, pair: Pair, left: TaskRow, right: TaskRow) -> Compared:
    plays: Any = [None, None] if pair.plays is None else [Played(**play._asdict()) for play in pair.plays]
    sides = [
        Side(task=row.id, address=row.address, description=scene.describe(row), play=play)
        for row, play in zip((left, right), plays, strict=True)
    ]
    said = {"pair": pair.uuid, "what": pair.what, "left": sides[0], "right": sides[1], "gain": pair.gain}
    return Compared.model_validate(said)
