"""What the page tells of the hardest task that was solved."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.random as jr
import numpy as np
from jaxtyping import UInt8

from explora.core import Environment, ExploraError, Space
from explora.store import TaskRow

from .._films import Actor, played
from .._seen import Seen
from ._facts import Home, Link, Move, Saga, bloodline, hardest, hardness

Cast = Callable[[int, int], tuple[int, Actor] | None]
"""Who can play as a member of the learner did after some turn: given turn and member, the turn of the newest version up
to then and the one who acts; None if none was kept."""

_WIDTH = 900


class Played(NamedTuple):
    """An episode in one picture.

    **Arguments:**

    - `pixels`: the picture.
    - `turn`: of the version that played.
    - `said`: what happened.
    """

    pixels: UInt8[np.ndarray, "height width 3"]
    turn: int
    said: str


class Tale(NamedTuple):
    """The story of a run whose tasks and agents evolve together.

    **Arguments:**

    - `saga`: all that happened.
    - `hero`: the hardest task that was solved; None if none was. What follows is about it.
    - `hard`: how hard each task is, in [0, 1]; empty if nobody can tell.
    - `ancestors`: the tasks from the first to it, each made from the one before.
    - `line`: where the agent that solved it had learned.
    - `mattered`: the transfers without which it would not have been that agent.
    - `seen`: pictures of the ancestors by number.
    - `played`: its agent on it; None if it could not be played.
    """

    saga: Saga
    hero: Home | None
    hard: dict[int, float]
    ancestors: tuple[TaskRow, ...]
    line: tuple[Link, ...]
    mattered: tuple[Move, ...]
    seen: dict[int, Seen]
    played: Played | None


def tale(
    found: Saga,
    tasks: Sequence[TaskRow],
    *,
    space: Space | None = None,
    environment: Environment | None = None,
    cast: Cast | None = None,
) -> Tale:
    """The story of a run.

    **Arguments:**

    - `found`: what happened.
    - `tasks`: those that were recorded.
    - `space`: of the tasks; None: without pictures, and the hardest is the last that was solved.
    - `environment`: where they are played; None: nothing is played.
    - `cast`: who plays.
    """
    homes = {home.task for home in found.homes}
    hard = {} if space is None else hardness(space, [task for task in tasks if task.id in homes])
    hero = hardest(found, hard)
    if hero is None or hero.solved is None:
        return Tale(found, None, hard, (), (), (), {}, None)
    known = {task.id: task for task in tasks}
    ancestors = [known[hero.task]] if hero.task in known else []
    while ancestors and ancestors[-1].parent in known and ancestors[-1].parent < ancestors[-1].id:
        ancestors.append(known[ancestors[-1].parent])
    line = bloodline(found, hero.task, hero.solved)
    steps = {(link.task, link.since) for link in line if link.moved}
    mattered = tuple(move for move in found.moves if (move.target, move.turn) in steps)
    seen = {} if space is None else {task.id: _see(space, task) for task in ancestors}
    episode = None
    if environment is not None and cast is not None and hero.task in known:
        episode = _play(environment, known[hero.task], hero, found.end, cast)
    return Tale(found, hero, hard, tuple(reversed(ancestors)), line, mattered, seen, episode)


def _see(space: Space, row: TaskRow) -> Seen:
    task = space.decode(row.spec)
    try:
        pixels = space.draw(jax.device_get(task), _WIDTH)
    except ExploraError:  # a space need not be able to draw
        pixels = None
    return Seen(pixels, space.describe(task))


def _play(environment: Environment, row: TaskRow, hero: Home, end: int, cast: Cast) -> Played | None:
    """The agent of the task on it, as late as it lived there."""
    found = cast(end if hero.left is None else hero.left - 1, hero.place)
    if found is None or found[0] < hero.entered:
        return None
    turn, actor = found
    episode = played(environment, environment.space.decode(row.spec), actor, key=jr.key(0))
    how = "solved" if episode.solved else "not solved"
    said = f"{how} in {episode.steps:,} steps, return {episode.returned:.3g}"
    return Played(environment.strip(episode.task, episode.states, _WIDTH), turn, said)
