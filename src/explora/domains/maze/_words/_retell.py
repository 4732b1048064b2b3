"""What an episode in a maze did, in words: one predicate for each clause, of many episodes at a time.

With it stands how the clause stands while an episode goes on, moment by moment.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Int

from explora.core import ArgumentError, Clause, Episodes, Language

from .._solver import UNSOLVABLE, fewest_actions_of_many
from .._task import AHEAD
from .._text import Grid, task_of
from ._tally import (
    HALVES,
    HANDS,
    MazeTally,
    Standing,
    at_most,
    hugging,
    never_twice,
    passing,
    staying,
    turning,
    unknown,
    unless,
)

_STEPS, _TURNS = (15, 30, 60), (3, 6, 12)
_HUG, _FEWEST_MOVES = 0.8, 3
_OTHER = {"upper": "lower", "lower": "upper", "left": "right", "right": "left"}
_NEEDED = ("task.walls", "task.start", "task.goal")


class _Told:
    """Stored episodes as the predicates look at them.

    **Arguments:**

    - `episodes`: with the arrays of their mazes as columns, and with the cell after each step as `achieved`.
    """

    def __init__(self, episodes: Episodes):
        missing = [name for name in _NEEDED if name not in episodes.columns]
        if missing or episodes.achieved is None:
            raise ArgumentError(
                "`episodes` must say which mazes they were played in and which cells were reached, and lack "
                f"{', '.join(missing) or '`achieved`'}; keep them with `explora run maze --keep-experience`"
            )
        self.episodes, self.episode = episodes, episodes.episode
        columns = episodes.columns
        self.walls = np.asarray(columns["task.walls"])
        self.start, self.goal = (np.asarray(columns[name], np.int64) for name in ("task.start", "task.goal"))
        self.after = np.asarray(episodes.achieved, np.int64)
        self.before = np.concatenate([self.after[:1], self.after[:-1]])
        self.before[episodes.offsets[:-1]] = self.start
        self.heading = np.asarray(episodes.observation["direction"], np.int64)
        self.action = np.asarray(episodes.action)
        self.moved = np.any(self.after != self.before, axis=1)
        self.turned = self.action < 2
        self.solved = episodes.terminated & np.all(self.after[episodes.offsets[1:] - 1] == self.goal, axis=1)

    def count(self, mask: Bool[np.ndarray, " steps"]) -> Int[np.ndarray, " episodes"]:
        """At how many steps of each episode something is so."""
        return np.bincount(self.episode, mask, len(self.episodes)).astype(np.int64)

    def wall_at(self, side: int) -> Bool[np.ndarray, " steps"]:
        """Whether, after each step, there is a wall (or the border) at the player's left (3) or right (1) hand."""
        beside = self.after + np.array(AHEAD)[(self.heading + side) % 4]
        size = np.array(self.walls.shape[1:])
        outside = np.any((beside < 0) | (beside >= size), axis=1)
        row, column = np.clip(beside, 0, size - 1).T
        return outside | self.walls[self.episode, row, column]

    def beyond(self, half: str, cells: Int[np.ndarray, "cells 2"]) -> Bool[np.ndarray, " cells"]:
        """Whether cells lie in a half of the maze; the middle row or column of an odd number lies in neither."""
        axis = 0 if half in ("upper", "lower") else 1
        twice, size = 2 * cells[:, axis] + 1, self.walls.shape[1 + axis]
        return twice < size if half in ("upper", "left") else twice > size


Predicate = Callable[[_Told], Bool[np.ndarray, " episodes"]]


def _shortest(told: _Told) -> Bool[np.ndarray, " episodes"]:
    columns = told.episodes.columns
    heading = told.heading[told.episodes.offsets[:-1]].astype(np.uint8)
    grids = Grid(told.walls, np.asarray(columns["task.goal"]), np.asarray(columns["task.start"]), heading)
    fewest = np.asarray(fewest_actions_of_many(task_of(grids)))
    return told.solved & (fewest < UNSOLVABLE) & (told.episodes.lengths == fewest)


def _hugs(side: int) -> Predicate:
    def holds(told: _Told) -> Bool[np.ndarray, " episodes"]:
        moves = told.count(told.moved)
        return (moves >= _FEWEST_MOVES) & (told.count(told.moved & told.wall_at(side)) >= _HUG * moves)

    return holds


def _passes(half: str) -> Predicate:
    return lambda told: told.count(told.moved & told.beyond(half, told.after)) > 0


def _stays(half: str) -> Predicate:
    other = _OTHER[half]
    return lambda told: (told.count(told.beyond(other, told.after)) == 0) & ~told.beyond(other, told.start)


def _never_twice(told: _Told) -> Bool[np.ndarray, " episodes"]:
    rows, columns = told.walls.shape[1:]
    cell = lambda places: places[:, 0] * columns + places[:, 1]
    entered = np.concatenate([cell(told.start), cell(told.after)[told.moved]])
    episode = np.concatenate([np.arange(len(told.episodes)), told.episode[told.moved]])
    visits = np.unique(episode * rows * columns + entered)
    different = np.bincount(visits // (rows * columns), minlength=len(told.episodes))
    return different == told.count(told.moved) + 1


def _first_turn(action: int) -> Predicate:
    def holds(told: _Told) -> Bool[np.ndarray, " episodes"]:
        turns = np.flatnonzero(told.turned)
        episode, first = np.unique(told.episode[turns], return_index=True)
        found = np.zeros(len(told.episodes), bool)
        found[episode] = told.action[turns[first]] == action
        return found

    return holds


def _numbers(
    says: str, also: tuple[str, ...], meaning: str, numbers: tuple[int, ...], of: Callable, so_far: Callable
) -> list:
    """A clause for each number; the predicate is that `of` is at most that."""
    found = []
    for number in numbers:
        more = tuple(says.format(n) for n in numbers if n > number)
        ways = tuple(way.format(number) for way in also)
        clause = Clause(says.format(number), meaning.format(number), ways, implies=more)
        found.append((clause, lambda told, n=number: of(told) <= n, at_most(number, so_far)))
    return found


def _vocabulary() -> list[tuple[Clause, Predicate, Standing]]:
    """Every clause with its predicate, and how it stands."""
    percent = round(100 * _HUG)
    hug = (
        f"a wall at its {{}} hand after at least {percent} % of its moves, of which there are at least {_FEWEST_MOVES}"
    )
    half = "of the maze; the middle line belongs to neither half"
    goal, miss, twice = "reach the goal", "miss the goal", "never enter a cell twice"
    ways = ("the shortest path", "take the shortest path", "the shortest way", "the quickest way")
    shortest = Clause(
        "take the shortest way",
        "it reached the goal in the fewest actions there are",
        ways,
        (miss,),
        (goal, "never bump", twice),
    )
    found: list[tuple[Clause, Predicate, Standing]] = [
        (
            Clause(goal, "it walked into the goal", ("find the goal", "solve the maze"), (miss,)),
            lambda t: t.solved,
            unknown,
        ),
        (
            Clause(miss, "it did not walk into the goal", ("avoid the goal",), (goal,)),
            lambda t: ~t.solved,
            unknown,
        ),
        (shortest, _shortest, unless(lambda c: c.bumped | c.twice)),
        *_numbers(
            "take at most {} steps",
            ("at most {} steps", "within {} steps", "at most {} actions"),
            "the episode has at most {} actions",
            _STEPS,
            lambda told: told.episodes.lengths,
            lambda counts: counts.steps,
        ),
        *_numbers(
            "turn at most {} times",
            ("at most {} turns", "no more than {} turns"),
            "at most {} of its actions are turns",
            _TURNS,
            lambda told: told.count(told.turned),
            lambda counts: counts.turns,
        ),
    ]
    for place, (name, side) in enumerate(HANDS.items()):
        ways = (f"follow the {name} wall", f"keep to the {name} wall", f"along the {name} wall")
        clause = Clause(f"hug the {name} wall", hug.format(name), ways)
        found.append((clause, _hugs(side), hugging(place, _HUG)))
    for place, name in enumerate(HALVES):
        ways, other = (f"through the {name} half", f"visit the {name} half"), f"stay in the {_OTHER[name]} half"
        clause = Clause(f"pass through the {name} half", f"it entered a cell of the {name} half {half}", ways, (other,))
        found.append((clause, _passes(name), passing(place)))
    for name in HALVES:
        ways = (f"stay on the {name} side", f"keep to the {name} half", f"never leave the {name} half")
        against = (f"pass through the {_OTHER[name]} half",)
        meaning = f"it never was in the {_OTHER[name]} half {half}"
        clause = Clause(f"stay in the {name} half", meaning, ways, against)
        found.append((clause, _stays(name), staying(HALVES.index(_OTHER[name]))))
    bumps = ("without bumping", "without bumping into a wall", "do not bump", "never bump into a wall")
    never = Clause("never bump", "it never went forward into a wall", bumps)
    bumping = lambda told: told.count((told.action == 2) & ~told.moved) == 0
    found.append((never, bumping, unless(lambda counts: counts.bumped)))
    ways = ("never visit a cell twice", "without entering a cell twice", "without visiting a cell twice")
    found.append((Clause(twice, "all cells that it was in are different", ways), _never_twice, never_twice))
    for action, name in enumerate(("left", "right")):
        other = ("right", "left")[action]
        ways = (f"first turn {name}", f"begin with a {name} turn")
        clause = Clause(f"turn {name} first", f"its first turn was to the {name}", ways, (f"turn {other} first",))
        found.append((clause, _first_turn(action), turning(action)))
    return found


_VOCABULARY = _vocabulary()

LANGUAGE = Language(tuple(clause for clause, _, _ in _VOCABULARY))
"""What can be said of an episode in a maze."""


def retell(episodes: Episodes) -> Bool[np.ndarray, "episodes clauses"]:
    """Which clauses of `LANGUAGE` are true of each episode.

    **Raises:** `ArgumentError` for episodes that do not say in which mazes they were played.
    """
    told = _Told(episodes)
    return np.stack([holds(told) for _, holds, _ in _VOCABULARY], axis=1)


def tally_of(pad: int) -> MazeTally:
    """What counts how the clauses of `LANGUAGE` stand, in worlds with a border so wide [cells]."""
    return MazeTally(pad, tuple(standing for _, _, standing in _VOCABULARY))
