import jax.numpy as jnp
import jax.random as jr
import pytest

from explora.core import TaskError
from explora.domains.yardsticks import KeyRooms, KeyToDoor
from explora.testing import EnvironmentSuite, SpaceSuite

ENV = KeyToDoor(KeyRooms(3), patience=(2, 1, 2))
TASK = ENV.space.decode({"key": [0, 1], "door": [1, 2]})


@pytest.mark.slow
class TestSpace(SpaceSuite):
    def part(self):
        return KeyRooms(3)


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT = 3

    def part(self):
        return ENV


def play(actions):
    state, seen = ENV.reset(TASK, key=jr.key(0)), []
    for action in actions:
        shown = ENV.observe(TASK, state)
        done = ENV.step(TASK, state, jnp.int32(action), key=jr.key(0))
        seen.append(tuple(int(shown[name]) for name in ("room", "place", "thing")))
        state = done.state
    return seen, done


def test_with_the_key():
    seen, done = play((1, 0, 3, 2))  # up onto the key, stay; the empty room; right to the door
    assert seen == [(0, 4, 1), (0, 1, 9), (1, 4, 9), (2, 4, 5)]  # a key that was taken lies nowhere
    assert (float(done.reward), bool(done.terminated), bool(done.solved)) == (1.0, True, True)


def test_without_the_key_the_door_looks_the_same_and_stays_shut():
    seen, done = play((0, 0, 3, 2))
    assert seen == [(0, 4, 1), (0, 4, 1), (1, 4, 9), (2, 4, 5)]
    assert (float(done.reward), bool(done.terminated), bool(done.solved)) == (0.0, True, False)


def test_time_runs_out():
    _, done = play((1, 0, 0, 0, 0))
    assert (bool(done.truncated), bool(done.terminated)) == (True, False)


def test_nothing_lies_where_one_comes_in():
    with pytest.raises(TaskError, match="in the middle"):
        ENV.space.decode({"key": [1, 1], "door": [0, 0]})
