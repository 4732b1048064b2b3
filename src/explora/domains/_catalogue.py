"""The list of domains, readable without importing JAX."""

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from explora.core import Domain


class Entry(NamedTuple):
    """A domain that the command line knows.

    **Arguments:**

    - `name`: what it is called there.
    - `summary`: one line about it.
    - `place`: the module and the class.
    """

    name: str
    summary: str
    place: str

    def build(self) -> "Domain":
        """The domain with its defaults."""
        module, name = self.place.split(":")
        return getattr(importlib.import_module(module), name)()


DOMAINS: tuple[Entry, ...] = (
    Entry("maze", "find the goal of a maze while seeing only the cells ahead", "explora.domains.maze:Maze"),
)
"""Every domain that can be named."""
