"""A model that goes by one word, to play rounds against without training anything."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from explora.core import ArgumentError
from explora.domains.pool import Pool, Source
from explora.people import Base, EventLog, Rounds
from explora.runs import ExampleForm, RoundExample, RoundMatrix, RoundVersions

ROWS = (
    "id,text,size,colour,since,label\n"
    "a,the soup was really very good,1,red,2026-01-02,good\n"
    "b,the bread was so very bad today,2,blue,2026-03-04 12:30,bad\n"
    "c,i found the fish to be good,,red,2025-12-31,good\n"
    "d,nobody could say the cake was bad,4,blue,,\n"
    "e,what a good and friendly place it is,5,red,2024-02-29,good\n"
    "f,bad bad bad is all one can say,6,blue,2026-05-06,bad\n"
    "g,held out soup that was very good,7,red,2026-07-08,good\n"
    "h,held out bread that was very bad,8,blue,2026-09-10,bad\n"
)


def form(place: Path) -> ExampleForm:
    """The form of a small table of texts, numbers and colours."""
    (place / "rows.csv").write_text(ROWS)
    source = Source(str(place / "rows.csv"), target="label", text=("text",))
    return ExampleForm(Pool(source, kind="classes", held_out=0.25))


class Toy(RoundVersions):
    """Says `good` if the word is in the text; from version 1 on the opposite if `not` is there too."""

    def __init__(self, place: Path):
        self.form = form(place)
        self.trained: list[dict[int, tuple[RoundExample, ...]]] = []
        self.broken = False

    @property
    def labelled(self) -> frozenset[int]:
        return frozenset(range(2))

    def answers(self, rows: Sequence[dict[str, Any]], origins: Sequence[str | None], version: int) -> list[Any]:
        found = []
        for row in rows:
            words = str(row["text"]).split()
            good = ("good" in words) != (version > 0 and "not" in words)
            found.append([("good", 0.8), ("bad", 0.2)] if good else [("bad", 0.8), ("good", 0.2)])
        return found

    def of_items(self, places: Sequence[int], version: int) -> list[Any]:
        return self.answers([self.form.values(place) for place in places], [None for _ in places], version)

    def train(
        self, number: int, rounds: Mapping[int, Sequence[RoundExample]], *, share: float, facts: dict[str, Any]
    ) -> RoundMatrix:
        if self.broken:
            raise ValueError("the disk is full")
        self.trained.append({each: tuple(part) for each, part in rounds.items()})
        return RoundMatrix((0, number), ("held-out", f"round-{number:03d}"), (2, 1), ((2, 0), (2, 1)))


def put(rounds: Rounds, place: Path) -> Toy:
    """Puts a toy in the place of the model of a run."""
    toy, model = Toy(place), rounds.model
    model._versions, model._started, model.labelled = toy, True, toy.labelled
    model._looked(toy, 0)
    model._ready.set()
    return toy


def crowd(bases: Sequence[Base], place: Path, people: int = 8, examples: int = 12) -> Rounds:
    """Everybody writes and judges at once, through several servers.

    **Returns:** the rounds as the log tells them to somebody who was not there.
    """
    servers = [Rounds(place, EventLog(base)) for base in bases]
    for rounds in servers:
        put(rounds, place)
    for number in range(examples):
        servers[0].propose("ann", {"text": f"number {number} is not good"}, "bad")

    def judges(who: str, rounds: Rounds) -> None:
        while turned := rounds.next(who, 2):
            for turn in turned:
                rounds.say(who, turn.example, "label", "bad")

    threads = [threading.Thread(target=judges, args=(f"judge-{n}", servers[n % len(servers)])) for n in range(people)]
    writing = [threading.Thread(target=_same, args=(f"writer-{n}", servers[n % len(servers)])) for n in range(people)]
    for thread in (*threads, *writing):
        thread.start()
    for thread in (*threads, *writing):
        thread.join()
    for rounds in servers:
        rounds.shut()
    return Rounds(place, EventLog(bases[0]))


def _same(who: str, rounds: Rounds) -> None:
    """Writes what everybody writes at the same moment."""
    with suppress(ArgumentError):  # it may be settled already
        rounds.propose(who, {"text": "the same was not good"}, "bad")
