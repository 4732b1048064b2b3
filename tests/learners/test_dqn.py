import dataclasses

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import CombinationError, Episodes, Parts, Uniformly, fresh_lesson, record
from explora.domains.views import Asking
from explora.domains.yardsticks import BitFlipping, BitRows, Pendulum
from explora.explorers import Uniform
from explora.learners import DQN
from explora.learners.sequence import Hindsight, unasked
from explora.nets import ActorCritic, Dense, Memoryless

BITS = 6
ASKING = Asking(BitFlipping(BitRows(BITS), shown=False), ("goal",))
SMALL = DQN(ActorCritic(Dense(64), Memoryless(64)), batch=64, discount=0.9, lowest=-10.0, highest=0.0, follow=0.05)


def played(count, seed=1):
    """What a random player did on request."""
    return unasked(record(ASKING, Uniformly(BITS), ASKING.space.samples(count, key=jr.key(seed)), key=jr.key(2)))


def handmade(terminated, goal=None, achieved=None):
    """An episode of three steps and one of two, whose observation is the number of the step."""
    number = np.arange(5, dtype=np.float32)
    return Episodes(
        np.array([0, 3, 5]),
        number,
        np.array([30.0, 50.0], np.float32),
        np.arange(5, dtype=np.int32),
        -number,
        np.array(terminated),
        achieved,
        {} if goal is None else {"goal": goal},
    )


def test_a_step_is_followed_by_what_came_and_only_rules_end_an_episode():
    drawn = SMALL.draw(handmade([True, False]), 400, rng=np.random.default_rng(0))
    step = np.asarray(drawn.action)
    assert set(step.tolist()) == set(range(5))
    assert np.array_equal(drawn.before["seen"], step)
    assert np.array_equal(drawn.after["seen"], np.array([1, 2, 30, 4, 50])[step])
    assert np.array_equal(drawn.reward, -step.astype(np.float32))
    assert np.array_equal(drawn.ended, step == 2)
    assert set(drawn.before) == {"seen"}


def test_in_hindsight_a_goal_was_achieved_later_and_pays_when_it_is():
    goal, achieved = np.array([8, 9], np.uint8), np.array([1, 2, 3, 4, 5], np.uint8)
    episodes = handmade([False, False], goal, achieved)
    drawn = SMALL.draw(episodes, 4000, rng=np.random.default_rng(0))
    step, new = np.asarray(drawn.action), np.asarray(drawn.before["goal"])
    own = new >= 8
    assert own.mean() == pytest.approx(0.2, abs=0.03)
    assert np.array_equal(new[own], goal[(step[own] > 2).astype(int)])
    assert np.array_equal(drawn.reward[own], -step[own])
    assert not drawn.ended[own].any()
    later, there = new[~own], new[~own] == achieved[step[~own]]
    assert (later >= achieved[step[~own]]).all()
    assert (later <= np.where(step[~own] > 2, 5, 3)).all()
    assert np.array_equal(drawn.reward[~own], np.where(there, 0.0, -1.0))
    assert np.array_equal(drawn.ended[~own], there)
    assert np.array_equal(drawn.before["goal"], drawn.after["goal"])
    plain = dataclasses.replace(SMALL, hindsight=Hindsight("none")).draw(episodes, 50, rng=np.random.default_rng(0))
    assert (np.asarray(plain.before["goal"]) >= 8).all()


def test_a_target_is_worked_out_by_hand():
    learner = dataclasses.replace(SMALL, updates=1, batch=1, rate=1e-9, discount=0.5, lowest=-float("inf"))
    state = learner.init(ASKING, key=jr.key(0))
    other = learner.init(ASKING, key=jr.key(1)).weights
    episodes = played(1)
    value = lambda weights, shown: np.asarray(
        learner.net(
            weights, state.spec, jax.tree.map(lambda x: jnp.asarray(x)[None], shown), (), jnp.zeros((1, 1), bool)
        )[0][0, 0]
    )
    drawn = learner.draw(episodes, 1, rng=np.random.default_rng(3))
    best = int(np.argmax(value(state.weights, drawn.after)))
    then = 0.0 if drawn.ended[0] else 0.5 * value(other, drawn.after)[best]
    gap = float(value(state.weights, drawn.before)[drawn.action[0]] - min(drawn.reward[0] + then, 0.0))
    expected = 0.5 * gap**2 if abs(gap) < 1 else abs(gap) - 0.5
    after = learner.learn(dataclasses.replace(state, target=other), episodes, 1, rng=np.random.default_rng(3))
    assert float(after.loss) == pytest.approx(expected, rel=1e-4)
    near = jax.tree.map(lambda slow, fast: slow + 0.05 * (fast - slow), other, state.weights)
    for x, y in zip(jax.tree.leaves(after.target), jax.tree.leaves(near), strict=True):
        assert np.allclose(x, y, atol=1e-6)


@pytest.mark.slow
def test_hindsight_solves_what_is_not_solved_without():
    env_tasks = ASKING.space.samples(100, key=jr.key(9))
    found = {}
    for name, learner in (("her", SMALL), ("none", dataclasses.replace(SMALL, hindsight=Hindsight("none")))):
        state = learner.init(ASKING, key=jr.key(0))
        episodes = played(400)
        unsolved = episodes.take(np.flatnonzero(~episodes.columns["solved"]))
        state = learner.learn(state, unsolved, 1500, rng=np.random.default_rng(0))
        outcome = ASKING.judge(learner.policy(state).greedy(), fresh_lesson(env_tasks, False), key=jr.key(5))
        found[name] = float(np.asarray(outcome.solved).mean())
    assert found["her"] > 0.95
    assert found["none"] < 0.2


@pytest.mark.slow
def test_a_round_learns_and_what_is_published_acts_without_noise():
    learner = dataclasses.replace(SMALL, updates=3)
    state = learner.init(ASKING, key=jr.key(0))
    lesson = fresh_lesson(ASKING.space.samples(4, key=jr.key(1)), np.array([True, True, False, True]), plays=2)
    same, experience, outcome = learner.play(state, ASKING, lesson, key=jr.key(2))
    assert same is state
    assert np.asarray(outcome.episodes).tolist() == [2] * 4
    after = learner.update(state, lesson, experience, key=jr.key(3))
    assert len(after.stored) == 6
    assert float(learner.policy(after).noise) == pytest.approx(0.2)
    assert float(learner.policy(learner.publish(after)).noise) == 0.0
    again = learner.thaw(learner.freeze(after), learner.init(ASKING, key=jr.key(7)))
    one, two = (learner.update(s, lesson, experience, key=jr.key(4)) for s in (after, again))
    for x, y in zip(jax.tree.leaves(one.weights), jax.tree.leaves(two.weights), strict=True):
        assert np.array_equal(x, y)
    assert len(one.stored) == len(two.stored) == 12
    nothing = dataclasses.replace(lesson, learn=False)
    assert learner.update(state, nothing, experience, key=jr.key(3)) is state


def test_what_it_cannot_play_is_refused():
    parts = lambda domain: Parts(domain, SMALL, Uniform())
    assert SMALL.refuses(parts(ASKING)) is None
    assert "tells nothing" in SMALL.refuses(parts(BitFlipping()))
    assert "take PPO or ES" in SMALL.refuses(parts(Asking(Pendulum(), ())))
    with pytest.raises(CombinationError, match="tells nothing"):
        SMALL.init(BitFlipping(), key=jr.key(0))
