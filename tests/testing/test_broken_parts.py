"""A suite is worth what it refuses: parts that are broken on purpose, and the sentence that each of them meets."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora import loop
from explora.core import ArgumentError, Parts, Step
from explora.testing import (
    BrokenLaw,
    Carousel,
    Conformance,
    EnvironmentSuite,
    ExplorerSuite,
    LearnerSuite,
    Linear,
    SpaceSuite,
    Trail,
    Trails,
    Walk,
    check_environment,
    check_explorer,
    check_learner,
    check_run,
    check_space,
)


def refused(suite: type[Conformance], part: Any, law: str, sentence: str, **fields: Any) -> None:
    """One law of a suite refuses the part with that sentence."""
    own = type(suite.__name__, (suite,), {"part": lambda self: part, **fields})()
    with pytest.raises(BrokenLaw, match=sentence):
        getattr(own, law)()


# --- spaces ----------------------------------------------------------------------------------------------------------


class AnyMark(Trails):
    def sample(self, *, key: Any) -> Trail:
        trail = super().sample(key=key)
        return eqx.tree_at(lambda t: t.mark, trail, trail.length // jnp.uint8(2))


class Endless(Trails):
    def mutate(self, task: Trail, *, key: Any) -> Trail:
        return eqx.tree_at(lambda t: t.length, task, task.length + jnp.uint8(1))


class Rounds(Trails):
    def encode(self, task: Trail) -> dict[str, Any]:
        return super().encode(task) | {"toll": round(float(task.toll), 3)}


class Keyless(Trails):
    def sample(self, *, key: Any) -> Trail:
        return super().sample(key=jr.key(0))


class Padded(Trails):
    def canonical(self, task: Trail) -> Trail:
        return task


class Boundless(Trails):
    def feature_bounds(self) -> Any:
        low, high = super().feature_bounds()
        return low, high - 1.0


class Credulous(Trails):
    def decode(self, value: Any) -> Trail:
        return super().decode({"cells": value["cells"], "mark": value["mark"], "toll": value["toll"]})


class Forgetful(Trails):
    def encode(self, task: Trail) -> dict[str, Any]:
        return super().encode(task) | {"mark": 0}


@pytest.mark.parametrize(
    ("space", "law", "sentence"),
    [
        (AnyMark(), "test_samples_are_valid", "AnyMark: `sample` gave tasks that are not `valid`, such as {'cells'"),
        (Endless(), "test_mutants_are_valid", "`mutate` gave tasks that are not `valid`"),
        (Rounds(), "test_decode_undoes_encode", "`decode` does not undo `encode`: at .toll"),
        (Keyless(), "test_samples_vary", "does it use its key"),
        (Padded(), "test_zeros_have_one_sign", "tells -0.0 from 0.0"),
        (Boundless(), "test_features_are_named_finite_and_bounded", "feature 'length' left its bounds"),
        (Credulous(), "test_decode_refuses_rubbish", "raised TypeError, not TaskError"),
        (Forgetful(), "test_addresses_and_fingerprints_tell_programs_apart", "disagree whether these are the same"),
    ],
)
def test_broken_spaces_are_refused(space: Trails, law: str, sentence: str) -> None:
    refused(SpaceSuite, space, law, sentence)


def test_padding_that_changes_an_address_is_refused() -> None:
    def disguises(self: Any, task: Trail) -> list[Trail]:
        return [eqx.tree_at(lambda t: t.mud, task, task.mud | (jnp.arange(8) >= task.length.astype(jnp.int32)))]

    law = "test_a_disguise_changes_no_address"
    refused(SpaceSuite, Padded(), law, "changes with what means nothing", disguises=disguises, SEED=1)


# --- environments ----------------------------------------------------------------------------------------------------


class Impatient(Walk):
    def step(self, world: Any, state: Any, action: Any, *, key: Any) -> Step:
        after = super().step(world, state, action, key=key)
        return after._replace(terminated=after.terminated | after.truncated, truncated=jnp.zeros((), bool))


class TwoEnds(Walk):
    def step(self, world: Any, state: Any, action: Any, *, key: Any) -> Step:
        after = super().step(world, state, action, key=key)
        return after._replace(truncated=after.truncated | after.terminated)


class Stretched(Walk):
    def limit(self, world: Any) -> int:
        return self.patience - 3


class Leaky(Walk):
    def observe(self, world: Any, state: Any) -> Any:
        return super().observe(world, state) | {"place": state.place + 5}


class Sociable(Walk):
    def play(self, policy: Any, lesson: Any, *, key: Any) -> Any:
        return super().play(policy, lesson, key=jr.fold_in(key, lesson.rows))


class Modest(Walk):
    def optimal_return(self, world: Any) -> Any:
        return jnp.asarray(0.1, jnp.float32)


class Growing(Walk):
    def step(self, world: Any, state: Any, action: Any, *, key: Any) -> Step:
        after = super().step(world, state, action, key=key)
        return after._replace(reward=jnp.stack([after.reward, after.reward]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "law", "sentence"),
    [
        (Impatient(), "test_the_time_limit_is_a_truncation", "is terminated, not truncated"),
        (TwoEnds(), "test_an_episode_ends_in_one_way", "both terminated and truncated"),
        (Stretched(), "test_no_episode_outlives_its_limit", "went on after the 7 steps that `limit` allows"),
        (Leaky(), "test_observations_match_their_spec", r"\['place'\] left \[0, 7\]"),
        (Sociable(), "test_a_row_does_not_depend_on_its_batch", "another way when others were played beside them"),
        (Sociable(), "test_judge_agrees_with_play", "the first episode of `play` has"),
        (Modest(), "test_nobody_beats_the_optimum", "more than `optimal_return` says"),
        (Growing(), "test_a_step_keeps_the_shapes_of_the_state", r"one float32 as reward, got float32\[2\]"),
    ],
)
def test_broken_environments_are_refused(environment: Walk, law: str, sentence: str) -> None:
    refused(EnvironmentSuite, environment, law, sentence, COUNT=32)


# --- learners --------------------------------------------------------------------------------------------------------


class Restless(Linear):
    def play(self, state: Any, domain: Any, lesson: Any, *, key: Any) -> Any:
        state, experience, outcome = super().play(state, domain, lesson, key=key)
        return eqx.tree_at(lambda s: s.actor, state, state.actor + 1.0), experience, outcome


class Greedy(Linear):
    def update(self, state: Any, lesson: Any, experience: Any, *, key: Any) -> Any:
        lesson = eqx.tree_at(lambda l: l.learn, lesson, jnp.ones((lesson.rows,), bool))
        return super().update(state, lesson, experience, key=key)


class Undeterred(Linear):
    def update(self, state: Any, lesson: Any, experience: Any, *, key: Any) -> Any:
        experience = eqx.tree_at(lambda e: e.status, experience, jnp.ones_like(experience.status))
        return super().update(state, lesson, experience, key=key)


class Boastful(Linear):
    @property
    def provides(self) -> frozenset[str]:
        return super().provides | {"disagreement"}


class Idle(Linear):
    def update(self, state: Any, lesson: Any, experience: Any, *, key: Any) -> Any:
        return state


class Fickle(Linear):
    def metrics(self, state: Any) -> Any:
        return {"loss": state.loss} if float(state.loss) == 0.0 else {"error": state.loss}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("learner", "law", "sentence"),
    [
        (Restless(), "test_play_leaves_the_policy_as_it_was", "`play` changed the policy"),
        (Greedy(), "test_rows_that_are_not_to_be_learned_change_nothing", "of which `learn` is not set"),
        (Undeterred(), "test_rows_that_are_not_answered_change_nothing", "rows that are VOID"),
        (Boastful(), "test_measure_gives_what_is_provided", "names 'disagreement', but outcome.disagreement is None"),
        (Idle(), "test_update_learns_something", "changed nothing"),
        (Fickle(), "test_metrics_have_the_same_names_always", "changed its names"),
    ],
)
def test_broken_learners_are_refused(learner: Linear, law: str, sentence: str) -> None:
    refused(LearnerSuite, learner, law, sentence)


# --- explorers -------------------------------------------------------------------------------------------------------


class Hasty(Carousel):
    def tell(self, state: Any, space: Any, lesson: Any, outcome: Any, *, key: Any) -> Any:
        all_answered = eqx.tree_at(lambda o: o.status, outcome, jnp.ones_like(outcome.status))
        return super().tell(state, space, lesson, all_answered, key=key)


class Gullible(Carousel):
    def tell(self, state: Any, space: Any, lesson: Any, outcome: Any, *, key: Any) -> Any:
        finite = eqx.tree_at(lambda o: o.returns, outcome, jnp.nan_to_num(outcome.returns, neginf=0.0))
        return super().tell(state, space, lesson, finite, key=key)


class Hoarder(Carousel):
    def tell(self, state: Any, space: Any, lesson: Any, outcome: Any, *, key: Any) -> Any:
        state = super().tell(state, space, lesson, outcome, key=key)
        last = jnp.where(jnp.any(outcome.answered), state.id[0], state.id[-1])
        return eqx.tree_at(lambda a: a.id, state, state.id.at[-1].set(last))


class Clingy(Carousel):
    def ask(self, state: Any, space: Any, phase: str, *, key: Any) -> Any:
        state, lesson = super().ask(state, space, phase, key=key)
        return state, eqx.tree_at(lambda l: l.memo, lesson, jnp.zeros(()), is_leaf=lambda x: x is None)

    def tell(self, state: Any, space: Any, lesson: Any, outcome: Any, *, key: Any) -> Any:
        score = state.score + 0.0 * lesson.memo
        return super().tell(eqx.tree_at(lambda a: a.score, state, score), space, lesson, outcome, key=key)


class Inventive(Carousel):
    def ask(self, state: Any, space: Any, phase: str, *, key: Any) -> Any:
        state, lesson = super().ask(state, space, phase, key=key)
        return state, eqx.tree_at(lambda l: l.parent, lesson, jnp.full((self.rows,), 10_000, jnp.int32))


class Careless(Carousel):
    def ask(self, state: Any, space: Any, phase: str, *, key: Any) -> Any:
        state, lesson = super().ask(state, space, phase, key=key)
        return state, eqx.tree_at(lambda l: l.tasks.mark, lesson, jnp.full((self.rows,), 99, jnp.uint8))


class Shadowing(Carousel):
    done: float = 0.5


class Overdone(Carousel):
    def done(self, state: Any) -> float:
        return 1.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("explorer", "law", "sentence"),
    [
        (Hasty(), "test_waiting_rows_change_nothing", "changed the state where all rows wait"),
        (Hasty(), "test_what_a_waiting_row_says_is_ignored", "read the outcome of rows that wait"),
        (Hasty(), "test_void_tasks_are_not_kept", "holds tasks that were VOID"),
        (Gullible(), "test_scores_that_are_no_numbers_are_not_kept", "everything measured is nan"),
        (Hoarder(), "test_a_task_is_kept_once", "holds a task more than once"),
        (Clingy(), "test_foreign_lessons_are_taken", "`tell` failed on a lesson that the explorer did not ask for"),
        (Inventive(), "test_numbers_are_of_tasks_that_were_asked_for", "`parent` names tasks that nobody has numbered"),
        (Careless(), "test_lessons_hold_valid_tasks", "gave tasks that are not `valid`"),
        (Shadowing(), "test_it_says_how_far_it_has_come", "a field hides `done`"),
        (Overdone(), "test_it_says_how_far_it_has_come", "`done` must be None or in"),
    ],
)
def test_broken_explorers_are_refused(explorer: Carousel, law: str, sentence: str) -> None:
    refused(ExplorerSuite, explorer, law, sentence, TURNS=3)


# --- runs ------------------------------------------------------------------------------------------------------------


class Hidden(Carousel):
    """Remembers something outside its state."""

    hosted = True
    calls: list = eqx.field(static=True, default_factory=list)

    def ask(self, state: Any, space: Any, phase: str, *, key: Any) -> Any:
        self.calls.append(phase)
        return super().ask(state, space, phase, key=jr.fold_in(key, len(self.calls)))


class Unkeyed(Carousel):
    """Takes its chance from NumPy: once when compiled, anew in plain Python."""

    chance: Any = eqx.field(static=True, default_factory=lambda: np.random.default_rng(0))

    def ask(self, state: Any, space: Any, phase: str, *, key: Any) -> Any:
        return super().ask(state, space, phase, key=jr.key(self.chance.integers(1000)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (Parts(Walk(), Linear(), Hidden()), "3 turns are not 1 turns, an evaluation and 2 turns"),
        (Parts(Walk(), Linear(), Unkeyed()), "the compiled and the hosted way disagree"),
    ],
)
def test_broken_runs_are_refused(parts: Parts, sentence: str) -> None:
    with pytest.raises(BrokenLaw, match=sentence):
        check_run(parts, split=(1, 2), hosted=2)


@pytest.mark.slow
def test_a_loop_that_compiles_for_every_length_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wasteful(parts: Parts, state: Any, *, root: Any, turns: int, capacity: int) -> Any:
        jax.jit(lambda x: x + 1.0)(jnp.zeros((turns,)))
        return loop.chunk(parts, state, root=root, turns=turns, capacity=capacity)

    monkeypatch.setattr("explora.testing._run_check.chunk", wasteful)
    with pytest.raises(BrokenLaw, match=r"a chunk of another length was compiled anew \(.*lambda"):
        check_run(Parts(Walk(), Linear(), Carousel()), split=(1, 2), hosted=1)


# --- the functions that need no pytest -------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_functions_raise_what_the_suites_raise() -> None:
    with pytest.raises(BrokenLaw, match="AnyMark"):
        check_space(AnyMark(), COUNT=4)
    with pytest.raises(BrokenLaw, match="Growing"):
        check_environment(Growing(), COUNT=2)
    with pytest.raises(BrokenLaw, match="Restless"):
        check_learner(Restless())
    with pytest.raises(BrokenLaw, match="Careless"):
        check_explorer(Careless(), TURNS=3)


def test_a_setting_that_no_suite_has_is_refused() -> None:
    with pytest.raises(ArgumentError, match="SpaceSuite has no setting 'COUNTS'"):
        check_space(Trails(), COUNTS=4)


def test_a_suite_without_a_part_says_what_to_give() -> None:
    with pytest.raises(NotImplementedError, match="give SpaceSuite its part"):
        SpaceSuite().test_samples_are_valid()


def test_what_is_kept_is_kept_for_each_suite_apart() -> None:
    class First(Conformance):
        def part(self) -> str:
            return "first"

    class Second(First):
        def part(self) -> str:
            return "second"

    assert (First().subject, Second().subject, First().subject) == ("first", "second", "first")


def test_differences_say_where() -> None:
    from explora.testing._suite import difference

    tree = {"a": jnp.arange(3), "b": (jnp.array([0.0, jnp.nan]), "text")}
    assert difference(tree, tree) is None
    other = {"a": jnp.arange(3), "b": (jnp.array([-0.0, jnp.nan]), "text")}
    assert difference(tree, other) == "at ['b'][0]: 1 of 2 entries, first 0.0 against -0.0 at [0]"
    assert difference(tree, other, 1e-6) is None
    assert difference(tree, {"a": jnp.arange(3)}) == "their trees have different leaves"
    assert difference(jnp.zeros(2), jnp.zeros(2, jnp.int32)) == "at the only leaf: float32[2] against int32[2]"
    assert difference({"b": "text"}, {"b": "else"}) == "at ['b']: 'text' against 'else'"
    assert difference(jax.random.key(0), jax.random.key(1)) is not None
