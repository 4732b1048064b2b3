import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import TaskError, Uniformly, record
from explora.domains.yardsticks import Gamble, Machines
from explora.testing import EnvironmentSuite, SpaceSuite


@pytest.mark.slow
class TestSpace(SpaceSuite):
    def part(self):
        return Machines()


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT = 2
    PLAYS = 200

    def part(self):
        return Gamble()


def test_the_sure_machine_pays_and_the_other_loses_in_the_mean():
    env = Gamble()
    done = record(env, Uniformly(2), env.space.samples(2000, key=jr.key(0)), key=jr.key(1))
    gambled = done.action == done.observation["risky"]
    assert set(done.reward[~gambled].tolist()) == {1.0}
    assert set(done.reward[gambled].tolist()) == {-3.0, 3.0}
    assert float((done.reward[gambled] == 3).mean()) == pytest.approx(0.25, abs=0.04)
    assert np.all(done.lengths == 1)
    assert not done.terminated.any()
    assert float(env.optimal_return(env.space.decode({"risky": 0}))) == 1.0


def test_a_machine_that_is_not_there():
    assert int(Machines().decode({"risky": 1}).risky) == 1
    for wrong in ({"risky": 2}, {"risky": True}, {}, 1):
        with pytest.raises(TaskError, match="number of the risky machine"):
            Machines().decode(wrong)
    assert bool(jax.vmap(Machines().valid)(Machines().samples(5, key=jr.key(0))).all())
    assert jnp.asarray(Machines().encode(Machines().decode({"risky": 1}))["risky"]) == 1
