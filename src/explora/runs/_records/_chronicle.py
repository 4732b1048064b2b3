"""What is written down of the places in which an explorer keeps tasks and agents together."""

from typing import Any

import numpy as np

from explora.core import NEW, Story
from explora.loop import Log
from explora.store import ENTERED, MOVED, SOLVED, STANDINGS


class Chronicle:
    """Compares every turn with the one before, so that nothing that happens between two records is missed.

    The events say, as JSON: `turn`; `place`; `task`, the number of the task there; `source`, the number of the task
    from which the agent came, None if from none; `score`, the return of the agent there. `standings` instead: the
    numbers of all `tasks` in the order of their places, and of each agent its `scores` in all of them, None where
    unknown.

    **Arguments:**

    - `before`: who lived where when the run began or went on; None: there are no places.
    """

    def __init__(self, before: Story | None):
        self._task = None if before is None else np.asarray(before.task)
        self._solved = None if before is None else np.asarray(before.solved)
        self._standings: Any = None if before is None else _standings(before)

    def news(self, log: Log, turns: int, now: Story | None, turn: int) -> list[tuple[str, Any]]:
        """What happened in a chunk of turns, oldest first, as pairs of kind and details.

        **Arguments:**

        - `log`: of the chunk.
        - `turns`: how many turns of the log count.
        - `now`: who lives where after it.
        - `turn`: how many turns are over now.
        """
        if log.story is None or now is None:
            return []
        told = log.story
        columns = (told.task, told.source, told.score, told.solved)
        task, source, score, solved = (np.asarray(column)[:turns] for column in columns)
        events: list[tuple[str, Any]] = []
        for at in range(turns):
            facts = lambda place, at=at: {
                "turn": turn - turns + at + 1,
                "place": int(place),
                "task": int(task[at, place]),
                "score": _number(score[at, place]),
            }
            came = source[at] != NEW
            entered = (task[at] != self._task) & (task[at] != NEW)
            from_whom = lambda place, at=at: {"source": int(source[at, place]) if source[at, place] != NEW else None}
            events += [(ENTERED, facts(place) | from_whom(place)) for place in np.flatnonzero(entered)]
            events += [(MOVED, facts(place) | from_whom(place)) for place in np.flatnonzero(came & ~entered)]
            fresh = solved[at] & (entered | ~np.asarray(self._solved))
            events += [(SOLVED, facts(place)) for place in np.flatnonzero(fresh)]
            self._task, self._solved = task[at], solved[at]
        standings = _standings(now)
        if standings is not None and standings != self._standings:
            self._standings = standings
            events.append((STANDINGS, {"turn": turn} | standings))
        return events


def _standings(story: Story) -> Any:
    """Who does how well where, to one decimal; None if nobody has measured anything."""
    if story.scores is None:
        return None
    there = np.flatnonzero(np.asarray(story.task) != NEW)
    scores = np.asarray(story.scores, float)[np.ix_(there, there)]
    if not np.isfinite(scores).any():
        return None
    tasks = np.asarray(story.task)[there].tolist()
    return {"tasks": tasks, "scores": [[_number(score) for score in row] for row in scores]}


def _number(score: Any) -> float | None:
    return round(float(score), 1) if np.isfinite(score) else None
