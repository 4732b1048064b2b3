"""The pool as a domain: who is asked what, what is kept, how a model is judged."""

from pathlib import Path
from typing import Any

import jax.random as jr
import numpy as np
import pytest

from explora.core import (
    CombinationError,
    Expectation,
    Lesson,
    Memory,
    Outcome,
    Parts,
    TaskError,
    UnknownName,
    override,
)
from explora.domains.pool import (
    Annotators,
    Answer,
    Calling,
    Desk,
    Items,
    Loaded,
    Nobody,
    Oracle,
    Pool,
    Question,
    Recorded,
    from_arrays,
    oracle_function,
)
from explora.explorers import Query
from explora.explorers.query import Random
from explora.learners import Supervised
from explora.loop import hosted, init
from explora.nets import Ensemble
from explora.recipes import recipe
from explora.runs import Plan, Watcher, resume, run
from explora.store import RunFolder
from explora.testing import Middles

LABELS = ["cat", "dog", "cat", "dog", "eel", "cat", "dog", "eel", "cat", "dog", "eel", "cat"]


def items(labels: list[Any] = LABELS) -> Items:
    inputs = np.random.default_rng(0).normal(size=(len(labels), 3))
    return from_arrays(inputs, labels, ids=[f"i{place}" for place in range(len(labels))])


def pool(oracle: Oracle | None = None, held_out: float = 0.0, labels: list[Any] = LABELS) -> Pool:
    return Pool(Loaded(items(labels)), oracle or Recorded(), held_out=held_out)


def clueless(inputs: np.ndarray) -> Expectation:
    """Expects the first class of everything."""
    predictions = np.zeros((len(inputs), 1, 2), np.float32)
    predictions[:, 0, 0] = 1.0
    return Expectation(predictions, np.array([0, 2], np.int32), inputs)


def asked(rows: list[int], plays: int = 1) -> Lesson:
    numbers = np.array(rows, np.int32)
    return Lesson(numbers, plays > 0, numbers, np.full(len(rows), -1, np.int32), plays=plays)


def answers(domain: Pool, rows: list[int], plays: int = 1) -> tuple[list[int], list[Any]]:
    played = domain.play(clueless, asked(rows, plays), key=jr.key(0))
    return np.asarray(played.status).tolist(), domain.target.decode(played.data.targets)


class Counting(Oracle):
    """Answers with the recorded label, and counts how often each item was asked for."""

    log: Any = None
    fails: int = -1

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        for question in questions:
            self.log.append(items.ids[question.item])
            if len(self.log) == self.fails:
                raise MemoryError
        return [Answer(items.labels[question.item]) for question in questions]


def test_playing_asks_and_looking_does_not():
    log: list[str] = []
    domain = pool(Counting(log))
    assert answers(domain, [4, 0], plays=0) == ([1, 1], [None, None])
    assert log == []
    assert answers(domain, [4, 0, 1]) == ([1, 1, 1], ["eel", "cat", "dog"])
    assert log == ["i4", "i0", "i1"]


def test_recorded_labels_are_hidden_until_asked_for_and_items_without_one_are_not_in_the_pool():
    domain = pool(labels=["cat", None, "dog", None, "cat"])
    assert domain.items.ids == ["i0", "i2", "i4"]
    assert not domain.given.known.any()
    assert answers(domain, [1]) == ([1], ["dog"])


def test_a_warm_start_knows_some_of_each_class():
    given = pool(Recorded(each=2)).given
    labels = np.array(LABELS)[given.known]
    assert sorted(labels.tolist()) == ["cat", "cat", "dog", "dog", "eel", "eel"]


def test_nobody_knows_what_is_written_and_answers_nothing():
    domain = pool(Nobody(), labels=["cat", None, "dog", None, "cat"])
    assert domain.given.known.tolist() == [True, False, True, False, True]
    assert domain.target.decode(domain.given.values) == ["cat", None, "dog", None, "cat"]
    assert answers(domain, [1, 3])[0] == [0, 0]  # both wait


def test_a_function_is_asked_with_the_item_and_may_skip():
    @oracle_function("test_pool.by_sign")
    def by_sign(id: str, item: dict[str, Any]) -> str | None:
        assert set(item) >= {"x0", "x1", "x2"}
        return None if id == "i1" else ("dog" if item["x0"] > 0 else "cat")

    domain = pool(Calling("test_pool.by_sign"))
    signs = np.random.default_rng(0).normal(size=(12, 3))[:, 0] > 0
    wanted = ["dog" if signs[0] else "cat", None, "dog" if signs[2] else "cat"]
    assert answers(domain, [0, 1, 2]) == ([1, 2, 1], wanted)
    with pytest.raises(UnknownName, match=r"'test_pool\.by_sgin'; did you mean 'test_pool\.by_sign'"):
        answers(pool(Calling("test_pool.by_sgin")), [0])


def test_annotators_err_as_often_as_they_are_said_to_and_always_alike():
    labels = ["a", "b"] * 500
    found = items(labels)
    crowd = Annotators((1.0, 0.8, 0.0), seed=3)
    for annotator, accuracy in enumerate((1.0, 0.8, 0.0)):
        questions = [Question(place, annotator) for place in range(1000)]
        said = [answer.value for answer in crowd.ask(questions, found) if answer is not None]
        assert np.mean(np.array(said) == np.array(labels)) == pytest.approx(accuracy, abs=0.04)
        assert said == [answer.value for answer in crowd.ask(questions, found) if answer is not None]


def test_no_question_is_asked_twice():
    log: list[str] = []
    domain = pool(Counting(log)).noting(Memory())
    answers(domain, [0, 1])
    assert answers(domain, [1, 2]) == ([1, 1], ["dog", "cat"])
    assert log == ["i0", "i1", "i2"]


def test_a_desk_that_is_opened_again_knows_the_answers_and_the_classes():
    journal = Memory()
    first = Desk(journal)
    known = pool().target
    first.target(known)
    for item, label in (("i3", "emu"), ("i5", "ape"), ("i3", "bee")):
        first.tell(item, Answer(label))
    assert first.target(known).classes == ("cat", "dog", "eel", "emu", "ape", "bee")
    again = Desk(journal)
    assert again.target(known) == first.target(known)
    got = again.ask(Nobody(), [Question(3), Question(5), Question(4)], items())
    assert [None if answer is None else answer.value for answer in got] == ["bee", "ape", None]


def test_what_is_held_out_is_never_in_the_pool_and_judges():
    labels = LABELS * 5
    domain = pool(held_out=0.4, labels=labels)
    held, inside = domain.parted.held, domain.items
    assert set(held.ids).isdisjoint(inside.ids)
    assert len(held.ids) + len(inside.ids) == 60
    assert domain.suite_names == ("held-out", "classes")
    assert domain.suite("classes").names == ("cat", "dog", "eel")
    judged = lambda name: domain.judge(clueless, asked_suite(domain, name), key=jr.key(0))
    share = np.mean([label == "cat" for label in held.labels])
    assert _solved(judged("held-out")) == pytest.approx([share])
    assert _solved(judged("classes")) == pytest.approx([1.0, 0.0, 0.0])
    with pytest.raises(UnknownName, match="did you mean 'held-out'"):
        domain.suite("held_out")


def test_numbers_are_judged_by_the_share_of_variance_explained():
    labels = [1.5, 2.5, 3.5, 4.5] * 10
    domain = pool(held_out=0.5, labels=labels)
    truth = np.array(domain.parted.held.labels)
    mean = lambda inputs: Expectation(np.full((len(inputs), 1, 1), truth.mean(), np.float32), None, inputs)
    worse = lambda inputs: Expectation(np.full((len(inputs), 1, 1), truth.mean() + 3.0, np.float32), None, inputs)
    lesson = asked_suite(domain, "held-out")
    assert domain.suite_names == ("held-out",)
    assert _solved(domain.judge(mean, lesson, key=jr.key(0))) == pytest.approx([0.0], abs=1e-6)
    assert _solved(domain.judge(worse, lesson, key=jr.key(0))) == pytest.approx([-9.0 / truth.var()], rel=1e-4)


def test_tasks_are_written_down_by_id():
    space = pool().space
    assert space.encode(np.int32(4)) == "i4"
    assert int(space.decode("i7")) == 7
    assert space.describe(np.int32(0)).startswith("i0: x0=0.12")
    for wrong in ("i12", 3, None):
        with pytest.raises(TaskError, match="there is no item"):
            space.decode(wrong)


def test_a_run_that_crashes_within_a_batch_asks_nothing_twice(tmp_path: Path):
    from explora.core import allow

    allow(Counting)

    class Crash(Watcher):
        def recorded(self, progress: Any) -> None:
            if progress.calls == 6:
                raise MemoryError

    from explora.domains.pool import Source

    log: list[str] = []
    Logged.log = log
    allow(Logged)
    domain = Pool(Source("sklearn:iris"), Logged(), held_out=0.2)
    parts = Parts(domain, Supervised(Middles()), Query(Random(), batch=3, budget=12))
    with pytest.raises(MemoryError):
        run(parts, Plan(seed=1, checkpoint=1e9), out=tmp_path / "run", watchers=(Crash(),))
    assert len(log) == 6
    resume(tmp_path / "run")  # from the very beginning: no checkpoint was ever saved
    assert len(log) == 12
    assert len(set(log)) == 12
    with RunFolder.open(tmp_path / "run") as folder:
        assert [row.data["item"] for row in folder.database.journal("answer")] == log
        assert len(folder.database.tasks()) == 12


def test_a_run_goes_on_with_a_greater_budget(tmp_path: Path):
    from explora.domains.pool import Source

    parts = Parts(Pool(Source("sklearn:iris")), Supervised(Middles()), Query(Random(), batch=4, budget=8))
    assert run(parts, Plan(seed=1), out=tmp_path / "run").answers == 8
    assert resume(tmp_path / "run", fields={"explorer.budget": 14}).answers == 14
    assert resume(tmp_path / "run").answers == 14
    with pytest.raises(UnknownName, match="budget"):
        resume(tmp_path / "run", fields={"explorer.budgett": 20})
    with RunFolder.open(tmp_path / "run") as folder:
        assert len({row.data["item"] for row in folder.database.journal("answer")}) == 14


class Logged(Oracle):
    """Recorded labels, and a log that outlives the part."""

    log = None

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        type(self).log.extend(items.ids[question.item] for question in questions)
        return Recorded().ask(questions, items)


def test_the_learner_knows_only_classes_that_it_was_shown():
    parts = Parts(pool(), Supervised(Middles()), Query(Random(), batch=1))
    state = init(parts, key=jr.key(0))
    seen: set[int] = set()
    for after, event in hosted(parts, state, root=jr.key(2), turns=8):
        if event.lesson.phase == "ask":
            seen |= set(np.asarray(event.outcome.made).tolist())
            expected = parts.learner.policy(after.learner)(parts.domain.inputs)
            assert expected.classes.tolist() == sorted(seen)
            assert expected.predictions.shape == (12, 1, len(seen))


def asked_suite(domain: Pool, name: str) -> Lesson:
    tasks = domain.suite(name).tasks
    numbers = np.arange(len(tasks), dtype=np.int32)
    return Lesson(tasks, False, numbers, numbers)


def _solved(outcome: Outcome) -> list[float]:
    return np.asarray(outcome.solved).tolist()


def test_asking_about_classes_is_refused_where_numbers_are_predicted():
    numbers = pool(labels=[1.5, 2.5, 3.5, 4.5] * 5)
    for name in ("margin", "typiclust-margin", "committee"):
        with pytest.raises(CombinationError, match="tells classes apart; Pool predicts numbers, or several"):
            recipe(name).build(numbers).check()
    greedy = override(recipe("greedy").build(numbers), {"explorer.batch": 4})
    last = list(hosted(greedy, init(greedy, key=jr.key(0)), root=jr.key(1), turns=4))[-1][0]
    known = last.explorer.targets[last.explorer.status == 2]
    assert known.shape == (8, 1)
    assert set(known.ravel().tolist()) <= {1.5, 2.5, 3.5, 4.5}


def test_a_pool_without_labels_says_what_to_do():
    with pytest.raises(
        CombinationError, match=r"the data hold no labels.*let `explora suggest` say what to label first"
    ):
        recipe("random").build(pool(labels=[None] * 12)).check()


def test_several_labels_at_once_are_judged_by_the_share_that_is_right():
    labels = [["red", "round"], ["red"], ["round"], ["red"]] * 10
    inputs = [["red" in own, "round" in own] for own in labels]
    domain = Pool(Loaded(from_arrays(np.array(inputs, float), labels)), held_out=0.5)
    assert domain.suite_names == ("labels",)
    parts = Parts(domain, Supervised(Ensemble()), Query(Random(), batch=20))
    before = init(parts, key=jr.key(0))
    after = list(hosted(parts, before, root=jr.key(1), turns=2))[-1][0]
    score = lambda state: _solved(
        domain.judge(parts.learner.policy(state.learner), asked_suite(domain, "labels"), key=jr.key(0))
    )
    assert score(after) == [1.0]
    truth = domain.target.encode(domain.parted.held.labels)
    assert score(before) == [pytest.approx((truth == 0).mean())]  # who was told nothing expects no label
