import numpy as np
import pytest
from scipy.stats import chisquare

from explora.core import ArgumentError, Episodes
from explora.learners.sequence import Hindsight

MANY = 20_000


def stored() -> Episodes:
    """Episodes of 4 and 2 steps; what is achieved is the number of the step."""
    steps = np.arange(6, dtype=np.int32)
    columns = {"goal": np.array([100, 200], np.int32)}
    return Episodes(
        np.array([0, 4, 6]),
        steps,
        steps[:2],
        steps,
        np.ones(6, np.float32),
        np.ones(2, bool),
        steps,
        columns,
    ).checked()


def aims(hindsight: Hindsight, episode: int, time: int, count: int = MANY):
    at = lambda x: np.full(count, x, np.int64)
    return hindsight.aims(stored(), at(episode), at(time), rng=np.random.default_rng(0))


def as_likely(found: np.ndarray, law: dict[int, float]) -> bool:
    """Whether what was drawn follows a law, and nothing else was drawn."""
    counts = np.array([(found == value).sum() for value in law])
    assert counts.sum() == len(found)
    return bool(chisquare(counts, np.array(list(law.values())) * len(found)).pvalue > 1e-4)


def test_the_future_lies_strictly_after_the_step_and_every_step_of_it_is_as_likely():
    found = aims(Hindsight("future"), 0, 1)
    assert as_likely(found.end, {2: 1 / 3, 3: 1 / 3, 4: 1 / 3})
    assert (found.step == found.end - 1).all()
    assert found.relabelled.all()


def test_the_last_step_aims_at_what_it_achieved_itself():
    for strategy in ("final", "future", "geometric"):
        found = aims(Hindsight(strategy), 1, 1, 100)
        assert (found.end == 2).all()
        assert (found.step == 5).all()


def test_final_is_the_end_of_the_same_episode():
    found = aims(Hindsight("final"), 0, 2, 10)
    assert (found.end.tolist(), found.step.tolist()) == ([4] * 10, [3] * 10)


def test_geometric_is_cut_at_the_end():
    found = aims(Hindsight("geometric", discount=0.5), 0, 1)
    assert as_likely(found.end, {2: 1 / 2, 3: 1 / 4, 4: 1 / 4})


def test_what_an_episode_is_goes_back_in_time_and_random_goes_anywhere():
    found = aims(Hindsight("episode"), 1, 1)
    assert as_likely(found.step, {4: 1 / 2, 5: 1 / 2})
    assert (found.end == 2).all()
    assert as_likely(aims(Hindsight("random"), 1, 1).step, dict.fromkeys(range(6), 1 / 6))


def test_a_share_keeps_the_goal_of_the_episode():
    found = aims(Hindsight("future", share=0.8), 0, 0)
    assert found.relabelled.mean() == pytest.approx(0.8, abs=0.02)
    assert (found.step[~found.relabelled] == -1).all()
    assert (found.end[~found.relabelled] == 4).all()
    assert as_likely(found.step[found.relabelled], dict.fromkeys(range(4), 1 / 4))
    assert not aims(Hindsight("none"), 0, 0, 10).relabelled.any()


def test_impossible_settings_are_refused():
    with pytest.raises(ArgumentError, match="`share`"):
        Hindsight(share=1.5)
    with pytest.raises(ArgumentError, match="use `final`"):
        Hindsight(discount=1.0)
