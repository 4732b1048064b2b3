"""What a curve of score against oracle calls says."""

import numpy as np
from jaxtyping import Float, Num

from explora.core import ArgumentError


def aulc(scores: Float[np.ndarray, "*curves points"]) -> Float[np.ndarray, "*curves"]:
    """The area under a learning curve: the mean score over its points, as the comparisons of the field report it.

    **Arguments:**

    - `scores`: at the same numbers of calls for all curves that are compared, evenly spaced.

    **Returns:** one number a curve.
    """
    if scores.shape[-1] == 0:
        raise ArgumentError("`scores` must have at least one point a curve")
    return np.asarray(scores.mean(axis=-1))


def calls_to_target(calls: Num[np.ndarray, " points"], scores: Float[np.ndarray, " records"], target: float) -> float:
    """How many oracle calls it took until the score first reached a target.

    **Arguments:**

    - `calls`: how many calls there had been at each point, never falling.
    - `scores`: at each point, higher is better.
    - `target`: the score to reach.

    **Returns:** calls; infinite if the target was never reached.
    """
    _alike(calls, scores, "calls")
    reached = np.flatnonzero(scores >= target)
    return float(calls[reached[0]]) if reached.size else float("inf")


def cost_per_point(
    costs: Num[np.ndarray, " points"], scores: Float[np.ndarray, " records"], *, point: float = 0.01
) -> float:
    """What each point of score cost, from the first record to the last.

    **Arguments:**

    - `costs`: spent up to each record [any unit: calls, minutes, money], never falling.
    - `scores`: at each record, higher is better.
    - `point`: how much score is a point; 0.01 is a percentage point of accuracy.

    **Returns:** cost per point; infinite if nothing was gained, NaN with fewer than two records.
    """
    _alike(costs, scores, "costs")
    if len(scores) < 2:
        return float("nan")
    gained = float(scores[-1] - scores[0]) / point
    return float(costs[-1] - costs[0]) / gained if gained > 0 else float("inf")


def costs_per_point(
    costs: Num[np.ndarray, " points"], scores: Float[np.ndarray, " records"], *, point: float = 0.01
) -> Float[np.ndarray, " points"]:
    """What each point of score cost by the time of each record: how the price of learning rises.

    **Arguments:** as `cost_per_point`.

    **Returns:** one number a record, the cost per point since the record before; NaN for the first, infinite where
    nothing was gained.
    """
    _alike(costs, scores, "costs")
    found = np.full(len(scores), np.nan)
    gained = np.diff(scores) / point
    found[1:] = np.where(gained > 0, np.diff(costs) / np.where(gained > 0, gained, 1.0), np.inf)
    return found


def feedback_bottleneck(waited: Float[np.ndarray, " records"], computed: Float[np.ndarray, " as_many"]) -> int | None:
    """The first record from which on waiting for answers took more wall-clock time than computing.

    "From which on" means: counted from that record, the time waited is ahead of the time computed at that record and at
    every later one. So one slow computation later on does not hide that answers are what is short, unless it takes
    longer than all that was waited more until then.

    **Arguments:**

    - `waited`: for answers, since the record before [s].
    - `computed`: training, scoring and choosing, since the record before [s].

    **Returns:** its number from 0, or None if feedback never became, and stayed, the bottleneck.
    """
    _alike(waited, computed, "waited")
    ahead = np.concatenate([np.zeros(1), np.cumsum(waited - computed)])
    # The least lead at the end of any record from each on, against the lead at its beginning.
    later = np.minimum.accumulate(ahead[:0:-1])[::-1]
    found = np.flatnonzero(later > ahead[:-1])
    return int(found[0]) if found.size else None


def _alike(first: Num[np.ndarray, " first"], second: Num[np.ndarray, " second"], name: str) -> None:
    """Complains about two lists of different lengths."""
    if len(first) != len(second):
        raise ArgumentError(f"`{name}` must have one entry a record, got {len(first)} for {len(second)} records")
