"""Handing out questions."""

import json
from collections.abc import Sequence

import sqlalchemy as sa

from ._tables import ITEM, LOG, SLOT, WORD
from ._words import Claim

_NOW, _WHO, _COUNT = sa.bindparam("now", type_=sa.Double), sa.bindparam("who", type_=sa.Text), sa.bindparam("count")


def free(slot: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a slot can be had: nobody has it, or a lease is over.

    A lease is over when its time is up, and also when it seems to begin in the future: then the clock was set back, and
    the slot would be kept for as long as that.
    """
    return sa.or_(slot.c.state == "open", _over(slot))


def _over(slot: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(slot.c.state == "leased", sa.or_(slot.c.until <= _NOW, slot.c.since > _NOW))


def _first(condition: sa.ColumnElement[bool], slot: sa.FromClause) -> sa.CTE:
    """The most urgent slots of those under a condition that a person may have, and no two of an item.

    Nobody is asked twice about an item, unless they took it back. In a server a slot on which somebody else is working
    at this moment is passed over.
    """
    other, word = SLOT.alias("o"), WORD.alias("w")
    better = sa.or_(
        other.c.priority > slot.c.priority, sa.and_(other.c.priority == slot.c.priority, other.c.id < slot.c.id)
    )
    not_mine = sa.func.coalesce(slot.c.annotator, "") != _WHO
    mine = sa.or_(other.c.annotator == _WHO, sa.and_(not_mine, better, free(other)))
    taken = _any(other.c.item == slot.c.item, other.c.id != slot.c.id, mine)
    said = _any(word.c.item == slot.c.item, word.c.annotator == _WHO, word.c.kind != "withdrawn")
    query = sa.select(slot.c.id, slot.c.priority).where(condition, ~taken, ~said)
    query = query.order_by(slot.c.priority.desc(), slot.c.id).limit(_COUNT)
    return query.with_for_update(skip_locked=True).cte()


def _any(*conditions: sa.ColumnElement[bool]) -> sa.Exists:
    """Whether there is such a row. By the offset a server is kept from joining whole tables for the few that count."""
    return sa.select(sa.literal_column("1")).where(*conditions).offset(sa.literal_column("0")).exists()


def urgent() -> sa.Select:
    """The numbers of the most urgent slots that a person may have.

    Each of the two kinds is found along an index in its own order and left after a few rows: sorting them together
    would visit all.
    """
    slot = SLOT.alias("s")
    kinds = [_first(slot.c.state == "open", slot), _first(_over(slot), slot)]
    both = sa.union_all(*(sa.select(kind.c.id, kind.c.priority) for kind in kinds)).subquery()
    return sa.select(both.c.id).order_by(both.c.priority.desc(), both.c.id).limit(_COUNT)


_CLAIM = (
    sa.update(SLOT)
    .where(SLOT.c.id.in_(urgent()))
    .values(state="leased", annotator=_WHO, since=_NOW, until=sa.bindparam("until"), attempt=SLOT.c.attempt + 1)
    .returning(SLOT.c.id, SLOT.c.item, SLOT.c.attempt, SLOT.c.until, SLOT.c.priority)
)
_SHOWN = sa.select(ITEM).where(ITEM.c.id.in_(sa.bindparam("items", expanding=True)))


def hand_out(
    connection: sa.Connection, wants: Sequence[tuple[str, int]], now: float, lease: float
) -> list[list[Claim]]:
    """Gives people the most urgent questions that they have not been asked yet; one statement for each person.

    **Arguments:**

    - `connection`: a transaction that may write.
    - `wants`: who wants how many.
    - `now`: the time [s since 1970].
    - `lease`: for how long they are theirs [s].
    """
    found = []
    for who, count in wants:
        values = {"who": who, "now": now, "until": now + lease, "count": count}
        rows = connection.execute(_CLAIM, values).all() if count > 0 else []
        found.append((who, sorted(rows, key=lambda row: (-row.priority, row.id))))
    rows = [(who, row) for who, mine in found for row in mine]
    if not rows:
        return [[] for _ in wants]
    noted = [{"kind": "claimed", "item": r.item, "slot": r.id, "annotator": who, "time": now} for who, r in rows]
    connection.execute(sa.insert(LOG), noted)
    items = sorted({row.item for _, row in rows})
    shown = {row.id: json.loads(row.shown) for row in connection.execute(_SHOWN, {"items": items})}
    return [[Claim(r.id, r.item, who, r.attempt, r.until, shown[r.item]) for r in mine] for who, mine in found]
