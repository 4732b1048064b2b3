"""A queue that people answer: who has which question, until when, and all that was ever said."""

import heapq
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import sqlalchemy as sa

from explora.core import ArgumentError, RunError, between

from ._engine import connect
from ._files import guard

_FORMAT = 1

_TABLES = (
    "CREATE TABLE IF NOT EXISTS queue (format INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS item (id TEXT PRIMARY KEY, shown TEXT NOT NULL)",
    # One row a slot: how many people are to answer an item is a number of rows, and nobody has to count.
    """CREATE TABLE IF NOT EXISTS slot (
        id INTEGER PRIMARY KEY, item TEXT NOT NULL, place INTEGER NOT NULL, priority REAL NOT NULL,
        skips INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'open', annotator TEXT, since REAL, until REAL,
        attempt INTEGER NOT NULL DEFAULT 0, UNIQUE (item, place), UNIQUE (item, annotator))""",
    "CREATE INDEX IF NOT EXISTS slot_next ON slot (state, priority DESC, id)",
    "CREATE INDEX IF NOT EXISTS slot_held ON slot (annotator, state)",
    # What each person last said of each item. It follows from the events, and spares reading them all.
    """CREATE TABLE IF NOT EXISTS word (
        item TEXT NOT NULL, annotator TEXT NOT NULL, kind TEXT NOT NULL, value TEXT, cost REAL NOT NULL,
        seconds REAL NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (item, annotator))""",
    "CREATE INDEX IF NOT EXISTS word_last ON word (annotator, event)",
    """CREATE TABLE IF NOT EXISTS log (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, item TEXT NOT NULL, slot INTEGER NOT NULL,
        annotator TEXT NOT NULL, uuid TEXT UNIQUE, value TEXT, cost REAL NOT NULL DEFAULT 0,
        seconds REAL NOT NULL DEFAULT 0, time REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS log_of ON log (annotator, item)",
    """CREATE TRIGGER IF NOT EXISTS log_stays BEFORE UPDATE ON log
        BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END""",
    """CREATE TRIGGER IF NOT EXISTS log_remains BEFORE DELETE ON log
        BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END""",
)

# What a person may be asked, most urgent first. Nobody is asked twice about an item, unless they took it back. Each of
# the two walks along an index in its own order and is left after a few rows: sorting them together would visit all.
_FITS = """AND NOT EXISTS (SELECT 1 FROM slot AS o WHERE o.item = s.item AND o.annotator = :who AND o.id <> s.id)
    AND NOT EXISTS (SELECT 1 FROM word AS w WHERE w.item = s.item AND w.annotator = :who AND w.kind <> 'withdrawn')
    ORDER BY s.priority DESC, s.id"""
_OPEN = sa.text(f"SELECT s.id, s.item, s.priority FROM slot AS s WHERE s.state = 'open' {_FITS}")

# A lease is over when its time is up, and also when it seems to begin in the future: then the clock was set back, and
# the slot would be kept for as long as that.
_OVER = sa.text(f"""SELECT s.id, s.item, s.priority FROM slot AS s
    WHERE s.state = 'leased' AND (s.until <= :now OR s.since > :now) {_FITS}""")

_CLAIM = sa.text("""UPDATE slot SET state = 'leased', annotator = :who, since = :now, until = :until,
    attempt = attempt + 1 WHERE id = :id RETURNING id, item, attempt, until""")

_HELD = sa.text("""SELECT s.id AS slot, s.item, s.annotator, s.attempt, s.until, i.shown FROM slot AS s
    JOIN item AS i ON i.id = s.item
    WHERE s.annotator = :who AND s.state = 'leased' AND s.until > :now AND s.since <= :now
    ORDER BY s.since, s.priority DESC, s.id""")

_CLAIMED = sa.text("""SELECT l.slot, l.item, l.annotator, s.attempt, coalesce(s.until, 0.0) AS until, i.shown
    FROM log AS l JOIN slot AS s ON s.id = l.slot JOIN item AS i ON i.id = l.item
    WHERE l.annotator = :who AND l.item = :item AND l.kind = 'claimed' ORDER BY l.id DESC LIMIT 1""")

# The slot that an answer settles: its own, or else another one of the item that is free.
_SETTLED = sa.text("""SELECT * FROM slot WHERE item = :item AND (annotator = :who OR state = 'open'
    OR (state = 'leased' AND (until <= :now OR since > :now)))
    ORDER BY annotator IS NOT :who, id <> :slot, id LIMIT 1""")


class Claim(NamedTuple):
    """A question that one person has for a while.

    **Arguments:**

    - `slot`: its number.
    - `item`: the id of the item that is asked about.
    - `annotator`: who has it.
    - `attempt`: how often the slot has been handed out by now.
    - `until`: when it may be given to somebody else [s since 1970].
    - `shown`: the item, as JSON.
    """

    slot: int
    item: str
    annotator: str
    attempt: int
    until: float
    shown: Any = None


class Word(NamedTuple):
    """What one person last said of an item.

    **Arguments:**

    - `item`: its id.
    - `annotator`: who said it.
    - `kind`: `"answered"`, `"skipped"` (not for me), `"unsure"` (I do not know), or `"surplus"`: an answer that came
      after somebody else had taken the place; it is kept and settles nothing.
    - `value`: the label; None without an answer.
    - `cost`: what it cost.
    - `seconds`: how long it took [s].
    """

    item: str
    annotator: str
    kind: str
    value: Any
    cost: float
    seconds: float


class Slots:
    """A queue of questions to people, in an SQLite file that any number of processes may have open.

    A question is a *slot*: an item is to be answered in as many slots as people are to be asked about it, each by
    somebody else. Who wants to work claims the most urgent slot for a time, its lease, and answers, skips or does not
    know; a lease that has run out goes to whoever claims next. Everything that was ever said is kept: taking back and
    correcting are further events, and nothing is deleted.

    Each call is one transaction (`BEGIN IMMEDIATE`): a process that dies at any instant leaves it done or not begun.

    **Arguments:**

    - `path`: the file; it is made if it is not there.
    - `clock`: the time [s since 1970], the same for all who have the file open.

    **Raises:** `RunError` for a file that cannot be written, or is something else.
    """

    def __init__(self, path: Path | str, *, clock: Callable[[], float] = time.time):
        self.path, self._clock, self._turn = Path(path), clock, Lock()
        self._engine = connect(self.path, "create")[0].execution_options(isolation_level="AUTOCOMMIT")
        with self._changing("open") as connection:
            for table in _TABLES:
                connection.exec_driver_sql(table)
            written = connection.exec_driver_sql("SELECT max(format) FROM queue").scalar_one()
            if written is None:
                connection.exec_driver_sql("INSERT INTO queue VALUES (?)", (_FORMAT,))
        if written not in (None, _FORMAT):
            raise RunError(f"{path} has format {written} and this explora knows {_FORMAT}: install the newer one")

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
        rows = [(item, place, priority, skips) for item, _ in items for place in range(overlap)]
        if not rows:
            return 0
        shown = [(item, json.dumps(shown, default=str)) for item, shown in items]
        with self._changing("put questions into") as connection:
            before = connection.exec_driver_sql("SELECT count(*) FROM slot").scalar_one()
            connection.exec_driver_sql("INSERT INTO item VALUES (?, ?) ON CONFLICT DO NOTHING", shown)
            insert = "INSERT INTO slot (item, place, priority, skips) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            connection.exec_driver_sql(insert, rows)
            return connection.exec_driver_sql("SELECT count(*) FROM slot").scalar_one() - before

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
        if not annotator:
            raise ArgumentError("`annotator` must be a name, got an empty one")
        between("lease", lease, 0.0, strict=True)
        claims: list[Claim] = []
        with self._changing("claim from") as connection:
            now = self._clock()
            values = {"who": annotator, "now": now, "until": now + lease}
            for slot in _urgent(connection, values, count):
                found = connection.execute(_CLAIM, values | {"id": slot}).one()
                self._note(connection, "claimed", found.item, found.id, annotator, now)
                shown = connection.exec_driver_sql("SELECT shown FROM item WHERE id = ?", (found.item,)).scalar_one()
                claims.append(Claim(found.id, found.item, annotator, found.attempt, found.until, json.loads(shown)))
        return claims

    def held(self, annotator: str) -> list[Claim]:
        """The questions that this person has now, those that were claimed first before the others."""
        with self._transaction("read", "BEGIN") as connection:
            rows = connection.execute(_HELD, {"who": annotator, "now": self._clock()}).all()
        return [_claim(row) for row in rows]

    def claimed(self, item: str, annotator: str) -> Claim | None:
        """A question as this person last had it, also when the lease is over; None if they never had it."""
        with self._transaction("read", "BEGIN") as connection:
            row = connection.execute(_CLAIMED, {"who": annotator, "item": item}).first()
        return None if row is None else _claim(row)

    def noted(self, uuid: str) -> tuple[str, str, str] | None:
        """What was sent with that `uuid`: its kind, the item, and who sent it; None if nothing was."""
        with self._transaction("read", "BEGIN") as connection:
            row = connection.exec_driver_sql("SELECT kind, item, annotator FROM log WHERE uuid = ?", (uuid,)).first()
        return None if row is None else (row.kind, row.item, row.annotator)

    def said(self, annotator: str, *, before: int | None = None, most: int = 50) -> list[tuple[int, Word]]:
        """What this person said that stands, newest first, each with the number of its event.

        **Arguments:**

        - `annotator`: who.
        - `before`: only what was said before that event.
        - `most`: how many at most.
        """
        query = """SELECT * FROM word WHERE annotator = ? AND kind <> 'withdrawn' AND event < ?
            ORDER BY event DESC LIMIT ?"""
        values = (annotator, 2**62 if before is None else before, most)
        with self._transaction("read", "BEGIN") as connection:
            rows = connection.exec_driver_sql(query, values).all()
        return [(row.event, word) for row, word in zip(rows, _words(rows), strict=True)]

    def times(self, annotator: str, most: int = 50) -> list[tuple[float, float]]:
        """When this person last said something [s since 1970] and how long it took [s], newest first."""
        query = """SELECT l.time, w.seconds FROM word AS w JOIN log AS l ON l.id = w.event
            WHERE w.annotator = ? AND w.kind <> 'withdrawn' ORDER BY w.event DESC LIMIT ?"""
        with self._transaction("read", "BEGIN") as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query, (annotator, most))]

    def tally(self) -> dict[str, dict[str, tuple[int, float]]]:
        """How much each person said: by person and kind the number of items and the seconds that they took."""
        query = """SELECT annotator, kind, count(*), sum(seconds) FROM word WHERE kind <> 'withdrawn'
            GROUP BY annotator, kind"""
        found: dict[str, dict[str, tuple[int, float]]] = {}
        with self._transaction("read", "BEGIN") as connection:
            for who, kind, count, seconds in connection.exec_driver_sql(query):
                found.setdefault(who, {})[kind] = (count, seconds)
        return found

    def heartbeat(self, claim: Claim, lease: float = 300.0) -> Claim | None:
        """Keeps a question for longer; None if somebody else has it by now, or it is settled.

        **Arguments:**

        - `claim`: from `claim`.
        - `lease`: how long from now [s].
        """
        between("lease", lease, 0.0, strict=True)
        with self._changing("extend a lease of") as connection:
            now = self._clock()
            update = (
                "UPDATE slot SET until = ?, since = min(since, ?) "
                "WHERE id = ? AND annotator = ? AND attempt = ? AND state = 'leased'"
            )
            values = (now + lease, now, claim.slot, claim.annotator, claim.attempt)
            if not connection.exec_driver_sql(update, values).rowcount:
                return None
            self._note(connection, "extended", claim.item, claim.slot, claim.annotator, now)
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
        return self._say("answered", claim, uuid, json.dumps(value), cost, seconds)

    def skip(self, claim: Claim, uuid: str, *, cost: float = 1.0, seconds: float | None = None) -> bool:
        """Says that an item is not for this person; arguments and result as for `answer`."""
        return self._say("skipped", claim, uuid, None, cost, seconds)

    def unsure(self, claim: Claim, uuid: str, *, cost: float = 1.0, seconds: float | None = None) -> bool:
        """Says that this person does not know; arguments and result as for `answer`."""
        return self._say("unsure", claim, uuid, None, cost, seconds)

    def withdraw(self, claim: Claim, uuid: str, lease: float = 300.0) -> Claim | None:
        """Takes back what this person last said of an item.

        **Arguments:**

        - `claim`: the one that was answered.
        - `uuid`: as for `answer`.
        - `lease`: for how long the question is theirs again [s].

        **Returns:** the question again; None if somebody else has it by now, or nothing stands to be taken back.
        """
        between("lease", lease, 0.0, strict=True)
        with self._changing("take back an answer in") as connection:
            now, who = self._clock(), claim.annotator
            if self._seen(connection, uuid, "withdrawn", claim, None) is None:
                standing = "SELECT 1 FROM word WHERE item = ? AND annotator = ? AND kind <> 'withdrawn'"
                if connection.exec_driver_sql(standing, (claim.item, who)).first() is None:
                    return None
                event = self._note(connection, "withdrawn", claim.item, claim.slot, who, now, uuid)
                update = "UPDATE word SET kind = 'withdrawn', event = ? WHERE item = ? AND annotator = ?"
                connection.exec_driver_sql(update, (event, claim.item, who))
                slot = self._slot(connection, claim, now)
                if slot is not None:
                    again = (
                        "UPDATE slot SET state = 'leased', annotator = ?, since = ?, until = ?, attempt = attempt + 1 "
                        "WHERE id = ?"
                    )
                    connection.exec_driver_sql(again, (who, now, now + lease, slot.id))
            query = "SELECT id, attempt, until FROM slot WHERE item = ? AND annotator = ? AND state = 'leased'"
            row = connection.exec_driver_sql(query, (claim.item, who)).first()
            return None if row is None else claim._replace(slot=row.id, attempt=row.attempt, until=row.until)

    def settled(self, since: int = 0) -> tuple[dict[str, list[Word]], int]:
        """The items of which enough has been said, with everybody's last word.

        **Arguments:**

        - `since`: only items about which something was said after that event, as returned before.

        **Returns:** the words by item, and the number of the last event.
        """
        query = """SELECT w.* FROM word AS w WHERE w.kind <> 'withdrawn'
            AND w.item IN (SELECT item FROM word WHERE event > ?)
            AND NOT EXISTS (SELECT 1 FROM slot AS s WHERE s.item = w.item AND s.state IN ('open', 'leased'))
            ORDER BY w.event"""
        with self._transaction(
            "read", "BEGIN"
        ) as connection:  # one transaction, so that both belong to the same moment
            last = connection.exec_driver_sql("SELECT coalesce(max(event), 0) FROM word").scalar_one()
            rows = connection.exec_driver_sql(query, (since,)).all() if last > since else []
        found: dict[str, list[Word]] = {}
        for word in _words(rows):
            found.setdefault(word.item, []).append(word)
        return found, last

    def words(self) -> list[Word]:
        """Everybody's last word on every item, also where not enough has been said."""
        with self._transaction("read", "BEGIN") as connection:
            query = "SELECT * FROM word WHERE kind <> 'withdrawn' ORDER BY event"
            return list(_words(connection.exec_driver_sql(query).all()))

    def events(self) -> list[dict[str, Any]]:
        """All that ever happened, oldest first: who claimed, said, corrected and took back what, when, at what cost."""
        with self._transaction("read", "BEGIN") as connection:
            rows = connection.exec_driver_sql("SELECT * FROM log ORDER BY id").mappings().all()
        return [{**row, "value": None if row["value"] is None else json.loads(row["value"])} for row in rows]

    def count(self) -> dict[str, int]:
        """How many slots are in each state: `open`, `leased`, `answered`, `skipped`, `unsure`."""
        with self._transaction("read", "BEGIN") as connection:
            return dict(map(tuple, connection.exec_driver_sql("SELECT state, count(*) FROM slot GROUP BY state")))

    def close(self) -> None:
        """Closes the file; nothing can be asked of the queue afterwards."""
        self._engine.dispose()

    def _say(self, kind: str, claim: Claim, uuid: str, value: str | None, cost: float, seconds: float | None) -> bool:
        with self._changing("write an answer to") as connection:
            seen = self._seen(connection, uuid, kind, claim, value)
            if seen is not None:
                return seen != "surplus"
            now, who = self._clock(), claim.annotator
            slot = self._slot(connection, claim, now)
            taken = kind if slot is not None else "surplus"
            number = claim.slot if slot is None else slot.id
            if seconds is None:
                seconds = max(0.0, now - slot.since) if slot is not None and slot.since is not None else 0.0
            # a skip that came too late is kept in the log and is no word of anybody: there is nothing left to skip
            event = self._note(connection, taken, claim.item, number, who, now, uuid, value, cost, seconds)
            if slot is None and kind != "answered":
                return False
            connection.exec_driver_sql(
                "INSERT INTO word VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (item, annotator) DO UPDATE SET "
                "kind = excluded.kind, value = excluded.value, cost = excluded.cost, seconds = excluded.seconds, "
                "event = excluded.event",
                (claim.item, who, taken, value, cost, seconds, event),
            )
            if slot is not None:
                self._settle(connection, slot, kind, who)
            return slot is not None

    def _seen(self, connection: sa.Connection, uuid: str, kind: str, claim: Claim, value: str | None) -> str | None:
        """What became of the message with that `uuid`, if it has been sent before."""
        if not uuid:
            raise ArgumentError("`uuid` must be a text that no other message has, got an empty one")
        query = "SELECT kind, item, annotator, value FROM log WHERE uuid = ?"
        row = connection.exec_driver_sql(query, (uuid,)).first()
        if row is None:
            return None
        if row.kind not in (kind, "surplus") or tuple(row)[1:] != (claim.item, claim.annotator, value):
            raise ArgumentError(f"`uuid` {uuid!r} was used for another message; make a new one for each")
        return row.kind

    def _slot(self, connection: sa.Connection, claim: Claim, now: float) -> Any:
        """The slot that an answer settles: its own, or else another one of the item that is free."""
        values = {"item": claim.item, "who": claim.annotator, "now": now, "slot": claim.slot}
        return connection.execute(_SETTLED, values).first()

    def _settle(self, connection: sa.Connection, slot: Any, kind: str, who: str) -> None:
        state, holder = kind, who
        if kind == "skipped":
            query = "SELECT count(*) FROM word WHERE item = ? AND kind = 'skipped'"
            if connection.exec_driver_sql(query, (slot.item,)).scalar_one() < slot.skips:
                state, holder = "open", None  # somebody else may want it
        update = "UPDATE slot SET state = ?, annotator = ? WHERE id = ?"
        connection.exec_driver_sql(update, (state, holder, slot.id))

    def _note(
        self,
        connection: sa.Connection,
        kind: str,
        item: str,
        slot: int,
        annotator: str,
        now: float,
        uuid: str | None = None,
        value: str | None = None,
        cost: float = 0.0,
        seconds: float = 0.0,
    ) -> int:
        insert = (
            "INSERT INTO log (kind, item, slot, annotator, uuid, value, cost, seconds, time) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
        )
        values = (kind, item, slot, annotator, uuid, value, float(cost), float(seconds), now)
        return connection.exec_driver_sql(insert, values).scalar_one()

    @contextmanager
    def _changing(self, doing: str) -> Iterator[sa.Connection]:
        """A transaction that nobody else's can come between: it has the right to write from its first statement."""
        # Threads of this process wait here, each for its turn: SQLite would have them sleep and try again.
        with self._turn, self._transaction(doing, "BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, doing: str, begin: str) -> Iterator[sa.Connection]:
        with guard(doing, self.path), self._engine.connect() as connection:
            connection.exec_driver_sql(begin)
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise


def _urgent(connection: sa.Connection, values: dict[str, Any], count: int) -> list[int]:
    """The most urgent slots that a person may have, of different items."""
    chosen: dict[str, int] = {}
    with (
        connection.execute(_OPEN, values) as free,
        connection.execute(_OVER, values) as left,
    ):
        rows = heapq.merge(free, left, key=lambda row: (-row.priority, row.id))
        while len(chosen) < count and (row := next(rows, None)) is not None:
            chosen.setdefault(row.item, row.id)
    return list(chosen.values())


def _claim(row: Any) -> Claim:
    return Claim(row.slot, row.item, row.annotator, row.attempt, row.until, json.loads(row.shown))


def _words(rows: Iterable[Any]) -> Iterator[Word]:
    for row in rows:
        value = None if row.value is None else json.loads(row.value)
        yield Word(row.item, row.annotator, row.kind, value, row.cost, row.seconds)
