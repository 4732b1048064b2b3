"""Domains: spaces of tasks, what it means to play them, and the held-out suites on which a learner is judged.

Each domain is a folder: the task and its space, the environment (or whatever else is played), the pictures, the
suites; its data sheet is the docstring of its main class. No explorer and no learner knows any of them.
"""

from ._catalogue import DOMAINS as DOMAINS
from ._catalogue import Entry as Entry


def domain(name: str) -> Entry:
    """The domain of that name.

    **Raises:** `UnknownName` with the nearest name if there is none.
    """
    from explora.core import UnknownName  # here, so that listing domains needs no JAX

    found = {entry.name: entry for entry in DOMAINS}
    if name not in found:
        raise UnknownName("domain", name, found)
    return found[name]
