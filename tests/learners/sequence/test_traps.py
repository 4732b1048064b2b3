"""Faults of published sequence learners, each with the tests that would find it here.

| trap | found by |
|---|---|
| the rate falls to nothing long before the end, since a schedule is put before Adam (JAX-CORL) | `tests/learners/sequence/test_traps.py::test_the_rate_is_what_it_should_be_after_the_warm_up`, `tests/learners/sequence/test_traps.py::test_the_rate_falls_to_its_share_at_the_very_end_and_no_further` |
| the last steps of episodes, and episodes shorter than a window, are never drawn (JAX-CORL) | `tests/learners/sequence/test_windows.py::test_every_step_is_as_likely_as_every_other_at_every_place` |
| episodes are drawn without regard to their length; one number serves for two draws (JAX-CORL) | `tests/learners/sequence/test_windows.py::test_every_step_is_as_likely_as_every_other_at_every_place` |
| a window begins in the episode before (Decision Transformer, Atari) | `tests/learners/sequence/test_windows.py::test_no_window_holds_steps_of_two_episodes_and_all_stand_in_time` |
| the return of a step is that of the next one (K + 1 of them are built), or a mean instead of a sum (RvS) | `tests/learners/sequence/test_windows.py::test_a_window_is_what_the_player_saw` |
| returns are cut to whole numbers when it is asked (Decision Transformer, Atari) | `tests/learners/sequence/test_traps.py::test_returns_are_not_rounded_and_more_than_was_seen_is_more` |
| what is asked for is not reduced by what was earned, or with the wrong sign; the horizon falls below 1 | `tests/domains/views/test_asking.py::test_what_was_asked_for_is_what_is_left` |
| what is told while acting is not what was told while learning | `tests/learners/sequence/test_learner.py::test_what_one_learns_from_is_what_one_sees_when_asked_for_it` |
| returns are scaled differently while learning and acting | `tests/learners/sequence/test_triples.py::test_acting_step_by_step_sees_the_last_steps_and_nothing_of_the_episode_before` |
| the action to be predicted is shown | `tests/learners/sequence/test_traps.py::test_what_is_done_is_shown_one_step_later_and_never_before` |
| padding counts in the loss, or is seen; the mask is on the wrong side | `tests/learners/sequence/test_traps.py::test_padding_adds_nothing_to_the_loss`, `tests/learners/sequence/test_triples.py::test_the_published_layout_whichever_side_is_padded` |
| an episode is longer than the table of times, whose last row then serves for all that follow (gathers in JAX clip) | `tests/learners/sequence/test_triples.py::test_it_learns_and_plays_as_any_network_of_a_sequence_learner` |
| a cache writes past its end, which JAX clips to the last place (flax) | `tests/nets/sequence/test_memory.py::test_the_ring_gives_what_the_whole_sequence_gives` |
| a cache has one index for all lanes, so that none can begin anew alone (flax) | `tests/nets/sequence/test_memory.py::test_each_lane_forgets_where_its_segment_ends_and_keeps_its_conditions` |
| a ring of keys is taken for the last steps alone | `tests/nets/sequence/test_memory.py::test_the_window_gives_what_the_last_tokens_alone_give` |
| a goal in hindsight lies before the step, or is its own observation (HER, indices) | `tests/learners/sequence/test_hindsight.py::test_the_future_lies_strictly_after_the_step_and_every_step_of_it_is_as_likely` |
| episodes of one step are never relabelled, or crash (Stable-Baselines3) | `tests/learners/sequence/test_traps.py::test_an_episode_of_one_step_has_a_goal_in_hindsight` |
| a goal comes from another episode where a buffer wraps around (Tianshou) | `tests/learners/sequence/test_traps.py::test_hindsight_stays_in_its_episode_after_others_were_forgotten` |
| a buffer smaller than an episode crashes, one exactly full counts as empty (Stable-Baselines3, flashbax) | `tests/learners/test_kept.py::test_the_oldest_are_forgotten` |
| a buffer is not restored exactly (flashbax) | `tests/learners/sequence/test_learner.py::test_a_round_adds_to_what_is_kept` |
| entries of an observation are read in the order in which somebody wrote them | `tests/learners/sequence/test_traps.py::test_the_order_of_entries_says_nothing` |
| the goal of bit flipping is always the same (Stable-Baselines3) | `tests/domains/yardsticks/test_bits.py::test_goals_are_drawn_anew_and_never_reached_at_the_start` |
| Dark Room begins in a corner, or its optimum is not known | `tests/domains/yardsticks/test_dark_room.py::test_the_optimum_of_the_literature` |
"""  # noqa: E501

import ast
import dataclasses
import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import Box, Discrete, Episodes
from explora.domains.views import Asking
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.learners.sequence import (
    Hindsight,
    Sampler,
    Sequence,
    SequenceNet,
    SequenceState,
    TripleNet,
    _learner,
)
from explora.nets import flatten
from explora.nets.sequence import Transformer

BITS = 3
ASKING = Asking(BitFlipping(BitRows(BITS), shown=False), ("return", "horizon"))
NETS = {
    "one": SequenceNet(Transformer(width=8, layers=1, heads=2, window=4), bins=4),
    "three": TripleNet(8, 1, 2, 4, longest=9),
}


def learner(net: str = "one", **fields: Any) -> Sequence:
    return Sequence(NETS[net], Hindsight("final"), told=("return",), batch=4, rate=1e-2, **fields)


def stored(*lengths: int) -> Episodes:
    """Episodes of these lengths; bits of noise, actions in turn; what is achieved is the number of the step."""
    steps, rng = sum(lengths), np.random.default_rng(0)
    number = np.arange(steps, dtype=np.int32)
    return Episodes(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        {"bits": rng.integers(0, 2, (steps, BITS)).astype(np.uint8)},
        {"bits": rng.integers(0, 2, (len(lengths), BITS)).astype(np.uint8)},
        number % BITS,
        number.astype(np.float32) / 4,
        np.ones(len(lengths), bool),
        number,
    ).checked()


def played(*lengths: int) -> Episodes:
    """The same of bit flipping, where bits are what is achieved."""
    data = stored(*lengths)
    return dataclasses.replace(data, achieved=data.observation["bits"])


def test_every_trap_of_the_table_has_its_tests():
    rows = [line.rpartition("|")[0].rpartition("|")[2] for line in (__doc__ or "").splitlines() if line.count("|") == 3]
    named = [re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row) for row in rows[2:]]
    assert len(named) > 20
    assert all(named)
    root = Path(__file__).parents[3]
    for path, test in {pair for pairs in named for pair in pairs}:
        defined = [node.name for node in ast.parse((root / path).read_text()).body if isinstance(node, ast.FunctionDef)]
        assert test in defined


@pytest.mark.slow
def test_the_rate_is_what_it_should_be_after_the_warm_up():
    """Adam's first step is the rate for every weight, whatever the gradient: so much as the warm-up has let it rise."""
    hand = learner(warmup=100, decay=0.0, final_rate=1.0)
    first = hand.init(ASKING, key=jr.key(0))
    for updates, share in ((0, 0.01), (49, 0.5), (20_000, 1.0)):
        begun = dataclasses.replace(first, updates=jnp.int32(updates))
        state = hand.learn(begun, played(4, 2), 1, rng=np.random.default_rng(0))
        change = np.abs(np.asarray(state.weights["head_bias"] - first.weights["head_bias"]))
        assert change.max() == pytest.approx(1e-2 * share, rel=1e-2)


def test_the_rate_falls_to_its_share_at_the_very_end_and_no_further(monkeypatch: pytest.MonkeyPatch):
    rates: list[float] = []

    def watched(given: tuple, changing: tuple) -> tuple:
        rates.extend(given[4].tolist())
        return changing, jnp.zeros(())

    monkeypatch.setattr(_learner, "_train", watched)
    hand = learner(final_rate=0.1)
    zero = jnp.zeros(())
    ranges = {"return": jnp.zeros((2,))}
    state = SequenceState({}, (), jnp.int32(0), ranges, {"loss": zero}, spec=ASKING.observation, action=ASKING.action)
    hand.learn(state, stored(4, 2), 120, rng=np.random.default_rng(0))
    assert rates == pytest.approx(np.linspace(1e-2, 1e-3, 120).tolist(), rel=1e-5)


def test_returns_are_not_rounded_and_more_than_was_seen_is_more():
    ranges = {"return": jnp.array([0.0, 1.0])}
    asked = jnp.array([0.25, 0.5, 0.75, 1.0, 1.5, 4.0])
    shown = NETS["one"]._shown({"return": Box(())}, ranges, "return", asked).tolist()
    assert len({tuple(row) for row in shown}) == len(asked)
    assert [row[0] for row in shown] == sorted(row[0] for row in shown)


def test_what_is_done_is_shown_one_step_later_and_never_before():
    data = stored(5, 2)
    other = dataclasses.replace(data, action=data.action.copy())
    other.action[2] = (other.action[2] + 1) % BITS
    draw = lambda episodes: Sampler(episodes, 4, Discrete(BITS), Hindsight("final")).draw(
        50, rng=np.random.default_rng(0)
    )
    one, two = draw(data), draw(other)
    later = one.moments["time"] == 3  # which the second episode does not reach
    assert (one.moments["action"] != two.moments["action"]).tolist() == later.tolist()
    assert later.any()
    for name in ("seen", "reward", "return", "horizon", "time", "skill", "told"):
        jax.tree.map(np.testing.assert_array_equal, one.moments[name], two.moments[name])


@pytest.mark.slow
@pytest.mark.parametrize("net", NETS)
def test_padding_adds_nothing_to_the_loss(net: str):
    """A window that is cut short teaches what it would teach if other things stood beyond its end."""
    hand = learner(net)
    state = hand.init(ASKING, key=jr.key(0))
    weights = jax.tree.map(lambda x: x + 0.1, state.weights)
    batch = Sampler(played(2, 3), 4, ASKING.action, hand.hindsight).draw(8, rng=np.random.default_rng(0))
    there = batch.weight > 0
    assert not there.all()
    wide = lambda x: there.reshape(there.shape + (1,) * (x.ndim - 2))
    rubbish = jax.tree.map(lambda x: np.where(wide(x), x, np.ones((), x.dtype)), batch.moments)
    action = np.where(there, batch.action, 2).astype(batch.action.dtype)

    @jax.jit
    def taught(moments: Any, action: Any) -> tuple[Any, Any]:
        def loss(weights: Any) -> Any:
            outputs = hand.net(weights, state.spec, state.ranges, moments)
            return jnp.sum(hand.net.losses(state.action, outputs, action, {}) * batch.weight)

        return jax.value_and_grad(loss)(weights)

    one, two = taught(batch.moments, batch.action), taught(rubbish, action)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), one, two)


def test_an_episode_of_one_step_has_a_goal_in_hindsight():
    at = np.zeros(20, np.int64)
    for strategy in ("final", "future", "geometric", "episode", "random"):
        found = Hindsight(strategy).aims(stored(1), at, at, rng=np.random.default_rng(0))
        assert found.relabelled.all()
        assert (found.end == 1).all()
        assert (found.step == 0).all()


def test_hindsight_stays_in_its_episode_after_others_were_forgotten():
    kept = stored(5, 3, 4, 2).take(np.array([2, 3]))
    assert kept.lengths.tolist() == [4, 2]
    batch = Sampler(kept, 3, Discrete(BITS), Hindsight("future")).draw(500, rng=np.random.default_rng(0))
    first = kept.achieved[kept.offsets[:-1]]
    episode = lambda number: np.searchsorted(first, number, side="right")
    began = np.asarray(batch.moments["goal"])[:, 0] - batch.moments["horizon"][:, 0] - batch.moments["time"][:, 0] + 1
    assert set(began.tolist()) == set(first.tolist())
    assert (episode(batch.moments["goal"][:, 0]) == episode(began)).all()


def test_the_order_of_entries_says_nothing():
    spec = {"place": Discrete(3), "speed": Box((2,))}
    seen = {"place": jnp.array([1]), "speed": jnp.array([[0.5, 2.0]])}
    turned = dict(reversed(seen.items()))
    assert flatten(spec, seen).tolist() == flatten(spec, turned).tolist() == [[0, 1, 0, 0.5, 2.0]]
    assert flatten(dict(reversed(spec.items())), turned).tolist() == [[0, 1, 0, 0.5, 2.0]]
