"""What can be read out of a queue."""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ._place import Place
from ._tables import ITEM, LOG, SLOT, WORD
from ._words import Claim, Word, claim_of, words_of

_WHO = sa.bindparam("who")
_STANDING = WORD.c.kind != "withdrawn"

_HELD = (
    sa.select(SLOT.c.id.label("slot"), SLOT.c.item, SLOT.c.annotator, SLOT.c.attempt, SLOT.c.until, ITEM.c.shown)
    .join(ITEM, ITEM.c.id == SLOT.c.item)
    .where(SLOT.c.annotator == _WHO, SLOT.c.state == "leased")
    .where(SLOT.c.until > sa.bindparam("now"), SLOT.c.since <= sa.bindparam("now"))
    .order_by(SLOT.c.since, SLOT.c.priority.desc(), SLOT.c.id)
)
_CLAIMED = (
    sa.select(LOG.c.slot, LOG.c.item, LOG.c.annotator, SLOT.c.attempt, ITEM.c.shown)
    .add_columns(sa.func.coalesce(SLOT.c.until, 0.0).label("until"))
    .join(SLOT, SLOT.c.id == LOG.c.slot)
    .join(ITEM, ITEM.c.id == LOG.c.item)
    .where(LOG.c.annotator == _WHO, LOG.c.item == sa.bindparam("about"), LOG.c.kind == "claimed")
    .order_by(LOG.c.id.desc())
    .limit(1)
)
_NOTED = sa.select(LOG.c.kind, LOG.c.item, LOG.c.annotator).where(LOG.c.uuid == sa.bindparam("name"))
_TALLY = (
    sa.select(WORD.c.annotator, WORD.c.kind, sa.func.count(), sa.func.sum(WORD.c.seconds))
    .where(_STANDING)
    .group_by(WORD.c.annotator, WORD.c.kind)
)
_LATER = sa.select(WORD.c.item).where(WORD.c.event > sa.bindparam("since"))
_UNSETTLED = sa.exists().where(SLOT.c.item == WORD.c.item, SLOT.c.state.in_(("open", "leased")))
_SETTLED = sa.select(WORD).where(_STANDING, WORD.c.item.in_(_LATER), ~_UNSETTLED).order_by(WORD.c.event)


class Reading:
    """What can be read out of a queue.

    **Arguments:**

    - `place`: where it lies.
    - `clock`: the time [s since 1970].
    """

    def __init__(self, place: Place, clock: Callable[[], float]):
        self._place, self._clock = place, clock

    def held(self, annotator: str) -> list[Claim]:
        """The questions that this person has now, those that were claimed first before the others."""
        with self._place.reading() as connection:
            return [claim_of(row) for row in connection.execute(_HELD, {"who": annotator, "now": self._clock()})]

    def claimed(self, item: str, annotator: str) -> Claim | None:
        """A question as this person last had it, also when the lease is over; None if they never had it."""
        with self._place.reading() as connection:
            row = connection.execute(_CLAIMED, {"who": annotator, "about": item}).first()
        return None if row is None else claim_of(row)

    def noted(self, uuid: str) -> tuple[str, str, str] | None:
        """What was sent with that `uuid`: its kind, the item, and who sent it; None if nothing was."""
        with self._place.reading() as connection:
            row = connection.execute(_NOTED, {"name": uuid}).first()
        return None if row is None else (row.kind, row.item, row.annotator)

    def said(self, annotator: str, *, before: int | None = None, most: int = 50) -> list[tuple[int, Word]]:
        """What this person said that stands, newest first, each with the number of its event.

        **Arguments:**

        - `annotator`: who.
        - `before`: only what was said before that event.
        - `most`: how many at most.
        """
        query = sa.select(WORD).where(WORD.c.annotator == annotator, _STANDING)
        if before is not None:
            query = query.where(WORD.c.event < before)
        with self._place.reading() as connection:
            rows = connection.execute(query.order_by(WORD.c.event.desc()).limit(most)).all()
        return [(row.event, word) for row, word in zip(rows, words_of(rows), strict=True)]

    def times(self, annotator: str, most: int = 50) -> list[tuple[float, float]]:
        """When this person last said something [s since 1970] and how long it took [s], newest first."""
        query = sa.select(LOG.c.time, WORD.c.seconds).join(LOG, LOG.c.id == WORD.c.event)
        query = query.where(WORD.c.annotator == annotator, _STANDING).order_by(WORD.c.event.desc()).limit(most)
        with self._place.reading() as connection:
            return [(row.time, row.seconds) for row in connection.execute(query)]

    def tally(self) -> dict[str, dict[str, tuple[int, float]]]:
        """How much each person said: by person and kind the number of items and the seconds that they took."""
        found: dict[str, dict[str, tuple[int, float]]] = {}
        with self._place.reading() as connection:
            for who, kind, count, seconds in connection.execute(_TALLY):
                found.setdefault(who, {})[kind] = (count, seconds)
        return found

    def settled(self, since: int = 0) -> tuple[dict[str, list[Word]], int]:
        """The items of which enough has been said, with everybody's last word.

        **Arguments:**

        - `since`: only items about which something was said after that event, as returned before.

        **Returns:** the words by item, and the number of the last event.
        """
        with self._place.moment() as connection:
            last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(WORD.c.event), 0))).scalar_one()
            rows = connection.execute(_SETTLED, {"since": since}).all() if last > since else []
        found: dict[str, list[Word]] = {}
        for word in words_of(rows):
            found.setdefault(word.item, []).append(word)
        return found, last

    def words(self) -> list[Word]:
        """Everybody's last word on every item, also where not enough has been said."""
        with self._place.reading() as connection:
            return list(words_of(connection.execute(sa.select(WORD).where(_STANDING).order_by(WORD.c.event)).all()))

    def events(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        annotator: str | None = None,
        most: int | None = None,
        newest: bool = False,
    ) -> list[dict[str, Any]]:
        """What ever happened, oldest first: who claimed, said, corrected and took back what, when, at what cost.

        **Arguments:**

        - `after`, `before`: only events of greater, smaller number.
        - `annotator`: only theirs.
        - `most`: how many at most; None: all.
        - `newest`: the newest first.
        """
        query = sa.select(LOG).where(LOG.c.id > after).limit(most)
        if before is not None:
            query = query.where(LOG.c.id < before)
        if annotator is not None:
            query = query.where(LOG.c.annotator == annotator)
        with self._place.reading() as connection:
            rows = connection.execute(query.order_by(LOG.c.id.desc() if newest else LOG.c.id)).mappings().all()
        return [{**row, "value": None if row["value"] is None else json.loads(row["value"])} for row in rows]

    def count(self) -> dict[str, int]:
        """How many slots are in each state: `open`, `leased`, `answered`, `skipped`, `unsure`."""
        with self._place.reading() as connection:
            query = sa.select(SLOT.c.state, sa.func.count()).group_by(SLOT.c.state)
            return {row[0]: row[1] for row in connection.execute(query)}
