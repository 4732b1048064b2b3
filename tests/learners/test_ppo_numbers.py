"""PPO where actions are rows of numbers: hand-worked losses, clipping, scaling, and that it learns."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Box, Codes, CombinationError, Parts, Status, fresh_lesson, judge_suite
from explora.learners import PPO, ActorCriticPolicy, Population
from explora.learners._moments import nothing_seen
from explora.nets import GRU, ActorCritic, Dense, Memoryless, Numbers
from explora.testing import Carousel, LearnerSuite, Sled, check_run

SMALL = ActorCritic(Dense(6), Memoryless(5), deviation=1.5)
LANES = 4


def ppo(**fields: Any) -> PPO:
    return PPO(SMALL, **({"segment": 1, "minibatches": 2, "average": None} | fields))


@pytest.mark.slow
class TestNumbers(LearnerSuite):
    def part(self) -> PPO:
        return ppo(normalise=True, unit=3.0, average=0.9)

    def domain(self) -> Sled:
        return Sled()


@pytest.mark.slow
class TestNumbersWithAMemory(LearnerSuite):
    def part(self) -> PPO:
        return PPO(ActorCritic(Dense(6), GRU(5)), minibatches=2, normalise=True)

    def domain(self) -> Sled:
        return Sled()


@pytest.fixture(scope="module")
def case() -> Any:
    """A learner with weights that are not special, and four lanes that it played."""
    learner, env = ppo(normalise=True, epochs=1, minibatches=1, unit=2.0), Sled(steps=12, patience=5)
    state = learner.init(env, key=jr.key(0))
    bent = jax.tree.map(lambda w: w + 0.3 * jr.normal(jr.key(5), w.shape), state.weights)
    seen = eqx.tree_at(lambda s: (s.weight, s.mean), state.seen, (jnp.array(50.0), [jnp.array([0.2, -0.1])]))
    state = eqx.tree_at(lambda s: (s.weights, s.seen), state, (bent, seen))
    lesson = fresh_lesson(env.space.samples(LANES, key=jr.key(1)), jnp.array([True, False, True, True]))
    _, experience, outcome = eqx.filter_jit(learner.play)(state, env, lesson, key=jr.key(2))
    experience = eqx.tree_at(lambda e: e.status, experience, jnp.full((LANES,), Status.ANSWERED, jnp.int8))
    return learner, env, state, lesson, experience, outcome


def test_the_loss_of_a_hand_worked_case() -> None:
    learner = PPO(ActorCritic(Dense(2), Memoryless(2)), segment=1)
    weights = learner.net.init(Box((2,)), Box((1,), -1.0, 1.0), key=jr.key(0))
    weights = jax.tree.map(jnp.zeros_like, weights)  # mean 0, deviation 1, value 0
    old = -0.5 * 0.5**2 - 0.9189385332  # 1 was drawn where the mean was ½
    batch = {
        "observations": jnp.zeros((1, 2, 2)),
        "fresh": jnp.zeros((1, 2), bool),
        "actions": jnp.ones((1, 2, 1)),
        "log_probability": jnp.full((1, 2), old),
        "advantages": jnp.array([[1.0, -1.0]]),
        "values": jnp.zeros((1, 2, 1)),
        "targets": jnp.array([[0.1, 0.3]]),
        "weight": jnp.full((1, 2), 0.5),
    }
    loss, parts = learner._loss(weights, Box((2,)), batch, ())
    ratio = 0.6872893  # exp(-½ + ⅛)
    assert float(parts["policy_loss"]) == pytest.approx(-0.5 * (ratio - 0.8), abs=1e-6)  # the second is clipped
    assert float(parts["value_loss"]) == pytest.approx(0.5 * (0.01 + 0.09) / 2, abs=1e-6)
    assert float(parts["entropy"]) == pytest.approx(1.4189385, abs=1e-6)
    assert float(parts["divergence"]) == pytest.approx(ratio - 1 + 0.375, abs=1e-6)
    assert float(parts["clipped"]) == 1.0
    assert float(loss) == pytest.approx(0.0563554 + 0.5 * 0.025 - 0.01 * 1.4189385, abs=1e-6)


def test_what_is_done_is_clipped_and_what_is_learned_from_is_not(case: Any) -> None:
    learner, env, state, _, experience, _ = case
    lived = experience.data
    drawn, done = np.asarray(lived.policy["drawn"]), np.asarray(lived.actions)
    assert np.abs(drawn).max() > 1.0
    assert np.allclose(done, 2.0 * np.clip(drawn, -1.0, 1.0), atol=1e-6)
    assert np.abs(done).max() == 2.0
    scaled = state.seen.scaled(env.observation, lived.observations)
    said, _, _ = learner.net(state.weights, env.observation, scaled, (), lived.fresh)
    density = Numbers(said, state.weights["log_deviation"]).log_probability(jnp.asarray(drawn))
    assert np.allclose(density, lived.policy["log_probability"], atol=1e-5)


def test_judged_greedily_it_acts_by_the_means(case: Any) -> None:
    learner, env, state, _, experience, _ = case
    policy = learner.policy(state).greedy()
    observations = experience.data.observations[3]
    act = lambda key: policy(observations, (), jnp.ones((LANES,), bool), keys=jr.split(jr.key(key), LANES))[0]
    scaled = state.seen.scaled(env.observation, observations)
    said, _, _ = learner.net(state.weights, env.observation, scaled[None], (), jnp.ones((1, LANES), bool))
    assert np.array_equal(act(0), act(1))
    assert np.allclose(act(0), 2.0 * np.clip(said[0], -1.0, 1.0), atol=1e-5)


def test_the_first_step_starts_from_a_ratio_of_one(case: Any) -> None:
    learner, _, state, lesson, experience, _ = case
    after = eqx.filter_jit(learner.update)(state, lesson, experience, key=jr.key(3))
    assert abs(float(after.losses["divergence"])) < 1e-6
    assert float(after.losses["clipped"]) == 0.0
    learned = np.asarray(lesson.learn)[np.asarray(experience.data.row)] & ~np.asarray(experience.data.gap)
    assert float(after.seen.weight) == 50.0 + learned.sum()  # what is not learned from is not counted either


def test_moments_of_two_batches_are_those_of_all_of_it() -> None:
    spec = {"code": Codes((1,), 3), "x": Box((2,))}
    rng = np.random.default_rng(0)
    x = rng.normal([3.0, -1.0], [2.0, 0.5], (9, 4, 2)).astype(np.float32)
    weight = (rng.random((9, 4)) < 0.7).astype(np.float32)
    moments = nothing_seen(spec)
    plain = {"code": jnp.zeros((9, 4, 1), jnp.uint8), "x": jnp.asarray(x)}
    assert np.allclose(moments.scaled(spec, plain)["x"], x, rtol=1e-5)
    for part in (slice(0, 5), slice(5, 9)):
        cut = jax.tree.map(lambda leaf: leaf[part], plain)  # noqa: B023
        moments = moments.with_more(spec, cut, jnp.asarray(weight[part]))
    counted = x[weight > 0]
    assert np.allclose(moments.mean[0], counted.mean(0), atol=1e-5)
    assert np.allclose(moments.variance[0], counted.var(0), rtol=1e-4)
    scaled = moments.scaled(spec, plain)
    assert np.allclose(scaled["x"][weight > 0].std(0), 1.0, atol=1e-3)
    assert scaled["code"].dtype == jnp.uint8
    far = moments.scaled(spec, jax.tree.map(lambda leaf: leaf + jnp.ones((), leaf.dtype) * 100, plain))
    assert float(far["x"].max()) == 10.0
    nobody = moments.with_more(spec, plain, jnp.zeros((9, 4)))
    assert np.array_equal(nobody.mean[0], moments.mean[0])


def test_an_environment_that_counts_otherwise_is_learned_alike(case: Any) -> None:
    _, _, state, lesson, experience, _ = case
    lived = experience.data
    tenfold = eqx.tree_at(
        lambda t: (t.rewards, t.policy["values"], t.last["values"]),
        lived,
        (10 * lived.rewards, 10 * lived.policy["values"], 10 * lived.last["values"]),
    )
    large = eqx.tree_at(lambda e: e.data, experience, tenfold)
    learn = lambda unit, lived: eqx.filter_jit(ppo(normalise=True, epochs=1, minibatches=1, unit=unit).update)(
        state, lesson, lived, key=jr.key(3)
    )
    small, other = learn(2.0, experience), learn(20.0, large)
    changed = [not np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (small.weights, state.weights)))]
    assert all(changed)
    for a, b in zip(*map(jax.tree.leaves, (small.weights, other.weights))):
        assert np.allclose(a, b, atol=2e-5)


def test_values_are_reported_in_rewards(case: Any) -> None:
    learner, env, state, _, experience, outcome = case
    lived = experience.data
    _, values, _ = learner.net(
        state.weights, env.observation, state.seen.scaled(env.observation, lived.observations), (), lived.fresh
    )
    assert np.allclose(lived.policy["values"], 2.0 * values, atol=1e-4)
    assert outcome.values is not None


@pytest.mark.slow
def test_members_learn_numbers_from_their_own_rows_only() -> None:
    learner, env = Population(ppo(minibatches=1, epochs=1, normalise=True), members=2), Sled(steps=4)
    state = learner.init(env, key=jr.key(0))
    who = jnp.array([0, 0, 1, 1], jnp.int32)
    lesson = fresh_lesson(env.space.samples(4, key=jr.key(1)), who == 0, who=who)
    state, experience, _ = eqx.filter_jit(learner.play)(state, env, lesson, key=jr.key(2))
    after = eqx.filter_jit(learner.update)(state, lesson, experience, key=jr.key(3))
    leaves = lambda s: jax.tree.leaves((s.members.weights, s.members.seen))
    changed = lambda member: [bool(np.any(a[member] != b[member])) for a, b in zip(leaves(state), leaves(after))]
    assert any(changed(0))
    assert not any(changed(1))
    action, _, _ = learner.policy(after)(
        jnp.zeros((4, 2)), (), jnp.ones((4,), bool), keys=jr.split(jr.key(0), 4), who=who
    )
    assert action.shape == (4, 1)


def test_codes_are_no_actions() -> None:
    class Odd(Sled):
        @property
        def action(self) -> Any:
            return Codes((2,), 3)

    with pytest.raises(CombinationError, match="PPO decides on choices or on numbers, but the action of Odd is"):
        Parts(Odd(), ppo(), Carousel()).check()


def test_a_unit_is_above_zero() -> None:
    with pytest.raises(ArgumentError, match="`unit` must be greater than 0, got 0"):
        ppo(unit=0.0)


@pytest.mark.slow
def test_ppo_of_numbers_runs_by_the_laws_of_the_loop() -> None:
    check_run(Parts(Sled(), ppo(normalise=True), Carousel()))


@pytest.mark.slow
def test_ppo_learns_to_push_a_sled() -> None:
    from explora.loop import chunk, init

    env = Sled()
    net = ActorCritic(Dense(16), Memoryless(16), deviation=0.6)
    learner = PPO(net, segment=1, rate=3e-3, entropy=0.0, clip_value=False, unit=10.0)
    parts = Parts(env, learner, Carousel(rows=32, slots=32))
    judge = lambda state: judge_suite(
        env, learner.policy(state.learner).greedy(), env.suite("far"), episodes=1, key=jr.key(9)
    )
    state = init(parts, key=jr.key(0))
    before = np.asarray(judge(state).returns)
    state, _ = chunk(parts, state, root=jr.key(1), turns=20)
    after = np.asarray(judge(state).returns)
    assert before.mean() < -30.0  # it stays where it is
    assert after.min() > -7.0  # the best there is: -5.41
    assert isinstance(learner.policy(state.learner), ActorCriticPolicy)
