"""Asking people: an oracle whose questions wait in a queue until somebody answers them."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from explora.core import UnknownName, between
from explora.domains.pool import Answer, Items, Oracle, Question
from explora.store import DECIDED, GOLD, QUEUE, Overseer, Slots, Word

_RULES = ("majority", "median")
_KEPT_BACK = Answer(None, "unsure", 0.0)
"""What a run hears of an item whose answer is known to an owner."""


class Queue(Oracle):
    """People, who answer when they find the time: a queue holds what is asked, and what was said.

    A run puts its questions into the queue and goes on as answers come in; whoever works on them speaks `Slots`
    (`claim`, `answer`, `skip`, …), from this machine or behind a server. What was answered while no run was open is not
    lost: the next one that opens the queue finds it.

    Where several people are asked about an item, the run hears what they said together, by a stated rule; each single
    word stays in the queue. Where they come to no decision the item counts as one that nobody knows. What an owner has
    decided of an item (`Overseer.decide`) counts, whatever people said. Of an item whose answer an owner knows (gold)
    the run hears that nobody knows: how well people do is seen by it, and no model learns from it.

    **Arguments:**

    - `path`: the file, which is made if it is not there; or `postgresql://USER@HOST/DATABASE`.
    - `schema`: in which schema of that server the queue lies; runs with the same one share their questions.
    - `overlap`: how many people are asked about each item, as long as no owner has said otherwise.
    - `skips`: after how many people have skipped an item it is given up.
    - `rule`: `"majority"` (none in a tie) or `"median"` of numbers (the lower of two).
    """

    late: ClassVar[bool] = True
    path: str = "queue.db"
    overlap: int = 1
    skips: int = 1
    rule: Literal["majority", "median"] = "majority"
    schema: str = QUEUE

    def __check_init__(self):
        between("overlap", self.overlap, 1)
        between("skips", self.skips, 1)
        if self.rule not in _RULES:
            raise UnknownName("rule", self.rule, _RULES)

    @property
    def slots(self) -> Slots:
        """The queue itself: what people and pages work with."""
        return _open(self.path if "://" in self.path else str(Path(self.path).absolute()), self.schema)

    def given(self, items: Items) -> np.ndarray:
        return items.labelled

    @property
    def overseer(self) -> Overseer:
        """What an owner does with the queue."""
        return _overseer(self.slots)

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        golds = {gold.item for gold in self.overseer.golds()}
        ids = [items.ids[question.item] for question in questions]
        shown = [(id, items.row(q.item)) for id, q in zip(ids, questions, strict=True) if id not in golds]
        self.slots.offer(shown, overlap=self.overseer.overlap() or self.overlap, skips=self.skips)
        return [_KEPT_BACK if id in golds else None for id in ids]

    def news(self, items: Items, since: int) -> tuple[list[tuple[Question, Answer]], int]:
        golds = self.overseer.golds()  # before the words: what is marked in between has none yet
        settled, last = self.slots.settled(since)
        heard = {gold.item: _KEPT_BACK for gold in golds if gold.asked}
        heard |= {id: self.together(words) for id, words in settled.items() if not _is_gold(words)}
        places = {id: items.place(id) for id in heard}
        return [(Question(place), heard[id]) for id, place in places.items() if place is not None], last

    def together(self, words: Sequence[Word]) -> Answer:
        """What several people said of one item: what was decided, or else what they say by the rule.

        **Arguments:**

        - `words`: everybody's last word on it.
        """
        cost, seconds = sum(word.cost for word in words), sum(word.seconds for word in words)
        decided = next((word.value for word in words if word.annotator == DECIDED), None)
        if decided is not None:
            return Answer(decided, "answered", cost, seconds)
        values = [word.value for word in words if word.kind == "answered"]
        if not values:
            kind = "unsure" if any(word.kind == "unsure" for word in words) else "skipped"
            return Answer(None, kind, cost, seconds)
        value = _median(values) if self.rule == "median" else _majority(values)
        return Answer(value, "unsure" if value is None else "answered", cost, seconds)


def _is_gold(words: Sequence[Word]) -> bool:
    return any(word.annotator == GOLD for word in words)


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
def _open(path: str, schema: str) -> Slots:
    return Slots(path, schema=schema)


@lru_cache(maxsize=8)
def _overseer(slots: Slots) -> Overseer:
    return Overseer(slots)
