"""Stopping rules: both directions of every rule, by hand, and the published bound by enumeration."""

import itertools

import numpy as np
import pytest

from explora.core import ArgumentError, build, spec
from explora.ledger.labels import (
    ClassificationChange,
    GainPerCall,
    KappaStability,
    OverallUncertainty,
    cohen_kappa,
    kappa_guarantee,
    normalised_entropy,
)
from explora.store import Checkpoints

RULES = [KappaStability(), ClassificationChange(), OverallUncertainty(), GainPerCall(audited=8)]
HALF = np.repeat([0, 1], 100)


def changed(count: int) -> np.ndarray:
    """200 predictions, of which `count` differ from `HALF`, evenly in both classes."""
    found = HALF.copy()
    found[: count // 2] = 1
    found[100 : 100 + count - count // 2] = 0
    return found


def after(rule, models, **evidence):
    state = rule.init(len(models[0]))
    for model in models:
        state = rule.update(state, model, **evidence)
    return state


def test_high_agreement_stops_and_low_agreement_goes_on():
    rule = KappaStability()
    steady, restless = after(rule, [HALF] * 4), after(rule, [HALF, changed(100)] * 2)
    assert steady.values.tolist() == [1.0, 1.0, 1.0]
    assert rule.stop(steady)
    assert rule.reason(steady).startswith("stop: the mean of the last 3 κ is 1.0000, at or above 0.99")
    assert restless.values.tolist() == [0.0, 0.0, 0.0]
    assert not rule.stop(restless)
    assert rule.reason(restless) == "go on: the mean of the last 3 κ is 0.0000, below 0.99"


def test_the_mean_of_the_window_decides_not_the_last_value():
    rule = KappaStability(threshold=0.98)
    # two changed of 200 even ones: agreement 0.99, κ = (0.99 − 0.5) / 0.5 = 0.98
    state = after(rule, [HALF, HALF, HALF, changed(2)])
    np.testing.assert_allclose(state.values, [1, 1, 0.98])
    assert rule.stop(state)
    worse = rule.update(state, changed(20))
    assert worse.values.mean() < 0.98
    assert not rule.stop(worse)
    strict = KappaStability(threshold=1.0)
    assert not strict.stop(state)


def test_a_window_that_is_not_full_never_stops():
    rule = KappaStability()
    for models in range(4):
        state = after(rule, [HALF] * models) if models else rule.init(200)
        assert not rule.stop(state)
        assert rule.reason(state).startswith(f"not yet: {max(0, models - 1)} of 3 comparisons")


def test_one_class_for_everything_is_agreement_but_not_by_default_a_reason_to_stop():
    ones = np.ones(50, int)
    state = after(KappaStability(), [ones] * 4)
    assert state.values.tolist() == [1.0, 1.0, 1.0]
    assert not KappaStability().stop(state)
    assert "predicted only 1 class(es)" in KappaStability().reason(state)
    assert KappaStability(least_classes=1).stop(state)


def test_the_guarantee_as_a_number():
    assert kappa_guarantee(0.99) == pytest.approx(0.0404, abs=1e-4)
    assert kappa_guarantee(1.0) == 0.0
    rule = KappaStability(threshold=0.9)
    state = after(rule, [HALF, HALF, HALF, changed(2)])
    assert "F changed by at most 0.0816 between the last two models" in rule.reason(state)  # 4 · 0.02 / 0.98
    with pytest.raises(ArgumentError, match="threshold"):
        kappa_guarantee(0.0)


def test_the_guarantee_holds_for_all_binary_models_of_five_items():
    def f_measure(truth, model):
        return 2 * np.sum(truth & model) / (np.sum(truth) + np.sum(model))

    tried = 0
    models = [np.array(x) for x in itertools.product([0, 1], repeat=5)]
    for old, new in itertools.product(models, models):
        kappa = cohen_kappa(old, new)
        if kappa <= 0 or not old.any() or not new.any():
            continue
        for truth in models:
            tried += 1
            assert abs(f_measure(truth, old) - f_measure(truth, new)) <= kappa_guarantee(kappa) + 1e-12
    assert tried > 5000


def test_classification_change_both_ways():
    rule = ClassificationChange()
    assert rule.stop(after(rule, [HALF, HALF]))
    moving = after(rule, [HALF, changed(3)])
    assert not rule.stop(moving)
    assert rule.reason(moving).startswith("go on: up to 1.50 % of the items changed class")
    assert ClassificationChange(threshold=0.015).stop(moving)
    long = ClassificationChange(window=2)
    assert not long.stop(after(long, [changed(9), HALF, changed(9)]))
    assert not long.stop(after(long, [changed(9), HALF, HALF]))
    assert long.stop(after(long, [changed(9), HALF, HALF, HALF]))


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
    state = rule.update(rule.init(5), HALF[:5], audited=score(100), calls=10)
    state = rule.update(state, HALF[:5], audited=score(120), calls=30)
    gain, low, high = rule.gain(state)
    # 20 of 200 became right over 20 calls; with one more half and half: mean 20/202, second moment 21/202
    assert gain == pytest.approx(0.1 / 20)
    middle, half = 20 / 202, 1.96 * np.sqrt((21 / 202 - (20 / 202) ** 2) / 202)
    assert (low, high) == pytest.approx(((middle - half) / 20, (middle + half) / 20))
    assert not rule.stop(state)
    assert rule.reason(state).startswith("go on: the last 1 records gained 5.00e-03 a call")


def test_gain_per_call_stops_when_many_calls_bought_nothing_and_not_before():
    rule = GainPerCall(audited=200, threshold=1e-3, window=1)
    state = rule.update(rule.init(5), HALF[:5], audited=score(150), calls=10)
    few = rule.update(state, HALF[:5], audited=score(150), calls=14)
    assert not rule.stop(few)  # four calls that changed nothing prove little
    many = rule.update(state, HALF[:5], audited=score(150), calls=110)
    assert rule.stop(many)
    assert rule.reason(many).startswith("stop:")
    worse = rule.update(state, HALF[:5], audited=score(120), calls=110)
    assert rule.stop(worse)


def test_gain_per_call_waits_for_its_window_and_for_calls():
    rule = GainPerCall(audited=200, window=3)
    state = rule.init(5)
    for number in range(4):
        assert not rule.stop(state)
        assert rule.reason(state).startswith(f"not yet: {number} of 4")
        state = rule.update(state, HALF[:5], audited=score(150), calls=7)
    assert not rule.stop(state)  # four records, but no call was made between them
    assert np.isnan(rule.gain(state)[0])


def test_gain_per_call_refuses_impossible_evidence():
    rule = GainPerCall(audited=3)
    state = rule.update(rule.init(2), HALF[:2], audited=np.ones(3), calls=5)
    for evidence, message in (
        ({"audited": np.ones(3)}, "needs `calls`"),
        ({"calls": 6}, "needs `audited`"),
        ({"audited": np.ones(4), "calls": 6}, "must have 3 scores"),
        ({"audited": np.array([0, 1, 1.5]), "calls": 6}, r"in \[0, 1\]"),
        ({"audited": np.ones(3), "calls": 4}, "at least 5"),
    ):
        with pytest.raises(ArgumentError, match=message):
            rule.update(state, HALF[:2], **evidence)


def test_predictions_must_be_of_the_same_items():
    rule = KappaStability()
    with pytest.raises(ArgumentError, match="each of the 200 items, got 3"):
        rule.update(rule.init(200), np.zeros(3, int))


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


def test_rules_are_configurations():
    rule = KappaStability(window=5, threshold=0.95)
    assert build(spec(rule)) == rule
    for wrong in ({"window": 0}, {"threshold": 1.5}, {"least_classes": 0}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            KappaStability(**wrong)
