"""What was asked for against what was got, and what that says."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

_FAR = 0.05  # of the span of what is asked: less than this too little is no fault
_LUCKY = 0.05  # of the variance of returns: more than this by chance alone is luck


class Level(NamedTuple):
    """All episodes of one level of asking.

    **Arguments:**

    - `asked`: the mean of what was asked for.
    - `achieved`: the mean of what was got.
    - `low`, `high`: the 95 % interval of that mean, over tasks.
    - `episodes`: how many there were.
    """

    asked: float
    achieved: float
    low: float
    high: float
    episodes: int


class Calibration(NamedTuple):
    """What a player was asked for, and what it got.

    **Arguments:**

    - `asked`, `achieved`: the returns of each episode.
    - `level`: which level of asking it belongs to, from the lowest (0) to the highest.
    - `task`: the number of its task: episodes of one task begin alike.
    - `luck`: which share of the variance of returns is left when the same is done in the same task again; None: nobody
      tried.
    """

    asked: Float[np.ndarray, " episodes"]
    achieved: Float[np.ndarray, " episodes"]
    level: Int[np.ndarray, " episodes"]
    task: Int[np.ndarray, " episodes"]
    luck: float | None = None

    @property
    def correlation(self) -> float:
        """Of asked and achieved returns over all episodes (Pearson); 0 where either is always the same."""
        if self.asked.std() < 1e-9 or self.achieved.std() < 1e-9:
            return 0.0
        return float(np.corrcoef(self.asked, self.achieved)[0, 1])

    @property
    def of_means(self) -> float:
        """The same correlation, of the means over all episodes with the same request: without the scatter of one."""
        _, number = np.unique(self.task * (self.level.max() + 1) + self.level, return_inverse=True)
        mean = lambda x: np.bincount(number, x) / np.bincount(number)
        return self._replace(asked=mean(self.asked), achieved=mean(self.achieved)).correlation

    @property
    def of_levels(self) -> float:
        """The same correlation, of the points of the calibration curve: one for each level of asking."""
        asked, achieved = (np.array([getattr(level, name) for level in self.levels]) for name in ("asked", "achieved"))
        return self._replace(asked=asked, achieved=achieved).correlation

    @property
    def levels(self) -> tuple[Level, ...]:
        """What came of each level of asking, from low to high."""
        found = []
        for number in np.unique(self.level):
            rows = self.level == number
            mean, half = _over_tasks(self.achieved[rows], self.task[rows])
            found.append(Level(float(self.asked[rows].mean()), mean, mean - half, mean + half, int(rows.sum())))
        return tuple(found)

    @property
    def shortfall(self) -> tuple[float, float, float]:
        """How much less than the most that was asked for was got, and the 95 % interval over tasks."""
        rows = self.level == self.level.max()
        mean, half = _over_tasks(self.asked[rows] - self.achieved[rows], self.task[rows])
        return mean, mean - half, mean + half

    @property
    def short(self) -> bool:
        """Whether the most that was asked for was clearly not got."""
        span = float(self.asked.max() - self.asked.min())
        return self.shortfall[1] > _FAR * max(span, 1e-6)

    @property
    def lucky(self) -> bool:
        """Whether luck decides here."""
        return self.luck is not None and self.luck > _LUCKY

    @property
    def optimistic(self) -> bool:
        """Whether asking for the most promises what only luck can give."""
        return self.short and self.lucky

    @property
    def verdict(self) -> str:
        """All of this in a sentence or two, with the cure."""
        best, got = self.levels[-1], self.shortfall
        said = f"Asked for {best.asked:.3g} it gets {best.achieved:.3g} in the mean"
        between = f" (95 % interval {best.low:.3g} to {best.high:.3g})"
        heard = f"; over all that was asked, asked and achieved returns have a correlation of {self.correlation:.2f}."
        if self.optimistic:
            return (
                f"{said}{between}{heard} Conditioning on the return is optimistic here: doing the same again explains "
                f"all but {self.luck:.0%} of the variance of returns, the rest is luck, and who asks for the best that "
                "was ever got asks for luck. Remedy: learn from what was to be expected of each action instead of from "
                'what it got, `explora learn … --recipe expected` or `Sequence(returns="expected")`.'
            )
        if self.short:
            return (
                f"{said}{between}{heard} That is {got[0]:.3g} too little, and luck is not why: it cannot do, or has "
                "not learned, what it was asked; ask for less, learn for longer, or play more of what is asked."
            )
        return f"{said}{between}{heard}"


def _over_tasks(x: np.ndarray, task: np.ndarray) -> tuple[float, float]:
    """The mean and half of its 95 % interval, tasks being what is drawn; of a single task, episodes."""
    _, number = np.unique(task, return_inverse=True)
    each = np.bincount(number, x) / np.bincount(number)
    each = x if len(each) < 2 else each
    half = 1.96 * float(each.std(ddof=1)) / len(each) ** 0.5 if len(each) > 1 else 0.0
    return float(x.mean()), half
