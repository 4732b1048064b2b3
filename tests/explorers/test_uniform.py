import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import NEW, ArgumentError, Outcome
from explora.explorers import Uniform

from ._bits import Bits


def test_every_lesson_is_new_and_learned_from():
    explorer = Uniform(rows=6, queue=3, plays=2)
    state, first = explorer.ask((), Bits(), "round", key=jr.key(0))
    state, second = explorer.ask(state, Bits(), "round", key=jr.key(1))
    assert (first.learn, first.queue, first.plays, first.lanes) == (True, 3, 2, 2)
    assert first.id.tolist() == [NEW] * 6
    assert not np.array_equal(first.tasks, second.tasks)
    assert explorer.tell(state, Bits(), second, Outcome(jnp.ones((6,), jnp.int8)), key=jr.key(2)) == ()
    assert explorer.archive(state) is None


def test_rows_are_shared_out_among_lanes():
    with pytest.raises(ArgumentError, match="use rows=8"):
        Uniform(rows=6, queue=4)
