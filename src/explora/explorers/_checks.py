"""Checks of hyperparameters that explorers share."""

from explora.core import ArgumentError, between


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
