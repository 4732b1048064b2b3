"""Episodes of requests are kept as the environment inside would have recorded them."""

import jax.numpy as jnp
import numpy as np

from explora.core import Episodes, Experience, Lesson, Status
from explora.domains.views import Request
from explora.domains.yardsticks import BitTask
from explora.runs._records._keeper import kept


def test_what_was_asked_for_is_left_out_and_who_did_it_stays():
    bits = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.uint8)
    seen = lambda rows: {"seen": {"bits": bits[rows]}, "told": np.ones((len(rows), 4), np.uint8)}
    offsets, steps = np.array([0, 1, 2, 4]), [0, 1, 2, 3]
    lived = Episodes(
        offsets,
        seen(steps),
        seen([1, 2, 3]),
        np.array([0, 1, 1, 0], np.int32),
        np.array([-1, 0, -1, -1], np.float32),
        np.array([False, True, False]),
        bits,
        {"solved": np.array([False, True, False])},
    )
    number, many = jnp.arange(3, dtype=jnp.int32), jnp.zeros((3,))
    task = BitTask(jnp.asarray(bits[:3]), jnp.asarray(bits[1:]))
    request = Request(task, many, number, None, many, jnp.ones((3, 4), bool))
    lesson = Lesson(request, True, number + 10, number)
    status = np.array([Status.ANSWERED, Status.VOID, Status.ANSWERED], np.int8)
    found = kept(lesson, Experience(status, lived), {"turn": np.int64(7)})
    assert found is not None
    assert found.observation["bits"].tolist() == bits[[0, 2, 3]].tolist()
    assert found.final["bits"].tolist() == bits[[1, 3]].tolist()
    columns = {name: x.tolist() for name, x in found.columns.items()}
    assert columns["task"] == [10, 12]
    assert columns["turn"] == [7, 7]
    assert columns["return"] == [-1, -2]
    assert columns["solved"] == [False, False]
    assert columns["task.goal"] == bits[[1, 3]].tolist()
    assert kept(lesson, Experience(np.zeros(3, np.int8), lived), {}) is None
