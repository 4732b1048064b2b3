import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Inspirations, Policy, TaskError, Uniformly, fresh_lesson
from explora.domains.maze import MazeSpace, MazeStudio
from explora.testing import EnvironmentSuite, SpaceSuite

from ._mazes import KEY, written

MAZES = MazeSpace(3, 4, walls=0)


class TestInspirations(SpaceSuite):
    def part(self):
        return Inspirations(5)


class TestLaws(EnvironmentSuite):
    COUNT = 4
    LIMIT_IS_END = True

    def part(self):
        return MazeStudio(MAZES, edits=3, noise=2)


def design(studio, actions):
    world = studio.space.sample(key=KEY)
    states, steps = [studio.reset(world, key=KEY)], []
    for action in actions:
        steps.append(studio.step(world, states[-1], jnp.int32(action), key=KEY))
        states.append(steps[-1].state)
    return world, states, steps


def test_goal_first_by_hand():
    studio = MazeStudio(MAZES, edits=5)
    # goal (0, 3), heading 6 % 4 = left, player (2, 1), then walls (1, 1), (0, 0), goal, player, (0, 0) again
    world, states, steps = design(studio, [3, 6, 9, 5, 0, 3, 9, 0])
    assert written(studio.product(world, states[-1])) == "...G\n.#..\n.<.."
    assert written(studio.product(world, states[5])) == "#..G\n.#..\n.<.."
    assert [bool(step.terminated) for step in steps] == [False] * 7 + [True]
    assert not any(bool(step.truncated | step.solved) or float(step.reward) for step in steps)
    assert studio.steps == studio.limit(world) == 8


def test_a_designer_sees_what_it_has_placed():
    studio = MazeStudio(MAZES, edits=2, noise=3)
    world, states, _ = design(studio, [3, 1, 9, 5])
    images = [np.asarray(studio.observe(world, state)["image"]) for state in states]
    none, goal = np.zeros((3, 4), int), np.zeros((3, 4), int)
    goal[0, 3] = 2
    both = goal.copy()
    both[2, 1] = 3 + 1
    walled = both.copy()
    walled[1, 1] = 1
    for found, wanted in zip(images, (none, goal, goal, both, walled)):
        np.testing.assert_array_equal(found, wanted)
    shown = studio.observe(world, states[2])
    assert int(shown["time"]) == 2
    np.testing.assert_array_equal(shown["noise"], world)
    for name, spec in studio.observation.items():
        assert shown[name].shape == spec.shape
        assert shown[name].dtype == spec.dtype


def test_walls_first_by_hand():
    studio = MazeStudio(MAZES, order="walls first", edits=4)
    # walls (0, 3), (1, 1), (1, 1) again, (2, 1); the goal clears (0, 3), the player (2, 1)
    world, states, steps = design(studio, [3, 5, 5, 9, 3, 9])
    grid = written(studio.product(world, states[-1]))
    assert grid.replace("v", ">").replace("<", ">").replace("^", ">") == "...G\n.#..\n.>.."
    assert bool(jnp.all(states[-1].maze.heading == states[0].maze.heading))
    assert bool(steps[-1].terminated)
    assert studio.steps == 6


@pytest.mark.parametrize("order", ["goal first", "walls first"])
def test_a_player_put_onto_the_goal_goes_elsewhere(order):
    studio = MazeStudio(MAZES, order=order, edits=0)
    actions = [7, 0, 7] if order == "goal first" else [7, 7]
    world, states, _ = design(studio, actions)
    assert bool(MAZES.valid(studio.product(world, states[-1])))
    assert states[-1].maze.goal.tolist() == [1, 3]


@pytest.mark.parametrize("order", ["goal first", "walls first"])
def test_a_played_design_is_a_valid_maze(order):
    studio = MazeStudio(MAZES, order=order, edits=6, noise=4)
    tasks = studio.space.samples(16, key=KEY)
    play = jax.jit(lambda t, k: studio.play(Uniformly(12), fresh_lesson(t, True), key=k))
    experience = play(tasks, jr.key(1))
    assert bool(jnp.all(experience.status == 1))
    assert bool(jnp.all(jax.vmap(MAZES.valid)(experience.made)))
    assert int(experience.data.terminated.sum()) == 16
    assert bool(jnp.all(experience.data.terminated[-1]))
    mazes = [written(jax.tree.map(lambda x, i=i: x[i], experience.made)) for i in range(16)]
    assert len(set(mazes)) > 12


class _Ordered(Policy):
    """Places things in the order of the cells."""

    def memory(self, lanes):
        return jnp.zeros((lanes,), jnp.int32)

    def __call__(self, observations, memory, fresh, *, keys, who=None):
        time = jnp.where(fresh, 0, memory)
        first = (observations["noise"][:, 0] * 12).astype(jnp.int32)
        return (first + 3 * time) % 12, time + 1, {}


@pytest.mark.parametrize("queue", [1, 2])
def test_what_was_made_is_of_the_row_that_made_it(queue):
    studio = MazeStudio(MAZES, edits=1, noise=1)
    tasks = jnp.array([[0.0], [0.1], [0.5], [0.9]])
    lesson = fresh_lesson(tasks, True, queue=queue, plays=queue)
    made = jax.jit(lambda x: studio.play(_Ordered(), x, key=KEY))(lesson).made
    goals = made.goal.astype(jnp.int32) @ jnp.array([4, 1])
    np.testing.assert_array_equal(goals, [0, 1, 6, 10])
    starts = made.start.astype(jnp.int32) @ jnp.array([4, 1])
    np.testing.assert_array_equal(starts, [6, 7, 0, 4])


def test_impossible_fields_and_tasks():
    with pytest.raises(ArgumentError, match="`edits`"):
        MazeStudio(MAZES, edits=-1)
    with pytest.raises(TaskError, match="list of 2 numbers"):
        Inspirations(2).decode([0.5, 1.5])
    assert not bool(Inspirations(2).valid(jnp.array([0.5, 1.0])))
