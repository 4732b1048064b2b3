"""Metrics for other programs, while the run goes on."""

from pathlib import Path
from typing import Any

from explora.ledger import Verdict
from explora.store import Sink, open_sink

from ._watcher import Progress, Watcher


class Tracker(Watcher):
    """Hands every record to sinks, and the solve rates of the versions that were judged as `solved/SUITE`.

    **Arguments:**

    - `names`: of the sinks, see `explora.store.open_sink`.
    """

    def __init__(self, names: tuple[str, ...]):
        self._names = names
        self._sinks: list[Sink] = []
        self._judged: dict[str, float] = {}

    def started(self, path: str, facts: dict[str, Any]) -> None:
        self._sinks = [open_sink(name, Path(path), facts["config"]) for name in self._names]

    def judged(self, progress: Progress, verdicts: dict[str, Verdict]) -> None:
        self._judged = {f"solved/{name}": verdict.mean for name, verdict in verdicts.items()}

    def recorded(self, progress: Progress) -> None:
        spent = {name: getattr(progress, name) for name in ("steps", "updates", "episodes", "calls", "seconds", "rate")}
        for sink in self._sinks:
            sink.record(progress.turn, spent | progress.metrics | self._judged)
        self._judged = {}

    def close(self) -> None:
        """Lets the sinks write out what they still hold; a run that fails does so too."""
        for sink in self._sinks:
            sink.close()
