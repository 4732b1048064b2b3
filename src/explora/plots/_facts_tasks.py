"""Facts: what was discovered, who descends from whom, and how the difficulty of the curriculum moved."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray

from explora.core import Space
from explora.store import Records, TaskRow

from ._facts_curves import Axes, axes_at


class Generation(NamedTuple):
    """The tasks that are equally many edits away from a task without parent.

    **Arguments:**

    - `number`: how many edits.
    - `count`: how many tasks were recorded.
    - `best`: those of the highest score, highest first, each program once.
    """

    number: int
    count: int
    best: tuple[TaskRow, ...]


class Relative(NamedTuple):
    """One member of a family and its place in the tree.

    **Arguments:**

    - `task`: the member.
    - `row`: its place among all, counted in rows of the tree.
    - `chosen`: whether it is on the line that leads to the chosen task.
    """

    task: TaskRow
    row: float
    chosen: bool


class Family(NamedTuple):
    """The line of ancestors of a chosen task, and what else descends from one of them.

    **Arguments:**

    - `line`: from the first ancestor to the chosen task.
    - `members`: of the tree, parents before children; the best of them if there are many. The first is the first
      ancestor, or a later one if the line is very long.
    - `rows`: how many rows the tree takes.
    - `size`: how many tasks descend from the first of the members, itself included.
    """

    line: tuple[TaskRow, ...]
    members: tuple[Relative, ...]
    rows: int
    size: int

    @property
    def excerpt(self) -> tuple[TaskRow, ...]:
        """The line, or its beginning and its end if it is long."""
        return self.line if len(self.line) <= 12 else (*self.line[:4], *self.line[-7:])


class Difficulty(NamedTuple):
    """How one feature of the recorded tasks moved.

    **Arguments:**

    - `feature`: its name.
    - `at`: when the tasks were recorded.
    - `counts`: how many of the tasks that were looked at were recorded then.
    - `low`, `middle`, `high`: quartiles of the feature among them.
    - `usual`: the quartiles among random draws from the space.
    """

    feature: str
    at: Axes
    counts: Int[np.ndarray, " times"]
    low: Float[np.ndarray, " times"]
    middle: Float[np.ndarray, " times"]
    high: Float[np.ndarray, " times"]
    usual: tuple[float, float, float]


def generations(tasks: Sequence[TaskRow], each: int = 8, most: int = 7) -> tuple[Generation, ...]:
    """The best tasks of a few generations: the first, the last, and some evenly spread between.

    **Arguments:**

    - `tasks`: all that were recorded.
    - `each`: how many tasks of a generation.
    - `most`: how many generations.
    """
    found: dict[int, list[TaskRow]] = {}
    for task in tasks:
        found.setdefault(task.generation or 0, []).append(task)
    numbers = sorted(found)
    chosen = np.unique(np.linspace(0, len(numbers) - 1, min(most, len(numbers))).round().astype(int)) if numbers else ()
    return tuple(Generation(numbers[i], len(found[numbers[i]]), best(found[numbers[i]], each)) for i in chosen)


def best(tasks: Sequence[TaskRow], count: int) -> tuple[TaskRow, ...]:
    """The tasks of the highest score, highest first, each program once."""
    ordered = sorted(tasks, key=lambda task: (-_score(task), task.id))
    unique = {task.address: task for task in reversed(ordered)}
    return tuple(task for task in ordered if unique[task.address] is task)[:count]


def deepest(tasks: Sequence[TaskRow], count: int) -> tuple[TaskRow, ...]:
    """Tasks of the highest generations, the best of each generation first, each program once."""
    found: list[TaskRow] = []
    for number in sorted({task.generation or 0 for task in tasks}, reverse=True):
        known = {task.address for task in found}
        ours = [task for task in tasks if (task.generation or 0) == number and task.address not in known]
        found += best(ours, count - len(found))
        if len(found) >= count:
            break
    return tuple(found)


def family(tasks: Sequence[TaskRow], most: int = 60) -> Family | None:
    """The family of the best task of the highest generation.

    **Arguments:**

    - `tasks`: all that were recorded.
    - `most`: how many members the tree shows: the line to the chosen task, then the highest scores with the ancestors
      that connect them.

    **Returns:** None if no task was made from another.
    """
    known = {task.id: task for task in tasks}
    if not any(task.parent in known for task in tasks):
        return None
    line = _ancestors(deepest(tasks, 1)[0], known)
    children: dict[int, list[TaskRow]] = {}
    for task in tasks:
        children.setdefault(task.parent, []).append(task)
    recent = line[-(2 * most // 3) :]
    everyone = _descendants(recent[0], children)
    shown = {task.id for task in recent}
    for task in sorted(everyone, key=lambda task: (-_score(task), task.id)):
        if len(shown) >= most:
            break
        path = {ancestor.id for ancestor in _ancestors(task, known) if ancestor.id >= recent[0].id}
        if len(shown | path) <= most:
            shown |= path
    members, rows = _laid_out(recent, children, shown)
    return Family(tuple(line), members, rows, len(everyone))


def difficulty(
    space: Space, tasks: Sequence[TaskRow], records: Records, *, key: PRNGKeyArray, most: int = 2048, draws: int = 512
) -> tuple[Difficulty, ...]:
    """How each feature of the recorded tasks moved, beside what the space yields at random.

    **Arguments:**

    - `space`: of the tasks; it must provide `features`.
    - `tasks`: all that were recorded; without any, only the random draws are described.
    - `records`: of the run.
    - `key`: for the random draws.
    - `most`: how many tasks are looked at, evenly spread over the order in which they were found.
    - `draws`: how many random draws are looked at.
    """
    seen = tasks[:: -(-len(tasks) // most)] if tasks else ()
    usual = _features(space, eqx.filter_jit(type(space).samples)(space, draws, key=key), draws)
    measured = np.zeros((0, usual.shape[1]))
    if seen:
        stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *(space.decode(task.spec) for task in seen))
        measured = _features(space, stacked, draws)
    turns = np.array([task.turn for task in seen], np.int64)
    return moved(space.feature_names, measured, turns, usual, records)


def moved(
    names: Sequence[str],
    measured: Float[np.ndarray, "tasks features"],
    turns: Int[np.ndarray, " tasks"],
    usual: Float[np.ndarray, "draws features"],
    records: Records,
    times: int = 40,
) -> tuple[Difficulty, ...]:
    """Quartiles of features over time.

    **Arguments:**

    - `names`: of the features.
    - `measured`: the features of recorded tasks.
    - `turns`: when each was recorded.
    - `usual`: the features of random draws.
    - `records`: of the run.
    - `times`: turns are put together until there are at most so many points.
    """
    distinct = np.unique(turns)
    groups = np.array_split(distinct, min(times, len(distinct))) if len(distinct) else []
    chosen = [measured[np.isin(turns, group)] for group in groups]
    at = axes_at(records, np.array([group[-1] for group in groups], np.int64))
    counts = np.array([len(rows) for rows in chosen], np.int64)
    quartiles = np.array([np.quantile(rows, [0.25, 0.5, 0.75], axis=0) for rows in chosen])
    quartiles = quartiles.reshape(len(groups), 3, len(names))
    random = np.quantile(usual, [0.25, 0.5, 0.75], axis=0)
    return tuple(
        Difficulty(
            feature=name,
            at=at,
            counts=counts,
            low=quartiles[:, 0, i],
            middle=quartiles[:, 1, i],
            high=quartiles[:, 2, i],
            usual=(float(random[0, i]), float(random[1, i]), float(random[2, i])),
        )
        for i, name in enumerate(names)
    )


def _features(space: Space, tasks: object, batch: int) -> Float[np.ndarray, "tasks features"]:
    """Features of many tasks, in batches of one size so that one compilation serves all."""
    count = len(jax.tree.leaves(tasks)[0])
    measured = []
    for first in range(0, count, batch):
        rows = np.minimum(np.arange(first, first + batch), count - 1)
        measured.append(np.asarray(_batch(space, jax.tree.map(lambda x, rows=rows: np.asarray(x)[rows], tasks))))
    return np.concatenate(measured)[:count]


@eqx.filter_jit
def _batch(space: Space, tasks: object) -> jax.Array:
    return jax.vmap(space.features)(tasks)


def _score(task: TaskRow) -> float:
    return -np.inf if task.score is None else task.score


def _ancestors(task: TaskRow, known: dict[int, TaskRow]) -> list[TaskRow]:
    """A task and its ancestors, oldest first. A parent always has the smaller number, so this ends."""
    line = [task]
    while line[-1].parent in known and line[-1].parent < line[-1].id:
        line.append(known[line[-1].parent])
    return line[::-1]


def _descendants(first: TaskRow, children: dict[int, list[TaskRow]]) -> list[TaskRow]:
    everyone = [first]
    for task in everyone:  # which grows meanwhile
        everyone.extend(children.get(task.id, []))
    return everyone


def _laid_out(
    line: list[TaskRow], children: dict[int, list[TaskRow]], shown: set[int]
) -> tuple[tuple[Relative, ...], int]:
    """A row for every leaf, and for a parent the middle of its children's rows."""
    order, chosen = [task for task in _descendants(line[0], children) if task.id in shown], {t.id for t in line}
    rows: dict[int, float] = {}
    leaves = 0
    stack = [(line[0], False)]
    while stack:
        task, visited = stack.pop()
        below = [child for child in children.get(task.id, []) if child.id in shown]
        if not below:
            rows[task.id], leaves = float(leaves), leaves + 1
        elif visited:
            rows[task.id] = (rows[below[0].id] + rows[below[-1].id]) / 2
        else:
            stack += [(task, True), *((child, False) for child in reversed(below))]
    return tuple(Relative(task, rows[task.id], task.id in chosen) for task in order), leaves
