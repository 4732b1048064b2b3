"""POET against hand-worked cases, and the defects of the released code that must not come back."""

import dataclasses
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, CombinationError, Outcome, Parts, Status, build, spec
from explora.explorers.niches import NOBODY, Criterion, Niches
from explora.explorers.niches._contest import admissible, first_alike, judge, open_contest, opinion, place_for
from explora.learners import ES, PPO
from explora.testing import ExplorerSuite
from explora.testing._toys import Trails, Walk

KEY = jr.key(0)
LOW = -jnp.inf


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["poet", "enhanced"])
class TestLaws(ExplorerSuite):
    @pytest.fixture(autouse=True)
    def _rule(self, rule):
        self.rule = rule

    def part(self):
        return Niches(capacity=3, children=4, every=1, transfers=1, rule=getattr(self, "rule", "poet"))


# Three agents (rows) in three niches (columns).
SCORES = jnp.array([[100.0, 90.0, 10.0], [150.0, 120.0, 50.0], [20.0, 130.0, 60.0]])
OWN = jnp.array([100.0, 120.0, 60.0])


def test_by_poets_rule_whoever_is_better_wins_at_once():
    contest = jax.jit(partial(open_contest, tries=2))(SCORES, OWN, None)
    assert contest.best.tolist() == [150.0, 130.0, 60.0]
    assert contest.winner.tolist() == [1, 2, 2]
    assert contest.sources.tolist() == [[1, 2, 1], [2, 0, 0]]  # the best strangers first


def test_by_the_enhanced_rule_only_what_learned_there_can_win():
    bar = jnp.array([140.0, 135.0, 60.0])  # the best of the last five returns
    contest = jax.jit(partial(open_contest, tries=2))(SCORES, OWN, bar)
    assert contest.winner.tolist() == [0, 1, 2]
    assert contest.sources.tolist() == [[1, NOBODY, NOBODY], [NOBODY] * 3]
    keepers, scratch = jnp.array([3, 4, 5]), jnp.array([6, 7, 8])
    after, better = jax.jit(judge)(contest, jnp.array([139.0, LOW, LOW]), keepers, scratch)
    assert not np.any(better)  # better than the incumbent's last return, but not than its best
    after, better = jax.jit(judge)(contest, jnp.array([141.0, LOW, LOW]), keepers, scratch)
    assert better.tolist() == [True, False, False]
    assert after.winner.tolist() == [3, 1, 2]
    assert after.origin.tolist() == [1, 1, 2]  # the keeper holds a copy of agent 1
    again, better = jax.jit(judge)(after, jnp.array([140.5, LOW, LOW]), keepers, scratch)
    assert again.best.tolist() == after.best.tolist()
    assert int(again.turn) == 2


def test_a_child_has_no_incumbent():
    contest = jax.jit(partial(open_contest, tries=1))(SCORES[:, :2], None, None)
    assert contest.winner.tolist() == [1, 2]
    assert contest.sources.tolist() == [[1, 2]]
    nobody = jax.jit(partial(open_contest, tries=1))(jnp.full((3, 2), LOW), None, None)
    assert nobody.winner.tolist() == [NOBODY, NOBODY]
    assert nobody.sources.tolist() == [[NOBODY, NOBODY]]


def test_the_most_novel_child_within_the_criterion_is_admitted():
    best, novelty = jnp.array([40.0, 290.0, 301.0, 60.0]), jnp.array([9.0, 1.0, 8.0, 2.0])
    choose = jax.jit(lambda fit, count: admissible(fit, best, novelty, 50.0, 300.0, count), static_argnums=1)
    assert choose(jnp.ones((4,), bool), 2).tolist() == [3, 1]
    assert choose(jnp.array([True, True, True, False]), 2).tolist() == [1, 4]  # 4: nobody


def test_opinions_of_a_task_nobody_can_do_are_equal_and_one_agent_is_no_number_problem():
    """Released: arbitrary ranks for ties, and 0/0 for one agent."""
    say = jax.jit(lambda scores, filled: opinion(scores, filled, 50.0, 300.0))
    scores = jnp.array([[10.0, 400.0, 100.0], [-5.0, 350.0, 200.0], [LOW, 60.0, 150.0], [45.0, 70.0, 150.0]])
    found = np.asarray(say(scores, jnp.ones((4,), bool)))
    assert np.allclose(found[0], 0.0, atol=1e-6)
    assert np.allclose(found[1], [1 / 3, 1 / 3, -0.5, -1 / 6], atol=1e-6)
    assert np.allclose(found[2], [-0.5, 0.5, 0.0, 0.0], atol=1e-6)
    one = np.asarray(say(scores, jnp.array([True, False, False, False])))
    assert np.all(one == 0.0)


def test_twins_and_places():
    points = jnp.array([[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]])
    assert jax.jit(first_alike)(points).tolist() == [True, False, True]
    born = jnp.array([0, 5, 2], jnp.int32)
    assert int(place_for(jnp.array([True, True, True]), born)) == 0
    assert int(place_for(jnp.array([True, False, True]), born)) == 1


def test_impossible_niches_are_refused():
    with pytest.raises(ArgumentError, match="`capacity`"):
        Niches(capacity=0)
    with pytest.raises(ArgumentError, match="`low` must be below `high`"):
        Niches(criterion=Criterion(low=300.0, high=50.0))
    niches = Niches(capacity=3, children=4)
    assert niches.members == 11
    with pytest.raises(CombinationError, match=r"use ES\(members=11\)"):
        Parts(Walk(), ES(members=5), niches).check()
    with pytest.raises(CombinationError, match="members"):
        Parts(Walk(), PPO(), niches).check()
    assert Parts(Walk(), ES(members=11), niches).check()
    assert build(spec(niches)) == niches


class Play:
    """Turns by hand: what the learner would have got is given."""

    def __init__(self, niches: Niches):
        self.niches, self.space = niches, Trails()
        self.state = niches.init(self.space, key=KEY)
        self.number, self.turn = 0, 0
        self.asks = {name: eqx.filter_jit(self._asker(name)) for name in dict(niches.rhythm)}
        self.tells = eqx.filter_jit(lambda s, l, o: niches.tell(s, self.space, l, o, key=KEY))

    def _asker(self, phase):
        return lambda state, key: self.niches.ask(state, self.space, phase, key=key)

    def __call__(self, phase: str, returns):
        """One turn; `returns` is called with the players and gives what they got."""
        self.turn += 1
        self.state, lesson = self.asks[phase](self.state, jr.fold_in(KEY, self.turn))
        fresh = np.asarray(lesson.id) == -1
        numbers = np.where(fresh, self.number + np.cumsum(fresh) - 1, np.asarray(lesson.id))
        self.number += int(fresh.sum())
        lesson = dataclasses.replace(lesson, id=jnp.asarray(numbers, jnp.int32))
        who = np.asarray(lesson.who)
        got = np.where(who == NOBODY, 0.0, returns(who)).astype(np.float32)
        status = np.where(who == NOBODY, Status.VOID, Status.ANSWERED).astype(np.int8)
        self.state = self.tells(self.state, lesson, Outcome(jnp.asarray(status), returns=jnp.asarray(got)))
        return lesson


@pytest.mark.slow
def test_a_generation_by_hand():
    """One niche, its child, a transfer back: members 0-1 niches, 2-4 keepers, 5-7 tries."""
    play = Play(Niches(capacity=2, children=3, every=1, transfers=1, criterion=Criterion(50.0, 300.0, 200.0, 230.0)))
    always = lambda value: lambda who: np.full(who.shape, value)
    lesson = play("train", always(150.0))
    assert lesson.who.tolist() == [0, NOBODY]
    assert lesson.learn.tolist() == [True, False]
    assert play.number == 2  # a row that nobody plays gets a number in the first turn only
    play("direct", always(150.0))
    play("propose", always(0.0))
    play("prove", always(0.0))
    assert play("offspring", always(100.0)).who.tolist() == [NOBODY] * 3  # nobody reaches 200
    play("audition", always(0.0))
    play("tutor", always(0.0))
    play("hearing", always(0.0))
    assert play.state.filled.tolist() == [True, False]

    play("train", always(240.0))
    assert play.state.solved.tolist() == [True, False]
    assert int(play.state.counts.solved) == 0  # the first niche was not invented
    play("direct", always(240.0))
    play("propose", always(0.0))
    play("prove", always(0.0))
    assert play("offspring", always(100.0)).who.tolist() == [0, 0, 0]
    fit = np.asarray(play.state.fit)
    assert fit.any()
    play("audition", always(100.0))
    lesson = play("tutor", always(0.0))
    assert lesson.start[5:].tolist() == [0 if x else NOBODY for x in fit]
    assert lesson.learn.tolist() == fit.tolist()
    play("hearing", always(120.0))
    state = play.state
    assert state.filled.tolist() == [True, True]
    assert state.score.tolist() == [240.0, 120.0]
    child = int(np.argmax(np.where(fit, state.novelty, -1)))
    assert int(state.id[1]) == int(state.child_id[child])
    assert int(state.parent[1]) == int(state.id[0])
    assert state.start.tolist()[:2] == [NOBODY, 5 + child]  # begins with the copy that learned there
    told = play.niches.story(state)
    first = int(state.id[0])
    assert told.task.tolist() == [first, int(state.id[1])]
    assert told.source.tolist() == [NOBODY, first]
    assert told.solved.tolist() == [True, False]
    assert not np.isfinite(told.scores[1]).any()  # nobody has compared it with others yet

    lesson = play("train", lambda who: np.where(who == 0, 240.0, 235.0))
    assert lesson.who.tolist() == [0, 1]
    assert int(play.state.counts.solved) == 1
    # Agent 1 does better in niche 0 at once (250), and its copy better still after learning (260).
    play("direct", lambda who: np.array([240.0, 10.0, 250.0, 235.0]))
    play("propose", always(0.0))
    play("prove", lambda who: np.array([260.0, 20.0]))
    assert play.state.start.tolist()[:2] == [5, NOBODY]
    assert play.state.score.tolist() == [260.0, 235.0]
    assert int(play.state.counts.moved) == 1
    assert play.niches.story(play.state).source.tolist() == [int(play.state.id[1]), NOBODY]
    lesson = play("offspring", always(100.0))
    assert lesson.start.tolist()[:3] == [5, NOBODY, 5]
    assert play.niches.story(play.state).source.tolist() == [NOBODY, NOBODY]  # told once


@pytest.mark.slow
def test_a_niche_whose_agent_was_not_measured_keeps_it():
    play = Play(Niches(capacity=2, children=2, every=1, transfers=1))
    play("train", lambda who: np.full(who.shape, np.nan))
    assert int(play.state.id[0]) == -1
    assert not np.any(play.niches.archive(play.state).filled)
    play("train", lambda who: np.full(who.shape, 10.0))
    assert np.asarray(play.niches.archive(play.state).filled).tolist() == [True, False]
