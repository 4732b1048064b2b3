"""The explorer of active learning: what it asks for, remembers, and when it ends."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, CombinationError, Lesson, Outcome, Parts, Score, Status
from explora.explorers import Query, Uniform
from explora.explorers.query import Candidates, Random, Selector, Top
from explora.explorers.stopping import ClassificationChange, GainPerCall, KappaStability, OverallUncertainty
from explora.learners import PPO, Supervised
from explora.loop import State, hosted, init
from explora.scores import Margin, Preferred
from explora.testing import ExplorerSuite, Middles, Points, Quiz, Walk, check_run


class Lowest(Selector):
    """The free rows in the order of their numbers: nothing is left to chance."""

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> np.ndarray:
        return np.flatnonzero(candidates.free)[:count]


class TestRandomQuestions(ExplorerSuite):
    TURNS = 8

    def part(self) -> Query:
        return Query(Random(), batch=4)

    def space(self) -> Points:
        return Quiz(each=1).space


class Later(Score):
    """Whatever the outcome calls a loss."""

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[np.ndarray, Any]:
        return np.asarray(outcome.losses), rows


def parts(query: Query, **quiz: int) -> Parts:
    return Parts(Quiz(**quiz), Supervised(Middles()), query)


def turns(what: Parts, count: int, seed: int = 0) -> list:
    return list(hosted(what, init(what, key=jr.key(seed)), root=jr.key(seed + 1), turns=count))


def test_looking_and_asking_take_turns_and_only_asking_costs():
    steps = turns(parts(Query(Lowest(), batch=3)), 4)
    phases = [event.lesson.phase for _, event in steps]
    assert phases == ["look", "ask", "look", "ask"]
    assert [int(state.spent.calls) for state, _ in steps] == [0, 3, 3, 6]
    assert [event.lesson.rows for _, event in steps] == [60, 3, 60, 3]
    assert steps[1][1].lesson.tasks.tolist() == [0, 1, 2]
    assert steps[3][1].lesson.tasks.tolist() == [3, 4, 5]


def test_what_was_refused_is_not_asked_again_and_not_learned():
    steps = turns(parts(Query(Lowest(), batch=3), refused=2), 6)
    asked = [item for _, event in steps if event.lesson.phase == "ask" for item in event.lesson.tasks.tolist()]
    assert asked == list(range(9))
    state: State = steps[-1][0]
    assert state.explorer.status[:9].tolist() == [3, 2, 3, 2, 3, 2, 3, 2, 3]
    assert np.flatnonzero(state.learner.weights).tolist() == [1, 3, 5, 7]


def test_what_is_given_is_never_asked():
    steps = turns(parts(Query(Lowest(), batch=3), each=2), 2)
    assert steps[1][1].lesson.tasks.tolist() == [6, 7, 8]


def test_the_budget_is_never_overdrawn_and_ends_the_run():
    what = parts(Query(Lowest(), batch=4, budget=10))
    steps = turns(what, 6)
    assert [event.lesson.rows for _, event in steps if event.lesson.phase == "ask"] == [4, 4, 2]
    shares = [what.explorer.done(state.explorer) for state, _ in steps]
    assert shares == [0.0, 0.4, 0.4, 0.8, 0.8, 1.0]
    ends = [what.explorer.finished(state.explorer) for state, _ in steps]
    assert ends == [None] * 5 + ["the budget of 10 questions is spent"]


def test_it_ends_when_every_item_was_asked_for():
    what = parts(Query(Lowest(), batch=25))
    steps = turns(what, 6)
    assert [event.lesson.rows for _, event in steps if event.lesson.phase == "ask"] == [25, 25, 10]
    assert what.explorer.finished(steps[-2][0].explorer) is None
    assert what.explorer.finished(steps[-1][0].explorer) == "every item has been asked for"


def test_a_score_is_kept_as_it_was_when_the_item_was_chosen():
    class Falling(Selector):
        def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> np.ndarray:
            scores = np.where(candidates.free, candidates.scores, -np.inf)
            return np.argsort(-scores)[:count]

    query = Query(Falling(), score=Later(), batch=2)
    space = Quiz().space
    state = query.init(space, key=jr.key(0))
    for turn in range(2):
        state, look = query.ask(state, space, "look", key=jr.key(turn))
        outcome = Outcome(
            np.ones(look.rows, np.int8),
            predictions=np.ones((look.rows, 1, 2), np.float32) / 2,
            losses=np.arange(look.rows, dtype=np.float32) + 100.0 * turn,
        )
        state = query.tell(state, space, look, outcome, key=jr.key(turn))
        state, ask = query.ask(state, space, "ask", key=jr.key(turn))
        answered = Outcome(np.full(ask.rows, Status.ANSWERED, np.int8), made=np.zeros(ask.rows, np.int32))
        state = query.tell(state, space, ask, answered, key=jr.key(turn))
    assert state.order[[59, 58, 57, 56]].tolist() == [0, 1, 2, 3]
    assert state.scores[[59, 58, 57, 56, 0]].tolist() == [59.0, 58.0, 157.0, 156.0, 100.0]


def test_a_score_that_remembers_is_told_once_which_answers_were_known_from_the_start():
    class Tally(Score):
        """How often it was told of each item."""

        def init(self) -> np.ndarray:
            return np.zeros((), np.int32)

        def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[np.ndarray, Any]:
            count = np.asarray(rows) + (lesson.plays > 0)
            return count.astype(np.float32), count

    steps = turns(parts(Query(Lowest(), score=Tally(), batch=3), each=2), 4)
    assert steps[0][0].explorer.memory[:9].tolist() == [1] * 6 + [0] * 3
    assert steps[-1][0].explorer.memory[:15].tolist() == [1] * 12 + [0] * 3


def test_what_this_run_asked_before_it_died_counts_against_the_budget():
    what = parts(Query(Lowest(), batch=3, budget=2))
    state = init(what, key=jr.key(0))
    rows: Any = np.array([5, 9], np.int32)
    lesson = Lesson(rows, True, rows, np.full(2, -1, np.int32), memo=np.ones(2, bool), phase="ask")
    outcome = Outcome(np.array([Status.ANSWERED, Status.VOID], np.int8), made=np.array([2, -1], np.int32))
    after = what.explorer.tell(state.explorer, what.space, lesson, outcome, key=jr.key(1))
    assert (after.order[5], after.order[9]) == (0, 1)
    assert what.explorer.finished(after) == "the budget of 2 questions is spent"


def test_it_waits_only_when_as_many_are_out_as_may_be():
    query, space = Query(Lowest(), batch=2, ahead=3), Quiz().space
    state = query.init(space, key=jr.key(0))
    asked, waits = [], []
    for turn in range(2):
        state, look = query.ask(state, space, "look", key=jr.key(turn))
        seen = Outcome(np.ones(look.rows, np.int8), predictions=np.ones((look.rows, 1, 2), np.float32) / 2)
        state, ask = query.ask(query.tell(state, space, look, seen, key=jr.key(turn)), space, "ask", key=jr.key(turn))
        asked.append(np.asarray(ask.tasks).tolist())
        waits.append(query.waiting(state))
    assert asked == [[0, 1], [2]]
    assert waits == [False, True]
    answer = Outcome(np.array([Status.ANSWERED, Status.WAITING, Status.WAITING], np.int8), made=np.zeros(3, np.int32))
    rows = np.arange(3, dtype=np.int32)
    late = Lesson(rows, True, rows, np.full(3, -1, np.int32), phase="ask")
    assert not query.waiting(query.tell(state, space, late, answer, key=jr.key(2)))


def test_looking_at_some_sees_all_that_is_known():
    steps = turns(parts(Query(Lowest(), batch=3, look=5), each=2), 4)
    looked = [event.lesson.tasks for _, event in steps if event.lesson.phase == "look"]
    assert [len(rows) for rows in looked] == [11, 14]
    assert set(range(6)) <= set(looked[0].tolist())


def test_an_answer_that_nobody_asked_for_is_taken_in():
    what = parts(Query(Lowest(), batch=3))
    state = init(what, key=jr.key(0))
    lesson = Lesson(np.array([5], np.int32), True, np.array([5], np.int32), np.array([-1], np.int32), phase="ask")
    outcome = Outcome(np.array([Status.ANSWERED], np.int8), made=np.array([2], np.int32))
    after = what.explorer.tell(state.explorer, what.space, lesson, outcome, key=jr.key(1))
    assert (after.status[5], after.answers[5]) == (2, 2)
    assert after.order[5] == -1  # it was not this explorer that asked


def test_the_laws_of_a_run_hold():
    check_run(parts(Query(Random(), batch=3), refused=5, each=1), split=(4, 6))


def test_what_does_not_fit_is_refused_with_a_sentence():
    with pytest.raises(CombinationError, match="Top chooses by score and there is none; give `score`"):
        parts(Query(Top())).check()
    refused = Query(Top(), Preferred(Margin())).refuses(parts(Query(Random())))
    assert refused is not None
    assert refused.startswith("Preferred scores tasks by their features")
    with pytest.raises(CombinationError, match="Query needs items, predictions"):
        Parts(Walk(), PPO(), Query(Random())).check()
    with pytest.raises(ArgumentError, match="`batch` must be at least 1, got 0"):
        Query(Random(), batch=0)


def test_a_learner_of_answers_refuses_an_environment():
    with pytest.raises(CombinationError, match="Supervised learns from answers to questions and Walk asks none"):
        Parts(Walk(), Supervised(Middles()), Uniform()).check()


def test_a_run_is_resumed_bit_for_bit(tmp_path: Path):
    from explora.runs import Plan, Watcher, resume, run
    from explora.store import RunFolder

    class Crash(Watcher):
        def recorded(self, progress) -> None:
            if progress.calls >= 15:
                raise MemoryError

    what = parts(Query(Random(), batch=5, budget=38), refused=7)
    run(what, Plan(seed=3), out=tmp_path / "whole")
    with pytest.raises(MemoryError):
        run(what, Plan(seed=3, checkpoint=0.0), out=tmp_path / "broken", watchers=(Crash(),))
    resume(tmp_path / "broken")
    contents = []
    for name in ("whole", "broken"):
        with RunFolder.open(tmp_path / name) as folder:
            contents.append(folder.database.content())
    assert contents[0] == contents[1]
    assert len(contents[0]["task"]) == 38


def test_advice_is_heeded_only_if_it_is_to_be():
    calm = ClassificationChange(window=2, threshold=1.0)  # any two comparisons will do
    heeding = parts(Query(Lowest(), batch=5, stop=calm, heed=True))
    steps = turns(heeding, 9)
    stopping = [bool(heeding.explorer.metrics(state.explorer)["stop"]) for state, _ in steps]
    # No class is known in the first look; from then on a model each, of which the third is the second comparison.
    assert stopping == [False] * 6 + [True] * 3
    assert heeding.explorer.finished(steps[5][0].explorer) is None
    assert heeding.explorer.finished(steps[6][0].explorer).startswith("ClassificationChange says stop: up to ")
    noting = parts(Query(Lowest(), batch=5, stop=calm))
    assert noting.explorer.finished(turns(noting, 9)[-1][0].explorer) is None


def test_models_are_compared_a_batch_of_answers_apart():
    query = Query(Lowest(), batch=4, stop=KappaStability())
    what = parts(query)
    state = turns(what, 3)[-1][0].explorer
    assert (int(state.advice.models), int(state.heard)) == (1, 4)
    space = what.space
    for extra, models in ((1, 1), (2, 1), (4, 2)):  # one answer more, then two, then a batch
        status = state.status.copy()
        status[4 : 4 + extra] = 2
        answers = state.answers.copy()
        answers[4 : 4 + extra] = 0
        more = eqx.tree_at(lambda s: (s.status, s.answers), state, (status, answers))
        _, look = query.ask(more, space, "look", key=jr.key(0))
        outcome = Outcome(np.ones(look.rows, np.int8), predictions=np.full((look.rows, 1, 3), 1 / 3, np.float32))
        told = query.tell(more, space, look, outcome, key=jr.key(0))
        assert int(told.advice.models) == models


def test_a_rule_is_heeded_only_where_it_can_be():
    with pytest.raises(CombinationError, match="to heed it, look at all items"):
        parts(Query(Lowest(), look=10, heed=True)).check()
    with pytest.raises(CombinationError, match="needs audited"):
        parts(Query(Lowest(), stop=GainPerCall())).check()
    parts(Query(Lowest(), look=10, stop=OverallUncertainty())).check()
