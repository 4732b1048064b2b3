"""The version of everything that a run folder holds, and who can read it."""

from typing import Any

from explora._version import __version__
from explora.core import RunError

FORMAT = 1
"""Raised with every change after which an older explora could no longer read a run folder.

This explora reads all formats up to this one.
"""


def stamp() -> dict[str, Any]:
    """What every file says about its origin."""
    return {"format": FORMAT, "explora": __version__}


def check(what: str, stamped: Any, by: Any) -> None:
    """Refuses what a newer explora wrote in a format of its own.

    **Arguments:**

    - `what`: the file.
    - `stamped`: its format.
    - `by`: the version of explora that wrote it.

    **Raises:** `RunError` that names the version to install.
    """
    if not isinstance(stamped, int) or stamped > FORMAT:
        raise RunError(
            f"{what} has format {stamped}, written by explora {by}; this is explora {__version__}, which reads "
            f"formats up to {FORMAT}: pip install 'explora>={by}'"
        )
