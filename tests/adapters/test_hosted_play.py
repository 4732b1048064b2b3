"""What plain Python plays is what a compiled rollout plays: a maze goes out to Gymnasium and comes back."""

from typing import Any, ClassVar

import equinox as eqx
import gymnasium
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from gymnasium import spaces

from explora.adapters import GymnasiumDomain, ParameterSpace, Real, SeedSpace, to_gymnasium
from explora.adapters._from_gymnasium import _fleet
from explora.core import Experience, Lesson, Outcome, Policy, Space, Status, Trajectories, fresh_lesson
from explora.domains.maze import Maze, MazeSpace

MAZE = Maze(MazeSpace(3, 3, walls=2), view=3, steps=24, max_steps=9)


class Returned(GymnasiumDomain):
    """The maze as a Gymnasium environment, as a domain."""

    id: str = eqx.field(static=True, default="explora/Maze-v0")
    space: Space = MAZE.space
    steps: int = eqx.field(static=True, default=24)
    max_steps: int | None = eqx.field(static=True, default=9)

    def make(self, **parameters: Any) -> gymnasium.Env:
        env = gymnasium.wrappers.TimeLimit(to_gymnasium(MAZE), 9)
        env.unwrapped.spec = gymnasium.envs.registration.EnvSpec("Maze-v0", max_episode_steps=9)
        return env

    def begin(self, env: gymnasium.Env, task: Any, *, seed: int) -> Any:
        return env.reset(seed=seed, options={"task": task})[0]


class Wanderer(Policy):
    """Acts at random and reports what it saw, how often it was asked since it was last fresh, and who it is."""

    forward: float = 0.5

    def memory(self, lanes: int) -> Any:
        return jnp.zeros((lanes,), jnp.int32)

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        memory = jnp.where(fresh, 0, memory) + 1
        share = jnp.array([(1 - self.forward) / 2, (1 - self.forward) / 2, self.forward])
        action = jax.vmap(lambda k: jr.categorical(k, jnp.log(share)))(keys).astype(jnp.int32)
        seen = observations["image"].astype(jnp.int32).sum((1, 2))
        who = jnp.zeros_like(memory) if who is None else who
        return action, memory, {"asked": memory, "seen": seen, "who": who}


def lesson(rows: int, **fields: Any) -> Lesson:
    return fresh_lesson(MAZE.space.samples(rows, key=jr.key(3)), True, **fields)


@pytest.fixture(scope="module")
def compiled():
    return eqx.filter_jit(lambda verb, policy, lesson, key: getattr(MAZE, verb)(policy, lesson, key=key))


@pytest.mark.slow
@pytest.mark.parametrize("fields", [{}, {"queue": 2, "plays": 2, "who": jnp.array([0, 0, 1, 1], jnp.int32)}])
def test_the_same_maze_leaves_the_same_trajectories(compiled, fields):
    asked = lesson(4, **fields)
    ours: Experience = compiled("play", Wanderer(), asked, jr.key(7))
    theirs = Returned().play(Wanderer(), asked, key=jr.key(7))
    assert np.any(ours.data.truncated)
    assert np.any(ours.data.terminated)
    assert np.any(ours.data.gap)
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for path, x in jax.tree_util.tree_leaves_with_path(ours):
        y = dict(jax.tree_util.tree_leaves_with_path(theirs))[path]
        assert x.dtype == y.dtype or "direction" in str(path), path
        np.testing.assert_allclose(x, y, rtol=1e-6, err_msg=str(path))


@pytest.mark.slow
def test_the_same_maze_is_judged_alike(compiled):
    asked = lesson(4, plays=3)
    ours: Outcome = compiled("judge", Wanderer(), asked, jr.key(7))
    theirs = Returned().judge(Wanderer(), asked, key=jr.key(7))
    assert 0 < float(ours.solved.mean()) < 1
    for name in ("status", "steps", "episodes", "returns", "max_returns", "solved", "lengths"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-6, err_msg=name)


class Countdown(gymnasium.Env):
    """Counts down from `start`; every step pays `pay`; at 0 the episode ends. Odd actions count twice as fast."""

    observation_space = spaces.Dict({"left": spaces.Box(-9.0, 9.0, (1,), np.float32), "hint": spaces.Text(3)})
    action_space = spaces.Discrete(2, start=5)

    made: ClassVar[list["Countdown"]] = []

    def __init__(self, start: float = 4.0, pay: float = 1.0, render_mode: str | None = None):
        self.start, self.pay, self.seeds, self.options, self.render_mode = start, pay, [], [], render_mode
        self.made.append(self)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict]:
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.options.append(options)
        self.left = (options or {}).get("start", self.start)
        return {"left": np.array([self.left], np.float32), "hint": "abc"}, {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict]:
        assert action in self.action_space
        self.left -= 1 + (action - 5)
        seen = {"left": np.array([self.left], np.float32), "hint": "abc"}
        return seen, self.pay, self.left <= 0, False, {}


class Always(Policy):
    """Always takes the same action."""

    action: int

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        return jnp.full(fresh.shape, self.action, jnp.int32), memory, {"left": observations["left"][:, 0]}


@pytest.fixture(autouse=True)
def countdown():
    gymnasium.register("Countdown-v0", entry_point=Countdown, max_episode_steps=6, reward_threshold=5.0)
    Countdown.made.clear()
    _fleet.cache_clear()
    yield Countdown
    del gymnasium.registry["Countdown-v0"]


BOX = ParameterSpace((Real("start", -9.0, 9.0), Real("pay", -2.0, 2.0)))


def domain(**fields: Any) -> GymnasiumDomain:
    return GymnasiumDomain("Countdown-v0", **{"space": BOX, "shown": ("left",), "steps": 7} | fields)


def played(asked: GymnasiumDomain, tasks: Any, action: int = 0, **fields: Any) -> Experience:
    return asked.play(Always(action), fresh_lesson(tasks, True, **fields), key=jr.key(0))


def test_a_trace_by_hand():
    # Lane 0 counts 3 2 1 | 3 2 1 | 3; lane 1 counts from 8 and is cut off after 6 steps, then looks once at 2.
    lived: Trajectories = played(domain(), jnp.array([[3.0, 0.5], [8.0, 1.0]])).data
    np.testing.assert_array_equal(lived.policy["left"].T, [[3, 2, 1, 3, 2, 1, 3], [8, 7, 6, 5, 4, 3, 2]])
    np.testing.assert_array_equal(lived.rewards.T, [[0.5] * 7, [1.0] * 6 + [0.0]])
    np.testing.assert_array_equal(lived.terminated.T, [[0, 0, 1, 0, 0, 1, 0], [0] * 7])
    np.testing.assert_array_equal(lived.truncated.T, [[0] * 7, [0, 0, 0, 0, 0, 1, 0]])
    np.testing.assert_array_equal(lived.fresh.T, [[1, 0, 0, 1, 0, 0, 1], [1, 0, 0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(lived.gap.T, [[0] * 7, [0, 0, 0, 0, 0, 0, 1]])
    np.testing.assert_array_equal(lived.last["left"], [2, 8])
    # The registered threshold is a return of 5: lane 1 reached it, at a limit and not at an end.
    np.testing.assert_array_equal(lived.solved.T, [[0] * 7, [0, 0, 0, 0, 0, 1, 0]])


def test_lanes_go_on_to_the_next_row_of_their_queue():
    lived = played(domain(), jnp.array([[3.0, 1.0], [1.0, 1.0], [2.0, 1.0], [9.0, 1.0]]), queue=2).data
    np.testing.assert_array_equal(lived.row.T, [[0, 0, 0, 1, 0, 0, 0], [2, 2, 3, 3, 3, 3, 3]])
    np.testing.assert_array_equal(lived.policy["left"].T[1], [2, 1, 9, 8, 7, 6, 5])


def test_actions_start_where_the_space_says():
    np.testing.assert_array_equal(
        played(domain(), jnp.array([[4.0, 1.0]]), action=1).data.policy["left"][:, 0], [4, 2, 4, 2, 4, 2, 4]
    )


@pytest.mark.parametrize("via", ["make", "options", "attributes"])
def test_parameters_arrive_by_every_way(via):
    lived = played(domain(via=via), jnp.array([[3.0, 1.0], [5.0, 1.0]]))
    assert lived.data.policy["left"][0].tolist() == [3.0, 5.0]
    last = [env for env in Countdown.made if env.seeds]
    if via == "options":
        assert sorted(env.options[0]["start"] for env in last) == [3.0, 5.0]
        assert all(env.start == 4.0 for env in last)
    else:
        assert sorted(env.start for env in last) == [3.0, 5.0]
        assert all(env.options[0] is None for env in last)


def test_a_row_whose_episode_goes_on_was_played_too():
    status = played(domain(max_steps=20), jnp.array([[3.0, 1.0], [9.0, 1.0]])).status
    assert status.tolist() == [Status.ANSWERED, Status.ANSWERED]


def test_what_is_not_finite_ends_the_episode_and_voids_the_row():
    lived = played(domain(), jnp.array([[3.0, jnp.nan], [3.0, 1.0]]))
    assert lived.status.tolist() == [Status.VOID, Status.ANSWERED]
    assert np.all(np.isfinite(lived.data.rewards))
    assert lived.data.terminated[:, 0].all()


def test_judging_plays_each_row_as_often_as_asked():
    tasks = jnp.array([[3.0, 1.0], [9.0, 0.5], [2.0, 2.0]])
    outcome = domain().judge(Always(0), fresh_lesson(tasks, False, plays=2), key=jr.key(0))
    assert outcome.lengths.tolist() == [3.0, 6.0, 2.0]
    assert outcome.returns.tolist() == [3.0, 3.0, 4.0]
    assert outcome.steps.tolist() == [6, 12, 4]
    assert outcome.solved.tolist() == [0.0, 0.0, 0.0]
    assert domain(threshold=3.5).judge(Always(0), fresh_lesson(tasks, False), key=jr.key(0)).solved.tolist() == [
        0.0,
        0.0,
        1.0,
    ]


def test_a_seed_is_a_level_and_otherwise_each_episode_has_its_own():
    played(domain(space=SeedSpace(reserved=0)), jnp.array([11, 12], jnp.int32))
    assert [set(env.seeds) for env in Countdown.made if env.seeds] == [{11}, {12}]
    Countdown.made.clear()
    _fleet.cache_clear()
    played(domain(space=BOX, kwargs={"render_mode": None}), jnp.array([[1.0, 1.0], [1.0, 1.0]]))
    seeds = [seed for env in Countdown.made for seed in env.seeds]
    assert len(seeds) == len(set(seeds)) == 2 * 8


def test_a_row_does_not_depend_on_its_batch():
    tasks = Returned().space.samples(4, key=jr.key(5))
    four = played_maze(tasks)
    one = played_maze(jax.tree.map(lambda x: x[:1], tasks))
    np.testing.assert_array_equal(four.rewards[:, :1], one.rewards)
    np.testing.assert_array_equal(four.actions[:, :1], one.actions)


def played_maze(tasks: Any) -> Trajectories:
    return Returned().play(Wanderer(), fresh_lesson(tasks, True), key=jr.key(0)).data


def test_a_crash_names_the_task(monkeypatch):
    def crash(self: Any, action: int) -> Any:
        raise RuntimeError("the simulator exploded")

    monkeypatch.setattr(Countdown, "step", crash)
    with pytest.raises(RuntimeError, match="exploded") as caught:
        played(domain(), jnp.array([[3.0, 0.5]]))
    assert any("start 3, pay 0.5" in note for note in caught.value.__notes__)


def test_environments_are_used_again():
    tasks = jnp.array([[3.0, 1.0], [5.0, 1.0]])
    played(domain(), tasks)
    count = len(Countdown.made)
    played(domain(steps=3), tasks)
    assert len(Countdown.made) == count
