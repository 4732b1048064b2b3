"""What the explorer of a run is going to ask for next, and why."""

import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any, NamedTuple

import numpy as np

from explora.core import ExploraError, NotThere, Prospects
from explora.runs import newest, read, restore
from explora.store import RunFolder

_MOST = 100  # tasks that are remembered
_OFTEN = 10.0  # a newer checkpoint is not looked at before [s]
_WHY = {
    "score": "for its score",
    "staleness": "because it has waited long",
    "frontier": "as one of the tasks at the frontier",
    "edited": "as edits of it",
}


class Likely(NamedTuple):
    """A task that may be asked for next.

    **Arguments:**

    - `id`: its number.
    - `share`: the expected share of the rows of the next lesson, edits of it included.
    - `reasons`: what it consists of, by name, the greatest first.
    - `score`: of the task, in the explorer's archive.
    - `rank`: of that score there, from 1.
    - `sentence`: why, in words.
    """

    id: int
    share: float
    reasons: dict[str, float]
    score: float
    rank: int
    sentence: str


class Outlooked(NamedTuple):
    """What is going to be asked for, as a checkpoint of the run has it.

    **Arguments:**

    - `turn`: of the checkpoint.
    - `new`, `edited`, `kept`: which shares of the rows are new tasks, edits, tasks of the archive.
    - `archive`: how many tasks are kept.
    - `tasks`: the likeliest first.
    - `sentence`: all of it in words.
    """

    turn: int
    new: float
    edited: float
    kept: float
    archive: int
    tasks: list[Likely]
    sentence: str


class Outlook:
    """Asks the explorer's own state what comes next (`Explorer.prospects`), in a thread of its own.

    The state is that of the newest checkpoint: it is read when somebody looks, and not more often than the run saves.

    **Arguments:**

    - `folder`: of the run.
    - `clock`: the time [s].
    """

    def __init__(self, folder: RunFolder, *, clock: Callable[[], float] = time.monotonic):
        self._folder, self._clock, self._lock = folder, clock, Lock()
        self._made: Any = None
        self._found: Outlooked | None = None
        self._problem: str | None = None
        self._thread: Thread | None = None
        self._looked = -float("inf")

    def look(self) -> tuple[Outlooked | None, str | None]:
        """What is known by now: what comes next, or why that cannot be said; neither: it is being found out."""
        with self._lock:
            busy = self._thread is not None and self._thread.is_alive()
            if not busy and self._clock() - self._looked >= _OFTEN:
                self._looked = self._clock()
                self._thread = Thread(target=self._read, name="outlook", daemon=True)
                self._thread.start()
            return self._found, self._problem

    def wait(self, seconds: float | None = None) -> None:
        """Waits until it has been found out."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _read(self) -> None:
        try:
            turn = newest(self._folder)
            if self._found is None or self._found.turn != turn:
                self._found, self._problem = self._asked(), None
        except ExploraError as error:
            self._problem = str(error)
        except Exception as error:  # of somebody's own explorer: else everybody would wait for ever
            self._problem = f"what comes next cannot be found out: {type(error).__name__}: {error}"

    def _asked(self) -> Outlooked:
        if self._made is None:
            self._made = read(self._folder)
        parts, plan = self._made
        state = restore(self._folder, parts, plan)[0]
        explorer = parts.explorer
        archive, prospects = explorer.archive(state.explorer), explorer.prospects(state.explorer)
        if archive is None or prospects is None:
            raise NotThere(f"{type(explorer).__name__} cannot say what it is going to ask for.")
        return outlooked(int(state.turn), archive, prospects)


def outlooked(turn: int, archive: Any, prospects: Prospects, most: int = _MOST) -> Outlooked:
    """What an explorer is going to ask for, in numbers and words.

    **Arguments:**

    - `turn`: how many turns are over.
    - `archive`, `prospects`: of the explorer.
    - `most`: how many tasks.
    """
    filled, share = np.asarray(archive.filled), np.asarray(prospects.share, np.float64)
    ids, score = np.asarray(archive.id), np.asarray(archive.score, np.float64)
    reasons = {name: np.asarray(values, np.float64) for name, values in prospects.reasons.items()}
    count = int(filled.sum())
    ranks = np.empty(len(ids), np.int64)
    ranks[np.argsort(-np.where(filled, score, -np.inf), kind="stable")] = np.arange(1, len(ids) + 1)
    tasks = []
    for slot in np.argsort(-share, kind="stable")[:most].tolist():
        if share[slot] <= 0 or not filled[slot]:
            continue
        own = {name: float(values[slot]) for name, values in reasons.items() if values[slot] > 0}
        own = dict(sorted(own.items(), key=lambda each: -each[1]))
        rank = int(ranks[slot])
        words = _because(float(share[slot]), own, rank, count)
        tasks.append(Likely(int(ids[slot]), float(share[slot]), own, float(score[slot]), rank, words))
    new, edited = float(prospects.new), float(prospects.edited)
    kept = float(sum(values.sum() for name, values in reasons.items() if name != "edited"))
    parts = [(new, "new ones"), (edited, "edits of tasks that are kept"), (kept, f"among the {count:,} that are kept")]
    words = ", ".join(f"{part:.0%} {name}" for part, name in parts if part > 0.0005)
    sentence = f"Of the tasks that are asked for next, on average: {words}."
    return Outlooked(turn, new, edited, kept, count, tasks, sentence)


def _because(share: float, reasons: dict[str, float], rank: int, count: int) -> str:
    words = [(part, _WHY.get(name, f"for {name}")) for name, part in reasons.items()]
    every = ": " + ", ".join(f"{_percent(part)} {why}" for part, why in words)
    why = f", {words[0][1]}" if len(words) == 1 else every
    return f"{_percent(share)} of what is asked for next{why}. Its score is number {rank:,} of {count:,}."


def _percent(x: float) -> str:
    return f"{x:.1%}" if x >= 0.001 else "less than 0.1%"
