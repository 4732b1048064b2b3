import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import Box, CombinationError, Parts, Status, Uniformly, build, fresh_lesson, record, spec
from explora.domains.views import Asking
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.explorers import Uniform
from explora.learners import PPO
from explora.learners.sequence import Hindsight, Past, Sampler, Sequence, SequenceNet, unasked
from explora.nets.sequence import Transformer
from explora.testing import Walk

BITS = 3
ASKING = Asking(BitFlipping(BitRows(BITS), shown=False), ("return", "horizon", "goal"))
SMALL = Sequence(
    SequenceNet(Transformer(width=16, layers=2, heads=2, window=BITS), bins=4),
    told=("return", "horizon", "goal"),
    batch=32,
    rate=1e-2,
    norm=1.0,
    warmup=5,
)


def differ(one, other) -> bool:
    return any(bool(jnp.any(a != b)) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


@pytest.fixture(scope="module")
def first():
    return SMALL.init(ASKING, key=jr.key(0))


@pytest.fixture(scope="module")
def played():
    """What a random player did on request."""
    return record(ASKING, Uniformly(BITS), ASKING.space.samples(60, key=jr.key(1)), key=jr.key(2))


@pytest.fixture(scope="module")
def learned(first, played):
    return SMALL.learn(first, unasked(played), 60, rng=np.random.default_rng(0))


@pytest.mark.slow
def test_learning_leaves_the_state_as_it_was_and_is_a_function_of_its_chance(first, played, learned):
    again = SMALL.learn(first, unasked(played), 60, rng=np.random.default_rng(0))
    assert not differ(again.weights, learned.weights)
    assert differ(first.weights, learned.weights)
    assert int(first.updates) == 0
    assert int(learned.updates) == 60
    assert float(learned.losses["loss"]) < np.log(BITS)


@pytest.mark.slow
def test_numbers_are_told_in_the_terms_of_the_data(learned, played):
    assert learned.ranges["horizon"].tolist() == [1, BITS]
    assert learned.ranges["return"].tolist() == [played.returns_to_go.min(), 0]


@pytest.mark.slow
def test_acting_step_by_step_is_what_the_whole_sequence_gives(learned):
    for remember in ("ring", "window"):
        policy = dataclasses.replace(SMALL, remember=remember).policy(learned).greedy()
        done = record(ASKING, policy, ASKING.space.samples(8, key=jr.key(3)), key=jr.key(4))
        for episode in range(len(done)):
            steps = slice(*done.offsets[episode : episode + 2])
            moments = jax.tree.map(lambda x: jnp.asarray(x[steps])[None], done.observation)  # noqa: B023
            outputs = SMALL.net(learned.weights, learned.spec, learned.ranges, moments)[0]
            assert jnp.argmax(outputs, -1).tolist() == done.action[steps].tolist()


@pytest.mark.slow
@pytest.mark.parametrize("remember", ["ring", "window"])
def test_insisting_exaggerates_what_being_told_changes(learned, remember):
    tasks = ASKING.space.samples(8, key=jr.key(3))
    played = lambda insist, wanted: record(
        ASKING,
        dataclasses.replace(SMALL, remember=remember, insist=insist).policy(learned).greedy(),
        wanted,
        key=jr.key(4),
    )
    done = played(3.0, tasks)
    for episode in range(len(done)):
        steps = slice(*done.offsets[episode : episode + 2])
        moments = jax.tree.map(lambda x: jnp.asarray(x[steps])[None], done.observation)  # noqa: B023
        untold = moments | {"told": jnp.zeros_like(moments["told"])}
        asked, unasked_ = (SMALL.net(learned.weights, learned.spec, learned.ranges, x)[0] for x in (moments, untold))
        assert jnp.argmax(3 * asked - 2 * unasked_, -1).tolist() == done.action[steps].tolist()
    nothing = eqx.tree_at(lambda r: r.told, tasks, jnp.zeros_like(tasks.told))
    assert played(0.0, tasks).action.tolist() == played(1.0, nothing).action.tolist()
    assert played(3.0, nothing).action.tolist() == played(1.0, nothing).action.tolist()


def test_who_is_always_told_all_cannot_insist():
    with pytest.raises(CombinationError, match="raise `drop`, or put an empty set"):
        dataclasses.replace(SMALL, drop=0.0, insist=2.0)
    assert dataclasses.replace(SMALL, drop=0.0, together=((), ("goal",)), insist=2.0).insist == 2


def test_of_real_actions_the_mean_is_exaggerated_and_not_the_spread():
    net, box = SequenceNet(), Box((2,), -1.0, 1.0)
    told, untold = jnp.array([[1.0, -1.0, 0.5, 0.25]]), jnp.array([[0.5, 0.0, -2.0, -2.0]])
    assert net.insisted(box, told, untold, 2.0).tolist() == [[1.5, -2.0, 0.5, 0.25]]


def test_what_one_learns_from_is_what_one_sees_when_asked_for_it(played):
    """An episode asked for what it is going to do shows, step by step, what its window in hindsight shows."""
    tasks = ASKING.space.samples(60, key=jr.key(1))
    told = jnp.ones((60, 4), bool)
    lengths, final = jnp.asarray(played.lengths, jnp.int32), jnp.asarray(played.final["seen"]["bits"])
    same = lambda r: (r.returns, r.horizon, r.goal, r.told)
    asked = eqx.tree_at(same, tasks, (jnp.asarray(played.returns), lengths, final, told))
    again = record(ASKING, Uniformly(BITS), asked, key=jr.key(2))
    assert again.action.tolist() == played.action.tolist()
    batch = Sampler(unasked(again), BITS, ASKING.action, Hindsight("final")).draw(200, rng=np.random.default_rng(0))
    whole = batch.weight.all(1) & (batch.moments["action"][:, 0] == BITS)
    keys = {
        (*again.observation["seen"]["bits"][start], *again.action[start : start + BITS]): start
        for start in again.offsets[:-1][again.lengths == BITS]
    }
    assert whole.sum() > 20
    for row in np.flatnonzero(whole):
        start = keys[(*batch.moments["seen"]["bits"][row, 0], *batch.action[row])]
        for name in ("seen", "action", "reward", "return", "horizon", "time", "goal", "told"):
            shown = jax.tree.map(lambda x: x[start : start + BITS].tolist(), again.observation[name])  # noqa: B023
            learned_from = jax.tree.map(lambda x: x[row].tolist(), batch.moments[name])  # noqa: B023
            assert learned_from == shown, name


@pytest.mark.slow
def test_what_is_not_told_changes_nothing_and_what_is_told_does(learned):
    moments = {
        "seen": {"bits": jnp.zeros((1, 1, BITS), jnp.uint8)},
        "action": jnp.full((1, 1), BITS),
        "reward": jnp.zeros((1, 1)),
        "return": jnp.zeros((1, 1)),
        "horizon": jnp.full((1, 1), 2.0),
        "goal": jnp.zeros((1, 1, BITS), jnp.uint8),
        "skill": jnp.zeros((1, 1)),
    }
    others = {"return": jnp.ones((1, 1)), "horizon": jnp.ones((1, 1)), "goal": jnp.ones((1, 1, BITS), jnp.uint8)}
    outputs = lambda **change: SMALL.net(learned.weights, learned.spec, learned.ranges, moments | change).tolist()
    for place, (name, other) in enumerate(others.items()):
        told = jnp.zeros((1, 1, 4), jnp.uint8)
        assert outputs(told=told) == outputs(told=told, **{name: other})
        told = told.at[..., place].set(1)
        assert outputs(told=told) != outputs(told=told, **{name: other})


@pytest.mark.slow
def test_a_round_adds_to_what_is_kept(first):
    tasks = ASKING.space.samples(4, key=jr.key(5))
    lesson = fresh_lesson(tasks, jnp.array([True, False, True, True]), plays=2)
    _, experience, outcome = SMALL.play(first, ASKING, lesson, key=jr.key(6))
    assert outcome.steps.sum() == experience.data.steps
    assert outcome.solved.tolist() == experience.data.columns["solved"].reshape(4, 2).mean(1).tolist()
    state = dataclasses.replace(SMALL, updates=2).update(first, lesson, experience, key=jr.key(7))
    assert len(state.stored) == 6
    state = dataclasses.replace(SMALL, updates=2).update(state, lesson, experience, key=jr.key(8))
    assert (len(state.stored), int(state.updates)) == (12, 4)
    forgetful = dataclasses.replace(SMALL, updates=1, room=0.0)
    assert forgetful.update(state, lesson, experience, key=jr.key(8)).stored is None
    thawed = SMALL.thaw(SMALL.freeze(state), first)
    assert not differ(thawed.weights, state.weights)
    assert thawed.stored.action.tolist() == state.stored.action.tolist()
    none = fresh_lesson(tasks, False, plays=2)
    assert SMALL.update(state, none, experience, key=jr.key(9)) is state
    assert (experience.status == Status.ANSWERED).all()


def test_it_is_a_part_like_any_other():
    assert build(spec(SMALL)) == SMALL
    assert build(spec(ASKING)) == ASKING
    Parts(ASKING, SMALL, Uniform()).check()
    Parts(ASKING, PPO(), Uniform()).check()  # who is asked can also learn by reward


@pytest.mark.slow
def test_episodes_packed_into_a_row_are_what_each_is_by_itself(first, learned, played):
    data = unasked(played)
    row = Sampler(data, 4 * BITS, ASKING.action, Hindsight("final"), packed=True).draw(3, rng=np.random.default_rng(0))
    moments = jax.tree.map(jnp.asarray, row.moments)
    said = lambda moments, segment: SMALL.net(learned.weights, first.spec, learned.ranges, moments, None, segment)
    together = np.asarray(said(moments, jnp.asarray(row.segment, jnp.int32)))
    for lane in range(3):
        for number in range(row.segment[lane].max() + 1):
            own = row.segment[lane] == number
            alone = said(jax.tree.map(lambda x: x[lane][own][None], moments), None)  # noqa: B023
            assert together[lane][own] == pytest.approx(np.asarray(alone)[0], abs=1e-4)
    packed = dataclasses.replace(SMALL, row=4 * BITS).learn(first, data, 60, rng=np.random.default_rng(0))
    assert int(packed.updates) == 60
    assert float(packed.losses["loss"]) == pytest.approx(float(learned.losses["loss"]), abs=0.1)


def test_a_row_of_several_episodes_shows_the_past_of_none():
    with pytest.raises(CombinationError, match="of one alone"):
        Sequence(SequenceNet(past=3), row=64)


def test_who_is_told_nothing_cannot_learn_so():
    with pytest.raises(CombinationError, match="Walk tells nothing; wrap it"):
        Parts(Walk(), SMALL, Uniform()).check()
    with pytest.raises(CombinationError, match="wrap it"):
        SMALL.init(Walk(), key=jr.key(0))
    with pytest.raises(CombinationError, match="`told` and `together` may name"):
        Sequence(told=("wealth",))


@pytest.mark.slow
def test_hindsight_solves_what_its_data_never_solved():
    bits = 8
    env = BitFlipping(BitRows(bits), shown=False)
    data = record(env, Uniformly(bits), env.space.samples(2000, key=jr.key(0)), key=jr.key(1))
    data = data.take(~data.columns["solved"])
    asking, tasks = Asking(env), Asking(env).space.samples(200, key=jr.key(2))
    net = SequenceNet(Transformer(width=32, layers=1, heads=2, window=1))
    shares = []
    for hindsight in (Hindsight(), Hindsight("none")):
        learner = Sequence(net, hindsight, rate=5e-3, norm=1.0)
        state = learner.init(asking, key=jr.key(3))
        state = learner.learn(state, data, 800, rng=np.random.default_rng(0))
        judged = asking.judge(learner.policy(state).greedy(), fresh_lesson(tasks, False), key=jr.key(4))
        shares.append(float(judged.solved.mean()))
    assert shares[0] > 0.9
    assert shares[1] < 0.3


@pytest.mark.slow
def test_what_an_agent_did_before_counts_in_any_order_and_only_where_it_is_there():
    learner = dataclasses.replace(SMALL, net=SequenceNet(SMALL.net.body, bins=4, past=3))
    state = learner.init(ASKING, key=jr.key(0))
    state = dataclasses.replace(state, weights=state.weights | {"head": jr.normal(jr.key(1), (16, BITS))})
    lanes = ASKING.space.samples(2, key=jr.key(2))
    seen = {"bits": jnp.arange(18).reshape(2, 3, 3).astype(jnp.uint8) % 2}
    past = Past(seen, jnp.array([[0, 1, 2], [2, 2, 0]]), jnp.zeros((2, 3)), jnp.array([[True, True, False]] * 2))

    def said(past: Past | None) -> np.ndarray:
        policy = dataclasses.replace(learner.policy(state), past=past)
        world = jax.vmap(ASKING.world)(lanes)
        shown = jax.vmap(lambda w: ASKING.observe(w, ASKING.reset(w, key=jr.key(0))))(world)
        token = learner.net.tokens(state.weights, state.spec, state.ranges, shown)
        return np.asarray(policy.memory(2).step(learner.net.body, state.weights["body"], token[:, None])[1])

    turned = jax.tree.map(lambda x: x[:, jnp.array([1, 0, 2])], past)
    unseen = past._replace(action=past.action.at[:, 2].set(1))
    assert said(turned) == pytest.approx(said(past), abs=1e-5)
    assert said(unseen) == pytest.approx(said(past), abs=1e-6)
    assert said(past._replace(there=jnp.zeros((2, 3), bool))) == pytest.approx(said(None), abs=1e-5)
    assert np.abs(said(past) - said(None)).max() > 1e-3
