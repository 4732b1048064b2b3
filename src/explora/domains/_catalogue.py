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
    - `plays`: whether playing a task is acting in an environment, `"environments"`, or asking, `"questions"`.
    - `recipe`: the recipe that a run takes if none is named; None: the library's.
    - `options`: short names of command-line options, and what they stand for.
    """

    name: str
    summary: str
    place: str
    plays: str = "environments"
    recipe: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    def build(self) -> "Domain":
        """The domain with its defaults."""
        module, name = self.place.split(":")
        return getattr(importlib.import_module(module), name)()


DOMAINS: tuple[Entry, ...] = (
    Entry("maze", "find the goal of a maze while seeing only the cells ahead", "explora.domains.maze:Maze"),
    Entry(
        "pool",
        "which items of a table, a folder of images or a file of texts to label next",
        "explora.domains.pool:Pool",
        "questions",
        recipe="active",
        options=(
            ("--data", "--domain.source.path"),
            ("--target", "--domain.source.target"),
            ("--budget", "--explorer.budget"),
            ("--batch", "--explorer.batch"),
        ),
    ),
)
"""Every domain that can be named."""
