"""`Elites`: the laws of an explorer, and what it keeps, plays again and refuses."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import NEW, ArgumentError, CombinationError, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import Elites, FeaturedState
from explora.scores import MaxMC, Solved
from explora.testing import ExplorerSuite

from ._bits import Bits, Counted, among, number_of, words

SPACE = Counted()
ELITES = Elites(rows=8, score=Solved(), cells=(9,), low=(0.0,), high=(9.0,), replay=0.5, random=0.25, initial=3)


@pytest.mark.slow
class TestElites(ExplorerSuite):
    TURNS = 9

    def part(self):
        return Elites(rows=8, score=MaxMC(), cells=(4, 4), initial=4, queue=2, features=("distance", "mud"))

    def test_the_first_state_has_the_types_of_the_later_ones(self):
        for state in (self.first, self.turns[-1].state):
            assert [leaf for leaf in jax.tree.leaves(state) if getattr(leaf, "weak_type", False)] == []


@eqx.filter_jit
def ask(explorer: Elites, state: FeaturedState, key: Any) -> tuple[FeaturedState, Lesson]:
    return explorer.ask(state, SPACE, "round", key=key)


@eqx.filter_jit
def tell(explorer: Elites, state: FeaturedState, lesson: Lesson, result: Outcome) -> FeaturedState:
    return explorer.tell(state, SPACE, lesson, result, key=jr.key(0))


def solved(*share: float, status: Any = None) -> Outcome:
    status = jnp.full((len(share),), Status.ANSWERED, jnp.int8) if status is None else jnp.array(status, jnp.int8)
    return Outcome(status, solved=jnp.array(share), episodes=jnp.ones(len(share), jnp.int32))


def sent(*numbers: int, first: int = 0) -> Lesson:
    """Words by number, and the numbers under which the loop knows them."""
    return fresh_lesson(words(*numbers), True, id=first + jnp.arange(len(numbers), dtype=jnp.int32))


def kept(state: FeaturedState) -> dict[int, tuple[int, float]]:
    """Cell: word and score."""
    archive = ELITES.archive(state)
    each = zip(archive.tasks, archive.score, archive.filled, strict=True)
    return {cell: (number_of(t), round(float(s), 4)) for cell, (t, s, f) in enumerate(each) if bool(f)}


def started() -> FeaturedState:
    """Words with 1, 2 and 3 ones, solved now and then."""
    return tell(ELITES, ELITES.init(SPACE, key=jr.key(0)), sent(1, 3, 7), solved(0.5, 0.25, 0.75))


def test_the_best_of_each_kind_is_kept():
    """1 and 2 have one bit, 3 has two; 2 is solved more often than 1."""
    state = tell(ELITES, ELITES.init(SPACE, key=jr.key(0)), sent(1, 2, 3, 0), solved(0.2, 0.5, 0.1, 0.0))
    assert kept(state) == {0: (0, 0.0), 1: (2, 0.5), 2: (3, 0.1)}
    state = tell(ELITES, state, sent(4, 5, 6, first=9), solved(0.5, 0.4, 0.9))
    assert kept(state) == {0: (0, 0.0), 1: (2, 0.5), 2: (6, 0.9)}
    assert np.asarray(ELITES.archive(state).id)[[0, 1, 2]].tolist() == [3, 1, 11]
    metrics = ELITES.metrics(state)
    assert float(metrics["fill"]) == pytest.approx(1 / 3)
    assert float(metrics["max_score"]) == pytest.approx(0.9)


def test_all_is_new_until_enough_kinds_are_known():
    lesson = ask(ELITES, ELITES.init(SPACE, key=jr.key(0)), jr.key(1))[1]
    assert lesson.parent.tolist() == lesson.id.tolist() == lesson.memo.tolist() == [NEW] * 8


def test_then_a_lesson_is_elites_edits_and_new_tasks():
    """Of 8 rows half are played again, one of the others is new, three are edits."""
    lesson = ask(ELITES, started(), jr.key(1))[1]
    assert lesson.learn is True
    assert set(lesson.id[:4].tolist()) <= {0, 1, 2}
    assert [number_of(task) for task in lesson.tasks[:4]] == [(1, 3, 7)[i] for i in lesson.id[:4].tolist()]
    assert lesson.id[4:].tolist() == [NEW] * 4
    assert set(lesson.parent[4:7].tolist()) <= {0, 1, 2}
    assert lesson.parent[7:].tolist() == [NEW]
    for row in range(4, 7):
        source = words((1, 3, 7)[int(lesson.parent[row])])[0]
        assert int(jnp.sum(lesson.tasks[row] != source)) == 1
    only = Elites(rows=8, score=Solved(), cells=(9,), initial=3, explore_learns=False)
    assert ask(only, started(), jr.key(1))[1].learn.tolist() == [True] * 4 + [False] * 4


def test_what_an_elite_is_worth_is_measured_anew():
    """Both rows of word 7 are one task that was played twice; a VOID row leaves its elite as it was."""
    state = started()
    lesson = Lesson(words(7, 7, 1, 3), True, jnp.array([2, 2, 0, 1], jnp.int32), jnp.full(4, NEW, jnp.int32))
    lesson = eqx.tree_at(lambda l: l.memo, lesson, jnp.array([3, 3, 1, 2], jnp.int32), is_leaf=lambda x: x is None)
    state = tell(ELITES, state, lesson, solved(0.0, 0.5, 0.9, 0.1, status=[1, 1, 2, 1]))
    assert kept(state) == {1: (1, 0.5), 2: (3, 0.1), 3: (7, 0.25)}
    state = tell(ELITES, state, sent(11, first=5), solved(0.3))  # was worse than 0.75, is better than 0.25
    assert kept(state)[3] == (11, 0.3)
    late = eqx.tree_at(lambda l: l.id, lesson, jnp.array([2, 2, 0, 1], jnp.int32))
    state = tell(ELITES, state, late, solved(0.2, 0.2, 0.5, 0.1))
    assert kept(state)[3] == (11, 0.3)  # another task has taken the cell since: the old one has to beat it


def test_it_says_what_it_lacks():
    assert among(SPACE, ELITES).explorer.refuses(among(SPACE, ELITES)) is None
    reasons = {
        "has no `features`; use Replay": among(Bits(), ELITES),
        "has no feature 'right'; it has ones, left": among(SPACE, Elites(features=("ones", "right"))),
        "needs 3 features, but Counted has 2": among(SPACE, Elites(cells=(2, 2, 2), initial=1)),
    }
    for reason, parts in reasons.items():
        assert reason in (parts.explorer.refuses(parts) or "")
    with pytest.raises(CombinationError, match="Elites needs 1 features right of Counted"):
        Elites(cells=(9,), features=("right",), initial=1).places(SPACE, words(1))
    with pytest.raises(ArgumentError, match="one entry for each of the 2 features"):
        Elites(low=(0.0,))
    with pytest.raises(ArgumentError, match="`initial` must be at least 1 and at most 4"):
        Elites(cells=(2, 2))
    with pytest.raises(ArgumentError, match="`low` must be less than `high`"):
        Elites(cells=(9,), low=(1.0,), high=(1.0,), initial=1)
