"""Deleting what one person said in a queue."""

import secrets

import sqlalchemy as sa

from .._slots import Slots
from ._overseer import DECIDED, GOLD
from ._rows import shred, unlocked
from ._tables import LOG, SLOT, WORD

_OWNERS = ("gold", "ungold", "decided", "undecided", "overlap")
_SAID = ("answered", "skipped", "unsure")


def forget_annotator(slots: Slots, annotator: str, alias: str, *, keep: bool = False) -> dict[str, int]:
    """Deletes what one person said, from all tables and from the bytes of the file.

    Their places are free again, except of items that are decided or gold. What they did as an owner (gold, decisions,
    how many are asked) stays under another name, because what others see depends on it.

    **Arguments:**

    - `slots`: the queue.
    - `annotator`: who.
    - `alias`: what stays is written down for that name.
    - `keep`: whether what they said stays, under the other name.

    **Returns:** how many rows of each table were deleted, and how many renamed (`renamed`).
    """
    place = slots._place
    with place.writing("delete somebody from") as connection, unlocked(connection, LOG):
        found = _renamed(connection, annotator, alias, keep)
        if not keep:
            found |= _deleted(connection, annotator)
    with place.reading() as connection:
        shred(connection, (LOG, WORD, SLOT))
    return found


def _renamed(connection: sa.Connection, annotator: str, alias: str, keep: bool) -> dict[str, int]:
    mine = LOG.c.annotator == annotator
    query = sa.select(LOG.c.id).where(mine) if keep else sa.select(LOG.c.id).where(mine, LOG.c.kind.in_(_OWNERS))
    numbers = list(connection.execute(query).scalars())
    for number in numbers:  # an id that their browser made is theirs too
        known = LOG.c.uuid.is_not(None)
        uuid = sa.case((known, f"forgotten-{secrets.token_hex(12)}"), else_=None)
        connection.execute(sa.update(LOG).where(LOG.c.id == number).values(annotator=alias, uuid=uuid))
    if keep:
        held = (SLOT.c.annotator == annotator, SLOT.c.state == "leased")
        connection.execute(sa.update(SLOT).where(*held).values(state="open", annotator=None, since=None, until=None))
        for table in (WORD, SLOT):
            connection.execute(sa.update(table).where(table.c.annotator == annotator).values(annotator=alias))
    return {"renamed": len(numbers)}


def _deleted(connection: sa.Connection, annotator: str) -> dict[str, int]:
    mine, word = SLOT.c.annotator == annotator, WORD.alias("w")
    special = lambda who: sa.exists().where(
        word.c.item == SLOT.c.item, word.c.annotator == who, word.c.kind.in_(("decided", "gold", "retired"))
    )
    connection.execute(sa.delete(SLOT).where(mine, SLOT.c.place < 0))  # gold that was slipped in for them alone
    state = sa.case((special(DECIDED), "decided"), (special(GOLD), "gold"), else_="open")
    connection.execute(sa.update(SLOT).where(mine).values(state=state, annotator=None, since=None, until=None))
    words = connection.execute(sa.delete(WORD).where(WORD.c.annotator == annotator)).rowcount
    return {"word": words, "log": connection.execute(sa.delete(LOG).where(LOG.c.annotator == annotator)).rowcount}
