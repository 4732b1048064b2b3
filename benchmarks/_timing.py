"""Contests: the same work by several contestants in turn, A B A B, so that what else the machine does hits all alike.
How much processor time the work took is kept too: on a machine that others use it says more than the clock does.

A contestant does a fixed piece of work when told to and says how much it was and how long it took, from the call to
the moment at which the results lie in memory. Compilation and a first piece of work come before and do not count.
"""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


class NotRun(Exception):
    """A contestant that cannot take part, with the reason: its row then says so, and nothing is estimated."""


@dataclass(frozen=True)
class Sample:
    """One piece of work.

    **Arguments:**

    - `amount`: how much was done [steps, or whatever the contest counts].
    - `seconds`: how long it took, blocked [s].
    - `cpu`: the processor time of all threads of its process [s].
    - `facts`: what else is worth knowing about it.
    """

    amount: float
    seconds: float
    cpu: float
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Amount per second."""
        return self.amount / self.seconds

    @property
    def thrift(self) -> float:
        """Amount per second of processor time."""
        return self.amount / self.cpu


class Stopwatch:
    """Measures from its making."""

    def __init__(self) -> None:
        self._cpu, self._began = time.process_time(), time.perf_counter()

    def sample(self, amount: float, **facts: Any) -> Sample:
        """What was done since."""
        seconds = time.perf_counter() - self._began
        return Sample(amount, seconds, time.process_time() - self._cpu, facts)


class Contestant:
    """One side of a contest.

    **Arguments:**

    - `name`: what its row is called.
    - `peer`: the name of the contestant that it is compared with, or None.
    - `unit`: what its rate counts.
    """

    name: str
    peer: str | None = None
    unit: str = "steps/s"

    def prepare(self) -> None:
        """Builds, compiles and does one piece of work that does not count.

        **Raises:** `NotRun` if it cannot.
        """
        raise NotImplementedError

    def work(self) -> Sample:
        """Does one piece of work."""
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """What the row should say beside the rate, once all is done."""
        return {}

    def close(self) -> None:
        """Lets go of what it holds."""


def contest(contestants: Sequence[Contestant], repeats: int) -> list[dict]:
    """Prepares all, lets them work in turn `repeats` times and returns one row each, as JSON."""
    ready: list[Contestant] = []
    missing: dict[str, str] = {}
    samples: dict[str, list[Sample]] = {}
    try:
        for one in contestants:
            _say(f"  preparing {one.name}")
            try:
                one.prepare()
            except NotRun as reason:
                missing[one.name] = str(reason)
                _say(f"    not run: {reason}")
            else:
                ready.append(one)
        for turn in range(repeats):
            for one in [r for r in ready if r.name not in missing]:
                try:
                    sample = one.work()
                except NotRun as reason:
                    missing[one.name] = str(reason)
                    _say(f"    {one.name} gave up: {reason}")
                    continue
                samples.setdefault(one.name, []).append(sample)
                _say(f"    {turn + 1}/{repeats} {one.name}: {sample.rate:,.0f} {one.unit}")
        facts = {one.name: one.facts() for one in ready if one.name not in missing}
    finally:
        for one in contestants:
            one.close()
    rows = []
    for one in contestants:
        row: dict[str, Any] = {"name": one.name, "unit": one.unit, "peer": one.peer}
        if one.name in missing:
            rows.append(row | {"not_run": missing[one.name]})
            continue
        row |= summary(samples[one.name]) | {"facts": facts[one.name]}
        if one.peer in samples and one.peer not in missing:
            row["ratio"] = ratio(samples[one.name], samples[one.peer])
        rows.append(row)
    return rows


def summary(samples: Sequence[Sample]) -> dict[str, Any]:
    """Median, least and greatest rate, and the samples themselves."""
    rates = [sample.rate for sample in samples]
    return {
        "median": statistics.median(rates),
        "min": min(rates),
        "max": max(rates),
        "thrift": statistics.median(sample.thrift for sample in samples),
        "samples": [{"amount": s.amount, "seconds": s.seconds, "cpu": s.cpu, **s.facts} for s in samples],
    }


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample]) -> dict[str, float]:
    """How many times faster than the peer: of the medians, and the extremes of what was measured side by side.

    `thrift` is the same of the medians per second of processor time.
    """
    side_by_side = [a.rate / b.rate for a, b in zip(ours, theirs)]
    by = lambda measure: statistics.median(map(measure, ours)) / statistics.median(map(measure, theirs))
    medians, thrift = by(lambda sample: sample.rate), by(lambda sample: sample.thrift)
    return {"median": medians, "min": min(side_by_side), "max": max(side_by_side), "thrift": thrift}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
