"""Quantile, density and the baselines: by hand, against scikit-activeml, and their laws."""

from collections import deque
from copy import deepcopy

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.stream import PeriodicSampling, StreamRandomSampling
from skactiveml.stream.budgetmanager import BalancedIncrementalQuantileFilter, DensityBasedSplitBudgetManager

from explora.core import ArgumentError, build, spec
from explora.explorers.stream import BalancedQuantile, Periodic, RandomBudget, Split, StreamDensity, VariableUncertainty
from explora.store import Checkpoints

from ._scripted import Scripted

CHANCE = np.random.default_rng(0)
COUNTING = [Periodic(), RandomBudget(), RandomBudget(strict=True)]


def indices(mask):
    return np.flatnonzero(mask).tolist()


def test_the_quantile_by_hand():
    manager = BalancedQuantile(budget=0.5, window=3, tolerance=10.0)
    asked, state = manager.query(manager.init(), np.array([1.0, 0.0, 0.5, 4.0]), rng=CHANCE)
    # 1: alone, so 1 − 0. 0: median .5, range 1, half a call … 2 · ½ − 1 = 0 left: .5. ½: median ½ − 1 · (½/10): asked.
    # 4: of 0, ½, 4 the median is ½, none left (4 · ½ − 2): asked.
    assert indices(asked) == [0, 2, 3]
    np.testing.assert_array_equal(state.recent, [0.0, 0.5, 4.0])
    assert (state.seen, state.asked) == (4, 3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("window", [1, 20, 100])
def test_the_quantile_decides_as_scikit_activeml(seed, window):
    utilities = np.random.default_rng(seed).exponential(size=200)
    ours = BalancedQuantile(budget=0.15, window=window, tolerance=20.0)
    theirs = BalancedIncrementalQuantileFilter(w=window, w_tol=20, budget=0.15)
    found = []
    for place, utility in enumerate(utilities):
        asked = theirs.query_by_utility(np.array([utility]))
        found.extend([place] * len(asked))
        theirs.update(np.zeros((1, 1)), asked, np.array([utility]))
    asked, state = ours.query(ours.init(), utilities, rng=CHANCE)
    assert indices(asked) == found
    assert state.asked == len(found)


def test_one_utility_that_is_missing_does_not_silence_the_quantile():
    manager = BalancedQuantile(window=50)
    utilities = np.random.default_rng(0).random(200)
    utilities[10] = np.nan
    asked, _ = manager.query(manager.init(), utilities, rng=CHANCE)
    assert not asked[10]
    assert asked[11:60].any()  # the peer's asks about nothing until that utility has left its window


def test_the_quantile_follows_a_change_of_scale():
    manager = BalancedQuantile(budget=0.2, window=50)
    utilities = np.random.default_rng(0).random(600)
    utilities[300:] *= 1e-3
    asked, _ = manager.query(manager.init(), utilities, rng=CHANCE)
    assert asked[400:].mean() == pytest.approx(0.2, abs=0.05)
    assert utilities[400:][asked[400:]].mean() > 1.3 * utilities[400:].mean()


def test_periodic_by_hand_and_as_scikit_activeml():
    manager = Periodic(budget=0.25)
    asked, state = manager.query(manager.init(), np.zeros(9), rng=CHANCE)
    assert indices(asked) == [3, 7]
    assert (state.seen, state.asked) == (9, 2)
    asked, _ = Periodic().query(Periodic().init(), np.zeros(200), rng=CHANCE)
    assert indices(asked) == PeriodicSampling(budget=0.1).query(np.zeros((200, 1))).tolist()


@pytest.mark.parametrize("strict", [False, True])
def test_random_decides_as_scikit_activeml_given_the_same_chance(strict):
    theirs = StreamRandomSampling(allow_exceeding_budget=not strict, budget=0.2, random_state=3)
    chance = np.random.RandomState(3).random_sample(300)
    manager = RandomBudget(budget=0.2, strict=strict)
    asked, state = manager.query(manager.init(), np.zeros(300), rng=Scripted(chance))
    assert indices(asked) == theirs.query(np.zeros((300, 1))).tolist()
    assert state.asked == asked.sum()


def test_a_strict_random_budget_is_never_exceeded():
    manager = RandomBudget(budget=0.3, strict=True)
    asked, _ = manager.query(manager.init(), np.zeros(500), rng=np.random.default_rng(1))
    assert np.all(np.cumsum(asked) <= 0.3 * np.arange(1, 501))
    assert asked.mean() > 0.2


# --- density -----------------------------------------------------------------------------------------------------


def test_an_outlier_is_not_asked_about_and_a_neighbour_is():
    manager = StreamDensity(budget=0.9, inner=VariableUncertainty(budget=0.9), window=10)
    points = np.array([[0.0], [1.0], [10.0], [1.1], [-50.0]])
    asked, state = manager.query(manager.init(1), np.full(5, 0.9), rng=CHANCE, embeddings=points)
    # The first knows no other. 1 is the nearest to 0 yet; 10 is nearer to nobody (to 1 it was 1 before); 1.1 is to 1.
    assert indices(asked) == [1, 3]
    np.testing.assert_allclose(state.nearest[-5:], [1.0, 0.1, 8.9, 0.1, 50.0])


def peer_density(points, window):
    """Which items the peer calls dense: its rule, with its own two windows."""
    recent, nearest, dense = deque(maxlen=window), deque(maxlen=window), []
    for point in points:
        if not recent:
            nearest.append(np.inf)
            dense.append(False)
        else:
            apart = np.linalg.norm(np.array(recent) - point, axis=1)
            closer = apart < np.array(nearest)
            for place in np.flatnonzero(closer):
                nearest[place] = apart[place]
            nearest.append(apart.min())
            dense.append(bool(closer.any()))
        recent.append(point)
    return dense


@pytest.mark.parametrize("seed", range(3))
def test_density_decides_as_scikit_activeml_given_the_same_chance(seed):
    rng = np.random.default_rng(seed)
    points, utilities = rng.normal(size=(150, 2)), rng.random(150)
    dense = peer_density(points, 20)
    theirs = DensityBasedSplitBudgetManager(budget=0.3, random_state=seed)
    chance, normal, found = np.random.RandomState(seed), [], []
    for place, utility in enumerate(utilities):
        normal.append(deepcopy(chance).normal(1, 1))
        chance.random_sample()  # what the peer's `update` takes
        asked = theirs.query_by_utility(np.array([utility])) if dense[place] else []
        found.extend([place] * len(asked))
        theirs.update(np.zeros((1, 1)), asked)
    manager = StreamDensity(budget=0.3, window=20)
    asked, state = manager.query(manager.init(2), utilities, rng=Scripted(normal), embeddings=points)
    assert indices(asked) == found
    assert len(found) > 15
    assert state.inner.asked == len(found)
    assert state.inner.seen == 150


# --- laws --------------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([*COUNTING, BalancedQuantile(window=7), StreamDensity()]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 30),
)
def test_a_batch_is_decided_as_its_items_one_by_one(manager, seed, cut):
    rng = np.random.default_rng(seed)
    utilities, points = rng.random(30), rng.normal(size=(30, 2))
    utilities[5] = np.nan
    before = utilities.copy()
    chance = np.random.default_rng(seed)
    whole, _ = manager.query(manager.init(2), utilities, rng=chance, embeddings=points)
    chance, state = np.random.default_rng(seed), manager.init(2)
    first, state = manager.query(state, utilities[:cut], rng=chance, embeddings=points[:cut])
    second, state = manager.query(state, utilities[cut:], rng=chance, embeddings=points[cut:])
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    assert not whole[5]
    np.testing.assert_array_equal(utilities, before)


@pytest.mark.parametrize("manager", [BalancedQuantile(), *COUNTING])
def test_the_budget_is_kept_in_the_long_run(manager):
    rng = np.random.default_rng(0)
    asked, _ = manager.query(manager.init(), rng.random(2000), rng=rng)
    assert 0.06 < asked.mean() < 0.125


@pytest.mark.parametrize("manager", [*COUNTING, BalancedQuantile(window=7), StreamDensity(), Split()])
def test_a_stream_that_is_resumed_from_a_checkpoint_goes_on_as_the_other(manager, tmp_path):
    rng = np.random.default_rng(0)
    utilities, points = rng.random(60), rng.normal(size=(60, 2))
    whole, end = manager.query(manager.init(2), utilities, rng=np.random.default_rng(1), embeddings=points)
    chance = np.random.default_rng(1)
    _, state = manager.query(manager.init(2), utilities[:33], rng=chance, embeddings=points[:33])
    Checkpoints(tmp_path).save(state, turn=33)
    state = Checkpoints(tmp_path).load(manager.init(2)).tree
    rest, state = manager.query(state, utilities[33:], rng=chance, embeddings=points[33:])
    np.testing.assert_array_equal(rest, whole[33:])
    for one, two in zip(jax.tree.leaves(state), jax.tree.leaves(end), strict=True):
        np.testing.assert_array_equal(one, two)


def test_record_notes_what_others_decided():
    for manager in (BalancedQuantile(window=2), Periodic(), RandomBudget(), StreamDensity()):
        state = manager.record(manager.init(1), np.array([0.5, 0.7, 0.9]), np.array([True, False, True]))
        counts = state.inner if isinstance(manager, StreamDensity) else state
        assert (counts.seen, counts.asked) == (3, 2)
        with pytest.raises(ArgumentError, match="one entry for each of 1"):
            manager.record(state, np.zeros(1), np.zeros(2, bool))
    manager = BalancedQuantile(window=2)
    np.testing.assert_array_equal(
        manager.record(manager.init(), np.array([0.5, 0.7, 0.9]), np.zeros(3, bool)).recent, [0.7, 0.9]
    )


def test_managers_are_configurations_and_refuse_impossible_values():
    for manager in (BalancedQuantile(window=5), Periodic(budget=0.3), RandomBudget(strict=True), StreamDensity()):
        assert build(spec(manager)) == manager
    with pytest.raises(ArgumentError, match="tolerance"):
        BalancedQuantile(tolerance=0.0)
    with pytest.raises(ArgumentError, match="is not that of `inner`"):
        StreamDensity(budget=0.2, inner=Periodic(budget=0.1))
    with pytest.raises(ArgumentError, match="dims"):
        StreamDensity().init()
    with pytest.raises(ArgumentError, match=r"`embeddings` must have shape \(1, 3\), got None"):
        StreamDensity().query(StreamDensity().init(3), np.zeros(1), rng=CHANCE)
