"""What people send to a run, and when the run took it."""

import json
import time
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from explora.core import ArgumentError

from .. import _values as values
from .._database import Database
from .._tables import LETTER


class Letter(NamedTuple):
    """Something that a person sent to a run.

    **Arguments:**

    - `id`: its number; later ones have larger numbers.
    - `uuid`: made by the sender, another one for every letter.
    - `kind`: what it is, as one word: `"task"`, say.
    - `data`: the details, as JSON.
    - `person`: who sent it, by id.
    - `turn`: at which turn the run took it; None: not yet.
    - `time`: when it came [s since 1970].
    """

    id: int
    uuid: str
    kind: str
    data: Any
    person: str
    turn: int | None
    time: float


class Inbox:
    """What people send to a run: any process may put a letter in, and the run takes it at the turn that comes next.

    A letter is stamped with the turn at which it is taken *before* it is used, and the stamp stays. So a run that was
    killed and goes on from an earlier checkpoint gets the same letters at the same turns, and the letters alone say
    how the run can be lived again.

    **Arguments:**

    - `database`: of the run, open for writing. One that was written by an explora without letters gets their table.

    **Raises:** `RunError` if it cannot be written.
    """

    def __init__(self, database: Database):
        self._database = database
        with database._changing("open the inbox of") as connection:
            if not sa.inspect(connection).has_table("letter", schema=_schema(connection)):
                connection.execute(sa.schema.CreateTable(LETTER, if_not_exists=True))
                for index in LETTER.indexes:
                    connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))

    def put(self, uuid: str, kind: str, data: Any, person: str) -> Letter:
        """Puts a letter in; sent again with the same `uuid`, as after a lost connection, it is there once.

        **Arguments:** as for `Letter`.

        **Returns:** the letter, with the turn at which it was taken if it was.

        **Raises:** `ArgumentError` for a `uuid` that was used for another letter, and for data that are not JSON.
        """
        for name, value in (("uuid", uuid), ("kind", kind)):
            if not value:
                raise ArgumentError(f"`{name}` must be a text, got an empty one")
        text = values.text(data)
        row = {"uuid": uuid, "kind": kind, "data": text, "person": person, "turn": None, "time": time.time()}
        with self._database._changing("put a letter into") as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(dialect.insert(LETTER).on_conflict_do_nothing(index_elements=["uuid"]), [row])
            found = _letter(connection.execute(sa.select(LETTER).where(LETTER.c.uuid == uuid)).one())
        if (found.kind, values.text(found.data), found.person) != (kind, text, person):
            raise ArgumentError(f"`uuid` {uuid!r} was used for another letter; make a new one for each")
        return found

    def take(self, turn: int, *, since: int | None = None) -> list[Letter]:
        """Stamps all letters that were not taken yet with a turn, and returns what is to be used at it.

        **Arguments:**

        - `turn`: how many turns are over.
        - `since`: letters stamped with this turn or a later one have not been used by the state at hand; None: `turn`.
          Where a run is lived again and does not stop at a turn at which letters were taken, they are used at the
          first one after it.

        **Returns:** the letters stamped from `since` to `turn`, in the order of their stamps and numbers.
        """
        with self._database._changing("take letters from") as connection:
            waiting = sa.select(LETTER.c.id).where(LETTER.c.turn.is_(None)).limit(1)
            if connection.execute(waiting).first() is not None:  # who only looks does not wait for who writes
                connection.execute(sa.update(LETTER).where(LETTER.c.turn.is_(None)).values(turn=turn))
            due = sa.select(LETTER).where(LETTER.c.turn.between(turn if since is None else since, turn))
            return [_letter(row) for row in connection.execute(due.order_by(LETTER.c.turn, LETTER.c.id))]

    def due(self, after: int) -> int | None:
        """The first turn after that one at which letters were taken before: where a run that goes on has to stop."""
        first = sa.select(sa.func.min(LETTER.c.turn)).where(LETTER.c.turn > after)
        return self._database._rows(first)[0][0]

    def letters(self, *, kind: str | None = None, after: int = 0, most: int | None = None) -> list[Letter]:
        """What was sent, oldest first.

        **Arguments:**

        - `kind`: only letters of that kind.
        - `after`: only letters of greater number.
        - `most`: how many at most.
        """
        query = sa.select(LETTER).where(LETTER.c.id > after)
        if kind is not None:
            query = query.where(LETTER.c.kind == kind)
        return [_letter(row) for row in self._database._rows(query.order_by(LETTER.c.id).limit(most))]

    def rename(self, person: str, alias: str) -> int:
        """Puts another name in the place of a person's, who is to be forgotten. What was sent stays, and when.

        Nothing that a run does with letters may depend on a name but through who is the same as whom: so a run that is
        lived again from renamed letters is the same, bit for bit.

        **Arguments:**

        - `person`: who sent them, by id.
        - `alias`: nobody else's name.

        **Returns:** how many letters they were.
        """
        with self._database._changing("rename the sender of letters in") as connection:
            update = sa.update(LETTER).where(LETTER.c.person == person).values(person=alias)
            return connection.execute(update).rowcount

    def used(self) -> bool:
        """Whether anybody ever sent anything."""
        return bool(self._database._rows(sa.select(LETTER.c.id).limit(1)))

    def close(self) -> None:
        """Closes the database behind it."""
        self._database.close()


def _schema(connection: sa.Connection) -> str | None:
    """The schema in which the run's tables lie, on a server."""
    named = connection.get_execution_options().get("schema_translate_map") or {}
    return named.get(None)


def _letter(row: Any) -> Letter:
    return Letter(row.id, row.uuid, row.kind, json.loads(row.data), row.person, row.turn, row.time)
