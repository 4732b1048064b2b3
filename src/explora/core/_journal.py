"""What came from outside, written down before it is used."""

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Journal(Protocol):
    """Answers of people and other oracles, kept as they come; a run that is resumed reads them again."""

    def note(self, kind: str, entries: list[Any]) -> None:
        """Writes entries down, all or none of them, so that they survive whatever happens next.

        **Arguments:**

        - `kind`: what they are, `"answer"` say.
        - `entries`: JSON, one an entry.
        """
        ...

    def read(self, kind: str) -> list[Any]:
        """All entries of a kind, oldest first."""
        ...


class Memory:
    """A journal that lasts as long as the process: for runs without a folder."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Any]] = {}

    def note(self, kind: str, entries: list[Any]) -> None:
        self._entries.setdefault(kind, []).extend(entries)

    def read(self, kind: str) -> list[Any]:
        return list(self._entries.get(kind, []))
