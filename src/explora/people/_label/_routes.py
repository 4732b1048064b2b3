"""The routes under `/api/label`."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, Field

from explora.store import Claim

from .._access import ANNOTATOR, OWNER, Access, Person
from .._words import Item, Label, Uuid, storable
from ._desk import Desk, Served, Turn
from ._schema import Schema
from ._till import Till

Value = Annotated[Label, AfterValidator(storable)]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
More = Annotated[int, Field(ge=0, le=20)]


class Wanted(BaseModel):
    """How many items somebody wants to have at hand."""

    count: Annotated[int, Field(ge=1, le=20)] = 5


class Question(BaseModel):
    """An item that somebody is asked about."""

    item: str
    shown: Any
    until: float
    attempt: int
    draft: Any = None


class AtHand(BaseModel):
    """The items at hand, most worth first."""

    items: list[Question]


class Answer(BaseModel):
    """A label; and how many new items are to come with the reply."""

    uuid: Uuid
    item: Item
    value: Value
    seconds: Seconds | None = None
    more: More = 0


class NoAnswer(BaseModel):
    """Why there is no label."""

    uuid: Uuid
    item: Item
    kind: Literal["skipped", "unsure"]
    seconds: Seconds | None = None
    more: More = 0


class Said(BaseModel):
    """What became of an answer; and the new items that were wanted with it."""

    settled: bool
    items: list[Question] = []


class Act(BaseModel):
    """An act that needs nothing else said."""

    uuid: Uuid


class TakenBack(BaseModel):
    """What was taken back: the question again, if nobody else has it by now."""

    item: str
    kind: str
    value: Any
    question: Question | None


class Items(BaseModel):
    """Some items."""

    items: Annotated[list[Item], Field(max_length=50)]


class Draft(BaseModel):
    """What somebody has begun to say."""

    item: Item
    value: Value


class NewSchema(Schema):
    """A schema, and the act of setting it."""

    uuid: Uuid


class How(BaseModel):
    """How far the work is."""

    answered: int
    skipped: int
    unsure: int
    pace: float | None
    seconds: float | None
    slots: dict[str, int]


class Past(BaseModel):
    """Something that somebody said."""

    event: int
    item: str
    kind: str
    value: Any
    seconds: float


class PairOf(BaseModel):
    """Two people."""

    first: str
    second: str
    items: int
    same: int
    kappa: float


class Share(BaseModel):
    """What one person did."""

    id: str
    name: str
    answered: int
    skipped: int
    unsure: int
    surplus: int
    seconds: float | None


class Agreed(BaseModel):
    """How far people agree."""

    alpha: float | None
    items: int
    pairs: list[PairOf]
    disputed: list[str]
    people: list[Share]


def label_routes(desk: Desk, access: Access, picture: Callable[[str], bytes | None]) -> APIRouter:
    """The routes under `/api/label`.

    **Arguments:**

    - `desk`: where questions and answers go.
    - `access`: who is who.
    - `picture`: an item as a PNG image, by id; None where it has none.
    """
    routes, till = APIRouter(prefix="/api/label", tags=["label"]), Till(desk.serve)
    _of_answers(routes, desk, till)
    _of_questions(routes, desk, till, picture)
    _of_owners(routes, desk, access)
    return routes


def _of_questions(routes: APIRouter, desk: Desk, till: Till, picture: Callable[[str], bytes | None]) -> None:
    @routes.get("/schema")
    def schema(person: Person = ANNOTATOR) -> Schema:
        """What an answer may be, and the guidelines."""
        return desk.schema

    @routes.post("/next")
    async def following(said: Wanted, person: Person = ANNOTATOR) -> AtHand:
        """The items to look at next, yours for five minutes: what you have already, filled up with new ones."""
        found = await till(Turn(person.id, more=said.count, held=True))
        return AtHand(items=[_question(claim, found.drafts) for claim in found.claims])

    @routes.post("/extend")
    def extend(said: Items, person: Person = ANNOTATOR) -> AtHand:
        """Keeps items for another five minutes; those that somebody else has by now are left out."""
        return AtHand(items=[_question(claim, {}) for claim in desk.extend(person.id, said.items)])

    @routes.get("/picture", response_class=Response, responses={200: {"content": {"image/png": {}}}, 204: {}})
    def pictured(item: Item, person: Person = ANNOTATOR) -> Response:
        """An item as a picture; nothing (204) where it has none."""
        png = picture(item)
        if png is None:
            return Response(status_code=204)
        return Response(png, media_type="image/png", headers={"cache-control": "private, max-age=600"})

    @routes.get("/drafts")
    def drafts(person: Person = ANNOTATOR) -> dict[str, Any]:
        """What you have begun to say, by item: nobody else can read it."""
        return desk.drafts(person.id)

    @routes.put("/draft", status_code=204)
    def draft(said: Draft, person: Person = ANNOTATOR) -> None:
        """Keeps what you have begun to say."""
        desk.draft(person.id, said.item, said.value)


def _of_answers(routes: APIRouter, desk: Desk, till: Till) -> None:
    @routes.post("/answer")
    async def answer(said: Answer, person: Person = ANNOTATOR) -> Said:
        """Gives a label, or corrects one. Sent again with the same `uuid` it changes nothing."""
        turn = Turn(person.id, "answered", said.item, said.uuid, said.value, said.seconds, said.more)
        return _said(await till(turn))

    @routes.post("/skip")
    async def skip(said: NoAnswer, person: Person = ANNOTATOR) -> Said:
        """Says that there is no label: the item is not for you, or you do not know."""
        turn = Turn(person.id, said.kind, said.item, said.uuid, seconds=said.seconds, more=said.more)
        return _said(await till(turn))

    @routes.post("/undo")
    def undo(said: Act, person: Person = ANNOTATOR) -> TakenBack | None:
        """Takes back what you said last; again, what you said before that. Nothing if nothing is left."""
        found = desk.undo(person.id, said.uuid)
        if found is None:
            return None
        again = None if found.claim is None else _question(found.claim, {})
        return TakenBack(item=found.item, kind=found.kind, value=found.value, question=again)

    @routes.get("/history")
    def history(
        before: Annotated[int | None, Field(ge=0, le=2**53)] = None,
        most: Annotated[int, Field(ge=1, le=200)] = 50,
        person: Person = ANNOTATOR,
    ) -> list[Past]:
        """What you said that stands, newest first."""
        found = desk.history(person.id, before, most)
        return [Past(event=number, **_past(word)) for number, word in found]

    @routes.get("/progress")
    def progress(person: Person = ANNOTATOR) -> How:
        """How far you are, and all together."""
        return How(**desk.progress(person.id)._asdict())


def _of_owners(routes: APIRouter, desk: Desk, access: Access) -> None:
    @routes.put("/schema")
    def set_schema(said: NewSchema, person: Person = OWNER) -> Schema:
        """Says what an answer may be from now on."""
        return desk.set_schema(person.id, Schema(**said.model_dump(exclude={"uuid"})), said.uuid)

    @routes.post("/schema/undo")
    def undo_schema(said: Act, person: Person = OWNER) -> Schema:
        """Goes back to what an answer could be before."""
        return desk.undo_schema(person.id, said.uuid)

    @routes.get("/agreement")
    def agreement(person: Person = OWNER) -> Agreed:
        """How far people agree, and what each of them did."""
        names = {one.id: one.name for one in access.people()}
        found, shares = desk.agreement(), [_share(who, names, said) for who, said in desk.tally().items()]
        named = lambda pair: pair._replace(
            first=names.get(pair.first, pair.first), second=names.get(pair.second, pair.second)
        )
        pairs = [PairOf(**named(pair)._asdict()) for pair in found.pairs]
        return Agreed(
            alpha=found.alpha,
            items=found.items,
            pairs=pairs,
            disputed=list(found.disputed),
            people=sorted(shares, key=lambda share: -share.answered),
        )


def _share(who: str, names: dict[str, str], said: dict[str, tuple[int, float]]) -> Share:
    count = {kind: number for kind, (number, _) in said.items()}
    total, seconds = sum(count.values()), sum(seconds for _, seconds in said.values())
    kinds = {kind: count.get(kind, 0) for kind in ("answered", "skipped", "unsure", "surplus")}
    return Share(id=who, name=names.get(who, who), **kinds, seconds=seconds / total if total else None)


def _past(word: Any) -> dict[str, Any]:
    return {"item": word.item, "kind": word.kind, "value": word.value, "seconds": word.seconds}


def _said(found: Served) -> Said:
    return Said(settled=found.settled, items=[_question(claim, found.drafts) for claim in found.claims])


def _question(claim: Claim, drafts: dict[str, Any]) -> Question:
    return Question(
        item=claim.item, shown=claim.shown, until=claim.until, attempt=claim.attempt, draft=drafts.get(claim.item)
    )
