"""The routes under `/api/fool`."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from .._access import ANNOTATOR, OWNER, VIEWER, Person
from .._label import Schema
from .._label._schema import starting
from . import _book as book
from . import _wire as wire
from ._book import Example, Terms
from ._rounds import Rounds, Turned, Written
from ._sparring import Reply


def fool_routes(rounds: Rounds, schema: Callable[[], Schema]) -> APIRouter:
    """The routes under `/api/fool`.

    **Arguments:**

    - `rounds`: against the model of the run.
    - `schema`: what people are told of labels, for the guidelines.
    """
    routes = APIRouter(prefix="/api/fool", tags=["fool"])
    _of_writers(routes, rounds, schema)
    _of_examples(routes, rounds)
    _of_validators(routes, rounds)
    _of_rounds(routes, rounds)
    return routes


def _of_writers(routes: APIRouter, rounds: Rounds, schema: Callable[[], Schema]) -> None:
    @routes.get("/form")
    def form(person: Person = ANNOTATOR) -> wire.Play:
        """The fields of an example, the labels, and what holds in this round. The model is loaded if it is not yet."""
        rounds.start()
        now, model = rounds.standing().now, rounds.model
        known = {"round": now.number, "version": now.version, "state": now.state, **now.terms._asdict()}
        if not model.ready:
            return wire.Play(ready=False, problem=model.problem, **known)
        found = model.versions.form
        fields = [wire.FieldOf(name=one.name, kind=one.kind, choices=list(one.choices)) for one in found.fields]
        classes = starting("classes", found.classes).keyed().choices
        more = {"fixed": list(found.fixed), "classes": classes, "guidelines": schema().guidelines}
        return wire.Play(ready=True, problem=None, **known, fields=fields, **more)

    @routes.get("/items")
    def items(
        offset: Annotated[int, Field(ge=0, le=10**6)] = 0,
        count: Annotated[int, Field(ge=1, le=50)] = 1,
        person: Person = ANNOTATOR,
    ) -> list[wire.Start]:
        """Items of the pool to start from, those first of which the model is least sure."""
        rounds.start()
        found = rounds.model.items(offset, count)
        return [wire.Start(id=id, values=values, said=_said(reply)) for id, values, reply in found]

    @routes.post("/ask")
    async def ask(said: wire.Guess, person: Person = ANNOTATOR) -> wire.Said:
        """What the model says of an example; nothing is kept."""
        asked = await run_in_threadpool(rounds.ask, said.values, said.origin)
        return _said(await asyncio.wrap_future(asked))


def _of_examples(routes: APIRouter, rounds: Rounds) -> None:
    @routes.post("/propose")
    async def propose(said: wire.Claim, person: Person = ANNOTATOR) -> wire.Kept:
        """Writes an example down. Sent again with the same `uuid` it counts once."""
        reply = await asyncio.wrap_future(await run_in_threadpool(rounds.ask, said.values, said.origin))
        write = lambda: rounds.propose(
            person.id, said.values, said.label, origin=said.origin, uuid=said.uuid, reply=reply
        )
        return _kept(await run_in_threadpool(write))

    @routes.post("/withdraw", status_code=204)
    def withdraw(said: wire.About, person: Person = ANNOTATOR) -> None:
        """Takes back one's own example, as long as it is not settled."""
        rounds.withdraw(person.id, said.example, said.uuid)

    @routes.get("/mine")
    def mine(most: Annotated[int, Field(ge=1, le=200)] = 50, person: Person = ANNOTATOR) -> list[wire.Mine]:
        """What you wrote and judged that stands, newest first."""
        return [_mine(rounds, act, example) for act, example in rounds.mine(person.id, most)]


def _of_validators(routes: APIRouter, rounds: Rounds) -> None:
    @routes.post("/next")
    def following(said: wire.Count, person: Person = ANNOTATOR) -> list[wire.Shown]:
        """Examples of others to look at, yours for five minutes."""
        return [_shown(each) for each in rounds.next(person.id, said.count)]

    @routes.post("/verdict")
    def verdict(said: wire.Verdict, person: Person = ANNOTATOR) -> wire.Stands:
        """Says what is right, that an example makes no sense, or that it is not for you."""
        return wire.Stands(outcome=rounds.say(person.id, said.example, said.kind, said.label, said.uuid))

    @routes.post("/retract")
    def retract(said: wire.About, person: Person = ANNOTATOR) -> wire.Shown | None:
        """Takes back a verdict: the example again, if nobody else has settled it."""
        found = rounds.retract(person.id, said.example, said.uuid)
        return None if found is None else _shown(found)


def _of_rounds(routes: APIRouter, rounds: Rounds) -> None:
    @routes.get("/rounds")
    def table(person: Person = VIEWER) -> wire.Table:
        """What each round amounts to, and versions × suites."""
        matrix = rounds.standing().matrix
        return wire.Table(
            rounds=[wire.Tally(**count._asdict()) for count in rounds.counts()],
            matrix=None if matrix is None else wire.Matrix(**matrix),
        )

    @routes.get("/examples")
    def examples(round: Annotated[int, Field(ge=1, le=2**53)], person: Person = OWNER) -> list[wire.Whole]:
        """All examples of a round with what was said of them, people by id."""
        return [_whole(example) for example in rounds.examples(round)]

    @routes.put("/terms")
    def terms(said: wire.NewTerms, person: Person = OWNER) -> wire.Tally:
        """Says what holds from the next round on; already in this one if nobody has written anything yet."""
        rounds.agree(person.id, Terms(said.validators, said.unanimous, said.share), said.uuid)
        return wire.Tally(**rounds.counts()[-1]._asdict())

    @routes.post("/close")
    def close(said: wire.End, person: Person = OWNER) -> wire.Ended:
        """Ends a round: what was confirmed teaches the next version, in the background."""
        return wire.Ended(round=rounds.close(person.id, said.uuid, number=said.round))


def _said(reply: Reply) -> wire.Said:
    chances = [wire.Chance(label=label, chance=chance) for label, chance in reply.chances]
    return wire.Said(version=reply.version, label=reply.label, chances=chances)


def _kept(written: Written) -> wire.Kept:
    return wire.Kept(example=written.example, fools=written.fools, again=written.again, said=_said(written.reply))


def _shown(turned: Turned) -> wire.Shown:
    return wire.Shown(**turned._asdict())


def _mine(rounds: Rounds, act: Any, example: Example) -> wire.Mine:
    wrote = act.kind == book.WROTE
    return wire.Mine(
        act=act.id,
        wrote=wrote,
        example=example.id,
        round=example.round,
        values=example.values,
        origin=example.origin,
        kind="wrote" if wrote else act.data["kind"],
        label=act.data["label"],
        said=example.said if wrote else None,
        outcome=example.outcome.kind,
        open=rounds.standing().rounds[example.round - 1].state == "open",
    )


def _whole(example: Example) -> wire.Whole:
    outcome = example.outcome
    return wire.Whole(
        example=example.id,
        claims={who: label for who, (_, label) in example.claims.items()},
        votes={who: {"kind": vote.kind, "label": vote.label} for who, vote in example.votes.items()},
        outcome=outcome.kind,
        label=outcome.label,
        fooled=example.fooled,
        **{name: getattr(example, name) for name in ("address", "values", "origin", "version", "said", "chance")},
    )
