"""Categories: a column for each of the frequent ones."""

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .._table import Column, missing
from ._encoder import Block, Encoder

MOST = 32
"""How many categories of a column get a column of their own."""


@dataclasses.dataclass(frozen=True, eq=False)
class Categories(Encoder):
    """A column of categories, compared as texts.

    **Arguments:**

    - `name`: of the column.
    - `known`: the categories that have a column of their own, the most frequent first.
    - `other`: whether a further column stands for all others. Where no rare category was seen there is none, and a
      category that appears later is all zeros, as a missing value is.
    - `gaps`: whether values were missing, and a column says so.
    """

    kind: ClassVar[str] = "categories"
    known: tuple[str, ...]
    other: bool
    gaps: bool

    @staticmethod
    def prepare(column: Column, base: Path | None) -> list[str | None]:
        return [as_text(value) for value in (column.tolist() if isinstance(column, np.ndarray) else column)]

    @classmethod
    def fit(cls, name: str, prepared: list[str | None]) -> "Categories | None":
        counts = Counter(text for text in prepared if text is not None)
        gaps = counts.total() < len(prepared)
        if not counts or (len(counts) == 1 and not gaps):
            return None
        ordered = sorted(counts, key=lambda text: (-counts[text], text))
        # What occurs once says nothing about any other row, unless there are few rows.
        often = [text for text in ordered[:MOST] if counts[text] > 1 or len(counts) <= MOST // 4]
        return cls(name, tuple(often), len(often) < len(ordered), gaps)

    @property
    def names(self) -> tuple[str, ...]:
        own = [f"{self.name} = {text}" for text in self.known]
        return (
            *own,
            *([f"{self.name} = other"] if self.other else []),
            *([f"{self.name} is missing"] if self.gaps else []),
        )

    def encode(self, prepared: list[str | None]) -> Block:
        width = len(self.names)
        place: dict[str | None, int] = {text: i for i, text in enumerate(self.known)}
        nowhere = width  # one column more than there are, cut off below
        place[None] = width - 1 if self.gaps else nowhere
        other = len(self.known) if self.other else nowhere
        codes = np.fromiter((place.get(text, other) for text in prepared), np.int64, len(prepared))
        block = np.zeros((len(codes), width + 1), np.float32)
        block[np.arange(len(codes)), codes] = 1.0
        return block[:, :width]


def as_text(value: Any) -> str | None:
    """A value as a text without blanks around it; None if it is missing. 3 and 3.0 are the same text."""
    if type(value) is str:
        return value.strip() or None
    if missing(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value if not missing(item)) or None
    return str(value).strip() or None
