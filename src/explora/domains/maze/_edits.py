"""The two published ways to change a maze a little."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import PRNGKeyArray

from ._cells import draw_place, mark, place_of
from ._task import MazeTask


def edit_by_moves(task: MazeTask, count: int, *, key: PRNGKeyArray) -> MazeTask:
    """`count` independent operations: nothing, flip one cell between wall and floor, or move the goal.

    Cells are drawn among those where the operation is legal; the player never moves.

    **Arguments:**

    - `task`: the maze to start from.
    - `count`: how many operations.
    - `key`: the only source of chance.

    **Reference:** Jiang et al. 2023, *minimax*, its default mutator; also that of JaxUED (Coward et al. 2024).
    """
    if count == 0:
        return task
    kind_key, place_key = jr.split(key)
    kinds = jr.randint(kind_key, (count,), 0, 3)
    start = mark(task.start, task.walls)

    def edit(number: Any, maze: MazeTask) -> MazeTask:
        moves, flips = kinds[number] == 2, kinds[number] == 1
        taken = start | mark(maze.goal, maze.walls)
        allowed = ~taken & ~(moves & maze.walls)
        place = draw_place(allowed, key=jr.fold_in(place_key, number))
        legal = jnp.any(allowed)
        walls = maze.walls ^ (mark(place, maze.walls) & flips & legal)
        return MazeTask(walls, jnp.where(moves & legal, place, maze.goal), maze.start, maze.heading)

    return jax.lax.fori_loop(0, count, edit, task)


def edit_by_cells(task: MazeTask, count: int, *, key: PRNGKeyArray) -> MazeTask:
    """`count` cells are drawn with replacement and without repetition become wall, floor, player or goal.

    A player or goal that was overwritten is put on a random free cell at the end; a player that is put anywhere looks
    in a random direction.

    **Arguments:** as `edit_by_moves`.

    **Reference:** Parker-Holder et al. 2022, *Evolving Curricula with Regret-Based Environment Design* (ACCEL).
    """
    if count == 0:
        return task
    rows, columns = task.walls.shape
    cell_key, kind_key, heading_key, goal_key, start_key = jr.split(key, 5)
    cells = jr.randint(cell_key, (count,), 0, rows * columns)
    kinds = jr.randint(kind_key, (count,), 0, 4)
    headings = jr.randint(heading_key, (count + 1,), 0, 4).astype(jnp.uint8)
    earlier = jnp.arange(count)[None, :] < jnp.arange(count)[:, None]
    repeated = jnp.any((cells[:, None] == cells[None, :]) & earlier, axis=1)

    def edit(number: Any, carry: tuple) -> tuple:
        maze, has_start, has_goal = carry
        place, kind, counts = place_of(cells[number], columns), kinds[number], ~repeated[number]
        here = mark(place, maze.walls) & counts
        walls = jnp.where(here, kind == 0, maze.walls)
        put_start, put_goal = (kind == 2) & counts, (kind == 3) & counts
        keeps_start = has_start & ~(jnp.all(place == maze.start) & counts)
        keeps_goal = has_goal & ~(jnp.all(place == maze.goal) & counts)
        edited = MazeTask(
            walls,
            jnp.where(put_goal, place, maze.goal),
            jnp.where(put_start, place, maze.start),
            jnp.where(put_start, headings[number], maze.heading),
        )
        return edited, keeps_start | put_start, keeps_goal | put_goal

    maze, has_start, has_goal = jax.lax.fori_loop(0, count, edit, (task, jnp.ones((), bool), jnp.ones((), bool)))
    maze = _put_goal(maze, has_goal, mark(maze.start, maze.walls) & has_start, key=goal_key)
    goal = mark(maze.goal, maze.walls)
    start = jnp.where(has_start, maze.start, _free_place(maze, goal, key=start_key))
    heading = jnp.where(has_start, maze.heading, headings[count])
    return MazeTask(maze.walls & ~mark(start, maze.walls), maze.goal, start, heading)


def _put_goal(maze: MazeTask, has_goal: Any, taken: Any, *, key: PRNGKeyArray) -> MazeTask:
    goal = jnp.where(has_goal, maze.goal, _free_place(maze, taken, key=key))
    return MazeTask(maze.walls & ~mark(goal, maze.walls), goal, maze.start, maze.heading)


def _free_place(maze: MazeTask, taken: Any, *, key: PRNGKeyArray) -> Any:
    """A random free cell, or a random wall where nothing else is free."""
    free = ~maze.walls & ~taken
    return draw_place(jnp.where(jnp.any(free), free, ~taken), key=key)
