"""`Beyond`: what was not met is asked again, for as long as it is worth it, and a little more than the best."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

from explora.core import NEW, ArgumentError, CombinationError, Lesson, Outcome, Status
from explora.domains.views import Requests
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.explorers import Beyond, BeyondState
from explora.testing import ExplorerSuite

from ._bits import Bits, words

FOUR = Beyond(rows=4, again=0.5, kept=4, patience=2)


@pytest.mark.slow
class TestLaws(ExplorerSuite):
    TURNS = 9

    def space(self):
        return Bits()

    def part(self):
        return Beyond(rows=4, kept=6, patience=2)


@pytest.mark.slow
class TestDemanding(TestLaws):
    def space(self):
        return Requests(BitFlipping(BitRows(3), shown=False), ("return", "horizon"))


def told(state: BeyondState, lesson: Lesson, *solved: float, returns: Any = None, status: Any = None) -> BeyondState:
    status = jnp.ones(4, jnp.int8) if status is None else jnp.array(status, jnp.int8)
    shares = jnp.array(solved, jnp.float32)
    best = shares if returns is None else jnp.array(returns)
    return FOUR.tell(state, Bits(), lesson, Outcome(status, solved=shares, max_returns=best), key=jr.key(0))


def fresh(*ids: int) -> Lesson:
    return Lesson(words(*ids), True, jnp.array(ids, jnp.int32), jnp.full(4, NEW, jnp.int32))


def kept(state: BeyondState) -> set[int]:
    return set(state.id[state.filled].tolist())


def again(state: BeyondState, *slots: int) -> Lesson:
    """A lesson that asks again what lies in two places, and for nothing new that is of note."""
    slot = jnp.array([*slots, -1, -1], jnp.int32)
    known = jnp.where(slot >= 0, state.id[slot], NEW)
    number = jnp.where(slot >= 0, known, jnp.array([0, 0, 90, 91]))
    return Lesson(state.tasks[jnp.maximum(slot, 0)], True, number, jnp.full(4, NEW, jnp.int32), memo=(slot, known))


def test_what_was_not_met_is_kept_until_it_is_met_or_seems_impossible():
    state = FOUR.init(Bits(), key=jr.key(0))
    state = told(state, fresh(1, 2, 3, 4), 0, 1, 0, 0, status=[1, 1, 1, Status.VOID])
    assert kept(state) == {1, 3}
    waiting = told(state, fresh(5, 6, 7, 8), 0, 0, 0, 0, status=[Status.WAITING] * 4)
    assert kept(waiting) == {1, 3}
    one, three = (int(jnp.argmax(state.id == number)) for number in (1, 3))
    state = told(state, again(state, one, three), 1, 0, 1, 1)
    assert kept(state) == {3}
    assert int(state.met) == 1
    state = told(state, again(state, three, three), 0, 0, 1, 1)
    assert kept(state) == set()  # three times asked, never better: it may be impossible


def test_the_oldest_make_way_and_what_lies_elsewhere_now_is_not_mistaken():
    state = FOUR.init(Bits(), key=jr.key(0))
    state = told(state, fresh(1, 2, 3, 4), 0, 0, 0, 0)
    asked = again(state, 0, 1)
    state = told(state, fresh(5, 6, 7, 8), 0, 0, 1, 1)
    assert kept(state) == {3, 4, 5, 6}
    after = told(state, asked, 1, 1, 1, 1)
    assert kept(after) == {3, 4, 5, 6}
    assert int(after.met) == 0


def test_half_of_a_lesson_is_asked_again_as_soon_as_there_is_anything():
    state = FOUR.init(Bits(), key=jr.key(0))
    _, lesson = FOUR.ask(state, Bits(), "round", key=jr.key(1))
    assert lesson.id.tolist() == [NEW] * 4
    state = told(state, fresh(7, 7, 7, 7), 0, 0, 0, 0)
    _, lesson = FOUR.ask(state, Bits(), "round", key=jr.key(1))
    assert lesson.id.tolist() == [7, 7, NEW, NEW]
    assert lesson.tasks[:2].tolist() == words(7, 7).tolist()
    _, lesson = dataclasses.replace(FOUR, again=0.0).ask(state, Bits(), "round", key=jr.key(1))
    assert lesson.id.tolist() == [NEW] * 4


def test_a_little_more_than_the_best_is_asked_for():
    space = Requests(BitFlipping(BitRows(3), shown=False), ("return", "horizon"))
    assert "demands" in space.provides
    state = FOUR.init(space, key=jr.key(0))
    _, lesson = FOUR.ask(state, space, "round", key=jr.key(1))
    lesson = Lesson(lesson.tasks, True, jnp.arange(4, dtype=jnp.int32), lesson.parent, memo=lesson.memo)
    results = Outcome(jnp.ones(4, jnp.int8), solved=jnp.ones(4), max_returns=jnp.array([-3.0, -1.0, -2.0, -2.0]))
    state = FOUR.tell(state, space, lesson, results, key=jr.key(2))
    assert kept(state) == {0, 1, 2, 3}  # there may be more to be had
    _, more = FOUR.ask(state, space, "round", key=jr.key(3))
    assert more.id.tolist() == [NEW] * 4
    parents, wanted = more.parent[:2], more.tasks.returns[:2]
    best = jnp.array([-3.0, -1.0, -2.0, -2.0])[parents]
    assert bool(jnp.all((wanted >= best) & (wanted <= best + 0.7072)))  # the deviation of -3, -1, -2, -2
    assert jax.tree.all(
        jax.tree.map(lambda x, y: bool((x[:2] == y[parents]).all()), more.tasks.task, lesson.tasks.task)
    )


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ArgumentError, match="`kept` must be at least 4"):
        Beyond(rows=4, kept=3)
    with pytest.raises(CombinationError, match="no `demanding`"):
        Bits().demanding(words(1)[0], jnp.float32(0))
    state = FOUR.init(Bits(), key=jr.key(0))
    with pytest.raises(CombinationError, match="Beyond needs"):
        FOUR.tell(state, Bits(), fresh(1, 2, 3, 4), Outcome(jnp.ones(4, jnp.int8)), key=jr.key(0))
