"""What labels mean: classes, numbers, or several classes at once."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int32, Int64

from explora.core import ArgumentError, UnknownName

from ._table import missing

_KINDS = ("classes", "numbers", "labels")
_FEW = 20  # whole numbers of at most so many values are classes
_SHARE = 0.01  # … or of at most this share of the labels
_BAR = "|"

Plain = str | int | float | bool


class Target(eqx.Module):
    """What the labels of a pool mean, and which number stands for which.

    Two labels are the same class if they read the same: 1, 1.0 and "1" are one class, True and "True" another. A class
    that appears later goes to the end of the list, so that codes never change: every model, answer and checkpoint that
    knows a code means the same by it for ever.

    **Arguments:**

    - `kind`: `"classes"` (one of several), `"numbers"` (regression), `"labels"` (any number of several, a multi-label
      target).
    - `classes`: the known classes, as the user wrote them; the code of each is its place. Empty for numbers.

    **Raises:** `ArgumentError` for a class that is listed twice.
    """

    version: ClassVar[int] = 1

    kind: str = eqx.field(static=True)
    classes: tuple[Plain, ...] = eqx.field(static=True, default=())

    def __check_init__(self):
        if self.kind not in _KINDS:
            raise UnknownName("kind of target", self.kind, _KINDS)
        if len({_key(name) for name in self.classes}) < len(self.classes):
            raise ArgumentError(f"`classes` must differ from each other, got {self.classes}")
        if self.kind == "numbers" and self.classes:
            raise ArgumentError(f"a target of numbers has no classes, got {self.classes}")

    @classmethod
    def of(cls, labels: Sequence[Any], kind: str = "auto") -> "Target":
        """The target of some labels.

        **Arguments:**

        - `labels`: as in `Items`; None where unknown.
        - `kind`: as the field, or `"auto"`: lists and texts with bars (`a|b|c`) are `"labels"`; numbers with fractions,
          and whole numbers of more than 20 values and more than a hundredth of the labels, are `"numbers"`; all else,
          also no label at all, is `"classes"`.

        **Raises:** `ArgumentError` for labels that are not of the kind.
        """
        chosen = _detect(labels) if kind == "auto" else kind
        return cls(chosen).grown(labels)

    def grown(self, labels: Sequence[Any]) -> "Target":
        """The target with the classes of further labels, the new ones in their natural order behind the known.

        **Raises:** `ArgumentError` for a label that is not of the kind.
        """
        if self.kind == "numbers":
            self.encode(labels)
            return self
        known = {_key(name) for name in self.classes}
        new: dict[str, Plain] = {}
        for place, label in _distinct(labels)[0]:
            for name in self._names(label, place):
                if _key(name) not in known:
                    new.setdefault(_key(name), name)
        return Target(self.kind, (*self.classes, *sorted(new.values(), key=_order))) if new else self

    def encode(self, labels: Sequence[Any]) -> Int32[np.ndarray, " items"] | Float[np.ndarray, "items ..."]:
        """The numbers of labels.

        **Returns:** for classes the codes, -1 where a label is missing; for numbers these, NaN where one is missing;
        for several labels at once a row of zeros and ones, NaN throughout where they are missing.

        **Raises:** `ArgumentError` for a label that is not of the kind, or a class that is not known (see `grown`).
        """
        firsts, index = _distinct(labels)
        if self.kind == "numbers":
            return np.array([self._number(label, place) for place, label in firsts], np.float64)[index]
        codes = {_key(name): code for code, name in enumerate(self.classes)}
        found = [[self._code(codes, name, place) for name in self._names(label, place)] for place, label in firsts]
        if self.kind == "classes":
            return np.array([own[0] if own else -1 for own in found], np.int32)[index]
        rows = np.zeros((len(firsts), len(self.classes)), np.float32)
        for row, own, (_, label) in zip(rows, found, firsts):
            row[own] = 1
            if _unknown(label):
                row[:] = np.nan
        return rows[index]

    def decode(self, codes: Any) -> list[Any]:
        """The labels of numbers, as the user wrote them; None where one is missing."""
        if self.kind == "classes":
            return [None if code < 0 else self.classes[code] for code in np.asarray(codes).tolist()]
        if self.kind == "numbers":
            return [None if math.isnan(x) else x for x in np.asarray(codes, np.float64).tolist()]
        return [
            None if np.isnan(row).any() else [self.classes[code] for code in np.flatnonzero(row > 0.5)]
            for row in np.asarray(codes, np.float64)
        ]

    def doubt(self, labels: Sequence[Any]) -> str | None:
        """A sentence if the labels make one doubt that they mean what they are taken for, to be shown to the user."""
        known, rows = _known(labels)
        if self.kind == "numbers":
            count = len({self._number(label, 0) for label in known})
            if 0 < count <= 10 < rows:
                return f"the target is taken for numbers but has {count} different ones; if they are classes, say so"
            return None
        count = len({_key(name) for label in known for name in self._names(label, 0)})
        if rows >= 20 and count > rows / 2:
            return (
                f"the target has {count:,} different classes in {rows:,} labelled rows, so that most occur once; "
                "is it a name or a number rather than a class?"
            )
        if rows > 1 and count == 1:
            return f"all {rows:,} labels are the same; a model can learn nothing else before another class is seen"
        return None

    def _names(self, label: Any, place: int) -> list[Plain]:
        """The classes of one label."""
        if _unknown(label):
            return []
        if self.kind == "labels":
            listed = _listed(label)
            pieces = label.split(_BAR) if isinstance(label, str) else [label] if listed is None else listed
            names = [piece.strip() if isinstance(piece, str) else piece for piece in pieces]
            return [self._plain(name, place) for name in names if not _unknown(name)]
        if _listed(label) is not None:
            raise ArgumentError(
                f"the label of row {place} is the list {label!r:.60} where one class was expected; "
                "choose the kind 'labels'"
            )
        return [self._plain(label, place)]

    def _plain(self, label: Any, place: int) -> Plain:
        label = label.item() if isinstance(label, np.generic) else label
        if not isinstance(label, Plain):
            raise ArgumentError(f"a class must be a text, a number or a truth value, got {label!r:.60} in row {place}")
        return label.strip() if isinstance(label, str) else label

    def _code(self, codes: dict[str, int], name: Plain, place: int) -> int:
        if _key(name) not in codes:
            raise ArgumentError(
                f"the label of row {place}, {name!r:.60}, is none of the {len(codes)} known classes; "
                "let `grown` add it first"
            )
        return codes[_key(name)]

    def _number(self, label: Any, place: int) -> float:
        if _unknown(label):
            return math.nan
        try:
            value = float(label)
        except (TypeError, ValueError):
            value = math.inf
        if isinstance(label, bool) or math.isinf(value):
            raise ArgumentError(
                f"the label of row {place} is {label!r:.60} where a finite number was expected; correct it, or choose "
                "the kind 'classes'"
            )
        return value


def _detect(labels: Sequence[Any]) -> str:
    known, rows = _known(labels)
    if any(_listed(label) is not None for label in known):
        return "labels"
    texts = [label for label in known if isinstance(label, str)]
    if any(_BAR in text for text in texts):
        return "labels"
    values = [_finite(label) for label in known]
    numbers = [value for value in values if value is not None]
    if not known or len(numbers) < len(known):
        return "classes"
    if any(value != math.floor(value) for value in numbers):
        return "numbers"
    distinct = len(set(numbers))
    return "numbers" if distinct > max(_FEW, _SHARE * rows) and not texts else "classes"


def _distinct(labels: Sequence[Any]) -> tuple[list[tuple[int, Any]], Int64[np.ndarray, " items"]]:
    """Each different label with its first place, and which of them every item has: judging a label costs more."""
    seen: dict[Any, int] = {}
    firsts: list[tuple[int, Any]] = []
    index = np.empty(len(labels), np.int64)
    for place, label in enumerate(labels):
        key = type(label), label
        try:
            known = seen.get(key)
        except TypeError:  # a list, say
            key, known = place, None
        if known is None:
            known = seen[key] = len(firsts)
            firsts.append((place, label))
        index[place] = known
    return firsts, index


def _known(labels: Sequence[Any]) -> tuple[list[Any], int]:
    """Each different label that is not missing, and how many items have one."""
    firsts, index = _distinct(labels)
    known = np.array([not _unknown(label) for _, label in firsts], bool)
    return [label for _, label in firsts if not _unknown(label)], int(known[index].sum())


def _finite(label: Any) -> float | None:
    if isinstance(label, bool | np.bool_):
        return None
    try:
        value = float(label)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _unknown(label: Any) -> bool:
    return missing(label)


def _listed(label: Any) -> Iterable[Any] | None:
    if isinstance(label, np.ndarray):
        return label.tolist()
    if isinstance(label, set | frozenset):
        return sorted(label, key=_order)
    return label if isinstance(label, list | tuple) else None


def _key(label: Any) -> str:
    """What two labels of the same class have in common."""
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    return str(label).strip()


def _order(label: Any) -> tuple[bool, float, str]:
    """Numbers by size, before texts by the alphabet."""
    number = isinstance(label, int | float)
    return not number, float(label) if number else 0.0, str(label)
