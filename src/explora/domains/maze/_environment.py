"""Walking through a maze while seeing only what is near."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Int32, PRNGKeyArray, UInt8

from explora.core import ArgumentError, Codes, Discrete, Environment, Episodes, Language, Step, Suite

from ._draw import draw_maze
from ._files import load_mazes
from ._solver import UNSOLVABLE, fewest_actions
from ._space import MazeSpace
from ._suites import SUITE_GROUPS, SUITE_NAMES, suite_of
from ._task import AHEAD, EMPTY, GOAL, HEADING_NAMES, WALL, MazeTask
from ._words import LANGUAGE, MazeTally, retell, tally_of


class MazeWorld(eqx.Module):
    """What stays the same while a maze is played.

    **Arguments:**

    - `codes`: the code of every cell, with a border of walls as wide as the player can see.
    - `maps`: the same on a square, for each heading turned so that it points up: what the player sees is then one
      slice, which is cheaper than picking its cells one by one.
    - `start`: the cell of the player at first, counted through the rows of `codes`.
    - `heading`: where the player looks at first.
    """

    codes: UInt8[Array, "*tasks padded_rows padded_columns"]
    maps: UInt8[Array, "*tasks 4 side side"]
    start: Int32[Array, "*tasks"]
    heading: UInt8[Array, "*tasks"]


class MazeState(eqx.Module):
    """What changes while a maze is played.

    **Arguments:**

    - `cell`: where the player is, counted through the rows of the world's `codes`.
    - `heading`: where it looks.
    - `time`: how many steps it has taken.
    """

    cell: Int32[Array, "*lanes"]
    heading: UInt8[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class Maze(Environment[MazeTask, MazeWorld, MazeState]):
    """Find the goal of a maze while seeing only the cells ahead.

    - **Space**: `MazeSpace`; mazes of any other size can be played too, each size with shapes of its own.
    - **Observation**: `image`, `(view, view)` of codes 0 floor, 1 wall, 2 goal, as the player sees them: it stands in
      the middle of the last row and looks up; walls hide nothing; what lies beyond the border is wall. `direction`,
      where it looks: 0 right, 1 down, 2 left, 3 up.
    - **Action**: 0 turn left, 1 turn right, 2 go forward (into a wall: stay). Further actions do nothing.
    - **Reward**: 1 - 0.9 · t / T for walking into the goal at step t (counted from 1) of at most T; otherwise 0.
    - **Achieved**: row and column of the player's cell. **Wanted**: of the goal; who solved the maze achieved it.
    - **End**: at the goal (terminated, solved; the player bumps into it and its cell is never entered), or after T
      steps (truncated). T is 250 up to 13 × 13 and 2 (height + 2) (width + 2) above.
    - **Optimal return**: exact, 0 where the goal cannot be reached within T.
    - **Suites**: `holdout` (the eight named mazes of the literature), `graded` (31 of our own, easy to hard, to
      tune on: the others are held out), `perfect-13`, `perfect-19`, `perfect-51` (one path between any two cells;
      `perfect`: all three), `random-solvable` (1,000 mazes of 60 wall draws); any file of text mazes through
      `load_mazes`.
    - **Versions**: 1, the first; equal step for step to the `Maze` of JaxUED 0.0.1 with `actions=7,
      limit_terminates=True, max_steps=250` (its images are transposed and use MiniGrid's codes).

    **Arguments:**

    - `space`: the mazes to train on. By default half of them are carved: in walls drawn at random one hardly ever gets
      lost, so they teach no way of searching. The literature has `MazeSpace(solvable=False)`, all walls at random.
    - `view`: how many cells the player sees ahead (its own row included) and across; odd.
    - `steps`: the length of one play in training [steps].
    - `max_steps`: T for every maze; None for the rule above.
    - `limit_terminates`: count the time limit as an end by the maze's own rules, as the peers do: nothing is then
      bootstrapped from the state that was cut off.
    - `actions`: how many actions there are, at least 3; 7 as in MiniGrid, where the others do nothing here.

    **Reference:** Chevalier-Boisvert et al. 2023, *MiniGrid*; Dennis et al. 2020 (PAIRED); Coward et al. 2024
    (*JaxUED*).
    """

    space: MazeSpace = MazeSpace(carved=0.5)  # pyright: ignore[reportIncompatibleMethodOverride]
    view: int = eqx.field(static=True, default=5)
    steps: int = eqx.field(static=True, default=256)  # pyright: ignore[reportIncompatibleMethodOverride]
    max_steps: int | None = eqx.field(static=True, default=None)
    limit_terminates: bool = eqx.field(static=True, default=False)
    actions: int = eqx.field(static=True, default=3)

    def __check_init__(self):
        if self.view < 3 or self.view % 2 == 0:
            raise ArgumentError(f"`view` must be an odd number of cells, at least 3; got {self.view}; try 5")
        if self.actions < 3:
            raise ArgumentError(f"`actions` must be at least 3 (left, right, forward); got {self.actions}")
        if self.steps < 1 or (self.max_steps is not None and self.max_steps < 1):
            raise ArgumentError(f"`steps` and `max_steps` must be at least 1; got {self.steps} and {self.max_steps}")

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"optimal_returns"})

    @property
    def pad(self) -> int:
        """How far the border of walls reaches around a world [cells]."""
        return self.view - 1

    @property
    def suite_names(self) -> tuple[str, ...]:
        return SUITE_NAMES

    @property
    def suite_groups(self) -> dict[str, tuple[str, ...]]:
        return SUITE_GROUPS

    @property
    def tuning_suites(self) -> tuple[str, ...]:
        return ("graded",)

    def suite(self, name: str) -> Suite[MazeTask]:
        suite = suite_of(name)
        rows, columns = suite.tasks.walls.shape[-2:]
        if (rows, columns) == (self.space.height, self.space.width):
            return suite
        elsewhere = dataclasses.replace(self, space=MazeSpace(rows, columns, walls=0))
        return dataclasses.replace(suite, domain=elsewhere)

    def read_tasks(self, path: str) -> list[Suite[MazeTask]]:
        return load_mazes(path)

    def limit(self, world: MazeWorld) -> int:
        if self.max_steps is not None:
            return self.max_steps
        rows, columns = (size - 2 * self.pad for size in world.codes.shape[-2:])
        return 250 if max(rows, columns) <= 13 else 2 * (rows + 2) * (columns + 2)

    @property
    def observation(self) -> dict[str, Codes | Discrete]:
        return {
            "image": Codes((self.view, self.view), 3),
            "direction": Discrete(4, HEADING_NAMES, jnp.dtype(jnp.uint8)),
        }

    @property
    def action(self) -> Discrete:
        others = tuple(f"nothing {number}" for number in range(1, self.actions - 2))
        return Discrete(self.actions, ("left", "right", "forward", *others))

    def world(self, task: MazeTask) -> MazeWorld:
        pad = self.pad
        goal = task.goal.astype(jnp.int32)
        start = task.start.astype(jnp.int32)
        codes = jnp.pad(task.walls.astype(jnp.uint8), pad, constant_values=WALL)
        codes = codes.at[goal[0] + pad, goal[1] + pad].set(GOAL)
        side = max(codes.shape)
        square = jnp.pad(codes, [(0, side - size) for size in codes.shape], constant_values=WALL)
        maps = jnp.stack([jnp.rot90(square, turns) for turns in (1, 2, 3, 0)])  # right, down, left, up
        return MazeWorld(codes, maps, (start[0] + pad) * codes.shape[1] + start[1] + pad, task.heading)

    def reset(self, world: MazeWorld, *, key: PRNGKeyArray) -> MazeState:
        return MazeState(world.start, world.heading, jnp.zeros((), jnp.int32))

    def observe(self, world: MazeWorld, state: MazeState) -> dict[str, Array]:
        heading, last = state.heading.astype(jnp.int32), world.maps.shape[-1] - 1
        row, column = state.cell // world.codes.shape[-1], state.cell % world.codes.shape[-1]
        up = jax.lax.select_n(heading, last - column, last - row, column, row)
        across = jax.lax.select_n(heading, row, last - column, last - row, column)
        corner = (heading, up - (self.view - 1), across - self.view // 2)
        image = jax.lax.dynamic_slice(world.maps, corner, (1, self.view, self.view))[0]
        return {"image": image, "direction": state.heading}

    def step(self, world: MazeWorld, state: MazeState, action: Array, *, key: PRNGKeyArray) -> Step:
        ahead = jnp.asarray((np.array(AHEAD) @ [world.codes.shape[-1], 1]).astype(np.int32))
        front = state.cell + ahead[state.heading]
        code = world.codes.reshape(-1).at[front].get(mode="promise_in_bounds")
        forward = action == 2
        solved = forward & (code == GOAL)
        turn = jnp.uint8(3) * (action == 0).astype(jnp.uint8) + (action == 1).astype(jnp.uint8)
        time = state.time + 1
        late = time >= self.limit(world)
        after = MazeState(
            jnp.where(forward & (code == EMPTY), front, state.cell), (state.heading + turn) & jnp.uint8(3), time
        )
        reward = jnp.where(solved, 1.0 - 0.9 * (time / self.limit(world)), 0.0).astype(jnp.float32)
        if self.limit_terminates:
            return Step(after, reward, solved | late, jnp.zeros_like(late), solved)
        return Step(after, reward, solved, late & ~solved, solved)

    @property
    def goal(self) -> Codes:
        return Codes((2,), max(self.space.height, self.space.width))

    def achieved(self, world: MazeWorld, state: MazeState) -> UInt8[Array, "2"]:
        return self._place(world, state.cell)

    def wanted(self, world: MazeWorld) -> UInt8[Array, "2"]:
        return self._place(world, jnp.argmax(world.codes.reshape(-1) == GOAL))

    def _place(self, world: MazeWorld, cell: Int[Array, ""]) -> UInt8[Array, "2"]:
        """Row and column of a cell in the maze without its border."""
        stride = world.codes.shape[-1]
        return jnp.stack([cell // stride - self.pad, cell % stride - self.pad]).astype(jnp.uint8)

    @property
    def language(self) -> Language:
        return LANGUAGE

    def retell(self, episodes: Episodes) -> Bool[np.ndarray, "episodes clauses"]:
        return retell(episodes)

    @property
    def tally(self) -> MazeTally:
        return tally_of(self.pad)

    def optimal_return(self, world: MazeWorld) -> Float[Array, ""]:
        actions, limit = self.optimal_length(world), self.limit(world)
        return jnp.where(actions <= limit, 1.0 - 0.9 * (actions / limit), 0.0)

    def optimal_length(self, world: MazeWorld) -> Float[Array, ""]:
        actions = fewest_actions(self._task(world))
        return jnp.where(actions < UNSOLVABLE, actions.astype(jnp.float32), jnp.inf)

    def _task(self, world: MazeWorld) -> MazeTask:
        """The maze of which `world` was made."""
        pad = self.pad
        codes = world.codes[pad:-pad, pad:-pad]
        goal = jnp.argmax(codes.reshape(-1) == GOAL)
        place = lambda row, column: jnp.stack([row, column]).astype(jnp.uint8)
        start = place(world.start // world.codes.shape[1] - pad, world.start % world.codes.shape[1] - pad)
        return MazeTask(codes == WALL, place(goal // codes.shape[1], goal % codes.shape[1]), start, world.heading)

    def scene(self, task: MazeTask) -> dict[str, Any]:
        return {"kind": "grid", "text": self.space.encode(task), "view": self.view}

    def moment(self, task: MazeTask, state: MazeState) -> list[int]:
        stride, cell = task.walls.shape[1] + 2 * self.pad, int(state.cell)
        return [cell // stride - self.pad, cell % stride - self.pad, int(state.heading)]

    def frame(self, task: MazeTask, state: MazeState, size: int = 160) -> np.ndarray:
        rows, columns = task.walls.shape
        stride, pad = columns + 2 * self.pad, self.pad
        seen = int(state.cell) + _offsets(self.view, stride)[int(state.heading)]
        lit = np.zeros((rows + 2 * pad, stride), bool)
        lit.reshape(-1)[seen] = True
        place = (int(state.cell) // stride - pad, int(state.cell) % stride - pad)
        return draw_maze(task, size, place, int(state.heading), lit[pad : pad + rows, pad : pad + columns])


def _offsets(view: int, stride: int) -> np.ndarray:
    """Where the cells of a view lie, relative to the player's, for each heading: row 0 is the farthest ahead."""
    ahead = view - 1 - np.arange(view)[:, None]
    right = np.arange(view)[None, :] - view // 2
    table = [
        (ahead * move[0] + right * side[0]) * stride + ahead * move[1] + right * side[1]
        for move, side in zip(AHEAD, (*AHEAD[1:], AHEAD[0]))
    ]
    return np.stack(table).astype(np.int32)
