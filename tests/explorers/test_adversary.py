"""`Adversary`: who plays what, and what the designer is told."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import (
    ArgumentError,
    Experience,
    Learner,
    Lesson,
    Outcome,
    Policy,
    Status,
    Trajectories,
    Uniformly,
    fresh_lesson,
)
from explora.explorers import Adversary, AdversaryState, credited
from explora.learners import measure
from explora.scores import Difficulty, Regret

from ._bits import Bits, among

BITS = Bits(4)


class Told(eqx.Module):
    """What a designer was told last."""

    rewards: Any
    terminated: Any
    learn: Any
    progress: Any
    updates: Any


class Scribe(Learner):
    """A designer that acts at random and writes down what it is told."""

    designs: int = 3

    @property
    def provides(self):
        return frozenset({"policy_gradient"})

    def init(self, domain, *, key):
        shape = (domain.steps, self.designs)
        nothing = jnp.zeros((self.designs,), bool)
        return Told(jnp.zeros(shape), jnp.zeros(shape, bool), nothing, jnp.zeros(()), jnp.zeros((), jnp.int32))

    def policy(self, state) -> Policy:
        return Uniformly(2)

    def measure(self, state, lesson, experience):
        return measure(lesson, experience)

    def update(self, state, lesson, experience, *, key):
        lived = experience.data
        return Told(lived.rewards, lived.terminated, lesson.learn_mask, lesson.progress, state.updates + 1)


PAIRED = Adversary(Scribe(), rows=3)


@eqx.filter_jit
def ask(explorer: Adversary, state: AdversaryState, key: Any) -> tuple[AdversaryState, Lesson]:
    return explorer.ask(state, BITS, "round", key=key)


@eqx.filter_jit
def tell(explorer: Adversary, state: AdversaryState, lesson: Lesson, result: Outcome) -> AdversaryState:
    return explorer.tell(state, BITS, lesson, result, key=jr.key(0))


def played(returns: Any, best: Any, status: Any = None) -> Outcome:
    rows = len(returns)
    status = jnp.full((rows,), Status.ANSWERED, jnp.int8) if status is None else jnp.array(status, jnp.int8)
    return Outcome(status, returns=jnp.array(returns), max_returns=jnp.array(best))


def numbered(lesson: Lesson) -> Lesson:
    done = (jnp.arange(lesson.rows, dtype=jnp.int32), jnp.asarray(0.25))
    return eqx.tree_at(lambda l: (l.id, l.progress), lesson, done, is_leaf=lambda x: x is None)


def test_every_member_plays_every_design():
    _, lesson = ask(PAIRED, PAIRED.init(BITS, key=jr.key(0)), jr.key(1))
    assert lesson.who.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(lesson.tasks[:3], lesson.tasks[3:])
    assert lesson.learn_mask.tolist() == [True] * 6


def test_the_steps_of_designing_are_counted():
    _, lesson = ask(PAIRED, PAIRED.init(BITS, key=jr.key(0)), jr.key(1))
    assert int(lesson.cost) == 3 * 4  # three designs of four bits


def test_the_tasks_are_what_the_designer_wrote():
    """Each step of the studio writes one bit, so the actions are the design."""
    _, lesson = ask(PAIRED, PAIRED.init(BITS, key=jr.key(0)), jr.key(1))
    np.testing.assert_array_equal(lesson.tasks[:3], lesson.memo.experience.data.actions.T)


def test_the_designer_earns_the_regret_at_its_last_step():
    """Antagonist's best − protagonist's mean: 0.7 − 0.2, 0.4 − 0.1, and 0.1 − 0.9 clipped to 0."""
    state, lesson = ask(PAIRED, PAIRED.init(BITS, key=jr.key(0)), jr.key(1))
    result = played([0.2, 0.1, 0.9, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.7, 0.4, 0.1])
    state = tell(PAIRED, state, numbered(lesson), result)
    np.testing.assert_allclose(state.designer.rewards, [[0.0] * 3] * 3 + [[0.5, 0.3, 0.0]], atol=1e-6)
    assert state.designer.terminated[-1].tolist() == [True] * 3
    assert state.designer.learn.tolist() == [True] * 3
    assert float(state.designer.progress) == 0.25
    np.testing.assert_allclose(state.score, [0.5, 0.3, 0.0], atol=1e-6)
    assert state.id.tolist() == [0, 1, 2]


def test_a_design_that_somebody_did_not_finish_teaches_nothing():
    state, lesson = ask(PAIRED, PAIRED.init(BITS, key=jr.key(0)), jr.key(1))
    status = [Status.ANSWERED] * 4 + [Status.VOID, Status.ANSWERED]
    after = tell(PAIRED, state, numbered(lesson), played([0.0] * 6, [1.0] * 6, status))
    assert after.designer.learn.tolist() == [True, False, True]
    assert PAIRED.archive(after).filled.tolist() == [True, False, True]


def test_without_any_judgement_the_designer_does_not_change():
    state, lesson = ask(PAIRED, PAIRED.init(BITS, key=jr.key(0)), jr.key(1))
    after = tell(PAIRED, state, numbered(lesson), played([0.0] * 6, [1.0] * 6, [Status.VOID] * 6))
    assert int(after.designer.updates) == 0
    assert all(bool(jnp.isfinite(x)) for x in PAIRED.metrics(after).values())


def test_tasks_that_somebody_else_made_are_none_of_its_business():
    state = PAIRED.init(BITS, key=jr.key(0))
    foreign = fresh_lesson(jnp.zeros((2, 4), jnp.uint8), True)
    assert int(tell(PAIRED, state, foreign, played([0.0] * 2, [1.0] * 2)).designer.updates) == 0


def test_the_minimax_adversary_has_one_opponent():
    """It earns the negative mean return."""
    explorer = Adversary(Scribe(), rows=3, members=1, score=Difficulty())
    state, lesson = ask(explorer, explorer.init(BITS, key=jr.key(0)), jr.key(1))
    assert lesson.who is None
    after = tell(explorer, state, numbered(lesson), played([0.25, 0.5, 1.0], [1.0] * 3))
    assert after.designer.rewards[-1].tolist() == [-0.25, -0.5, -1.0]
    assert explorer.needs == {"returns", "studio"}


def trajectories(terminated: Any, truncated: Any) -> Trajectories:
    terminated, truncated = jnp.array(terminated), jnp.array(truncated)
    steps, lanes = terminated.shape
    no = jnp.zeros((steps, lanes), bool)
    none = jnp.zeros((steps, lanes))
    row = jnp.broadcast_to(jnp.arange(lanes, dtype=jnp.int32), (steps, lanes))
    return Trajectories(none, none, none + 0.125, terminated, truncated, no, no, no, row, {}, {})


def test_credit_ends_the_episode_that_made_the_design():
    """Lane 0 terminates at the last step, lane 1 was cut off one step before, lane 2 never ended."""
    lived = trajectories(
        [[False] * 3, [False] * 3, [True, False, False]], [[False] * 3, [False, True, False], [False] * 3]
    )
    after = credited(Experience(jnp.ones((3,), jnp.int8), lived), jnp.array([1.0, 2.0, 4.0])).data
    assert (after.rewards - 0.125).tolist() == [[0.0] * 3, [0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]
    assert after.terminated.tolist() == [[False] * 3, [False, True, False], [True, False, False]]
    assert not bool(after.truncated.any())


class Closed(Bits):
    def studio(self):
        return None


class Rivals(Learner):
    members: int = 2  # pyright: ignore[reportIncompatibleMethodOverride]


class Deaf(Scribe):
    @property
    def provides(self):
        return frozenset()


def test_what_it_cannot_work_with():
    assert PAIRED.needs == {"returns", "max_returns", "studio", "members"}
    rivals = replace(among(BITS, PAIRED), learner=Rivals())
    assert PAIRED.refuses(rivals) is None
    assert "has no `studio`; use Replay" in PAIRED.refuses(among(Closed(4), PAIRED))
    assert "Deaf does not learn from rewards" in replace(PAIRED, designer=Deaf()).refuses(rivals)
    with pytest.raises(ArgumentError, match=r"`members` must be that of the score, got members=3 and a Regret of 2"):
        Adversary(Scribe(), members=3, score=Regret())


@pytest.mark.parametrize("members", [1, 4])
def test_the_learner_must_have_as_many_members(members: int):
    """Four players in blocks of two would be compared as if they were two, and nobody would notice."""
    parts = replace(among(BITS, PAIRED), learner=Rivals(members=members))
    reason = PAIRED.refuses(parts)
    assert "`members`=2 players of every design, but the Rivals has " + str(members) in reason
    assert "set the learner's `members` to 2" in reason


def test_who_says_nothing_of_members_has_one():
    minimax = Adversary(Scribe(), rows=3, members=1, score=Difficulty())
    assert minimax.refuses(among(BITS, minimax)) is None
    assert "the learner's `members` to 1" in minimax.refuses(replace(among(BITS, minimax), learner=Rivals()))
