"""A maze as a Gymnasium environment."""

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

from explora.adapters import GymnasiumDomain, register, registered, to_gymnasium, to_gymnasium_vector
from explora.core import ArgumentError, CombinationError, TaskError, UnknownName
from explora.domains.maze import Maze, MazeSpace
from explora.testing import Walk

MAZE = Maze(MazeSpace(3, 4, walls=3, carved=0.5), view=3, max_steps=6)
LINE = ">..G\n....\n...."
FORWARD = 2


@pytest.fixture(scope="module")
def env():
    return to_gymnasium(MAZE, render_mode="rgb_array", size=64)


def test_it_passes_gymnasiums_own_check():
    names = ("explora/Maze-v0", "explora/Walker-v0", "explora/BitFlipping-v0", "explora/BipedalWalker-v0")
    assert registered.ENVIRONMENTS == register() == names
    made = gymnasium.make("explora/Maze-v0", height=3, width=4, walls=3, view=3, max_steps=6)
    check_env(made.unwrapped)
    assert made.unwrapped.environment == MAZE


def test_a_tree_of_observations_passes_too():
    walk = gymnasium.envs.registration.EnvSpec("Walk-v0", entry_point=lambda **kwargs: to_gymnasium(Walk(), **kwargs))
    check_env(walk.make().unwrapped)


def test_spaces(env):
    assert env.observation_space["image"] == spaces.Box(0, 2, (3, 3), np.uint8)
    assert env.observation_space["direction"] == spaces.Discrete(4)
    assert env.action_space == spaces.Discrete(3)


def test_an_episode_by_hand(env):
    seen, info = env.reset(seed=0, options={"task": LINE})
    # It looks to the right along the upper wall; the goal is 3 cells ahead, one beyond what it sees.
    assert seen["image"].tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 0]]
    assert (seen["direction"], info) == (0, {})
    for _ in range(2):
        seen, reward, terminated, truncated, info = env.step(FORWARD)
        assert (reward, terminated, truncated, info) == (0.0, False, False, {"is_success": False})
    assert seen["image"].tolist() == [[1, 1, 1], [1, 2, 0], [1, 0, 0]]
    _, reward, terminated, truncated, info = env.step(FORWARD)
    assert (terminated, truncated, info) == (True, False, {"is_success": True})
    assert reward == pytest.approx(1 - 0.9 * 3 / 6)


def test_patience_is_a_truncation(env):
    env.reset(options={"task": LINE})
    ends = [env.step(0)[2:4] for _ in range(6)]
    assert ends == [(False, False)] * 5 + [(False, True)]


def test_the_seed_fixes_the_tasks(env):
    def three(seed):
        env.reset(seed=seed)
        first = MAZE.space.encode(env.task)
        return [first, *(MAZE.space.encode(env.task) for _ in range(2) if env.reset())]

    assert three(1) == three(1)
    assert len(set(three(1))) == 3
    assert three(1) != three(2)


def test_a_task_can_be_fixed_and_given_in_any_form():
    task = MAZE.space.decode(LINE)
    for form in (task, LINE):
        fixed = to_gymnasium(MAZE, form)
        fixed.reset()
        assert MAZE.space.encode(fixed.task) == LINE
    other = LINE.replace(">", "v")
    fixed.reset(options={"task": other})
    assert MAZE.space.encode(fixed.task) == other
    fixed.reset()
    assert MAZE.space.encode(fixed.task) == LINE


def test_what_was_shown_can_be_written_to(env):
    seen, _ = env.reset(seed=0)
    before = seen["image"].copy()
    seen["image"] += 1
    env.step(0)
    np.testing.assert_array_equal(seen["image"], before + 1)


def test_a_picture_shows_the_moment(env):
    env.reset(options={"task": LINE})
    first = env.render()
    env.step(FORWARD)
    assert first.shape == (round(64 * 3.6 / 4.6), 64, 3)
    assert np.any(env.render() != first)


def test_mistakes_are_named(env):
    with pytest.raises(gymnasium.error.ResetNeeded):
        to_gymnasium(MAZE).step(0)
    env.reset()
    with pytest.raises(ArgumentError, match=r"`action` must be a whole number in \[0, 3\) \(left, right, forward\)"):
        env.step(3)
    with pytest.raises(ArgumentError, match="`options` may hold a `task`, got 'tusk'"):
        env.reset(options={"tusk": LINE})
    with pytest.raises(TaskError, match="no goal"):
        env.reset(options={"task": LINE.replace("G", ".")})
    with pytest.raises(ArgumentError, match="must be a task of MazeSpace"):
        env.reset(options={"task": np.zeros(3)})
    with pytest.raises(ArgumentError, match="`render_mode`"):
        to_gymnasium(MAZE, render_mode="human")
    with pytest.raises(UnknownName, match="did you mean 'height'"):
        gymnasium.make("explora/Maze-v0", heigth=3)
    with pytest.raises(CombinationError, match="pure functions"):
        to_gymnasium(GymnasiumDomain("CartPole-v1"))


def test_many_lanes_play_what_one_plays():
    lanes, single = to_gymnasium_vector(MAZE, 3, LINE), to_gymnasium(MAZE, LINE)
    many, _ = lanes.reset(seed=0)
    one, _ = single.reset(seed=0)
    for action in (0, 1, FORWARD, FORWARD, 1, 0):
        np.testing.assert_array_equal(many["image"], np.stack([one["image"]] * 3))
        assert many["direction"].tolist() == [one["direction"]] * 3
        assert many in lanes.observation_space
        many, *after, info = lanes.step(np.array([action] * 3))
        one, *alone, about = single.step(action)
        assert [x.tolist() for x in after] == [[x] * 3 for x in alone]
        assert info["is_success"].tolist() == [about["is_success"]] * 3
    assert alone[1:] == [False, True]


def test_the_step_after_an_end_starts_the_next_episode():
    lanes = gymnasium.make_vec(
        "explora/Maze-v0", num_envs=2, height=3, width=4, walls=3, view=3, max_steps=6, task=LINE
    )
    lanes.reset(seed=0)
    for actions in ([FORWARD, 0], [FORWARD, 0], [FORWARD, 0]):
        seen, rewards, terminated, _, info = lanes.step(np.array(actions))
    assert rewards.tolist() == pytest.approx([0.55, 0.0])
    assert terminated.tolist() == info["is_success"].tolist() == [True, False]
    # Lane 0 ignores its action and stands at the start again, lane 1 has turned left four times and moves on.
    lanes.step(np.array([FORWARD, 0]))
    seen, rewards, terminated, truncated, _ = lanes.step(np.array([1, FORWARD]))
    assert rewards.tolist() == [0.0, 0.0]
    assert seen["direction"].tolist() == [1, 0]
    np.testing.assert_array_equal(seen["image"][1], [[1, 2, 0], [1, 0, 0], [1, 0, 0]])
    assert truncated.tolist() == [False, False]
    assert lanes.step(np.array([0, 0]))[3].tolist() == [False, True]


@pytest.mark.slow
def test_random_tasks_differ_between_lanes_and_episodes():
    lanes = to_gymnasium_vector(MAZE, 16)
    first, _ = lanes.reset(seed=4)
    again, _ = lanes.reset(seed=4)
    other, _ = lanes.reset(seed=5)
    np.testing.assert_array_equal(first["image"], again["image"])
    assert np.any(first["image"] != other["image"])
    assert len(np.unique(first["image"].reshape(16, -1), axis=0)) > 4
    for _ in range(7):  # turning in place until patience ends, and one step more
        later, *_ = lanes.step(np.zeros(16, int))
    assert np.any(later["image"] != first["image"])
    with pytest.raises(ArgumentError, match="`seed` must be one whole number"):
        lanes.reset(seed=[1, 2])
