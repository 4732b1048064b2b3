import dataclasses
from collections import Counter

import numpy as np
import pytest

from explora.core import ArgumentError, Box, Discrete, Episodes
from explora.learners.sequence import Hindsight, Sampler

TEN = Discrete(10)


def stored() -> Episodes:
    """Episodes of 5, 1 and 2 steps; observation, action and reward are the number of the step."""
    steps = np.arange(8, dtype=np.int32)
    return Episodes(
        np.array([0, 5, 6, 8]),
        steps,
        np.array([100, 101, 102], np.int32),
        steps,
        steps.astype(np.float32),
        np.ones(3, bool),
        steps + 50,
        {"goal": np.array([7, 8, 9], np.int32), "skill": np.array([0.5, 1.0, 2.0])},
    ).checked()


def drawn(strategy="final", window: int = 3, count: int = 40_000, **options):
    sampler = Sampler(stored(), window, TEN, Hindsight(strategy))
    return sampler.draw(count, rng=np.random.default_rng(0), **options)


@pytest.mark.parametrize("window", [1, 3, 7])
def test_every_step_is_as_likely_as_every_other_at_every_place(window: int):
    batch = drawn(window=window)
    counts = Counter(batch.action[batch.weight > 0].tolist())
    assert set(counts) == set(range(8))
    mean = sum(counts.values()) / 8
    assert max(abs(count / mean - 1) for count in counts.values()) < 0.06


def test_no_window_holds_steps_of_two_episodes_and_all_stand_in_time():
    batch = drawn(window=4)
    episode = np.searchsorted(stored().offsets, batch.action, side="right")
    there = batch.weight > 0
    assert all(len(set(row[use])) == 1 for row, use in zip(episode, there))
    assert all((np.diff(row[use]) == 1).all() for row, use in zip(batch.action, there))
    assert there[:, 0].all()


@pytest.mark.parametrize("window", [1, 3, 7, 20])
@pytest.mark.parametrize("balance", [0.0, 1.0])
def test_packed_windows_are_full_and_every_step_is_as_likely_at_every_place(window: int, balance: float):
    sampler = Sampler(stored(), window, TEN, Hindsight("final"), balance=balance, packed=True)
    batch = sampler.draw(60_000 // window, rng=np.random.default_rng(0))
    assert batch.weight.all()
    # balanced, each of the three episodes has a third of the steps
    shares = np.full(8, 1 / 8) if not balance else np.repeat([1 / 15, 1 / 3, 1 / 6], [5, 1, 2])
    for place in {0, window // 2, window - 1}:
        found = np.bincount(batch.action[:, place], minlength=8) / len(batch.action)
        assert found == pytest.approx(shares, abs=4 * (shares.max() / len(batch.action)) ** 0.5)


def test_packed_windows_hold_pieces_that_stand_in_time_and_know_which_is_which():
    sampler = Sampler(stored(), 9, TEN, Hindsight("final"), packed=True)
    batch = sampler.draw(3_000, drop=0.5, rng=np.random.default_rng(0))
    assert (batch.segment[:, 0] == 0).all()
    episode = np.searchsorted(stored().offsets, batch.action, side="right") - 1
    new = np.diff(batch.segment, axis=1)
    assert set(np.unique(new)) == {0, 1}
    on, ended = batch.action[:, :-1][new == 0], batch.action[:, :-1][new == 1]
    assert (batch.action[:, 1:][new == 0] == on + 1).all()
    assert set(ended) == {4, 5, 7}
    assert (episode[:, 1:][new == 0] == episode[:, :-1][new == 0]).all()
    moments = batch.moments
    assert (moments["time"] == batch.action - stored().offsets[episode]).all()
    assert (moments["horizon"] == stored().offsets[episode + 1] - batch.action).all()
    assert (moments["skill"] == np.array([0.5, 1.0, 2.0])[episode]).all()
    told = moments["told"]
    assert (told[:, 1:][new == 0] == told[:, :-1][new == 0]).all()  # a piece is told the same all the way
    assert (told[:, 1:][new == 1] == told[:, :-1][new == 1]).mean() == pytest.approx(0.5, abs=0.02)


def test_the_end_in_hindsight_of_a_packed_piece_hides_what_comes_after_it():
    sampler = Sampler(stored(), 9, TEN, Hindsight("future"), packed=True)
    batch = sampler.draw(3_000, rng=np.random.default_rng(0))
    moments, there = batch.moments, batch.weight > 0
    ahead = moments["goal"] - 50 - batch.action + 1
    assert (ahead[there] == moments["horizon"][there]).all()
    assert (~there).any()


def test_a_window_is_what_the_player_saw():
    batch = drawn("final")
    row = next(i for i in range(100) if batch.action[i].tolist() == [1, 2, 3])
    first = next(i for i in range(100) if batch.action[i].tolist() == [0, 1, 2] and batch.weight[i].all())
    moments = batch.moments
    assert moments["seen"][row].tolist() == [1, 2, 3]
    assert moments["action"][row].tolist() == [0, 1, 2]
    assert moments["action"][first].tolist() == [10, 0, 1]  # nothing was done before the first step
    assert moments["reward"][first].tolist() == [0, 0, 1]
    assert moments["return"][row].tolist() == [10, 9, 7]  # 1 + 2 + 3 + 4, the step's own reward included
    assert moments["horizon"][row].tolist() == [4, 3, 2]
    assert moments["time"][row].tolist() == [1, 2, 3]
    assert moments["goal"][row].tolist() == [54, 54, 54]
    assert moments["skill"][row].tolist() == [0.5, 0.5, 0.5]


def test_an_end_in_hindsight_hides_what_comes_after_it():
    batch = drawn("future", window=4)
    moments, there = batch.moments, batch.weight > 0
    assert (moments["horizon"][there] >= 1).all()
    ahead = moments["goal"] - 50 - batch.action + 1  # steps from each one to the goal
    assert (ahead[there] == moments["horizon"][there]).all()
    to_goal = [sum(range(a, a + int(h))) for a, h in zip(batch.action[there], moments["horizon"][there])]
    assert (moments["return"][there] == to_goal).all()
    assert (~there).any()


def test_without_hindsight_the_goal_is_that_of_the_episode():
    batch = drawn("none", count=200)
    episode = np.searchsorted(stored().offsets, batch.action[:, 0], side="right") - 1
    assert (batch.moments["goal"][:, 0] == np.array([7, 8, 9])[episode]).all()
    assert set(batch.moments["horizon"][batch.action == 7].tolist()) == {1.0}


def test_conditions_are_dropped_apart_from_each_other():
    told = drawn(drop=0.25).moments["told"]
    assert (told == told[:, :1]).all()
    told = told[:, 0].astype(float)
    assert told.mean(0) == pytest.approx([0.75] * 4, abs=0.02)
    assert np.corrcoef(told.T)[~np.eye(4, dtype=bool)] == pytest.approx(np.zeros(12), abs=0.02)
    assert drawn(count=10).moments["told"].all()


def test_real_actions_begin_at_zero():
    episodes = dataclasses.replace(stored(), action=np.arange(1, 17, dtype=np.float32).reshape(8, 2))
    batch = Sampler(episodes, 1, Box((2,)), Hindsight("final")).draw(200, rng=np.random.default_rng(0))
    began = np.isin(batch.action[:, 0, 0], [1, 11, 13])
    assert (batch.moments["action"][began] == 0).all()
    assert (batch.moments["action"][~began] == batch.action[~began] - 2).all()


def test_the_same_numbers_from_a_memory_map(tmp_path):
    np.save(tmp_path / "seen.npy", stored().observation)
    mapped = dataclasses.replace(stored(), observation=np.load(tmp_path / "seen.npy", mmap_mode="r"))
    one, other = (Sampler(x, 3, TEN, Hindsight()).draw(9, rng=np.random.default_rng(4)) for x in (stored(), mapped))
    assert one.moments["seen"].tolist() == other.moments["seen"].tolist()


def test_what_cannot_be_learned_from_is_refused():
    with pytest.raises(ArgumentError, match="at least one episode"):
        Sampler(stored().take(np.array([], int)), 3, TEN, Hindsight())
    goalless = dataclasses.replace(stored(), columns={})
    with pytest.raises(ArgumentError, match="no column `goal`"):
        Sampler(goalless, 3, TEN, Hindsight("none"))


def by_two_agents() -> Episodes:
    """Episodes of 2, 1, 3 and 2 steps, the first three by one agent; action and reward are the number of the step."""
    steps = np.arange(8, dtype=np.int32)
    agent = {"agent": np.array([4, 4, 4, 1])}
    return Episodes(
        np.array([0, 2, 3, 6, 8]), steps, steps[:4], steps, steps.astype(np.float32), np.ones(4, bool), None, agent
    ).checked()


def test_the_past_is_of_the_same_agent_and_never_of_the_episode_itself():
    sampler = Sampler(by_two_agents(), 1, TEN, Hindsight("final"), past=3)
    batch = sampler.draw(4000, rng=np.random.default_rng(0))
    assert batch.past is not None
    others = {0: {2, 3, 4, 5}, 1: {0, 1, 3, 4, 5}, 2: {0, 1, 2}, 3: set()}
    episode = np.searchsorted(by_two_agents().offsets, batch.action[:, 0], side="right") - 1
    for number, allowed in others.items():
        rows = episode == number
        shown = batch.past.action[rows][batch.past.there[rows]]
        assert set(shown.tolist()) == allowed
        known = batch.past.there[rows].sum(1)
        assert set(known.tolist()) == set(range(min(len(allowed), 3) + 1))
        if allowed:  # each number of known steps is as likely, and so is each step
            assert np.bincount(known) / rows.sum() == pytest.approx([0.25] * 4, abs=0.05)
    for row, there in zip(batch.past.action, batch.past.there):
        assert len(set(row[there])) == there.sum()


def test_whose_past_it_is_must_be_said_and_stand_together():
    with pytest.raises(ArgumentError, match="no column `agent`"):
        Sampler(stored(), 1, TEN, Hindsight("final"), past=2)
    apart = dataclasses.replace(by_two_agents(), columns={"agent": np.array([4, 1, 4, 4])})
    with pytest.raises(ArgumentError, match="must stand together"):
        Sampler(apart, 1, TEN, Hindsight("final"), past=2)


def test_packed_windows_have_no_past():
    with pytest.raises(ArgumentError, match="`past` of one"):
        Sampler(by_two_agents(), 3, TEN, Hindsight("final"), past=2, packed=True)


def test_sets_of_conditions_are_told_as_often_as_each_other():
    batch = drawn(together=((), ("goal",), ("return", "horizon")))
    sets = Counter(tuple(row) for row in batch.moments["told"][:, 0].tolist())
    assert set(sets) == {(0, 0, 0, 0), (0, 0, 1, 0), (1, 1, 0, 0)}
    assert max(abs(count / 40_000 - 1 / 3) for count in sets.values()) < 0.02


def test_rare_returns_are_drawn_as_often_as_others_where_they_are_balanced():
    """The episodes earn 10, 5 and 13, in three of the ten spans of returns."""
    for balance, shares in ((0.0, (7, 3, 4)), (1.0, (1, 1, 1))):
        sampler = Sampler(stored(), 3, TEN, Hindsight("final"), balance=balance)
        episode, first, stop = sampler.places(40_000, rng=np.random.default_rng(0))
        counts = np.bincount(episode) / 40_000
        assert counts == pytest.approx(np.array(shares) / sum(shares), abs=0.01)
        assert np.all((first >= 0) & (first < stop) & (stop <= stored().lengths[episode]))


def test_what_is_told_of_returns_may_be_given():
    left = np.arange(100, 108, dtype=np.float32)
    batch = Sampler(stored(), 3, TEN, Hindsight("final"), left=left).draw(100, rng=np.random.default_rng(0))
    there = batch.weight > 0
    assert batch.moments["return"][there].tolist() == (batch.action[there] + 100).tolist()
