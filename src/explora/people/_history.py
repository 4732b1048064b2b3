"""The two logs as one history: what people did in the order of time."""

import heapq
import re
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, Field

from explora.core import ArgumentError
from explora.store import Slots

from ._access import VIEWER, Person
from ._log import EventLog

_PAGE = 2**53


class Entry(BaseModel):
    """Something that happened.

    `log` says which of the two logs keeps it, and `id` is its number there: `people` (who was let in, what an answer
    may be, …) or `queue` (who was asked, who said what).
    """

    log: str
    id: int
    time: float
    person: str
    kind: str
    item: str | None
    data: Any
    uuid: str | None
    undoes: int | None


class Page(BaseModel):
    """Some of what happened, and where to read on: `from` of the next request; nothing if that was all."""

    entries: list[Entry]
    next: str | None


class HistoryPlace(NamedTuple):
    """Where somebody has got to in the two logs.

    **Arguments:**

    - `people`, `queue`: the number of the last entry that they have seen of each.
    """

    people: int
    queue: int

    @classmethod
    def read(cls, text: str | None, *, newest: bool) -> "HistoryPlace":
        """As `write` has written it; the beginning if it is None."""
        if text is None:
            return cls(_PAGE, _PAGE) if newest else cls(0, 0)
        found = re.fullmatch(r"([0-9]{1,16})-([0-9]{1,16})", text, re.ASCII)
        if found is None:
            raise ArgumentError(f"`from` must be as the page before said in `next`, got {text!r:.60}")
        return cls(int(found[1]), int(found[2]))

    def write(self) -> str:
        """As text."""
        return f"{self.people}-{self.queue}"


def history(
    log: EventLog, slots: Slots | None, *, at: HistoryPlace, most: int, person: str | None = None, newest: bool = False
) -> tuple[list[Entry], HistoryPlace | None]:
    """What people did, by time, from both logs.

    Each log is read on from where its reader has got to, in the order of its numbers, and the two are merged by time: a
    clock that was set back mixes them up a little, and still each entry is seen once.

    **Arguments:**

    - `log`: of the server.
    - `slots`: the queue with the other log; None if the run asks no people.
    - `at`: where to read on.
    - `most`: how many entries.
    - `person`: only theirs; None: everybody's.
    - `newest`: the newest first.

    **Returns:** the entries, and where to read on; None if that was all.
    """
    after, before = (0, at.people) if newest else (at.people, None)
    found = log.acts(after=after, before=before, person=person, most=most + 1, newest=newest)
    acts = [Entry(log="people", item=None, **act._asdict()) for act in found]
    asked = [] if slots is None else _of_queue(slots, at.queue, most + 1, person, newest)
    order = lambda entry: -entry.time if newest else entry.time
    merged = list(heapq.merge(acts, asked, key=order))
    shown = merged[:most]
    if len(merged) <= most:
        return shown, None
    last = {entry.log: entry.id for entry in shown}
    return shown, HistoryPlace(last.get("people", at.people), last.get("queue", at.queue))


def _of_queue(slots: Slots, at: int, most: int, person: str | None, newest: bool) -> list[Entry]:
    after, before = (0, at) if newest else (at, None)
    # the number of a slot would tell gold from other questions
    names = ("value", "cost", "seconds", "slot") if person is None else ("value", "cost", "seconds")
    return [
        Entry(
            log="queue",
            id=event["id"],
            time=event["time"],
            person=event["annotator"],
            kind=event["kind"],
            item=event["item"],
            data={name: event[name] for name in names},
            uuid=event["uuid"],
            undoes=None,
        )
        for event in slots.events(after=after, before=before, annotator=person, most=most, newest=newest)
    ]


def history_routes(log: EventLog, queue: Callable[[], Slots | None]) -> APIRouter:
    """The route `/api/history`.

    **Arguments:**

    - `log`: of the server.
    - `queue`: the queue; None if there is none (yet).
    """
    routes = APIRouter(prefix="/api")

    @routes.get("/history", tags=["people"])
    def everything(
        start: Annotated[str | None, Field(alias="from", max_length=40)] = None,
        most: Annotated[int, Field(ge=1, le=1000)] = 200,
        newest: bool = False,
        person: Person = VIEWER,
    ) -> Page:
        """All that people did, from both logs by time: the owner sees everybody's acts, others their own."""
        who = None if person.role == "owner" else person.id
        at = HistoryPlace.read(start, newest=newest)
        entries, after = history(log, queue(), at=at, most=most, person=who, newest=newest)
        return Page(entries=entries, next=None if after is None else after.write())

    return routes
