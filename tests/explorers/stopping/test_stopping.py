"""Stopping rules: by hand, both directions of each, and what all rules have in common."""

import numpy as np
import pytest

from explora.core import ArgumentError
from explora.explorers.stopping import (
    ClassificationChange,
    GainPerCall,
    KappaStability,
    OverallUncertainty,
    normalised_entropy,
)
from explora.store import Checkpoints

RULES = [KappaStability(), ClassificationChange(), OverallUncertainty(), GainPerCall(audited=8)]
FEW = np.zeros(5, int)


def test_normalised_entropy_by_hand():
    table = np.array([[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]])
    np.testing.assert_allclose(normalised_entropy(table), [0, 1, 0.811278], atol=1e-6)
    assert normalised_entropy(np.full((1, 7), 1 / 7))[0] == pytest.approx(1.0)


def test_overall_uncertainty_stops_when_sure_and_goes_on_when_not():
    rule = OverallUncertainty()
    labels = np.zeros(10, int)
    state = rule.init(10)
    assert not rule.stop(state)
    assert rule.reason(state) == "not yet: no model has been seen"
    unsure = rule.update(state, labels, probabilities=np.full((10, 2), 0.5))
    assert not rule.stop(unsure)
    assert rule.reason(unsure) == "go on: the mean normalised entropy is 1.0000, not below 0.05"
    sure = rule.update(unsure, labels, probabilities=np.tile([0.999, 0.001], (10, 1)))
    assert rule.stop(sure)
    assert "0.0114, below 0.05" in rule.reason(sure)
    with pytest.raises(ArgumentError, match="OverallUncertainty needs `probabilities`"):
        rule.update(state, labels)


def score(right: int, items: int = 200) -> np.ndarray:
    return (np.arange(items) < right).astype(float)


def test_gain_per_call_by_hand():
    rule = GainPerCall(audited=200, threshold=1e-3, window=1)
    state = rule.update(rule.init(5), FEW, audited=score(100), calls=10)
    state = rule.update(state, FEW, audited=score(120), calls=30)
    gain, low, high = rule.gain(state)
    # 20 of 200 became right over 20 calls; with one more half and half: mean 20/202, second moment 21/202
    assert gain == pytest.approx(0.1 / 20)
    middle, half = 20 / 202, 1.96 * np.sqrt((21 / 202 - (20 / 202) ** 2) / 202)
    assert (low, high) == pytest.approx(((middle - half) / 20, (middle + half) / 20))
    assert not rule.stop(state)
    assert rule.reason(state).startswith("go on: the last 1 records gained 5.00e-03 a call")


def test_gain_per_call_stops_when_many_calls_bought_nothing_and_not_before():
    rule = GainPerCall(audited=200, threshold=1e-3, window=1)
    state = rule.update(rule.init(5), FEW, audited=score(150), calls=10)
    few = rule.update(state, FEW, audited=score(150), calls=14)
    assert not rule.stop(few)  # four calls that changed nothing prove little
    many = rule.update(state, FEW, audited=score(150), calls=110)
    assert rule.stop(many)
    assert rule.reason(many).startswith("stop:")
    worse = rule.update(state, FEW, audited=score(120), calls=110)
    assert rule.stop(worse)


def test_gain_per_call_waits_for_its_window_and_for_calls():
    rule = GainPerCall(audited=200, window=3)
    state = rule.init(5)
    for number in range(4):
        assert not rule.stop(state)
        assert rule.reason(state).startswith(f"not yet: {number} of 4")
        state = rule.update(state, FEW, audited=score(150), calls=7)
    assert not rule.stop(state)  # four records, but no call was made between them
    assert np.isnan(rule.gain(state)[0])


def test_gain_per_call_refuses_impossible_evidence():
    rule = GainPerCall(audited=3)
    state = rule.update(rule.init(2), FEW[:2], audited=np.ones(3), calls=5)
    for evidence, message in (
        ({"audited": np.ones(3)}, "needs `calls`"),
        ({"calls": 6}, "needs `audited`"),
        ({"audited": np.ones(4), "calls": 6}, "must have 3 scores"),
        ({"audited": np.array([0, 1, 1.5]), "calls": 6}, r"in \[0, 1\]"),
        ({"audited": np.ones(3), "calls": 4}, "at least 5"),
    ):
        with pytest.raises(ArgumentError, match=message):
            rule.update(state, FEW[:2], **evidence)


@pytest.mark.parametrize("rule", RULES)
def test_states_keep_their_shapes_and_nothing_is_changed_in_place(rule):
    rng = np.random.default_rng(0)
    state = rule.init(6)
    shapes = [x.shape for x in vars(state).values()]
    for number in range(6):
        before = [x.copy() for x in vars(state).values()]
        predictions = rng.integers(0, 3, 6)
        new = rule.update(
            state,
            predictions,
            probabilities=rng.dirichlet(np.ones(3), 6),
            audited=rng.integers(0, 2, 8).astype(float),
            calls=10 * number,
        )
        predictions[:] = 7  # what the caller does with its array later must not reach the state
        for old, now in zip(before, vars(state).values(), strict=True):
            np.testing.assert_array_equal(old, now)
        state = new
        assert [x.shape for x in vars(state).values()] == shapes
        assert isinstance(rule.stop(state), bool)
        assert not np.any(np.concatenate([np.ravel(x) for x in vars(state).values()]) == 7)
    assert state.models == 6


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_resumed_from_a_checkpoint_goes_on_as_the_other(rule, tmp_path):
    rng = np.random.default_rng(1)
    models = rng.integers(0, 2, (6, 20))
    evidence = [
        {"probabilities": rng.dirichlet(np.ones(2), 20), "audited": rng.random(8), "calls": 5 * k} for k in range(6)
    ]
    state, other = rule.init(20), None
    for number, (model, facts) in enumerate(zip(models, evidence, strict=True)):
        if number == 3:
            Checkpoints(tmp_path).save(state, turn=number)
            other = Checkpoints(tmp_path).load(rule.init(20)).tree
        state = rule.update(state, model, **facts)
        other = other if other is None else rule.update(other, model, **facts)
    assert rule.reason(other) == rule.reason(state)
    for one, two in zip(vars(other).values(), vars(state).values(), strict=True):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one, two)
