"""The preferred score against numbers worked out by hand, and in an explorer."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import CombinationError, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import Elites, Frontier, Replay
from explora.maths import LinearTaste
from explora.scores import Preferred, Solved
from explora.testing import ExplorerSuite

TASTE = LinearTaste(jnp.array([1.0, 0.0]), jnp.array([2.0, 0.0]), jnp.array([2.0, 1.0]), 0.5 * jnp.eye(2))


def judged(score: Preferred, solved: list[float], features: list[list[float]] | None):
    rows = len(solved)
    given = None if features is None else jnp.array(features)
    answered = jnp.full((rows,), Status.ANSWERED, jnp.int8)
    lesson: Lesson = fresh_lesson(jnp.zeros((rows, 1)), True)
    memory = jax.tree.map(lambda x: jnp.broadcast_to(x, (rows,)), score.init())
    return score(lesson, Outcome(answered, solved=jnp.array(solved), features=given), memory)


def test_the_score_is_multiplied_with_the_odds_by_which_a_task_is_liked() -> None:
    score = Preferred(Solved(), weight=2.0).tasting(TASTE)
    # likings (4 - 2) / 2 = 1, 0 and -0.5; e² = 7.389056, e⁻¹ = 0.367879
    found, memory = judged(score, [0.5, 0.5, 1.0], [[4.0, 9.0], [2.0, 9.0], [1.0, 0.0]])
    np.testing.assert_allclose(found, [3.694528, 0.5, 0.367879], rtol=1e-5)
    np.testing.assert_allclose(memory["liking"], [1.0, 0.0, -0.5], rtol=1e-6)
    np.testing.assert_allclose(memory["score"], [0.5, 0.5, 1.0])
    assert {*score.metrics(score.init())} == {"score", "liking"}


def test_a_negative_score_is_divided_so_that_liking_never_lowers() -> None:
    found, _ = judged(Preferred(Solved()).tasting(TASTE), [-1.0, -1.0], [[4.0, 0.0], [2.0, 0.0]])
    np.testing.assert_allclose(found, [-0.367879, -1.0], rtol=1e-5)


def test_caution_takes_deviations_off_and_likings_are_bounded() -> None:
    # at (6, 0): mean 2, deviation 0.5 · 2 = 1
    assert judged(Preferred(caution=1.0).tasting(TASTE), [0.0], [[6.0, 0.0]])[1]["liking"].tolist() == [1.0]
    far, _ = judged(Preferred(most=3.0).tasting(TASTE), [0.0, 0.0], [[600.0, 0.0], [-600.0, 0.0]])
    np.testing.assert_allclose(far, np.exp([3.0, -3.0]), rtol=1e-6)


def test_before_anybody_has_said_anything_it_is_the_score() -> None:
    assert judged(Preferred(Solved()), [0.25, 1.0], None)[0].tolist() == [0.25, 1.0]
    known = Preferred(Solved()).tasting(LinearTaste.unknown(2))
    assert judged(known, [0.25, 1.0], [[3.0, 1.0], [0.0, 5.0]])[0].tolist() == [0.25, 1.0]


def test_features_that_nobody_measured_are_named() -> None:
    assert Preferred(Solved()).needs == {"features", "solved"}
    with pytest.raises(CombinationError, match="features"):
        judged(Preferred(Solved()).tasting(TASTE), [0.5], None)


def test_another_taste_compiles_nothing_anew() -> None:
    counts = []

    @eqx.filter_jit
    def run(score: Preferred, features: jax.Array) -> jax.Array:
        counts.append(1)
        answered = jnp.full((1,), Status.ANSWERED, jnp.int8)
        return score.liking(Outcome(answered, features=features))

    liked = [run(Preferred(Solved()).tasting(t), jnp.array([[4.0, 1.0]])) for t in (LinearTaste.unknown(2), TASTE)]
    assert [x.tolist() for x in liked] == [[0.0], [1.0]]
    assert len(counts) == 1


@pytest.mark.slow  # compiles each of them
@pytest.mark.parametrize("explorer", [Replay, Frontier, Elites])
def test_explorers_ask_the_space_for_what_the_score_needs(explorer) -> None:
    class Suite(ExplorerSuite):
        def part(self):
            raise NotImplementedError

    suite = Suite()
    space = suite.space()
    names = len(space.feature_names)
    unknown = LinearTaste.unknown(names)
    taste = eqx.tree_at(lambda t: t.weights, unknown, jnp.ones((names,)))
    sizes = {Replay: {"rows": 8, "capacity": 8}, Frontier: {"rows": 8, "candidates": 8, "kept": 8, "train": 1}}
    part = explorer(score=Preferred().tasting(taste), **sizes.get(explorer, {"rows": 8, "initial": 4, "cells": (4,)}))
    key = jax.random.key(0)
    state = part.init(space, key=key)
    state, lesson = part.ask(state, space, part.rhythm[0][0], key=key)
    lesson = eqx.tree_at(lambda l: l.id, lesson, jnp.arange(lesson.rows, dtype=jnp.int32))
    answered = jnp.full((lesson.rows,), Status.ANSWERED, jnp.int8)
    state = part.tell(state, space, lesson, suite.outcome(lesson, key=key), key=key)
    archive = part.archive(state)
    kept = np.asarray(archive.filled)
    assert kept.any()
    assert answered.all()
    expected = np.exp(np.clip(np.asarray(jax.vmap(space.features)(archive.tasks)).sum(1), -3, 3))
    np.testing.assert_allclose(np.asarray(archive.score)[kept], expected[kept], rtol=1e-5)
