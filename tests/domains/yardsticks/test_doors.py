import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import TaskError, record
from explora.domains.yardsticks import Doors, DoorTasks, Guide
from explora.domains.yardsticks._doors import DOORS
from explora.testing import EnvironmentSuite, SpaceSuite

EVERY = jax.vmap(DoorTasks().numbered)(jnp.arange(1000))


@pytest.mark.slow
class TestSpace(SpaceSuite):
    def part(self):
        return DoorTasks()


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT, LIMIT_IS_END = 3, True  # a wrong door may be met with the last step

    def part(self):
        return Doors(slack=1)


def test_all_tasks_have_a_number():
    written = {str(DoorTasks().encode(DoorTasks().numbered(jnp.int32(n)))) for n in range(1000)}
    assert len(written) == DoorTasks().count == 1000


@pytest.mark.parametrize("turned", [False, True])
def test_an_episode_by_hand(turned):
    env = Doors(slack=2)
    task = env.space.decode({"door": 2, "turned": turned, "start": [2, 3]})  # the door is two steps above
    state, seen = env.reset(task, key=jr.key(0)), []
    up, right = (2, 3) if turned else (0, 1)
    for action in (right, (right + 2) % 4, up):
        done = env.step(task, state, jnp.int32(action), key=jr.key(0))
        seen.append((int(done.state.place), float(done.reward), bool(done.terminated)))
        state = done.state
    assert seen == [(18, 0, False), (17, 0, False), (10, 0, False)]
    late = env.step(task, state, jnp.int32(right), key=jr.key(0))
    assert (int(late.state.place), bool(late.truncated), bool(late.solved)) == (11, True, False)
    left = env.step(task, state, jnp.int32(up), key=jr.key(0))
    assert (int(left.state.place), float(left.reward), bool(left.terminated), bool(left.solved)) == (3, 1, True, True)
    another = env.space.decode({"door": 3, "turned": turned, "start": [2, 3]})
    wrong = env.step(another, state, jnp.int32(up), key=jr.key(0))
    assert (bool(wrong.terminated), float(wrong.reward), bool(wrong.solved)) == (True, 0, False)


def test_the_guide_takes_the_shortest_way_to_every_door():
    walks = record(Doors(shown=True), Guide(), EVERY, key=jr.key(1))
    doors = DOORS[np.asarray(EVERY.door)]
    start = np.asarray(EVERY.start)
    assert (walks.returns == 1).all()
    assert walks.lengths.tolist() == (np.abs(doors // 7 - start // 7) + np.abs(doors % 7 - start % 7)).tolist()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1], '"door", "turned" and a "start"'),
        ({"door": 20, "turned": False, "start": [3, 3]}, "0 to 19"),
        ({"door": 1, "turned": 1, "start": [3, 3]}, "true or false"),
        ({"door": 1, "turned": True, "start": [0, 3]}, "inside the room, rows and columns 1 to 5"),
        ({"door": 1, "turned": True, "start": [7, 3]}, "each from 0 to 6"),
    ],
)
def test_a_task_that_cannot_be_is_refused(value, said):
    with pytest.raises(TaskError, match=said):
        DoorTasks().decode(value)
