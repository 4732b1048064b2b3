"""How often somebody may ask: a bucket for each that fills steadily, and every request takes one drop."""

import time
from collections import OrderedDict
from collections.abc import Callable

from explora.core import between

_MOST = 10_000  # buckets that are kept; who has not asked for the longest time is forgotten


class Buckets:
    """Token buckets by name.

    **Arguments:**

    - `rate`: how many requests a second everybody may make in the long run; 0: as many as they like.
    - `burst`: how many at once.
    - `clock`: any time that only goes forward [s].
    """

    def __init__(self, rate: float, burst: float, *, clock: Callable[[], float] = time.monotonic):
        between("rate", rate, 0.0)
        between("burst", burst, 1.0)
        self._rate, self._burst, self._clock = rate, burst, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Takes a drop out of somebody's bucket.

        **Returns:** 0; or how long until there is one [s], and then none was taken.
        """
        if self._rate == 0:
            return 0.0
        now = self._clock()
        level, since = self._levels.pop(name, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._rate)
        wait = 0.0 if level >= 1 else (1 - level) / self._rate
        self._levels[name] = (level if wait else level - 1, now)
        while len(self._levels) > _MOST:
            self._levels.popitem(last=False)
        return wait
