"""Rules that compare successive models: both directions, and the published bound by enumeration."""

import itertools

import numpy as np
import pytest

from explora.core import ArgumentError, build, spec
from explora.explorers.stopping import ClassificationChange, KappaStability, kappa_guarantee
from explora.maths import cohen_kappa

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


def test_predictions_must_be_of_the_same_items():
    rule = KappaStability()
    with pytest.raises(ArgumentError, match="each of the 200 items, got 3"):
        rule.update(rule.init(200), np.zeros(3, int))


def test_rules_are_configurations():
    rule = KappaStability(window=5, threshold=0.95)
    assert build(spec(rule)) == rule
    for wrong in ({"window": 0}, {"threshold": 1.5}, {"least_classes": 0}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            KappaStability(**wrong)
