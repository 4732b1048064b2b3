"""Gold: items whose answers are known, slipped in among the questions to see how well people do."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field

from explora.maths import wilson
from explora.store import Claim, Gold, Word


class GoldRule(BaseModel):
    """How gold is used.

    **Arguments:**

    - `rate`: which share of the questions that people get are gold; each by chance.
    - `tolerance`: numbers that differ from the known answer by no more than this are right.
    """

    rate: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.0
    tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class Score(NamedTuple):
    """How somebody does on gold.

    **Arguments:**

    - `who`: the person.
    - `right`, `answered`: how many answers are right, of how many.
    - `low`, `high`: Wilson's 95 % interval of the share.
    - `none`: how often they gave no label.
    """

    who: str
    right: int
    answered: int
    low: float
    high: float
    none: int


def scores(golds: Sequence[Gold], words: Mapping[str, Sequence[Word]], tolerance: float = 0.0) -> list[Score]:
    """How everybody does on gold, whoever answered most first.

    **Arguments:**

    - `golds`: the items whose answers are known.
    - `words`: everybody's last word on them, by item.
    - `tolerance`: by how much a number may differ.
    """
    count: dict[str, list[int]] = {}
    for gold in golds:
        for word in words.get(gold.item, ()) if gold.stands else ():
            mine = count.setdefault(word.annotator, [0, 0, 0])
            if word.kind in ("answered", "surplus"):
                mine[0] += same(word.value, gold.value, tolerance)
                mine[1] += 1
            elif word.kind in ("skipped", "unsure"):
                mine[2] += 1
            else:
                count.pop(word.annotator)  # the known answer itself
    found = [Score(who, right, all_, *wilson(float(right), all_), none) for who, (right, all_, none) in count.items()]
    return sorted(found, key=lambda score: (-score.answered, score.who))


def same(value: Any, known: Any, tolerance: float = 0.0) -> bool:
    """Whether an answer is the known one: lists in any order, numbers within a tolerance."""
    if isinstance(value, list) and isinstance(known, list):
        return sorted(map(str, value)) == sorted(map(str, known))
    numbers = [float(x) for x in (value, known) if isinstance(x, int | float) and not isinstance(x, bool)]
    if len(numbers) == 2:
        return math.isclose(*numbers, rel_tol=1e-9, abs_tol=tolerance)
    return str(value) == str(known)


def blended(
    places: Sequence[bool],
    *,
    claim: Callable[[int], list[Claim]],
    slip: Callable[[], Claim | None],
    more: Callable[[], bool],
) -> list[Claim]:
    """New questions for somebody, gold among them.

    Gold comes only where the run has something to ask too: nobody can tell it by being asked when all is answered.

    **Arguments:**

    - `places`: for each question that is wanted whether it is to be gold.
    - `claim`: so many questions of the run.
    - `slip`: one of gold; None if there is none left.
    - `more`: whether the run has a question for this person.

    **Returns:** the questions, each theirs from a later moment than the one before.
    """
    found: list[Claim] = []
    at = 0
    while at < len(places):
        if places[at] and (found or more()) and (gold := slip()) is not None:
            found.append(gold)
            at += 1
            continue
        end = next((place for place in range(at + 1, len(places)) if places[place]), len(places))
        following = claim(end - at)
        found += following
        if len(following) < end - at:
            break
        at = end
    return found
