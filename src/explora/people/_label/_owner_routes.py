"""The routes under `/api/label` that are for the owner of the questions, and the quality that all may see."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, Field

from explora.plots import AskedFormat

from .._access import ANNOTATOR, OWNER, Access, Person
from .._words import Item, Label, Uuid, storable
from ._export import answers_file
from ._gold import GoldRule
from ._oversight import Dispute, Oversight
from ._quality import RunQuality

Value = Annotated[Label, AfterValidator(storable)]
_KINDS = {"jsonl": "application/jsonl", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_SLOWEST = 20


class Act(BaseModel):
    """An act that needs nothing else said."""

    uuid: Uuid


class NewGoldRule(GoldRule):
    """How gold is to be used, and the act of saying so."""

    uuid: Uuid


class Known(BaseModel):
    """An item and the answer to it."""

    item: Item
    value: Value


class ManyKnown(BaseModel):
    """Items whose answers are known."""

    uuid: Uuid
    items: Annotated[list[Known], Field(min_length=1, max_length=200)]


class Marked(BaseModel):
    """What became of them."""

    marked: int
    refused: list[str]


class OneItem(BaseModel):
    """An act upon an item."""

    uuid: Uuid
    item: Item


class GoldItem(BaseModel):
    """An item that is gold; or was, and is kept from the run."""

    item: str
    value: Any
    stands: bool


class OnGold(BaseModel):
    """How somebody does on gold, with the 95 % interval of the share of right answers."""

    id: str
    name: str
    right: int
    answered: int
    low: float
    high: float
    none: int


class AllGold(BaseModel):
    """Gold, and how people do on it."""

    rate: float
    tolerance: float
    items: list[GoldItem]
    people: list[OnGold]


class SaidBy(BaseModel):
    """What somebody said of an item."""

    name: str
    kind: str
    value: Any
    seconds: float


class Opinion(BaseModel):
    """CROWDLAB's opinion, and how likely it is right."""

    value: Any
    quality: float


class Differing(BaseModel):
    """An item that people labelled in different ways, and what counts now."""

    item: str
    shown: Any
    said: list[SaidBy]
    value: Any
    rule: str
    likely: Opinion | None


class Disputed(BaseModel):
    """Some of the items that people labelled in different ways, and how many there are."""

    count: int
    items: list[Differing]


class Decision(BaseModel):
    """What an owner decides of an item."""

    uuid: Uuid
    item: Item
    value: Value


class UndoDecision(BaseModel):
    """Taking back a decision: that of an item, or the newest."""

    uuid: Uuid
    item: Item | None = None


class Undecided(BaseModel):
    """Of which item a decision was taken back."""

    item: str | None


class Overlap(BaseModel):
    """How many people are asked about each item."""

    overlap: int


class NewOverlap(BaseModel):
    """How many people are to be asked about each item; `again`: also about those of which enough had been said."""

    uuid: Uuid
    overlap: Annotated[int, Field(ge=1, le=50)]
    again: bool = False


class Took(BaseModel):
    """How long the last answers took [s]: of one person, or of all."""

    id: str
    name: str
    answers: int
    median: float
    quarter: float
    three_quarters: float


class Slow(BaseModel):
    """An answer that took long [s]."""

    item: str
    name: str
    seconds: float


class Times(BaseModel):
    """How long the last five thousand answers took."""

    people: list[Took]
    slowest: list[Slow]


class Quality(BaseModel):
    """How good the model is now, with a 95 % interval, and whether to go on asking."""

    value: float | None
    low: float | None
    high: float | None
    items: int | None
    answers: int | None
    stop: bool | None
    advice: str


def owner_routes(
    oversight: Oversight,
    access: Access,
    quality: Callable[[], RunQuality],
    answers: Callable[[], list[dict[str, Any]]],
) -> APIRouter:
    """The routes under `/api/label` for the owner of the questions.

    **Arguments:**

    - `oversight`: of the questions.
    - `access`: who is who.
    - `quality`: of the run's model, out of memory.
    - `answers`: all that was said, as rows of an export.
    """
    routes = APIRouter(prefix="/api/label", tags=["label"])
    named = lambda: {one.id: one.name for one in access.people()}
    _of_gold(routes, oversight, named)
    _of_decisions(routes, oversight, named)
    _of_numbers(routes, oversight, named)

    @routes.get("/quality")
    def how_good(person: Person = ANNOTATOR) -> Quality:
        """How good the model is now, with a 95 % interval, and whether to go on asking."""
        return Quality(**quality()._asdict())

    @routes.get("/export", response_class=Response)
    def export(format: AskedFormat = "jsonl", person: Person = OWNER) -> Response:
        """Every answer with what people say together and where it came from, as a file."""
        headers = {"content-disposition": f'attachment; filename="answers.{format}"'}
        return Response(answers_file(answers(), format), media_type=_KINDS[format], headers=headers)

    return routes


def _of_gold(routes: APIRouter, oversight: Oversight, named: Callable[[], dict[str, str]]) -> None:
    @routes.get("/gold")
    def gold(person: Person = OWNER) -> AllGold:
        """The items whose answers are known, how often they are slipped in, and how people do on them."""
        names, (golds, scores) = named(), oversight.gold()
        people = [OnGold(id=s.who, name=names.get(s.who, s.who), **_rest(s)) for s in scores]
        items = [GoldItem(item=each.item, value=each.value, stands=each.stands) for each in golds]
        return AllGold(**oversight.gold_rule.model_dump(), items=items, people=people)

    @routes.put("/gold/rule")
    def set_rule(said: NewGoldRule, person: Person = OWNER) -> GoldRule:
        """Says how often gold is slipped in, and by how much a number may differ from the known one."""
        return oversight.set_gold_rule(person.id, GoldRule(**said.model_dump(exclude={"uuid"})), said.uuid)

    @routes.post("/gold")
    def mark(said: ManyKnown, person: Person = OWNER) -> Marked:
        """Says what the answers to some items are; items that people have answered are refused."""
        known = [(each.item, each.value) for each in said.items]
        marked, refused = oversight.mark(person.id, known, said.uuid)
        return Marked(marked=marked, refused=refused)

    @routes.post("/gold/remove")
    def unmark(said: OneItem, person: Person = OWNER) -> Marked:
        """Takes back that an item is gold; what people said of it still goes to no run."""
        return Marked(marked=int(oversight.unmark(person.id, said.item, said.uuid)), refused=[])


def _of_decisions(routes: APIRouter, oversight: Oversight, named: Callable[[], dict[str, str]]) -> None:
    @routes.get("/disputes")
    def disputes(
        decided: bool = False,
        offset: Annotated[int, Field(ge=0, le=10**9)] = 0,
        count: Annotated[int, Field(ge=1, le=100)] = 20,
        person: Person = OWNER,
    ) -> Disputed:
        """The items that people labelled in different ways: those that nobody has decided, or those that are."""
        found, all_ = oversight.disputes(decided=decided, offset=offset, count=count)
        names = named()
        return Disputed(count=all_, items=[_differing(each, names) for each in found])

    @routes.post("/decide")
    def decide(said: Decision, person: Person = OWNER) -> Undecided:
        """Says what counts as the answer to an item; the run hears it in the place of all that was said."""
        oversight.decide(person.id, said.item, said.value, said.uuid)
        return Undecided(item=said.item)

    @routes.post("/decide/undo")
    def undecide(said: UndoDecision, person: Person = OWNER) -> Undecided:
        """Takes back a decision: that of an item, or the newest; what was decided before counts again."""
        return Undecided(item=oversight.undecide(person.id, said.uuid, said.item))


def _of_numbers(routes: APIRouter, oversight: Oversight, named: Callable[[], dict[str, str]]) -> None:
    @routes.get("/overlap")
    def overlap(person: Person = OWNER) -> Overlap:
        """How many people are asked about each item."""
        return Overlap(overlap=oversight.overlap)

    @routes.put("/overlap")
    def set_overlap(said: NewOverlap, person: Person = OWNER) -> Overlap:
        """Says how many people are to be asked about each item, from now on and of those in the queue."""
        return Overlap(overlap=oversight.set_overlap(person.id, said.overlap, said.uuid, again=said.again))

    @routes.get("/times")
    def times(person: Person = OWNER) -> Times:
        """How long the last five thousand answers took, person by person, and which took longest."""
        rows, names = oversight.review.latest(), named()
        by_person: dict[str, list[float]] = {}
        for _, who, seconds in rows:
            by_person.setdefault(who, []).append(seconds)
        people = [_took(who, names.get(who, who), found) for who, found in by_person.items()]
        if len(people) > 1:
            people.append(_took("", "everybody", [seconds for _, _, seconds in rows]))
        slowest = sorted(rows, key=lambda row: -row[2])[:_SLOWEST]
        slow = [Slow(item=item, name=names.get(who, who), seconds=seconds) for item, who, seconds in slowest]
        return Times(people=sorted(people, key=lambda one: -one.answers), slowest=slow)


def _took(who: str, name: str, seconds: list[float]) -> Took:
    quarter, median, three = np.quantile(np.asarray(seconds), [0.25, 0.5, 0.75]).tolist()
    return Took(id=who, name=name, answers=len(seconds), median=median, quarter=quarter, three_quarters=three)


def _rest(score: Any) -> dict[Literal["right", "answered", "low", "high", "none"], Any]:
    return {name: value for name, value in score._asdict().items() if name != "who"}


def _differing(dispute: Dispute, names: dict[str, str]) -> Differing:
    people = [word for word in dispute.words if not word.annotator.startswith("(")]
    said = [
        SaidBy(name=names.get(word.annotator, word.annotator), kind=word.kind, value=word.value, seconds=word.seconds)
        for word in people
    ]
    opinion = None if dispute.likely is None else Opinion(**dispute.likely._asdict())
    together = dispute.together
    return Differing(
        item=dispute.item,
        shown=dispute.shown,
        said=said,
        value=together.value,
        rule=together.rule,
        likely=opinion,
    )
