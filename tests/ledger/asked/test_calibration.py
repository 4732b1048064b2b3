"""What was asked for against what was got: by hand, and where luck decides."""

import jax
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Uniformly, record
from explora.domains.views import Asking
from explora.domains.yardsticks import Gamble
from explora.learners.sequence import Hindsight, Sequence, SequenceNet, expected_returns
from explora.ledger.asked import Calibration, calibrate
from explora.nets.sequence import Transformer
from explora.plots._asked import asked_section

GAMBLE = Gamble()
ASKING = Asking(GAMBLE, ("return",), returns=0.0)


def told(asked, achieved, luck=0.0) -> Calibration:
    asked, achieved = np.array(asked, float), np.array(achieved, float)
    _, level = np.unique(asked, return_inverse=True)
    return Calibration(asked, achieved, level, np.arange(len(asked)) // 3, luck)


def test_by_hand():
    found = told([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2])
    assert found.correlation == pytest.approx(1)
    assert [(level.asked, level.achieved, level.episodes) for level in found.levels] == [
        (0, 0, 2),
        (1, 1, 2),
        (2, 2, 2),
    ]
    assert found.shortfall == (0, 0, 0)
    assert not found.short
    assert "Remedy" not in found.verdict
    lower = told([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 1, 1])
    assert lower.shortfall[0] == 1
    assert lower.short
    assert not lower.optimistic
    assert "luck is not why" in lower.verdict
    assert lower._replace(luck=0.5).optimistic
    assert told([1, 1], [0, 1]).correlation == 0
    twice = Calibration(
        np.repeat([0.0, 1, 2], 2), np.array([0.0, 1, 0, 3, 2, 3]), np.repeat([0, 1, 2], 2), np.zeros(6, int)
    )
    assert twice.of_means == pytest.approx(1)
    many = Calibration(
        np.array([0.0, 1, 1, 2, 2, 3]), np.array([5.0, 7, 0, 0, 9, 2]), np.array([0, 0, 1, 1, 2, 2]), np.arange(6)
    )
    assert many.of_levels == pytest.approx(np.corrcoef([0.5, 1.5, 2.5], [6.0, 0, 5.5])[0, 1])
    assert twice.correlation < 0.8


def learned(returns: str):
    data = record(GAMBLE, Uniformly(2), GAMBLE.space.samples(1000, key=jr.key(0)), key=jr.key(1))
    net = SequenceNet(Transformer(width=16, layers=1, heads=2, window=1), bins=7)
    learner = Sequence(
        net, Hindsight("none"), told=("return",), rate=1e-2, norm=1.0, batch=128, drop=0.0, returns=returns
    )
    state = learner.learn(learner.init(ASKING, key=jr.key(2)), data, 200, rng=np.random.default_rng(0))
    tasks, (low, high) = GAMBLE.space.samples(40, key=jr.key(3)), state.ranges["return"]
    bounds = (np.full(40, float(x)) for x in (low, high))
    return data, calibrate(ASKING, learner.policy(state), tasks, *bounds, repeats=4, key=jr.key(4))


@pytest.mark.slow
def test_who_asks_for_the_best_return_asks_for_luck_and_the_remedy_takes_it_away():
    data, got = learned("got")
    assert data.returns.max() == 3
    assert got.levels[-1].asked == 3
    assert got.shortfall[1] > 2.5  # it gambles, for -1.5 in the mean
    assert got.lucky
    assert got.optimistic
    assert "Remedy" in got.verdict
    sure = data.action != data.observation["risky"]
    assert np.all(expected_returns(data)[sure] == 1)
    _, expected = learned("expected")
    assert expected.levels[-1].asked == pytest.approx(1)
    assert expected.levels[-1].achieved > 0.9  # it takes what is sure
    assert not expected.optimistic


def test_what_is_expected_is_the_mean_of_steps_that_are_alike():
    data = record(Gamble(rounds=2), Uniformly(2), GAMBLE.space.samples(64, key=jr.key(0)), key=jr.key(1))
    found, left = expected_returns(data), data.returns_to_go
    first = np.flatnonzero(data.time == 0)
    for risky in (0, 1):
        for action in (0, 1):
            rows = first[(data.observation["risky"][first] == risky) & (data.action[first] == action)]
            assert found[rows] == pytest.approx(left[rows].mean(), abs=1e-5)
    assert expected_returns(data) is found
    assert jax.tree.leaves(found)[0].shape == (data.steps,)


def test_the_page_of_a_run_says_so():
    lucky = told([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 1, 1], luck=0.4)
    page = asked_section(lucky)
    assert "Conditioning on the return is optimistic here" in page
    assert "--recipe expected" in page
    assert page.count("<tr>") == 4
    assert asked_section(None) == ""


def test_wrong_requests_are_named():
    with pytest.raises(ArgumentError, match="`levels` must be at least 2"):
        calibrate(
            ASKING,
            Uniformly(2),
            GAMBLE.space.samples(2, key=jr.key(0)),
            np.zeros(2),
            np.ones(2),
            levels=1,
            key=jr.key(0),
        )
