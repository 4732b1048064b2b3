"""Progress on the terminal: rate, time left, and the one number that matters."""

import sys
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from explora.ledger import Verdict
from explora.runs import Progress, Watcher

_BARS = "▁▂▃▄▅▆▇█"


def watcher(*, quiet: bool, recipe: str, domain: str) -> tuple[Watcher, ...]:
    """Who looks on from a terminal: a live line where there is one, a line a record where there is none."""
    if quiet:
        return (Quiet(),)
    return (Screen(recipe, domain),)


class Quiet(Watcher):
    """Says nothing but what a person must know."""

    def noted(self, message: str) -> None:
        sys.stderr.write(f"explora: {message}\n")


class Screen(Quiet):
    """A live line at the foot of the terminal, and a line above it for every version that was judged.

    **Arguments:**

    - `recipe`, `domain`: what is running.
    """

    def __init__(self, recipe: str, domain: str):
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.title = f"{recipe} on {domain}" if domain else recipe
        self.curves: dict[str, list[float]] = {}
        self.live: Live | None = None
        self.path, self.workers = "", 1

    def started(self, path: str, facts: dict[str, Any]) -> None:
        self.path, self.workers = path, facts.get("workers", 1)
        crew = f", {self.workers} workers" if self.workers > 1 else ""
        self.console.print(f"[bold]{self.title}[/]{crew} → {path}")
        self.console.print("[dim]compiling (once; kept on disk for the next run) …[/]")
        if self.console.is_terminal:
            self.live = Live(console=self.console, refresh_per_second=4, transient=True)
            self.live.start()

    def recorded(self, progress: Progress) -> None:
        if self.live is not None:
            self.live.update(self._line(progress))

    def judged(self, progress: Progress, verdicts: dict[str, Verdict]) -> None:
        for name, verdict in verdicts.items():
            self.curves.setdefault(name, []).append(verdict.mean)
        found = "   ".join(f"{name} [bold]{verdict.mean:.2f}[/]" for name, verdict in verdicts.items())
        minutes = f"{progress.seconds / 60:5.1f} min"
        if progress.calls:
            self.console.print(f"{minutes}  {progress.calls:>8,} answers   {found}")
            return
        rate = f"{progress.rate:8,.0f} steps/s" if progress.rate else " " * 16
        self.console.print(f"{minutes}  {progress.steps:>12,} steps  {rate}   solved: {found}")

    def stopped(self, path: str, reason: str, verdicts: dict[str, Verdict]) -> None:
        if self.live is not None:
            self.live.stop()
        if reason == "interrupted":
            self.console.print(f"stopped; nothing is lost: [bold]explora resume {path}[/]")
        else:
            self.console.print(f"finished; look at it: [bold]explora report {path}[/]")

    def _line(self, progress: Progress) -> Table:
        line = Table.grid(padding=(0, 2))
        cells = [
            Text(_bar(progress.share), style="cyan"),
            Text(f"{progress.calls:,} answers" if progress.calls else f"{progress.steps:,} steps"),
            Text("" if progress.calls else f"{progress.rate:,.0f}/s" if progress.rate else "…"),
            Text(f"{self.workers} workers" if self.workers > 1 else ""),
            Text(_clock(progress.left)),
            Text("" if progress.calls else f"training solved {progress.metrics.get('play/solved', float('nan')):.2f}"),
        ]
        cells += [
            Text(f"{name} {sparkline(curve)} {curve[-1]:.2f}", style="green") for name, curve in self.curves.items()
        ]
        line.add_row(*cells)
        return line


def answered(scores: dict[str, float], answers: int) -> dict[str, Any]:
    """How a run that asks questions stands, as JSON.

    **Arguments:**

    - `scores`: on each suite.
    - `answers`: how many there have been.
    """
    return {"answers": answers, "scores": scores}


def answered_text(scores: dict[str, float], answers: int) -> str:
    """How a run that asks questions stands, in words: `held-out: 0.846 right, 0.848 by class, after 60 answers`.

    **Arguments:**

    - `scores`: on each suite.
    - `answers`: how many there have been.
    """
    after = f"after {answers:,} answer{'' if answers == 1 else 's'}"
    if "labels" in scores:  # any number of several classes
        return f"held-out: {scores['labels']:.3f} of the labels right, {after}"
    if "held-out" not in scores:
        said = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
        return f"{said}, {after}" if said else after
    if "classes" not in scores:  # numbers are predicted
        return f"held-out: {scores['held-out']:.3f} of the variance explained, {after}"
    return f"held-out: {scores['held-out']:.3f} right, {scores['classes']:.3f} by class, {after}"


def sparkline(values: list[float], width: int = 16) -> str:
    """The last `width` values in [0, 1] as a tiny picture."""
    return "".join(_BARS[min(len(_BARS) - 1, max(0, int(value * len(_BARS))))] for value in values[-width:])


def _bar(share: float | None, width: int = 20) -> str:
    if share is None:
        return ""
    full = round(share * width)
    return "━" * full + "╌" * (width - full)


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{int(seconds // 60)}:{int(seconds % 60):02d} left"
