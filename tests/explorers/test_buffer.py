"""The rules of the buffer against numbers worked out by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.explorers import _buffer
from explora.explorers._buffer import Batch, Buffer, Rules

from ._bits import Bits, words


def rules(**fields) -> Rules:
    usual = {
        "temperature": 0.5,
        "staleness": 0.0,
        "blend": 1.0,
        "prioritisation": "rank",
        "top": 1,
        "ties": "average",
        "accept": ">",
        "victim": "priority",
        "clock": "touches",
        "unique": True,
        "distinct": False,
        "sequential": False,
    }
    return Rules(**(usual | fields))


def holding(*scores: float, slots: int = 4, used: tuple[int, ...] = (), clock: int = 0) -> Buffer:
    """A buffer whose first slots hold the words 0, 1, 2, … with these scores."""
    buffer = _buffer.empty(Bits(), jnp.zeros(()), slots)
    size = len(scores)
    score = jnp.full((slots,), -jnp.inf).at[:size].set(jnp.array(scores))
    tasks = words(*range(slots))
    prints = jax.vmap(Bits().fingerprint)(tasks)
    stamps = jnp.zeros((slots,), jnp.int32).at[: len(used)].set(jnp.array(used, jnp.int32))
    return eqx.tree_at(
        lambda b: (b.tasks, b.score, b.order, b.print, b.size, b.used, b.clock),
        buffer,
        (
            tasks,
            score,
            jnp.argsort(-score, stable=True).astype(jnp.int32),
            prints,
            jnp.asarray(size, jnp.int32),
            stamps,
            jnp.asarray(clock, jnp.int32),
        ),
    )


def by_slot(buffer: Buffer, weights) -> list[float]:
    return np.asarray(jnp.zeros(buffer.slots).at[buffer.order].set(weights)).tolist()


def batch(tasks, scores, slot=None, valid=None) -> Batch:
    rows = tasks.shape[0]
    slot = jnp.full((rows,), -1, jnp.int32) if slot is None else jnp.array(slot, jnp.int32)
    number = jnp.arange(100, 100 + rows, dtype=jnp.int32)
    return Batch(
        tasks,
        number,
        number,
        jnp.zeros((rows,)),
        jax.vmap(Bits().fingerprint)(tasks),
        slot,
        slot >= 0,
        jnp.array(scores, jnp.float32),
        jnp.ones((rows,), bool) if valid is None else jnp.array(valid),
    )


_absorb = eqx.filter_jit(_buffer.absorb)


def test_rank_weights_by_hand():
    """Scores 3, 1, 2 have ranks 1, 3, 2; with β = ½ weights 1, 1/9, 1/4, of 49/36 in all."""
    buffer = holding(3.0, 1.0, 2.0)
    weights = by_slot(buffer, _buffer.score_weights(buffer, rules()))
    assert weights == pytest.approx([36 / 49, 4 / 49, 9 / 49, 0.0], rel=1e-5)


def test_ties_share_their_rank_or_queue_up():
    """Scores 5, 5, 1: ranks 1.5, 1.5, 3, or 1, 2, 3; with β = 1 weights 1/rank."""
    buffer = holding(5.0, 5.0, 1.0)
    shared = by_slot(buffer, _buffer.score_weights(buffer, rules(temperature=1.0)))
    assert shared == pytest.approx([0.4, 0.4, 0.2, 0.0], rel=1e-5)
    queued = by_slot(buffer, _buffer.score_weights(buffer, rules(temperature=1.0, ties="order")))
    assert queued == pytest.approx([6 / 11, 3 / 11, 2 / 11, 0.0], rel=1e-5)


def test_empty_slots_rank_below_negative_scores():
    """One peer gives empty slots score 0, above −3; another scores them with 1/0."""
    buffer = holding(-3.0, -1.0)
    assert by_slot(buffer, _buffer.priorities(buffer, rules(staleness=0.5)))[2:] == [0.0, 0.0]
    assert by_slot(buffer, _buffer.score_weights(buffer, rules())) == pytest.approx([0.2, 0.8, 0.0, 0.0], rel=1e-5)


def test_an_empty_buffer_gives_no_weight_and_no_nan():
    buffer = holding()
    for kind in ("rank", "topk"):
        assert by_slot(buffer, _buffer.priorities(buffer, rules(prioritisation=kind, staleness=0.5))) == [0.0] * 4


def test_a_great_many_ties_do_not_underflow():
    """With β = 0.05 the weight of rank 50 is 50⁻²⁰: below what 32 bits can hold."""
    buffer = holding(*[0.0] * 100, slots=100)
    weights = _buffer.score_weights(buffer, rules(temperature=0.05))
    np.testing.assert_allclose(weights, 0.01, rtol=1e-5)


def test_topk_is_a_softmax_over_the_best():
    """Over 2 and 1: e / (1 + e) and 1 / (1 + e)."""
    buffer = holding(1.0, 2.0, 0.0)
    weights = by_slot(buffer, _buffer.score_weights(buffer, rules(prioritisation="topk", top=2)))
    assert weights == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e), 0.0, 0.0], rel=1e-5)


def test_staleness_is_the_time_since_last_use():
    """At clock 10, last used at 10, 4, 8: ages 0, 6, 2. The empty slot, never used, is not stale."""
    buffer = holding(1.0, 2.0, 3.0, used=(10, 4, 8), clock=10)
    weights = _buffer.staleness_weights(buffer, buffer.used, buffer.clock)
    assert by_slot(buffer, weights) == pytest.approx([0.0, 0.75, 0.25, 0.0])


def test_where_all_are_fresh_staleness_is_the_same_for_all():
    buffer = holding(1.0, 2.0, used=(7, 7), clock=7)
    assert by_slot(buffer, _buffer.staleness_weights(buffer, buffer.used, buffer.clock)) == [0.5, 0.5, 0.0, 0.0]


def test_priority_mixes_score_and_staleness():
    """κ = 0.2: 0.8 · (36, 4, 9)/49 + 0.2 · (0, 0.75, 0.25)."""
    buffer = holding(3.0, 1.0, 2.0, used=(10, 4, 8), clock=10)
    expected = [0.8 * 36 / 49, 0.8 * 4 / 49 + 0.15, 0.8 * 9 / 49 + 0.05, 0.0]
    assert by_slot(buffer, _buffer.priorities(buffer, rules(staleness=0.2))) == pytest.approx(expected, rel=1e-5)


def test_draws_follow_the_priorities():
    buffer = holding(3.0, 1.0, 2.0)
    drawn = np.asarray(_buffer.draw(buffer, rules(), 4000, key=jr.key(0)))
    share = np.bincount(drawn, minlength=4) / 4000
    np.testing.assert_allclose(share, [36 / 49, 4 / 49, 9 / 49, 0.0], atol=4 * np.sqrt(0.25 / 4000))


@pytest.mark.parametrize("sequential", [False, True])
def test_distinct_draws_are_distinct_and_never_empty(sequential):
    buffer = holding(3.0, 1.0, 2.0, used=(0, 0, 0), clock=9)
    law = rules(distinct=True, sequential=sequential, staleness=0.5)
    assert sorted(_buffer.draw(buffer, law, 3, key=jr.key(1)).tolist()) == [0, 1, 2]


def test_distinct_draws_reach_tasks_of_no_weight():
    """Only the best has any weight, but three were asked for."""
    buffer = holding(3.0, 1.0, 2.0)
    law = rules(distinct=True, prioritisation="topk")
    assert sorted(_buffer.draw(buffer, law, 3, key=jr.key(1)).tolist()) == [0, 1, 2]


def test_in_turn_each_draw_makes_its_slot_fresh():
    """κ = 1 and two tasks of equal age: whichever is drawn, at the next draw all age belongs to the other."""
    buffer = holding(3.0, 1.0, used=(4, 4), clock=5)
    for seed in range(8):
        first, second = _buffer.draw(buffer, rules(staleness=1.0, sequential=True), 2, key=jr.key(seed)).tolist()
        # Ages after the first draw: 0 for the drawn, 2 for the other.
        assert {first, second} == {0, 1}


def test_the_clock_counts_each_draw():
    """Slots 2, 0, 2 are drawn at 6, 7, 8; the row without a slot is not counted."""
    buffer = holding(1.0, 1.0, 1.0, used=(1, 2, 3), clock=5)
    slot = jnp.array([2, 0, -1, 2], jnp.int32)
    after = _buffer.touch(buffer, slot, slot >= 0)
    assert after.used.tolist() == [7, 2, 8, 0]
    assert int(after.clock) == 8


def test_new_tasks_take_free_slots_first_and_then_those_of_lesser_ones():
    """Two free slots for the best two; the third, 4, evicts score 1 of lowest priority; the fourth, 2, meets 3."""
    buffer = holding(1.0, 3.0)
    after = _absorb(buffer, rules(), batch(words(10, 11, 12, 13), [2.0, 9.0, 5.0, 4.0]))
    assert after.score.tolist() == [4.0, 3.0, 9.0, 5.0]
    assert [int(x) for x in after.id] == [103, -1, 101, 102]
    np.testing.assert_array_equal(after.tasks[0], words(13)[0])
    assert int(after.size) == 4
    assert after.score[after.order].tolist() == [9.0, 5.0, 4.0, 3.0]


def test_the_victim_has_the_lowest_priority_not_the_lowest_score():
    """Slot 0 has the lowest score but has waited longest: with κ = 1 it is slot 2, just used, that is challenged."""
    buffer = holding(1.0, 2.0, 3.0, 4.0, used=(0, 5, 10, 5), clock=10)
    challenger = batch(words(20), [3.5])
    assert _absorb(buffer, rules(staleness=1.0), challenger).score.tolist() == [1.0, 2.0, 3.5, 4.0]
    assert _absorb(buffer, rules(staleness=1.0, victim="score"), challenger).score.tolist() == [3.5, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(("accept", "kept"), [(">", 3), (">=", 100)])
def test_who_equals_the_victim_gets_in_or_not(accept, kept):
    buffer = eqx.tree_at(lambda b: b.id, holding(1.0, 2.0, 3.0, 4.0), jnp.array([3, 4, 5, 6], jnp.int32))
    after = _absorb(buffer, rules(accept=accept), batch(words(20), [1.0]))
    assert int(after.id[0]) == kept


def test_a_new_task_is_fresh_and_the_clock_counts_attempts():
    """Published: the clock also moves for a task that is refused. With `clock="draws"` it does not move at all."""
    buffer = holding(1.0, 2.0, 3.0, 4.0, used=(1, 2, 3, 4), clock=4)
    attempts = batch(words(20, 21), [0.5, 9.0])
    after = _absorb(buffer, rules(), attempts)
    assert (after.used.tolist(), int(after.clock)) == ([6, 2, 3, 4], 6)
    after = _absorb(buffer, rules(clock="draws"), attempts)
    assert (after.used.tolist(), int(after.clock)) == ([4, 2, 3, 4], 4)


def test_known_tasks_are_blended_and_stay_where_they_are():
    """α = ¼: ¾ · 1 + ¼ · 5 = 2."""
    buffer = holding(1.0, 3.0)
    after = _absorb(buffer, rules(blend=0.25), batch(words(0), [5.0], slot=[0]))
    assert after.score.tolist() == [2.0, 3.0, -np.inf, -np.inf]
    assert (int(after.size), int(after.id[0])) == (2, -1)


def test_a_task_that_was_just_scored_lower_is_evicted_by_a_new_one():
    """In one batch: slot 1 falls from 4 to 0 and is then the least."""
    buffer = holding(1.0, 4.0, 3.0, 2.0)
    after = _absorb(buffer, rules(), batch(words(1, 30), [0.0, 0.5], slot=[1, -1]))
    assert after.score.tolist() == [1.0, 0.5, 3.0, 2.0]
    assert int(after.id[1]) == 101


def test_rows_that_do_not_count_change_nothing():
    buffer = holding(1.0, 4.0)
    silent = batch(words(0, 30), [np.nan, np.inf], slot=[0, -1], valid=[False, False])
    for before, after in zip(jax.tree.leaves(buffer), jax.tree.leaves(_absorb(buffer, rules(), silent)), strict=True):
        np.testing.assert_array_equal(before, after)


def test_tasks_are_found_by_their_fingerprint():
    """Word 2 is kept in slot 2; word 3 lies in the buffer's memory, but its slot is not filled."""
    buffer = holding(1.0, 2.0, 3.0)
    prints = jax.vmap(Bits().fingerprint)(words(2, 9, 2, 3, 0))
    nowhere = jnp.full((5,), -1, jnp.int32)
    assert _buffer.locate(buffer, nowhere, prints, True).tolist() == [2, -1, 2, -1, 0]
    assert _buffer.locate(buffer, nowhere, prints, False).tolist() == [-1] * 5


def test_a_slot_that_holds_another_task_by_now_is_not_believed():
    buffer = holding(1.0, 2.0, 3.0)
    prints = jax.vmap(Bits().fingerprint)(words(0, 9, 2))
    assert _buffer.locate(buffer, jnp.array([0, 1, 1], jnp.int32), prints, True).tolist() == [0, -1, 2]


class Published:
    """The published rules, one task at a time, in plain Python: ranks, staleness, insertion, eviction."""

    def __init__(self, slots: int, temperature: float, staleness: float):
        self.slots, self.temperature, self.staleness = slots, temperature, staleness
        self.tasks, self.score, self.used, self.clock = [], [], [], 0

    def priorities(self) -> np.ndarray:
        ranks = np.empty(len(self.score))
        ranks[np.argsort(-np.array(self.score), kind="stable")] = np.arange(1, len(self.score) + 1)
        by_score = (1 / ranks) ** (1 / self.temperature)
        age = self.clock - np.array(self.used)
        stale = age / age.sum() if age.sum() else np.full(len(age), 1 / len(age))
        return (1 - self.staleness) * by_score / by_score.sum() + self.staleness * stale

    def take(self, task: int, score: float) -> None:
        now = self.clock + 1
        if task in self.tasks:
            at = self.tasks.index(task)
            self.score[at], self.used[at] = score, now
        elif len(self.tasks) < self.slots:
            self.tasks.append(task)
            self.score.append(score)
            self.used.append(now)
        else:
            at = int(np.argmin(self.priorities()))
            if self.score[at] < score:
                self.tasks[at], self.score[at], self.used[at] = task, score, now
        self.clock = now


@pytest.mark.parametrize("seed", range(4))
def test_in_turn_the_published_rules_hold_to_the_letter(seed):
    """40 tasks of a space of 32, so that some come twice, into 6 slots, five at a time."""
    random = np.random.default_rng(seed)
    law = rules(temperature=0.7, staleness=0.4, sequential=True, ties="order")
    model, buffer = Published(6, 0.7, 0.4), holding(slots=6)
    for _ in range(8):
        numbers, scores = random.integers(0, 32, 5).tolist(), random.random(5).astype(np.float32)
        for task, score in zip(numbers, scores.tolist(), strict=True):
            model.take(task, score)
        buffer = _absorb(buffer, law, batch(words(*numbers), scores))
        size = len(model.tasks)
        np.testing.assert_array_equal(buffer.tasks[:size], words(*model.tasks))
        np.testing.assert_allclose(buffer.score[:size], model.score)
        assert (buffer.used[:size].tolist(), int(buffer.clock)) == (model.used, model.clock)
        np.testing.assert_allclose(
            by_slot(buffer, _buffer.priorities(buffer, law))[:size], model.priorities(), rtol=1e-4
        )


@pytest.mark.parametrize("seed", range(4))
def test_without_staleness_one_go_keeps_what_one_by_one_keeps(seed):
    """The best of all that were ever seen, both times."""
    random = np.random.default_rng(seed)
    numbers = random.permutation(256)[:24]
    scores = random.permutation(24).astype(np.float32)
    best = sorted(scores.tolist())[-6:]
    for law in (rules(), rules(sequential=True)):
        buffer = holding(slots=6)
        for part in range(0, 24, 8):
            some = slice(part, part + 8)
            # A batch has at most as many rows as there are slots.
            for half in np.split(np.arange(24)[some], 2):
                buffer = _absorb(buffer, law, batch(words(*numbers[half].tolist()), scores[half]))
        assert sorted(buffer.score.tolist()) == best
