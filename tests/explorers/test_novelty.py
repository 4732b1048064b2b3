"""`Novelty`: what it keeps, what it edits, and the laws of an explorer."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import NEW, ArgumentError, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import FeaturedState, Novelty
from explora.scores import Learnability, Solved
from explora.testing import ExplorerSuite

from ._bits import Bits, Counted, among, number_of, words

SPACE = Counted()
"""Its features are the number of ones, and of those in the left half."""

ONES = Novelty(
    rows=4, score=Solved(), features=("ones",), neighbours=1, least=0.2, capacity=4, initial=2, replay=0.5, random=0.0
)


@pytest.mark.slow
class TestNovelty(ExplorerSuite):
    TURNS = 9

    def space(self):
        return Counted()

    def part(self):
        return Novelty(rows=4, score=Learnability(), neighbours=3, capacity=8, initial=3, queue=2)

    def test_the_first_state_has_the_types_of_the_later_ones(self):
        for state in (self.first, self.turns[-1].state):
            assert [leaf for leaf in jax.tree.leaves(state) if getattr(leaf, "weak_type", False)] == []


@eqx.filter_jit
def tell(explorer: Novelty, state: FeaturedState, lesson: Lesson, result: Outcome) -> FeaturedState:
    return explorer.tell(state, SPACE, lesson, result, key=jr.key(0))


def told(explorer: Novelty, state: FeaturedState, *numbers: int, solved: Any = None, status: Any = None) -> Any:
    """The state after four words; those that are left out are VOID."""
    numbers = (*numbers, *(0,) * (4 - len(numbers)))
    status = [Status.ANSWERED] * 4 if status is None else status
    share = jnp.full(4, 0.5) if solved is None else jnp.array(solved)
    ids = int(state.kept.added) * 10 + jnp.arange(4, dtype=jnp.int32)
    lesson = fresh_lesson(words(*numbers), True, id=ids)
    return tell(explorer, state, lesson, Outcome(jnp.array(status, jnp.int8), solved=share))


def kept(state: FeaturedState) -> dict[int, int]:
    """Cell: word."""
    archive = ONES.archive(state)
    return {cell: number_of(t) for cell, (t, f) in enumerate(zip(archive.tasks, archive.filled, strict=True)) if f}


def start() -> FeaturedState:
    """Words of 0 and of 8 ones."""
    return told(ONES, ONES.init(SPACE, key=jr.key(0)), 0, 255, status=[1, 1, 2, 2])


def test_what_is_far_from_its_nearest_is_kept_and_the_oldest_makes_way():
    """Of 0 and 8 ones, 1 is an eighth away and too near, 4 a half, 2 a quarter: all as the archive was before."""
    state = start()
    assert kept(state) == {0: 0, 1: 255}
    np.testing.assert_allclose(ONES.novelty(state.kept), [1.0, 1.0, 0.0, 0.0])
    state = told(ONES, state, 1, 15, 3, 127)
    assert kept(state) == {0: 0, 1: 255, 2: 15, 3: 3}
    np.testing.assert_allclose(ONES.novelty(state.kept), [0.25, 0.5, 0.25, 0.25])
    state = told(ONES, state, 127, 63, status=[1, 1, 2, 2])
    assert kept(state) == {0: 63, 1: 255, 2: 15, 3: 3}
    assert float(ONES.metrics(state)["novelty"]) == pytest.approx(0.25)


def test_a_crash_costs_no_other_its_place():
    state = told(ONES, start(), 15, 15, 15, 15, solved=[jnp.nan, 0.5, 0.5, 0.5], status=[1, 2, 1, 0])
    assert kept(state) == {0: 0, 1: 255, 2: 15}
    assert float(state.kept.objectives[2]) == 0.5


def test_below_the_minimum_nothing_is_kept():
    picky = Novelty(
        rows=4, score=Solved(), features=("ones",), neighbours=1, least=0.2, capacity=4, initial=2, minimum=0.1
    )
    state = told(picky, picky.init(SPACE, key=jr.key(0)), 0, 255, 15, 3, solved=[0.0, 0.2, 0.1, 0.9])
    assert kept(state) == {0: 255, 1: 3}


def test_of_two_the_more_novel_is_edited():
    """255 is twice as novel as the others: it is chosen in 7 of 16 pairs, and for playing again in 1 of 4."""
    state = told(ONES, start(), 1, 15, 3, 127)
    slots = np.asarray(ONES.chosen(state.kept, 1600, 1600, key=jr.key(2)))
    assert np.mean(slots[:1600] == 1) == pytest.approx(1 / 4, abs=0.04)
    assert np.mean(slots[1600:] == 1) == pytest.approx(7 / 16, abs=0.04)


@pytest.mark.slow
def test_a_lesson_is_kept_tasks_and_edits():
    state = told(ONES, start(), 1, 15, 3, 127)
    lesson = ONES.ask(state, SPACE, "round", key=jr.key(3))[1]
    assert set(lesson.id.tolist()[:2]) <= {0, 1, 21, 22}
    assert lesson.id.tolist()[2:] == [NEW, NEW]
    by = dict(zip(ONES.archive(state).id.tolist(), kept(state).values(), strict=True))
    for row in (2, 3):
        assert int(jnp.sum(lesson.tasks[row] != words(by[int(lesson.parent[row])])[0])) == 1


def test_it_says_what_it_lacks():
    assert ONES.refuses(among(SPACE, ONES)) is None
    assert "has no `features`; use Replay" in (ONES.refuses(among(Bits(), ONES)) or "")
    ends = Novelty(low=(0.0,))
    assert "one entry of `low` for each of 2 features, got 1" in (ends.refuses(among(SPACE, ends)) or "")
    with pytest.raises(ArgumentError, match="`capacity` must be at least `rows`=128, got 100"):
        Novelty(capacity=100)
    assert ends.container(SPACE).dims == 2
