"""What goes to and fro between a queue and people: claims, messages, words."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


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


class Message(NamedTuple):
    """What somebody says of an item, on its way to the queue.

    **Arguments:**

    - `kind`: `"answered"`, `"skipped"` or `"unsure"`.
    - `item`: its id.
    - `annotator`: who says it.
    - `uuid`: made by whoever says it, another one for every message.
    - `value`: the label, as JSON; None without an answer.
    - `cost`: what it cost, in whatever is charged.
    - `seconds`: how long it took [s]; None: since it was claimed.
    - `slot`: the slot that was claimed; None: whichever the person was given last.
    """

    kind: str
    item: str
    annotator: str
    uuid: str
    value: Any = None
    cost: float = 1.0
    seconds: float | None = None
    slot: int | None = None


def claim_of(row: Any) -> Claim:
    """A claim out of a row of the database."""
    return Claim(row.slot, row.item, row.annotator, row.attempt, row.until, json.loads(row.shown))


def words_of(rows: Iterable[Any]) -> Iterator[Word]:
    """Words out of rows of the database."""
    for row in rows:
        value = None if row.value is None else json.loads(row.value)
        yield Word(row.item, row.annotator, row.kind, value, row.cost, row.seconds)
