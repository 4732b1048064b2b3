"""How far people agree."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from explora.maths import cohen_kappa, krippendorff_alpha
from explora.store import Word

_MOST = 30  # people whose pairs are compared: those who answered most


class Pair(NamedTuple):
    """Two people who answered some of the same items.

    **Arguments:**

    - `first`, `second`: who.
    - `items`: how many items both answered.
    - `same`: on how many of them they said the same.
    - `kappa`: Cohen's κ on them.
    """

    first: str
    second: str
    items: int
    same: int
    kappa: float


class Agreement(NamedTuple):
    """How far people agree.

    **Arguments:**

    - `alpha`: Krippendorff's α of all answers; None if no item was answered twice.
    - `items`: how many items were answered by more than one person.
    - `pairs`: everybody who shares an item with somebody else, those who share most first.
    - `disputed`: items with different answers, at most a hundred.
    """

    alpha: float | None
    items: int
    pairs: tuple[Pair, ...]
    disputed: tuple[str, ...]


def agreement(words: Sequence[Word]) -> Agreement:
    """How far people agree on classes; two labels are the same if they read the same.

    **Arguments:**

    - `words`: everybody's last word on every item; skips and the like do not count.
    """
    answers = [word for word in words if word.kind in ("answered", "surplus") and word.value is not None]
    people = sorted({word.annotator for word in answers})
    items = sorted({word.item for word in answers})
    classes = {said: code for code, said in enumerate(sorted({str(word.value) for word in answers}))}
    rows = {item: row for row, item in enumerate(items)}
    columns = {who: column for column, who in enumerate(people)}
    votes = np.full((len(items), len(people)), -1, np.int64)
    for word in answers:
        votes[rows[word.item], columns[word.annotator]] = classes[str(word.value)]
    many = (votes >= 0).sum(1) > 1
    alpha = krippendorff_alpha(votes) if many.any() else float("nan")
    highest, lowest = votes.max(1, initial=-1), np.where(votes < 0, len(classes), votes).min(1, initial=len(classes))
    disputed = [items[row] for row in np.flatnonzero(many & (highest != lowest))[:100]]
    known = float(alpha) if np.isfinite(alpha) else None
    return Agreement(known, int(many.sum()), _pairs(votes, people), tuple(disputed))


def _pairs(votes: np.ndarray, people: list[str]) -> tuple[Pair, ...]:
    busiest = sorted(np.argsort(-(votes >= 0).sum(0), kind="stable")[:_MOST].tolist())
    found = []
    for first, second in combinations(busiest, 2):
        both = (votes[:, first] >= 0) & (votes[:, second] >= 0)
        if both.any():
            left, right = votes[both, first], votes[both, second]
            same = int((left == right).sum())
            found.append(Pair(people[first], people[second], int(both.sum()), same, cohen_kappa(left, right)))
    return tuple(sorted(found, key=lambda pair: -pair.items))
