"""`MinimalCriterion`: who vouches for what, who passes, and the laws of an explorer."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import NEW, ArgumentError, CombinationError, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import CriterionState, MinimalCriterion
from explora.testing import ExplorerSuite

from ._bits import Bits, Blank, among, number_of, words

SPACE = Bits()
TWO = MinimalCriterion(rows=4, members=2, capacity=4, initial=2, limit=1)


@pytest.mark.slow
class TestMinimalCriterion(ExplorerSuite):
    TURNS = 9

    def space(self):
        return Bits()

    def part(self):
        return MinimalCriterion(rows=4, members=1, capacity=6, initial=3)

    def test_the_first_state_has_the_types_of_the_later_ones(self):
        for state in (self.first, self.turns[-1].state):
            assert [leaf for leaf in jax.tree.leaves(state) if getattr(leaf, "weak_type", False)] == []


@eqx.filter_jit
def ask(state: CriterionState, seed: int = 0) -> tuple[CriterionState, Lesson]:
    return TWO.ask(state, SPACE, "round", key=jr.key(seed))


@eqx.filter_jit
def tell(state: CriterionState, lesson: Lesson, result: Outcome) -> CriterionState:
    return TWO.tell(state, SPACE, lesson, result, key=jr.key(0))


def lesson(numbers: list[int], slots: list[int], first: int = 0) -> Lesson:
    """Four words that both members play; kept ones have the number of their slot, new ones count from `first`."""
    ids = [slot if slot >= 0 else first + row for row, slot in enumerate(slots)]
    return Lesson(
        words(*numbers, *numbers),
        True,
        jnp.array(ids * 2, jnp.int32),
        jnp.full(8, NEW, jnp.int32),
        memo=jnp.array(slots * 2, jnp.int32),
    )


def solved(*members: list[float], status: Any = None) -> Outcome:
    share = jnp.array(members).reshape(-1)
    status = jnp.full(share.shape, Status.ANSWERED, jnp.int8) if status is None else jnp.array(status, jnp.int8)
    return Outcome(status, solved=share)


def queue(state: CriterionState) -> list[int]:
    archive = TWO.archive(state)
    return [number_of(task) for task, filled in zip(archive.tasks, archive.filled, strict=True) if filled]


def begun() -> CriterionState:
    """1 and 2 are queued: member 0 solves both, but may vouch for one only, and member 1 vouches for the other."""
    first = TWO.init(SPACE, key=jr.key(0))
    return tell(first, lesson([1, 2, 3, 4], [-1] * 4), solved([1.0, 1.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.4]))


def test_each_may_vouch_for_so_many():
    state = begun()
    assert queue(state) == [1, 2]
    assert TWO.archive(state).score[:2].tolist() == [0.5, 1.0]
    assert state.source.tolist() == [-1, -1]
    alone = tell(
        TWO.init(SPACE, key=jr.key(0)),
        lesson([1, 2, 3, 4], [-1] * 4),
        solved([1.0, 1.0, 1.0, 1.0], [0.0] * 4),
    )
    assert queue(alone) == [1]


def test_all_is_new_until_enough_is_queued_and_then_half_are_edits_in_turn():
    asked = ask(TWO.init(SPACE, key=jr.key(0)))[1]
    assert asked.memo.tolist() == asked.id.tolist() == asked.parent.tolist() == [NEW] * 8
    assert asked.who is not None
    assert asked.who.tolist() == [0] * 4 + [1] * 4
    np.testing.assert_array_equal(asked.tasks[:4], asked.tasks[4:])
    state, asked = ask(begun())
    assert sorted(asked.memo[:2].tolist()) == [0, 1]
    assert asked.memo[2:4].tolist() == [NEW, NEW]
    assert asked.parent[2:4].tolist() == [0, 1]
    for row, parent in ((2, 1), (3, 2)):
        assert int(jnp.sum(asked.tasks[row] != words(parent)[0])) == 1
    assert int(state.turn) == 2


def test_who_solves_nothing_becomes_a_copy_of_who_does_and_a_task_is_spent():
    """Member 0 passes by task 0, member 1 by none; then task 0 is spent, and nobody passes."""
    state = tell(begun(), lesson([1, 2, 5, 6], [0, 1, -1, -1], 10), solved([1.0, 0.0, 0.0, 0.0], [0.0] * 4))
    assert state.source.tolist() == [-1, 0]
    assert state.uses.tolist() == [1, 0, 0, 0]
    assert float(state.passed) == 0.5
    assert queue(state) == [1, 2]
    assert TWO.archive(state).score[:2].tolist() == [0.5, 0.0]
    state, asked = ask(state)
    assert asked.start is not None
    assert asked.start.tolist() == [-1, 0]
    assert state.source.tolist() == [-1, -1]
    state = tell(state, lesson([1, 2, 5, 6], [0, 1, -1, -1], 20), solved([1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]))
    assert state.source.tolist() == [-1, -1]
    assert float(state.passed) == 0.0
    assert float(TWO.metrics(state)["spent"]) == 0.5


def test_one_task_lets_one_pass_and_the_next_needs_another():
    state = tell(begun(), lesson([1, 2, 5, 6], [0, 1, -1, -1], 10), solved([1.0, 0.0, 0, 0], [1.0, 1.0, 0, 0]))
    assert state.uses.tolist() == [1, 1, 0, 0]
    assert state.source.tolist() == [-1, -1]


def test_crashed_rows_say_nothing():
    """Member 1 crashed throughout: it is not judged; nor is anything queued for a row that is no number or VOID."""
    nan = float("nan")
    state = tell(
        begun(),
        lesson([1, 2, 5, 6], [0, 1, -1, -1], 10),
        solved([0.0, 1.0, 1.0, nan], [1.0] * 4, status=[1, 1, 1, 1, 2, 2, 2, 2]),
    )
    assert queue(state) == [1, 2, 5]
    assert state.source.tolist() == [-1, -1]
    assert TWO.archive(state).score[:3].tolist() == [0.0, 1.0, 1.0]


def test_the_oldest_leaves_the_queue():
    state = begun()
    both = solved([0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0])
    state = tell(state, lesson([1, 2, 5, 6], [0, 1, -1, -1], 10), both)
    assert queue(state) == [1, 2, 5, 6]
    state = tell(state, lesson([1, 2, 7, 8], [0, 1, -1, -1], 20), both)
    assert queue(state) == [7, 8, 5, 6]
    assert int(state.admitted) == 6
    late = tell(state, lesson([1, 2, 9, 9], [0, 1, -1, -1], 30), solved([1.0, 1.0, 0, 0], [1.0, 1.0, 0, 0]))
    assert late.uses.tolist() == [0] * 4  # other tasks stand in these slots since


@pytest.mark.slow
def test_what_comes_unasked_is_judged_row_by_row():
    sent = fresh_lesson(words(9, 10, 11), True, id=jnp.arange(3, dtype=jnp.int32))
    state = TWO.tell(begun(), SPACE, sent, solved([0.2, 0.9, 0.0]), key=jr.key(0))
    assert queue(state) == [1, 2, 10]
    with pytest.raises(CombinationError, match=r"`outcome\.solved`, which was not measured"):
        TWO.tell(begun(), SPACE, sent, Outcome(jnp.ones(3, jnp.int8)), key=jr.key(0))


def test_it_says_what_it_lacks():
    one = MinimalCriterion(members=1)
    assert one.refuses(among(SPACE, one)) is None
    assert "judges `members`=2 players, but the Learner has 1" in (TWO.refuses(among(SPACE, TWO)) or "")
    assert "Blank has no `mutate`" in (one.refuses(among(Blank(), one)) or "")
    assert one.needs == {"solved"}
    assert TWO.needs == {"solved", "members"}
    with pytest.raises(ArgumentError, match=r"on both sides, got 1\.0"):
        MinimalCriterion(replay=1.0)
    with pytest.raises(ArgumentError, match="at least the 16 edits of a lesson, got 12"):
        MinimalCriterion(capacity=12)
    endless = MinimalCriterion(rows=4, members=2, capacity=4, initial=2, limit=None)
    assert float(endless.metrics(endless.init(SPACE, key=jr.key(0)))["spent"]) == 0.0
