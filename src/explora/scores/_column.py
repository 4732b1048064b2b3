"""Access to a measured column, with an error that says what to do if nobody measured it."""

from typing import Any

from explora.core import CombinationError, Outcome, Score


def column(score: Score, outcome: Outcome, name: str) -> Any:
    """The column of an outcome that a score needs: an array of JAX, of NumPy where the learner is hosted.

    **Raises:** `CombinationError` if it was not measured.
    """
    values = getattr(outcome, name)
    if values is None:
        raise CombinationError(
            f"{type(score).__name__} needs `outcome.{name}`, which was not measured; "
            f"use a learner or domain that provides {name!r}, or another score"
        )
    return values
