"""What the tests of the maze domain share."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.domains.maze import Maze, MazeTask, parse_mazes
from explora.domains.maze._text import write_grid

KEY = jr.key(0)

SMALL = """
.#..
.#.G
>...
"""
"""Three rows, four columns."""


def maze(text: str) -> MazeTask:
    """The maze that is drawn in `text`, whatever its size."""
    (suite,) = parse_mazes(text)
    return jax.tree.map(lambda x: x[0], suite.tasks)


def raw(walls: list[str], goal: tuple[int, int], start: tuple[int, int], heading: int) -> MazeTask:
    """A maze that `parse_mazes` would refuse (unreachable goals)."""
    grid = np.array([[letter == "#" for letter in row] for row in walls])
    place = lambda at: jnp.array(at, jnp.uint8)
    return MazeTask(jnp.asarray(grid), place(goal), place(start), jnp.uint8(heading))


def written(task: MazeTask) -> str:
    """A maze of any size as text."""
    return write_grid(task)


def walk(env: Maze, task: MazeTask, actions: str) -> list:
    """The steps that a string of actions (`l`, `r`, `f`, other letters: nothing) leads to."""
    world = env.world(task)
    state, steps = env.reset(world, key=KEY), []
    for letter in actions:
        number = "lrf".index(letter) if letter in "lrf" else 6
        steps.append(env.step(world, state, jnp.int32(number), key=KEY))
        state = steps[-1].state
    return steps
