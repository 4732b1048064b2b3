import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, TaskError
from explora.domains.maze import Maze, MazeSpace, MazeStudio, fewest_actions_of_many
from explora.domains.maze._solver import UNSOLVABLE
from explora.testing import SpaceSuite

from ._mazes import KEY, SMALL, maze, raw, written


class TestLaws(SpaceSuite):
    def part(self):
        return MazeSpace(5, 7, walls=12)


@pytest.mark.slow
class TestLawsOfTheOtherOptions(SpaceSuite):
    COUNT = 8

    def part(self):
        return MazeSpace(6, 4, walls=20, replace=False, uniform_walls=True, editor="dcd", edits=9)


@pytest.mark.slow
class TestLawsOfCarvedMazes(SpaceSuite):
    COUNT = 8

    def part(self):
        return MazeSpace(7, 5, walls=8, carved=0.5, openings=4)


def many(space: MazeSpace, count: int = 2000):
    return jax.jit(lambda key: space.samples(count, key=key))(KEY)


def test_draws_with_replacement_make_fewer_walls():
    tasks = many(MazeSpace(walls=25, solvable=False))
    assert float(tasks.walls.sum((1, 2)).mean()) == pytest.approx(23.3, abs=0.15)  # as published
    actions = fewest_actions_of_many(tasks)
    assert float(np.mean(actions < 1000)) == pytest.approx(0.995, abs=0.01)
    assert float(np.mean(actions[actions < 1000])) == pytest.approx(11.5, abs=0.5)


@pytest.mark.parametrize("walls", [60, 130])
def test_a_way_leads_to_the_goal_unless_that_is_left_to_chance(walls):
    actions = fewest_actions_of_many(many(MazeSpace(walls=walls)))
    assert np.all(actions < UNSOLVABLE)
    by_chance = fewest_actions_of_many(many(MazeSpace(walls=walls, solvable=False)))
    assert np.mean(by_chance < UNSOLVABLE) < 0.9


def test_draws_without_replacement_are_exact_and_even():
    space = MazeSpace(3, 3, walls=4, replace=False)
    tasks = many(space, 4000)
    np.testing.assert_array_equal(tasks.walls.sum((1, 2)), 4)
    share = np.asarray(tasks.walls).mean(0)
    assert np.all(np.abs(share - 4 / 9) < 5 * np.sqrt(4 / 9 * 5 / 9 / 4000))
    sets = {tuple(np.flatnonzero(walls)) for walls in np.asarray(tasks.walls)}
    assert len(sets) == 126  # 9 choose 4: every set occurs


@pytest.mark.parametrize("replace", [False, True])
def test_uniform_number_of_walls(replace):
    space = MazeSpace(5, 5, walls=3, uniform_walls=True, replace=replace)
    counts = np.bincount(np.asarray(many(space).walls.sum((1, 2))), minlength=4) / 2000
    if replace:  # of three draws among 25 cells some coincide
        assert counts[0] == pytest.approx(0.25, abs=0.05)
        assert counts[1] > 0.25 > counts[3]
    else:
        np.testing.assert_allclose(counts, 0.25, atol=0.05)


def test_starts_goals_and_headings_are_even():
    tasks = many(MazeSpace(3, 3, walls=0), 3600)
    for place in (tasks.start, tasks.goal):
        cells = np.asarray(place, int) @ (3, 1)
        assert np.all(np.abs(np.bincount(cells, minlength=9) - 400) < 5 * 20)
    assert np.all(np.abs(np.bincount(np.asarray(tasks.heading), minlength=4) - 900) < 5 * 30)


def test_empty():
    tasks = many(MazeSpace(empty=True), 50)
    assert not bool(jnp.any(tasks.walls))
    assert bool(jnp.all(jnp.any(tasks.start != tasks.goal, axis=1)))


def test_a_full_maze_still_has_a_start_and_a_goal():
    space = MazeSpace(3, 3, walls=7, replace=False)
    assert bool(jnp.all(jax.jit(jax.vmap(space.valid))(many(space, 50))))


@pytest.mark.parametrize(
    "task",
    [
        raw(["...", "...", "..."], (0, 0), (0, 0), 0),  # the goal is the start
        raw(["#..", "...", "..."], (0, 0), (1, 1), 0),
        raw(["#..", "...", "..."], (1, 1), (0, 0), 0),
        raw(["...", "...", "..."], (0, 3), (0, 0), 0),
        raw(["...", "...", "..."], (0, 1), (3, 0), 0),
        raw(["...", "...", "..."], (0, 1), (0, 0), 4),
        raw(["....", "....", "...."], (0, 1), (0, 0), 0),
    ],
)
def test_what_is_not_valid(task):
    assert not bool(MazeSpace(3, 3, walls=0).valid(task))


def test_features_by_hand():
    space = MazeSpace(3, 4, walls=2)
    features = jax.jit(space.features)
    found = dict(zip(space.feature_names, features(maze(SMALL)).tolist()))
    assert found["walls"] == 2
    assert found["fewest actions"] == 5
    assert found["dead ends"] == 1  # the upper left corner
    assert found["junctions"] == 3  # below and left of the goal's block, and the goal itself
    assert found["reachable"] == 1.0
    assert found["distance"] == pytest.approx(np.sqrt(10))
    shut = dict(zip(space.feature_names, features(raw(["..#.", "..#.", "..#."], (0, 3), (0, 0), 0)).tolist()))
    assert shut["fewest actions"] == 0
    assert shut["reachable"] == pytest.approx(6 / 9)


def test_symmetry_by_hand():
    space = MazeSpace(3, 4, walls=2)
    symmetry = lambda walls: float(space.features(raw(walls, (0, 1), (0, 2), 0))[space.feature_names.index("symmetry")])
    assert symmetry(["....", "....", "...."]) == 1.0
    assert symmetry(["#..#", "....", "...."]) == 1.0  # left and right
    assert symmetry(["#...", "....", "#..."]) == 1.0  # top and bottom
    assert symmetry(["#...", "....", "...."]) == 0.0
    assert symmetry(["#..#", ".#..", "...."]) == pytest.approx(2 / 4)


def test_parameters_by_hand():
    space = MazeSpace(3, 4, walls=4, replace=False)
    # Two walls of four; the goal is 4 steps off, 8 of the other 9 cells are no farther.
    np.testing.assert_allclose(space.parameters(maze(SMALL)), [0.5, 8 / 9], rtol=1e-6)
    near = maze(".#..\n.#..\n>G..")
    np.testing.assert_allclose(space.parameters(near), [0.5, 2 / 9], rtol=1e-6)


def test_parameters_lead_to_mazes_like_that():
    space = MazeSpace(9, 9, walls=30, replace=False)
    make = jax.jit(jax.vmap(lambda p, k: space.from_parameters(p, key=k), (None, 0)))
    read, valid = jax.jit(jax.vmap(space.parameters)), jax.jit(jax.vmap(space.valid))
    keys = jr.split(KEY, 64)
    for wanted in ([0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [0.2, 0.9]):
        tasks = make(jnp.array(wanted), keys)
        assert bool(jnp.all(valid(tasks)))
        found = np.asarray(read(tasks)).mean(0)
        assert found[0] == pytest.approx(wanted[0], abs=0.02)
        assert wanted[1] - 1e-5 <= found[1] < wanted[1] + 0.2  # cells equally far share the highest of their ranks
    apart = np.abs(tasks.goal.astype(jnp.int32) - tasks.start.astype(jnp.int32)).sum(1)
    assert np.mean(fewest_actions_of_many(tasks) < 1000) > 0.95
    assert apart.mean() > 6


def test_parameters_of_draws_with_replacement_count_draws():
    space = MazeSpace(walls=60)
    found = jax.jit(jax.vmap(space.parameters))(many(space, 200))
    assert float(found[:, 0].mean()) == pytest.approx(1.0, abs=0.05)


def test_encode_is_the_text_grid():
    space = MazeSpace(3, 4, walls=2)
    assert space.encode(maze(SMALL)) == SMALL.strip()
    assert written(space.decode(SMALL)) == SMALL.strip()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "text"),
        ("...\n.G.\n...", "no player"),
        ("...\n.>.\n...", "no goal"),
        (">.G\nG..\n...", "line 2: a second goal.*line 1"),
        (">.G\n..v\n...", "line 2: a second player.*line 1"),
        (">.G\n....\n...", "line 2: 4 columns where the first row has 3"),
        (">.G\n.x.\n...", r"line 2: unknown character 'x' in column 2; write \."),
        (">.G.\n....\n....", r"3 × 4, this space holds 3 × 3; read it with MazeSpace\(height=3, width=4\)"),
    ],
)
def test_decode_says_what_is_wrong(value, words):
    with pytest.raises(TaskError, match=words) as caught:
        MazeSpace(3, 3, walls=0).decode(value)
    assert "\n" not in str(caught.value)


def test_describe():
    space = MazeSpace(3, 4, walls=2)
    assert space.describe(maze(SMALL)) == "3 × 4 maze, 2 walls, 5 actions to the goal"
    assert space.describe(raw(["..#.", "..#.", "..#."], (0, 3), (0, 0), 0)).endswith("3 walls, no way to the goal")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"height": 2}, "`height`.*3 … 101.*2"),
        ({"width": 102}, "`width`"),
        ({"height": 3, "width": 3, "walls": 8}, "`walls`.*0 … 7"),
        ({"edits": -1}, "`edits`"),
        ({"carved": 1.5}, "`carved`.*1.5"),
        ({"openings": -1}, "`openings`"),
    ],
)
def test_impossible_fields(fields, words):
    with pytest.raises(ArgumentError, match=words):
        MazeSpace(**fields)


def test_tasks_are_small():
    task = MazeSpace().sample(key=KEY)
    assert sum(leaf.nbytes for leaf in jax.tree.leaves(task)) == 13 * 13 + 2 + 2 + 1


def test_the_largest_size():
    space = MazeSpace(101, 101, walls=3000)
    task = jax.jit(lambda key: space.mutate(space.sample(key=key), key=key))(KEY)
    assert bool(space.valid(task))
    assert space.draw(task, 160).shape == (160, 160, 3)


def test_the_studio_designs_mazes_of_the_space():
    studio = MazeSpace(5, 5, walls=3).studio()
    assert isinstance(studio, MazeStudio)
    assert studio.action.count == 25
    assert isinstance(Maze().space, MazeSpace)


def test_draw_paints_each_kind_of_cell():
    picture = MazeSpace(3, 4, walls=2).draw(maze(SMALL), 184)  # 40 pixels a cell, a border of 12
    middle = lambda row, column: tuple(picture[12 + 40 * row + 20, 12 + 40 * column + 20].tolist())
    assert picture.shape == (144, 184, 3)
    assert picture.dtype == np.uint8
    assert middle(0, 1) == (88, 96, 108) == tuple(picture[3, 3].tolist())  # wall and border
    assert middle(0, 0) == (250, 249, 246)
    assert middle(1, 3) == (39, 158, 96)
    assert middle(2, 0) == (211, 47, 47)
    tip, tail = picture[12 + 100, 12 + 34], picture[12 + 100, 12 + 3]
    assert tip[1] < 100 < tail[1]  # it looks right
    assert MazeSpace(4, 3, walls=0).draw(maze("...\n.G.\n.>.\n..."), 50).shape == (50, 39, 3)
