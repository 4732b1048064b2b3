"""Scales and ticks."""

import math
from typing import NamedTuple


class Scale(NamedTuple):
    """A straight map from data to the page.

    **Arguments:**

    - `low`, `high`: the data at either end.
    - `start`, `stop`: where these lie on the page.
    """

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """Where a value lies on the page."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + share * (self.stop - self.start)


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers within a range, at most `most` + 1 of them."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10, 20) if (high - low) / (power * factor) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 12) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def widened(low: float, high: float) -> tuple[float, float]:
    """A range with some air, also around a single value."""
    if high <= low:
        air = abs(low) * 0.1 or 1.0
    else:
        air = 0.06 * (high - low)
    return low - air, high + air


def short(number: float) -> str:
    """A number as an axis says it: `1.5M`, `200k`, `0.25`."""
    size = abs(number)
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit:
            return f"{number / unit:.3g}{letter}"
    return f"{number:.3g}"
