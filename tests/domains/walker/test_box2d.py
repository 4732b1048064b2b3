"""The walker in Box2D itself; without Box2D these tests are skipped (the recorded traces stand in for it)."""

import sys

import jax
import numpy as np
import pytest

from explora.core import ArgumentError, MissingExtra, TaskError
from explora.domains.walker import WalkerSpace, box2d_walker, boxes, host_terrain, polyline

GENES = {"ground_roughness": 1, "stump_height": [0.4, 1], "stump_width": [1, 2], "pit_gap": [1, 2], "seed": 9}


def test_without_box2d_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "Box2D", None)
    with pytest.raises(MissingExtra, match=r"explora\[box2d\]"):
        box2d_walker()


@pytest.fixture(scope="module")
def walker():
    pytest.importorskip("Box2D", reason="needs the extra box2d: pip install 'explora[box2d]'")
    return box2d_walker(GENES)


def test_both_bodies_stand_on_one_ground(walker):
    _, info = walker.reset(seed=1)
    assert info["task"] == WalkerSpace().encode(WalkerSpace().decode(GENES))
    terrain = host_terrain(WalkerSpace().decode(GENES))
    line = polyline(terrain)
    assert np.array_equal(np.stack([walker.unwrapped.terrain_x, walker.unwrapped.terrain_y], 1), line)
    assert len(walker.unwrapped.terrain) == len(line) - 1 + len(boxes(terrain))
    corners = [
        fixture.shape.vertices
        for body in walker.unwrapped.terrain
        for fixture in body.fixtures
        if len(fixture.shape.vertices) == 4
    ]
    ordered = lambda polygons: sorted(np.sort(np.array(x), axis=0).ravel().tolist() for x in polygons)
    assert np.abs(np.array(ordered(corners)) - np.array(ordered(boxes(terrain)))).max() < 1e-5


def test_a_reset_changes_the_terrain(walker):
    walker.reset(seed=1, options={"task": {"ground_roughness": 5, "seed": 3}})
    rough = np.array(walker.unwrapped.terrain_y)
    walker.reset(seed=1)
    assert np.array_equal(rough, walker.unwrapped.terrain_y)
    walker.reset(seed=1, options={"task": GENES})
    assert not np.array_equal(rough, walker.unwrapped.terrain_y)


def test_gymnasium_finds_nothing_wrong(walker):
    import gymnasium
    from gymnasium.utils.env_checker import check_env

    check_env(walker.unwrapped, skip_render_check=True)
    made = gymnasium.make("explora.adapters.registered:explora/BipedalWalker-v0", max_steps=5)
    check_env(made.unwrapped, skip_render_check=True)


def test_genes_are_given_on_reset(walker):
    genes = {"ground_roughness": 3, "seed": 4}
    _, info = walker.reset(seed=1, options={"terrain": genes})
    assert info["task"] == genes
    assert walker.reset(seed=2)[1]["task"] == genes  # and stay
    _, info = walker.reset(seed=1, options={"terrain": None})
    assert info["task"] != genes
    with pytest.raises(ArgumentError, match="two names of one thing"):
        walker.reset(options={"terrain": genes, "task": genes})
    with pytest.raises(TaskError, match="must lie in"):
        walker.reset(options={"terrain": {"ground_roughness": 11}})
    walker.reset(seed=1, options={"terrain": GENES})


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["ppo", "es"])
def test_a_walker_of_a_run_plays_there_in_three_lines(tmp_path, learner):
    pytest.importorskip("Box2D", reason="needs the extra box2d: pip install 'explora[box2d]'")
    import gymnasium

    from explora.core import Parts
    from explora.domains.walker import Walker
    from explora.explorers import Uniform
    from explora.learners import ES, PPO
    from explora.nets import ActorCritic, Dense, Memoryless
    from explora.runs import Plan, load, run

    net = ActorCritic(Dense(8), Memoryless(8))
    taught = PPO(net, segment=1) if learner == "ppo" else ES(pairs=2, members=2)
    domain = Walker(steps=16, max_steps=40, iterations=4)
    plan = Plan(steps=200, watch=("flat",), final_episodes=1)
    run(Parts(domain, taught, Uniform(rows=2, queue=1)), plan, out=tmp_path / "run")

    env = gymnasium.make("explora.adapters.registered:explora/BipedalWalker-v0", max_steps=60)
    player = load(tmp_path / "run")
    returned = player.play(env, seed=3, options={"terrain": {"ground_roughness": 1, "seed": 5}})

    assert np.isfinite(returned)
    assert env.unwrapped.task is not None
    observation, _ = env.reset(seed=3)
    player.reset()
    action = player.act(observation, greedy=True)
    assert env.action_space.contains(action)
    assert np.array_equal(player.act(observation, greedy=True), action)
    if learner == "es":
        assert not np.array_equal(load(tmp_path / "run", who=1).act(observation), action)


def test_without_a_task_every_reset_draws_one(walker):
    drawn = box2d_walker(space=WalkerSpace(rules="paper", start="random"))
    tasks = [str(drawn.reset(seed=seed)[1]["task"]) for seed in (1, 2, 1)]
    assert tasks[0] == tasks[2] != tasks[1]


def test_an_episode_is_truncated_at_its_limit():
    pytest.importorskip("Box2D", reason="needs the extra box2d: pip install 'explora[box2d]'")
    walker = box2d_walker({"ground_roughness": 0}, max_steps=3)
    walker.reset(seed=0)
    ends = [walker.step(np.zeros(4, np.float32))[2:4] for _ in range(3)]
    assert ends == [(False, False), (False, False), (False, True)]
    assert jax.tree.leaves(walker.unwrapped.task)
