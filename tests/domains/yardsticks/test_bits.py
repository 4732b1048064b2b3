import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import Uniformly, record
from explora.domains.yardsticks import BitFlipping, BitRows, BitTask
from explora.testing import EnvironmentSuite, SpaceSuite


@pytest.mark.slow
class TestSpace(SpaceSuite):
    def part(self):
        return BitRows(5)


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT = 4

    def part(self):
        return BitFlipping(BitRows(4))


def test_an_episode_by_hand():
    env = BitFlipping(BitRows(3))
    task = BitTask(jnp.uint8([0, 1, 0]), jnp.uint8([1, 1, 1]))
    state = env.reset(task, key=jr.key(0))
    steps = []
    for action in (1, 1, 0):
        steps.append(env.step(task, state, jnp.int32(action), key=jr.key(0)))
        state = steps[-1].state
    assert [step.state.bits.tolist() for step in steps] == [[0, 0, 0], [0, 1, 0], [1, 1, 0]]
    assert [float(step.reward) for step in steps] == [-1, -1, -1]
    assert [bool(step.truncated) for step in steps] == [False, False, True]
    last = env.step(task, state, jnp.int32(2), key=jr.key(0))
    assert (bool(last.solved), bool(last.terminated), float(last.reward)) == (True, True, 0.0)
    assert (float(env.optimal_length(task)), float(env.optimal_return(task))) == (2.0, -1.0)


def test_goals_are_drawn_anew_and_never_reached_at_the_start():
    tasks = BitRows(2).samples(400, key=jr.key(0))
    pairs = {(*start, *goal) for start, goal in zip(tasks.start.tolist(), tasks.goal.tolist())}
    assert len(pairs) == 12
    assert not (tasks.start == tasks.goal).all(1).any()


def test_the_goal_can_be_hidden():
    env = BitFlipping(BitRows(3), shown=False)
    assert set(env.observation) == {"bits"}


@pytest.mark.parametrize("bits", [2, 6])
def test_recorded_episodes_follow_from_their_actions(bits: int):
    env = BitFlipping(BitRows(bits), shown=False)
    tasks = env.space.samples(50, key=jr.key(1))
    stored = record(env, Uniformly(bits), tasks, key=jr.key(2)).checked()
    seen = stored.observation["bits"]
    flipped = np.where(np.arange(bits) == stored.action[:, None], 1 - seen, seen)
    assert (flipped == stored.achieved).all()
    inner = np.setdiff1d(np.arange(stored.steps), stored.offsets[1:] - 1)
    assert (seen[inner + 1] == stored.achieved[inner]).all()
    assert (stored.final["bits"] == stored.achieved[stored.offsets[1:] - 1]).all()
    assert (seen[stored.offsets[:-1]] == np.asarray(tasks.start)).all()
    reached = (stored.final["bits"] == stored.columns["goal"]).all(1)
    assert (reached == stored.terminated).all()
    assert (reached == stored.columns["solved"]).all()
    assert (stored.returns == reached - stored.lengths.astype(np.float32)).all()
    assert (stored.lengths[~reached] == bits).all()
    assert 0 < stored.lengths.min() <= stored.lengths.max() <= bits
    assert reached.any()


def test_a_recorded_row_does_not_depend_on_the_others():
    env = BitFlipping(BitRows(4))
    tasks = env.space.samples(6, key=jr.key(1))
    whole = record(env, Uniformly(4), tasks, key=jr.key(2))
    part = record(env, Uniformly(4), jax.tree.map(lambda x: x[:2], tasks), key=jr.key(2))
    assert whole.take(np.arange(2)).action.tolist() == part.action.tolist()
