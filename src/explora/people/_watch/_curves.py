"""Curves with as many points as a screen has room for."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from explora.plots import Curve


class Line(NamedTuple):
    """A curve to be drawn.

    **Arguments:**

    - `name`: what was measured.
    - `x`: where.
    - `y`: what came out, the mean of what was put together.
    - `low`, `high`: the band of the curve, or the least and the greatest of what was put together; empty without one.
    """

    name: str
    x: list[float]
    y: list[float]
    low: list[float]
    high: list[float]

    def json(self) -> dict[str, Any]:
        """As JSON; numbers with six digits, which no screen can tell from all of them."""
        short = lambda values: [float(f"{value:.6g}") for value in values]
        return {"name": self.name} | {field: short(getattr(self, field)) for field in ("x", "y", "low", "high")}


def decimated(curve: Curve, axis: str, points: int) -> Line:
    """A curve of at most so many points.

    Neighbours are put together, equally many each: their mean is drawn, in a band that reaches from the least to the
    greatest of them, so that a single outlier among thousands stays visible.

    **Arguments:**

    - `curve`: finite values.
    - `axis`: over what, a field of `curve.at`.
    - `points`: how many.
    """
    x, y = np.asarray(getattr(curve.at, axis), np.float64), np.asarray(curve.values, np.float64)
    low = None if curve.low is None else np.asarray(curve.low, np.float64)
    high = None if curve.high is None else np.asarray(curve.high, np.float64)
    if len(y) > points:
        starts = np.linspace(0, len(y), points + 1).astype(np.int64)[:-1]
        ends = np.append(starts[1:], len(y))
        low = np.minimum.reduceat(y if low is None else low, starts)
        high = np.maximum.reduceat(y if high is None else high, starts)
        x, y = _means(x, starts, ends), _means(y, starts, ends)
    none = np.zeros(0)
    columns = (x, y, none if low is None else low, none if high is None else high)
    return Line(curve.name, *(column.tolist() for column in columns))


def _means(values: Float[np.ndarray, " values"], starts: np.ndarray, ends: np.ndarray) -> Float[np.ndarray, " points"]:
    return np.add.reduceat(values, starts) / (ends - starts)
