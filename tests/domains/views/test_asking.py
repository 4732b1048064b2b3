import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

from explora.core import ArgumentError, CombinationError, TaskError
from explora.domains.views import Asking, Requests
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.testing import EnvironmentSuite, SpaceSuite, Walk

BITS = BitFlipping(BitRows(3), shown=False)


@pytest.mark.slow
class TestSpace(SpaceSuite):
    def part(self):
        return Requests(BITS)


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT = 4

    def part(self):
        return Asking(Walk(), ("return", "horizon"))


def test_what_was_asked_for_is_what_is_left():
    env = Asking(BITS, ("return", "horizon", "goal"))
    task = env.space.decode({"task": {"start": "000", "goal": "110"}, "return": -1, "horizon": 2})
    world = env.world(task)
    state = env.reset(world, key=jr.key(0))
    shown = [env.observe(world, state)]
    for action in (1, 2, 2):
        state = env.step(world, state, jnp.int32(action), key=jr.key(0)).state
        shown.append(env.observe(world, state))
    assert [float(x["return"]) for x in shown] == [-1, 0, 1, 2]
    assert [float(x["horizon"]) for x in shown] == [2, 1, 1, 1]
    assert [float(x["time"]) for x in shown] == [0, 1, 2, 3]
    assert [int(x["action"]) for x in shown] == [3, 1, 2, 2]
    assert [float(x["reward"]) for x in shown] == [0, -1, -1, -1]
    assert [x["seen"]["bits"].tolist() for x in shown][-1] == [0, 1, 0]
    assert shown[0]["goal"].tolist() == [1, 1, 0]
    assert [x["told"].tolist() for x in shown] == [[1, 1, 1, 0]] * 2 + [[1, 0, 1, 0]] * 2  # its two steps are over


def test_a_request_asks_for_what_the_task_wants_unless_it_says_otherwise():
    space = Asking(BITS, ("goal", "horizon"), returns=-7.0).space
    usual = space.decode({"task": {"start": "000", "goal": "110"}})
    assert (float(usual.returns), int(usual.horizon), usual.goal.tolist()) == (-7, 3, [1, 1, 0])
    other = space.decode(space.encode(usual) | {"goal": [[0, 0, 1]], "told": ["goal"]})
    assert other.goal.tolist() == [0, 0, 1]
    assert other.told.tolist() == [False, False, True, False]
    assert space.of(usual.task).told.tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"horizon": 0}, "at least 1"),
        ({"return": "high"}, "finite number"),
        ({"goal": [[1, 1]]}, "goal"),
        ({"goal": 7}, "goal"),
        ({"told": ["wealth"]}, "some of return"),
    ],
)
def test_requests_that_make_no_sense_are_refused(change: dict, said: str):
    space = Asking(BITS).space
    with pytest.raises(TaskError, match=said):
        space.decode({"task": {"start": "000", "goal": "110"}} | change)


def test_conditions_that_an_environment_does_not_have_are_refused():
    with pytest.raises(CombinationError, match="Walk sets no goals"):
        Asking(Walk(), ("goal",))
    with pytest.raises(ArgumentError, match="`conditions` may name return"):
        Asking(BITS, ("wealth",))


def test_suites_become_requests():
    suite = Asking(BITS).suite("pairs")
    assert jax.tree.leaves(suite.tasks.goal)[0].shape == (200, 3)
    assert (suite.tasks.goal == suite.tasks.task.goal).all()
