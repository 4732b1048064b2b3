"""What an owner does with a queue: known answers, decisions, how many people are asked."""

import json
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from explora.core import ArgumentError, between

from .._slots import Claim, Slots
from ._tables import DECISIONS, ITEM, LOG, OWN, SETTING, SLOT, WORD

GOLD, DECIDED = "(gold)", "(decided)"
"""Who words of the two kinds are written down for in the place of a person; no person is called so."""

_MOST = 50  # people an item
_NOT_ASKED = ("gold", "retired")


class Gold(NamedTuple):
    """An item whose answer is known.

    **Arguments:**

    - `item`: its id.
    - `value`: the known answer.
    - `stands`: whether it is still slipped in; else it was taken back after people had answered.
    - `asked`: whether a run has asked for it.
    """

    item: str
    value: Any
    stands: bool
    asked: bool


class Overseer:
    """What an owner does with a queue besides asking.

    - An item can be **gold**: its answer is known, and it is slipped in among the questions to see how well people do.
      No run is told what people say of it, also not after the mark was taken back, if somebody had got it by then.
    - An item of which people said different things can be **decided**; that word counts, whatever else was said.
    - **How many** people are asked about an item can be changed while the run goes on.

    Every such act is an event of the queue's log, with the `uuid` of whoever acted: sent again it changes nothing, and
    what takes it back is another event.

    **Arguments:**

    - `slots`: the queue.
    - `rng`: chooses which gold item somebody gets.
    """

    def __init__(self, slots: Slots, *, rng: np.random.Generator | None = None):
        self._slots, self.place = slots, slots._place
        self._rng = np.random.default_rng() if rng is None else rng
        with self.place.writing("open") as connection:
            OWN.create_all(connection)
            connection.execute(sa.schema.CreateIndex(DECISIONS, if_not_exists=True))

    def mark(self, who: str, item: str, value: Any, uuid: str, *, shown: Any = None) -> bool:
        """Says what the answer to an item is, so that it can be slipped in to see how well people do.

        **Arguments:**

        - `who`: the owner.
        - `item`: its id.
        - `value`: the known answer.
        - `uuid`: of the act.
        - `shown`: what is shown of the item, as JSON; needed where the queue does not know it yet.

        **Returns:** whether that is new.

        **Raises:** `ArgumentError` for an item that people have answered: the run may have learned from it.
        """
        text = json.dumps(value)
        with self.place.writing("mark gold in") as connection:
            if self._seen(connection, uuid, "gold", item, who, text):
                return False
            before = self._word(connection, item, GOLD)
            if (before is None or before.kind == "withdrawn") and self._answered(connection, item):
                raise ArgumentError(
                    f"{item!r:.80} has been answered already, and the run may have learned from it: gold must be an "
                    "item that nobody has answered"
                )
            if connection.execute(sa.select(ITEM.c.id).where(ITEM.c.id == item)).first() is None:
                if shown is None:
                    raise ArgumentError(f"there is no item {item!r:.80} to be shown: name one of the run's data")
                connection.execute(sa.insert(ITEM).values(id=item, shown=json.dumps(shown, default=str)))
            event = self._note(connection, "gold", item, who, uuid, text)
            self._put(connection, item, GOLD, "gold", text, event)
            self._close(connection, item, "gold")
        return True

    def unmark(self, who: str, item: str, uuid: str) -> bool:
        """Takes back that an item is gold. If anybody has got it by then, no run is ever told what people say of it.

        **Arguments:** as for `mark`.

        **Returns:** whether it was gold.
        """
        with self.place.writing("unmark gold in") as connection:
            if self._seen(connection, uuid, "ungold", item, who, None):
                return True
            before = self._word(connection, item, GOLD)
            if before is None or before.kind != "gold":
                return False
            event = self._note(connection, "ungold", item, who, uuid, None)
            slipped = sa.select(SLOT.c.id).where(SLOT.c.item == item, SLOT.c.place < 0).limit(1)
            used = self._answered(connection, item) or connection.execute(slipped).first() is not None
            self._put(connection, item, GOLD, "retired" if used else "withdrawn", before.value, event)
            if not used:
                self._reopen(connection, item, "gold")
        return True

    def golds(self) -> list[Gold]:
        """All items that are gold, or were when people answered."""
        slot = SLOT.alias("s")
        asked = sa.exists().where(slot.c.item == WORD.c.item, slot.c.place >= 0)
        query = sa.select(WORD.c.item, WORD.c.kind, WORD.c.value, asked.label("asked"))
        query = query.where(WORD.c.annotator == GOLD, WORD.c.kind.in_(_NOT_ASKED)).order_by(WORD.c.event)
        with self.place.moment() as connection:
            rows = connection.execute(query).all()
        return [Gold(row.item, json.loads(row.value), row.kind == "gold", bool(row.asked)) for row in rows]

    def slip(self, annotator: str, since: float, lease: float) -> Claim | None:
        """A gold item that this person has not been asked yet, as a question like any other.

        **Arguments:**

        - `annotator`: who gets it.
        - `since`: from when on it is theirs [s since 1970]: what somebody has comes in that order.
        - `lease`: for how long [s].

        **Returns:** the question; None if they were asked about all of them.
        """
        slot, word = SLOT.alias("s"), WORD.alias("w")
        had = sa.exists().where(slot.c.item == WORD.c.item, slot.c.annotator == annotator)
        said = sa.exists().where(word.c.item == WORD.c.item, word.c.annotator == annotator, word.c.kind != "withdrawn")
        query = sa.select(WORD.c.item).where(WORD.c.annotator == GOLD, WORD.c.kind == "gold", ~had, ~said)
        with self.place.writing("claim from") as connection:
            items = sorted(connection.execute(query).scalars())
            if not items:
                return None
            item = items[int(self._rng.integers(len(items)))]
            lowest = connection.execute(sa.select(sa.func.min(SLOT.c.place)).where(SLOT.c.item == item)).scalar()
            row = {"item": item, "place": min(0, lowest or 0) - 1, "priority": 0.0, "skips": 1, "state": "leased"}
            row |= {"annotator": annotator, "since": since, "until": since + lease, "attempt": 1}
            number = connection.execute(sa.insert(SLOT).values(row).returning(SLOT.c.id)).scalar_one()
            note = {"kind": "claimed", "item": item, "slot": number, "annotator": annotator, "time": since}
            connection.execute(sa.insert(LOG).values(note))
            shown = connection.execute(sa.select(ITEM.c.shown).where(ITEM.c.id == item)).scalar_one()
        return Claim(number, item, annotator, 1, since + lease, json.loads(shown))

    def decide(self, who: str, item: str, value: Any, uuid: str) -> bool:
        """Says what counts as the answer to an item, whatever people said; nobody else is asked about it.

        **Arguments:** as for `mark`.

        **Returns:** whether that is new.

        **Raises:** `ArgumentError` for an item that nobody has answered, and for one that is gold.
        """
        text = json.dumps(value)
        with self.place.writing("write a decision to") as connection:
            if self._seen(connection, uuid, "decided", item, who, text):
                return False
            gold = self._word(connection, item, GOLD)
            if gold is not None and gold.kind in _NOT_ASKED:
                raise ArgumentError(f"{item!r:.80} is gold, and its answer is known: there is nothing to decide")
            if not self._answered(connection, item):
                raise ArgumentError(f"nobody has answered {item!r:.80} yet: there is nothing to decide")
            event = self._note(connection, "decided", item, who, uuid, text)
            self._put(connection, item, DECIDED, "decided", text, event)
            self._close(connection, item, "decided", leased=True)
        return True

    def undecide(self, who: str, uuid: str, item: str | None = None) -> str | None:
        """Takes back a decision; what was decided of the item before that counts again, if anything was.

        **Arguments:**

        - `who`, `uuid`: as for `mark`.
        - `item`: of which item; None: the newest decision of all that stand.

        **Returns:** of which item; None if no decision stands.
        """
        with self.place.writing("write a decision to") as connection:
            known = connection.execute(sa.select(LOG).where(LOG.c.uuid == uuid)).first()
            if known is not None:
                self._seen(connection, uuid, "undecided", known.item if item is None else item, who, None)
                return known.item
            standing = sa.select(WORD).where(WORD.c.annotator == DECIDED, WORD.c.kind == "decided")
            if item is not None:
                standing = standing.where(WORD.c.item == item)
            row = connection.execute(standing.order_by(WORD.c.event.desc()).limit(1)).first()
            if row is None:
                return None
            before = self._before(connection, row.item)
            event = self._note(connection, "undecided", row.item, who, uuid, None)
            kind, value = ("withdrawn", row.value) if before is None else ("decided", before)
            self._put(connection, row.item, DECIDED, kind, value, event)
            if before is None:
                self._reopen(connection, row.item, "decided")
            return row.item

    def overlap(self) -> int | None:
        """How many people are to be asked about each item, as an owner has said; None if none has."""
        with self.place.moment() as connection:
            found = connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == "overlap")).scalar()
        return None if found is None else int(found)

    def set_overlap(self, who: str, overlap: int, uuid: str, *, again: bool = False) -> bool:
        """Says how many people are to be asked about each item, from now on and of those that are in the queue.

        Where fewer are wanted, questions that nobody has are taken out of the queue; what was said stays.

        **Arguments:**

        - `who`, `uuid`: as for `mark`.
        - `overlap`: how many.
        - `again`: also about items of which enough had been said.

        **Returns:** whether that is new.
        """
        between("overlap", overlap, 1, _MOST)
        text = json.dumps([overlap, again])
        with self.place.writing("change how many are asked in") as connection:
            if self._seen(connection, uuid, "overlap", "", who, text):
                return False
            self._note(connection, "overlap", "", who, uuid, text)
            insert = self.place.insert(SETTING).values(name="overlap", value=str(overlap))
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": str(overlap)}))
            _widen(connection, overlap, again)
            _narrow(connection, overlap)
        return True

    def _before(self, connection: sa.Connection, item: str) -> str | None:
        """What was decided of an item before the decision that stands."""
        kinds = sa.text("kind IN ('decided', 'undecided')")  # as the index says it
        query = sa.select(LOG.c.kind, LOG.c.value).where(kinds, LOG.c.item == item).order_by(LOG.c.id)
        stack: list[str] = []
        for row in connection.execute(query):
            if row.kind == "decided":
                stack.append(row.value)
            else:
                stack.pop()
        return stack[-2] if len(stack) > 1 else None

    def _seen(self, connection: sa.Connection, uuid: str, kind: str, item: str, who: str, value: str | None) -> bool:
        """Whether that act has been sent before."""
        if not uuid:
            raise ArgumentError("`uuid` must be a text that no other message has, got an empty one")
        query = sa.select(LOG.c.kind, LOG.c.item, LOG.c.annotator, LOG.c.value).where(LOG.c.uuid == uuid)
        row = connection.execute(query).first()
        if row is not None and tuple(row) != (kind, item, who, value):
            raise ArgumentError(f"`uuid` {uuid!r} was used for another message; make a new one for each")
        return row is not None

    def _note(self, connection: sa.Connection, kind: str, item: str, who: str, uuid: str, value: str | None) -> int:
        row = {"kind": kind, "item": item, "slot": 0, "annotator": who, "uuid": uuid, "value": value}
        row["time"] = self._slots._clock()
        return connection.execute(sa.insert(LOG).values(row).returning(LOG.c.id)).scalar_one()

    def _word(self, connection: sa.Connection, item: str, who: str) -> Any:
        return connection.execute(sa.select(WORD).where(WORD.c.item == item, WORD.c.annotator == who)).first()

    def _put(self, connection: sa.Connection, item: str, who: str, kind: str, value: str | None, event: int) -> None:
        changed = {"kind": kind, "value": value, "event": event}
        insert = self.place.insert(WORD).values(item=item, annotator=who, cost=0.0, seconds=0.0, **changed)
        connection.execute(insert.on_conflict_do_update(index_elements=["item", "annotator"], set_=changed))

    def _answered(self, connection: sa.Connection, item: str) -> bool:
        """Whether a person's answer to an item stands."""
        said = sa.select(WORD.c.item).where(WORD.c.item == item, WORD.c.kind.in_(("answered", "surplus")))
        return connection.execute(said.limit(1)).first() is not None

    def _close(self, connection: sa.Connection, item: str, state: str, *, leased: bool = False) -> None:
        """Nobody is asked any more in the places that are free."""
        now = self._slots._clock()
        over = sa.and_(SLOT.c.state == "leased", sa.or_(sa.literal(leased), SLOT.c.until <= now, SLOT.c.since > now))
        free = sa.or_(SLOT.c.state == "open", over)
        update = sa.update(SLOT).where(SLOT.c.item == item, SLOT.c.place >= 0, free)
        connection.execute(update.values(state=state, annotator=None))

    def _reopen(self, connection: sa.Connection, item: str, state: str) -> None:
        update = sa.update(SLOT).where(SLOT.c.item == item, SLOT.c.place >= 0, SLOT.c.state == state)
        connection.execute(update.values(state="open"))


def _widen(connection: sa.Connection, overlap: int, again: bool) -> None:
    """More people are asked about the items that are in the queue."""
    slot, other, word = SLOT.alias("s"), SLOT.alias("o"), WORD.alias("w")

    def wanted(of: Any) -> list[Any]:
        special = sa.exists().where(word.c.item == of.c.item, word.c.annotator.in_((GOLD, DECIDED)))
        busy = sa.exists().where(other.c.item == of.c.item, other.c.place >= 0, other.c.state.in_(("open", "leased")))
        return [~special.where(word.c.kind != "withdrawn"), *([] if again else [busy])]

    dropped = sa.update(SLOT).where(SLOT.c.state == "dropped", SLOT.c.place < overlap, *wanted(SLOT))
    connection.execute(dropped.values(state="open"))
    for place in range(1, overlap):
        there = SLOT.alias("t")
        taken = sa.exists().where(there.c.item == slot.c.item, there.c.place == place)
        columns = sa.select(slot.c.item, sa.literal(place), slot.c.priority, slot.c.skips)
        query = columns.where(slot.c.place == 0, ~taken, *wanted(slot)).order_by(slot.c.id)
        connection.execute(sa.insert(SLOT).from_select(["item", "place", "priority", "skips"], query))


def _narrow(connection: sa.Connection, overlap: int) -> None:
    """Questions that nobody has are taken out, beyond the number that is wanted."""
    other = SLOT.alias("o")
    counts = sa.or_(
        other.c.state.not_in(("open", "dropped")), sa.and_(other.c.state == "open", other.c.place < SLOT.c.place)
    )
    mine = sa.select(sa.func.count()).where(other.c.item == SLOT.c.item, other.c.place >= 0, counts)
    surplus = (SLOT.c.state == "open", SLOT.c.place >= 0, mine.correlate(SLOT).scalar_subquery() >= overlap)
    connection.execute(sa.update(SLOT).where(*surplus).values(state="dropped"))
