"""Facts: where tasks and agents lived, who came from where, and what was solved."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from explora.core import ExploraError, Space
from explora.store import ENTERED, MOVED, SOLVED, STANDINGS, EventRow, TaskRow


class Home(NamedTuple):
    """A task with a place of its own, and what is known of its time there.

    **Arguments:**

    - `task`: its number.
    - `parent`: that of the task that it was made from; -1 if none.
    - `place`: where it was, which is the number of its agent among the members of the learner.
    - `entered`: in which turn it came.
    - `left`: in which turn another task took its place; None: it is still there.
    - `solved`: in which turn it was solved first; None: never.
    - `teacher`: the task whose agent began there; None: it began with an agent of its own.
    - `score`: the return of that agent at the beginning; None if unknown.
    """

    task: int
    parent: int
    place: int
    entered: int
    left: int | None
    solved: int | None
    teacher: int | None
    score: float | None


class Move(NamedTuple):
    """A transfer: a copy of the agent of one task took over another.

    **Arguments:**

    - `turn`: when.
    - `source`, `target`: the numbers of the tasks.
    - `score`: the return with which it did; None if unknown.
    """

    turn: int
    source: int
    target: int
    score: float | None


class Scoreboard(NamedTuple):
    """How well each agent did in each task at one moment.

    **Arguments:**

    - `turn`: when it was written down.
    - `tasks`: their numbers; agents have those of their own tasks.
    - `scores`: the return of each agent (first axis) in each task; not-a-number where it was not measured.
    """

    turn: int
    tasks: tuple[int, ...]
    scores: Float[np.ndarray, "agents tasks"]


class Saga(NamedTuple):
    """All that happened.

    **Arguments:**

    - `homes`: in the order in which the tasks came.
    - `moves`: likewise.
    - `standings`: likewise.
    - `end`: the last turn.
    """

    homes: tuple[Home, ...]
    moves: tuple[Move, ...]
    standings: tuple[Scoreboard, ...]
    end: int

    def home(self, task: int) -> Home | None:
        """That of a task; None if it never had one."""
        return next((home for home in self.homes if home.task == task), None)


class Link(NamedTuple):
    """Where the ancestors of an agent learned, one after the other.

    **Arguments:**

    - `task`: where.
    - `since`: from which turn on.
    - `until`: up to which turn: then it went on, or what is told of it happened.
    - `moved`: whether it took the place over; else it began there.
    - `score`: its return when it came; None if unknown.
    """

    task: int
    since: int
    until: int
    moved: bool
    score: float | None


def saga(events: Sequence[EventRow], tasks: Sequence[TaskRow], end: int) -> Saga | None:
    """What happened, from what a run has written down.

    **Arguments:**

    - `events`: of the run, oldest first.
    - `tasks`: those that were recorded.
    - `end`: the last turn.

    **Returns:** None if the run's agents have no places.
    """
    parents = {task.id: task.parent for task in tasks}
    homes: dict[int, Home] = {}
    living: dict[int, int] = {}
    moves: list[Move] = []
    standings: list[Scoreboard] = []
    for event in events:
        told = event.data
        if event.kind == ENTERED:
            place, task = told["place"], told["task"]
            if place in living:
                homes[living[place]] = homes[living[place]]._replace(left=told["turn"])
            living[place] = task
            parent = parents.get(task, -1)
            homes[task] = Home(task, parent, place, told["turn"], None, None, told["source"], told["score"])
        elif event.kind == MOVED:
            moves.append(Move(told["turn"], told["source"], told["task"], told["score"]))
        elif event.kind == SOLVED and told["task"] in homes:
            home = homes[told["task"]]
            homes[home.task] = home if home.solved is not None else home._replace(solved=told["turn"])
        elif event.kind == STANDINGS:
            scores = np.array([[np.nan if x is None else x for x in row] for row in told["scores"]], float)
            standings.append(Scoreboard(told["turn"], tuple(told["tasks"]), scores))
    if not homes:
        return None
    return Saga(tuple(homes.values()), tuple(moves), tuple(standings), end)


def bloodline(found: Saga, task: int, turn: int) -> tuple[Link, ...]:
    """Where the agent that lived in a task after some turn has learned, and those whose copy it is, the first first.

    **Arguments:**

    - `found`: what happened.
    - `task`: where it lived.
    - `turn`: when.
    """
    links: list[Link] = []
    until, before = turn, turn + 1  # who moved in this very turn lives there; its source is as it was before
    at: int | None = task
    while at is not None:
        home = found.home(at)
        if home is None:
            break
        moves = [move for move in found.moves if move.target == at and move.turn < before]
        came = moves[-1] if moves else None
        since, score = (came.turn, came.score) if came is not None else (home.entered, home.score)
        links.append(Link(at, since, until, came is not None, score))
        at = came.source if came is not None else home.teacher
        until = before = since
    return tuple(reversed(links))


def hardness(space: Space, tasks: Sequence[TaskRow]) -> dict[int, float]:
    """How far each task is from the least of all its features, as a share of the way to the greatest.

    The distance is Euclidean, with each feature measured in its own range and divided by the root of their number: 0
    is the least of everything, 1 the most. Empty if the space measures no features within bounds.

    **Reference:** Wang et al. 2019, POET (arXiv:1901.01753), section 4, measure so how far terrains are from others.
    """
    try:
        low, high = (np.asarray(bound, float) for bound in space.feature_bounds())
    except ExploraError:
        return {}
    span = np.where(high > low, high - low, 1.0)
    found = {}
    for task in tasks:
        features = np.asarray(jax.device_get(space.features(space.decode(task.spec))), float)
        found[task.id] = float(np.sqrt(np.mean(np.clip((features - low) / span, 0.0, 1.0) ** 2)))
    return found


def hardest(found: Saga, hard: Mapping[int, float]) -> Home | None:
    """The hardest task that was solved, the latest of equals; by `hardness`, or without it the last one that was.

    **Returns:** None if none was solved.
    """
    solved = [home for home in found.homes if home.solved is not None]
    return max(solved, key=lambda home: (hard.get(home.task, 0.0), home.solved, home.task), default=None)
