"""Running curves: one entrant on one divided set, from one start, until the budget is spent."""

import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ._log import Key, append, capped_before, read
from ._model import State
from ._sets import SETTINGS, Setting, Trial, trial


class Capped(BaseException):
    """The time is up. No `Exception`, which the other library's classifiers catch while they are fitted."""


@contextmanager
def at_most(seconds: float | None) -> Iterator[None]:
    """Raises `Capped` once the body has taken that much CPU time."""
    if seconds is None:
        yield
        return

    def stop(*_: Any) -> None:
        raise Capped

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, max(seconds, 1e-3), 0.5)  # again, should it be swallowed
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)  # by default one that comes late would end the process


def entrants() -> dict[str, Any]:
    """All of them by name: `explora:…` and `skactiveml:…`."""
    from ._ours import ours
    from ._peers import peers

    ours_named = {f"explora:{name}": entrant for name, entrant in ours().items()}
    return ours_named | {f"skactiveml:{name}": entrant for name, entrant in peers().items()}


def curve(entrant: Any, divided: Trial, setting: Setting, key: Key, cap: float | None) -> dict[str, Any]:
    """A line of the log: what was chosen (places in the pool, in order), and how good the model was after each batch.

    CPU time of queries (`cpu`) and of everything else, models above all (`fits`), are apart. An error or too long a
    time ends the curve, and the line says why.
    """
    row: dict[str, Any] = {**key._asdict(), "status": "done", "chosen": [], "accuracy": [], "balanced": []}
    spent, since = 0.0, time.process_time()
    try:
        prepare = entrant.start(divided, key.repeat)
        state = State(divided, divided.given(key.start), key.repeat)
        while len(row["chosen"]) < setting.budget:
            asking = prepare(state)
            count = min(setting.batch, setting.budget - len(row["chosen"]))
            began = time.process_time()
            try:
                with at_most(None if cap is None else cap - spent):
                    chosen = asking(count)
            finally:
                spent += time.process_time() - began
            _check(chosen, count, state)
            state = State(divided, np.concatenate([state.known, chosen]), key.repeat)
            row["chosen"] += chosen.tolist()
            accuracy, balanced = state.judged()
            row["accuracy"].append(round(accuracy, 5))
            row["balanced"].append(round(balanced, 5))
    except Capped:
        row |= {"status": "capped", "reason": f"more than {cap:g} s after {len(row['chosen'])} labels"}
    except Exception as error:  # an entrant's failure is a result
        text = " ".join(str(error).split())[:200]
        row |= {"status": "failed", "reason": f"{type(error).__name__} after {len(row['chosen'])} labels: {text}"}
    total = time.process_time() - since
    return row | {"cpu": round(spent, 4), "fits": round(total - spent, 4)}


def _check(chosen: np.ndarray, count: int, state: State) -> None:
    if len(np.unique(chosen)) != count or state.mask[chosen].any():
        raise RuntimeError(f"{count} rows were wanted that are not known, got {chosen.tolist()}")


def block(job: tuple[list[Key], Path, float | None]) -> int:
    """Runs curves of one set and repeat. What was capped in an earlier repeat is not tried again, which is logged."""
    keys, log, cap = job
    divided, known = trial(keys[0].set, keys[0].repeat), entrants()
    before = {} if cap is None else capped_before(read(log))
    for key in keys:
        first = before.get(key[:3], key.repeat)
        if first < key.repeat:
            empty = {"chosen": [], "accuracy": [], "balanced": [], "cpu": 0.0, "fits": 0.0}
            append(log, {**key._asdict(), "status": "capped", "reason": f"was capped in repeat {first}"} | empty)
            continue
        append(log, curve(known[key.entrant], divided, SETTINGS[key.set], key, cap))
    return len(keys)


def run(keys: list[Key], log: Path, cap: float | None, jobs: int) -> None:
    """Runs all those curves, set by set, in as many processes."""
    blocks = [(list(some), log, cap) for _, some in groupby(keys, lambda key: (key.repeat, key.set))]
    done, since = 0, time.perf_counter()
    for number in _each(blocks, jobs):
        done += number
        sys.stderr.write(f"{done} of {len(keys)} curves, {time.perf_counter() - since:.0f} s\n")


def _each(blocks: list[Any], jobs: int) -> Iterator[int]:
    if jobs == 1:
        yield from map(block, blocks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(block, blocks)
