"""The space of mazes of one size."""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from explora.core import ArgumentError, Environment, Field, Space, TaskError, between

from ._carve import breach, carve, is_carved, openings_of
from ._cells import at, draw_place, mark, shifted
from ._draw import draw_maze
from ._edits import edit_by_cells, edit_by_moves
from ._solver import UNSOLVABLE, cells_away, fewest_actions, fewest_actions_of_many
from ._task import AHEAD, MazeTask
from ._text import BRUSHES, LARGEST, read_grid, task_of, write_grid

SMALLEST = 3


class MazeSpace(Space[MazeTask]):
    """All mazes of one size, and how to draw, change, measure, write and paint one.

    A sample is always valid: the goal is not the start and neither is a wall. With `solvable` a path leads from one to
    the other. The literature leaves that to chance: with 60 draws on 13 × 13 it does in 86 of 100 cases, and as an
    episode without a way lasts until its time is over, the other 14 are most of what a player sees that goes from maze
    to maze.

    **Arguments:**

    - `height`, `width`: cells inside the border, 3 … 101 each.
    - `walls`: how many walls are drawn, at most.
    - `uniform_walls`: draw the number of walls uniformly from 0 … `walls` instead of taking `walls`.
    - `replace`: draw their cells with replacement (25 draws on 13 × 13 make 23.3 walls), as JaxUED does; or without.
    - `solvable`: draw the goal among the cells that can be reached (and the start among those with a neighbour).
    - `carved`: the share of mazes that are carved into corridors instead, in which one can get lost: exactly one path
      joins any two crossings, before 0 … `openings` walls between crossings are opened.
    - `openings`: at most how many.
    - `empty`: draw no walls at all, only start and goal: ACCEL from empty mazes.
    - `edits`: how many operations `mutate` does.
    - `editor`: `"minimax"` (flip walls, move the goal) or `"dcd"` (overwrite cells, also those of goal and player).
    """

    height: int = eqx.field(static=True, default=13)
    width: int = eqx.field(static=True, default=13)
    walls: int = eqx.field(static=True, default=60)
    uniform_walls: bool = eqx.field(static=True, default=False)
    replace: bool = eqx.field(static=True, default=True)
    solvable: bool = eqx.field(static=True, default=True)
    carved: float = eqx.field(static=True, default=0.0)
    openings: int = eqx.field(static=True, default=24)
    empty: bool = eqx.field(static=True, default=False)
    edits: int = eqx.field(static=True, default=20)
    editor: Literal["minimax", "dcd"] = eqx.field(static=True, default="minimax")

    def __check_init__(self):
        for name, size in (("height", self.height), ("width", self.width)):
            if not SMALLEST <= size <= LARGEST:
                raise ArgumentError(f"`{name}` must be {SMALLEST} … {LARGEST} cells without the border; got {size}")
        most = self.height * self.width - 2
        if not 0 <= self.walls <= most:
            raise ArgumentError(
                f"`walls` must be 0 … {most} on {self.height} × {self.width}, so that start and goal have room; "
                f"got {self.walls}"
            )
        between("carved", self.carved, 0.0, 1.0)
        between("openings", self.openings, 0)
        if self.edits < 0:
            raise ArgumentError(f"`edits` must not be negative; got {self.edits}")
        if self.editor not in ("minimax", "dcd"):
            raise ArgumentError(f'`editor` must be "minimax" or "dcd"; got {self.editor!r}')

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"mutate", "features", "studio", "parameters"})

    def sample(self, *, key: PRNGKeyArray) -> MazeTask:
        count_key, wall_key, start_key, goal_key, heading_key = jr.split(key, 5)
        if self.empty or self.walls == 0:
            walls = jnp.zeros((self.height, self.width), bool)
        else:
            count = jr.randint(count_key, (), 0, self.walls + 1) if self.uniform_walls else jnp.asarray(self.walls)
            walls = self._draw_walls(count, key=wall_key)
        carved = jnp.zeros((), bool)
        if self._carves:
            chance_key, open_key, carve_key = jr.split(jr.fold_in(wall_key, 1), 3)
            carved = jr.uniform(chance_key) < self.carved
            count = jr.randint(open_key, (), 0, self.openings + 1)
            walls = jnp.where(carved, self._carve(count, key=carve_key), walls)
        free = starts = ~walls
        if self.solvable:
            neighbours = [shifted(free, down, right) for down, right in AHEAD]
            starts = _if_any(free & (neighbours[0] | neighbours[1] | neighbours[2] | neighbours[3]), free)
        start = draw_place(starts, key=start_key)
        goals = free & ~mark(start, walls)
        if self.solvable:
            # All of a carved maze can be reached; finding out would take as many passes as its longest way has cells.
            goals = _if_any(goals & (cells_away(walls & ~carved, start) < UNSOLVABLE), goals)
        goal = draw_place(goals, key=goal_key)
        return MazeTask(walls, goal, start, jr.randint(heading_key, (), 0, 4).astype(jnp.uint8))

    def mutate(self, task: MazeTask, *, key: PRNGKeyArray) -> MazeTask:
        edit = edit_by_moves if self.editor == "minimax" else edit_by_cells
        return edit(task, self.edits, key=key)

    def valid(self, task: MazeTask) -> Bool[Array, ""]:
        if task.walls.shape != (self.height, self.width):
            return jnp.zeros((), bool)
        size = jnp.array([self.height, self.width], jnp.uint8)
        inside = jnp.all(task.goal < size) & jnp.all(task.start < size) & (task.heading < 4)
        return inside & jnp.any(task.goal != task.start) & ~at(task.walls, task.goal) & ~at(task.walls, task.start)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return ("walls", "fewest actions", "dead ends", "junctions", "reachable", "distance", "symmetry")

    def features(self, task: MazeTask) -> Float[Array, " features"]:
        """Seven numbers that describe a maze.

        Walls [cells]; fewest actions to the goal, 0 if there is no way; dead ends (free cells with one free neighbour
        or none); junctions (three or more); the share of the free cells that can be reached; the straight distance
        from start to goal [cells]; symmetry: of the cells that are walls in the maze or in its mirror image, the share
        that are in both, for the better of the two mirrors (left and right, top and bottom), 1 without walls.
        """
        free = ~task.walls
        actions = fewest_actions(task)
        neighbours = sum(shifted(free, down, right).astype(jnp.int32) for down, right in AHEAD)
        reached = jnp.sum(cells_away(task.walls, task.start) < UNSOLVABLE)
        apart = task.goal.astype(jnp.float32) - task.start.astype(jnp.float32)
        numbers = (
            jnp.sum(task.walls),
            jnp.where(actions < UNSOLVABLE, actions, 0),
            jnp.sum(free & (neighbours <= 1)),
            jnp.sum(free & (neighbours >= 3)),
            reached / jnp.sum(free),
            jnp.sqrt(jnp.sum(apart**2)),
            jnp.maximum(_likeness(task.walls, task.walls[:, ::-1]), _likeness(task.walls, task.walls[::-1])),
        )
        return jnp.stack([jnp.asarray(number, jnp.float32) for number in numbers])

    def feature_bounds(self) -> tuple[Float[Array, " features"], Float[Array, " features"]]:
        cells = float(self.height * self.width)
        high = (cells - 2, 2 * cells, cells, cells, 1.0, float(np.hypot(self.height - 1, self.width - 1)), 1.0)
        return jnp.zeros(7), jnp.array(high)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("walls", "distance", "corridors") if self._mixed else ("walls", "distance")

    def parameters(self, task: MazeTask) -> Float[Array, " parameters"]:
        """How many walls were drawn, how far the goal is among where it could be, and whether the maze is carved.

        The first is the number of draws that yields the maze's walls on average, over `walls`; in a carved maze it is
        what share of `openings` was not opened, likewise. The second is the share of the cells reachable from the start
        (it aside) that are at most as far as the goal, on foot; 1 if there is no way to the goal. There is a third if
        both kinds of maze are drawn: for a carved maze the middle of 1 - `carved` … 1, for others the middle of the
        rest.
        """
        draws = jnp.sum(task.walls).astype(jnp.float32)
        if self.replace:
            cells = float(self.height * self.width)
            draws = jnp.log1p(-jnp.minimum(draws / cells, 1 - 1 / cells)) / np.log1p(-1 / cells)
        numbers = [draws / max(self.walls, 1)]
        away = cells_away(task.walls, task.start)
        reached = (away > 0) & (away < UNSOLVABLE)
        goal = at(away, task.goal)
        rank = jnp.sum(reached & (away <= goal)) / jnp.maximum(jnp.sum(reached), 1)
        rank = jnp.where(goal < UNSOLVABLE, rank, 1.0)
        numbers.append(rank.astype(jnp.float32))
        if self._carves:
            corridors = is_carved(task.walls)
            shut = 1.0 - openings_of(task.walls) / max(self.openings, 1)
            numbers[0] = jnp.where(corridors, shut, numbers[0])
            if self._mixed:
                numbers.append(jnp.where(corridors, 1.0 - self.carved / 2, (1.0 - self.carved) / 2))
        return jnp.clip(jnp.stack(numbers), 0.0, 1.0)

    def from_parameters(self, parameters: Float[Array, " parameters"], *, key: PRNGKeyArray) -> MazeTask:
        wall_key, start_key, goal_key, heading_key = jr.split(key, 4)
        share = jnp.clip(parameters, 0.0, 1.0)
        walls = self._draw_walls(jnp.round(share[0] * self.walls).astype(jnp.int32), key=wall_key)
        if self._carves:
            count = jnp.round((1.0 - share[0]) * self.openings).astype(jnp.int32)
            corridors = self._carve(count, key=jr.fold_in(wall_key, 1))
            walls = jnp.where(share[2] >= 1.0 - self.carved, corridors, walls) if self._mixed else corridors
        start = draw_place(~walls, key=start_key)
        away = cells_away(walls, start)
        reached = (away > 0) & (away < UNSOLVABLE)
        ranks = jnp.sort(jnp.where(reached, away, UNSOLVABLE).reshape(-1))
        last = jnp.maximum(jnp.sum(reached) - 1, 0)
        wanted = ranks[jnp.clip(jnp.ceil(share[1] * (last + 1).astype(jnp.float32)).astype(jnp.int32) - 1, 0, last)]
        # A start that is walled in has no reachable cell: then any free cell will do.
        allowed = jnp.where(jnp.any(reached), reached & (away == wanted), ~walls & (away != 0))
        goal = draw_place(allowed, key=goal_key)
        return MazeTask(walls, goal, start, jr.randint(heading_key, (), 0, 4).astype(jnp.uint8))

    def studio(self) -> Environment:
        from ._studio import MazeStudio

        return MazeStudio(self)

    def encode(self, task: MazeTask) -> str:
        return write_grid(task)

    def decode(self, value: Any) -> MazeTask:
        if not isinstance(value, str):
            raise TaskError(f"a maze is written as text, one line a row; got {type(value).__name__}")
        grid = read_grid(value.strip("\n").split("\n"))
        if grid.walls.shape != (self.height, self.width):
            rows, columns = grid.walls.shape
            raise TaskError(
                f"the maze is {rows} × {columns}, this space holds {self.height} × {self.width}; "
                f"read it with MazeSpace(height={rows}, width={columns})"
            )
        return task_of(grid)

    @property
    def fields(self) -> tuple[Field, ...]:
        height, width = (self.height, self.height), (self.width, self.width)
        return (Field("", "grid", brushes=BRUSHES, height=height, width=width),)

    def describe(self, task: MazeTask) -> str:
        many = jax.tree.map(lambda x: np.asarray(x)[None], task)
        actions = int(fewest_actions_of_many(many)[0])
        rows, columns = task.walls.shape
        way = f"{actions} actions to the goal" if actions < UNSOLVABLE else "no way to the goal"
        return f"{rows} × {columns} maze, {int(np.sum(many.walls))} walls, {way}"

    def draw(self, task: MazeTask, size: int = 160) -> np.ndarray:
        return draw_maze(task, size)

    @property
    def _carves(self) -> bool:
        """Whether any maze is carved."""
        return self.carved > 0.0 and not self.empty

    @property
    def _mixed(self) -> bool:
        """Whether both kinds of maze are drawn."""
        return self._carves and self.carved < 1.0

    def _carve(self, count: Int[Array, ""], *, key: PRNGKeyArray) -> Bool[Array, "rows columns"]:
        """Corridors, and `count` (at most `openings`) openings between them."""
        carve_key, open_key = jr.split(key)
        return breach(carve(self.height, self.width, key=carve_key), count, self.openings, key=open_key)

    def _draw_walls(self, count: Int[Array, ""], *, key: PRNGKeyArray) -> Bool[Array, "rows columns"]:
        """`count` (at most `self.walls`) cells at random."""
        cells, draws = self.height * self.width, self.walls
        if self.replace:
            spots = jr.randint(key, (draws,), 0, cells)
            spots = jnp.where(jnp.arange(draws) < count, spots, cells)
            walls = jnp.zeros((cells,), bool).at[spots].set(True, mode="drop")
        else:
            # Floyd's sampling: `count` different cells, every set of them equally likely, one draw each.
            last = jnp.arange(draws) + cells - count
            spots = jr.randint(key, (draws,), 0, jnp.maximum(last + 1, 1))

            def put(number: Any, walls: Array) -> Array:
                spot = jnp.where(walls[spots[number]], last[number], spots[number])
                return walls.at[jnp.where(number < count, spot, cells)].set(True, mode="drop")

            walls = jax.lax.fori_loop(0, draws, put, jnp.zeros((cells,), bool))
        return walls.reshape(self.height, self.width)


def _if_any(wanted: Bool[Array, "rows columns"], otherwise: Bool[Array, "rows columns"]) -> Array:
    """The cells that are wanted; where there are none, the others."""
    return jnp.where(jnp.any(wanted), wanted, otherwise)


def _likeness(first: Bool[Array, "rows columns"], second: Bool[Array, "rows columns"]) -> Float[Array, ""]:
    """Of the cells that are set in either, the share that are set in both; 1 if none is."""
    both, either = jnp.sum(first & second), jnp.sum(first | second)
    return jnp.where(either > 0, both / jnp.maximum(either, 1), 1.0)
