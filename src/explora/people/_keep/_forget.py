"""Deleting one person's data, and saying what stays."""

import json
import secrets
from typing import Any, NamedTuple

import sqlalchemy as sa

from explora.core import ArgumentError, UnknownName
from explora.store import Inbox, Slots, forget_annotator, guard, shred, unlocked

from .._base import DRAFT, EVENT, META, PERSON, TOKEN, Base

_COMINGS = ("signed in", "signed out")


class Forgotten(NamedTuple):
    """What became of a person's data.

    **Arguments:**

    - `alias`: what stays is written down for that name, which says nothing.
    - `removed`: how many rows of each kind were deleted.
    - `renamed`: how many rows stay under that name.
    - `remains`: what stays and why, a sentence each.
    """

    alias: str
    removed: dict[str, int]
    renamed: int
    remains: tuple[str, ...]


def forget(
    base: Base, slots: Slots | None, person: str, *, keep: bool = False, inbox: Inbox | None = None
) -> Forgotten:
    """Deletes a person's data: name, links, sessions, drafts, when they came and went, and what they answered.

    Their other acts stay under another name: what others see, and what others did then, depends on them.

    SQLite files are written anew, so that nothing of it is left in their bytes; of a server the tables are.

    **Arguments:**

    - `base`: the database of people.
    - `slots`: the queue; None: there is none.
    - `person`: who, by id.
    - `keep`: whether what they answered stays, under another name.
    - `inbox`: of the run, with the letters that they sent; None: it cannot be reached.

    **Raises:** `UnknownName` for nobody, `ArgumentError` for the owner who runs the server, of whom nothing is known.
    """
    if person == "owner":
        raise ArgumentError("of whoever runs the server nothing is kept but the word `owner`; name somebody else")
    known = [row.id for row in base.rows(sa.select(PERSON.c.id))]
    if person not in known:
        raise UnknownName("person", person, known)
    alias = f"forgotten-{secrets.token_hex(6)}"
    said = {} if slots is None else forget_annotator(slots, person, alias, keep=keep)
    letters = 0 if inbox is None else inbox.rename(person, alias)
    with base.writing("delete somebody from") as connection, unlocked(connection, EVENT):
        removed = _deleted(connection, person, keep)
        renamed = _renamed(connection, person, alias)
    with guard("write anew", base.place), base._engine.connect() as connection:
        shred(connection.execution_options(isolation_level="AUTOCOMMIT"), (EVENT, PERSON, TOKEN, DRAFT))
    renamed += said.pop("renamed", 0) + letters
    removed |= {"answers": said.get("word", 0), "entries of the queue's log": said.get("log", 0)}
    return Forgotten(alias, {name: count for name, count in removed.items() if count}, renamed, _remains(keep, renamed))


def _remains(keep: bool, renamed: int) -> tuple[str, ...]:
    found = [
        "What the run was told of their answers stays in its journal, without a name (labels, times, costs), because a "
        "run that is resumed lives from it; models that have learned from them stay as they are.",
        "Backups and exports that were made before hold what they held: delete them where that is wanted.",
    ]
    if keep:
        found.insert(0, "Their answers stay, under a name that says nothing, because that was asked for.")
    if renamed:
        found.append(
            f"{renamed} acts stay under a name that says nothing, because what others see or did depends on them: "
            "what they settled as an owner, what they wrote and judged in rounds, compared and drew; and that somebody "
            "was invited. The letters among them stay in the run's database, because a run that is resumed lives from "
            "them; they come from the same name."
        )
    return tuple(found)


def _deleted(connection: sa.Connection, person: str, keep: bool) -> dict[str, int]:
    """Rows that are theirs alone. Every table with a column `person` is looked at, whoever has made it."""
    found: dict[str, int] = {}
    for table in META.sorted_tables:
        if table is EVENT or "person" not in table.c:
            continue
        if table in (DRAFT, TOKEN) or not keep:
            found[table.name] = connection.execute(sa.delete(table).where(table.c.person == person)).rowcount
    found["person"] = connection.execute(sa.delete(PERSON).where(PERSON.c.id == person)).rowcount
    comings = (EVENT.c.person == person, EVENT.c.kind.in_(_COMINGS))
    found["event"] = connection.execute(sa.delete(EVENT).where(*comings)).rowcount
    return found


def _renamed(connection: sa.Connection, person: str, alias: str) -> int:
    """What stays is written down for another name: what they did, and what others did to them."""
    count = 0
    for table in META.sorted_tables:
        if table is not EVENT and "person" in table.c:
            update = sa.update(table).where(table.c.person == person).values(person=alias)
            count += connection.execute(update).rowcount
    named = sa.or_(EVENT.c.person == person, EVENT.c.data.contains(json.dumps(person), autoescape=True))
    invited = sa.and_(EVENT.c.kind == "invited", sa.literal("p") + sa.cast(EVENT.c.id, sa.Text) == person)
    for row in connection.execute(sa.select(EVENT).where(sa.or_(named, invited))).all():
        data = _without(json.loads(row.data), person, alias)
        if row.kind == "invited" and f"p{row.id}" == person:
            data = data | {"name": alias}
        values: dict[str, Any] = {"data": json.dumps(data, sort_keys=True)}
        if row.person == person:
            values["person"] = alias
        connection.execute(sa.update(EVENT).where(EVENT.c.id == row.id).values(values))
        count += 1
    return count


def _without(data: Any, person: str, alias: str) -> Any:
    """JSON in which a person has another name."""
    if isinstance(data, dict):
        return {name: _without(value, person, alias) for name, value in data.items()}
    if isinstance(data, list):
        return [_without(value, person, alias) for value in data]
    return alias if data == person else data
