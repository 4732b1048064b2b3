"""When a run is over, and how long its schedules reckon with."""

import time

from ._plan import Plan


class Clock:
    """Wall-clock time of a run over all its sessions, and the forecast that schedules follow.

    Under `minutes` the number of steps that a run will reach is not known beforehand. It is forecast before each chunk
    from the pace so far, and the forecast is written down, so that a resumed run follows the same schedule.

    **Arguments:**

    - `plan`: how long the run goes on.
    - `spent`: seconds of earlier sessions.
    - `started`: `time.monotonic()` at the start of this session.
    - `steps`: environment steps of earlier sessions. The forecast takes their pace until this session has one of its
      own: a schedule that is far on must not begin again.
    """

    def __init__(self, plan: Plan, spent: float = 0.0, started: float | None = None, steps: int = 0):
        self.plan = plan
        self.spent = spent
        self._before = steps / spent if spent > 0.0 else 0.0
        self.started = time.monotonic() if started is None else started
        self._marks: list[tuple[float, int]] = []

    @property
    def seconds(self) -> float:
        """Wall-clock time of the run so far [s]."""
        return self.spent + time.monotonic() - self.started

    def mark(self, steps: int) -> None:
        """Notes that `steps` steps are spent now. The first mark of a session comes after compilation."""
        self._marks.append((self.seconds, steps))

    @property
    def rate(self) -> float:
        """Environment steps a second over the last records of this session; 0 before the second mark."""
        marks = self._marks[-8:]
        if len(marks) < 2 or marks[-1][0] <= marks[0][0]:
            return 0.0
        return (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0])

    def budget(self, steps: int) -> float:
        """How many steps the run will have spent in the end, as far as one can tell after `steps`."""
        if self.plan.steps is not None:
            return float(self.plan.steps)
        rate = self.rate or self._before
        if self.plan.minutes is None or rate == 0.0:
            return float("inf")
        return steps + rate * max(0.0, self.plan.minutes * 60 - self.seconds)

    def over(self, steps: int, last: float) -> bool:
        """Whether to stop now.

        **Arguments:**

        - `steps`: what is spent.
        - `last`: how long the last chunk took [s]: one that would end later than it starts early is not begun.
        """
        if self.plan.steps is not None and steps >= self.plan.steps:
            return True
        return self.plan.minutes is not None and self.seconds + last / 2 >= self.plan.minutes * 60

    def left(self, steps: int) -> float | None:
        """How much longer [s], or None if nobody knows."""
        by_time = None if self.plan.minutes is None else self.plan.minutes * 60 - self.seconds
        by_steps = None
        if self.plan.steps is not None and self.rate > 0:
            by_steps = (self.plan.steps - steps) / self.rate
        known = [x for x in (by_time, by_steps) if x is not None]
        return max(0.0, min(known)) if known else None
