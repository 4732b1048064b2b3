"""Facts: how a run went, along environment steps, minutes and updates."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from explora.store import Records

AXES = ("steps", "minutes", "updates")
"""What a curve of a run in an environment can be plotted over: fields of `Axes`."""

ANSWER_AXES = ("answers", "minutes")
"""The same where questions are asked: there are no environment steps."""


class Axes(NamedTuple):
    """Where the points of a curve lie, four ways.

    **Arguments:**

    - `steps`: environment steps, scoring rollouts included.
    - `minutes`: wall-clock time of the run [min].
    - `updates`: turns that the learner learned from.
    - `answers`: calls of an oracle.
    """

    steps: Float[np.ndarray, " points"]
    minutes: Float[np.ndarray, " points"]
    updates: Float[np.ndarray, " points"]
    answers: Float[np.ndarray, " points"]


class Curve(NamedTuple):
    """One measurement in the course of a run.

    **Arguments:**

    - `name`: what was measured.
    - `at`: when.
    - `values`: what came out.
    - `low`, `high`: a band around them; None if there is none.
    """

    name: str
    at: Axes
    values: Float[np.ndarray, " points"]
    low: Float[np.ndarray, " points"] | None = None
    high: Float[np.ndarray, " points"] | None = None


def axes(records: Records) -> Axes:
    """Where the records of a run lie."""
    whole = (records.steps.astype(float), records.updates.astype(float), records.calls.astype(float))
    return Axes(whole[0], records.seconds / 60, *whole[1:])


def metric_curves(records: Records) -> tuple[Curve, ...]:
    """Every metric of a run by name, without the records in which it was not measured."""
    at, curves = axes(records), []
    for name, values in sorted(records.metrics.items()):
        known = np.isfinite(values)
        if known.any():
            curves.append(Curve(name, Axes(*(x[known] for x in at)), values[known]))
    return tuple(curves)


def speed_curve(records: Records) -> Curve:
    """Environment steps a second between records, everything included: the first has the compilation in it."""
    at = axes(records)
    steps = np.diff(at.steps, prepend=0.0)
    seconds = np.diff(at.minutes, prepend=0.0) * 60
    return Curve("steps a second", at, steps / np.maximum(seconds, 1e-9))


def smooth(curve: Curve, least: int = 24) -> Curve | None:
    """The running median of a curve, banded by the running quartiles.

    **Arguments:**

    - `curve`: what is smoothed.
    - `least`: a curve of fewer points is left alone.

    **Returns:** a curve over the same points, each seeing a tenth of all around it; None if there are too few.
    """
    count = len(curve.values)
    if count < least:
        return None
    reach = max(1, count // 20)
    padded = np.pad(curve.values, reach, mode="reflect")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    low, middle, high = np.quantile(around, [0.25, 0.5, 0.75], axis=1)
    return Curve(curve.name, curve.at, middle, low, high)


def axes_at(records: Records, turns: Int[np.ndarray, " turns"]) -> Axes:
    """Where given turns lie: at the last record until then; at 0 before the first."""
    places = np.searchsorted(records.turn, turns, side="right")
    return Axes(*(np.concatenate([[0.0], x])[places] for x in axes(records)))
