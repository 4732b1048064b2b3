"""Labelling: asking which items to label next, in somebody else's program."""

import numpy as np
import pytest

from explora.adapters import Labelling
from explora.core import ArgumentError, CombinationError, Parts
from explora.domains.pool import Loaded, Nobody, Pool, from_arrays
from explora.explorers import Query
from explora.explorers.query import Random, Top
from explora.learners import Supervised
from explora.scores import Margin
from explora.testing import Middles, Quiz

POINTS, CLOUDS = Quiz().points, [("north", "west", "east")[cloud] for cloud in Quiz().clouds]


def labelling(labels: list[str | None] | None = None, query: Query | None = None, seed: int = 0) -> Labelling:
    ids = [f"p{place}" for place in range(len(POINTS))]
    items = from_arrays(POINTS, labels or [None] * len(POINTS), ids=ids)
    pool = Pool(Loaded(items), Nobody(), kind="classes", held_out=0.0)
    return Labelling(Parts(pool, Supervised(Middles()), query or Query(Random(), batch=5)), seed)


def truth(ids: list[str]) -> list[str]:
    return [CLOUDS[int(id[1:])] for id in ids]


def test_what_was_asked_is_not_asked_again_and_answers_teach():
    work = labelling()
    named: set[str] = set()
    for _ in range(6):
        ids = work.ask()
        assert len(ids) == 5
        assert named.isdisjoint(ids)
        named |= set(ids)
        work.tell(ids, truth(ids))
    assert (work.known, work.free, work.waiting) == (30, 90, [])
    expected = work.expect()
    guess = work.classes(expected)
    assert np.mean(np.array(guess) == np.array(CLOUDS)) > 0.75


def test_answers_may_come_late_in_parts_and_for_items_that_nobody_asked_for():
    work = labelling()
    first, second = work.ask(3), work.ask(3)
    work.tell([second[1]], truth([second[1]]))
    assert set(work.waiting) == {*first, second[0], second[2]}
    strange = next(f"p{place}" for place in range(120) if f"p{place}" not in first + second)
    work.tell([strange, first[0]], truth([strange, first[0]]))
    assert work.known == 3
    assert strange not in work.ask(113)
    assert work.free == 0
    assert work.ask(1) == []


def test_a_skipped_item_is_not_asked_again_and_a_correction_replaces():
    work = labelling()
    a, b = work.ask(2)
    work.tell([a, b], [None, "north"])
    assert (work.known, work.waiting) == (1, [])
    assert a not in work.ask(118)
    work.tell([b], ["west"])
    assert work.known == 1
    assert work.classes(work.expect([b])) == ["west"]


def test_labels_of_the_data_are_known_from_the_start():
    labels = [CLOUDS[place] if place < 30 else None for place in range(120)]
    work = labelling(labels, Query(Top(), Margin(), batch=4))
    assert (work.known, work.free) == (30, 90)
    ids = work.ask()
    assert all(int(id[1:]) >= 30 for id in ids)
    scores = work.scores(ids)
    assert list(scores) == sorted(scores, reverse=True)
    everything = work.scores([f"p{place}" for place in range(30, 120)])
    np.testing.assert_allclose(scores[0], everything.max())


def test_a_class_that_nobody_had_heard_of_is_learned():
    work = labelling()
    ids = work.ask(3)
    work.tell(ids, ["up", "down", "up"])
    work.tell(work.ask(1), ["sideways"])
    assert set(work.classes(work.expect())) <= {"up", "down", "sideways"}
    assert work.expect().predictions.shape == (120, 1, 3)


def test_the_same_calls_and_seed_name_the_same_items():
    first, second, third = labelling(seed=4), labelling(seed=4), labelling(seed=5)
    assert first.ask(10) == second.ask(10)
    assert first.ask(10) != third.ask(10)


def test_mistakes_are_said():
    work = labelling()
    with pytest.raises(ArgumentError, match="`count` must be at least 1, got 0"):
        work.ask(0)
    with pytest.raises(ArgumentError, match="it has no 'p120'"):
        work.tell(["p120"], ["north"])
    with pytest.raises(ArgumentError, match="`labels` must have one entry for each of the 2 ids, got 1"):
        work.tell(["p1", "p2"], ["north"])
    with pytest.raises(CombinationError, match="Labelling needs a Pool and a Query, got Quiz and Query"):
        Labelling(Parts(Quiz(), Supervised(Middles()), Query(Random())))
