"""Taking down what people say."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from explora.core import ArgumentError

from ._place import Place
from ._tables import LOG, SLOT, WORD
from ._words import Message

_SEEN = sa.select(LOG.c.uuid, LOG.c.kind, LOG.c.item, LOG.c.annotator, LOG.c.value).where(
    LOG.c.uuid.in_(sa.bindparam("uuids", expanding=True))
)
_SLOTS = sa.select(SLOT).where(SLOT.c.item.in_(sa.bindparam("items", expanding=True)))
_ASKED = (
    sa.select(LOG.c.slot)
    .where(LOG.c.annotator == sa.bindparam("who"), LOG.c.item == sa.bindparam("about"), LOG.c.kind == "claimed")
    .order_by(LOG.c.id.desc())
    .limit(1)
)
_SKIPPED = sa.select(sa.func.count()).where(WORD.c.item == sa.bindparam("about"), WORD.c.kind == "skipped")
_SETTLE = (
    sa.update(SLOT)
    .where(SLOT.c.id == sa.bindparam("number"))
    .values(state=sa.bindparam("then"), annotator=sa.bindparam("who"))
)
_NOTE = sa.insert(LOG).returning(LOG.c.id, LOG.c.uuid)


def take_down(
    place: Place, connection: sa.Connection, messages: Sequence[Message], now: float
) -> list[bool | ArgumentError]:
    """What people say, as if one message after the other had come, in a number of statements that hardly grows.

    **Arguments:**

    - `place`: where the queue lies.
    - `connection`: a transaction that may write.
    - `messages`: what they say.
    - `now`: the time [s since 1970].

    **Returns:** for each message whether it settled a slot, or why it was refused.
    """
    found: dict[int, bool | ArgumentError] = {}
    for wave in _waves(messages):
        found.update(_wave(place, connection, wave, now))
    return [found[number] for number in range(len(messages))]


def known(row: Any, kind: str, item: str, annotator: str, value: str | None) -> str | ArgumentError:
    """What became of a message that was sent before, or that it was another one."""
    if row.kind not in (kind, "surplus") or (row.item, row.annotator, row.value) != (item, annotator, value):
        return ArgumentError(f"`uuid` {row.uuid!r} was used for another message; make a new one for each")
    return row.kind


def chosen(slots: Sequence[Any], who: str, hint: int | None, now: float) -> Any:
    """The slot that an answer settles: the person's own, or else another one of the item that is free."""
    over = lambda slot: slot.state == "leased" and (slot.until <= now or slot.since > now)
    fit = [slot for slot in slots if slot.annotator == who or slot.state == "open" or over(slot)]
    return min(fit, key=lambda slot: (slot.annotator != who, slot.id != hint, slot.id), default=None)


def slots_of(connection: sa.Connection, items: Sequence[str]) -> dict[str, list[Any]]:
    """All slots of some items."""
    found: dict[str, list[Any]] = {}
    for row in connection.execute(_SLOTS, {"items": list(items)}):
        found.setdefault(row.item, []).append(row)
    return found


def _waves(messages: Sequence[Message]) -> list[list[tuple[int, Message]]]:
    """Messages that have nothing to do with each other: no two about an item, of a person, or with the same `uuid`.

    Each comes in the first wave after those with which it has to do, so that these keep their order.
    """
    waves: list[list[tuple[int, Message]]] = []
    after: dict[tuple[str, str], int] = {}
    for number, message in enumerate(messages):
        names = (("item", message.item), ("person", message.annotator), ("uuid", message.uuid))
        wave = max(after.get(name, 0) for name in names)
        if wave == len(waves):
            waves.append([])
        waves[wave].append((number, message))
        after |= dict.fromkeys(names, wave + 1)
    return waves


def _wave(
    place: Place, connection: sa.Connection, wave: list[tuple[int, Message]], now: float
) -> dict[int, bool | ArgumentError]:
    found: dict[int, bool | ArgumentError] = {}
    seen = {row.uuid: row for row in connection.execute(_SEEN, {"uuids": [said.uuid for _, said in wave]})}
    slots = slots_of(connection, [said.item for _, said in wave])
    settling, rows = [], []
    for number, said in wave:
        value = None if said.value is None else json.dumps(said.value)
        if not said.uuid:
            found[number] = ArgumentError("`uuid` must be a text that no other message has, got an empty one")
        elif said.uuid in seen:
            before = known(seen[said.uuid], said.kind, said.item, said.annotator, value)
            found[number] = before if isinstance(before, ArgumentError) else before != "surplus"
        else:
            hint, mine = said.slot, slots.get(said.item, [])
            if hint is None and not any(slot.annotator == said.annotator for slot in mine):
                hint = connection.execute(_ASKED, {"who": said.annotator, "about": said.item}).scalar()
                if hint is None:
                    found[number] = ArgumentError(
                        f"you were not asked about {said.item!r:.80}: ask for the next items first"
                    )
                    continue
            slot = chosen(mine, said.annotator, hint, now)
            found[number] = slot is not None
            settling.append((said, slot))
            rows.append(_row(said, value, slot, hint, now))
    if rows:
        _write(place, connection, settling, rows)
    return found


def _row(said: Message, value: str | None, slot: Any, hint: int | None, now: float) -> dict[str, Any]:
    """What is noted of a message in the log."""
    seconds = said.seconds
    if seconds is None:
        seconds = max(0.0, now - slot.since) if slot is not None and slot.since is not None else 0.0
    return {
        "kind": "surplus" if slot is None else said.kind,
        "item": said.item,
        "slot": hint if slot is None else slot.id,
        "annotator": said.annotator,
        "uuid": said.uuid,
        "value": value,
        "cost": float(said.cost),
        "seconds": float(seconds),
        "time": now,
    }


def _write(
    place: Place, connection: sa.Connection, settling: list[tuple[Message, Any]], rows: list[dict[str, Any]]
) -> None:
    numbers = {row.uuid: row.id for row in connection.execute(_NOTE, rows)}
    # a skip that came too late is kept in the log and is no word of anybody: there is nothing left to skip
    words = [
        {name: row[name] for name in ("item", "annotator", "kind", "value", "cost", "seconds")}
        | {"event": numbers[row["uuid"]]}
        for row, (said, slot) in zip(rows, settling, strict=True)
        if slot is not None or said.kind == "answered"
    ]
    if words:
        put(place, connection, words)
    settled = [_settled(connection, said, slot) for said, slot in settling if slot is not None]
    if settled:
        connection.execute(_SETTLE, settled)


def put(place: Place, connection: sa.Connection, words: list[dict[str, Any]]) -> None:
    """Writes down what people said last."""
    insert = place.insert(WORD)
    changed = {name: insert.excluded[name] for name in ("kind", "value", "cost", "seconds", "event")}
    connection.execute(insert.on_conflict_do_update(index_elements=["item", "annotator"], set_=changed), words)


def _settled(connection: sa.Connection, said: Message, slot: Any) -> dict[str, Any]:
    """What becomes of a slot: somebody else may want what was skipped."""
    if said.kind == "skipped":
        count = connection.execute(_SKIPPED, {"about": said.item}).scalar_one()
        if count < slot.skips:
            return {"number": slot.id, "then": "open", "who": None}
    return {"number": slot.id, "then": said.kind, "who": said.annotator}
