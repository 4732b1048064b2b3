"""Every score against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import ArgumentError, CombinationError, Lesson, Outcome, Status, fresh_lesson
from explora.scores import (
    AbsoluteValueLoss,
    Difficulty,
    Learnability,
    LearningProgress,
    MaxMC,
    Pace,
    PositiveValueLoss,
    Regret,
    Solved,
    Sum,
    TrueRegret,
    ValueDisagreement,
    reweighted,
)


def lesson(rows: int) -> Lesson:
    return fresh_lesson(jnp.zeros((rows, 1)), True)


def outcome(status: list[int] | None = None, **columns: list[float]) -> Outcome:
    arrays = {name: jnp.array(column) for name, column in columns.items()}
    rows = next(iter(arrays.values())).shape[0]
    answered = jnp.full((rows,), Status.ANSWERED, jnp.int8)
    return Outcome(answered if status is None else jnp.array(status, jnp.int8), **arrays)


def rows_of(score, count: int):
    return jax.tree.map(lambda x: jnp.broadcast_to(x, (count,)), score.init())


def judge(score, result: Outcome, rows=None):
    count = result.status.shape[0]
    values, rows = score(lesson(count), result, rows_of(score, count) if rows is None else rows)
    return np.asarray(values).tolist(), rows


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (PositiveValueLoss(), "positive_advantages"),
        (AbsoluteValueLoss(), "absolute_advantages"),
        (ValueDisagreement(), "disagreement"),
        (Solved(), "solved"),
    ],
)
def test_a_column_is_taken_as_it_was_measured(score, name):
    assert judge(score, outcome(**{name: [0.5, 2.0]}))[0] == [0.5, 2.0]


def test_what_was_not_measured_is_named():
    with pytest.raises(CombinationError, match=r"MaxMC needs `outcome\.values`, which was not measured"):
        judge(MaxMC(), outcome(max_returns=[1.0]))


def test_the_highest_return_is_never_forgotten():
    """0.9 was reached once; a worse round (0.2) does not lower it."""
    score = MaxMC()
    first, rows = judge(score, outcome(max_returns=[0.9], values=[0.4], episodes=[1]))
    second, rows = judge(score, outcome(max_returns=[0.2], values=[0.5], episodes=[3]), rows)
    assert first == pytest.approx([0.5])
    assert second == pytest.approx([0.4])
    assert rows.tolist() == pytest.approx([0.9])


def test_returns_may_be_negative():
    """A maximum that started at 0 would call this task 5 better than it is."""
    assert judge(MaxMC(), outcome(max_returns=[-5.0], values=[-7.0], episodes=[1]))[0] == [2.0]


def test_the_highest_return_is_defined_where_nothing_finished():
    """Before any episode finished there is nothing to miss; afterwards the old maximum counts."""
    unfinished = outcome(max_returns=[-np.inf, np.nan, 7.0], values=[0.25, 0.25, 0.25], episodes=[0, 0, 0])
    values, rows = judge(MaxMC(), unfinished)
    assert values == [0.0, 0.0, 0.0]
    assert rows.tolist() == [-np.inf] * 3
    values, rows = judge(MaxMC(), unfinished, jnp.array([1.0, 1.0, 1.0]))
    assert values == [0.75, 0.75, 0.75]


def test_true_regret():
    assert judge(TrueRegret(), outcome(optimal_returns=[1.0, 0.5], returns=[0.25, 0.5]))[0] == [0.75, 0.0]


def test_learnability():
    assert judge(Learnability(), outcome(solved=[0.0, 0.25, 0.5, 1.0]))[0] == [0.0, 0.1875, 0.25, 0.0]


def test_unbiased_learnability_averages_to_the_truth():
    """With p = 1/2 and two episodes p̂ is 0, ½, ½, 1: the plain estimate averages to 1/8, the unbiased one to 1/4."""
    equally_likely = outcome(solved=[0.0, 0.5, 0.5, 1.0], episodes=[2, 2, 2, 2])
    assert np.mean(judge(Learnability(), equally_likely)[0]) == pytest.approx(1 / 8)
    assert np.mean(judge(Learnability(unbiased=True), equally_likely)[0]) == pytest.approx(1 / 4)
    assert judge(Learnability(unbiased=True), outcome(solved=[1.0], episodes=[1]))[0] == [0.0]


def test_reweighting_magnifies_small_shares():
    """g(p) = 0.9 p / (0.8 p + 0.1) for θ = 0.1: 0, 1/2, 0.9, 1 at p = 0, 0.1, 0.5, 1."""
    np.testing.assert_allclose(reweighted(jnp.array([0.0, 0.1, 0.5, 1.0]), 0.1), [0.0, 0.5, 0.9, 1.0], rtol=1e-6)
    np.testing.assert_allclose(reweighted(jnp.array([0.2, 0.7]), 0.5), [0.2, 0.7], rtol=1e-6)


def test_learning_progress_by_hand():
    """First 0: fast = slow = 0. Then 1: fast = 0.1, slow = 0.01, g = 1/2 and 0.009/0.108 = 1/12."""
    score = LearningProgress()
    first, rows = judge(score, outcome(solved=[0.0]))
    second, rows = judge(score, outcome(solved=[1.0]), rows)
    assert first == [0.0]
    assert (float(rows.fast[0]), float(rows.slow[0])) == pytest.approx((0.1, 0.01))
    assert second == pytest.approx([0.5 - 1 / 12])


def test_learning_progress_counts_forgetting_too():
    pace = Pace(jnp.array([0.5]), jnp.array([0.5]), jnp.array([True]))
    assert judge(LearningProgress(), outcome(solved=[0.0]), pace)[0][0] > 0


def test_success_at_random_is_no_success():
    """b = 0.2: 0.6 counts as 0.5 and 0.1 as 0; b itself is cut off at 0.75, so 0.8 counts as 0.2."""
    _, rows = judge(LearningProgress(baseline=0.2), outcome(solved=[0.6, 0.1]))
    np.testing.assert_allclose(rows.fast, [0.5, 0.0], rtol=1e-6)
    _, rows = judge(LearningProgress(baseline=0.9), outcome(solved=[0.8]))
    np.testing.assert_allclose(rows.fast, [0.2], rtol=1e-5)


def members(**columns) -> Outcome:
    """Two members and three tasks: the protagonist's rows, then the antagonist's."""
    return outcome(**{name: [*a, *b] for name, (a, b) in columns.items()})


PLAYED = {"returns": ([0.2, 0.8, 0.0], [0.6, 0.1, 0.0]), "max_returns": ([0.3, 0.9, 0.0], [0.7, 0.2, 0.0])}


def test_paired_regret():
    """max antagonist − mean protagonist: 0.7 − 0.2, 0.2 − 0.8, 0 − 0; clipped below 0 unless told otherwise."""
    assert judge(Regret(), members(**PLAYED))[0] == pytest.approx([0.5, 0.0, 0.0] * 2)
    assert judge(Regret(clip=False), members(**PLAYED))[0] == pytest.approx([0.5, -0.6, 0.0] * 2)


def test_flexible_regret_lets_the_better_member_be_antagonist():
    """0.7 − 0.2, and on the second task the first member leads: 0.9 − 0.1."""
    assert judge(Regret(form="flexible"), members(**PLAYED))[0] == pytest.approx([0.5, 0.8, 0.0] * 2)


def test_population_regret():
    """max of all − mean of all: 0.7 − 0.4, 0.9 − 0.45."""
    assert judge(Regret(form="population"), members(**PLAYED))[0] == pytest.approx([0.3, 0.45, 0.0] * 2)


def test_regret_needs_all_members():
    status = [Status.ANSWERED, Status.ANSWERED, Status.VOID, Status.ANSWERED, Status.WAITING, Status.ANSWERED]
    result = outcome(status, **{name: [*a, *b] for name, (a, b) in PLAYED.items()})
    assert np.isfinite(judge(Regret(), result)[0]).tolist() == [True, False, False] * 2


def test_regret_of_three_members_has_no_protagonist():
    with pytest.raises(ArgumentError, match="`members` must be 2 for paired regret, got 3"):
        Regret(members=3)
    with pytest.raises(ArgumentError, match="`form` must be 'paired'"):
        Regret(form="pared")


def test_difficulty_is_the_negative_return():
    result = outcome(returns=[0.25, -1.0], max_returns=[0.5, 0.0])
    assert judge(Difficulty(), result)[0] == [-0.25, 1.0]
    assert judge(Difficulty(best=True), result)[0] == [-0.5, 0.0]


def test_a_sum_weighs_its_terms_and_remembers_each():
    """Kinetix's score: p(1 − p) + 0.001 p."""
    score = Sum({"learnability": Learnability(), "solved": Solved()}, {"solved": 0.001})
    values, rows = judge(score, outcome(solved=[0.5, 1.0]))
    assert values == pytest.approx([0.2505, 0.001])
    factors = jax.vmap(score.metrics)(rows)
    assert factors["learnability"].tolist() == [0.25, 0.0]
    assert factors["solved"].tolist() == [0.5, 1.0]
    assert score.needs == {"solved"}


def test_the_terms_of_a_sum_keep_their_own_memory():
    score = Sum({"missed": MaxMC(), "deeper": Sum({"progress": LearningProgress()})})
    _, rows = judge(score, outcome(max_returns=[0.9], values=[0.4], solved=[0.0], episodes=[1]))
    values, rows = judge(score, outcome(max_returns=[0.1], values=[0.4], solved=[1.0], episodes=[1]), rows)
    assert values == pytest.approx([0.5 + 0.5 - 1 / 12])
    assert set(score.metrics(rows)) == {"missed", "deeper", "deeper/progress"}
