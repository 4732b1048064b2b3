"""Numbers, truth values and dates."""

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from .._table import Column, missing
from ._encoder import Block, Encoder

LIMIT = 10.0
"""Standardised numbers end here [standard deviations], so that one outlier cannot outweigh all else."""

_DAY = 86400.0
_CIRCLES = (("day", 1.0), ("week", 7.0), ("year", 365.2425))  # [days]
_WORDS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_DATED = re.compile(r"\s*(\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4})(\s*$|[T ]\d)")


@dataclasses.dataclass(frozen=True, eq=False)
class Numbers(Encoder):
    """A column of numbers.

    **Arguments:**

    - `name`: of the column.
    - `median`: what stands in for a missing number.
    - `mean`, `scale`: what is subtracted, and then divided by; a scale of 0 leaves the numbers out.
    - `gaps`: whether numbers were missing, and a column says so.
    """

    kind: ClassVar[str] = "numbers"
    median: float
    mean: float
    scale: float
    gaps: bool

    @staticmethod
    def prepare(column: Column, base: Path | None) -> Float[np.ndarray, " rows"]:
        return as_numbers(column)

    @classmethod
    def fit(cls, name: str, prepared: Float[np.ndarray, " rows"]) -> "Numbers | None":
        x = prepared
        known = np.isfinite(x)
        gaps = not known.all()
        y = x[known] if gaps else x
        if y.size == 0:
            return None
        low, high = float(y.min()), float(y.max())
        if low == high:
            return cls(name, low, low, 0.0, True) if gaps else None
        top = max(abs(low), abs(high))  # so that squares of huge numbers stay finite
        median = float(np.median(y))
        if gaps:
            x = np.where(known, x, median)
        y = x / top
        mean, scale = float(y.mean(dtype=np.float64)), float(y.std(dtype=np.float64))
        if scale * top == 0.0:
            return None
        return cls(name, median, mean * top, scale * top, gaps)

    @property
    def names(self) -> tuple[str, ...]:
        return ((self.name,) if self.scale else ()) + ((f"{self.name} is missing",) if self.gaps else ())

    def encode(self, prepared: Float[np.ndarray, " rows"]) -> Block:
        x, known = prepared, np.isfinite(prepared)
        parts = []
        if self.scale:
            x = x if known.all() else np.where(known, x, self.median)
            with np.errstate(over="ignore"):  # what overflows is clipped
                parts.append(np.clip((x - self.mean) / self.scale, -LIMIT, LIMIT))
        if self.gaps:
            parts.append((~known).astype(np.float64))
        return np.stack(parts, axis=1)


@dataclasses.dataclass(frozen=True, eq=False)
class Dates(Encoder):
    """A column of dates, as a line and as circles.

    **Arguments:**

    - `name`: of the column.
    - `parts`: those of the day, the week, the year and the days since 1970 that vary.
    - `median`, `mean`, `scale`: of each part, as for `Numbers`.
    - `gaps`: whether dates were missing, and a column says so.
    """

    kind: ClassVar[str] = "dates"
    parts: tuple[str, ...]
    median: tuple[float, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    gaps: bool

    @staticmethod
    def prepare(column: Column, base: Path | None) -> Float[np.ndarray, " rows"]:
        return as_days(column)

    @classmethod
    def fit(cls, name: str, prepared: Float[np.ndarray, " rows"]) -> "Dates | None":
        days = prepared
        fitted = [(part, Numbers.fit(part, x)) for part, x in _parts(days).items()]
        kept = [(part, own) for part, own in fitted if own is not None and own.scale]
        gaps = bool(np.isnan(days).any())
        if not kept and not (gaps and not np.isnan(days).all()):
            return None
        # A circle on which all dates of a short span lie close together still varies: it is scaled as all else is.
        column_of = lambda field: tuple(getattr(own, field) for _, own in kept)
        return cls(
            name, tuple(part for part, _ in kept), column_of("median"), column_of("mean"), column_of("scale"), gaps
        )

    @property
    def names(self) -> tuple[str, ...]:
        return (*(f"{self.name}: {part}" for part in self.parts), *([f"{self.name} is missing"] if self.gaps else []))

    def encode(self, prepared: Float[np.ndarray, " rows"]) -> Block:
        days = prepared
        found = _parts(days)
        block = np.zeros((len(days), len(self.names)))
        for i, part in enumerate(self.parts):
            own = Numbers(part, self.median[i], self.mean[i], self.scale[i], False)
            block[:, i] = own.encode(found[part])[:, 0]
        if self.gaps:
            block[:, -1] = np.isnan(days)
        return block


def _parts(days: Float[np.ndarray, " rows"]) -> dict[str, Float[np.ndarray, " rows"]]:
    """The line and the circles."""
    found = {"days": days}
    for circle, length in _CIRCLES:
        place = (days + (4.0 if circle == "week" else 0.0)) % length  # the first of January 1970 was a Thursday
        if circle == "week":
            place = np.floor(place)
        angle = 2 * np.pi * place / length
        # Rounded, so that dates without a time of day do not vary by the last digit of a cosine.
        found |= {f"{circle}, sine": np.round(np.sin(angle), 9), f"{circle}, cosine": np.round(np.cos(angle), 9)}
    return found


def as_numbers(column: Column) -> Float[np.ndarray, " rows"]:
    """A column as floating-point numbers; NaN where there is none, and for what is no number."""
    if isinstance(column, np.ndarray):
        return column.astype(np.float64, copy=False)
    return _each(number, column)


def as_days(column: Column) -> Float[np.ndarray, " rows"]:
    """A column as days since 1970-01-01, UTC where a date says nothing else; NaN where there is no date."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        seconds = column.astype("datetime64[us]")
        days = seconds.astype(np.int64) / (_DAY * 1e6)
        return np.where(np.isnat(seconds), np.nan, days)
    if isinstance(column, np.ndarray):
        return np.full(len(column), np.nan)
    return _each(_day, column)


def _each(read: Callable[[Any], float], column: list[Any]) -> Float[np.ndarray, " rows"]:
    """What is read of each value; of equal ones (dates, mostly) once."""
    try:
        known = {value: read(value) for value in set(column)}
    except TypeError:  # a list, say, cannot be in a set
        return np.fromiter(map(read, column), np.float64, len(column))
    return np.fromiter(map(known.__getitem__, column), np.float64, len(column))


def number(value: Any) -> float:
    """A value as a number; NaN if it is none."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return _WORDS.get(value.strip().lower(), np.nan)
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _day(value: Any) -> float:
    moment = moment_of(value)
    return np.nan if moment is None else moment.timestamp() / _DAY


def moment_of(value: Any) -> datetime | None:
    """A date or the text of one (2026-11-21, 2026/11/21, 21.11.2026, with or without a time) as a moment in time."""
    if missing(value):
        return None
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, str):
        value = _read_moment(value.strip())
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _read_moment(text: str) -> datetime | None:
    text = _DOTTED.sub(lambda found: f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}", text, count=1)
    if text[4:5] == "/":
        text = text.replace("/", "-", 2)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def share_of(values: list[Any], test: Callable[[Any], bool]) -> float:
    """The share of values that pass a test."""
    return sum(map(test, values)) / max(len(values), 1)


def is_number(value: Any) -> bool:
    """Whether a value is a number, or the text of one."""
    return not np.isnan(number(value))


def is_date(value: Any) -> bool:
    """Whether a value is a date, or the text of one."""
    if isinstance(value, str):
        return bool(_DATED.match(value)) and moment_of(value) is not None
    return isinstance(value, date | np.datetime64)
