"""An explorer without the loop."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.adapters import AskTell, ParameterSpace, Real, SeedSpace, _ask_tell
from explora.core import NEW, ArgumentError, CombinationError, Outcome, UnknownName, turn_keys
from explora.explorers import Adversary, Replay
from explora.scores import Learnability, MaxMC
from explora.testing import Carousel, Linear, Trails

LINE = ParameterSpace((Real("x", 0.0, 1.0),))
REPLAY = Replay(rows=4, capacity=8, minimum_fill=0.5, score=Learnability())


def teacher(seed: int = 0, explorer: Any = REPLAY) -> AskTell:
    return AskTell(explorer, LINE, seed)


def solved(tasks: np.ndarray) -> np.ndarray:
    return np.clip(tasks[:, 0], 0.0, 1.0)


def test_tasks_and_numbers_come_as_arrays():
    tasks, ids = teacher().ask()
    assert isinstance(tasks, np.ndarray)
    assert tasks.shape == (4, 1)
    assert tasks.dtype == np.float32
    assert ids.tolist() == [0, 1, 2, 3]


def test_portions_of_any_size_are_the_same_tasks():
    whole, parts = teacher(), teacher()
    expected = []
    for _ in range(3):
        tasks, ids = whole.ask()
        whole.tell(ids, solved=solved(tasks))
        expected.append(tasks)
    found = []
    for count in (1, 2, 1, 3, 1, 4):
        tasks, ids = parts.ask(count)
        parts.tell(ids, solved=solved(tasks))
        found.append(tasks)
    np.testing.assert_array_equal(np.concatenate(expected), np.concatenate(found))


def test_it_is_what_the_explorer_does_on_its_own():
    ours, state = teacher(3), jax.jit(REPLAY.init, static_argnums=0)(LINE, key=jr.fold_in(jr.key(3), 2**31 - 1))
    count = 0
    for turn in range(4):
        keys = turn_keys(jr.key(3), jnp.asarray(turn, jnp.int32), 5)
        state, lesson = _ask_tell._ask(REPLAY, state, LINE, "round", keys[0])
        tasks, ids = ours.ask()
        np.testing.assert_array_equal(tasks, lesson.tasks)
        np.testing.assert_array_equal(ours.learn(ids), lesson.learn_mask)
        new = np.asarray(lesson.id) == NEW
        lesson = type(lesson)(**{**vars(lesson), "id": jnp.where(new, count + jnp.cumsum(new) - 1, lesson.id)})
        count += int(new.sum())
        outcome = Outcome(jnp.ones(4, jnp.int8), episodes=jnp.ones(4, jnp.int32), solved=jnp.asarray(solved(tasks)))
        state = _ask_tell._tell(REPLAY, state, LINE, lesson, outcome, jr.fold_in(keys[4], 0))
        ours.tell(ids, solved=solved(tasks))
    archive, expected = ours.archive(), REPLAY.archive(state)
    assert archive is not None
    assert archive.filled.sum() > 0
    for x, y in zip(jax.tree.leaves(archive), jax.tree.leaves(expected)):
        np.testing.assert_allclose(x, y, rtol=1e-6)


def test_what_is_half_solved_is_kept():
    ours = teacher(explorer=Replay(rows=8, capacity=8, score=Learnability()))
    for _ in range(12):
        tasks, ids = ours.ask()
        ours.tell(ids, solved=solved(tasks))
    archive = ours.archive()
    assert archive is not None
    assert archive.filled.all()
    assert np.abs(archive.tasks[:, 0] - 0.5).max() < 0.35
    np.testing.assert_allclose(archive.score, archive.tasks[:, 0] * (1 - archive.tasks[:, 0]), atol=1e-6)
    assert ours.metrics()["fill"] == 1.0


def test_answers_may_come_late_in_parts_and_in_any_order():
    ours = teacher()
    early, ids = ours.ask()
    ours.tell(ids[[2, 0]], solved=[0.5, 0.25])
    assert ours.waiting.tolist() == [1, 3]
    assert not ours.archive().filled.any()
    ours.ask(1)  # a new lesson: the explorer learns what is known by now
    assert ours.archive().filled.sum() == 2
    ours.tell(ids[3:], solved=[0.4])
    ours.tell(ids[1:2], solved=[0.3])
    assert ours.waiting.tolist() == [4]
    archive = ours.archive()
    kept = dict(zip(archive.id[archive.filled].tolist(), archive.score[archive.filled].tolist()))
    assert kept == pytest.approx({2: 0.25, 0: 0.1875, 3: 0.24, 1: 0.21})
    np.testing.assert_array_equal(archive.tasks[archive.filled][np.argsort(archive.id[archive.filled])], early)


def test_what_is_given_up_or_not_finite_is_not_kept():
    ours = teacher()
    _, ids = ours.ask()
    ours.give_up(ids[:1])
    ours.tell(ids[1:], solved=[np.nan, 0.5, 0.5])
    assert ours.archive().id[ours.archive().filled].tolist() == [2, 3]
    assert ours.waiting.size == 0


def test_each_row_is_told_once():
    ours = teacher()
    _, ids = ours.ask()
    ours.tell(ids[:1], solved=[0.5])
    with pytest.raises(ArgumentError, match="nobody told; 0 is settled already"):
        ours.tell(ids[:1], solved=[0.5])
    with pytest.raises(ArgumentError, match="99 was never handed out"):
        ours.tell([99], solved=[0.5])
    with pytest.raises(ArgumentError, match="twice"):
        ours.tell([1, 1], solved=[0.5, 0.5])


def test_columns_are_checked():
    ours = teacher()
    _, ids = ours.ask()
    with pytest.raises(UnknownName, match="did you mean 'solved'"):
        ours.tell(ids, solve=[0.5] * 4)
    with pytest.raises(ArgumentError, match="`solved` must have one entry for each of the 4 ids"):
        ours.tell(ids, solved=[0.5])
    with pytest.raises(ArgumentError, match="say what was measured"):
        ours.tell(ids, episodes=[1] * 4)
    assert ours.waiting.size == 4
    needy = teacher(explorer=Replay(rows=4, capacity=8, score=MaxMC()))
    _, ids = needy.ask()
    with pytest.raises(CombinationError, match=r"MaxMC needs `outcome\.max_returns`"):
        needy.tell(ids, solved=[0.5] * 4)


def test_new_tasks_are_only_tried_until_they_are_replayed():
    ours = teacher(explorer=Replay(rows=4, capacity=4, probability=1.0, minimum_fill=0.5, score=Learnability()))
    _, ids = ours.ask()
    assert not ours.learn(ids).any()
    ours.tell(ids, solved=[0.5] * 4)
    _, ids = ours.ask()
    assert ours.learn(ids).all()
    assert ours.plays(ids).tolist() == [1, 1, 1, 1]


def test_phases_wait_for_each_other():
    ours = AskTell(Carousel(rows=2, slots=4), Trails(), 0)
    tasks, ids = ours.ask()
    assert tasks.mud.shape == (2, 8)
    with pytest.raises(ArgumentError, match=r"Carousel goes through new, again .* tell the 2 ids"):
        ours.ask()
    ours.tell(ids, returns=[1.0, 2.0])
    ours.ask()


def test_parts_that_do_not_fit_are_refused_at_once():
    with pytest.raises(CombinationError, match="has no `mutate`"):
        AskTell(Replay(rows=4, capacity=8, edit=True), SeedSpace())
    with pytest.raises(CombinationError, match="studio"):
        AskTell(Adversary(Linear()), LINE)


def test_every_lesson_is_compiled_once():
    ours = teacher(5)
    ask_before, tell_before = _compilations("_ask"), _compilations("_tell")
    for _ in range(5):
        tasks, ids = ours.ask()
        ours.tell(ids, solved=solved(tasks))
    assert _compilations("_ask") - ask_before <= 1
    assert _compilations("_tell") - tell_before <= 1


def _compilations(name: str) -> int:
    return getattr(_ask_tell, name)._cached._cache_size()
