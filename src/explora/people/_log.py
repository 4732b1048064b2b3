"""The event log: every act of a person, for ever."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa

from explora.core import ArgumentError

from ._base import EVENT, Base

_TURN = 7_207_202_601  # the number of the lock by which writers to PostgreSQL wait for each other


class Act(NamedTuple):
    """Something that a person did.

    **Arguments:**

    - `id`: its number; later acts have larger ones.
    - `time`: when [s since 1970].
    - `person`: who, by id.
    - `kind`: what, as one word.
    - `data`: the details, as JSON.
    - `uuid`: made by whoever acted, another one for every act.
    - `undoes`: the number of the act that this one takes back; None if it takes nothing back.
    """

    id: int
    time: float
    person: str
    kind: str
    data: Any
    uuid: str
    undoes: int | None = None


class EventLog:
    """What people did, in order: acts are only ever appended, and taking one back is another act.

    Sent again with the same `uuid`, as after a lost connection, an act is there once.

    **Arguments:**

    - `base`: where it is kept.
    - `clock`: the time [s since 1970].
    """

    def __init__(self, base: Base, *, clock: Callable[[], float] = time.time):
        self.base, self.clock = base, clock

    def append(self, person: str, kind: str, data: Any, uuid: str) -> Act:
        """Writes an act down, in a transaction of its own.

        **Arguments:** as for `Act`.

        **Raises:** `ArgumentError` for a `uuid` that was used for another act.
        """
        with self.base.writing("write an event to") as connection:
            return self.note(connection, person, kind, data, uuid)[0]

    def note(
        self, connection: sa.Connection, person: str, kind: str, data: Any, uuid: str, *, undoes: int | None = None
    ) -> tuple[Act, bool]:
        """Writes an act down in the transaction in which it takes effect.

        **Arguments:**

        - `connection`: the transaction.
        - `person`, `kind`, `data`, `uuid`, `undoes`: as for `Act`.

        **Returns:** the act, and whether it is new: else it has taken effect already.
        """
        if not uuid:
            raise ArgumentError("`uuid` must be a text that no other act has, got an empty one")
        if not self.base.sqlite:  # so that numbers become visible in their order; SQLite has one writer anyway
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
        text = json.dumps(data, sort_keys=True, allow_nan=False)
        known = connection.execute(sa.select(EVENT).where(EVENT.c.uuid == uuid)).first()
        if known is not None:
            act = _act(known)
            if (act.person, act.kind, act.data, act.undoes) != (person, kind, json.loads(text), undoes):
                raise ArgumentError(f"`uuid` {uuid!r} was used for another act; make a new one for each")
            return act, False
        row = {"time": self.clock(), "person": person, "kind": kind, "data": text, "uuid": uuid, "undoes": undoes}
        number = connection.execute(sa.insert(EVENT).values(row).returning(EVENT.c.id)).scalar_one()
        return Act(number, row["time"], person, kind, json.loads(text), uuid, undoes), True

    def acts(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        person: str | None = None,
        kinds: Sequence[str] = (),
        most: int = 200,
        newest: bool = False,
    ) -> list[Act]:
        """What was done, oldest first.

        **Arguments:**

        - `after`, `before`: only acts of greater, smaller number.
        - `person`: only theirs.
        - `kinds`: only such.
        - `most`: how many at most.
        - `newest`: the newest first.
        """
        query = sa.select(EVENT).where(EVENT.c.id > after)
        if before is not None:
            query = query.where(EVENT.c.id < before)
        if person is not None:
            query = query.where(EVENT.c.person == person)
        if kinds:
            query = query.where(EVENT.c.kind.in_(kinds))
        order = EVENT.c.id.desc() if newest else EVENT.c.id
        return [_act(row) for row in self.base.rows(query.order_by(order).limit(most))]

    @contextmanager
    def turn(self, doing: str, kinds: Sequence[str], after: int) -> Iterator[tuple[sa.Connection, list[Act]]]:
        """A transaction in which nobody else appends: for acts that must fit to all acts before them.

        **Arguments:**

        - `doing`: what is tried, for the message if it cannot be.
        - `kinds`, `after`: which acts are handed out, as for `acts`.

        **Returns:** the transaction, for `note`, and all those acts.
        """
        with self.base.writing(doing) as connection:
            if not self.base.sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
            query = sa.select(EVENT).where(EVENT.c.id > after, EVENT.c.kind.in_(kinds)).order_by(EVENT.c.id)
            yield connection, [_act(row) for row in connection.execute(query)]

    def find(self, uuid: str, kind: str) -> Act | None:
        """The act of that name, if it was done already.

        **Raises:** `ArgumentError` if the name was used for an act of another kind.
        """
        rows = self.base.rows(sa.select(EVENT).where(EVENT.c.uuid == uuid))
        if rows and rows[0].kind != kind:
            raise ArgumentError(f"`uuid` {uuid!r} was used for another act; make a new one for each")
        return _act(rows[0]) if rows else None

    def standing(self, kind: str) -> Act | None:
        """The newest act of a kind that nobody took back."""
        taken = sa.select(EVENT.c.undoes).where(EVENT.c.undoes.is_not(None))
        query = sa.select(EVENT).where(EVENT.c.kind == kind, EVENT.c.undoes.is_(None), EVENT.c.id.not_in(taken))
        rows = self.base.rows(query.order_by(EVENT.c.id.desc()).limit(1))
        return _act(rows[0]) if rows else None

    def undo(self, person: str, kind: str, uuid: str) -> Act | None:
        """Takes back the newest act of a kind that stands, by an act of its own.

        **Arguments:**

        - `person`: who takes it back.
        - `kind`: of the act.
        - `uuid`: of the new act.

        **Returns:** the act that no longer stands; None if there was none.
        """
        with self.base.writing("write an event to") as connection:
            if not self.base.sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
            known = connection.execute(sa.select(EVENT).where(EVENT.c.uuid == uuid)).first()
            if known is not None:
                act = _act(known)
                if (act.person, act.kind) != (person, kind) or act.undoes is None:
                    raise ArgumentError(f"`uuid` {uuid!r} was used for another act; make a new one for each")
                return _act(connection.execute(sa.select(EVENT).where(EVENT.c.id == act.undoes)).one())
            taken = sa.select(EVENT.c.undoes).where(EVENT.c.undoes.is_not(None))
            query = sa.select(EVENT).where(EVENT.c.kind == kind, EVENT.c.undoes.is_(None), EVENT.c.id.not_in(taken))
            row = connection.execute(query.order_by(EVENT.c.id.desc()).limit(1)).first()
            if row is None:
                return None
            self.note(connection, person, kind, {"undo": row.uuid}, uuid, undoes=row.id)
            return _act(row)


def _act(row: Any) -> Act:
    return Act(row.id, row.time, row.person, row.kind, json.loads(row.data), row.uuid, row.undoes)
