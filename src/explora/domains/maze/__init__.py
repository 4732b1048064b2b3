"""Partially observed mazes, the standard benchmark of automatic curricula.

- `MazeTask` is one maze: walls, goal, start, heading; a byte a cell.
- `MazeSpace` is all mazes of one size: how to draw one at random, change it a little (both published editors),
  measure it (`features`), move in two coordinates (`parameters`), write it as text and paint it.
- `Maze` is the environment: turn left, turn right, go forward; see 5 × 5 cells. A world is the map with a border of
  walls as wide as the view, and a state three integers, so that a step is one look-up and an observation one gather.
- `MazeStudio` is the design of a maze as an environment of its own, for adversaries.
- `fewest_actions` solves a maze exactly over (row, column, heading); so the return of a perfect player, and with it
  true regret, is known everywhere.
- `Maze.suite` has the held-out mazes, `load_mazes` reads anybody's. Nothing that trains draws from either;
  `is_holdout` tells whether a maze is one of the eight named ones, however turned or mirrored.
"""

from ._environment import Maze as Maze
from ._environment import MazeState as MazeState
from ._environment import MazeWorld as MazeWorld
from ._files import load_mazes as load_mazes
from ._files import parse_mazes as parse_mazes
from ._solver import UNSOLVABLE as UNSOLVABLE
from ._solver import all_actions as all_actions
from ._solver import fewest_actions as fewest_actions
from ._solver import fewest_actions_of_many as fewest_actions_of_many
from ._space import MazeSpace as MazeSpace
from ._studio import MazeSketch as MazeSketch
from ._studio import MazeStudio as MazeStudio
from ._suites import is_holdout as is_holdout
from ._task import MazeTask as MazeTask
from ._task import mirror as mirror
from ._task import rotate as rotate
from ._task import symmetries as symmetries
