"""Somebody else's environment with our explorers and learners."""

import json

import gymnasium
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.adapters import Choice, GymnasiumDomain, ParameterSpace, Real, SeedSpace
from explora.core import (
    Box,
    CombinationError,
    Discrete,
    Parts,
    UnknownName,
    build,
    fresh_lesson,
    judge_suite,
    override,
    spec,
)
from explora.explorers import Replay, Uniform
from explora.learners import PPO
from explora.ledger import evaluate
from explora.loop import host_chunk, init
from explora.nets import GRU, ActorCritic, Dense
from explora.scores import Learnability
from explora.testing import check_run

POLES = ParameterSpace((Real("gravity", 5.0, 15.0), Real("length", 0.25, 1.0, log=True), Real("force_mag", 5.0, 15.0)))
CART_POLE = GymnasiumDomain("CartPole-v1", POLES, steps=64, max_steps=50, threshold=40.0)
SMALL = PPO(ActorCritic(Dense(16), GRU(16)), epochs=1, minibatches=2)


def test_what_it_shows_and_accepts():
    assert CART_POLE.observation == Box((4,))
    assert CART_POLE.action == Discrete(2)
    assert CART_POLE.limit(None) == 50
    assert GymnasiumDomain("CartPole-v1").limit(None) == 500


def test_it_is_a_configuration():
    written = json.loads(json.dumps(spec(CART_POLE)))
    assert build(written) == CART_POLE
    assert override(CART_POLE, {"steps": "32", "via": "make"}).via == "make"
    with_kwargs = GymnasiumDomain("CartPole-v1", SeedSpace(), kwargs={"sutton_barto_reward": True})
    assert build(json.loads(json.dumps(spec(with_kwargs)))).kwargs == {"sutton_barto_reward": True}


def test_what_cart_pole_derives_is_renewed():
    env = CART_POLE.prepare(gymnasium.make("CartPole-v1"), np.array([9.8, 1.0, 10.0], np.float32))
    assert env.unwrapped.length == 1.0
    assert env.unwrapped.polemass_length == pytest.approx(0.1)


@pytest.mark.slow
def test_physics_depends_on_the_task():
    tasks = jnp.repeat(jnp.array([[5.0, 1.0, 5.0], [15.0, 0.25, 15.0]]), 8, axis=0)
    policy = SMALL.policy(SMALL.init(CART_POLE, key=jr.key(0)))
    lengths = CART_POLE.judge(policy, fresh_lesson(tasks, False), key=jr.key(1)).lengths
    assert lengths[:8].mean() > 1.5 * lengths[8:].mean()


@pytest.mark.slow
def test_two_turns_of_replay_with_ppo():
    explorer = Replay(rows=4, capacity=8, minimum_fill=0.5, probability=1.0, score=Learnability())
    parts = Parts(CART_POLE, SMALL, explorer).check()
    assert parts.hosted
    first = init(parts, key=jr.key(0))
    events = []
    state, log = host_chunk(parts, first, root=jr.key(1), turns=2, keep=events.append)
    # The first turn tries new tasks, the second replays them and learns.
    assert not events[0].lesson.learn.any()
    assert set(events[1].lesson.id.tolist()) <= set(events[0].lesson.id.tolist())
    assert int(state.spent.updates) == 1
    assert int(state.spent.steps) == sum(int((~event.experience.data.gap).sum()) for event in events)
    assert float(jnp.abs(state.learner.weights["actor"]["out"] - first.learner.weights["actor"]["out"]).max()) > 0
    assert log.metrics["play/length"].shape == (2,)
    # The same seed leads to the same run, to the last bit.
    again, _ = host_chunk(parts, first, root=jr.key(1), turns=2)
    np.testing.assert_array_equal(state.learner.weights["actor"]["out"], again.learner.weights["actor"]["out"])
    verdict = evaluate(SMALL, state.learner, CART_POLE, {"spread": CART_POLE.suite("spread")}, episodes=1)["spread"]
    assert len(verdict.names) == 32
    assert np.all((verdict.lengths >= 1) & (verdict.lengths <= 50))
    assert np.all(verdict.solved == (verdict.returns >= 40))


def test_misspelt_parameters_are_refused():
    poles = ParameterSpace((Real("gravty", 5.0, 15.0),))
    with pytest.raises(CombinationError, match="CartPoleEnv has no attribute 'gravty'; did you mean 'gravity'"):
        Parts(GymnasiumDomain("CartPole-v1", poles), SMALL, Uniform(rows=2)).check()


def test_suites_follow_the_space():
    assert CART_POLE.suite_names == ("spread",)
    seeds = GymnasiumDomain("CartPole-v1", SeedSpace(reserved=3))
    assert seeds.suite_names == ("unseen",)
    assert seeds.suite("unseen").tasks.tolist() == [0, 1, 2]
    assert GymnasiumDomain("CartPole-v1", SeedSpace(reserved=0)).suite_names == ()
    with pytest.raises(UnknownName, match="did you mean 'unseen'"):
        seeds.suite("unsee")


def test_options_that_are_no_numbers():
    ice = ParameterSpace((Choice("map_name", ("4x4", "8x8")), Choice("is_slippery", (True, False))))
    lake = GymnasiumDomain("FrozenLake-v1", ice, via="make", kwargs={"desc": None})
    env = lake.prepare(lake.make_any(), np.array([0.0, 1.0], np.float32))
    assert env.unwrapped.desc.shape == (4, 4)


def test_a_pure_verb_says_where_to_go():
    with pytest.raises(CombinationError, match="use its `play` and `judge`"):
        CART_POLE.reset(None, key=jr.key(0))


@pytest.mark.slow
def test_a_run_keeps_the_laws():
    explorer = Replay(rows=4, capacity=16, minimum_fill=0.25, score=Learnability(), edit=True)
    check_run(Parts(CART_POLE, SMALL, explorer))


@pytest.mark.slow
def test_it_learns_to_balance_poles_of_many_lengths():
    domain = GymnasiumDomain("CartPole-v1", POLES, steps=256, max_steps=200, threshold=190.0)
    learner = PPO(ActorCritic(Dense(32), GRU(32)), rate=3e-3, critic=0.01, clip_value=False)
    explorer = Replay(rows=16, capacity=64, minimum_fill=0.25, score=Learnability(), explore_learns=True)
    parts = Parts(domain, learner, explorer)
    state = init(parts, key=jr.key(0), budget=30.0 * 16 * 256)
    judged = lambda: judge_suite(
        domain, learner.policy(state.learner), domain.suite("spread"), episodes=2, key=jr.key(5)
    ).lengths.mean()
    before = judged()
    state, _ = host_chunk(parts, state, root=jr.key(1), turns=30)
    assert judged() > 2 * before
