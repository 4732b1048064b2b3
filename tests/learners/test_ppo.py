"""PPO against an implementation that is written down plainly, without any of the library's shortcuts."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jaxtyping import Array, Int32

from explora.core import ArgumentError, CombinationError, Parts, Status, fresh_lesson
from explora.learners import PPO, Population
from explora.nets import GRU, LSTM, ActorCritic, Choices, Dense
from explora.testing import Carousel, LearnerSuite, Trails, Walk, check_run

WIDTH, STEPS, LANES = 5, 12, 4
SMALL = ActorCritic(Dense(6), GRU(WIDTH))
ENV = Walk(Trails(8), steps=STEPS, patience=5)


def ppo(**fields: Any) -> PPO:
    """A small learner whose settings do not follow the defaults."""
    return PPO(SMALL, **({"segment": None, "clip_value": True, "average": None} | fields))


class TestPPO(LearnerSuite):
    def part(self) -> PPO:
        return ppo(minibatches=2)


@pytest.mark.slow
class TestPPOWithEverything(LearnerSuite):
    def part(self) -> PPO:
        net = ActorCritic(Dense(6), LSTM(WIDTH), hidden=4, critics=2)
        return PPO(net, minibatches=2, segment=8, average=0.9, clip_value=False)


class TestPopulation(LearnerSuite):
    """Rows stand in blocks of a member, so a lesson cannot be cut anywhere."""

    def part(self) -> Population:
        return Population(ppo(minibatches=1), members=2)

    def spoil(self, experience: Any, keep: Any) -> Any:
        other = self.play(self.lesson, 4)[1].data
        blocks = keep.reshape(2, -1)  # members, lanes

        def mix(path: Any, a: Any, b: Any) -> Any:
            shape = (2, 1, -1) if a.ndim > 2 and "last" not in jax.tree_util.keystr(path) else (2, -1)
            mask = blocks.reshape(shape)
            return jnp.where(mask.reshape(mask.shape + (1,) * (a.ndim - mask.ndim)), a, b)

        data = experience.data
        mixed = jax.tree_util.tree_map_with_path(mix, data.data, other.data)
        status = experience.status.reshape(2, -1)
        data = eqx.tree_at(lambda e: (e.data, e.status), data, (mixed, status))
        return eqx.tree_at(lambda e: e.data, experience, data)

    def test_a_row_does_not_depend_on_its_batch(self) -> None:
        """A lesson can only be cut within every member's block."""
        block = np.arange(self.ROWS).reshape(2, -1)
        keep = block[:, : block.shape[1] // 2].ravel()
        cut = lambda tree: jax.tree.map(lambda x: x[keep] if x.ndim else x, tree)
        few = self.play(cut(self.lesson), 2)[2]
        self.require_close(cut(self.play(self.lesson, 2)[2]), few, "rows were measured otherwise among fewer", 1e-4)


@pytest.fixture(scope="module")
def case() -> Any:
    """A learner with weights that are not special, four lanes that it played, and a lesson that leaves one out."""
    learner = ppo(epochs=2, minibatches=2, rate=0.01, final_rate=0.2)
    state = learner.init(ENV, key=jr.key(0))
    state = eqx.tree_at(
        lambda s: s.weights, state, jax.tree.map(lambda w: w + 0.2 * jr.normal(jr.key(5), w.shape), state.weights)
    )
    tasks = ENV.space.samples(LANES, key=jr.key(1))
    learn = jnp.array([True, False, True, True])
    lesson = fresh_lesson(tasks, learn, progress=jnp.asarray(0.25))
    _, experience, _ = eqx.filter_jit(learner.play)(state, ENV, lesson, key=jr.key(2))
    experience = eqx.tree_at(lambda e: e.status, experience, jnp.full((LANES,), Status.ANSWERED, jnp.int8))
    return learner, state, lesson, experience


# --- the plain implementation ----------------------------------------------------------------------------------------


def forward(weights: Any, lived: Any, lanes: Int32[Array, " lanes"]) -> tuple[Any, Any]:
    """Log-probabilities of all actions and values, one step after the other from a memory of zeros."""
    memory = jnp.zeros((lanes.shape[0], WIDTH))
    logits, values = [], []
    w = weights["core"]
    for t in range(STEPS):
        place = jax.nn.one_hot(lived.observations["place"][t, lanes], 8)
        seen = jnp.concatenate([lived.observations["ahead"][t, lanes], place], axis=-1)  # in the order of the names
        x = jax.nn.relu(seen @ weights["encoder"]["weights"] + weights["encoder"]["bias"][None])
        memory = jnp.where(lived.fresh[t, lanes][:, None], 0.0, memory)
        a, b = x @ w["input"] + w["bias"][None], memory @ w["memory"]
        reset = jax.nn.sigmoid(a[:, :WIDTH] + b[:, :WIDTH])
        keep = jax.nn.sigmoid(a[:, WIDTH : 2 * WIDTH] + b[:, WIDTH : 2 * WIDTH])
        new = jnp.tanh(a[:, 2 * WIDTH :] + reset * (b[:, 2 * WIDTH :] + w["memory_bias"][None]))
        memory = keep * memory + (1 - keep) * new
        logits.append(jax.nn.log_softmax(memory @ weights["actor"]["out"] + weights["actor"]["out_bias"][None]))
        values.append((memory @ weights["critic"]["out"] + weights["critic"]["out_bias"][None])[:, 0])
    return jnp.stack(logits), jnp.stack(values)


def plain_advantages(lived: Any, discount: float, trace: float) -> np.ndarray:
    values = np.asarray(lived.policy["values"])[..., 0]
    found, later = np.zeros((STEPS, LANES)), np.zeros(LANES)
    following = np.asarray(lived.last["values"])[..., 0]
    for t in reversed(range(STEPS)):
        ended = np.asarray(lived.terminated[t] | lived.truncated[t])
        bootstrap = np.where(lived.terminated[t], 0.0, following)
        later = np.asarray(lived.rewards[t]) + discount * bootstrap - values[t] + discount * trace * ~ended * later
        found[t], following = later, values[t]
    return found


def plain_loss(
    weights: Any, learner: PPO, lived: Any, counted: Any, advantage: Any, lanes: Int32[Array, " lanes"]
) -> Any:
    """Schulman et al. 2017, eq. 9, over the steps of `lanes` that count."""
    logits, values = forward(weights, lived, lanes)
    cut = lambda x: x[:, lanes]
    mean = lambda x: jnp.sum(cut(counted) * x) / jnp.sum(cut(counted))
    advantage, old = cut(advantage), cut(lived.policy["values"])[..., 0]
    target = advantage + old
    normal = (advantage - mean(advantage)) / (jnp.sqrt(mean((advantage - mean(advantage)) ** 2)) + 1e-5)
    chosen = sum(jnp.where(cut(lived.actions) == action, logits[..., action], 0.0) for action in range(2))
    ratio = jnp.exp(chosen - cut(lived.policy["log_probability"]))
    policy = -mean(jnp.minimum(ratio * normal, jnp.clip(ratio, 1 - learner.clip, 1 + learner.clip) * normal))
    near = old + jnp.clip(values - old, -learner.clip, learner.clip)
    value = 0.5 * mean(jnp.maximum((values - target) ** 2, (near - target) ** 2))
    entropy = mean(-(jnp.exp(logits) * logits).sum(-1))
    return policy + learner.critic * value - learner.entropy * entropy


def adam(rate: float, count: int, weight: Any, first: Any, second: Any) -> Any:
    """One step of Adam with its moments corrected for their start at zero."""
    return weight - rate * (first / (1 - 0.9**count)) / (jnp.sqrt(second / (1 - 0.999**count)) + 1e-5)


def plain_update(learner: PPO, state: Any, lesson: Any, experience: Any, key: Any) -> Any:
    """Adam with its bias correction, the gradient clipped to a norm, the rate falling linearly."""
    lived = experience.data
    counted = np.asarray(lesson.learn)[np.asarray(lived.row)] & ~np.asarray(lived.gap)
    advantage = jnp.asarray(plain_advantages(lived, learner.discount, learner.trace), jnp.float32)
    weights, rate = state.weights, learner.rate * (1 - 0.8 * 0.25)
    first = second = jax.tree.map(jnp.zeros_like, weights)
    count = 0
    differentiate = eqx.filter_jit(jax.grad(plain_loss))
    for epoch in jr.split(key, learner.epochs):
        for lanes in jr.permutation(epoch, LANES).reshape(learner.minibatches, -1):
            gradient = differentiate(weights, learner, lived, jnp.asarray(counted, jnp.float32), advantage, lanes)
            norm = np.sqrt(sum(float(jnp.sum(g**2)) for g in jax.tree.leaves(gradient)))
            gradient = jax.tree.map(lambda g: g * min(1.0, learner.norm / norm), gradient)  # noqa: B023
            count += 1
            first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
            second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, gradient)
            weights = jax.tree.map(partial(adam, rate, count), weights, first, second)
    return weights


@pytest.mark.slow
def test_an_update_is_that_of_the_plain_implementation(case: Any) -> None:
    learner, state, lesson, experience = case
    after = eqx.filter_jit(learner.update)(state, lesson, experience, key=jr.key(3))
    expected = plain_update(learner, state, lesson, experience, jr.key(3))
    moved = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), expected, state.weights)
    assert min(jax.tree.leaves(moved)) > 1e-3  # every weight has learned something
    for (path, found), right in zip(jax.tree_util.tree_flatten_with_path(after.weights)[0], jax.tree.leaves(expected)):
        assert np.allclose(found, right, atol=2e-4), jax.tree_util.keystr(path)
    assert int(after.updates) == 4


def test_the_case_holds_what_can_go_wrong(case: Any) -> None:
    _, _, _, experience = case
    lived = experience.data
    assert np.asarray(lived.gap).any()
    assert np.asarray(lived.terminated).any()
    assert np.asarray(lived.truncated).any()


def test_one_segment_as_long_as_the_play_changes_nothing(case: Any) -> None:
    _, state, lesson, experience = case
    memory = jnp.zeros((STEPS, LANES, WIDTH))
    remembered = eqx.tree_at(lambda e: e.data.policy, experience, experience.data.policy | {"memory": memory})
    whole = ppo(epochs=2, minibatches=2, segment=STEPS)
    apart = ppo(epochs=2, minibatches=2)
    a, b = (eqx.filter_jit(x.update)(state, lesson, remembered, key=jr.key(3)) for x in (whole, apart))
    assert all(np.allclose(x, y, atol=1e-5) for x, y in zip(jax.tree.leaves(a.weights), jax.tree.leaves(b.weights)))


def test_segments_stand_side_by_side_and_start_from_what_was_remembered() -> None:
    from explora.learners._ppo import _pieces

    # (steps, lanes) = (6, 2); cut into pieces of 3 steps: columns are piece 0 of lanes 0, 1, then piece 1 of them.
    x = jnp.array([[0, 10], [1, 11], [2, 12], [3, 13], [4, 14], [5, 15]])
    assert _pieces(x, 3).tolist() == [[0, 10, 3, 13], [1, 11, 4, 14], [2, 12, 5, 15]]
    assert x[::3].reshape(-1).tolist() == [0, 10, 3, 13]  # the memory before each of them, in the same order


def test_what_is_published_is_the_average_of_late_weights(case: Any) -> None:
    _, state, lesson, experience = case
    learner = ppo(epochs=1, minibatches=1, average=0.75)
    first = eqx.tree_at(lambda s: s.average, state, state.weights, is_leaf=lambda x: x is None)
    after = eqx.filter_jit(learner.update)(first, lesson, experience, key=jr.key(3))
    mixed = jax.tree.map(lambda old, new: 0.75 * old + 0.25 * new, state.weights, after.weights)
    published = learner.publish(after)
    assert all(np.allclose(a, b) for a, b in zip(jax.tree.leaves(published.weights), jax.tree.leaves(mixed)))
    assert np.allclose(learner.policy(published).weights["actor"]["out"], mixed["actor"]["out"])


def test_actions_are_drawn_by_their_probability() -> None:
    shares = jnp.array([0.5, 0.2, 0.3])
    logits = jnp.broadcast_to(jnp.log(shares)[None], (20_000, 3))
    drawn = jax.jit(lambda keys: Choices(logits).draw(keys))(jr.split(jr.key(0), 20_000))
    found = np.bincount(np.asarray(drawn), minlength=3) / 20_000
    assert np.allclose(found, shares, atol=0.015)  # four standard deviations


def test_a_greedy_policy_takes_the_likeliest_action(case: Any) -> None:
    learner, state, _, experience = case
    policy = learner.policy(state).greedy()
    observations = jax.tree.map(lambda x: x[0], experience.data.observations)
    fresh = jnp.ones((LANES,), bool)
    action, _, report = policy(observations, policy.memory(LANES), fresh, keys=jr.split(jr.key(0), LANES))
    assert np.all(np.exp(report["log_probability"]) >= 0.5)  # the likelier of two
    assert action.dtype == jnp.int32


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(CombinationError, match="`segment`=5 does not divide the 12 steps of a play"):
        Parts(ENV, ppo(segment=5), Carousel()).check()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rate", 0.0, "must be greater than 0, got 0.0"),
        ("rate", float("nan"), "must be greater than 0, got nan"),
        ("final_rate", -0.5, "must be at least 0, got -0.5"),
        ("discount", 1.5, "must be at least 0 and at most 1, got 1.5"),
        ("discount", -0.1, "must be at least 0 and at most 1, got -0.1"),
        ("trace", 2.0, "must be at least 0 and at most 1, got 2.0"),
        ("clip", 0.0, "must be greater than 0, got 0.0"),
        ("norm", -1.0, "must be greater than 0, got -1.0"),
        ("epochs", 0, "must be at least 1, got 0"),
        ("minibatches", 0, "must be at least 1, got 0"),
        ("segment", 0, "must be at least 1, got 0"),
        ("average", 1.0, "must be less than 1, got 1.0"),
        ("average", -0.5, "must be at least 0, got -0.5"),
    ],
)
def test_impossible_values_are_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=f"`{field}` {message}"):
        ppo(**{field: value})


def test_values_at_the_edge_are_possible() -> None:
    learner = ppo(final_rate=0.0, discount=1.0, trace=0.0, epochs=1, minibatches=1, segment=1, average=0.0)
    assert (learner.segment, learner.average) == (1, 0.0)
    assert ppo(segment=None, average=None).segment is None


@pytest.mark.slow
def test_ppo_runs_by_the_laws_of_the_loop() -> None:
    check_run(Parts(ENV, ppo(minibatches=2), Carousel()))


@pytest.mark.slow
def test_ppo_learns_to_walk() -> None:
    from explora.loop import chunk, init

    parts = Parts(Walk(steps=20), ppo(minibatches=2, rate=0.01, final_rate=1.0), Carousel(rows=16, slots=16))
    state = init(parts, key=jr.key(0))
    _, log = chunk(parts, state, root=jr.key(1), turns=60)
    solved = np.asarray(log.metrics["play/solved"])
    assert solved[:5].mean() < 0.85
    assert solved[-10:].mean() > 0.95


def test_members_learn_from_their_own_rows_only() -> None:
    learner = Population(ppo(minibatches=1, epochs=1), members=2)
    state = learner.init(ENV, key=jr.key(0))
    tasks = ENV.space.samples(4, key=jr.key(1))
    who = jnp.array([0, 0, 1, 1], jnp.int32)
    only_first = fresh_lesson(tasks, who == 0, who=who)
    state, experience, _ = eqx.filter_jit(learner.play)(state, ENV, only_first, key=jr.key(2))
    after = eqx.filter_jit(learner.update)(state, only_first, experience, key=jr.key(3))
    changed = lambda member: any(
        bool(np.any(np.asarray(a)[member] != np.asarray(b)[member]))
        for a, b in zip(jax.tree.leaves(state.members.weights), jax.tree.leaves(after.members.weights))
    )
    assert changed(0)
    assert not changed(1)
