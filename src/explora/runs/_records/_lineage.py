"""Which tasks are written down: those that an archive keeps, and their ancestors."""

from collections.abc import Collection
from typing import Any

import jax
import numpy as np

from explora.core import Archive, Space
from explora.loop import Log
from explora.store import TaskRow


class Lineage:
    """Writes each kept task down once, with its ancestors, so that a family tree never has a gap.

    **Arguments:**

    - `known`: the numbers of the tasks that are written down already.
    """

    def __init__(self, known: set[int]):
        self.known = known

    def news(
        self,
        space: Space,
        archive: Archive | None,
        log: Log,
        turns: int,
        turn: int,
        named: Collection[int] = (),
    ) -> list[TaskRow]:
        """The tasks to be written down after a chunk of turns, ancestors first.

        **Arguments:**

        - `space`: of the tasks.
        - `archive`: what the explorer keeps now; None if it keeps nothing.
        - `log`: of the chunk.
        - `turns`: how many turns of the log count.
        - `turn`: how many turns are over now.
        - `named`: the numbers of tasks of which something is told: they are written down though they are gone.
        """
        if archive is None:
            return []
        filled = np.asarray(archive.filled)
        ids = np.asarray(archive.id)
        fresh = [int(i) for i in np.nonzero(filled)[0] if int(ids[i]) not in self.known]
        if not fresh and self.known.issuperset(named):
            return []
        tasks = jax.tree.map(np.asarray, archive.tasks)
        scores, parents = np.asarray(archive.score), np.asarray(archive.parent)
        wanted = {int(ids[i]): (_at(tasks, i), int(parents[i]), float(scores[i])) for i in fresh}
        self._add_ancestors(wanted, log, turns, set(named))
        self.known |= set(wanted)
        return [_row(space, turn, number, *wanted[number]) for number in sorted(wanted)]

    def _add_ancestors(self, wanted: dict[int, Any], log: Log, turns: int, named: set[int]) -> None:
        """A parent that came and went within the chunk is found in the log."""
        missing = ({parent for _, parent, _ in wanted.values()} | named) - set(wanted) - self.known - {-1}
        if not missing:
            return
        lived = _rows(log, turns)
        while missing:
            number = missing.pop()
            if number not in lived:
                continue
            task, parent = lived[number]
            wanted[number] = (task, parent, float("nan"))
            if parent >= 0 and parent not in wanted and parent not in self.known:
                missing.add(parent)


def _row(space: Space, turn: int, number: int, task: Any, parent: int, score: float) -> TaskRow:
    return TaskRow(
        id=number, parent=parent, turn=turn, address=space.address(task), spec=space.encode(task), score=score
    )


def _rows(log: Log, turns: int) -> dict[int, tuple[Any, int]]:
    """Every task of a chunk by number, with its parent."""
    lived: dict[int, tuple[Any, int]] = {}
    kinds = np.asarray(log.phase)[:turns]
    for kind, name in enumerate(log.names or tuple(log.rows)):
        records = log.rows[name]
        if records is None:
            continue
        records = jax.tree.map(np.asarray, records)
        for turn in np.nonzero(kinds == kind)[0]:
            tasks = _at(records.tasks, int(turn))
            for row, number in enumerate(records.id[turn]):
                lived[int(number)] = (_at(tasks, row), int(records.parent[turn, row]))
    return lived


def _at(tasks: Any, slot: int) -> Any:
    return jax.tree.map(lambda x: x[slot], tasks)
