"""The errors a user can meet.

```
ExploraError                       base of all; the command line prints its message in one line and exits with 2
├── ArgumentError (ValueError)     an argument has an impossible value
├── CombinationError (TypeError)   parts that do not fit together
├── TaskError (ValueError)         a task that cannot be read
├── UnknownName (KeyError)         a name that nothing has; suggests the nearest
├── MissingExtra (ImportError)     an optional package is not installed; names the extra
└── RunError (RuntimeError)        a run folder that cannot be opened, written or resumed
```
Every message names the argument, what was expected, what came, and the cure.
"""

import difflib
from collections.abc import Iterable
from typing import Any


class ExploraError(Exception):
    """Base class of the errors that a user can cause and cure."""


class ArgumentError(ExploraError, ValueError):
    """An argument has an impossible value."""


class CombinationError(ExploraError, TypeError):
    """Parts that make no sense together."""


class TaskError(ExploraError, ValueError):
    """A task that cannot be read, with the place where reading stopped."""


class UnknownName(ExploraError, KeyError):
    """A name that nothing has."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        self.kind, self.name, self.known = kind, name, sorted(known)
        super().__init__(f"there is no {kind} {name!r}{suggest(name, self.known)}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would print the repr


class MissingExtra(ExploraError, ImportError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str):
        super().__init__(f"this needs the package {package!r}: pip install 'explora[{extra}]'")


class RunError(ExploraError, RuntimeError):
    """A run folder that cannot be opened, written or resumed."""


class NotThere(RunError):
    """Something of a run that it does not have, or not yet; nothing is wrong with its folder."""


def suggest(name: str, known: Iterable[str]) -> str:
    """The tail of an error message: the nearest known name, or all of them.

    **Arguments:**

    - `name`: what was given.
    - `known`: what would have been right.

    **Returns:** a string that starts with a semicolon.
    """
    known = sorted(known)
    if not known:
        return "; none are known"
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def between(name: str, value: Any, low: float | int, high: float | int = float("inf"), *, strict: bool = False) -> None:
    """Complains about a plain number outside `[low, high]`; arrays are not looked into.

    **Arguments:**

    - `name`: of the field.
    - `value`: what it holds.
    - `low`, `high`: the ends.
    - `strict`: `low` itself is outside too.

    **Raises:** `ArgumentError`.
    """
    if not isinstance(value, int | float):
        return
    if not (low < value <= high if strict else low <= value <= high):
        limit = f"{'greater than' if strict else 'at least'} {low}"
        limit += "" if high == float("inf") else f" and at most {high}"
        raise ArgumentError(f"`{name}` must be {limit}, got {value}")
