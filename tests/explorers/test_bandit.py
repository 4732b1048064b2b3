"""`Bandit`: which arms are tried, how progress is measured, and how it is turned into chances."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import NEW, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import Bandit, BanditState
from explora.explorers._bandit import slope
from explora.scores import Pace

from ._bits import Bits, among, words

BITS = Bits()
BANDIT = Bandit(rows=4, arms=6, random=0.0)


@eqx.filter_jit
def ask(explorer: Bandit, state: BanditState, key: Any) -> tuple[BanditState, Lesson]:
    return explorer.ask(state, BITS, "round", key=key)


@eqx.filter_jit
def tell(explorer: Bandit, state: BanditState, lesson: Lesson, result: Outcome) -> BanditState:
    return explorer.tell(state, BITS, lesson, result, key=jr.key(0))


def solved(*share: float, status: Any = None) -> Outcome:
    status = jnp.full((len(share),), Status.ANSWERED, jnp.int8) if status is None else jnp.array(status, jnp.int8)
    return Outcome(status, solved=jnp.array(share))


def on(*arms: int) -> Lesson:
    rows = len(arms)
    number = 50 + jnp.arange(rows, dtype=jnp.int32)
    return fresh_lesson(words(*[0] * rows), True, id=number, memo=jnp.array(arms, jnp.int32))


def start(explorer: Bandit = BANDIT) -> BanditState:
    return explorer.init(BITS, key=jr.key(0))


def test_every_arm_is_tried_once_in_turn():
    state, arms = start(), []
    for turn in range(2):
        state, lesson = ask(BANDIT, state, jr.key(turn))
        np.testing.assert_array_equal(lesson.tasks, state.tasks[lesson.memo])
        arms += lesson.memo.tolist()
    assert arms == [0, 1, 2, 3, 4, 5, 0, 1]


def test_rows_of_one_arm_are_one_measurement():
    """Arm 2 in two rows: (1 + 0) / 2. Rows that were not answered say nothing."""
    status = [Status.ANSWERED, Status.ANSWERED, Status.VOID, Status.WAITING]
    state = tell(BANDIT, start(), on(2, 2, 2, 4), solved(1.0, 0.0, 1.0, 1.0, status=status))
    assert state.result.tolist() == [0.0, 0.0, 0.5, 0.0, 0.0, 0.0]
    assert state.seen.tolist() == [0, 0, 1, 0, 0, 0]
    assert float(state.pace.fast[2]) == 0.5


def test_an_arm_keeps_the_number_of_its_task():
    state = tell(BANDIT, start(), on(3, 5), solved(1.0, 0.0))
    assert state.id.tolist() == [NEW, NEW, NEW, 50, NEW, 51]


def with_progress(progress: list[float], result: list[float], explorer: Bandit = BANDIT) -> BanditState:
    """Arms whose fast average is g⁻¹(progress) and whose slow one is 0; θ = 0.1 gives g⁻¹(x) = x / (9 − 8x)."""
    x = jnp.array(progress)
    pace = Pace(x / (9 - 8 * x), jnp.zeros_like(x), jnp.ones(x.shape, bool))
    return eqx.tree_at(lambda s: (s.pace, s.result), start(explorer), (pace, jnp.array(result)))


def test_chances_are_standardised_squashed_and_normalised():
    """Among 0.2, 0.4, 0.6, 0 (succeeded), mean 0.3 and deviation √0.05; the two arms without any hope get nothing."""
    state = with_progress([0.2, 0.4, 0.6, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    z = (np.array([0.2, 0.4, 0.6, 0.0]) - 0.3) / np.sqrt(0.05)
    expected = 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(BANDIT.probabilities(state), [*(expected / expected.sum()), 0.0, 0.0], rtol=1e-4)


def test_without_hope_anywhere_all_arms_are_alike():
    np.testing.assert_allclose(BANDIT.probabilities(with_progress([0.0] * 6, [0.0] * 6)), 1 / 6, rtol=1e-6)


def test_where_all_progress_is_equal_so_are_the_chances():
    """A deviation of zero divides nothing."""
    state = with_progress([0.3, 0.3, 0.0, 0.0, 0.0, 0.0], [0.0] * 6)
    np.testing.assert_allclose(BANDIT.probabilities(state), [0.5, 0.5, 0.0, 0.0, 0.0, 0.0], atol=1e-3)


def test_greedy_and_soft_choices():
    """ε = 0.3 spread over six arms; softmax of (0.2, 0.4) / 0.1."""
    greedy = Bandit(rows=4, arms=6, random=0.3, choice="greedy")
    state = with_progress([0.2, 0.4, 0.0, 0.0, 0.0, 0.0], [0.0] * 6, greedy)
    np.testing.assert_allclose(greedy.probabilities(state), [0.05, 0.75, 0.05, 0.05, 0.05, 0.05], rtol=1e-5)
    soft = Bandit(rows=4, arms=6, random=0.0, choice="boltzmann", temperature=0.1)
    weights = np.exp([2.0, 4.0, 0.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(soft.probabilities(state), weights / weights.sum(), rtol=1e-4)


def test_after_the_first_turns_arms_follow_their_chances():
    greedy = Bandit(rows=4, arms=6, random=0.0, choice="greedy")
    state = with_progress([0.2, 0.4, 0.0, 0.0, 0.0, 0.0], [0.0] * 6, greedy)
    state = eqx.tree_at(lambda s: s.round, state, jnp.asarray(2, jnp.int32))
    assert ask(greedy, state, jr.key(0))[1].memo.tolist() == [1] * 4


def test_the_slope_is_that_of_least_squares():
    """Through (1, 1), (2, 3), (4, 4): 13/14. One value, or three at one time, have no slope."""
    times = jnp.array([[1.0, 2.0, 4.0], [1.0, 9.0, 9.0], [2.0, 2.0, 2.0]])
    values = jnp.array([[1.0, 3.0, 4.0], [1.0, 9.0, 9.0], [1.0, 2.0, 3.0]])
    counts = jnp.array([[True, True, True], [True, False, False], [True, True, True]])
    assert slope(times, values, counts).tolist() == pytest.approx([13 / 14, 0.0, 0.0])


def test_a_window_forgets_what_is_old():
    """With a window of 2 and results 9, 1, 3 at rounds 0, 1, 2 the slope is 2."""
    explorer = Bandit(rows=2, arms=2, estimate="window", window=2, measure="returns", random=0.0)
    state = start(explorer)
    for turn, value in enumerate((9.0, 1.0, 3.0)):
        state = eqx.tree_at(lambda s: s.round, state, jnp.asarray(turn, jnp.int32))
        state = tell(explorer, state, on(0), Outcome(jnp.ones((1,), jnp.int8), returns=jnp.array([value])))
    assert explorer.archive(state).score.tolist() == [2.0, 0.0]


def test_regions_make_new_tasks_each_time():
    """Nine regions of the unit square in turn; the second coordinate changes fastest."""
    explorer = Bandit(rows=9, cells=3, random=0.0)
    state, lesson = ask(explorer, start(explorer), jr.key(0))
    assert lesson.memo.tolist() == list(range(9))
    assert lesson.id.tolist() == [NEW] * 9
    places = explorer._inside(lesson.memo, 2, jr.key(3))
    corner = np.array([[i // 3, i % 3] for i in range(9)])
    assert np.all((np.asarray(places) * 3 >= corner) & (np.asarray(places) * 3 < corner + 1))
    assert explorer.archive(state) is None
    assert explorer.refuses(among(BITS, explorer)) is None


def test_tasks_of_no_arm_say_nothing():
    lesson = fresh_lesson(words(1, 2), True)
    state = start()
    assert tell(BANDIT, state, lesson, solved(1.0, 1.0)).seen.tolist() == [0] * 6
    assert all(bool(jnp.isfinite(x)) for x in BANDIT.metrics(state).values())
