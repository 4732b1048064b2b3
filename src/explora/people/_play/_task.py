"""Tasks in requests: JSON of any kind, but not of any size."""

from typing import Annotated, Any

from pydantic import AfterValidator, JsonValue

from explora.core import Space, TaskError

from .._words import storable

_DEEP, _MOST = 8, 20_000


def _plain(value: Any) -> Any:
    """A task as JSON, if it is neither deep nor large.

    **Raises:** `ValueError` otherwise.
    """
    _count(value, 0)
    return value


def _count(value: Any, depth: int) -> int:
    if depth > _DEEP:
        raise ValueError(f"a task may have {_DEEP} levels of lists and objects")
    if isinstance(value, dict):
        total = sum(_count(part, depth + 1) + _count(key, depth + 1) for key, part in value.items())
    elif isinstance(value, list):
        total = sum(_count(part, depth + 1) for part in value)
    else:
        total = 1 if storable(value) is None or not isinstance(value, str) else 1 + len(value)
    if total > _MOST:
        raise ValueError(f"a task may have {_MOST} letters and numbers")
    return total


Spec = Annotated[JsonValue, AfterValidator(_plain)]
"""A task as JSON, as its space writes it."""


def decoded(space: Space, spec: Any) -> Any:
    """The task that somebody wrote.

    **Raises:** `TaskError`, one sentence, if it is none of this space.
    """
    task = space.decode(spec)
    if not bool(space.valid(task)):
        raise TaskError(f"this does not belong to the tasks of {type(space).__name__}: {space.describe(task)}")
    return task
