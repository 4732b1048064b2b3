"""Rounds against a model: what may be done, by whom, and what comes of it."""

import time
import uuid as names
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from explora.core import ArgumentError, UnknownName, between
from explora.runs import RoundExample, RoundVersions
from explora.store import find

from .._base import Base
from .._log import Act, EventLog
from . import _book as book
from ._book import Book, Example, Round, Terms
from ._counts import RoundCount, counted
from ._legal import example_of, may_judge, may_withdraw, may_write, still_open
from ._sparring import Reply, Sparring

_SYSTEM = "explora"


class Written(NamedTuple):
    """What became of an example that somebody sent.

    **Arguments:**

    - `example`: its id.
    - `reply`: what the version in the loop says of it.
    - `fools`: whether that is something else than its author says.
    - `again`: whether somebody had written the same in this round: it counts once.
    """

    example: str
    reply: Reply
    fools: bool
    again: bool


class Turned(NamedTuple):
    """An example to look at.

    **Arguments:**

    - `example`: its id.
    - `values`, `origin`: what stands in it, and the item of the pool of which it was made.
    - `until`: until when nobody else gets it instead [s since 1970].
    """

    example: str
    values: dict[str, Any]
    origin: str | None
    until: float


class Rounds:
    """Rounds against the model of a run: ask and tell, for scripts, tests and the server alike.

    Somebody writes an example and says what is right (`propose`); others, who are not told what the author said, say
    what is right to them (`next`, `say`); its owner ends the round (`close`), and what was confirmed teaches the next
    version. Everything is in the event log: the same log is the same rounds.

    **Arguments:**

    - `run`: the folder of the run.
    - `log`: where acts are written.
    - `lease`: for how long an example is somebody's to look at [s].
    - `clock`: the time [s since 1970].
    """

    def __init__(self, run: Path, log: EventLog, *, lease: float = 300.0, clock: Callable[[], float] = time.time):
        self.run, self.log, self.lease, self.clock = run, log, lease, clock
        self.model = Sparring(run)
        """What is played against."""
        self._book, self._lock = Book(), Lock()
        self._training = ThreadPoolExecutor(1, "fool-training")
        self._trained: Future[None] | None = None

    @classmethod
    @contextmanager
    def around(cls, run: Path | str) -> "Iterator[Rounds]":
        """The rounds of a run for a script; those of a server on the same folder are the same.

        **Arguments:**

        - `run`: the folder of the run, or its name under `runs`.

        **Raises:** `ArgumentError` if the run did not learn classes from labels.
        """
        path = find(run)
        base = Base(path / "people.db")
        rounds = cls(path, EventLog(base))
        try:
            rounds.start()
            rounds.model.wait()
            if rounds.model.problem is not None:
                raise ArgumentError(rounds.model.problem)
            yield rounds
        finally:
            rounds.shut()
            base.close()

    # --- the model ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to load the model, aside; a round that was ended and has no version yet gets one."""
        self.model.start(lambda: self.standing().now.version, self._loaded)

    def go_on(self) -> None:
        """Begins to load the model if a round was ended and its version is not there: nobody need ask for it."""
        if self.standing().now.state == "training":
            self.start()

    def forget(self) -> None:
        """Reads the log anew: somebody in it has another name now."""
        with self._lock:
            self._book = Book()

    def shut(self) -> None:
        """Lets go of the model; what is being trained is seen through."""
        self.model.shut()
        self._training.shutdown(wait=True, cancel_futures=True)

    @property
    def versions(self) -> RoundVersions:
        """The versions of the model.

        **Raises:** `NotThere` while it is being loaded, and if it cannot be.
        """
        self.start()
        return self.model.versions

    def ask(self, values: dict[str, Any], origin: str | None = None) -> "Future[Reply]":
        """What the version in the loop says of an example, as a promise: a worker asks it.

        **Arguments:**

        - `values`: what stands in the fields, by name.
        - `origin`: the item of the pool of which it was made.

        **Raises:** `ArgumentError` for values that do not fit; `NotThere` without a model.
        """
        return self.model.ask(self.versions.form.read(values, origin), origin, self.standing().now.version)

    # --- writing -----------------------------------------------------------------------------------------------------

    def propose(
        self,
        who: str,
        values: dict[str, Any],
        label: Any,
        *,
        origin: str | None = None,
        uuid: str | None = None,
        reply: Reply | None = None,
    ) -> Written:
        """Writes an example down.

        **Arguments:**

        - `who`: its author, by id.
        - `values`, `origin`: as for `ask`.
        - `label`: what is right, the author says.
        - `uuid`: of the act: sent again it counts once; None makes one.
        - `reply`: what the model said of it, if it was asked just now; it is asked again if that was another version.

        **Raises:** `ArgumentError` for what may not be: nothing, what is labelled or judged by already, what was
        settled before.
        """
        uuid, form = uuid or names.uuid4().hex, self.versions.form
        read, label = form.read(values, origin), form.label(label)
        address, version = form.address(read, origin), self.standing().now.version
        while True:
            reply = reply if reply is not None and reply.version == version else self.ask(values, origin).result()
            data = {"address": address, "values": read, "origin": origin, "label": label, "version": reply.version}
            data |= {"said": reply.label, "chance": reply.chances[0][1]}
            with self._writing("write an example to") as write:
                known = self._same(uuid, who, book.WROTE, {"address": address, "label": label})
                if known is None:
                    if self._book.now.version != reply.version:
                        version, reply = self._book.now.version, None
                        continue  # the next version has come meanwhile
                    may_write(self._book, self.model, who, address)
                    known = write(who, book.WROTE, {"round": self._book.now.number, **data}, uuid)
                return self._written(known, reply)

    def withdraw(self, who: str, example: str, uuid: str | None = None) -> None:
        """Takes back one's own example, as long as it is not settled.

        **Raises:** `ArgumentError` if it is, or is somebody else's.
        """
        uuid = uuid or names.uuid4().hex
        with self._writing("write to") as write:
            if self._same(uuid, who, book.WITHDREW, {"example": example}) is not None:
                return
            found = example_of(self._book, example)
            may_withdraw(self._book, who, found)
            write(who, book.WITHDREW, {"example": example}, uuid, undoes=found.claims[who][0])

    # --- judging -----------------------------------------------------------------------------------------------------

    def next(self, who: str, count: int = 1) -> list[Turned]:
        """Examples for somebody to look at: what they have already, filled up with others that nobody needs them for.

        Those that are said to fool the model come first, of these those that others have looked at already.
        """
        with self._writing("take an example from") as write:
            own, now = self._book.now, self.clock()
            if own.state != "open":
                return []
            mine = [e for e in own.examples.values() if e.open_to(who) and e.leases.get(who, 0.0) > now]
            free = [e for e in own.examples.values() if e.open_to(who) and e not in mine and e.free(now) > 0]
            free.sort(key=lambda e: (not e.claimed, -len(e.counted), int(e.id[1:])))
            for example in free[: max(0, count - len(mine))]:
                data = {"example": example.id, "until": now + self.lease}
                write(who, book.TOOK, data, names.uuid4().hex)
                mine.append(example)
            return [Turned(e.id, e.values, e.origin, e.leases[who]) for e in mine[:count]]

    def say(self, who: str, example: str, kind: str, label: Any = None, uuid: str | None = None) -> str:
        """Says what is right.

        **Arguments:**

        - `who`: the validator, by id.
        - `example`: from `next`.
        - `kind`: `label`; `invalid`: it makes no sense, nobody could say; `skipped`: it is not for me.
        - `label`: what is right.
        - `uuid`: of the act.

        **Returns:** how the example stands now: `open`, `agreed`, `refuted`, `invalid`.

        **Raises:** `ArgumentError` for one's own example, for one that one has judged, was never given, or that is
        settled.
        """
        if kind not in ("label", "invalid", "skipped"):
            raise UnknownName("verdict", kind, ["label", "invalid", "skipped"])
        uuid, label = uuid or names.uuid4().hex, self.versions.form.label(label) if kind == "label" else None
        data = {"example": example, "kind": kind, "label": label}
        with self._writing("write a verdict to") as write:
            if self._same(uuid, who, book.SAID, data) is None:
                found = example_of(self._book, example)
                may_judge(self._book, who, found, self.clock())
                write(who, book.SAID, data, uuid)
            return example_of(self._book, example).outcome.kind

    def retract(self, who: str, example: str, uuid: str | None = None) -> Turned | None:
        """Takes back a verdict, as long as the round is open.

        **Returns:** the example, theirs to look at again; None if others have settled it.
        """
        uuid = uuid or names.uuid4().hex
        with self._writing("take a verdict from") as write:
            found = example_of(self._book, example)
            if self._same(uuid, who, book.RETRACTED, {"example": example}) is None:
                still_open(self._book, found)
                if who not in found.votes:
                    raise ArgumentError("you have said nothing of this example that could be taken back")
                write(who, book.RETRACTED, {"example": example}, uuid, undoes=found.votes[who].act)
            now = self.clock()
            if found.open_to(who) and (found.leases.get(who, 0.0) > now or found.free(now) > 0):
                if found.leases.get(who, 0.0) <= now:
                    write(who, book.TOOK, {"example": example, "until": now + self.lease}, names.uuid4().hex)
                return Turned(found.id, found.values, found.origin, found.leases[who])
            return None

    # --- rounds ------------------------------------------------------------------------------------------------------

    def agree(self, who: str, terms: Terms, uuid: str | None = None) -> Terms:
        """Says what holds from the next round on; already in this one if nobody has written anything yet."""
        between("validators", terms.validators, 1, 20)
        between("share", terms.share, 0.0, 0.9)
        uuid = uuid or names.uuid4().hex
        with self._writing("write to") as write:
            if self._same(uuid, who, book.TERMS, terms._asdict()) is None:
                write(who, book.TERMS, terms._asdict(), uuid)
            return self._book.now.terms

    def close(self, who: str, uuid: str | None = None, *, number: int | None = None, wait: bool = False) -> int:
        """Ends the round: what was confirmed teaches the next version, aside; then the next round begins.

        Examples that are not settled are left out, and stay so.

        **Arguments:**

        - `who`: whoever ends it.
        - `uuid`: of the act.
        - `number`: of the round that is meant; None: whichever is open.
        - `wait`: whether to wait for the version.

        **Returns:** the number of the round.
        """
        uuid, _ = uuid or names.uuid4().hex, self.versions
        with self._writing("end a round in") as write:
            known = self._same(uuid, who, book.CLOSED, {})
            if known is None:
                if self._book.now.state != "open" or number not in (None, self._book.now.number):
                    raise ArgumentError(f"round {number or self._book.now.number} is not open (any more)")
                known = write(who, book.CLOSED, {"round": self._book.now.number}, uuid)
                self._trained = self._training.submit(self._train)
        if wait and self._trained is not None:
            self._trained.result()
        return int(known.data["round"])

    def standing(self) -> Book:
        """All rounds as they stand; not to be changed."""
        with self._lock:
            self._book.apply(self.log.acts(after=self._book.last, kinds=book.KINDS, most=1_000_000))
            return self._book

    def counts(self) -> list[RoundCount]:
        """What each round amounts to."""
        standing = self.standing()
        with self._lock:
            return [counted(own) for own in standing.rounds]

    def mine(self, who: str, most: int = 50) -> list[tuple[Act, Example]]:
        """What somebody wrote and judged that stands, with the act, newest first."""
        standing = self.standing()
        with self._lock:
            acts = (standing.act(number) for e in standing.examples.values() for number in e.acts_of(who))
            found = sorted(acts, key=lambda act: -act.id)[:most]
            return [(act, standing.examples[standing.example_of(act)]) for act in found]

    def examples(self, number: int) -> list[Example]:
        """All examples of a round.

        **Raises:** `UnknownName` if there is none of that number.
        """
        standing = self.standing()
        if not 1 <= number <= len(standing.rounds):
            raise UnknownName("round", str(number), [str(own.number) for own in standing.rounds])
        with self._lock:
            return list(standing.rounds[number - 1].examples.values())

    def confirmed(self, number: int) -> tuple[RoundExample, ...]:
        """The examples of a round that validators confirmed."""
        return tuple(_confirmed(each) for each in self.examples(number) if each.outcome.kind == "agreed")

    # --- inside ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self, doing: str) -> Iterator[Callable[..., Act]]:
        """A transaction with the newest rounds in hand: what is found legal in it is written in it."""
        with self._lock:
            added: list[Act] = []
            try:
                with self.log.turn(doing, book.KINDS, self._book.last) as (connection, acts):
                    self._book.apply(acts)

                    def write(person: str, kind: str, data: Any, uuid: str, undoes: int | None = None) -> Act:
                        act, new = self.log.note(connection, person, kind, data, uuid, undoes=undoes)
                        if new:
                            added.append(act)
                            self._book.apply([act])
                        return act

                    yield write
            except BaseException:
                if added:  # it was not written after all: the rounds are what the log says
                    self._book = Book()
                raise

    def _same(self, uuid: str, who: str, kind: str, data: dict[str, Any]) -> Act | None:
        """The act of that name, if it was done before.

        **Raises:** `ArgumentError` if it was another one.
        """
        act = self._book.acts.get(uuid)
        if act is None:
            return None
        if (act.person, act.kind) != (who, kind) or any(act.data.get(name) != value for name, value in data.items()):
            raise ArgumentError(f"`uuid` {uuid!r} was used for another act; make a new one for each")
        return act

    def _written(self, act: Act, reply: Reply) -> Written:
        found = self._book.examples[self._book.example_of(act)]
        if reply.version != act.data["version"]:  # sent again after a new version has come
            reply = Reply(act.data["version"], act.data["said"], ((act.data["said"], act.data["chance"]),))
        again = any(number < act.id for number, _ in found.claims.values())
        return Written(found.id, reply, act.data["label"] != act.data["said"], again)

    def _loaded(self) -> None:
        if self.standing().now.state == "training":
            self._trained = self._training.submit(self._train)

    def _train(self) -> None:
        """Makes the version of a round that was ended; killed in between, it is begun again at the next start."""
        own = self.standing().now
        if own.state != "training":  # another server has made it
            return
        kind, data = book.TRAINED, {}
        try:
            data = self._made(own)
        except Exception as error:  # whatever somebody's model raises: the rounds go on with the version before
            kind, data = book.FAILED, {"round": own.number, "why": str(error)[:1000]}
        with self._writing("write to") as write:
            if self._book.now.state == "training" and self._book.now.number == own.number:
                write(_SYSTEM, kind, data, f"fool-round-{own.number}")
        if kind == book.TRAINED:
            self.model.look(own.number)

    def _made(self, own: Round) -> dict[str, Any]:
        confirmed = {number: self.confirmed(number) for number in range(1, own.number + 1)}
        facts = {"terms": own.terms._asdict(), "counts": counted(own)._asdict()}
        matrix = self.versions.train(own.number, confirmed, share=own.terms.share, facts=facts)
        suite = dict(zip(matrix.suites, matrix.sizes, strict=True)).get(f"round-{own.number:03d}", 0)
        train = len(confirmed[own.number]) - suite
        version = {"round": own.number, "version": own.number, "train": train, "suite": suite}
        return version | {"matrix": matrix._asdict() | {"right": [list(row) for row in matrix.right]}}


def _confirmed(example: Example) -> RoundExample:
    label = example.outcome.label
    return RoundExample(
        example.address,
        example.values,
        example.origin,
        label,
        example.said,
        example.version,
        tuple(sorted(who for who, (_, said) in example.claims.items() if said == label)),
        tuple(sorted(who for who, vote in example.votes.items() if vote.kind == "label" and vote.label == label)),
        example.fooled,
    )
