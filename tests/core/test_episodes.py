import dataclasses

import numpy as np
import pytest

from explora.core import ArgumentError, Episodes


def three() -> Episodes:
    """Episodes of 2, 1 and 3 steps, whose observations count all steps."""
    return Episodes(
        np.array([0, 2, 3, 6]),
        {"cell": np.arange(6, dtype=np.int32), "bits": np.arange(12, dtype=np.uint8).reshape(6, 2)},
        {"cell": np.array([10, 11, 12], np.int32), "bits": np.zeros((3, 2), np.uint8)},
        np.array([0, 1, 0, 1, 1, 0], np.int32),
        np.array([1, 2, 3, 4, 5, 6], np.float32),
        np.array([True, False, True]),
        np.array([1, 10, 11, 4, 5, 12], np.int32),
        {"task": np.array(["a", "b", "a"]), "seed": np.array([7, 8, 9])},
    ).checked()


def test_what_the_offsets_say():
    stored = three()
    assert (len(stored), stored.steps) == (3, 6)
    assert stored.lengths.tolist() == [2, 1, 3]
    assert stored.episode.tolist() == [0, 0, 1, 2, 2, 2]
    assert stored.time.tolist() == [0, 1, 0, 0, 1, 2]


def test_returns_end_where_an_episode_ends():
    stored = three()
    assert stored.returns.tolist() == [3, 3, 15]
    assert stored.returns_to_go.tolist() == [3, 2, 3, 15, 11, 6]


def test_returns_to_go_of_many_steps_do_not_lose_digits():
    count = 3_000_000
    stored = Episodes(
        np.array([0, count - 1, count]),
        np.zeros((count, 0), np.float32),
        np.zeros((2, 0), np.float32),
        np.zeros(count, np.int32),
        np.full(count, 0.1, np.float32),
        np.ones(2, bool),
    )
    assert stored.returns_to_go[-1] == np.float32(0.1)
    assert stored.returns_to_go[0] == pytest.approx((count - 1) * float(np.float32(0.1)), rel=1e-7)


def test_what_was_seen_after_a_step_is_the_next_sight_or_the_last():
    stored = three()
    seen = stored.after(np.array([0, 1, 2, 5, 4, 0]))
    assert seen["cell"].tolist() == [1, 10, 11, 12, 5, 1]
    assert seen["bits"].tolist() == [[2, 3], [0, 0], [0, 0], [0, 0], [10, 11], [2, 3]]
    assert stored.observation["cell"].tolist() == list(range(6))


def test_take_copies_whole_episodes_in_the_order_asked_for():
    some = three().take(np.array([2, 0, -1])).checked()
    assert some.lengths.tolist() == [3, 2, 3]
    assert some.observation["cell"].tolist() == [3, 4, 5, 0, 1, 3, 4, 5]
    assert some.final["cell"].tolist() == [12, 10, 12]
    assert some.achieved.tolist() == [4, 5, 12, 1, 10, 4, 5, 12]
    assert some.columns["seed"].tolist() == [9, 7, 9]
    assert three().take(np.array([False, True, False])).reward.tolist() == [3]
    assert len(three().take(np.array([], int)).checked()) == 0


@pytest.mark.parametrize("number", [3, -4])
def test_take_refuses_episodes_that_there_are_not(number: int):
    with pytest.raises(ArgumentError, match="3, the number of episodes"):
        three().take(np.array([0, number]))


def test_concatenate_undoes_take():
    stored = three()
    again = Episodes.concatenate([stored.take(np.array([0])), stored.take(np.array([1, 2]))]).checked()
    assert again.offsets.tolist() == stored.offsets.tolist()
    assert again.observation["bits"].tolist() == stored.observation["bits"].tolist()
    assert again.columns["task"].tolist() == ["a", "b", "a"]


def test_concatenate_names_what_does_not_fit():
    other = dataclasses.replace(three(), achieved=None)
    with pytest.raises(ArgumentError, match=r"`achieved` must look alike.*part 1"):
        Episodes.concatenate([three(), other])
    with pytest.raises(ArgumentError, match="at least one"):
        Episodes.concatenate([])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("offsets", np.array([1, 6]), "begins with 0"),
        ("offsets", np.array([0, 3, 3, 6]), "episode 1 would have 0 steps"),
        ("action", np.zeros(5, np.int32), "`action` must have one entry for each of the 6 steps"),
        ("observation", {"cell": np.zeros(5), "bits": np.zeros(6)}, r"`observation\['cell'\]`"),
        ("terminated", np.zeros(2, bool), "`terminated` must have one entry for each of the 3 episodes"),
        ("columns", {"seed": np.zeros(6)}, r"`columns\['seed'\]` .* 3 episodes"),
        ("final", np.zeros(3), "`final` must look like"),
    ],
)
def test_what_is_wrong_is_named(field: str, value, said: str):
    with pytest.raises(ArgumentError, match=said):
        dataclasses.replace(three(), **{field: value}).checked()


def test_memory_maps_are_read_only_when_asked(tmp_path):
    stored = three()
    np.save(tmp_path / "reward.npy", stored.reward)
    mapped = dataclasses.replace(stored, reward=np.load(tmp_path / "reward.npy", mmap_mode="r")).checked()
    assert isinstance(mapped.reward, np.memmap)
    assert mapped.returns.tolist() == [3, 3, 15]
    assert not isinstance(mapped.to_arrays().reward, np.memmap)
    assert mapped.to_arrays().reward.tolist() == stored.reward.tolist()
