"""Trajectories of the toy environment, worked out by hand.

A trail of five cells is walked from cell 2. The toll is 0.05 a step, so rewards are easy to recognise.
"""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jaxtyping import Array, Float, Int32

from explora.core import Lesson, Parts, Policy, Status, Trajectories, fresh_lesson, row_keys, watching
from explora.explorers import Uniform
from explora.learners import ES, Horizon
from explora.testing import Blanks, Trail, Trailblazer, Trails, Walk

BACK, ON = 0, 1
TOLL = 0.05


class Script(Policy):
    """Does what is written for each step of the play; its memory counts the calls and is never cleared."""

    actions: Int32[Array, " steps"]

    def memory(self, lanes: int) -> Array:
        return jnp.zeros((lanes,), jnp.int32)

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        report = {"calls": memory} if who is None else {"calls": memory, "who": who}
        return self.actions[memory % self.actions.size], memory + 1, report


def trails(*tasks: tuple[str, int]) -> Trail:
    decoded = [Trails().decode({"cells": cells, "mark": mark, "toll": TOLL}) for cells, mark in tasks]
    return jax.tree.map(lambda *xs: jnp.stack(xs), *decoded)


def script(*actions: int) -> Script:
    return Script(jnp.array(actions, jnp.int32))


def play(env: Any, policy: Policy, lesson: Lesson) -> Any:
    return jax.jit(lambda lesson: env.play(policy, lesson, key=jr.key(0)))(lesson)


def lane(lived: Trajectories, name: str, number: int = 0) -> list:
    return np.asarray(getattr(lived, name))[:, number].tolist()


@pytest.fixture(scope="module")
def walked() -> Any:
    """Two steps to the mark; three steps that lead nowhere and are cut off; a gap; two steps to the mark."""
    policy = script(ON, ON, BACK, BACK, BACK, ON, ON, ON)
    return play(Walk(steps=8, patience=3), policy, fresh_lesson(trails((".....", 4)), False))


def test_places_rewards_and_ends(walked: Any) -> None:
    lived = walked.data
    assert np.asarray(lived.observations["place"])[:, 0].tolist() == [2, 3, 2, 1, 0, 0, 2, 3]
    expected = [-TOLL, 1 - TOLL, -TOLL, -TOLL, -TOLL, 0.0, -TOLL, 1 - TOLL]
    assert np.allclose(lane(lived, "rewards"), expected)
    assert lane(lived, "terminated") == [False, True, False, False, False, False, False, True]
    assert lane(lived, "truncated") == [False, False, False, False, True, False, False, False]
    assert lane(lived, "solved") == [False, True, False, False, False, False, False, True]
    assert lane(lived, "ended") == [False, True, False, False, True, False, False, True]


def test_a_terminated_episode_is_followed_at_once_and_a_truncated_one_after_a_gap(walked: Any) -> None:
    lived = walked.data
    assert lane(lived, "fresh") == [True, False, True, False, False, False, True, False]
    assert lane(lived, "gap") == [False, False, False, False, False, True, False, False]


def test_the_gap_shows_what_would_have_followed(walked: Any) -> None:
    lived = walked.data
    assert int(lived.observations["place"][5, 0]) == 0  # where the walk was cut off, and not the start of the next
    assert float(lived.observations["ahead"][5, 0, 0]) == 1.0


def test_the_policy_is_asked_once_a_step_and_once_more(walked: Any) -> None:
    assert np.asarray(walked.data.policy["calls"])[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert np.asarray(walked.data.last["calls"]).tolist() == [8]


def test_a_row_that_finished_is_answered(walked: Any) -> None:
    assert walked.status.tolist() == [Status.ANSWERED]
    assert walked.status.dtype == jnp.int8


def test_a_row_that_its_lane_never_comes_to_is_void() -> None:
    tasks = trails((".....", 4), ("...", 2))
    lived = play(Walk(steps=1, patience=3), script(ON), fresh_lesson(tasks, False, queue=2))
    assert lived.status.tolist() == [Status.ANSWERED, Status.VOID]
    lived = play(Walk(steps=1, patience=3), script(ON), fresh_lesson(tasks, False))
    assert lived.status.tolist() == [Status.ANSWERED, Status.ANSWERED]  # although the first episode goes on


def test_a_play_that_ends_on_a_truncation_knows_what_would_have_followed() -> None:
    seen = play(Walk(steps=3, patience=3), Seer(), fresh_lesson(trails((".....", 4)), False))
    assert lane(seen.data, "truncated") == [False, False, True]
    assert seen.data.last["place"].tolist() == [0]  # 2 → 1 → 0, and not the start again


class Seer(Policy):
    """Walks back and reports where it stands."""

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        return jnp.zeros(fresh.shape, jnp.int32), memory, {"place": observations["place"]}


def test_a_lane_goes_through_its_queue_and_round_again() -> None:
    # Two lanes of two rows. The first walks on: mark of row 0 after 2 steps, of row 1 after 1, of row 0 after 2.
    tasks = trails((".....", 4), ("...", 2), (".....", 0), ("...", 2))
    lived = play(Walk(steps=6, patience=3), script(ON), fresh_lesson(tasks, False, queue=2)).data
    assert lane(lived, "row", 0) == [0, 0, 1, 0, 0, 1]
    assert lane(lived, "terminated", 0) == [False, True, True, False, True, True]
    # The second never meets the mark of row 2; the gap belongs to the row that was cut off.
    assert lane(lived, "row", 1) == [2, 2, 2, 2, 3, 2]
    assert lane(lived, "gap", 1) == [False, False, False, True, False, False]
    assert lane(lived, "fresh", 1) == [True, False, False, False, True, True]


def test_status_counts_each_row_of_a_queue_apart() -> None:
    tasks = trails((".....", 4), (".....", 0), ("...", 2), ("...", 2))
    lived = play(Walk(steps=2, patience=9), script(ON), fresh_lesson(tasks, False, queue=2))
    assert lived.status.tolist() == [Status.ANSWERED, Status.VOID, Status.ANSWERED, Status.ANSWERED]


def test_members_play_their_rows() -> None:
    lesson = fresh_lesson(trails((".....", 4), (".....", 4)), False, who=jnp.array([1, 0], jnp.int32))
    lived = play(Walk(steps=2), script(ON), lesson).data
    assert np.asarray(lived.policy["who"]).tolist() == [[1, 0], [1, 0]]


def test_plays_lengthens_the_play() -> None:
    lived = play(Walk(steps=2), script(ON), fresh_lesson(trails((".....", 4)), False, plays=3)).data
    assert lived.rewards.shape == (6, 1)


def test_the_product_is_that_of_the_last_episode_that_finished() -> None:
    # A design takes three steps: mark, mud, mud. Seven steps are two designs and the beginning of a third.
    policy = script(3, 1, 2, 5, 6, 6, 0)
    env = Trailblazer()
    blanks = Blanks().samples(1, key=jr.key(0))
    once = play(env, policy, fresh_lesson(blanks, False)).made
    assert (int(once.mark[0]), np.flatnonzero(once.mud[0]).tolist()) == (3, [1, 2])
    twice = play(env, policy, fresh_lesson(blanks, False, plays=2)).made
    assert (int(twice.mark[0]), np.flatnonzero(twice.mud[0]).tolist()) == (5, [6])


def test_an_environment_without_a_product_makes_nothing(walked: Any) -> None:
    assert walked.made is None


def test_a_cut_of_an_experience_is_the_experience_of_the_cut() -> None:
    tasks = trails((".....", 4), ("...", 2), (".....", 0), ("...", 2))
    whole = play(Walk(steps=6, patience=3), script(ON), fresh_lesson(tasks, False, queue=2))
    part = whole.take(2, 4, queue=2)
    assert part.status.tolist() == whole.status[2:].tolist()
    assert lane(part.data, "row") == [0, 0, 0, 0, 1, 0]
    assert np.array_equal(part.data.rewards, whole.data.rewards[:, 1:])
    assert np.array_equal(part.data.last["calls"], whole.data.last["calls"][1:])


# --- evaluation ------------------------------------------------------------------------------------------------------


def judge(env: Walk, policy: Policy, lesson: Lesson) -> Any:
    return jax.jit(lambda lesson: env.judge(policy, lesson, key=jr.key(0)))(lesson)


def test_judging_plays_as_many_episodes_as_asked_and_no_step_more() -> None:
    # Walking on: two steps to the end of the long trail, one on the short one, and the mark behind is never met.
    lesson = fresh_lesson(trails((".....", 4), ("...", 2), (".....", 0)), False, plays=3)
    outcome = judge(Walk(patience=7), script(ON), lesson)
    assert outcome.episodes.tolist() == [3, 3, 3]
    assert outcome.steps.tolist() == [6, 3, 21]
    assert outcome.lengths.tolist() == [2.0, 1.0, 7.0]
    assert outcome.solved.tolist() == [1.0, 1.0, 0.0]
    assert np.allclose(outcome.returns, [1 - 2 * TOLL, 1 - TOLL, -7 * TOLL])
    assert np.allclose(outcome.max_returns, outcome.returns)
    assert np.allclose(outcome.optimal_returns, [1 - 2 * TOLL, 1 - TOLL, 1 - 2 * TOLL])
    assert outcome.status.tolist() == [Status.ANSWERED] * 3


def test_judging_stops_when_all_are_done() -> None:
    # Without an early end this would take a hundred million steps.
    outcome = judge(Walk(patience=10**8), script(ON), fresh_lesson(trails(("...", 2)), False))
    assert outcome.steps.tolist() == [1]


class Wanderer(Policy):
    """Goes on with a probability of each member, and remembers nothing."""

    on: Float[Array, " members"]

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        forward = jax.vmap(jr.bernoulli)(keys, self.on[who])
        return jnp.where(forward, ON, BACK), memory, {}


def test_many_episodes_take_turns_and_are_what_each_is_by_itself() -> None:
    rows, plays = 203, 3
    tasks = jax.vmap(lambda k: Trails().sample(key=k))(jr.split(jr.key(1), rows))
    who = jnp.arange(rows, dtype=jnp.int32) % 7
    lesson = fresh_lesson(tasks, False, plays=plays, who=who)
    env, policy = Walk(patience=40), Wanderer(jnp.linspace(0.2, 0.9, 7))
    whole = judge(env, policy, lesson)
    assert len(set(np.asarray(whole.steps).tolist())) > 20  # so that some go on long after others have ended
    pieces = [judge(env, policy, lesson.piece(first, min(first + 30, rows))) for first in range(0, rows, 30)]
    apart = jax.tree.map(lambda *xs: np.concatenate(xs), *pieces)
    for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(apart), strict=True):
        assert np.array_equal(one, other, equal_nan=True)


def test_a_part_of_an_episode_is_judged() -> None:
    # Two steps lead to the mark, one step to the other, and nowhere in the third: half of a limit of 3 is 2 steps.
    lesson = fresh_lesson(trails((".....", 4), ("...", 2), (".....", 0)), False)
    env = Walk(patience=3)
    judge = jax.jit(lambda part: env.judge(script(ON), lesson, key=jr.key(0), part=part))
    outcome = judge(jnp.asarray(0.5))
    assert outcome.lengths.tolist() == [2.0, 1.0, 2.0]
    assert outcome.solved.tolist() == [1.0, 1.0, 0.0]
    assert np.allclose(outcome.returns, [1 - 2 * TOLL, 1 - TOLL, -2 * TOLL])
    assert judge(jnp.asarray(0.1)).lengths.tolist() == [1.0, 1.0, 1.0]
    assert judge(jnp.asarray(1.0)).lengths.tolist() == [2.0, 1.0, 3.0]


def test_means_and_best_are_over_the_episodes_of_a_row() -> None:
    # Mud lets half of the steps fail, so the episodes of a row differ.
    lesson = fresh_lesson(trails(("~~~~~~~", 6)), False, plays=16)
    outcome = judge(Walk(patience=30), script(ON), lesson)
    steps = float(outcome.lengths[0])
    assert 3 < steps < 12
    assert float(outcome.returns[0]) == pytest.approx(1 - TOLL * steps, abs=1e-5)
    assert float(outcome.max_returns[0]) > float(outcome.returns[0])
    assert int(outcome.steps[0]) == round(16 * steps)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_the_key_of_a_row_does_not_depend_on_how_many_rows_there_are() -> None:
    few, many = (jr.key_data(row_keys(jr.key(3), rows)) for rows in (2, 5))
    assert np.array_equal(few, many[:2])
    assert len({tuple(x) for x in np.asarray(many).tolist()}) == 5
    late = jr.key_data(row_keys(jr.key(3), 2, jnp.asarray(3, jnp.int32)))
    assert np.array_equal(late, many[3:])


def test_muddy_rows_play_alike_whoever_plays_beside_them() -> None:
    tasks = trails(("~~~~~~~", 6), ("~~~~~~~", 6), ("~~~~~~~", 6))
    lesson = fresh_lesson(tasks, False)
    env = Walk(patience=9)
    all_three = play(env, script(ON), lesson).data
    two = play(env, script(ON), lesson.take(0, 2)).data
    assert np.array_equal(all_three.rewards[:, :2], two.rewards)
    assert not np.array_equal(all_three.rewards[:, 0], all_three.rewards[:, 1])  # though their tasks are the same
    piece = play(env, script(ON), lesson.piece(1, 3)).data
    assert np.array_equal(all_three.rewards[:, 1:], piece.rewards)


def test_a_piece_of_a_lesson_keeps_its_chance_also_where_lanes_and_rows_differ() -> None:
    muddy = ("~~~~~~~", 6)
    queued = fresh_lesson(trails(*[muddy] * 4), False, queue=2)
    env = Walk(patience=9)
    whole, piece = play(env, script(ON), queued).data, play(env, script(ON), queued.piece(2, 4)).data
    assert np.array_equal(whole.rewards[:, 1:], piece.rewards)
    assert not np.array_equal(whole.rewards[:, 0], whole.rewards[:, 1])
    repeated = fresh_lesson(trails(*[muddy] * 4), False, plays=3)
    all_plays, last = judge(env, script(ON), repeated), judge(env, script(ON), repeated.piece(2, 4))
    assert last.steps.tolist() == all_plays.steps[2:].tolist()
    assert all_plays.steps[:2].tolist() != all_plays.steps[2:].tolist()


def test_who_is_watched_is_judged_as_ever() -> None:
    env = Walk(patience=4)
    parts = Parts(env, ES(hidden=(2,), pairs=1, horizon=Horizon(0.5, 1.0)), Uniform(rows=1, queue=1))
    lesson = fresh_lesson(trails((".....", 0)), False)
    judge = lambda domain, part: domain.judge(script(ON), lesson, key=jr.key(0), part=part).lengths.tolist()
    for part in (0.5, 1.0):
        assert judge(watching(parts).domain, part) == judge(env, part) == [4 * part]
