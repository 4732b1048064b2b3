"""Makers of mazes for the suites: each a function of a die, the same mazes on every machine for ever.

NumPy and JAX may change how they draw between versions; Python promises that `random.Random(seed).random()` does not,
so all chance here is made of that alone.
"""

import random
from collections.abc import Callable

import numpy as np

from ._solver import UNSOLVABLE, fewest_actions_of_many
from ._task import AHEAD
from ._text import Grid, stacked

SIDE = 13
Cell = tuple[int, int]


class Dice:
    """Draws that never change.

    **Arguments:**

    - `seed`: which draws.
    """

    def __init__(self, seed: int):
        self._random = random.Random(seed)

    def below(self, count: int) -> int:
        """One of 0 … `count` - 1."""
        return int(self._random.random() * count)

    def pick(self, items: list) -> Cell:
        """One of `items`."""
        return items[self.below(len(items))]


def grid_of(walls: np.ndarray, start: Cell, goal: Cell, heading: int) -> Grid:
    """A grid of plain numbers."""
    return Grid(walls, np.array(goal, np.uint8), np.array(start, np.uint8), np.array(heading, np.uint8))


def actions_of(grids: list[Grid]) -> np.ndarray:
    """The fewest actions of each grid; all of one size."""
    return fewest_actions_of_many(stacked(grids))


def free_cells(walls: np.ndarray) -> list[Cell]:
    """The cells without a wall, row by row."""
    return [(int(row), int(column)) for row, column in np.argwhere(~walls)]


def anywhere(walls: np.ndarray, dice: Dice) -> Grid:
    """Start, goal and heading at random in the given walls."""
    cells = free_cells(walls)
    start = dice.pick(cells)
    goal = dice.pick([cell for cell in cells if cell != start])
    return grid_of(walls, start, goal, dice.below(4))


def random_walls(draws: int, dice: Dice, side: int = SIDE) -> np.ndarray:
    """`draws` walls with replacement."""
    walls = np.zeros((side, side), bool)
    for _ in range(draws):
        walls[divmod(dice.below(side * side), side)] = True
    return walls


def random_solvable(count: int, draws: int, dice: Dice) -> list[Grid]:
    """Random mazes, those without a way to the goal drawn anew."""
    grids: list[Grid] = []
    while len(grids) < count:
        batch = [anywhere(random_walls(draws, dice), dice) for _ in range(count)]
        grids += [grid for grid, actions in zip(batch, actions_of(batch)) if actions < UNSOLVABLE]
    return grids[:count]


def of_length(fewest: int, most: int, make: Callable[[], Grid]) -> Grid:
    """The first maze that `make` yields whose shortest path has `fewest` … `most` actions."""
    while True:
        grid = make()
        if fewest <= actions_of([grid])[0] <= most:
            return grid


def perfect_walls(side: int, dice: Dice) -> np.ndarray:
    """Walls between which exactly one path joins any two cells: randomised depth-first search; `side` is odd."""
    walls = np.ones((side, side), bool)
    path = [(2 * dice.below((side + 1) // 2), 2 * dice.below((side + 1) // 2))]
    walls[path[0]] = False
    while path:
        row, column = path[-1]
        ways = [
            (row + 2 * down, column + 2 * right)
            for down, right in AHEAD
            if 0 <= row + 2 * down < side
            and 0 <= column + 2 * right < side
            and walls[row + 2 * down, column + 2 * right]
        ]
        if not ways:
            path.pop()
            continue
        way = dice.pick(ways)
        walls[(row + way[0]) // 2, (column + way[1]) // 2] = False
        walls[way] = False
        path.append(way)
    return walls


def perfect(side: int, dice: Dice) -> Grid:
    """A perfect maze with start and goal at different crossings of its lattice."""
    walls = perfect_walls(side, dice)
    cells = [cell for cell in free_cells(walls) if cell[0] % 2 == 0 and cell[1] % 2 == 0]
    start = dice.pick(cells)
    goal = dice.pick([cell for cell in cells if cell != start])
    return grid_of(walls, start, goal, dice.below(4))


def placed(grid: Grid, side: int = SIDE) -> Grid:
    """A smaller maze in the middle of a solid block of `side` × `side`."""
    rows, columns = grid.walls.shape
    top, left = (side - rows) // 2, (side - columns) // 2
    walls = np.ones((side, side), bool)
    walls[top : top + rows, left : left + columns] = grid.walls
    offset = np.array([top, left], np.uint8)
    return Grid(walls, grid.goal + offset, grid.start + offset, grid.heading)


def along(path: list[Cell], shape: tuple[int, int], heading: int) -> Grid:
    """A corridor: free along `path`, which leads from the start to the goal."""
    walls = np.ones(shape, bool)
    for cell in path:
        walls[cell] = False
    return grid_of(walls, path[0], path[-1], heading)


def corridor(length: int, bends: int = 0) -> list[Cell]:
    """A path of `length` cells to the right that turns `bends` times, down and right by turns."""
    cells, leg = [(0, 0)], max(length // (bends + 1), 1)
    for number in range(length - 1):
        row, column = cells[-1]
        down = min(number // leg, bends) % 2 == 1
        cells.append((row + down, column + (not down)))
    return cells


def spiral(rows: int, columns: int) -> list[Cell]:
    """A path from a corner inwards, one cell of wall between its turns."""
    walls = np.ones((rows, columns), bool)
    inside = lambda row, column: 0 <= row < rows and 0 <= column < columns
    cells, towards, stuck = [(0, 0)], 0, 0
    walls[0, 0] = False
    while stuck < 2:
        down, right = AHEAD[towards]
        row, column = cells[-1][0] + down, cells[-1][1] + right
        beyond = (row + down, column + right)
        if not inside(row, column) or (inside(*beyond) and not walls[beyond]):
            towards, stuck = (towards + 1) % 4, stuck + 1
            continue
        stuck = 0
        walls[row, column] = False
        cells.append((row, column))
    return cells


def serpentine(rows: int, columns: int) -> list[Cell]:
    """A path that sweeps to and fro over every other row."""
    cells: list[Cell] = []
    for row in range(0, rows, 2):
        ends = range(columns) if row % 4 == 0 else range(columns - 1, -1, -1)
        cells += [(row, column) for column in ends]
        if row + 2 < rows:
            cells.append((row + 1, cells[-1][1]))
    return cells


def rooms(across: list[int], down: list[int], dice: Dice, side: int = SIDE) -> np.ndarray:
    """Rooms between walls along the rows `across` and the columns `down`, a door in each piece of wall."""
    walls = np.zeros((side, side), bool)
    walls[across, :] = True
    walls[:, down] = True
    pieces = lambda lines: zip([-1, *lines], [*lines, side])
    for row in across:
        for low, high in pieces(down):
            walls[row, low + 1 + dice.below(high - low - 1)] = False
    for column in down:
        for low, high in pieces(across):
            walls[low + 1 + dice.below(high - low - 1), column] = False
    return walls


def braided(openings: int, dice: Dice, side: int = SIDE) -> np.ndarray:
    """A perfect maze with some of its walls opened, so that several ways lead to most places."""
    walls = perfect_walls(side, dice)
    between = [(int(r), int(c)) for r, c in np.argwhere(walls) if (r + c) % 2 == 1]
    for _ in range(openings):
        walls[dice.pick(between)] = False
    return walls
