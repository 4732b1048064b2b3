"""What the owner of the questions does: gold, decisions, how many are asked, how people do."""

import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from explora.core import ArgumentError
from explora.store import Claim, Gold, Overseer, Review, Word

from .._log import EventLog
from ._consensus import Decides, Likely, Together, likely, together
from ._desk import Desk
from ._gold import GoldRule, Score, blended, scores

_STALE = 1.0  # how long what was read of the whole queue is good for [s]
_OPINION = 10.0  # … and CROWDLAB's opinions [s]
_RULE = "gold rule"  # the kind of the act that sets it


class Dispute(NamedTuple):
    """An item that people labelled in different ways.

    **Arguments:**

    - `item`: its id.
    - `shown`: what is shown of it.
    - `words`: what people last said.
    - `together`: what they say together.
    - `likely`: CROWDLAB's opinion; None where it has none.
    """

    item: str
    shown: Any
    words: tuple[Word, ...]
    together: Together
    likely: Likely | None


class Oversight:
    """What the owner of the questions does, and what they see of those who answer.

    **Arguments:**

    - `desk`: through which people get questions; gold is slipped in there.
    - `log`: where settings are written down.
    - `shown`: what is shown of an item of the run's data, by id; None where there is no such item.
    - `rule`: by which the run decides between answers.
    - `asked`: how many people the run asks about each item.
    - `rng`: decides when gold is slipped in, and which.
    - `clock`: the time [s since 1970].
    """

    def __init__(
        self,
        desk: Desk,
        log: EventLog,
        *,
        shown: Callable[[str], Any] = lambda item: None,
        rule: Decides = "majority",
        asked: int = 1,
        rng: np.random.Generator | None = None,
        clock: Callable[[], float] = time.time,
    ):
        self.desk, self.asked = desk, asked
        self.rule: Decides = rule
        self._log, self._shown, self._clock = log, shown, clock
        self._rng = np.random.default_rng() if rng is None else rng
        self._lock, self._opened = Lock(), None
        self._opinions: tuple[float, dict[str, Likely]] = (-1e9, {})
        self._gold_rule: tuple[float, GoldRule] | None = None
        desk.fresh, desk.mixed = self.fresh, lambda: self.gold_rule.rate > 0

    @property
    def overseer(self) -> Overseer:
        """The owner's side of the queue."""
        slots = self.desk.slots
        with self._lock:
            if self._opened is None:
                self._opened = Overseer(slots, rng=self._rng), Review(slots)
            return self._opened[0]

    @property
    def review(self) -> Review:
        """The owner's view of the queue."""
        _ = self.overseer
        assert self._opened is not None  # just now
        return self._opened[1]

    def fresh(self, who: str, count: int) -> list[Claim]:
        """New questions for somebody, gold among them."""
        desk = self.desk
        return blended(
            self.draw(count),
            claim=lambda number: desk.claim_new(who, number),
            slip=lambda: self.overseer.slip(who, desk.now(), desk.lease),
            more=lambda: self.review.available(who, desk.now()),
        )

    def draw(self, count: int) -> list[bool]:
        """Which of so many questions are to be gold, by chance."""
        with self._lock:  # several people ask at once
            return (self._rng.random(count) < self.gold_rule.rate).tolist()

    @property
    def gold_rule(self) -> GoldRule:
        """How gold is used, by the latest word of an owner."""
        now, known = self._clock(), self._gold_rule
        if known is None or not 0 <= now - known[0] < _STALE:
            act = self._log.standing(_RULE)
            known = now, GoldRule() if act is None else GoldRule.model_validate(act.data)
            self._gold_rule = known
        return known[1]

    def set_gold_rule(self, who: str, rule: GoldRule, uuid: str) -> GoldRule:
        """Says how gold is used from now on."""
        self._log.append(who, _RULE, rule.model_dump(), uuid)
        self._gold_rule = None
        return self.gold_rule

    def mark(self, who: str, known: Sequence[tuple[str, Any]], uuid: str) -> tuple[int, list[str]]:
        """Says what the answers to some items are; each is marked or refused by itself.

        **Arguments:**

        - `who`: the owner.
        - `known`: pairs of item and answer.
        - `uuid`: of the act; each item's own is made of it.

        **Returns:** how many are marked, and why others are not, a sentence each.
        """
        marked, refused = 0, []
        for number, (item, value) in enumerate(known):
            why = self.desk.schema.refuses(value)
            try:
                if why is not None:
                    raise ArgumentError(f"{item!r:.80}: {why}")
                self.overseer.mark(who, item, value, f"{uuid}.{number}", shown=self._shown(item))
                marked += 1
            except ArgumentError as error:
                refused.append(str(error))
        return marked, refused

    def unmark(self, who: str, item: str, uuid: str) -> bool:
        """Takes back that an item is gold."""
        return self.overseer.unmark(who, item, uuid)

    def gold(self) -> tuple[list[Gold], list[Score]]:
        """The items that are gold, and how people do on them."""
        golds = self.overseer.golds()
        words = self.review.words_of([gold.item for gold in golds])
        return golds, scores(golds, words, self.gold_rule.tolerance)

    def disputes(self, *, decided: bool = False, offset: int = 0, count: int = 20) -> tuple[list[Dispute], int]:
        """The items that people labelled in different ways, some of them, and how many there are.

        **Arguments:**

        - `decided`: those that an owner has decided; else those that nobody has.
        - `offset`, `count`: which of them.
        """
        items, all_ = self.review.disputed(decided=decided, offset=offset, count=count)
        words, shown = self.review.words_of(items), self.review.shown(items)
        opinions = self._likely() if items else {}
        found = [
            Dispute(item, shown.get(item), tuple(words[item]), together(words[item], self.rule), opinions.get(item))
            for item in items
        ]
        return found, all_

    def decide(self, who: str, item: str, value: Any, uuid: str) -> bool:
        """Says what counts as the answer to an item.

        **Raises:** `ArgumentError` for a label that the schema has not.
        """
        why = self.desk.schema.refuses(value)
        if why is not None:
            raise ArgumentError(why)
        return self.overseer.decide(who, item, value, uuid)

    def undecide(self, who: str, uuid: str, item: str | None = None) -> str | None:
        """Takes back a decision; without an item the newest."""
        return self.overseer.undecide(who, uuid, item)

    @property
    def overlap(self) -> int:
        """How many people are asked about each item."""
        return self.overseer.overlap() or self.asked

    def set_overlap(self, who: str, overlap: int, uuid: str, *, again: bool) -> int:
        """Says how many people are asked about each item, also about those of which enough had been said."""
        self.overseer.set_overlap(who, overlap, uuid, again=again)
        return self.overlap

    def _likely(self) -> dict[str, Likely]:
        """CROWDLAB's opinions; they take all answers together, which is a little work."""
        now = self._clock()
        if not 0 <= now - self._opinions[0] < _OPINION:
            by_item: dict[str, list[Word]] = {}
            for word in self.desk.slots.words():
                by_item.setdefault(word.item, []).append(word)
            self._opinions = now, likely(by_item)
        return self._opinions[1]
