"""Checks of hyperparameters that explorers share."""

from typing import Any

from explora.core import ArgumentError


def between(name: str, value: Any, low: float | int, high: float | int = float("inf"), *, strict: bool = False) -> None:
    """Complains about a plain number outside `[low, high]` (`(low, high]` if strict); arrays are not looked into."""
    if not isinstance(value, int | float):
        return
    if not (low < value <= high if strict else low <= value <= high):
        limit = f"{'greater than' if strict else 'at least'} {low}"
        limit += "" if high == float("inf") else f" and at most {high}"
        raise ArgumentError(f"`{name}` must be {limit}, got {value}")


def one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    """Complains about a word that is not among the known ones."""
    if value not in known:
        raise ArgumentError(f"`{name}` must be one of {', '.join(map(repr, known))}, got {value!r}")


def lanes(rows: int, queue: int) -> None:
    """Complains about rows that cannot be shared out among lanes."""
    between("rows", rows, 1)
    between("queue", queue, 1)
    if rows % queue:
        raise ArgumentError(
            f"`rows` must be a multiple of `queue`={queue}, got {rows}; use rows={rows + -rows % queue}"
        )
