"""Between people and the queue of a run."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import sqlalchemy as sa

from explora.core import ArgumentError, ExploraError, NotThere
from explora.store import DECIDED, GOLD, QUEUE, Claim, Message, Review, Slots, Word

from .._base import DRAFT, Base
from .._log import EventLog
from ._agreement import Agreement, agreement
from ._schema import Schema

_RECENT = 300.0  # what "a minute" of somebody's pace is averaged over [s]
_STALE = 1.0  # how long counts over the whole queue, and the schema, are good for: others may change them [s]


class Undone(NamedTuple):
    """Something that somebody took back.

    **Arguments:**

    - `claim`: the question, theirs again; None if somebody else has it by now.
    - `item`: its id.
    - `kind`: what they had said: `answered`, `skipped`, `unsure`, `surplus`.
    - `value`: the label they had given.
    """

    claim: Claim | None
    item: str
    kind: str
    value: Any


class Progress(NamedTuple):
    """How far the work is.

    **Arguments:**

    - `answered`, `skipped`, `unsure`: what this person said.
    - `pace`: answers a minute in the last five; None if there are too few to tell.
    - `seconds`: the middle of the times that their last answers took [s]; None before the first.
    - `slots`: how many questions there are in each state, overlap counted.
    """

    answered: int
    skipped: int
    unsure: int
    pace: float | None
    seconds: float | None
    slots: dict[str, int]


class Turn(NamedTuple):
    """What somebody wants from the desk, in one request.

    **Arguments:**

    - `who`: the person.
    - `kind`: `answered`, `skipped`, `unsure`; empty if they say nothing.
    - `item`, `uuid`, `value`, `seconds`: what they say, as for `Desk.say`.
    - `more`: how many questions they want.
    - `held`: whether those that they have already count, as after a reload; else all are new.
    """

    who: str
    kind: str = ""
    item: str = ""
    uuid: str = ""
    value: Any = None
    seconds: float | None = None
    more: int = 0
    held: bool = False


class Served(NamedTuple):
    """What somebody got from the desk.

    **Arguments:**

    - `settled`: whether what they said settled a question.
    - `claims`: the questions that they wanted.
    - `drafts`: what they have begun to say, by item.
    """

    settled: bool
    claims: list[Claim]
    drafts: dict[str, Any]


class Desk:
    """Hands out the questions of a run and takes the answers.

    What people say is written into the queue's own log, in the transaction in which it takes effect: an answer that
    was acknowledged is there, once, whatever dies afterwards.

    **Arguments:**

    - `path`: the file of the queue, or the URL of a server; None if the run asks no people.
    - `base`: where drafts are kept.
    - `log`: where changes of the schema are written down.
    - `usual`: the schema before anybody has written one; a function, because finding out takes time.
    - `lease`: for how long a question is somebody's [s].
    - `clock`: the time [s since 1970].
    - `schema`: in which schema of the server the queue lies.
    """

    def __init__(
        self,
        path: Path | str | None,
        base: Base,
        log: EventLog,
        *,
        usual: Callable[[], Schema] = Schema,
        lease: float = 300.0,
        clock: Callable[[], float] = time.time,
        schema: str = QUEUE,
    ):
        self.path, self._base, self._log, self._usual, self.lease = path, base, log, usual, lease
        self._clock, self._opened, self._lock, self._place = clock, None, Lock(), schema
        self._drafted = {(row.person, row.item) for row in base.rows(sa.select(DRAFT.c.person, DRAFT.c.item))}
        self._schema: tuple[float, Schema] | None = None
        self._counts: tuple[float, dict[str, Any]] = (-1e9, {})
        self.fresh: Callable[[str, int], list[Claim]] = self.claim_new
        """New questions for a person: where somebody oversees the desk, not only those of the run."""
        self.mixed: Callable[[], bool] = lambda: False
        """Whether there are others than those of the run among them now."""

    @property
    def slots(self) -> Slots:
        """The queue.

        **Raises:** `NotThere` if there is none, or none yet.
        """
        with self._lock:
            if self._opened is None:
                if self.path is None:
                    raise NotThere(
                        "this run asks no people: start one with `--domain.oracle queue`, or name a queue (`--queue`)"
                    )
                if isinstance(self.path, Path) and not self.path.is_file():
                    raise NotThere(f"the queue {self.path} is not there (yet); has the run asked its first question?")
                self._opened = Slots(self.path, schema=self._place, clock=self._clock)
            return self._opened

    @property
    def queue(self) -> Slots | None:
        """The queue; None if there is none, or none yet."""
        asked = self._opened is not None or (
            self.path is not None and (isinstance(self.path, str) or self.path.is_file())
        )
        return self.slots if asked else None

    @property
    def schema(self) -> Schema:
        """What an answer may be, by the latest word of an owner."""
        now = self._clock()
        if self._schema is None or not 0 <= now - self._schema[0] < _STALE:
            act = self._log.standing("schema")
            found = self._usual() if act is None else Schema.model_validate(act.data)
            self._schema = (now, found.keyed())
        return self._schema[1]

    def set_schema(self, who: str, schema: Schema, uuid: str) -> Schema:
        """Says what an answer may be from now on."""
        self._log.append(who, "schema", schema.model_dump(), uuid)
        self._schema = None
        return self.schema

    def undo_schema(self, who: str, uuid: str) -> Schema:
        """Goes back to what an answer could be before."""
        self._log.undo(who, "schema", uuid)
        self._schema = None
        return self.schema

    def next(self, who: str, count: int) -> list[Claim]:
        """What this person should look at next, most worth first: what they have already, filled up with new ones."""
        return _raised(self.serve([Turn(who, more=count, held=True)])[0]).claims

    def claim_new(self, who: str, count: int) -> list[Claim]:
        """New questions of the run for this person."""
        return self.slots.claim_many(who, count, self.lease)

    def now(self) -> float:
        """The time [s since 1970]."""
        return self._clock()

    def serve(self, turns: Sequence[Turn]) -> list[Served | ExploraError]:
        """Gives many people at once what they want: all that they say is written in one transaction.

        **Arguments:**

        - `turns`: what they want, in the order in which they came.

        **Returns:** for each what they got, or why they were refused.
        """
        refused = {i: why for i, turn in enumerate(turns) if (why := self._refuses(turn)) is not None}
        fine = [i for i in range(len(turns)) if i not in refused]
        held = {i: self.slots.held(turns[i].who)[: turns[i].more] for i in fine if turns[i].held}
        wants = {i: missing for i in fine if (missing := turns[i].more - len(held.get(i, []))) > 0}
        plain = not self.mixed()
        speaks = [i for i in fine if turns[i].kind]
        asks = [(turns[i].who, number) for i, number in wants.items()] if plain else []
        said, claims = self.slots.exchange([_message(turns[i]) for i in speaks], asks, self.lease)
        refused |= {i: why for i, why in zip(speaks, said, strict=True) if isinstance(why, ArgumentError)}
        settled = dict(zip(speaks, said, strict=True))
        if not plain:
            claims = [self.fresh(turns[i].who, number) for i, number in wants.items()]
        found = {i: held.get(i, []) for i in fine}
        found |= {i: (found[i] + new)[: turns[i].more] for i, new in zip(wants, claims, strict=True)}
        for i in settled:
            if i not in refused:
                self.drop_draft(turns[i].who, turns[i].item)
        drafts = {who: self.drafts(who) for who in {turns[i].who for i in fine if found[i]}}
        return [
            refused[i] if i in refused else Served(settled.get(i) is True, found[i], drafts.get(turn.who, {}))
            for i, turn in enumerate(turns)
        ]

    def extend(self, who: str, items: list[str]) -> list[Claim]:
        """Keeps questions for longer; those that somebody else has by now are left out."""
        held = [claim for claim in self.slots.held(who) if claim.item in items]
        longer = [self.slots.heartbeat(claim, self.lease) for claim in held]
        return [claim for claim in longer if claim is not None]

    def say(self, who: str, kind: str, item: str, uuid: str, value: Any = None, seconds: float | None = None) -> bool:
        """Answers, skips, or does not know.

        **Arguments:**

        - `who`: the person.
        - `kind`: `answered`, `skipped`, `unsure`.
        - `item`: what was asked about.
        - `uuid`: of the message; sent again it changes nothing.
        - `value`: the label.
        - `seconds`: how long it took [s]; None: since it was handed out.

        **Returns:** whether it settled a question.

        **Raises:** `ArgumentError` for what this person was never asked, and for a label that the schema has not.
        """
        return _raised(self.serve([Turn(who, kind, item, uuid, value, seconds)])[0]).settled

    def undo(self, who: str, uuid: str) -> Undone | None:
        """Takes back what this person said last, and before that, and so on: across submits, also after a reload.

        **Returns:** None if nothing is left.
        """
        known = self.slots.noted(uuid)
        if known is not None:
            kind, item, author = known
            if (kind, author) != ("withdrawn", who):
                raise ArgumentError(f"`uuid` {uuid!r} was used for another message; make a new one for each")
            return Undone(self._still(item, who), item, "again", None)
        last = next(iter(self.slots.said(who, most=1)), None)
        if last is None:
            return None
        word = last[1]
        claim = self.slots.withdraw(self._claim(word.item, who), uuid, self.lease)
        return Undone(claim, word.item, word.kind, word.value)

    def history(self, who: str, before: int | None, most: int) -> list[tuple[int, Word]]:
        """What this person said that stands, newest first."""
        return self.slots.said(who, before=before, most=most)

    def progress(self, who: str) -> Progress:
        """How far this person is, and all together."""
        slots, tally = self._counted()
        mine = {kind: count for kind, (count, _) in tally.get(who, {}).items()}
        times = self.slots.times(who)
        recent = [at for at, _ in times if self._clock() - at <= _RECENT]
        span = recent[0] - recent[-1] if len(recent) > 1 else 0.0
        pace = 60 * (len(recent) - 1) / span if span > 0 else None
        seconds = statistics.median(seconds for _, seconds in times) if times else None
        answered = mine.get("answered", 0) + mine.get("surplus", 0)
        return Progress(answered, mine.get("skipped", 0), mine.get("unsure", 0), pace, seconds, slots)

    def tally(self) -> dict[str, dict[str, tuple[int, float]]]:
        """How much each person said, and how long it took them."""
        return {who: said for who, said in self.slots.tally().items() if who not in (GOLD, DECIDED)}

    def agreement(self) -> Agreement:
        """How far people agree."""
        return agreement(self.slots.words())

    def draft(self, who: str, item: str, value: Any) -> None:
        """Keeps what somebody has begun to say; nobody else can read it."""
        row = {"person": who, "item": item, "value": json.dumps(value, allow_nan=False), "time": self._clock()}
        insert = self._base.insert(DRAFT).values(row)
        insert = insert.on_conflict_do_update(
            index_elements=["person", "item"], set_={"value": row["value"], "time": row["time"]}
        )
        with self._base.writing("write a draft to") as connection:
            connection.execute(insert)
        self._drafted.add((who, item))

    def drafts(self, who: str) -> dict[str, Any]:
        """What this person has begun to say, by item."""
        rows = self._base.rows(sa.select(DRAFT).where(DRAFT.c.person == who).order_by(DRAFT.c.time.desc()).limit(200))
        return {row.item: json.loads(row.value) for row in rows}

    def drop_draft(self, who: str, item: str) -> None:
        """Forgets what somebody had begun to say of an item."""
        if (who, item) in self._drafted:
            with self._base.writing("write a draft to") as connection:
                connection.execute(sa.delete(DRAFT).where(DRAFT.c.person == who, DRAFT.c.item == item))
            self._drafted.discard((who, item))

    def forget(self, who: str) -> None:
        """Knows nothing any more of what somebody had begun to say."""
        self._drafted = {drafted for drafted in self._drafted if drafted[0] != who}
        self._counts = (-1e9, {})

    def close(self) -> None:
        """Closes the queue."""
        if self._opened is not None:
            self._opened.close()

    def _refuses(self, turn: Turn) -> ArgumentError | None:
        """Why the schema has no such label."""
        refused = self.schema.refuses(turn.value) if turn.kind == "answered" else None
        return None if refused is None else ArgumentError(refused)

    def _claim(self, item: str, who: str) -> Claim:
        claim = self.slots.claimed(item, who)
        if claim is None:
            raise ArgumentError(f"you were not asked about {item!r:.80}: ask for the next items first")
        return claim

    def _still(self, item: str, who: str) -> Claim | None:
        return next((claim for claim in self.slots.held(who) if claim.item == item), None)

    def _slot_counts(self) -> dict[str, int]:
        """The questions by state. One of gold is counted in the place of another one: counting tells nobody."""
        found = {state: count for state, count in self.slots.count().items() if state not in ("dropped", "gold")}
        slipped = Review(self.slots).slipped()
        for state in ("open", "leased", "answered"):
            hidden = min(slipped, found.get(state, 0))
            slipped -= hidden
            if hidden:
                found[state] -= hidden
        return found

    def _counted(self) -> tuple[dict[str, int], dict[str, dict[str, tuple[int, float]]]]:
        """Counts over the whole queue, not more often than every second."""
        now = self._clock()
        if not 0 <= now - self._counts[0] < _STALE:
            self._counts = (now, {"slots": self._slot_counts(), "tally": self.slots.tally()})
        return self._counts[1]["slots"], self._counts[1]["tally"]


def _message(turn: Turn) -> Message:
    # labels of an item have no order
    value = sorted(set(turn.value)) if isinstance(turn.value, list) else turn.value
    return Message(turn.kind, turn.item, turn.who, turn.uuid, value, seconds=turn.seconds)


def _raised(found: Served | ExploraError) -> Served:
    if isinstance(found, ExploraError):
        raise found
    return found
