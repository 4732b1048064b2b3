"""The routes by which an owner makes backups and has a person's data deleted."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from explora.core import ArgumentError
from explora.store import Inbox, Slots

from .._access import OWNER, Person
from .._base import Base
from .._log import EventLog
from .._words import Item, Uuid
from ._backup import backup
from ._forget import forget


class Act(BaseModel):
    """An act that needs nothing else said."""

    uuid: Uuid


class Made(BaseModel):
    """A backup: the name of its folder in `backups` of the run's folder, and its files by SHA-256."""

    name: str
    time: str
    files: dict[str, str]


class ToForget(BaseModel):
    """How somebody is to be forgotten: with their answers, or so that those stay under another name."""

    uuid: Uuid
    keep_answers: bool = False


class Gone(BaseModel):
    """What was deleted, and what stays and why."""

    alias: str
    removed: dict[str, int]
    renamed: int
    remains: list[str]


def keep_routes(
    base: Base,
    log: EventLog,
    slots: Callable[[], Slots | None],
    folder: Path,
    inbox: Callable[[], Inbox | None],
    forgotten: Callable[[str], None],
) -> APIRouter:
    """The routes for backups and for deletion.

    **Arguments:**

    - `base`: the database of people.
    - `log`: where it is written down that a backup was made.
    - `slots`: the queue; None as long as there is none.
    - `folder`: in which backups are put.
    - `inbox`: of the run; None if it cannot be reached.
    - `forgotten`: is told who was, so that nothing of them stays in memory.
    """
    routes = APIRouter(prefix="/api", tags=["people"])

    @routes.post("/backup")
    def make(said: Act, person: Person = OWNER) -> Made:
        """Makes a consistent copy of all that people did, beside the run; nothing of it leaves the machine."""
        known = log.find(said.uuid, "backup")
        if known is not None:
            return Made(**known.data)
        name = f"people-{datetime.now(UTC).strftime('%Y%m%dT%H%M%S')}-{said.uuid}"
        found = backup(base, slots(), folder / name)
        made: dict[str, Any] = {"name": name, "time": found.time, "files": found.files}
        return Made(**log.append(person.id, "backup", made, said.uuid).data)

    @routes.post("/people/{id}/forget")
    def delete(id: Item, said: ToForget, person: Person = OWNER) -> Gone:
        """Deletes a person's data for ever: name, links, sessions, drafts, what they did, and what they answered."""
        if id == person.id:
            raise ArgumentError("nobody can have themselves forgotten: another owner can")
        known = log.find(said.uuid, "forgot")
        if known is not None:
            return Gone(**known.data)
        found = forget(base, slots(), id, keep=said.keep_answers, inbox=inbox())
        forgotten(id)
        return Gone(**log.append(person.id, "forgot", found._asdict(), said.uuid).data)

    return routes
