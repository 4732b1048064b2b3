import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.domains.maze import MazeSpace
from explora.domains.maze._cells import draw_place
from explora.domains.maze._edits import edit_by_cells, edit_by_moves

from ._mazes import KEY, SMALL, maze, raw

COUNT = 3000


def edited(edit, task, count):
    return jax.jit(jax.vmap(lambda key: edit(task, count, key=key)))(jr.split(KEY, COUNT))


def changed(task, after):
    task, after = jax.device_get((task, after))
    walls = np.sum(after.walls != task.walls, (1, 2))
    return walls, np.any(after.goal != task.goal, 1), np.any(after.start != task.start, 1)


def near(share, expected):
    return abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / COUNT)


def test_one_move_does_nothing_flips_a_wall_or_moves_the_goal():
    task = maze(SMALL)
    after = edited(edit_by_moves, task, 1)
    walls, goal, start = changed(task, after)
    assert near(np.mean((walls == 0) & ~goal), 1 / 3)
    assert near(np.mean((walls == 1) & ~goal), 1 / 3)
    assert near(np.mean((walls == 0) & goal), 1 / 3)
    assert not np.any(start)
    assert bool(jnp.all(after.heading == task.heading))
    flips = (np.asarray(after.walls) != np.asarray(task.walls))[walls == 1].mean(0)
    assert flips[2, 0] == flips[1, 3] == 0  # never under the player or the goal
    assert np.all(np.abs(np.delete(flips.reshape(-1), [8, 7]) - 0.1) < 0.06)  # ten cells, each as likely
    goals = np.unique(np.asarray(after.goal, int)[goal] @ (4, 1))
    np.testing.assert_array_equal(goals, [0, 2, 3, 4, 6, 9, 10, 11])  # every other free cell


def test_moves_stay_legal_in_a_crowd():
    task = raw(["###", "#.#", "#.#"], (1, 1), (2, 1), 0)  # no free cell to move the goal to
    walls, goal, start = changed(task, edited(edit_by_moves, task, 1))
    assert not np.any(goal)
    assert not np.any(start)
    assert set(walls.tolist()) == {0, 1}


def test_no_edits_change_nothing():
    task = maze(SMALL)
    for editor in ("minimax", "dcd"):
        same = MazeSpace(3, 4, walls=2, edits=0, editor=editor).mutate(task, key=KEY)
        assert all(bool(jnp.all(a == b)) for a, b in zip(jax.tree.leaves(same), jax.tree.leaves(task)))


def test_one_cell_becomes_wall_floor_player_or_goal():
    task = raw(["....", "....", "...."], (1, 3), (2, 0), 0)
    after = edited(edit_by_cells, task, 1)
    walls, goal, start = changed(task, after)
    # 12 cells. Walls: 1/4 of draws, always one new wall. Goal moves: it is put on another cell (11/48), or its own
    # cell becomes wall, floor or player (3/48) and it is placed anew, sometimes (1/11 … 1/10) where it was.
    assert near(np.mean(walls == 1), 1 / 4)
    assert 11 / 48 < np.mean(goal) < 15 / 48
    assert 11 / 48 < np.mean(start) < 15 / 48
    assert abs(np.mean(np.asarray(after.heading)[start] == 0) - 1 / 4) < 0.08  # a moved player looks anywhere
    assert bool(jnp.all(jax.jit(jax.vmap(MazeSpace(3, 4, walls=0).valid))(after)))


def test_a_repeated_cell_counts_once():
    task = raw(["..", ".."], (0, 1), (1, 0), 0)
    after = edited(edit_by_cells, task, 40)  # every cell is drawn: each is decided by its first operation
    assert bool(jnp.all(jnp.any(after.start != after.goal, axis=1)))
    walls, _, _ = changed(task, after)
    # Each of the four cells becomes wall with 1/4, then lost goals and players clear some.
    assert 0 < walls.mean() < 1
    assert walls.max() <= 2


def test_a_place_is_drawn_evenly_among_the_allowed():
    allowed = jnp.array([[False, True, False], [False, False, False], [True, True, False], [False, False, True]])
    places = jax.jit(jax.vmap(lambda key: draw_place(allowed, key=key)))(jr.split(KEY, 4000))
    counts = np.bincount(np.asarray(places, int) @ (3, 1), minlength=12)
    np.testing.assert_array_equal(counts > 0, np.asarray(allowed).reshape(-1))
    assert np.all(np.abs(counts[counts > 0] - 1000) < 5 * 28)
    np.testing.assert_array_equal(draw_place(jnp.zeros((2, 2), bool), key=KEY), [0, 0])
