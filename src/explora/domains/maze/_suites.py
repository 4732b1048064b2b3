"""The held-out mazes by which versions are judged."""

import functools
from collections.abc import Callable
from importlib.resources import files

import jax
import numpy as np

from explora.core import ArgumentError, Suite, UnknownName

from ._files import read_mazes
from ._generators import (
    Dice,
    actions_of,
    along,
    anywhere,
    braided,
    corridor,
    of_length,
    perfect,
    placed,
    random_solvable,
    random_walls,
    rooms,
    serpentine,
    spiral,
)
from ._task import MazeTask, symmetries
from ._text import Grid, stacked, task_of

Named = list[tuple[str, Grid]]

SUITE_NAMES = ("holdout", "graded", "perfect-13", "perfect-19", "perfect-51", "random-solvable")

SUITE_GROUPS = {"perfect": ("perfect-13", "perfect-19", "perfect-51")}

_SUMMARIES = {
    "holdout": "the eight named 13 × 13 mazes of the literature",
    "graded": "mazes of our own from trivial to hard, so that early progress shows",
    "perfect-13": "20 mazes of 13 × 13 with one path between any two cells",
    "perfect-19": "20 mazes of 19 × 19 with one path between any two cells",
    "perfect-51": "10 mazes of 51 × 51 with one path between any two cells",
    "random-solvable": "1,000 random mazes of 60 wall draws that can be solved",
}

_TAILS = {"random-solvable": (0.1, 0.01)}


def suite_of(name: str) -> Suite[MazeTask]:
    """A suite by name.

    **Raises:** `UnknownName` if there is none of that name; `ArgumentError` if the name stands for several.
    """
    if name in SUITE_GROUPS:
        several = ", ".join(SUITE_GROUPS[name])
        raise ArgumentError(f"{name!r} stands for several suites ({several}): take one of them, or all with `suites`")
    if name not in SUITE_NAMES:
        raise UnknownName("suite", name, (*SUITE_NAMES, *SUITE_GROUPS))
    named = named_grids(name)
    tasks, names = task_of(stacked(grid for _, grid in named)), tuple(n for n, _ in named)
    return Suite(tasks, names, summary=_SUMMARIES[name], tail=_TAILS.get(name, ()))


def is_holdout(task: MazeTask) -> bool:
    """Whether a maze has the walls of one of the holdout mazes, however turned or mirrored (on the host).

    Start and goal do not matter: who has trained within these walls knows them.
    """
    known = {(grid.walls.shape, grid.walls.tobytes()) for _, grid in named_grids("holdout")}
    walls = jax.device_get([maze.walls for maze in symmetries(task)])
    return any((x.shape, x.tobytes()) in known for x in walls)


@functools.cache
def named_grids(name: str) -> Named:
    """The mazes of a suite with their names, on the host."""
    makers: dict[str, Callable[[], Named]] = {
        "holdout": _holdout,
        "graded": _graded,
        "perfect-13": lambda: _numbered("perfect-13", 20, 13),
        "perfect-19": lambda: _numbered("perfect-19", 20, 19),
        "perfect-51": lambda: _numbered("perfect-51", 10, 51),
        "random-solvable": _random_solvable,
    }
    return makers[name]()


def _holdout() -> Named:
    """The mazes on which this field compares its methods; the layouts are those of the published figures.

    **Reference:** Dennis et al. 2020, *Emergent Complexity and Zero-shot Transfer via Unsupervised Environment
    Design*; Jiang et al. 2021, *Replay-Guided Adversarial Environment Design*; Parker-Holder et al. 2022, *Evolving
    Curricula with Regret-Based Environment Design*; `LabyrinthFlipped`: Jiang et al. 2023, *minimax*.
    """
    text = files("explora.domains.maze").joinpath("holdout.txt").read_text("utf-8")
    return [(name, grid) for name, grid, _ in read_mazes(text, "holdout.txt")]


def _graded() -> Named:
    """Eleven kinds of maze in several sizes, sorted by the number of actions that they need."""
    dice = Dice(2026)
    named = [*_graded_paths(dice), *_graded_walls(dice)]
    actions = actions_of([grid for _, grid in named])
    return [named[number] for number in sorted(range(len(named)), key=lambda number: int(actions[number]))]


def _graded_paths(dice: Dice) -> Named:
    """Mazes that are one corridor."""

    def walk(path: list[tuple[int, int]]) -> Grid:
        shape = (max(row for row, _ in path) + 1, max(column for _, column in path) + 1)
        return placed(along(path, shape, dice.below(4)))

    return [
        ("corridor-3", walk(corridor(3))),
        ("corridor-6", walk(corridor(6))),
        ("corridor-13", walk(corridor(13))),
        ("bend-9", walk(corridor(9, bends=1))),
        ("bends-14", walk(corridor(14, bends=3))),
        ("spiral-5x7", walk(spiral(5, 7))),
        ("spiral-7x9", walk(spiral(7, 9)[::-1])),
        ("spiral-9x7", walk(spiral(9, 7))),
        ("serpentine-5x7", walk(serpentine(5, 7))),
        ("serpentine-9x9", walk(serpentine(9, 9)[::-1])),
        ("serpentine-13x9", walk(serpentine(13, 9))),
    ]


def _graded_walls(dice: Dice) -> Named:
    """Mazes in which one can get lost."""

    def room(side: int) -> Grid:
        return placed(of_length(side, 2 * side, lambda: anywhere(np.zeros((side, side), bool), dice)))

    def small(side: int, fewest: int) -> Grid:
        return placed(of_length(fewest, 3 * fewest, lambda: perfect(side, dice)))

    def sparse(draws: int, fewest: int, most: int) -> Grid:
        return of_length(fewest, most, lambda: anywhere(random_walls(draws, dice), dice))

    def across(walls: np.ndarray, fewest: int, most: int) -> Grid:
        return of_length(fewest, most, lambda: anywhere(walls, dice))

    return [
        ("room-3", room(3)),
        ("room-5", room(5)),
        ("room-9", room(9)),
        ("room-13", room(13)),
        ("two-rooms", across(rooms([6], [], dice), 12, 40)),
        ("four-rooms", across(rooms([6], [6], dice), 18, 60)),
        ("six-rooms", across(rooms([6], [4, 8], dice), 18, 60)),
        ("nine-rooms", across(rooms([4, 8], [4, 8], dice), 20, 60)),
        ("perfect-5", small(5, 9)),
        ("perfect-7", small(7, 16)),
        ("perfect-9", small(9, 24)),
        ("perfect-11", small(11, 33)),
        ("perfect-13", of_length(45, 70, lambda: perfect(13, dice))),
        ("braided-24", across(braided(24, dice), 20, 60)),
        ("braided-12", across(braided(12, dice), 25, 70)),
        ("braided-6", across(braided(6, dice), 30, 90)),
        ("random-10", sparse(25, 8, 12)),
        ("random-20", sparse(50, 18, 22)),
        ("random-30", sparse(70, 28, 32)),
        ("random-40", sparse(80, 38, 44)),
    ]


def _numbered(name: str, count: int, side: int) -> Named:
    dice = Dice(side)
    return [(f"{name}-{number}", perfect(side, dice)) for number in range(1, count + 1)]


def _random_solvable() -> Named:
    return [(f"random-{number}", grid) for number, grid in enumerate(random_solvable(1000, 60, Dice(60)), 1)]
