"""Decision Transformer's layout against NumPy, step by step and as a learner (`just_ask_parity.py` has the package)."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Box, Codes, CombinationError, Discrete, Uniformly, record
from explora.domains.views import Asking
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.learners.sequence import Sequence, SequenceNet, TripleNet
from explora.nets.sequence import Ring, Window

STEPS, WIDTH = 4, 6
NET = TripleNet(WIDTH, 2, 1, STEPS, longest=9, scale=2.0)
ARM = Box((2,), -1.0, 1.0)
NUMBERS = dict.fromkeys(("reward", "return", "horizon", "time", "skill"), Box(()))
SPEC = {"seen": Box((3,)), "action": ARM, **NUMBERS, "told": Codes((4,), 2)}


def weights_of(net: TripleNet, spec: dict[str, Any], action: Any) -> Any:
    """Weights with nothing at its neutral value, so that each of them matters."""
    leaves, shape = jax.tree.flatten(jax.eval_shape(lambda: net.init(spec, action, key=jr.key(0))))
    rng = np.random.default_rng(0)
    return jax.tree.unflatten(shape, [jnp.asarray(rng.normal(0.3, 0.5, x.shape), jnp.float32) for x in leaves])


def moments_of(lanes: int, time: int) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    numbers = {name: rng.normal(size=(lanes, time)).astype(np.float32) for name in NUMBERS}
    return numbers | {
        "seen": rng.normal(size=(lanes, time, 3)).astype(np.float32),
        "action": rng.uniform(-1, 1, (lanes, time, 2)).astype(np.float32),
        "time": np.broadcast_to(np.arange(time, dtype=np.float32), (lanes, time)),
        "told": np.ones((lanes, time, 4), np.uint8),
    }


def published(weights: Any, moments: dict[str, Any], net: TripleNet) -> np.ndarray:
    """The layout (R, s, a) of one whole window, as the paper's pseudocode goes, in 64-bit floats."""
    weights = jax.tree.map(lambda x: np.asarray(x, np.float64), weights)
    linear = lambda x, w: x @ w[0] + w[1]

    def norm(w: Any, x: np.ndarray) -> np.ndarray:
        off = x - x.mean(-1, keepdims=True)
        return off / np.sqrt((off**2).mean(-1, keepdims=True) + 1e-5) * w[0] + w[1]

    rows = []
    for t in range(len(moments["return"])):
        now = weights["time"][int(moments["time"][t])]
        rows.append(linear(moments["return"][t, None] / net.scale, weights["return"]) + now)
        rows.append(linear(moments["seen"][t], weights["seen"]) + now)
        if t + 1 < len(moments["return"]):  # what is done here, which the next step shows as the last action
            rows.append(linear(moments["action"][t + 1], weights["action"]) + now)
    x = norm(weights["norm"], np.stack(rows))
    for layer in weights["body"]["layers"]:
        query, key, value = np.split(linear(norm(layer["norm"], x), layer["look"]), 3, axis=-1)
        likes = np.where(np.tri(len(x), dtype=bool), query @ key.T / np.sqrt(net.width), -np.inf)
        likes = np.exp(likes - likes.max(-1, keepdims=True))
        x = x + linear(likes / likes.sum(-1, keepdims=True) @ value, layer["say"])
        x = x + linear(np.maximum(linear(norm(layer["norm_feed"], x), layer["widen"]), 0), layer["narrow"])
    return linear(norm(weights["body"]["norm"], x)[1::3], weights["head"])


def test_the_published_layout_whichever_side_is_padded():
    """The last action before a window is not part of it; what does not count may be anything, on either side."""
    weights, moments = weights_of(NET, SPEC, ARM), moments_of(3, STEPS)
    there = np.array([[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 1, 0]], bool)
    made = np.asarray(
        jax.jit(lambda w, m, mask: NET(w, SPEC, {}, m, segment=mask))(weights, moments, jnp.asarray(there, jnp.int32))
    )
    for lane, mask in enumerate(there):
        alone = {name: x[lane][mask] for name, x in moments.items()}
        np.testing.assert_allclose(made[lane][mask], published(weights, alone, NET), atol=2e-5)


def test_real_actions_are_between_their_bounds_and_judged_by_their_mean_square():
    outputs = jnp.array([[0.0, 100.0]])
    lever = Box((2,), 1.0, 5.0)
    assert NET.real(lever, outputs).tolist() == [[3.0, 5.0]]
    assert NET.real(Box((2,)), outputs).tolist() == [[0.0, 100.0]]
    assert NET.losses(lever, outputs, jnp.array([[1.0, 4.0]]), {}).tolist() == [(4 + 1) / 2]
    choice = NET.losses(Discrete(2), jnp.zeros((1, 2)), jnp.array([1]), {})
    assert choice.tolist() == pytest.approx([np.log(2)])


@pytest.mark.slow
@pytest.mark.parametrize("memory", [Ring, Window])
def test_acting_step_by_step_sees_the_last_steps_and_nothing_of_the_episode_before(memory: Any):
    weights, time = weights_of(NET, SPEC, ARM), 9
    moments = moments_of(2, time)
    again = np.zeros((2, time), bool)
    again[:, 0] = again[1, 5] = True
    kept = memory.empty(NET.transformer, weights["body"], 2, some=3)
    step = jax.jit(lambda moment, kept, fresh: NET.step(weights, SPEC, {}, moment, kept, fresh))
    for t in range(time):
        kept, outputs = step({name: x[:, t] for name, x in moments.items()}, kept, jnp.asarray(again[:, t]))
        for lane, begun in enumerate((0, 5 if t >= 5 else 0)):
            first = max(begun, t - STEPS + 1)
            if memory is Ring and first > begun:
                continue  # its keys have seen what the window has dropped
            window = {name: x[lane, first : t + 1] for name, x in moments.items()}
            np.testing.assert_allclose(outputs[lane], published(weights, window, NET)[-1], atol=5e-5)


def learner(net: TripleNet) -> Sequence:
    return Sequence(net, told=("return",), drop=0.0, batch=32, rate=3e-3, norm=1.0, warmup=5)


@pytest.mark.slow
def test_it_learns_and_plays_as_any_network_of_a_sequence_learner():
    """Who is asked for more flips the bit that earns more."""
    env = BitFlipping(BitRows(2), shown=False)
    asking = Asking(env, ("return",))
    data = record(env, Uniformly(2), env.space.samples(200, key=jr.key(0)), key=jr.key(1))
    hand = learner(TripleNet(16, 2, 2, 2, longest=2))
    first = hand.init(asking, key=jr.key(2))
    state = hand.learn(first, data, 150, rng=np.random.default_rng(0))
    assert float(state.losses["loss"]) < np.log(2) - 0.05
    for remember in ("ring", "window"):
        policy = dataclasses.replace(hand, remember=remember).policy(state).greedy()
        done = record(asking, policy, asking.space.samples(50, key=jr.key(3)), key=jr.key(4))
        for episode in range(len(done)):
            steps = slice(*done.offsets[episode : episode + 2])
            seen = jax.tree.map(lambda x: jnp.asarray(x[steps])[None], done.observation)  # noqa: B023
            outputs = hand.net(state.weights, state.spec, state.ranges, seen)[0]
            assert jnp.argmax(outputs, -1).tolist() == done.action[steps].tolist()
    with pytest.raises(ArgumentError, match="at most `longest`=1 steps each, got 2; raise it"):
        learner(TripleNet(16, 2, 2, 2, longest=1)).learn(first, data, 1, rng=np.random.default_rng(0))


def test_it_hears_the_return_alone():
    with pytest.raises(CombinationError, match="can be told return alone; got goal, horizon in `told`"):
        Sequence(NET)
    with pytest.raises(CombinationError, match="SequenceNet"):
        TripleNet(past=3)
    assert SequenceNet().hears == ("return", "horizon", "goal", "skill")
