"""Designing a maze, one cell at a time: the environment of an adversary."""

from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from explora.core import ArgumentError, Box, Codes, Discrete, Environment, Inspirations, Step

from ._cells import draw_place, mark, place_of
from ._space import MazeSpace
from ._task import HEADING_NAMES, MazeTask

PLAYER = 3
"""The code of the player on a designer's map when it looks right; the other headings follow."""


class MazeSketch(eqx.Module):
    """A maze that is being designed.

    **Arguments:**

    - `maze`: what it is so far; goal and player count only once they are placed.
    - `time`: how many steps were taken.
    """

    maze: MazeTask
    time: Int32[Array, "*lanes"]


class MazeStudio(Environment[Float[Array, " noise"], Float[Array, " noise"], MazeSketch]):
    """The design of a maze as an environment; what an episode makes is a `MazeTask`.

    - **Space**: `Inspirations`, a random vector z for each design.
    - **Observation**: `image`, the whole map `(height, width)` of codes 0 floor, 1 wall, 2 goal, 3 … 6 the player
      looking right, down, left, up, each once it is placed; `time`, the number of steps taken; `noise`, z.
    - **Action**: a cell, counted through the rows.
    - **Reward**: 0; whoever judges the design sends one after the last step.
    - **End**: always after `steps` steps (terminated), never earlier.

    `order="goal first"` (JaxUED): goal, heading (action mod 4), player, then `edits` steps that each turn a wall
    into floor or floor into a wall; the cells of goal and player stay as they are. `order="walls first"` (minimax):
    `edits` steps that each put a wall, then the goal, then the player, which both clear their cell; the heading is
    drawn at random. A player put onto the goal goes to a random other cell.

    **Arguments:**

    - `mazes`: the space of the mazes that are designed.
    - `order`: which of the two.
    - `edits`: how many steps place walls.
    - `noise`: the length of z; 0 for none.

    **Reference:** Dennis et al. 2020 (PAIRED), section 5; Jiang et al. 2023, *minimax*; Coward et al. 2024, *JaxUED*.
    """

    mazes: MazeSpace
    order: Literal["goal first", "walls first"] = eqx.field(static=True, default="goal first")
    edits: int = eqx.field(static=True, default=47)
    noise: int = eqx.field(static=True, default=50)

    def __check_init__(self):
        if self.order not in ("goal first", "walls first"):
            raise ArgumentError(f'`order` must be "goal first" or "walls first"; got {self.order!r}')
        if self.edits < 0 or self.noise < 0:
            raise ArgumentError(f"`edits` and `noise` must not be negative; got {self.edits} and {self.noise}")

    @property
    def space(self) -> Inspirations:
        return Inspirations(self.noise)

    @property
    def steps(self) -> int:
        return self.edits + (3 if self.order == "goal first" else 2)

    def limit(self, world: Float[Array, " noise"]) -> int:
        return self.steps

    @property
    def observation(self) -> dict[str, Codes | Discrete | Box]:
        return {
            "image": Codes((self.mazes.height, self.mazes.width), PLAYER + len(HEADING_NAMES)),
            "time": Discrete(self.steps + 1),
            "noise": Box((self.noise,), 0.0, 1.0),
        }

    @property
    def action(self) -> Discrete:
        return Discrete(self.mazes.height * self.mazes.width)

    def reset(self, world: Float[Array, " noise"], *, key: PRNGKeyArray) -> MazeSketch:
        nowhere = jnp.array([self.mazes.height, self.mazes.width], jnp.uint8)
        heading = jr.randint(key, (), 0, 4).astype(jnp.uint8)
        walls = jnp.zeros((self.mazes.height, self.mazes.width), bool)
        return MazeSketch(MazeTask(walls, nowhere, nowhere, heading), jnp.zeros((), jnp.int32))

    def observe(self, world: Float[Array, " noise"], state: MazeSketch) -> dict[str, Array]:
        maze = state.maze
        player = maze.heading + jnp.uint8(PLAYER)
        image = jnp.where(mark(maze.start, maze.walls), player, maze.walls.astype(jnp.uint8))
        image = jnp.where(mark(maze.goal, maze.walls), jnp.uint8(2), image)
        return {"image": image, "time": state.time, "noise": world}

    def step(self, world: Float[Array, " noise"], state: MazeSketch, action: Array, *, key: PRNGKeyArray) -> Step:
        maze, time = state.maze, state.time
        place = place_of(action, self.mazes.width)
        goal_turn, heading_turn, player_turn, wall_turn = self._turns(time)
        goal_map, start_map = mark(maze.goal, maze.walls), mark(maze.start, maze.walls)
        elsewhere = draw_place(~goal_map, key=key)
        start = jnp.where(jnp.all(place == maze.goal), elsewhere, place)
        here = mark(place, maze.walls)
        if self.order == "goal first":
            walls = maze.walls ^ (here & wall_turn & ~goal_map & ~start_map)
        else:
            walls = maze.walls | (here & wall_turn)
        cleared = (here & goal_turn) | (mark(start, maze.walls) & player_turn)
        maze = MazeTask(
            walls & ~cleared,
            jnp.where(goal_turn, place, maze.goal),
            jnp.where(player_turn, start, maze.start),
            jnp.where(heading_turn, (action % 4).astype(jnp.uint8), maze.heading),
        )
        no = jnp.zeros((), bool)
        return Step(MazeSketch(maze, time + 1), jnp.zeros(()), time + 1 >= self.steps, no, no)

    def _turns(self, time: Array) -> tuple[Array, Array, Array, Array]:
        """Whether this step places the goal, sets the heading, places the player, sets a wall."""
        if self.order == "goal first":
            return time == 0, time == 1, time == 2, time >= 3
        return time == self.edits, jnp.zeros((), bool), time == self.edits + 1, time < self.edits

    def product(self, world: Float[Array, " noise"], state: MazeSketch) -> MazeTask:
        return state.maze
