"""Asking people: an oracle whose questions wait in a queue until somebody answers them."""

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from explora.core import UnknownName, between
from explora.domains.pool import Answer, Items, Oracle, Question
from explora.store import Slots, Word

_RULES = ("majority", "median")


class Queue(Oracle):
    """People, who answer when they find the time: a file holds what is asked, and what was said.

    A run puts its questions into the file and goes on as answers come in; whoever works on them speaks `Slots`
    (`claim`, `answer`, `skip`, …), from this machine or behind a server. What was answered while no run was open is not
    lost: the next one that opens the file finds it.

    Where several people are asked about an item, the run hears what they said together, by a stated rule; each single
    word stays in the file. Where they come to no decision the item counts as one that nobody knows.

    **Arguments:**

    - `path`: the file; it is made if it is not there.
    - `overlap`: how many people are asked about each item.
    - `skips`: after how many people have skipped an item it is given up.
    - `rule`: `"majority"` (none in a tie) or `"median"` of numbers (the lower of two).
    """

    late: ClassVar[bool] = True
    path: str = "queue.db"
    overlap: int = 1
    skips: int = 1
    rule: Literal["majority", "median"] = "majority"

    def __check_init__(self):
        between("overlap", self.overlap, 1)
        between("skips", self.skips, 1)
        if self.rule not in _RULES:
            raise UnknownName("rule", self.rule, _RULES)

    @property
    def slots(self) -> Slots:
        """The queue itself: what people and pages work with."""
        return _open(str(Path(self.path).absolute()))

    def given(self, items: Items) -> np.ndarray:
        return items.labelled

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        shown = [(items.ids[question.item], items.row(question.item)) for question in questions]
        self.slots.offer(shown, overlap=self.overlap, skips=self.skips)
        return [None] * len(questions)

    def news(self, items: Items, since: int) -> tuple[list[tuple[Question, Answer]], int]:
        settled, last = self.slots.settled(since)
        places = {item: items.place(item) for item in settled}
        found = [(Question(place), self._heard(settled[id])) for id, place in places.items() if place is not None]
        return found, last

    def _heard(self, words: list[Word]) -> Answer:
        """What several people said of one item."""
        cost, seconds = sum(word.cost for word in words), sum(word.seconds for word in words)
        values = [word.value for word in words if word.kind == "answered"]
        if not values:
            kind = "unsure" if any(word.kind == "unsure" for word in words) else "skipped"
            return Answer(None, kind, cost, seconds)
        value = _median(values) if self.rule == "median" else _majority(values)
        return Answer(value, "unsure" if value is None else "answered", cost, seconds)


def _majority(values: list[Any]) -> Any:
    """What most people said; None in a tie."""
    votes = Counter(repr(value) for value in values).most_common()
    if len(votes) > 1 and votes[0][1] == votes[1][1]:
        return None
    return next(value for value in values if repr(value) == votes[0][0])


def _median(values: list[Any]) -> Any:
    """The middle of what people said, the lower of two: what somebody said, and no average."""
    return sorted(values, key=float)[(len(values) - 1) // 2]


@lru_cache(maxsize=8)
def _open(path: str) -> Slots:
    return Slots(path)
