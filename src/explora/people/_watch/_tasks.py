"""The archive as a gallery: filtered, sorted, a page at a time."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from explora.core import UnknownName
from explora.store import TaskColumns

SORTS = ("score", "id", "turn", "generation", "children")
"""What tasks can be sorted by: learning potential, age, when they were recorded, edits, how many were made of them."""


class Filter(NamedTuple):
    """Which tasks are shown.

    **Arguments:**

    - `generation`: only of so many edits.
    - `parent`: only those made from that task.
    - `low`, `high`: only of scores in that interval.
    - `since`, `until`: only those recorded in those turns.
    """

    generation: int | None = None
    parent: int | None = None
    low: float | None = None
    high: float | None = None
    since: int | None = None
    until: int | None = None


class Shelf:
    """The tasks of a run at one moment, ready to be looked up.

    **Arguments:**

    - `tasks`: all that were recorded.
    """

    def __init__(self, tasks: TaskColumns):
        self.tasks = tasks
        self._order = np.argsort(tasks.id, kind="stable")
        self._sorted = tasks.id[self._order]
        self._parents = np.sort(tasks.parent)
        self._by_parent = np.argsort(tasks.parent, kind="stable")

    def children(self, ids: Int[np.ndarray, " some"]) -> Int[np.ndarray, " some"]:
        """How many tasks were made from each."""
        ends = [np.searchsorted(self._parents, ids, side=side) for side in ("left", "right")]
        return (ends[1] - ends[0]).astype(np.int64)

    def made_from(self, id: int, most: int) -> list[int]:
        """The tasks that were made from one, by number."""
        first, last = np.searchsorted(self._parents, [id, id + 1])
        return sorted(self.tasks.id[self._by_parent[first:last]].tolist())[:most]

    def place(self, id: int) -> int | None:
        """Where a task is; None if it was not recorded."""
        at = int(np.searchsorted(self._sorted, id))
        return int(self._order[at]) if at < len(self._sorted) and self._sorted[at] == id else None

    def line(self, id: int) -> list[int]:
        """A task and its ancestors by number, oldest first. A parent has the smaller number, so this ends."""
        line: list[int] = []
        while (at := self.place(id)) is not None:
            line.append(id)
            parent = int(self.tasks.parent[at])
            if not 0 <= parent < id:
                break
            id = parent
        return line[::-1]

    def page(self, which: Filter, sort: str, descending: bool, offset: int, count: int) -> tuple[list[int], int]:
        """Some of the tasks.

        **Arguments:**

        - `which`: the filter.
        - `sort`: one of `SORTS`; tasks without a score come last.
        - `descending`: the greatest first.
        - `offset`, `count`: which of the tasks that pass.

        **Returns:** where they are, and how many pass.
        """
        if sort not in SORTS:
            raise UnknownName("order", sort, SORTS)
        tasks, chosen = self.tasks, np.flatnonzero(self._passes(which))
        keys = self.children(tasks.id[chosen]) if sort == "children" else getattr(tasks, sort)[chosen]
        keys = -keys if descending else keys
        order = np.lexsort((tasks.id[chosen], keys))  # not-a-number sorts last
        return chosen[order[offset : offset + count]].tolist(), len(chosen)

    def _passes(self, which: Filter) -> np.ndarray:
        tasks, passes = self.tasks, np.ones(len(self.tasks.id), bool)
        for column, wanted in ((tasks.generation, which.generation), (tasks.parent, which.parent)):
            passes &= True if wanted is None else column == wanted
        for column, low, high in ((tasks.score, which.low, which.high), (tasks.turn, which.since, which.until)):
            passes &= True if low is None else column >= low
            passes &= True if high is None else column <= high
        return passes
