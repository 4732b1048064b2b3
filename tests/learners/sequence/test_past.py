"""What is shown of other episodes: demonstrations and trials. What one agent did is tested with windows."""

import dataclasses

import numpy as np
import pytest

from explora.core import ArgumentError, Discrete, Episodes
from explora.learners.sequence import Hindsight, Sampler, SequenceNet, demonstrated

SIX = Discrete(6)


def taught() -> Episodes:
    """Two tasks of two demonstrations; the first has two trials as well. What was seen is the number of the step."""
    offsets = np.array([0, 2, 5, 6, 10, 12, 13])
    steps = np.arange(13, dtype=np.int32)
    columns = {"task": np.array([7, 7, 7, 7, 3, 3]), "demo": np.array([True, False, True, False, True, True])}
    action, reward = (steps % 6).astype(np.int32), steps.astype(np.float32)
    return Episodes(offsets, steps, steps[:6], action, reward, np.ones(6, bool), None, columns).checked()


def test_only_demonstrations_are_learned_from_and_another_of_the_task_is_shown():
    sampler = Sampler(taught(), 1, SIX, Hindsight("final"), past=6, demos=True)
    batch = sampler.draw(4000, rng=np.random.default_rng(0))
    past, drawn = batch.past, batch.moments["seen"][:, 0]
    assert past is not None
    assert set(drawn.tolist()) == {0, 1, 5, 10, 11, 12}
    episode = np.searchsorted(taught().offsets, drawn, side="right") - 1
    watched, tried = past.seen[:, :3], past.seen[:, 3:]
    sees = lambda rows, seen, there: {tuple(x[ok].tolist()) for x, ok in zip(seen[rows], there[rows])}
    other = {0: (5,), 2: (0, 1), 4: (12,), 5: (10, 11)}
    for number, steps in other.items():
        rows = episode == number
        assert sees(rows, watched, past.there[:, :3]) == {(), steps}
        assert sees(rows, tried, past.there[:, 3:]) == ({(), (2, 3, 4), (7, 8, 9)} if number < 3 else {()})
    with_trials = episode < 4
    shares = [(past.there[with_trials][:, half].any(1)).mean() for half in (slice(3), slice(3, 6))]
    assert shares == pytest.approx([0.5, 0.5], abs=0.04)


def test_of_a_demonstration_nobody_sees_the_hands():
    sampler = Sampler(taught(), 1, SIX, Hindsight("final"), past=6, demos=True)
    past = sampler.draw(500, rng=np.random.default_rng(1)).past
    assert past is not None
    assert set(past.action[:, :3].ravel().tolist()) == {6}
    assert not past.reward[:, :3].any()
    there = past.there[:, 3:]
    assert (past.action[:, 3:][there] == past.seen[:, 3:][there] % 6).all()
    assert (past.reward[:, 3:][there] == past.seen[:, 3:][there]).all()
    assert past.kind[0].tolist() == [0, 0, 0, 1, 1, 1]
    assert past.left[0].tolist() == [3, 2, 1, 3, 2, 1]


def test_a_player_is_shown_the_last_steps_of_each_lane():
    every = taught()
    past = demonstrated(4, SIX, every.take(np.array([0, 4])), every.take(np.array([3, 1])))
    assert past.seen.tolist() == [[0, 1, 8, 9], [10, 11, 3, 4]]
    assert past.then.tolist() == [[1, 0, 9, 3], [11, 4, 4, 1]]  # after the last step what was seen at the end
    assert past.there.all()
    short = demonstrated(4, SIX, every.take(np.array([2, 4])))
    assert short.there.tolist() == [[False, True, False, False], [True, True, False, False]]
    with pytest.raises(ArgumentError, match="as many as `demos`"):
        demonstrated(4, SIX, every.take(np.array([0, 4])), every.take(np.array([3])))


def test_tasks_that_cannot_be_taught_are_refused():
    build = lambda columns: Sampler(
        dataclasses.replace(taught(), columns=columns), 1, SIX, Hindsight("final"), past=4, demos=True
    )
    with pytest.raises(ArgumentError, match="no column `task`"):
        build({})
    with pytest.raises(ArgumentError, match="no column `demo`"):
        build({"task": taught().columns["task"]})
    with pytest.raises(ArgumentError, match="two demonstrations"):
        build(taught().columns | {"demo": np.array([True, False, False, False, True, True])})
    with pytest.raises(ArgumentError, match="must stand together"):
        build(taught().columns | {"task": np.array([7, 3, 7, 7, 3, 3])})
    with pytest.raises(Exception, match="past"):
        SequenceNet(past=1, demos=True)
