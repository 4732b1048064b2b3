"""Access to a measured column, with an error that says what to do if nobody measured it."""

from jaxtyping import Array

from explora.core import CombinationError, Outcome, Score


def column(score: Score, outcome: Outcome, name: str) -> Array:
    """The column of an outcome that a score needs.

    **Raises:** `CombinationError` if it was not measured.
    """
    values = getattr(outcome, name)
    if values is None:
        raise CombinationError(
            f"{type(score).__name__} needs `outcome.{name}`, which was not measured; "
            f"use a learner or domain that provides {name!r}, or another score"
        )
    return values
