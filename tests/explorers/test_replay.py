"""`Replay` as a whole: when it replays, what it edits, what it learns from, and what it remembers."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import NEW, ArgumentError, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import Replay, ReplayState
from explora.scores import MaxMC, PositiveValueLoss, Sum

from ._bits import Bits, among, number_of, outcome, words

BITS = Bits()
PLAIN = Replay(rows=4, capacity=8, score=PositiveValueLoss(), probability=1.0)


@eqx.filter_jit
def ask(explorer: Replay, state: ReplayState, key: Any) -> tuple[ReplayState, Lesson]:
    return explorer.ask(state, BITS, "round", key=key)


@eqx.filter_jit
def tell(explorer: Replay, state: ReplayState, lesson: Lesson, result: Outcome) -> ReplayState:
    return explorer.tell(state, BITS, lesson, result, key=jr.key(0))


def numbered(lesson: Lesson, first: int) -> Lesson:
    """The lesson with its new tasks numbered, as the loop does."""
    new = lesson.id == NEW
    ids = jnp.where(new, first + jnp.cumsum(new.astype(jnp.int32)) - 1, lesson.id)
    return eqx.tree_at(lambda l: l.id, lesson, ids)


def taught(explorer: Replay, *numbers: int, scores: Any, first: int = 10) -> ReplayState:
    """A replay that was sent these words by somebody, four at a time."""
    state = explorer.init(BITS, key=jr.key(0))
    for start in range(0, len(numbers), 4):
        some = slice(start, start + 4)
        lesson = numbered(fresh_lesson(words(*numbers[some]), True), first + start)
        state = tell(explorer, state, lesson, outcome(scores[some]))
    return state


def contents(state: ReplayState) -> dict[int, float]:
    """Which words are kept, and their scores."""
    buffer = state.buffer
    size = int(buffer.size)
    return {number_of(t): float(s) for t, s in zip(buffer.tasks[:size], buffer.score[:size], strict=True)}


def test_there_is_nothing_to_replay_before_the_minimum_fill():
    """Half of 8 slots are 4: three tasks are too few for p = 1, four are enough."""
    three = taught(PLAIN, 1, 2, 3, 3, scores=[1.0, 2.0, 3.0, 3.0])
    four = taught(PLAIN, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0])
    for seed in range(3):
        assert ask(PLAIN, three, jr.key(seed))[1].id.tolist() == [NEW] * 4
        lesson = ask(PLAIN, four, jr.key(seed))[1]
        assert set(lesson.id.tolist()) <= {10, 11, 12, 13}
        assert [number_of(t) for t in lesson.tasks] == [i - 9 for i in lesson.id.tolist()]


@pytest.mark.parametrize(("schedule", "chance"), [("fixed", 0.75), ("proportionate", 0.5)])
def test_the_chance_of_replaying(schedule, chance):
    """p = 0.75; in proportion to the fill it is at most the fill, one half."""
    explorer = Replay(rows=4, capacity=8, score=PositiveValueLoss(), probability=0.75, schedule=schedule)
    state = taught(PLAIN, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0])
    decide = jax.jit(jax.vmap(lambda k: explorer._replays(state.buffer, k)))
    share = float(decide(jr.split(jr.key(0), 4000)).mean())
    assert share == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / 4000))


def test_an_empty_buffer_is_never_replayed():
    explorer = Replay(rows=4, capacity=8, score=PositiveValueLoss(), probability=1.0, minimum_fill=0.0)
    assert ask(explorer, explorer.init(BITS, key=jr.key(0)), jr.key(1))[1].id.tolist() == [NEW] * 4


def test_robust_replay_learns_from_replayed_tasks_only():
    state = taught(PLAIN, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0])
    assert ask(PLAIN, PLAIN.init(BITS, key=jr.key(0)), jr.key(0))[1].learn_mask.tolist() == [False] * 4
    assert ask(PLAIN, state, jr.key(0))[1].learn_mask.tolist() == [True] * 4
    explores = replace(PLAIN, explore_learns=True)
    assert ask(explores, explores.init(BITS, key=jr.key(0)), jr.key(0))[1].learn is True


def test_a_replayed_task_is_scored_anew_and_its_clock_reset():
    state = taught(PLAIN, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0])
    asked, lesson = ask(PLAIN, state, jr.key(3))
    # The row's own number is its score, so rows of one task agree.
    after = tell(PLAIN, asked, lesson, outcome([0.5 * i for i in lesson.id.tolist()]))
    expected = {1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0} | {i - 9: 0.5 * i for i in lesson.id.tolist()}
    assert contents(after) == expected
    assert int(after.buffer.clock) == 4 + 4  # four were tried, four drawn; scoring anew is not another use
    stamps = {int(i): int(u) for i, u in zip(after.buffer.id[:4], after.buffer.used[:4], strict=True)}
    last = {i: 5 + row for row, i in enumerate(lesson.id.tolist())}
    assert all(stamps[i] == stamp for i, stamp in last.items())


def test_what_was_not_answered_keeps_its_score():
    """One peer gives a replayed task whose episodes did not finish a score of −∞."""
    state = taught(PLAIN, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0])
    asked, lesson = ask(PLAIN, state, jr.key(3))
    for status in (Status.VOID, Status.WAITING):
        after = tell(PLAIN, asked, lesson, outcome([-np.inf] * 4, [status] * 4))
        assert contents(after) == contents(state)
    after = tell(PLAIN, asked, lesson, outcome([np.nan, -np.inf, np.inf, np.nan]))
    assert contents(after) == contents(state)


def test_void_and_infinite_tasks_never_enter():
    state = PLAIN.init(BITS, key=jr.key(0))
    lesson = numbered(fresh_lesson(words(1, 2, 3, 4), True), 0)
    status = [Status.VOID, Status.ANSWERED, Status.WAITING, Status.ANSWERED]
    after = tell(PLAIN, state, lesson, outcome([1.0, -np.inf, 1.0, 7.0], status))
    assert contents(after) == {4: 7.0}


def test_a_task_that_comes_twice_in_a_batch_is_kept_once():
    """Its rows are pooled: 1 episode of 3.0 and 3 episodes of 1.0 make 1.5."""
    state = PLAIN.init(BITS, key=jr.key(0))
    lesson = numbered(fresh_lesson(words(5, 6, 5, 7), True), 0)
    result = outcome([3.0, 1.0, 1.0, 1.0], episodes=jnp.array([1, 1, 3, 1]))
    assert contents(tell(PLAIN, state, lesson, result)) == {5: 1.5, 6: 1.0, 7: 1.0}
    twice = Replay(rows=4, capacity=8, score=PositiveValueLoss(), probability=1.0, unique=False)
    after = tell(twice, state, lesson, result)
    assert sorted(after.buffer.score[:4].tolist()) == [1.0, 1.0, 1.0, 3.0]


def test_the_answered_row_speaks_for_a_task_that_comes_twice():
    state = PLAIN.init(BITS, key=jr.key(0))
    lesson = numbered(fresh_lesson(words(5, 6, 5, 7), True), 0)
    status = [Status.VOID, Status.ANSWERED, Status.ANSWERED, Status.ANSWERED]
    after = tell(PLAIN, state, lesson, outcome([9.0, 1.0, 2.0, 1.0], status))
    assert contents(after) == {5: 2.0, 6: 1.0, 7: 1.0}
    assert 2 in after.buffer.id.tolist()


MAXIMUM = Replay(rows=4, capacity=8, score=MaxMC(), probability=1.0)


def returned(*best: float, values: float = 0.0) -> Outcome:
    rows = len(best)
    answered = jnp.full((rows,), Status.ANSWERED, jnp.int8)
    return Outcome(
        answered, episodes=jnp.ones((rows,), jnp.int32), max_returns=jnp.array(best), values=jnp.full((rows,), values)
    )


def test_the_highest_return_survives_replay_and_rediscovery():
    """Both peers lose it: one keeps the latest, one overwrites it (0.9 → 0.2) when the task is found again."""
    state = MAXIMUM.init(BITS, key=jr.key(0))
    state = tell(MAXIMUM, state, numbered(fresh_lesson(words(1, 2, 3, 4), True), 0), returned(0.9, 0.8, -3.0, 0.6))
    assert contents(state) == pytest.approx({1: 0.9, 2: 0.8, 3: -3.0, 4: 0.6})
    again = numbered(fresh_lesson(words(1, 9, 3, 8), True), 4)
    state = tell(MAXIMUM, state, again, returned(0.2, 0.5, -4.0, 0.4, values=0.1))
    assert contents(state) == pytest.approx({1: 0.8, 2: 0.8, 3: -3.1, 4: 0.6, 9: 0.4, 8: 0.3}, abs=1e-6)
    asked, lesson = ask(MAXIMUM, state, jr.key(1))
    state = tell(MAXIMUM, asked, lesson, returned(-1.0, -1.0, -1.0, -1.0))
    kept = contents(state)
    best = {1: 0.9, 2: 0.8, 3: -3.0, 4: 0.6, 9: 0.5, 8: 0.4}
    for task in {number_of(t) for t in lesson.tasks}:
        assert kept[task] == pytest.approx(max(best[task], -1.0))


def test_rows_of_one_task_share_the_highest_return():
    state = MAXIMUM.init(BITS, key=jr.key(0))
    lesson = numbered(fresh_lesson(words(5, 5, 5, 6), True), 0)
    assert contents(tell(MAXIMUM, state, lesson, returned(0.1, 0.7, 0.3, 0.2))) == pytest.approx({5: 0.7, 6: 0.2})


EDITING = Replay(rows=4, capacity=8, score=PositiveValueLoss(), probability=1.0, edit=True)


def test_an_edit_follows_every_replay():
    """New, until the buffer is half full; then replay, edit, replay, edit."""
    state, count, kinds = EDITING.init(BITS, key=jr.key(0)), 0, []
    for turn in range(5):
        before = state
        state, lesson = ask(EDITING, state, jr.fold_in(jr.key(1), turn))
        replayed, edited = (lesson.id != NEW).tolist(), (lesson.parent != NEW).tolist()
        kinds.append("replay" if all(replayed) else "edit" if all(edited) else "new")
        assert lesson.learn_mask.tolist() == [kinds[-1] == "replay"] * 4
        if kinds[-1] == "edit":
            assert lesson.parent.tolist() == last.id.tolist()
            changed = (lesson.tasks != last.tasks).sum(1)
            assert changed.tolist() == [1] * 4
            assert int(before.buffer.clock) == int(state.buffer.clock)
        last = numbered(lesson, count)
        count += int((lesson.id == NEW).sum())
        scores = [float(10 + turn + i) for i in range(4)]
        if kinds[-1] == "replay":
            scores = [float(i) for i in last.id.tolist()]
        state = tell(EDITING, state, last, outcome(scores))
    assert kinds == ["new", "replay", "edit", "replay", "edit"]
    assert int(state.replays) == 2


def test_edited_tasks_are_kept_with_their_parents():
    state = taught(EDITING, 1, 2, 4, 8, scores=[1.0, 2.0, 3.0, 4.0])
    state, replay = ask(EDITING, state, jr.key(0))
    state = tell(EDITING, state, replay, outcome([1.0, 1.0, 1.0, 1.0]))
    state, edit = ask(EDITING, state, jr.key(1))
    state = tell(EDITING, state, numbered(edit, 50), outcome([9.0, 9.0, 9.0, 9.0]))
    archive = EDITING.archive(state)
    born = {int(i): int(p) for i, p in zip(archive.id, archive.parent, strict=True) if int(i) >= 50}
    assert born
    assert all(parent == int(edit.parent[number - 50]) for number, parent in born.items())


def test_where_no_replay_was_answered_nothing_is_edited():
    state = taught(EDITING, 1, 2, 4, 8, scores=[1.0, 2.0, 3.0, 4.0])
    state, replay = ask(EDITING, state, jr.key(0))
    state = tell(EDITING, state, replay, outcome([1.0] * 4, [Status.VOID] * 4))
    assert ask(EDITING, state, jr.key(1))[1].parent.tolist() == [NEW] * 4


def test_easy_tasks_have_high_return_and_low_score():
    """Return − score is 0.9 − 0.1, 0.9 − 0.8, 0.2 − 0.05, and the fourth was not answered: the first and third."""
    explorer = Replay(
        rows=4, capacity=8, score=PositiveValueLoss(), probability=1.0, edit=True, edit_from="easy", easiest=2
    )
    state = taught(explorer, 1, 2, 4, 8, scores=[1.0, 2.0, 3.0, 4.0])
    memo = ask(explorer, state, jr.key(0))[1].memo
    slot = jnp.arange(4, dtype=jnp.int32)
    lesson = fresh_lesson(
        state.buffer.tasks[:4], True, id=state.buffer.id[:4], memo=eqx.tree_at(lambda m: m.slot, memo, slot)
    )
    result = outcome(
        [0.1, 0.8, 0.05, 0.0],
        [Status.ANSWERED, Status.ANSWERED, Status.ANSWERED, Status.VOID],
        returns=jnp.array([0.9, 0.9, 0.2, 9.0]),
    )
    state = tell(explorer, state, lesson, result)
    assert ask(explorer, state, jr.key(1))[1].parent.tolist() == [13, 11, 13, 11]


PARALLEL = Replay(rows=4, capacity=16, score=PositiveValueLoss(), probability=1.0, minimum_fill=0.25, parallel=True)


def test_slices_hold_new_tasks_before_there_is_enough_to_replay():
    lesson = ask(PARALLEL, PARALLEL.init(BITS, key=jr.key(0)), jr.key(0))[1]
    assert (lesson.rows, lesson.span) == (8, (4, 8))
    assert lesson.id.tolist() == [NEW] * 8
    assert not bool(lesson.learn_mask.any())


def test_new_and_replayed_tasks_stand_side_by_side():
    state = taught(PARALLEL, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0])
    asked, lesson = ask(PARALLEL, state, jr.key(0))
    assert (lesson.id == NEW).tolist() == [True] * 4 + [False] * 4
    assert lesson.learn_mask.tolist() == [False] * 4 + [True] * 4
    told = numbered(lesson, 20)
    after = tell(PARALLEL, asked, told, outcome([float(i) for i in told.id.tolist()]))
    for number in told.id.tolist():
        task = number_of(told.tasks[told.id.tolist().index(number)])
        assert contents(after)[task] == float(number) or task in {number_of(t) for t in words(1, 2, 3, 4)}


def test_edits_of_the_same_replay_stand_beside_it():
    explorer = replace(PARALLEL, edit=True)
    state = taught(explorer, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0])
    lesson = ask(explorer, state, jr.key(0))[1]
    assert (lesson.rows, lesson.span) == (12, (4, 8))
    assert lesson.learn_mask.tolist() == [False] * 4 + [True] * 4 + [False] * 4
    assert lesson.parent[8:].tolist() == lesson.id[4:8].tolist()
    assert (lesson.tasks[8:] != lesson.tasks[4:8]).sum(1).tolist() == [1] * 4
    assert lesson.id[8:].tolist() == [NEW] * 4


def test_metrics_are_finite_from_the_start():
    """One peer logs NaN (−∞ · 0) until its buffer is full."""
    explorer = Replay(rows=4, capacity=8, score=Sum({"loss": PositiveValueLoss(), "missed": MaxMC()}))
    empty = explorer.metrics(explorer.init(BITS, key=jr.key(0)))
    assert set(empty) >= {"fill", "mean_score", "max_score", "mean_age", "replay_share", "score/loss", "score/missed"}
    assert all(float(x) == 0.0 for x in empty.values())
    state = taught(PLAIN, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 6.0])
    told = {name: float(x) for name, x in PLAIN.metrics(state).items()}
    # Four were tried at 1, 2, 3, 4 and the clock stands at 4.
    assert told == {"fill": 0.5, "mean_score": 3.0, "max_score": 6.0, "mean_age": 1.5, "replay_share": 0.0}


def test_the_archive_shows_what_is_kept():
    archive = PLAIN.archive(taught(PLAIN, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0]))
    assert archive.filled.tolist() == [True] * 4 + [False] * 4
    assert archive.id[:4].tolist() == [13, 12, 11, 10]  # the best of the batch took the first free slot
    assert archive.score.tolist() == [4.0, 3.0, 2.0, 1.0] + [0.0] * 4


class Rigid(Bits):
    @property
    def provides(self):
        return frozenset()


def test_editing_needs_a_space_that_can_mutate():
    refusal = EDITING.refuses(among(Rigid(), EDITING))
    assert refusal is not None
    assert "use Replay(edit=False)" in refusal
    assert EDITING.refuses(among(Bits(), EDITING)) is None
    assert PLAIN.refuses(among(Rigid(), PLAIN)) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rows": 0}, "`rows` must be at least 1, got 0"),
        ({"rows": 9, "queue": 4}, "`rows` must be a multiple of `queue`=4, got 9; use rows=12"),
        ({"staleness": 1.5}, "`staleness` must be at least 0.0 and at most 1.0, got 1.5"),
        ({"temperature": 0.0}, "`temperature` must be greater than 0.0, got 0.0"),
        ({"rows": 8, "capacity": 4}, "`capacity` must be at least 8, got 4"),
        ({"ties": "averag"}, "`ties` must be one of 'average', 'order', got 'averag'"),
        ({"parallel": True, "edit": True, "edit_from": "easy"}, "`edit_from` must be 'batch' with `parallel`"),
    ],
)
def test_impossible_fields_are_named(fields, message):
    with pytest.raises(ArgumentError) as caught:
        Replay(**fields)
    assert message in str(caught.value)


def test_rounds_compile_into_one_program():
    """`ask` and `tell` inside a loop give what they give one by one."""
    explorer = EDITING

    def turn(at: Any, state: ReplayState) -> ReplayState:
        state, lesson = explorer.ask(state, BITS, "round", key=jr.fold_in(jr.key(5), at))
        lesson = eqx.tree_at(
            lambda l: l.id, lesson, jnp.where(lesson.id == NEW, 4 * at + jnp.arange(4, dtype=jnp.int32), lesson.id)
        )
        score = lesson.tasks.astype(jnp.float32).sum(1)
        result = Outcome(jnp.ones((4,), jnp.int8), positive_advantages=score)
        return explorer.tell(state, BITS, lesson, result, key=jr.key(0))

    start = explorer.init(BITS, key=jr.key(0))
    looped = jax.jit(lambda s: jax.lax.fori_loop(0, 12, turn, s))(start)
    stepped, one = start, jax.jit(turn)
    for at in range(12):
        stepped = one(jnp.asarray(at, jnp.int32), stepped)
    for a, b in zip(jax.tree.leaves(looped), jax.tree.leaves(stepped), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_asked_next_and_why_by_hand():
    """Ranks 1 to 4 weigh 1, ½, ⅓, ¼ of 25/12; ages 3, 2, 1, 0 of 6; κ = ½; one round in five is new."""
    explorer = replace(PLAIN, probability=0.8, temperature=1.0, staleness=0.5)
    found = explorer.prospects(taught(explorer, 1, 2, 3, 4, scores=[4.0, 3.0, 2.0, 1.0]))
    score, stale = 0.4 * np.array([12, 6, 4, 3]) / 25, 0.4 * np.array([3, 2, 1, 0]) / 6
    np.testing.assert_allclose(found.reasons["score"], [*score, 0, 0, 0, 0], rtol=1e-5)
    np.testing.assert_allclose(found.reasons["staleness"], [*stale, 0, 0, 0, 0], rtol=1e-5)
    np.testing.assert_allclose(found.share, [*(score + stale), 0, 0, 0, 0], rtol=1e-5)
    np.testing.assert_allclose([found.new, found.edited], [0.2, 0.0], atol=1e-6)
    empty = explorer.prospects(explorer.init(BITS, key=jr.key(0)))
    assert float(empty.new) == 1.0
    assert not np.asarray(empty.share).any()


@pytest.mark.parametrize(
    "explorer",
    [
        replace(PLAIN, probability=0.6),
        replace(PLAIN, probability=0.6, parallel=True, edit=True, capacity=16, minimum_fill=0.25),
    ],
)
@pytest.mark.slow
def test_what_is_asked_next_is_what_is_asked_on_average(explorer):
    state = taught(explorer, 1, 2, 3, 4, scores=[1.0, 4.0, 2.0, 3.0])
    found = explorer.prospects(state)
    number = jax.vmap(lambda key: explorer.ask(state, BITS, "round", key=key)[1])(jr.split(jr.key(1), 2000))
    ids, parents = np.asarray(number.id), np.asarray(number.parent)
    kept = np.asarray(state.buffer.id)[:4]
    edits = (ids == NEW) & (parents != NEW)
    shares = [(ids == id).mean() + (edits & (parents == id)).mean() for id in kept]
    np.testing.assert_allclose(found.share[:4], shares, atol=0.02)
    np.testing.assert_allclose([found.new, found.edited], [1 - sum(shares), edits.mean()], atol=0.02)
    np.testing.assert_allclose(np.asarray(found.share).sum() + found.new, 1.0, rtol=1e-5)
    np.testing.assert_allclose(sum(found.reasons.values()), found.share, rtol=1e-5)


def test_after_a_replay_edits_come_for_certain():
    explorer = replace(PLAIN, edit=True)
    state = taught(explorer, 1, 2, 3, 4, scores=[1.0, 2.0, 3.0, 4.0])
    assert float(explorer.prospects(state).edited) == 0.0
    state, lesson = ask(explorer, state, jr.key(0))
    found = explorer.prospects(tell(explorer, state, lesson, outcome([1.0, 2.0, 3.0, 4.0])))
    assert (float(found.new), float(found.edited)) == (0.0, 1.0)
    times = [lesson.id.tolist().count(id) / 4 for id in state.buffer.id[:4].tolist()]
    np.testing.assert_allclose(found.share, [*times, 0, 0, 0, 0], err_msg="edits of what was replayed")
    assert list(found.reasons) == ["score", "staleness", "edited"]
