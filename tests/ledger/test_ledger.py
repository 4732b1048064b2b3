"""The ledger: verdicts, and what may be said of two versions."""

import jax
import jax.random as jr
import numpy as np
import pytest

from explora.ledger import Verdict, compare_versions, evaluate, forgetting, joined
from explora.testing import Linear, Walk


def test_a_better_version_that_loses_nothing_is_more_general():
    found = compare_versions(("a", "b", "c"), np.array([0.1, 0.5, 0.9]), np.array([0.9, 0.5, 0.9]), episodes=20)
    assert found.gained == ("a",)
    assert found.lost == ()
    assert found.same == 2
    assert found.dominates
    assert "more general: better on 1 tasks" in found.sentence()


def test_forgetting_one_task_is_not_generality():
    found = compare_versions(("a", "b"), np.array([0.0, 1.0]), np.array([1.0, 0.0]), episodes=20)
    assert found.gained == ("a",)
    assert found.lost == ("b",)
    assert not found.dominates
    assert "1 were forgotten" in found.sentence()


def test_few_episodes_prove_nothing():
    found = compare_versions(("a",), np.array([0.4]), np.array([0.6]), episodes=5)
    assert found.same == 1
    assert not found.dominates


def test_forgetting_is_best_minus_latest():
    solved = np.array([[0.1, 0.9], [0.5, 0.2], [0.4, 0.6]])
    np.testing.assert_allclose(forgetting(solved), [0.1, 0.3])


@pytest.fixture(scope="module")
def judged():
    domain, learner = Walk(), Linear()
    state = learner.init(domain, key=jr.key(0))
    suites = {name: domain.suite(name) for name in domain.suite_names}
    before = [np.asarray(x).copy() for x in jax.tree.leaves(state)]
    verdicts = evaluate(learner, state, domain, suites, episodes=3)
    after = [np.asarray(x) for x in jax.tree.leaves(state)]
    return domain, learner, state, suites, verdicts, (before, after)


def test_a_verdict_has_one_entry_a_task(judged):
    _, _, _, suites, verdicts, _ = judged
    assert list(verdicts) == list(suites)
    for name, suite in suites.items():
        verdict = verdicts[name]
        assert verdict.names == suite.names
        assert verdict.solved.shape == verdict.returns.shape == verdict.lengths.shape == (len(suite.names),)
        assert np.all((verdict.solved >= 0) & (verdict.solved <= 1))
        assert verdict.steps == pytest.approx(3 * verdict.lengths.sum())


def test_judging_leaves_the_learner_alone_and_repeats_exactly(judged):
    domain, learner, state, suites, verdicts, (before, after) = judged
    for x, y in zip(before, after, strict=True):
        np.testing.assert_array_equal(x, y)
    again = evaluate(learner, state, domain, suites, episodes=3)
    for name in suites:
        np.testing.assert_array_equal(again[name].returns, verdicts[name].returns)


def verdict(names: tuple[str, ...], *solved: float) -> Verdict:
    column = np.array(solved)
    return Verdict("part", names, 4, column, column / 2, 10 * column, 20 * column, steps=int(100 * column.sum()))


def test_suites_of_different_shapes_make_one_verdict():
    parts = (verdict(("a", "c"), 0.25, 0.75), verdict(("b",), 0.5))
    plain = joined("all", parts)
    assert plain.names == ("a", "c", "b")
    assert plain.solved.tolist() == [0.25, 0.75, 0.5]
    ordered = joined("all", parts, [0, 2, 1])
    assert ordered.names == ("a", "b", "c")
    for column, factor in (("solved", 1), ("returns", 0.5), ("lengths", 10), ("optimal", 20)):
        assert getattr(ordered, column).tolist() == [factor * x for x in (0.25, 0.5, 0.75)]
    assert (ordered.suite, ordered.episodes, ordered.steps, ordered.mean) == ("all", 4, 150, 0.5)
