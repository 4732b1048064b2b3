"""One turn of the loop, with parts that write down what they are told."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import NEW, Explorer, Lesson, Parts, Status, fresh_lesson
from explora.loop import State, init, step
from explora.testing import Linear, Trail, Trails, Walk

ROOT = jr.key(7)


class Told(eqx.Module):
    """What `Clerk` writes down: how often it was asked, and of the last lesson the numbers, states and memo."""

    asked: Any
    ids: Any
    parents: Any
    status: Any
    memo: Any
    progress: Any


class Clerk(Explorer[Told, Trail]):
    """Asks for four tasks. In the phase `mixed` two of them have numbers already."""

    learn: bool = True
    span: bool = False
    mask: bool = False

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return (("fresh", 2), ("mixed", 1))

    def init(self, space: Any, *, key: Any) -> Told:
        nobody = jnp.full((4,), NEW, jnp.int32)
        zero = jnp.zeros((), jnp.int32)
        return Told(zero, nobody, nobody, jnp.zeros((4,), jnp.int8), zero, jnp.zeros(()))

    def ask(self, state: Told, space: Any, phase: str, *, key: Any) -> tuple[Told, Lesson]:
        tasks = space.samples(4, key=key)
        ids = jnp.array([NEW, 0, NEW, 1] if phase == "mixed" else [NEW] * 4, jnp.int32)
        parents = jnp.where(ids == NEW, 0 if phase == "mixed" else NEW, NEW).astype(jnp.int32)
        learn = jnp.array([False, False, True, True]) if self.mask or self.span else self.learn
        memo = 10 * state.asked
        span = (2, 4) if self.span else None
        lesson = fresh_lesson(tasks, learn, id=ids, parent=parents, memo=memo, span=span, phase=phase)
        return eqx.tree_at(lambda s: s.asked, state, state.asked + 1), lesson

    def tell(self, state: Told, space: Any, lesson: Lesson, outcome: Any, *, key: Any) -> Told:
        memo = jnp.asarray(-1, jnp.int32) if lesson.memo is None else lesson.memo
        return Told(state.asked, lesson.id, lesson.parent, outcome.status, memo, lesson.progress)


class Builder(Clerk):
    """Making its tasks takes five steps."""

    def ask(self, state: Told, space: Any, phase: str, *, key: Any) -> tuple[Told, Lesson]:
        state, lesson = super().ask(state, space, phase, key=key)
        return state, eqx.tree_at(lambda l: l.cost, lesson, jnp.asarray(5), is_leaf=lambda x: x is None)


class Late(Walk):
    """A person plays: only the first row is answered today."""

    def play(self, policy: Any, lesson: Lesson, *, key: Any) -> Any:
        experience = super().play(policy, lesson, key=key)
        first = jnp.where(jnp.arange(lesson.rows) == 0, Status.ANSWERED, Status.WAITING).astype(jnp.int8)
        return eqx.tree_at(lambda e: e.status, experience, first)


@eqx.filter_jit
def turn(parts: Parts, state: State, phase: str | None = None, lesson: Lesson | None = None) -> Any:
    return step(parts, state, root=ROOT, phase=phase, lesson=lesson)


def parts(domain: Any = None, **fields: Any) -> Parts:
    return Parts(domain or Walk(), Linear(), Clerk(**fields))


@pytest.fixture(scope="module")
def three() -> list[Any]:
    """Three turns in the order of the rhythm, as (state, event)."""
    own, found = parts(), []
    state = init(own, key=jr.key(0), budget=150.0)
    for phase in ("fresh", "fresh", "mixed"):
        state, event = turn(own, state, phase)
        found.append((state, event))
    return found


def test_new_tasks_are_numbered_in_order_and_others_keep_their_number(three: list[Any]) -> None:
    assert [state.explorer.ids.tolist() for state, _ in three] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 0, 9, 1]]
    assert [int(state.tasks) for state, _ in three] == [4, 8, 10]
    assert three[2][0].explorer.parents.tolist() == [0, NEW, 0, NEW]
    assert three[2][1].lesson.id.tolist() == [8, 0, 9, 1]


def test_the_explorer_gets_its_memo_back(three: list[Any]) -> None:
    assert [int(state.explorer.memo) for state, _ in three] == [0, 10, 20]


def test_making_a_lesson_is_counted_once() -> None:
    own = Parts(Walk(), Linear(), Builder())
    state, event = turn(own, init(own, key=jr.key(0)))
    made = 5 + int(np.sum(event.outcome.steps))
    assert int(state.spent.steps) == made
    again, event = turn(own, state, None, event.lesson)  # the same lesson once more, not asked for
    assert int(again.spent.steps) == made + int(np.sum(event.outcome.steps))


def test_turns_are_counted(three: list[Any]) -> None:
    assert [int(state.turn) for state, _ in three] == [1, 2, 3]


def test_everything_spent_is_counted(three: list[Any]) -> None:
    steps = episodes = 0
    for number, (state, event) in enumerate(three):
        steps += int(np.sum(event.outcome.steps))
        episodes += int(np.sum(event.outcome.episodes))
        assert int(state.spent.steps) == steps
        assert int(state.spent.episodes) == episodes
        assert int(state.spent.updates) == number + 1
        assert int(state.spent.calls) == 0
    assert 3 * 4 * 16 * 0.7 < steps <= 3 * 4 * 16  # 16 steps a play, less the gaps


def test_schedules_hear_how_far_the_run_has_come(three: list[Any]) -> None:
    spent = int(three[0][0].spent.steps)
    assert float(three[0][0].explorer.progress) == 0.0  # the first lesson, before anything was spent
    assert float(three[1][0].explorer.progress) == pytest.approx(spent / 150.0)
    assert float(three[2][0].progress) == 1.0  # more than the budget is still all of it


def test_nobody_learns_where_learn_is_a_plain_false() -> None:
    own = parts(learn=False)
    before = init(own, key=jr.key(0))
    after, event = turn(own, before)
    assert np.array_equal(before.learner.actor, after.learner.actor)
    assert int(after.spent.updates) == 0
    assert int(after.spent.steps) == int(np.sum(event.outcome.steps)) > 0


def test_the_learner_learns_where_a_row_is_to_be_learned_and_answered() -> None:
    own = parts(mask=True)
    before = init(own, key=jr.key(0))
    after, _ = turn(own, before)
    assert not np.array_equal(before.learner.actor, after.learner.actor)
    assert int(after.spent.updates) == 1


class Refused(Walk):
    """Everything that is played turns out to be worthless."""

    def play(self, policy: Any, lesson: Lesson, *, key: Any) -> Any:
        experience = super().play(policy, lesson, key=key)
        return eqx.tree_at(lambda e: e.status, experience, jnp.full_like(experience.status, Status.VOID))


def test_episodes_that_go_on_make_no_outcome_but_are_learned_from() -> None:
    own = parts(Walk(space=Trails(64), steps=1, patience=9))  # hardly any trail is that short
    before = init(own, key=jr.key(0))
    after, event = turn(own, before)
    assert event.outcome.status.tolist() == [Status.VOID] * 4
    assert not np.array_equal(before.learner.actor, after.learner.actor)
    assert int(after.spent.updates) == 1


def test_nobody_learns_from_what_was_refused() -> None:
    own = parts(Refused())
    before = init(own, key=jr.key(0))
    after, event = turn(own, before)
    assert event.outcome.status.tolist() == [Status.VOID] * 4
    assert np.array_equal(before.learner.actor, after.learner.actor)
    assert int(after.spent.updates) == 0


def test_a_span_changes_the_cost_and_not_the_result() -> None:
    whole, span = (turn(own, init(own, key=jr.key(0)))[0] for own in (parts(mask=True), parts(span=True)))
    assert np.allclose(whole.learner.actor, span.learner.actor, atol=1e-6)
    assert np.allclose(whole.learner.critic, span.learner.critic, atol=1e-6)


def test_rows_that_wait_are_told_as_waiting() -> None:
    own = parts(Late(), mask=True)  # learns from rows 2 and 3, which wait
    before = init(own, key=jr.key(0))
    after, _ = turn(own, before)
    assert after.explorer.status.tolist() == [Status.ANSWERED] + [Status.WAITING] * 3
    assert np.array_equal(before.learner.actor, after.learner.actor)


def test_a_lesson_that_is_given_is_played_instead_of_asking() -> None:
    own = parts()
    state = init(own, key=jr.key(0))
    tasks = Trails().samples(4, key=jr.key(5))
    given = fresh_lesson(tasks, True, id=jnp.array([NEW, 70, NEW, 71], jnp.int32))
    after, event = turn(own, state, None, given)
    assert int(after.explorer.asked) == 0
    assert int(after.explorer.memo) == -1  # told, though it has no memo
    assert after.explorer.ids.tolist() == [0, 70, 1, 71]
    assert jax.tree.all(jax.tree.map(np.array_equal, event.lesson.tasks, tasks))


def test_the_turn_is_a_function_of_root_and_turn_alone() -> None:
    own = parts()
    state = init(own, key=jr.key(0))
    first, again = turn(own, state)[1], turn(own, state)[1]
    assert np.array_equal(first.experience.data.actions, again.experience.data.actions)
    later = turn(own, eqx.tree_at(lambda s: s.turn, state, jnp.asarray(1, jnp.int32)))[1]
    assert not np.array_equal(first.lesson.tasks.mud, later.lesson.tasks.mud)


def test_a_run_begins_only_with_parts_that_fit() -> None:
    from explora.core import CombinationError

    class Demanding(Clerk):
        @property
        def needs(self) -> frozenset[str]:
            return frozenset({"gradient"})

    with pytest.raises(CombinationError, match="Demanding needs gradient"):
        init(Parts(Walk(), Linear(), Demanding()), key=jr.key(0))
