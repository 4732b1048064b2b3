from dataclasses import replace

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import (
    ArgumentError,
    Box,
    CombinationError,
    Discrete,
    Experience,
    Outcome,
    Status,
    build,
    fresh_lesson,
    spec,
)
from explora.learners import ES, Fading, Horizon, LanePolicy
from explora.learners._es import Lived
from explora.learners._lane_nets import shape_of
from explora.testing import LearnerSuite
from explora.testing._toys import Walk

KEY = jr.key(0)


@pytest.mark.slow
class TestLaws(LearnerSuite):
    def part(self):
        return ES(hidden=(4,), pairs=2)


def test_the_published_network_has_2804_weights():
    assert shape_of(Box((24,)), Box((4,), -1.0, 1.0), (40, 40)).count == 2804


def test_actions_without_bounds_are_refused():
    with pytest.raises(CombinationError, match="bounded row of numbers"):
        shape_of(Box((2,)), Box((1,)), (3,))


def test_steps_fade_to_a_floor():
    found = Fading(0.1, 0.5, 0.02).at(jnp.arange(5))
    assert np.allclose(found, [0.1, 0.05, 0.025, 0.02, 0.02])
    with pytest.raises(ArgumentError, match="`factor`"):
        Fading(0.1, 1.5)
    with pytest.raises(ArgumentError, match="`pairs`"):
        ES(pairs=0)


def test_who_earns_more_plays_more_of_an_episode():
    assert np.allclose(Horizon(0.2, 200.0).part(jnp.array([-50.0, 0.0, 50.0, 200.0, 900.0])), [0.2, 0.2, 0.4, 1.0, 1.0])
    for wrong in ((0.0, 1.0), (1.1, 1.0), (0.5, 0.0)):
        with pytest.raises(ArgumentError, match=r"`first`|`whole`"):
            Horizon(*wrong)


def test_the_steps_of_copies_count_towards_the_next_record():
    walk = Walk()
    lesson = fresh_lesson(jax.tree.map(lambda x: jnp.stack([x] * 3), walk.space.sample(key=KEY)), False, plays=2)
    assert ES(pairs=5).takes(walk, lesson) == 3 * 2 * walk.steps
    learned = replace(lesson, learn=jnp.array([True, False, False]))
    assert ES(pairs=5).takes(walk, learned) == 3 * 2 * walk.steps * 12


def test_a_strategy_is_its_configuration():
    es = ES(pairs=3, sigma=Fading(0.2), horizon=Horizon(0.2, 200.0))
    assert build(spec(es)) == es


def test_every_lane_has_a_network_of_its_own():
    shape = shape_of(Box((2,)), Box((1,), -2.0, 2.0), (3,))
    weights = np.random.default_rng(0).normal(size=(3, shape.count)).astype(np.float32)
    seen = np.array([[0.5, -1.0], [0.1, 0.2], [2.0, 0.3]], np.float32)
    policy, fresh, keys = LanePolicy(jnp.asarray(weights), shape), jnp.ones((3,), bool), jr.split(KEY, 3)
    apart, _, _ = policy(jnp.asarray(seen), (), fresh, keys=keys, who=jnp.array([2, 0, 1]))
    alike, _, _ = policy(jnp.asarray(seen), (), fresh, keys=keys)

    def by_hand(w, x):
        hidden = np.tanh(x @ w[:6].reshape(2, 3) + w[6:9])
        return 2.0 * np.tanh(hidden @ w[9:12].reshape(3, 1) + w[12:])

    assert np.allclose(apart, [by_hand(weights[who], x) for who, x in zip((2, 0, 1), seen)], atol=1e-5)
    assert np.allclose(alike, [by_hand(weights[0], x) for x in seen], atol=1e-5)
    choice = LanePolicy(jnp.asarray(weights), shape_of(Box((2,)), Discrete(1), (3,)))
    assert choice(jnp.asarray(seen), (), fresh, keys=keys)[0].tolist() == [0, 0, 0]


def hand_update(es, state, seeds, results, learns):
    """The rules as the released code writes them, in NumPy, for the first update of one member."""
    centre = np.asarray(state.centre[0], float)
    slopes = []
    for seed, result, use in zip(seeds, results, learns):
        if not use:
            continue
        noise = np.asarray(jr.normal(jr.wrap_key_data(seed), (es.pairs, centre.size)), float)
        order = np.argsort(np.argsort(result)) / (len(result) - 1) - 0.5
        slopes.append((order[: es.pairs] - order[es.pairs :]) @ noise / es.pairs / es.sigma.start)
    loss = -np.mean(slopes, axis=0) + 0.01 * centre
    first, second = 0.1 * loss, 0.001 * loss**2
    rate = 0.01 * np.sqrt(1 - 0.999) / (1 - 0.9)
    return centre - rate * first / (np.sqrt(second) + 1e-8)


def test_an_update_is_the_released_one():
    es, walk = ES(hidden=(3,), pairs=4), Walk()
    state = es.init(walk, key=KEY)
    lesson = fresh_lesson(walk.space.samples(2, key=KEY), jnp.array([True, False]))
    seeds = np.asarray(jax.vmap(jr.key_data)(jr.split(KEY, 2)))
    results = np.random.default_rng(0).permutation(16).reshape(2, 8).astype(np.float32)
    answered = jnp.full((2,), Status.ANSWERED, jnp.int8)
    lived = Experience(answered, Lived(Outcome(answered), jnp.asarray(seeds), jnp.asarray(results)))
    after = jax.jit(lambda s, l, e: es.update(s, l, e, key=KEY))(state, lesson, lived)
    expected = hand_update(es, state, seeds, results, [True, False])
    assert np.allclose(after.centre[0], expected, atol=2e-4)
    assert after.adam.steps.tolist() == [1]


def test_members_start_as_copies_or_anew():
    es, walk = ES(hidden=(3,), pairs=1, members=3), Walk()
    state = es.init(walk, key=KEY)
    assert len({tuple(row) for row in np.asarray(state.centre).tolist()}) == 3
    adam = replace(state.adam, first=state.adam.first + 1, steps=state.adam.steps + 7)
    old = replace(state, adam=adam)
    after = es.start(old, jnp.array([-1, 0, -2]), key=jr.key(1))
    assert np.array_equal(after.centre[0], old.centre[0])
    assert np.array_equal(after.centre[1], old.centre[0])
    assert not np.array_equal(after.centre[2], old.centre[2])
    assert after.adam.steps.tolist() == [7, 0, 0]
    assert float(after.adam.first[0, 0]) == 1.0
    assert not np.any(after.adam.first[1:])


@pytest.mark.slow
def test_episodes_grow_with_what_a_member_earned():
    es, walk = ES(hidden=(3,), pairs=2, members=2, horizon=Horizon(0.2, 1.0)), Walk(patience=10)
    trail = walk.space.decode({"cells": ".......", "mark": 0, "toll": 0.0})  # three steps away
    tasks = jax.tree.map(lambda x: jnp.stack([x, x]), trail)
    lesson = fresh_lesson(tasks, jnp.array([True, True]), who=jnp.array([0, 1]))
    state = replace(es.init(walk, key=KEY), earned=jnp.array([-3.0, 2.0]))
    _, lived, outcome = jax.jit(lambda s, l: es.play(s, walk, l, key=KEY))(state, lesson)
    assert outcome.lengths[0] == 2.0
    assert outcome.lengths[1] in (3.0, 10.0)  # the mark, or all of the episode
    after = jax.jit(lambda s, l, e: es.update(s, l, e, key=KEY))(state, lesson, lived)
    assert np.allclose(after.earned, outcome.returns)
    assert es.start(after, jnp.array([-2, 0]), key=KEY).earned.tolist() == [0.0, float(after.earned[0])]


@pytest.mark.slow
def test_any_member_may_play_any_row():
    es, walk = ES(hidden=(3,), pairs=2, members=3), Walk()
    state = es.init(walk, key=KEY)
    lesson = fresh_lesson(
        walk.space.samples(4, key=KEY), jnp.array([True, True, False, True]), who=jnp.array([2, 0, 1, 2])
    )
    run = jax.jit(lambda s, l: es.play(s, walk, l, key=KEY))
    _, lived, outcome = run(state, lesson)
    after = jax.jit(lambda s, l, e: es.update(s, l, e, key=KEY))(state, lesson, lived)
    assert after.adam.steps.tolist() == [1, 0, 1]
    assert np.array_equal(after.centre[1], state.centre[1])
    assert outcome.returns.shape == (4,)
    assert np.all(outcome.episodes == 6)


@pytest.mark.slow
def test_it_learns_to_walk_to_the_mark():
    es, walk = ES(hidden=(8,), pairs=16, rate=Fading(0.05)), Walk()
    lesson = fresh_lesson(walk.suite("corners").tasks, jnp.ones((4,), bool))

    @jax.jit
    def turn(state, key):
        play_key, update_key = jr.split(key)
        state, lived, outcome = es.play(state, walk, lesson, key=play_key)
        return es.update(state, lesson, lived, key=update_key), outcome.solved.mean()

    state, solved = es.init(walk, key=KEY), []
    for key in jr.split(jr.key(5), 40):
        state, share = turn(state, key)
        solved.append(float(share))
    assert np.mean(solved[:3]) < 0.8
    assert np.mean(solved[-3:]) > 0.95


def test_a_policy_prepared_for_its_lanes_says_the_same():
    shape = shape_of(Box((5,)), Box((2,), -1.0, 1.0), (7, 3))
    policy = LanePolicy(jr.normal(KEY, (4, shape.count)), shape)
    seen, who = jr.normal(jr.key(1), (6, 5)), jnp.array([3, 0, 0, 2, 1, 3], jnp.int32)
    say = lambda policy: policy(seen, (), jnp.zeros((6,), bool), keys=jr.split(KEY, 6), who=who)[0]
    assert np.array_equal(say(policy), say(policy.prepared(who)))
    for lane, member in enumerate(who):
        x, at = seen[lane], 0
        for inputs, outputs in ((5, 7), (7, 3), (3, 2)):
            between = policy.weights[member, at : at + inputs * outputs].reshape(inputs, outputs)
            at += inputs * outputs
            x = jnp.tanh(x @ between + policy.weights[member, at : at + outputs])
            at += outputs
        assert np.allclose(say(policy)[lane], x, atol=1e-5)
    assert policy.prepared(None) is policy
