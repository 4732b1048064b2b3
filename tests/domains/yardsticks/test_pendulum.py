import math

import gymnasium
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, TaskError
from explora.domains.yardsticks import Hangings, Pendulum
from explora.testing import EnvironmentSuite, SpaceSuite


@pytest.mark.slow
class TestSpace(SpaceSuite):
    def part(self):
        return Hangings()


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT = 4

    def part(self):
        return Pendulum(steps=8, patience=6)


def test_it_swings_as_gymnasiums_does():
    env, peer = Pendulum(), gymnasium.make("Pendulum-v1").unwrapped
    peer.reset(seed=0)
    world = env.space.decode({"angle": 2.5, "speed": -0.7})
    peer.state = np.array([2.5, -0.7])
    state, rng = env.reset(world, key=jr.key(0)), np.random.default_rng(0)
    for torque in rng.uniform(-3.0, 3.0, (40, 1)).astype(np.float32):  # also more than the motor can
        done = env.step(world, state, jnp.asarray(torque), key=jr.key(0))
        seen, reward, *_ = peer.step(torque)
        state = done.state
        assert np.allclose(env.observe(world, state), seen, atol=1e-3)
        assert float(done.reward) == pytest.approx(float(reward), abs=1e-3)
        assert not done.terminated


def test_how_it_hangs_is_two_numbers():
    space = Hangings()
    assert space.encode(space.decode({"angle": -1, "speed": 0.5})) == {"angle": -1.0, "speed": 0.5}
    assert bool(space.valid(space.decode({"angle": math.pi, "speed": 1.0})))
    for wrong in ({"angle": 4.0, "speed": 0.0}, {"angle": 0.0}, {"angle": True, "speed": 0.0}, [0, 0]):
        with pytest.raises(TaskError, match=r"pendulum is a number in \["):
            space.decode(wrong)
    with pytest.raises(ArgumentError, match="patience"):
        Pendulum(patience=0)
