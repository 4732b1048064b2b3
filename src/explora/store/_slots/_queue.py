"""A queue that people answer: who has which question, until when, and all that was ever said."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from explora.core import ArgumentError, between

from ._claiming import hand_out
from ._place import Place
from ._reading import Reading
from ._saying import chosen, known, slots_of, take_down
from ._tables import ITEM, LOG, SLOT, WORD
from ._words import Claim, Message

QUEUE = "explora_queue"
"""The schema in which a queue lies in a server, unless another one is named."""


class Slots(Reading):
    """A queue of questions to people, in an SQLite file or a PostgreSQL server, that any number of processes may have
    open.

    A question is a *slot*: an item is to be answered in as many slots as people are to be asked about it, each by
    somebody else. Who wants to work claims the most urgent slot for a time, its lease, and answers, skips or does not
    know; a lease that has run out goes to whoever claims next. Everything that was ever said is kept: taking back and
    correcting are further events, and nothing is deleted.

    Each call is one transaction: a process that dies at any instant leaves it done or not begun, and what a call has
    returned from survives a power cut (`synchronous=FULL` in SQLite; `synchronous_commit` of the server, `on` unless
    somebody changed it). A flush of the disk is what costs time, so `exchange` takes down what many people say, and
    gives them new questions, in one transaction.

    **Arguments:**

    - `where`: the path of a file, which is made if it is not there, or the URL of a server.
    - `schema`: in which schema of the server the tables lie; queues in different schemas know nothing of each other.
    - `clock`: the time [s since 1970], the same for all who have the queue open.

    **Raises:** `RunError` for a file that cannot be written, or is something else.
    """

    def __init__(self, where: Path | str, *, schema: str = QUEUE, clock: Callable[[], float] = time.time):
        super().__init__(Place(where, schema), clock)

    def offer(
        self, items: Sequence[tuple[str, Any]], *, overlap: int = 1, skips: int = 1, priority: float = 0.0
    ) -> int:
        """Puts questions into the queue; those that are there already stay as they are.

        **Arguments:**

        - `items`: id and what is shown of each, as JSON; earlier ones are asked first.
        - `overlap`: by how many people each is to be answered.
        - `skips`: after how many people have skipped an item the next slot that is skipped is given up.
        - `priority`: higher ones are asked first.

        **Returns:** how many slots are new.
        """
        between("overlap", overlap, 1)
        between("skips", skips, 1)
        if not items:
            return 0
        shown = [{"id": item, "shown": json.dumps(shown, default=str)} for item, shown in items]
        rows = [
            {"item": item, "place": place, "priority": priority, "skips": skips}
            for item, _ in items
            for place in range(overlap)
        ]
        count = sa.select(sa.func.count()).select_from(SLOT)
        with self._place.writing("put questions into") as connection:
            before = connection.execute(count).scalar_one()
            connection.execute(self._place.insert(ITEM).on_conflict_do_nothing(), shown)
            connection.execute(self._place.insert(SLOT).on_conflict_do_nothing(), rows)
            return connection.execute(count).scalar_one() - before

    def claim(self, annotator: str, lease: float = 300.0) -> Claim | None:
        """The most urgent question that this person has not been asked yet; None if there is none now.

        **Arguments:**

        - `annotator`: who asks for work.
        - `lease`: for how long nobody else gets it [s].
        """
        return next(iter(self.claim_many(annotator, 1, lease)), None)

    def claim_many(self, annotator: str, count: int, lease: float = 300.0) -> list[Claim]:
        """The most urgent questions that this person has not been asked yet, up to `count` of them, at one stroke.

        Otherwise as `claim`.
        """
        return self.exchange((), [(annotator, count)], lease)[1][0]

    def exchange(
        self, messages: Sequence[Message], wants: Sequence[tuple[str, int]] = (), lease: float = 300.0
    ) -> tuple[list[bool | ArgumentError], list[list[Claim]]]:
        """Takes down what people say and then gives them new questions, all in one transaction.

        **Arguments:**

        - `messages`: what they say, each as in `answer`, `skip` or `unsure`.
        - `wants`: who wants how many questions, as in `claim_many`.
        - `lease`: for how long nobody else gets them [s].

        **Returns:** for each message whether it settled a slot, or why it was refused (and changed nothing); and the
        claims of each who wanted some.
        """
        between("lease", lease, 0.0, strict=True)
        if not all(who for who, _ in wants):
            raise ArgumentError("`annotator` must be a name, got an empty one")
        with self._place.writing("write answers to" if messages else "claim from") as connection:
            now = self._clock()
            said = take_down(self._place, connection, messages, now)
            return said, hand_out(connection, wants, now, lease)

    def heartbeat(self, claim: Claim, lease: float = 300.0) -> Claim | None:
        """Keeps a question for longer; None if somebody else has it by now, or it is settled.

        **Arguments:**

        - `claim`: from `claim`.
        - `lease`: how long from now [s].
        """
        between("lease", lease, 0.0, strict=True)
        with self._place.writing("extend a lease of") as connection:
            now = self._clock()
            since = sa.case((SLOT.c.since > now, now), else_=SLOT.c.since)
            update = sa.update(SLOT).values(until=now + lease, since=since).where(SLOT.c.state == "leased")
            update = update.where(SLOT.c.id == claim.slot, SLOT.c.annotator == claim.annotator)
            if not connection.execute(update.where(SLOT.c.attempt == claim.attempt)).rowcount:
                return None
            self._note(connection, "extended", claim, now)
            return claim._replace(until=now + lease)

    def answer(self, claim: Claim, uuid: str, value: Any, *, cost: float = 1.0, seconds: float | None = None) -> bool:
        """Answers a question, or corrects one's answer to it.

        Sent again with the same `uuid`, as after a lost connection, it changes nothing. A lease that has run out is no
        obstacle as long as nobody else has taken the slot, or another slot of the item is free; else the answer is kept
        as a surplus.

        **Arguments:**

        - `claim`: from `claim`.
        - `uuid`: made by whoever answers, a new one for every answer.
        - `value`: the label, as JSON.
        - `cost`: what it cost, in whatever is charged.
        - `seconds`: how long it took [s]; None: since it was claimed.

        **Returns:** whether it settled a slot.

        **Raises:** `ArgumentError` for a `uuid` that was used for something else, and for no label at all.
        """
        if value is None:
            raise ArgumentError("`value` must be a label; use `skip` or `unsure` where there is none")
        return self._say(Message("answered", claim.item, claim.annotator, uuid, value, cost, seconds, claim.slot))

    def skip(self, claim: Claim, uuid: str, *, cost: float = 1.0, seconds: float | None = None) -> bool:
        """Says that an item is not for this person; arguments and result as for `answer`."""
        return self._say(Message("skipped", claim.item, claim.annotator, uuid, None, cost, seconds, claim.slot))

    def unsure(self, claim: Claim, uuid: str, *, cost: float = 1.0, seconds: float | None = None) -> bool:
        """Says that this person does not know; arguments and result as for `answer`."""
        return self._say(Message("unsure", claim.item, claim.annotator, uuid, None, cost, seconds, claim.slot))

    def withdraw(self, claim: Claim, uuid: str, lease: float = 300.0) -> Claim | None:
        """Takes back what this person last said of an item.

        **Arguments:**

        - `claim`: the one that was answered.
        - `uuid`: as for `answer`.
        - `lease`: for how long the question is theirs again [s].

        **Returns:** the question again; None if somebody else has it by now, or nothing stands to be taken back.
        """
        between("lease", lease, 0.0, strict=True)
        if not uuid:
            raise ArgumentError("`uuid` must be a text that no other message has, got an empty one")
        with self._place.writing("take back an answer in") as connection:
            seen = connection.execute(sa.select(LOG).where(LOG.c.uuid == uuid)).first()
            if seen is not None:
                before = known(seen, "withdrawn", claim.item, claim.annotator, None)
                if isinstance(before, ArgumentError):
                    raise before
            elif not self._take_back(connection, claim, uuid, lease):
                return None
            query = sa.select(SLOT).where(SLOT.c.item == claim.item, SLOT.c.annotator == claim.annotator)
            row = connection.execute(query.where(SLOT.c.state == "leased")).first()
            return None if row is None else claim._replace(slot=row.id, attempt=row.attempt, until=row.until)

    def close(self) -> None:
        """Closes the queue; nothing can be asked of it afterwards."""
        self._place.close()

    def _say(self, message: Message) -> bool:
        found = self.exchange([message])[0][0]
        if isinstance(found, ArgumentError):
            raise found
        return found

    def _take_back(self, connection: sa.Connection, claim: Claim, uuid: str, lease: float) -> bool:
        """Whether there was something to take back; then it is no more, and the slot is theirs again if it can be."""
        now, who = self._clock(), claim.annotator
        mine = (WORD.c.item == claim.item, WORD.c.annotator == who, WORD.c.kind != "withdrawn")
        if connection.execute(sa.select(WORD.c.event).where(*mine)).first() is None:
            return False
        event = self._note(connection, "withdrawn", claim, now, uuid)
        connection.execute(sa.update(WORD).where(*mine).values(kind="withdrawn", event=event))
        slot = chosen(slots_of(connection, [claim.item]).get(claim.item, []), who, claim.slot, now)
        if slot is not None:
            again = {"state": "leased", "annotator": who, "since": now, "until": now + lease}
            update = sa.update(SLOT).where(SLOT.c.id == slot.id).values(again | {"attempt": SLOT.c.attempt + 1})
            connection.execute(update)
        return True

    def _note(self, connection: sa.Connection, kind: str, claim: Claim, now: float, uuid: str | None = None) -> int:
        row = {"kind": kind, "item": claim.item, "slot": claim.slot, "annotator": claim.annotator, "uuid": uuid}
        return connection.execute(sa.insert(LOG).values(row | {"time": now}).returning(LOG.c.id)).scalar_one()
