"""Runs whose answers come late, in parts and out of order: from people with a queue."""

import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explora.adapters import Queue
from explora.core import Parts
from explora.domains.pool import Nobody, Pool, Source
from explora.explorers import Query
from explora.explorers.query import Random
from explora.learners import Supervised
from explora.runs import Finished, Plan, Watcher, load, resume, run
from explora.runs import read as read_run
from explora.store import RunFolder, Slots
from explora.testing import Middles

ITEMS = 24


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table without any label: what is right is on which side of zero x lies."""
    x = np.random.default_rng(0).normal(size=ITEMS).round(3)
    path = tmp_path / "items.csv"
    path.write_text("id,x,label\n" + "".join(f"i{n},{value},\n" for n, value in enumerate(x)))
    return path


def parts(table: Path, **query: Any) -> Parts:
    pool = Pool(
        Source(str(table), target="label"), Queue(str(table.with_name("queue.db"))), kind="classes", held_out=0.0
    )
    return Parts(pool, Supervised(Middles()), Query(Random(), **query))


def queue_of(what: Parts) -> Slots:
    assert isinstance(what.domain, Pool)
    assert isinstance(what.domain.oracle, Queue)
    return what.domain.oracle.slots


class Person(threading.Thread):
    """Answers whatever comes, in an odd order, and skips every seventh item."""

    def __init__(self, path: Path, who: str = "ann"):
        super().__init__(daemon=True)
        self.path, self.who, self.done, self.asked = path, who, threading.Event(), []
        self.most = 0

    def run(self) -> None:
        slots = Slots(self.path)
        while not self.done.is_set():
            claims = [claim for claim in (slots.claim(self.who) for _ in range(2)) if claim is not None]
            self.most = max(self.most, sum(slots.count().get(state, 0) for state in ("open", "leased")))
            for claim in reversed(claims):
                self.asked.append(claim.item)
                uuid = f"{claim.slot}-{claim.attempt}"
                if int(claim.item[1:]) % 7 == 6:
                    slots.skip(claim, uuid)
                else:
                    slots.answer(claim, uuid, "right" if claim.shown["x"] > 0 else "left")
            time.sleep(0.01)
        slots.close()


def with_person(table: Path, work) -> tuple[Person, Finished]:
    person = Person(table.with_name("queue.db"))
    person.start()
    try:
        return person, work()
    finally:
        person.done.set()
        person.join()


def told(out: Path) -> list[tuple[str, str]]:
    with RunFolder.open(out) as folder:
        return [(row.data["item"], row.data["status"]) for row in folder.database.journal("answer")]


class Seen(Watcher):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.names: list[frozenset[str]] = []
        self.calls: list[int] = []
        self.notes: list[str] = []

    def recorded(self, progress) -> None:
        self.names.append(frozenset(progress.metrics))
        self.calls.append(progress.calls)

    def noted(self, message: str) -> None:
        self.notes.append(message)


def test_a_run_takes_answers_as_they_come_and_ends_when_all_have(table: Path, tmp_path: Path):
    out, seen = tmp_path / "run", Seen()
    begin = lambda: run(parts(table, batch=4, budget=10), Plan(), out=out, watchers=(seen,))
    person, finished = with_person(table, begin)
    assert finished.reason == "finished"
    answers = told(out)
    assert len(person.asked) == len(set(person.asked)) == 10
    assert sorted(item for item, _ in answers) == sorted(person.asked)
    assert person.most <= 4
    assert len(set(seen.names)) == 1
    assert seen.calls[-1] == 10
    skipped = {item for item, status in answers if status == "skipped"}
    assert skipped == {item for item in person.asked if int(item[1:]) % 7 == 6}
    player = load(out)
    assert int((player.state.learner.weights > 0).sum()) == 10 - len(skipped)


def test_more_may_be_out_than_a_batch(table: Path, tmp_path: Path):
    what, seen = parts(table, batch=4, ahead=12), Seen()
    run(what, Plan(minutes=1.5 / 60), out=tmp_path / "run", watchers=(seen,))
    assert queue_of(what).count() == {"open": 12}
    assert seen.notes == ["waiting for answers; Ctrl-C stops cleanly, and no answer is lost"]


def test_nobody_is_waited_for_who_never_answers(table: Path, tmp_path: Path):
    pool = Pool(Source(str(table), target="label"), Nobody(), kind="classes", held_out=0.0)
    what = Parts(pool, Supervised(Middles()), Query(Random(), batch=4))
    assert run(what, Plan(), out=tmp_path / "run").reason == "finished"


@pytest.mark.slow
def test_a_correction_reaches_the_model_and_an_answer_between_two_sittings_too(table: Path, tmp_path: Path):
    out, what = tmp_path / "run", parts(table, batch=3, budget=3)
    short = Plan(minutes=1.0 / 60)
    assert run(what, short, out=out).reason == "finished"  # the time is over, and nobody has come
    slots = queue_of(what)
    claims = [claim for claim in (slots.claim("ann") for _ in range(4)) if claim is not None]
    assert len(claims) == 3
    for claim in claims[:2]:
        slots.answer(claim, f"u{claim.slot}", "left")
    resume(out, minutes=2.0 / 60)
    slots.answer(claims[0], "corrected", "right")
    slots.answer(claims[2], "third", "left")
    assert resume(out, minutes=30.0).reason == "finished"
    player = load(out)
    with RunFolder.open(out) as folder:
        pool: Any = read_run(folder)[0].domain
    known = {pool.items.ids[row] for row in np.flatnonzero(player.state.learner.weights)}
    assert known == {claim.item for claim in claims}
    assert told(out) == [(claims[0].item, "answered"), (claims[1].item, "answered")] + [
        (claim.item, "answered") for claim in (claims[0], claims[2])
    ]
    codes = player.state.learner.targets[[pool.items.place(claim.item) for claim in claims]]
    assert codes[1] == codes[2] != codes[0]


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_keeps_every_answer_and_asks_nothing_twice(table: Path, tmp_path: Path):
    out, queue = tmp_path / "run", table.with_name("queue.db")
    words = [
        *("run", "pool", "--data", str(table), "--target", "label", "--recipe", "random", "--quiet"),
        *("--domain.oracle", "queue", "--domain.oracle.path", str(queue), "--domain.kind", "classes"),
        *("--domain.held-out", "0", "--explorer.batch", "3", "--checkpoint", "1000", "--out", str(out)),
    ]
    command = [sys.executable, "-c", "import sys; from explora.cli import main; sys.exit(main())"]

    def sittings() -> int:
        generator = np.random.default_rng(1)
        for kills in itertools.count():
            again = ["resume", str(out), "--quiet"] if (out / "config.json").exists() else words
            process = subprocess.Popen([*command, *again], env=os.environ, stdout=subprocess.DEVNULL)
            try:
                process.wait(timeout=generator.uniform(3.0, 8.0) if kills < 4 else 120)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                continue
            assert process.returncode == 0
            return kills
        raise AssertionError("unreachable")

    person = Slow(queue)
    person.start()
    kills = sittings()
    person.done.set()
    person.join()
    assert kills > 0
    assert sorted(person.asked) == sorted(f"i{n}" for n in range(ITEMS))
    assert sorted(item for item, _ in told(out)) == sorted(person.asked)
    skipped = sum(int(item[1:]) % 7 == 6 for item in person.asked)
    assert int((load(out).state.learner.weights > 0).sum()) == ITEMS - skipped


class Slow(Person):
    """Needs a while for each answer."""

    def run(self) -> None:
        slots = Slots(self.path)
        while not self.done.is_set():
            claim = slots.claim(self.who)
            time.sleep(0.5)
            if claim is not None:
                self.asked.append(claim.item)
                if int(claim.item[1:]) % 7 == 6:
                    slots.skip(claim, f"{claim.slot}")
                else:
                    slots.answer(claim, f"{claim.slot}", "right" if claim.shown["x"] > 0 else "left")
        slots.close()
