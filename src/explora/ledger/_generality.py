"""Is the new version more general than the old? Statements about two versions over all tasks."""

from typing import NamedTuple

import numpy as np

from explora.maths import wilson


class Comparison(NamedTuple):
    """How a newer version stands to an older one.

    **Arguments:**

    - `gained`, `lost`: names of tasks on which the intervals of the solve rates do not touch.
    - `same`: how many tasks the data cannot tell apart.
    - `dominates`: better on at least one task and worse on none, as far as the data can tell.
    """

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    same: int
    dominates: bool

    def sentence(self) -> str:
        """The comparison in words."""
        if self.dominates:
            return f"more general: better on {len(self.gained)} tasks, worse on none"
        if not self.gained and not self.lost:
            return f"not distinguishable on any of {self.same} tasks"
        return f"not more general: better on {len(self.gained)} tasks, but {len(self.lost)} were forgotten"


def compare_versions(
    names: tuple[str, ...],
    older: np.ndarray,
    newer: np.ndarray,
    episodes: int,
    z: float = 1.96,
    *,
    newer_episodes: int | None = None,
) -> Comparison:
    """Compares two versions task by task by their Wilson intervals.

    **Arguments:**

    - `names`: of the tasks.
    - `older`, `newer`: solve rates in [0, 1], one a task.
    - `episodes`: how often each task was played by each version.
    - `z`: the normal quantile of the intervals.
    - `newer_episodes`: how often by the newer version, if that was another number.

    **Returns:** a `Comparison`. "Generality is relative": a version is more general than another over a set of tasks
    if it beats it on at least one and matches it on all others.

    **Reference:** Jiang, Rocktäschel, Grefenstette 2022 (arXiv:2211.07819).
    """
    gained, lost = [], []
    later = episodes if newer_episodes is None else newer_episodes
    for name, before, after in zip(names, older, newer, strict=True):
        low_before, high_before = wilson(before * episodes, episodes, z)
        low_after, high_after = wilson(after * later, later, z)
        if low_after > high_before:
            gained.append(name)
        elif high_after < low_before:
            lost.append(name)
    same = len(names) - len(gained) - len(lost)
    return Comparison(tuple(gained), tuple(lost), same, bool(gained) and not lost)


def forgetting(solved: np.ndarray) -> np.ndarray:
    """How far each task has fallen below its own best.

    **Arguments:**

    - `solved`: solve rates, `(versions, tasks)`, oldest first.

    **Returns:** best minus latest, one entry a task.
    """
    return solved.max(axis=0) - solved[-1]
