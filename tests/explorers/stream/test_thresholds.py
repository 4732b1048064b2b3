"""Budget managers with thresholds: by hand, against scikit-activeml, and their laws."""

from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.classifier import ParzenWindowClassifier
from skactiveml.stream import budgetmanager as peer
from sklearn.datasets import make_blobs

from explora.core import ArgumentError, build, spec
from explora.explorers.stream import FixedUncertainty, RandomVariableUncertainty, Split, VariableUncertainty

from ._scripted import Scripted

MANAGERS = [FixedUncertainty(), VariableUncertainty(), RandomVariableUncertainty(), Split()]


def indices(mask):
    return np.flatnonzero(mask).tolist()


def test_the_fixed_threshold_by_hand():
    # two classes, budget .2: confidence at most ½ + .2 · ½ = .6, utility at least .4
    manager = FixedUncertainty(budget=0.2, window=10)
    asked, state = manager.query(manager.init(), np.array([0.5, 0.3, 0.41, 0.39]), rng=np.random.default_rng(0))
    assert indices(asked) == [0, 2]
    assert state.spent == pytest.approx(0.9**3 + 0.9)  # 1 faded three times, 1 once
    # û/w = .163 < .2 leaves room for one more, then there is none
    asked, _ = manager.query(state, np.array([0.5, 0.5]), rng=np.random.default_rng(0))
    assert indices(asked) == [0]


def test_the_variable_threshold_by_hand():
    manager = VariableUncertainty(budget=0.9, window=10, step=0.1)
    asked, state = manager.query(manager.init(), np.array([0.05, 0.05, 0.2, 0.05]), rng=np.random.default_rng(0))
    # threshold 1 > .95: asked, .9; .95 is not below, .99; .8 is, .891; .95 is not, .9801
    assert indices(asked) == [0, 2]
    assert state.threshold == pytest.approx(0.9 * 1.1 * 0.9 * 1.1)


def test_split_leaves_a_share_to_chance_without_moving_the_threshold():
    manager = Split(budget=0.3, share=0.5)
    draws = [0.4, 0.3, 0.4, 0.31, 0.5, 0.0]  # chance: asked; chance: not; no chance: by uncertainty
    asked, state = manager.query(manager.init(), np.full(3, 0.2), rng=Scripted(draws))
    assert indices(asked) == [0, 2]
    assert state.threshold == pytest.approx(0.99)


def test_counting_from_the_beginning():
    manager = VariableUncertainty(budget=0.5, window=None)
    asked, state = manager.query(manager.init(), np.full(6, 0.9), rng=np.random.default_rng(0))
    assert indices(asked) == [0, 2, 4]  # 0/1, then 1/2 is not below ½, 1/3 is, …
    assert (state.seen, state.asked) == (6, 3)


# --- scikit-activeml ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stream():
    """The stream of scikit-activeml's own tests: 20 blobs, four of them labelled, 16 asked about in one go.

    `make_blobs(20, centers=3)` from `RandomState(0)`, classes mod 2; a Parzen window classifier fitted on the first
    four; utilities are 1 minus its highest probability on the rest.
    """
    inputs, labels = make_blobs(n_samples=20, centers=3, random_state=np.random.RandomState(0), shuffle=True)
    model = ParzenWindowClassifier(random_state=0, classes=[0, 1]).fit(inputs[:4], labels[:4] % 2)
    return 1.0 - model.predict_proba(inputs[4:]).max(axis=1)


def test_the_stream_is_the_published_one(stream):
    published = [1.6358911e-04, 2.4108488e-05, 1.7458633e-08, 1.2106466e-03, 1.1320472e-03, 1.7989020e-02]
    np.testing.assert_allclose(stream[:6], published, atol=1e-7)
    assert stream[6] == pytest.approx(1.5713135e-01, abs=1e-7)
    assert stream[-1] == pytest.approx(2.5658824e-03, abs=1e-7)


def labelled(manager):
    """The state after the first four items, all of which came with a label."""
    return manager.record(manager.init(), np.zeros(4), np.ones(4, bool))


def seeded() -> np.random.RandomState:
    """The chance of the peer's manager: its strategy draws a seed for it from its own."""
    return np.random.RandomState(np.random.RandomState(0).randint(2**31 - 1))


def with_peers_chance(manager, state, utilities, draw):
    """What ours asks about, given the numbers that the peer's draws: only for items for which there is room."""
    found = []
    for place, utility in enumerate(utilities):
        room = state.spent / manager.window < manager.budget
        asked, state = manager.query(state, np.array([utility]), rng=Scripted(draw() if room else [1.0, 1.0]))
        found.extend([place] * int(asked.sum()))
    return found


def test_published_fixed(stream):
    manager = FixedUncertainty()
    assert indices(manager.query(labelled(manager), stream, rng=np.random.default_rng(0))[0]) == []


def test_published_variable(stream):
    manager = VariableUncertainty()
    found = indices(manager.query(labelled(manager), stream, rng=np.random.default_rng(0))[0])
    assert found == [4, 5, 6, 7, 8, 14]


def test_published_random_variable(stream):
    manager, chance = RandomVariableUncertainty(), seeded()
    chance.random_sample(4)  # one for each of the four items that were labelled
    found = with_peers_chance(manager, labelled(manager), stream, lambda: [chance.normal(1, 1)])
    assert found == [0, 1, 2, 4, 5, 6, 7, 12]


def split_draws(chance: np.random.RandomState, share: float) -> list[float]:
    """The two numbers of an item: the peer's takes the second only where the first leaves it to chance."""
    first = chance.random_sample()
    return [first, chance.random_sample() if first < share else 0.0]


def test_published_split(stream):
    manager, chance = Split(), seeded()
    state = manager.init()
    for _ in range(4):  # what the peer's `update` does for an item that was labelled
        left_to_chance = split_draws(chance, 0.1)[0] < 0.1
        assert not left_to_chance
        state = manager.record(state, np.zeros(1), np.ones(1, bool))
    assert with_peers_chance(manager, state, stream, lambda: split_draws(chance, 0.1)) == [4, 5, 6, 7, 14]


def one_by_one(manager, utilities):
    """What the peer asks about when items come one after the other."""
    found = []
    for place, utility in enumerate(utilities):
        asked = manager.query_by_utility(np.array([utility]))
        found.extend([place] * len(asked))
        manager.update(np.zeros((1, 1)), asked)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_deterministic_managers_decide_as_scikit_activeml(seed):
    rng = np.random.default_rng(seed)
    utilities = 1 - rng.dirichlet([2.0] * 3, 300).max(axis=1)
    fixed = FixedUncertainty(classes=3, budget=0.2, window=50)
    theirs = peer.FixedUncertaintyBudgetManager(classes=[0, 1, 2], w=50, budget=0.2)
    ours = indices(fixed.query(fixed.init(), utilities, rng=rng)[0])
    assert ours == one_by_one(theirs, utilities)
    assert len(ours) > 30
    variable = VariableUncertainty(budget=0.2, window=50, step=0.05)
    theirs = peer.VariableUncertaintyBudgetManager(s=0.05, w=50, budget=0.2)
    ours = indices(variable.query(variable.init(), utilities, rng=rng)[0])
    assert ours == one_by_one(theirs, utilities)
    assert len(ours) > 30


@pytest.mark.parametrize("seed", range(3))
def test_random_managers_decide_as_scikit_activeml_given_the_same_chance(seed):
    utilities = 1 - np.random.default_rng(seed).dirichlet([2.0] * 3, 200).max(axis=1)
    chance, normal = np.random.RandomState(seed), []
    for _ in utilities:
        normal.append(deepcopy(chance).normal(1, 0.5))
        chance.random_sample()  # what the peer's `update` takes
    ours = RandomVariableUncertainty(spread=0.5, budget=0.2, window=50)
    theirs = peer.RandomVariableUncertaintyBudgetManager(delta=0.5, budget=0.2, w=50, random_state=seed)
    asked, _ = ours.query(ours.init(), utilities, rng=Scripted(normal))
    assert indices(asked) == one_by_one(theirs, utilities)

    chance, ours = np.random.RandomState(seed), Split(share=0.3, budget=0.2, window=50)
    found = with_peers_chance(ours, ours.init(), utilities, lambda: split_draws(chance, 0.3))
    theirs = peer.SplitBudgetManager(v=0.3, budget=0.2, w=50, random_state=seed)
    assert found == one_by_one(theirs, utilities)
    assert len(found) > 20


# --- laws --------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(MANAGERS), st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_a_batch_is_decided_as_its_items_one_by_one(manager, seed, cut):
    utilities = np.random.default_rng(seed).random(30)
    utilities[3] = np.nan
    whole, end = manager.query(manager.init(), utilities, rng=np.random.default_rng(seed))
    rng, state = np.random.default_rng(seed), manager.init()
    first, state = manager.query(state, utilities[:cut], rng=rng)
    second, state = manager.query(state, utilities[cut:], rng=rng)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    assert not whole[3]
    for one, other in zip(vars(state).values(), vars(end).values(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("manager", MANAGERS)
def test_the_budget_is_kept_in_the_long_run(manager):
    rng = np.random.default_rng(0)
    asked, state = manager.query(manager.init(), rng.uniform(0.4, 0.6, 1500), rng=rng)
    assert 0.06 < asked.mean() < 0.12
    assert state.seen == 1500
    assert state.asked == asked.sum()


def test_sure_items_are_found_by_chance_only():
    utilities = np.where(np.arange(1000) % 2 == 0, 0.4, 0.0)  # every second item is taken as certain
    share = {}
    for manager in (VariableUncertainty(), RandomVariableUncertainty(), Split()):
        asked, _ = manager.query(manager.init(), utilities, rng=np.random.default_rng(0))
        share[type(manager).__name__] = asked[1::2].sum() / asked.sum()
    assert share["VariableUncertainty"] == 0
    assert share["RandomVariableUncertainty"] > 0.2
    assert 0 < share["Split"] < 0.3


def test_record_notes_what_others_decided():
    manager = VariableUncertainty(step=0.1)
    state = manager.record(manager.init(), np.zeros(2), np.array([True, False]))
    assert state.threshold == pytest.approx(0.9 * 1.1)
    assert (state.seen, state.asked) == (2, 1)
    with pytest.raises(ArgumentError, match="one entry for each of 2"):
        manager.record(state, np.zeros(2), np.array([True]))


def test_managers_are_configurations():
    for manager in MANAGERS:
        assert build(spec(manager)) == manager
    for wrong in ({"budget": 0.0}, {"budget": 1.5}, {"window": 0}, {"step": 0.0}, {"share": 1.0}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            Split(**wrong)
    with pytest.raises(ArgumentError, match="spread"):
        RandomVariableUncertainty(spread=-1.0)
    with pytest.raises(ArgumentError, match="classes"):
        FixedUncertainty(classes=0)
