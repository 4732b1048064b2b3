"""What is said of an impossible argument."""

from explora.core import ArgumentError


class RefusedArgument(ArgumentError, AssertionError):
    """An argument has an impossible value; also an `AssertionError`, which programs written for modAL catch."""


def require(fine: bool, sentence: str) -> None:
    """Refuses an argument, in a sentence.

    **Raises:** `RefusedArgument` unless it is fine.
    """
    if not fine:
        raise RefusedArgument(sentence)
