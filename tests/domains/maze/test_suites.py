import hashlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import ArgumentError, UnknownName
from explora.domains.maze import (
    UNSOLVABLE,
    Maze,
    MazeSpace,
    MazeTask,
    fewest_actions_of_many,
    is_holdout,
    mirror,
    rotate,
    symmetries,
)
from explora.domains.maze._suites import named_grids
from explora.domains.maze._text import write_grid

from ._mazes import KEY, SMALL, maze, written

ENV = Maze()


@pytest.mark.parametrize(
    ("name", "count", "side", "digest"),
    [
        # The digests say that a suite is the same mazes on every machine and with every version of Python.
        ("holdout", 8, 13, "adc1ffa84b3552c7"),
        ("graded", 31, 13, "abc0bd6b2edee425"),
        ("perfect-13", 20, 13, "9d9887d9a84f9c87"),
        ("perfect-19", 20, 19, "6df7449fe69d562e"),
        ("perfect-51", 10, 51, "a7779e2723acfcf7"),
        ("random-solvable", 1000, 13, "d3c10ae20ceb4cd7"),
    ],
)
def test_suites_are_valid_solvable_and_never_change(name, count, side, digest):
    suite = ENV.suite(name)
    space = MazeSpace(side, side, walls=0)
    assert suite.tasks.walls.shape == (count, side, side)
    assert len(set(suite.names)) == count
    assert bool(jnp.all(jax.jit(jax.vmap(space.valid))(suite.tasks)))
    actions = fewest_actions_of_many(suite.tasks)
    assert np.all(actions < UNSOLVABLE)
    assert np.all(actions < ENV.limit(ENV.world(jax.tree.map(lambda x: x[0], suite.tasks))))
    text = "\n\n".join(f"# {name}\n{write_grid(grid)}" for name, grid in named_grids(name))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_names():
    assert ENV.suite_names == ("holdout", "graded", "perfect-13", "perfect-19", "perfect-51", "random-solvable")
    assert ENV.tuning_suites == ("graded",)  # the others are held out
    assert ENV.suite("graded").domain is None
    large = Maze(view=7).suite("perfect-19").domain
    assert large == Maze(MazeSpace(19, 19, walls=0), view=7)  # only the size is another
    assert all(ENV.suite(name).summary for name in ENV.suite_names)
    with pytest.raises(UnknownName, match="did you mean 'holdout'"):
        ENV.suite("hold-out")


def test_perfect_stands_for_three_sizes():
    found = ENV.suites("perfect")
    assert list(found) == ["perfect-13", "perfect-19", "perfect-51"]
    assert [suite.tasks.walls.shape for suite in found.values()] == [(20, 13, 13), (20, 19, 19), (10, 51, 51)]
    assert len({name for suite in found.values() for name in suite.names}) == 50
    assert list(ENV.suites("graded")) == ["graded"]
    with pytest.raises(ArgumentError, match=r"'perfect' stands for several suites .*perfect-51.*: take one of them"):
        ENV.suite("perfect")
    for ask in (ENV.suite, ENV.suites):
        with pytest.raises(UnknownName, match="did you mean 'perfect'"):
            ask("perfct")


def test_graded_climbs_from_trivial_to_hard():
    actions = fewest_actions_of_many(ENV.suite("graded").tasks)
    assert np.all(np.diff(actions) >= 0)
    assert actions[0] <= 3
    assert np.sum(actions <= 12) >= 7
    assert np.sum(actions >= 40) >= 6
    assert actions[-1] < 113


@pytest.mark.parametrize("name", ["perfect-13", "perfect-19", "perfect-51"])
def test_perfect_mazes_have_one_path_between_any_two_cells(name):
    for walls in np.asarray(ENV.suite(name).tasks.walls):
        free = ~walls
        edges = np.sum(free[1:] & free[:-1]) + np.sum(free[:, 1:] & free[:, :-1])
        assert edges == np.sum(free) - 1  # a tree, if it is connected:
        cells = np.sum(free[::2, ::2])
        assert cells == ((walls.shape[0] + 1) // 2) ** 2
        assert np.sum(free) == 2 * cells - 1


def test_random_solvable_has_the_walls_of_sixty_draws():
    walls = np.asarray(ENV.suite("random-solvable").tasks.walls).sum((1, 2))
    assert walls.mean() == pytest.approx(50.3, abs=0.5)
    assert walls.max() <= 60
    assert ENV.suite("random-solvable").tail == Maze(MazeSpace(9, 9)).suite("random-solvable").tail == (0.1, 0.01)
    assert all(ENV.suite(name).tail == () for name in ENV.suite_names if name != "random-solvable")


def test_nothing_made_here_is_near_a_holdout_maze():
    """Neither a holdout maze, nor its rotations and mirrors, nor a few edits of one, wherever start and goal are."""
    suite = ENV.suite("holdout")
    held = [jax.tree.map(lambda x, i=i: x[i], suite.tasks) for i in range(8)]
    turned = np.stack([np.asarray(task.walls) for one in held for task in symmetries(one)])
    # Two perfect mazes of one size share the walls of their lattice, and more by chance.
    for name, cells in (("graded", 20), ("perfect-13", 15), ("random-solvable", 20)):
        walls = np.asarray(ENV.suite(name).tasks.walls)
        apart = [np.sum(walls != other, (1, 2)).min() for other in turned]
        assert min(apart) > cells, name


def test_symmetries_by_hand():
    task = maze(SMALL)
    assert written(rotate(task)) == "v..\n.##\n...\n.G."
    assert written(mirror(task)) == "..#.\nG.#.\n...<"
    texts = [written(one) for one in symmetries(task)]
    assert len(set(texts)) == 8
    assert texts[0] == SMALL.strip()


def test_symmetries_are_equally_hard():
    task = MazeSpace(7, 7, walls=12).sample(key=KEY)
    stacked = jax.tree.map(lambda *xs: jnp.stack(xs), *symmetries(task))
    actions = fewest_actions_of_many(stacked)
    assert len(set(actions.tolist())) == 1
    back = task
    for _ in range(4):
        back = rotate(back)
    assert written(back) == written(task) == written(mirror(mirror(task)))


def test_is_holdout():
    suite = ENV.suite("holdout")
    task = jax.tree.map(lambda x: x[3], suite.tasks)
    moved = MazeTask(task.walls, task.start, task.goal, task.heading)
    assert is_holdout(task)
    assert is_holdout(rotate(mirror(task)))
    assert is_holdout(moved)
    assert not is_holdout(MazeTask(task.walls.at[0, 0].set(True), task.goal, task.start, task.heading))
    assert not is_holdout(MazeSpace().sample(key=KEY))
    assert not is_holdout(maze(SMALL))
