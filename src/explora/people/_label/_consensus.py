"""What people say together of an item: the one rule that pages, exports and the run go by."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from explora.adapters import Queue
from explora.maths import crowdlab
from explora.store import DECIDED, GOLD, Word

Rule = Literal["gold", "decided", "one answer", "all agree", "majority", "median", "open"]

Decides = Literal["majority", "median"]
"""What a run goes by where answers differ."""


class Together(NamedTuple):
    """What people say together of an item.

    **Arguments:**

    - `value`: the label; None where there is none.
    - `rule`: what it goes by: `gold` (an owner knows the answer), `decided` (an owner has), `one answer`, `all agree`,
      `majority` or `median` (the rule of the run); `open` where that comes to no decision, or nobody has answered.
    """

    value: Any
    rule: Rule


class Likely(NamedTuple):
    """What CROWDLAB makes of the answers to an item.

    **Arguments:**

    - `value`: the likeliest label.
    - `quality`: how likely it is right.
    """

    value: Any
    quality: float


def together(words: Sequence[Word], rule: Decides = "majority") -> Together:
    """What people say together of an item, exactly as the run hears it; but gold it does not hear.

    **Arguments:**

    - `words`: everybody's last word on it.
    - `rule`: that of the run's `Queue`.
    """
    special: dict[str, Rule] = {GOLD: "gold", DECIDED: "decided"}
    found = next((word for word in words if word.annotator in special), None)
    if found is not None:
        return Together(found.value, special[found.annotator])
    values = [word.value for word in words if word.kind == "answered"]
    heard = Queue(rule=rule).together(words)
    if heard.status != "answered":
        return Together(None, "open")
    alike = len({repr(value) for value in values}) == 1
    return Together(heard.value, "one answer" if len(values) == 1 else "all agree" if alike else rule)


def likely(words: Mapping[str, Sequence[Word]]) -> dict[str, Likely]:
    """CROWDLAB's opinion of every item with several answers, from how far people agree with each other.

    The run's model is left out: it has learned from these very answers. So this is a vote in which everybody counts as
    much as they agree with the others; numbers and texts that nobody says twice give nothing to go by.

    **Arguments:**

    - `words`: everybody's last word, by item.
    """
    said = {item: [w for w in about if w.kind in ("answered", "surplus")] for item, about in words.items()}
    said = {item: about for item, about in said.items() if len(about) > 1}
    values = {repr(word.value): word.value for about in said.values() for word in about}
    if len(values) < 2:
        return {}
    names, people = sorted(values), sorted({word.annotator for about in said.values() for word in about})
    code = {name: number for number, name in enumerate(names)}
    column = {who: number for number, who in enumerate(people)}
    votes = np.full((len(said), len(people)), -1, np.int64)
    for row, about in enumerate(said.values()):
        for word in about:
            votes[row, column[word.annotator]] = code[repr(word.value)]
    found = crowdlab(votes, np.full((len(said), len(names)), 1 / len(names)))
    picked = zip(said, found.labels.tolist(), found.quality.tolist(), strict=True)
    return {item: Likely(values[names[label]], quality) for item, label, quality in picked}
