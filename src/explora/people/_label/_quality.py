"""How good the model is now, and whether to go on asking: what the records of the run say, out of memory."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from explora.plots import SuiteResult, recounted
from explora.store import Records


class RunQuality(NamedTuple):
    """How good a model is, and what the stopping rule of its run says.

    **Arguments:**

    - `value`: the share of labelled items that were set aside and that it says rightly (of numbers: the share of their
      variance that it explains); None as long as no version was judged.
    - `low`, `high`: the 95 % interval of that; None where there is none.
    - `items`: on how many items it was judged; None if unknown.
    - `answers`: after how many answers of the run.
    - `stop`: whether the rule advises to stop; None where there is no rule.
    - `advice`: the same in a sentence.
    """

    value: float | None
    low: float | None
    high: float | None
    items: int | None
    answers: int | None
    stop: bool | None
    advice: str


def run_quality(
    records: Records,
    results: Sequence[SuiteResult],
    counts: Sequence[int] | None,
    *,
    classes: bool,
    explorer: dict[str, Any],
    ended: str | None,
) -> RunQuality:
    """How good the model of a run is, and whether to go on.

    **Arguments:**

    - `records`: of the run.
    - `results`: of the latest version, one a suite.
    - `counts`: how many items each task of the suite `held-out` has; None if unknown.
    - `classes`: whether classes are predicted.
    - `explorer`: its configuration.
    - `ended`: why there was nothing more to do; None if there is, or was.
    """
    stop = _last(records.metrics.get("explorer/stop"))
    advice = _advice(stop, explorer, ended)
    judged = next((result for result in results if result.suite in ("held-out", "labels")), None)
    if judged is None:
        return RunQuality(None, None, None, None, None, stop, advice)
    found = recounted(judged, counts, classes=classes and judged.suite == "held-out")
    known = found.low < found.high
    at = np.flatnonzero(records.turn == judged.turn)
    answers = int(records.calls[at[0]]) if len(at) else None
    items = None if counts is None else int(sum(counts))
    ends = (found.low, found.high) if known else (None, None)
    return RunQuality(found.mean, *ends, items, answers, stop, advice)


def _last(column: np.ndarray | None) -> bool | None:
    known = np.zeros(0) if column is None else column[np.isfinite(column)]
    return bool(known[-1] > 0.5) if len(known) else None


_WHY = {"OverallUncertainty": "the model is sure of nearly everything"}
_ELSE = "successive models hardly change their answers"


def _advice(stop: bool | None, explorer: dict[str, Any], ended: str | None) -> str:
    rule = explorer.get("stop")
    name = str(rule.get("type", "")).rpartition(".")[2] if isinstance(rule, dict) else ""
    name = name or "the stopping rule"
    if ended is not None:
        return f"The run has ended: {ended}."
    if stop is None:
        return ""
    why = _WHY.get(name, _ELSE)
    if not stop:
        return f"Go on: {name} does not find yet that {why}."
    heeded = "; the run ends by itself" if explorer.get("heed") else ""
    return f"{name} advises to stop: {why}{heeded}. How good it is that does not say."
