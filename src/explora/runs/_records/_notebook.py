"""The journal of a run: what came from outside, in the run's database."""

from typing import Any

from explora.store import Database


class Notebook:
    """A `Journal` that is kept in a run's folder.

    **Arguments:**

    - `database`: of the run, open for writing.
    - `turn`: after which turn the present sitting began: entries are stamped with it.
    """

    def __init__(self, database: Database, turn: int):
        self._database, self._turn = database, turn

    def note(self, kind: str, entries: list[Any]) -> None:
        """Writes entries down, all or none of them; once it returns they survive a power cut."""
        if entries:
            self._database.note(self._turn, *((kind, entry) for entry in entries))

    def read(self, kind: str) -> list[Any]:
        """All entries of a kind, oldest first."""
        return [row.data for row in self._database.journal(kind)]
