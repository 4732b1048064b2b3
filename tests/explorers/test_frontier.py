"""`Frontier`: what a search keeps, and what training lessons are made of."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

from explora.core import NEW, ArgumentError, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import Frontier, FrontierState

from ._bits import Bits, Blank, among, number_of, words

BITS = Bits()
FRONTIER = Frontier(rows=8, candidates=4, batches=2, plays=3, kept=3, train=5, share=0.25)


@eqx.filter_jit
def ask(explorer: Frontier, state: FrontierState, phase: str, key: Any) -> tuple[FrontierState, Lesson]:
    return explorer.ask(state, BITS, phase, key=key)


@eqx.filter_jit
def tell(explorer: Frontier, state: FrontierState, lesson: Lesson, result: Outcome) -> FrontierState:
    return explorer.tell(state, BITS, lesson, result, key=jr.key(0))


def solved(*share: float, status: Any = None) -> Outcome:
    rows = len(share)
    status = jnp.full((rows,), Status.ANSWERED, jnp.int8) if status is None else jnp.array(status, jnp.int8)
    return Outcome(status, solved=jnp.array(share))


def search(state: FrontierState, first: int, share: tuple[float, ...], status: Any = None) -> FrontierState:
    """One round of search whose tasks are the words from `first` on."""
    state, lesson = ask(FRONTIER, state, "search", jr.key(first))
    assert lesson.learn is False
    assert lesson.plays == 3
    numbers = range(first, first + 4)
    lesson = eqx.tree_at(lambda l: (l.tasks, l.id), lesson, (words(*numbers), jnp.array(numbers, jnp.int32)))
    return tell(FRONTIER, state, lesson, solved(*share, status=status))


def kept(state: FrontierState) -> list[tuple[int, float]]:
    archive = FRONTIER.archive(state)
    return [
        (number_of(t), round(float(s), 4))
        for t, s, f in zip(archive.tasks, archive.score, archive.filled, strict=True)
        if bool(f)
    ]


def test_its_rhythm_is_search_and_train():
    assert FRONTIER.rhythm == (("search", 2), ("train", 5))


def test_a_search_keeps_the_most_learnable_of_all_its_rounds():
    """p(1 − p) of 0, ½, 1, 0.1 is 0, 0.25, 0, 0.09; of 0.2, 0.9, 0.4, 1 it is 0.16, 0.09, 0.24, 0."""
    state = search(FRONTIER.init(BITS, key=jr.key(0)), 10, (0.0, 0.5, 1.0, 0.1))
    assert kept(state) == [(11, 0.25), (13, 0.09), (10, 0.0)]
    state = search(state, 20, (0.2, 0.9, 0.4, 1.0))
    assert kept(state) == [(11, 0.25), (22, 0.24), (20, 0.16)]
    assert state.id.tolist() == [11, 22, 20]


def test_the_next_search_forgets_the_last():
    state = search(FRONTIER.init(BITS, key=jr.key(0)), 10, (0.5, 0.5, 0.5, 0.5))
    state, _ = ask(FRONTIER, state, "train", jr.key(0))
    state = search(state, 20, (0.1, 0.1, 0.0, 0.0))
    assert kept(state) == [(20, 0.09), (21, 0.09), (22, 0.0)]


def test_a_search_that_found_nothing_forgets_nothing():
    state = search(FRONTIER.init(BITS, key=jr.key(0)), 10, (0.5, 0.4, 0.3, 0.0))
    state, _ = ask(FRONTIER, state, "train", jr.key(0))
    assert kept(search(state, 20, (0.5,) * 4, [Status.VOID, Status.WAITING, Status.VOID, Status.VOID])) == kept(state)


def test_training_mixes_kept_and_new_tasks():
    """A quarter of 8 rows is drawn evenly from the kept ones, the rest is new; all are learned from."""
    state = search(FRONTIER.init(BITS, key=jr.key(0)), 10, (0.5, 0.4, 0.3, 0.0))
    drawn = set()
    for seed in range(12):
        _, lesson = ask(FRONTIER, state, "train", jr.key(seed))
        assert lesson.learn is True
        assert (lesson.id == NEW).tolist() == [False] * 2 + [True] * 6
        assert [number_of(t) for t in lesson.tasks[:2]] == lesson.id[:2].tolist()
        drawn |= set(lesson.id[:2].tolist())
    assert drawn == {10, 11, 12}


def test_every_lane_plays_both_kinds():
    """Lanes of four rows: one kept and three new tasks each."""
    explorer = Frontier(rows=8, candidates=4, kept=3, share=0.25, queue=4)
    state = tell(
        explorer, explorer.init(BITS, key=jr.key(0)), fresh_lesson(words(1, 2, 3, 4), True), solved(*[0.5] * 4)
    )
    state = eqx.tree_at(lambda s: s.id, state, jnp.arange(3, dtype=jnp.int32))
    lesson = ask(explorer, state, "train", jr.key(0))[1]
    assert (lesson.id != NEW).reshape(2, 4).sum(1).tolist() == [1, 1]


def test_before_a_search_all_is_new():
    state = FRONTIER.init(BITS, key=jr.key(0))
    assert ask(FRONTIER, state, "train", jr.key(0))[1].id.tolist() == [NEW] * 8
    assert all(float(x) == 0.0 for x in FRONTIER.metrics(state).values())


def test_only_what_was_kept_is_drawn_again():
    """One of three places is filled: it is drawn every time."""
    state = search(FRONTIER.init(BITS, key=jr.key(0)), 10, (0.5, 0.5, 0.5, 0.5), [Status.ANSWERED] + [Status.VOID] * 3)
    for seed in range(5):
        assert ask(FRONTIER, state, "train", jr.key(seed))[1].id[:2].tolist() == [10, 10]


def test_more_cannot_be_kept_than_is_searched():
    with pytest.raises(ArgumentError, match="`kept` must be at least 1 and at most 8, got 9"):
        Frontier(candidates=4, batches=2, kept=9)


def test_metrics_count_the_searches():
    state = search(FRONTIER.init(BITS, key=jr.key(0)), 10, (0.5, 0.0, 0.0, 0.0))
    state, _ = ask(FRONTIER, state, "train", jr.key(0))
    told = {name: float(x) for name, x in jax.jit(FRONTIER.metrics)(state).items()}
    assert told == pytest.approx({"fill": 1.0, "mean_score": 0.25 / 3, "max_score": 0.25, "search_share": 0.5})


def test_a_share_of_the_candidates_are_edits_of_what_is_kept():
    explorer = Frontier(rows=8, candidates=4, plays=3, kept=2, edited=0.5)
    state, lesson = ask(explorer, explorer.init(BITS, key=jr.key(0)), "search", jr.key(1))
    assert lesson.parent.tolist() == [NEW] * 4  # there is nothing to edit yet
    lesson = eqx.tree_at(lambda l: (l.tasks, l.id), lesson, (words(7, 8, 9, 10), jnp.array([7, 8, 9, 10], jnp.int32)))
    state = tell(explorer, state, lesson, solved(0.0, 0.5, 1.0, 0.4))
    state, _ = ask(explorer, state, "train", jr.key(2))
    state, lesson = ask(explorer, state, "search", jr.key(3))
    assert lesson.id.tolist() == [NEW] * 4
    assert set(lesson.parent[:2].tolist()) <= {8, 10}
    assert lesson.parent[2:].tolist() == [NEW] * 2
    for task, parent in zip(lesson.tasks[:2], lesson.parent[:2], strict=True):
        assert bin(number_of(task) ^ int(parent)).count("1") == 1  # one edit turns one bit
    lesson = eqx.tree_at(lambda l: l.id, lesson, jnp.array([11, 12, 13, 14], jnp.int32))
    state = tell(explorer, state, lesson, solved(0.5, 0.0, 0.0, 0.4))
    assert state.id.tolist() == [11, 14]
    assert state.parent.tolist() == [int(lesson.parent[0]), NEW]
    _, lesson = ask(explorer, state, "train", jr.key(4))
    old = lesson.id != NEW
    assert int(old.sum()) == 4
    assert all(p == (int(state.parent[0]) if i == 11 else NEW) for i, p in zip(lesson.id[old], lesson.parent[old]))


def test_edits_need_a_space_that_can_be_edited():
    explorer = Frontier(edited=0.5)
    assert "use Frontier(edited=0)" in str(explorer.refuses(among(Blank(), explorer)))
    assert explorer.refuses(among(BITS, explorer)) is None
    assert FRONTIER.refuses(among(Blank(), FRONTIER)) is None


def test_what_is_asked_next_and_why():
    """A quarter of 8 rows for the three that are kept, once the two rounds of search are over."""
    state = FRONTIER.init(BITS, key=jr.key(0))
    shares = lambda: (FRONTIER.prospects(state).share.tolist(), float(FRONTIER.prospects(state).new))
    assert shares() == ([0.0] * 3, 1.0)
    state = search(state, 10, (0.0, 0.5, 1.0, 0.1))
    assert shares() == ([0.0] * 3, 1.0), "another round of search comes"
    state = search(state, 20, (0.2, 0.9, 0.4, 1.0))
    assert FRONTIER.prospects(state).share.tolist() == pytest.approx([0.25 / 3] * 3)
    assert shares()[1] == 0.75
    edits = Frontier(rows=8, candidates=4, batches=2, kept=3, train=5, share=0.25, edited=0.5)
    assert float(edits.prospects(edits.init(BITS, key=jr.key(0))).edited) == 0.0, "nothing is there to be edited"
    again = edits.prospects(eqx.tree_at(lambda s: s.rounds, state, jnp.asarray(7, jnp.int32)))  # the next search
    assert (float(again.edited), float(again.new)) == (0.5, 0.5)
    assert again.reasons["edited"].tolist() == pytest.approx([0.5 / 3] * 3)
