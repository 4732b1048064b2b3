"""What an owner reads in a queue: where people differ, all that was said, how long it took."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from .._slots import Slots, Word
from .._slots._claiming import urgent
from ._overseer import DECIDED, GOLD
from ._tables import ITEM, LOG, SLOT, WORD

_LABELS, _SAID = ("answered", "surplus"), ("answered", "surplus", "skipped", "unsure", "decided")
_BLOCK = 500  # SQLite bounds the number of values in a query
_ROWS = 5000


class Said(NamedTuple):
    """Something that was said of an item, now or before.

    **Arguments:**

    - `event`: its number; later ones have larger numbers.
    - `item`, `annotator`: of what, and who.
    - `kind`: `answered`, `surplus`, `skipped`, `unsure`, or `decided` by an owner.
    - `value`: the label; None without one.
    - `cost`, `seconds`: what it cost, and how long it took [s].
    - `time`: when [s since 1970].
    - `uuid`: of the message.
    - `stands`: whether it was neither corrected nor taken back.
    """

    event: int
    item: str
    annotator: str
    kind: str
    value: Any
    cost: float
    seconds: float
    time: float
    uuid: str | None
    stands: bool


class Review:
    """What an owner reads in a queue.

    **Arguments:**

    - `slots`: the queue.
    """

    def __init__(self, slots: Slots):
        self._place = slots._place

    def disputed(self, *, decided: bool = False, offset: int = 0, count: int = 20) -> tuple[list[str], int]:
        """The items that people labelled in different ways, the one that was first asked about first.

        **Arguments:**

        - `decided`: those that an owner has decided; else those that nobody has.
        - `offset`, `count`: which of them.

        **Returns:** their ids, and how many there are in all.
        """
        word, special = WORD.alias("w"), sa.exists
        gold = special().where(
            word.c.item == WORD.c.item, word.c.annotator == GOLD, word.c.kind.in_(("gold", "retired"))
        )
        done = special().where(word.c.item == WORD.c.item, word.c.annotator == DECIDED, word.c.kind == "decided")
        query = sa.select(WORD.c.item, sa.func.min(WORD.c.event).label("first"))
        query = query.where(WORD.c.kind.in_(_LABELS), ~gold, done if decided else ~done).group_by(WORD.c.item)
        query = query.having(sa.func.count(WORD.c.value.distinct()) > 1)
        with self._place.moment() as connection:
            rows = connection.execute(query.order_by(sa.text("first"))).all()
        return [row.item for row in rows[offset : offset + count]], len(rows)

    def words_of(self, items: Sequence[str]) -> dict[str, list[Word]]:
        """What stands of some items, by item, oldest first."""
        found: dict[str, list[Word]] = {item: [] for item in items}
        with self._place.moment() as connection:
            for at in range(0, len(items), _BLOCK):
                some = (WORD.c.item.in_(items[at : at + _BLOCK]), WORD.c.kind != "withdrawn")
                for row in connection.execute(sa.select(WORD).where(*some).order_by(WORD.c.event)):
                    value = None if row.value is None else json.loads(row.value)
                    word = Word(row.item, row.annotator, row.kind, value, row.cost, row.seconds)
                    found[row.item].append(word)
        return found

    def shown(self, items: Sequence[str]) -> dict[str, Any]:
        """What is shown of some items; those that the queue does not know are left out."""
        found: dict[str, Any] = {}
        with self._place.moment() as connection:
            for at in range(0, len(items), _BLOCK):
                query = sa.select(ITEM).where(ITEM.c.id.in_(items[at : at + _BLOCK]))
                found |= {row.id: json.loads(row.shown) for row in connection.execute(query)}
        return found

    def items(self) -> list[str]:
        """All items that anybody was ever to be asked about, in their order."""
        with self._place.moment() as connection:
            query = sa.select(SLOT.c.item).group_by(SLOT.c.item).order_by(sa.func.min(SLOT.c.id))
            return list(connection.execute(query).scalars())

    def said(self) -> Iterator[Said]:
        """All that was ever said, oldest first, each with whether it still stands."""
        columns = [LOG.c[name] for name in ("item", "annotator", "kind", "value", "cost", "seconds", "time", "uuid")]
        mine = sa.and_(WORD.c.item == LOG.c.item, WORD.c.event == LOG.c.id)
        who = sa.case((LOG.c.kind == "decided", DECIDED), else_=LOG.c.annotator)
        stands = sa.exists().where(mine, WORD.c.annotator == who, WORD.c.kind != "withdrawn").label("stands")
        query = sa.select(LOG.c.id, *columns, stands).where(LOG.c.kind.in_(_SAID)).order_by(LOG.c.id)
        with self._place.moment() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            value = None if row.value is None else json.loads(row.value)
            about = (row.id, row.item, row.annotator, row.kind, value)
            yield Said(*about, row.cost, row.seconds, row.time, row.uuid, bool(row.stands))

    def latest(self, most: int = _ROWS) -> list[tuple[str, str, float]]:
        """Who took how long over what, of the last things that were said: item, annotator and time [s]."""
        query = sa.select(LOG.c.item, LOG.c.annotator, LOG.c.seconds).where(LOG.c.kind.in_(_SAID[:-1]))
        with self._place.moment() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(LOG.c.id.desc()).limit(most))]

    def available(self, who: str, now: float) -> bool:
        """Whether there is a question that this person could be given.

        **Arguments:**

        - `who`: the person.
        - `now`: the time [s since 1970].
        """
        with self._place.moment() as connection:
            return connection.execute(urgent(), {"who": who, "now": now, "count": 1}).first() is not None

    def slipped(self) -> int:
        """In how many places gold items were slipped in."""
        with self._place.moment() as connection:
            marked = sa.select(WORD.c.item).where(WORD.c.annotator == GOLD)
            query = sa.select(sa.func.count()).where(SLOT.c.item.in_(marked), SLOT.c.place < 0)
            return connection.execute(query).scalar_one()
