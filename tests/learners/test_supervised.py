"""The learner of answers: what it takes in, what it keeps, what it says before it knows anything."""

import equinox as eqx
import jax.random as jr
import numpy as np
import pytest

from explora.core import Answers, CombinationError, Expectation, Experience, Lesson, Status
from explora.learners import Supervised
from explora.testing import Middles, Quiz, Walk


@pytest.fixture
def learner() -> Supervised:
    return Supervised(Middles())


def told(learner: Supervised, rows: list[int], status: list[int], learn: list[bool] | bool = True, plays: int = 1):
    """The lesson, and the experience of a learner that knows nothing yet."""
    quiz = Quiz()
    items = np.array(rows, np.int32)
    mask = learn if isinstance(learn, bool) else np.array(learn)
    lesson = Lesson(items, mask, items, np.full(len(rows), -1, np.int32), plays=plays)
    expected = learner.policy(learner.init(quiz, key=jr.key(0)))(quiz.inputs[items])
    return lesson, Experience(np.array(status, np.int8), Answers(items, quiz.clouds[items].astype(np.int32), expected))


def test_before_the_first_answer_it_has_no_opinion(learner: Supervised):
    expected = learner.policy(learner.init(Quiz(), key=jr.key(0)))(np.zeros((4, 2), np.float32))
    assert expected.predictions.shape == (4, 1, 0)
    assert expected.classes.tolist() == []


def test_what_is_given_is_learned_at_once(learner: Supervised):
    quiz = Quiz(each=3)
    state = learner.init(quiz, key=jr.key(0))
    assert state.classes.tolist() == [0, 1, 2]
    guess = learner.policy(state)(quiz.points[60:]).predictions.mean(1).argmax(1)
    assert np.mean(guess == quiz.clouds[60:]) > 0.7


def test_only_answered_rows_with_learn_set_are_taken_in(learner: Supervised):
    state = learner.init(Quiz(), key=jr.key(0))
    status = [Status.ANSWERED, Status.WAITING, Status.VOID, Status.ANSWERED]
    lesson, lived = told(learner, [0, 1, 2, 4], status, [True, True, True, False])
    after = learner.update(state, lesson, lived, key=jr.key(1))
    assert np.flatnonzero(after.weights).tolist() == [0]
    assert np.flatnonzero(state.weights).tolist() == []  # the state before is as it was
    assert after.classes.tolist() == [0]
    nobody, lived = told(learner, [0, 1], [Status.WAITING, Status.VOID])
    assert learner.update(after, nobody, lived, key=jr.key(1)) is after


def test_a_later_answer_takes_the_place_of_an_earlier_one(learner: Supervised):
    state = learner.init(Quiz(), key=jr.key(0))
    lesson, lived = told(learner, [0, 4], [1, 1])
    state = learner.update(state, lesson, lived, key=jr.key(1))
    assert state.targets[[0, 4]].tolist() == [0, 1]
    corrected = eqx.tree_at(lambda e: e.data.targets, lived, np.array([2, 1], np.int32))
    state = learner.update(state, lesson, corrected, key=jr.key(1))
    assert state.targets[[0, 4]].tolist() == [2, 1]
    assert state.classes.tolist() == [1, 2]
    assert state.weights.sum() == 2


def test_an_outcome_says_what_was_expected_and_what_came(learner: Supervised):
    state = learner.init(Quiz(each=2), key=jr.key(0))
    items = np.array([10, 11, 12], np.int32)
    sure = np.zeros((3, 1, 3), np.float32)
    sure[:, 0, 1] = 1.0
    expected = Expectation(sure, np.array([0, 1, 2], np.int32), np.zeros((3, 2), np.float32))
    lived = Experience(np.array([1, 1, 2], np.int8), Answers(items, np.array([1, 2, -1], np.int32), expected))
    asked = Lesson(items, True, items, items)
    outcome = learner.measure(state, asked, lived)
    assert outcome.calls.tolist() == [1, 1, 1]  # a refusal has cost a question too
    np.testing.assert_array_equal(outcome.solved, [1.0, 0.0, np.nan])
    assert outcome.made.tolist() == [1, 2, -1]
    looked = learner.measure(state, Lesson(items, False, items, items, plays=0), lived)
    assert looked.calls.tolist() == [0, 0, 0]
    assert looked.solved is None


def test_a_checkpoint_keeps_the_answers_and_the_model_is_made_again(learner: Supervised):
    quiz = Quiz(each=1)
    fresh = learner.init(quiz, key=jr.key(0))
    lesson, lived = told(learner, [10, 20, 30], [1, 1, 1])
    state = learner.update(fresh, lesson, lived, key=jr.key(1))
    frozen = learner.freeze(state)
    assert set(frozen) == {"targets", "weights", "key"}
    again = learner.thaw(frozen, fresh)
    np.testing.assert_array_equal(learner.policy(again)(quiz.points).predictions, learner.policy(state)(quiz.points)[0])


def test_members_of_a_committee_are_told_apart():
    committee = Supervised(Middles(members=3))
    assert "committee" in committee.provides
    assert "committee" not in Supervised(Middles()).provides
    state = committee.init(Quiz(each=4), key=jr.key(0))
    predictions = committee.policy(state)(Quiz().points).predictions
    assert predictions.shape == (120, 3, 3)
    assert np.abs(predictions[:, 0] - predictions[:, 1]).max() > 0.01
    np.testing.assert_array_equal(predictions[:, 0], predictions[:, 2])


def test_it_needs_questions(learner: Supervised):
    with pytest.raises(CombinationError, match="Supervised needs a domain of questions, such as Pool; got Walk"):
        learner.init(Walk(), key=jr.key(0))
