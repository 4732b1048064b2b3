"""What a run tells those who look on: a progress line, a web page, a tracker."""

from typing import Any, NamedTuple

from explora.ledger import Verdict


class Progress(NamedTuple):
    """Where a run stands after a record.

    **Arguments:**

    - `turn`, `steps`, `updates`, `episodes`, `calls`: what has been spent so far.
    - `seconds`: wall-clock time so far [s].
    - `rate`: environment steps a second, lately.
    - `share`: of the whole run that is over, in [0, 1]; None if there is no end in sight.
    - `left`: how much longer [s]; None if nobody knows.
    - `metrics`: means over the turns of the record, by name.
    """

    turn: int
    steps: int
    updates: int
    episodes: int
    calls: int
    seconds: float
    rate: float
    share: float | None
    left: float | None
    metrics: dict[str, float]


class Watcher:
    """Looks on. Every method does nothing until overridden, and nothing that it does changes the run."""

    def started(self, path: str, facts: dict[str, Any]) -> None:
        """The run has a folder and begins (or goes on)."""

    def noted(self, message: str) -> None:
        """Something that a person should know (a damaged checkpoint that was passed over, say)."""

    def recorded(self, progress: Progress) -> None:
        """A record was written; if a version was judged with it, `judged` has been called before."""

    def judged(self, progress: Progress, verdicts: dict[str, Verdict]) -> None:
        """A version was judged."""

    def stopped(self, path: str, reason: str, verdicts: dict[str, Verdict]) -> None:
        """The run is over, or was interrupted."""
