"""Episodes in files of other programs: exact both ways, and refused with a sentence where something is wrong."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_experience import assert_same, made

from explora.core import ArgumentError, Episodes, MissingExtra, RunError, UnknownName
from explora.store.experience import SUFFIXES, read_episodes, write_episodes


def needs(suffix: str) -> None:
    if suffix in (".hdf5", ".h5"):
        pytest.importorskip("h5py")
    if suffix == ".parquet":
        pytest.importorskip("polars")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read_again_to_the_last_bit(tmp_path: Path, suffix: str):
    needs(suffix)
    path = tmp_path / f"a{suffix}"
    for seed, count in enumerate((1, 2, 7)):
        episodes = made(seed, count)
        write_episodes(path, episodes)
        assert_same(read_episodes(path), episodes)
        reached = Episodes(**{**vars(episodes), "achieved": np.zeros((episodes.steps, 2), np.uint8), "columns": {}})
        write_episodes(path, reached)
        assert_same(read_episodes(path), reached)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_whole_file_is_refused_and_named(tmp_path: Path, suffix: str):
    needs(suffix)
    path = tmp_path / f"a{suffix}"
    with pytest.raises(RunError, match="there is no file"):
        read_episodes(path)
    write_episodes(path, made(0, 3))
    whole = path.read_bytes()
    for data in (b"", b"hello", whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.raises(RunError, match=rf"a{suffix} is no file of episodes"):
            read_episodes(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rewards_that_are_not_finite_are_refused(tmp_path: Path, suffix: str):
    needs(suffix)
    episodes = made(0, 3)
    reward = episodes.reward.copy()
    reward[-1] = np.inf
    write_episodes(tmp_path / f"a{suffix}", Episodes(**{**vars(episodes), "reward": reward}))
    with pytest.raises(RunError, match=r"step \d of episode 2 has the reward inf"):
        read_episodes(tmp_path / f"a{suffix}")


def changed(path: Path, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    with np.load(path) as archive:
        arrays = dict(archive)
    change(arrays)
    np.savez(path, **arrays)


def test_an_archive_with_a_fault_says_which(tmp_path: Path):
    path = tmp_path / "a.npz"

    def refused(change: Callable[[dict[str, np.ndarray]], None]) -> str:
        write_episodes(path, made(0, 3))
        changed(path, change)
        with pytest.raises(RunError) as error:
            read_episodes(path)
        return str(error.value)

    assert "the array `action` is missing" in refused(lambda a: a.pop("action"))
    assert "the array `offsets` is missing" in refused(lambda a: a.pop("offsets"))
    assert "begins with 0" in refused(lambda a: a.update(offsets=a["offsets"] + 1))
    assert "episode 1 would have 0 steps" in refused(lambda a: a.update(offsets=a["offsets"][[0, 1, 1, 3]]))
    assert "one entry for each" in refused(lambda a: a.update(action=a["action"][:-1]))
    assert "`reward` must be <f4[] an entry, and is float64[]" in refused(
        lambda a: a.update(reward=a["reward"].astype(np.float64))
    )
    assert "Object arrays cannot be loaded" in refused(lambda a: a.update(action=np.array([{}] * 3, dtype=object)))
    assert "`final.image` must be |u1[3, 3]" in refused(lambda a: a.update({"final.image": a["final.image"][:, :2]}))
    assert "a newer explora wrote it" in refused(lambda a: a.update(layout=np.array('{"format": 2}')))


def test_other_suffixes_and_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UnknownName, match=r"did you mean '\.hdf5'"):
        read_episodes(tmp_path / "a.hdf")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtra, match=r"explora\[experience\]"):
        write_episodes(tmp_path / "a.hdf5", made(0, 1))
    with pytest.raises(ArgumentError, match="at least one episode"):
        write_episodes(tmp_path / "a.npz", made(0, 3).take(np.zeros(0, np.int64)))
    assert not list(tmp_path.iterdir())


def test_a_file_of_minari_with_a_fault_says_which(tmp_path: Path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "main_data.hdf5"

    def refused(name: str, data: np.ndarray | None) -> str:
        with h5py.File(path, "w") as file:
            group = file.create_group("episode_0")
            arrays = {"observations": np.zeros((4, 2)), "actions": np.zeros(3), "rewards": np.ones(3)}
            arrays |= {"terminations": np.zeros(3, bool), "truncations": np.array([False, False, True])}
            for key, array in {**arrays, name: data}.items():
                if array is not None:
                    group[key] = array
        with pytest.raises(RunError) as error:
            read_episodes(path)
        return str(error.value)

    assert "`episode_0/rewards` is missing" in refused("rewards", None)
    assert "has 4 actions, 3 rewards" in refused("actions", np.zeros(4))
    assert "observations` has 3 entries for 3 actions" in refused("observations", np.zeros((3, 2)))
    assert "JPEG" in refused("observations", np.array([b"x", b"y", b"z", b"w"]))
    assert "step 1 of episode 0 has the reward nan" in refused("rewards", np.array([0.0, np.nan, 1.0]))
    with h5py.File(path, "w") as file:
        file["other"] = np.zeros(3)
    with pytest.raises(RunError, match="no group `episode_0`"):
        read_episodes(path)


@pytest.mark.slow
def test_minari_reads_what_is_written_and_what_it_writes_is_read(tmp_path: Path):
    pytest.importorskip("minari")
    from gymnasium import spaces
    from minari.data_collector import EpisodeBuffer
    from minari.dataset._storages.hdf5_storage import HDF5Storage

    shape = {"image": spaces.Box(0, 255, (3, 3), np.uint8), "walls": spaces.MultiBinary((3, 7))}
    seen = spaces.Dict({**shape, "pair": spaces.Tuple((spaces.Box(-9, 9, (2,)), spaces.Discrete(9)))})
    acts = spaces.Box(-9, 9, (2,))
    episodes = made(3, 5)
    write_episodes(tmp_path / "main_data.hdf5", episodes)
    for number, found in enumerate(HDF5Storage(tmp_path, seen, acts, jpeg_encoding=False).get_episodes(range(5))):
        one = episodes.take(np.array([number]))
        assert np.array_equal(found["rewards"], one.reward)
        assert np.array_equal(found["actions"], one.action)
        assert np.array_equal(found["observations"]["image"][:-1], one.observation["image"])
        assert np.array_equal(found["observations"]["pair"][1][-1:], one.final["pair"][1])
        assert found["terminations"][-1] == one.terminated[0]
        assert found["truncations"][-1] == (not one.terminated[0])
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    storage = HDF5Storage.new(theirs, spaces.Box(-9, 9, (2,)), spaces.Discrete(4), jpeg_encoding=False)
    storage.update_episodes(
        EpisodeBuffer(
            id=None,
            seed=None,
            options=None,
            observations=[np.full(2, step, np.float32) for step in range(length + 1)],
            actions=[np.int64(step % 4) for step in range(length)],
            rewards=[float(step) for step in range(length)],
            terminations=[False] * (length - 1) + [length == 2],
            truncations=[False] * (length - 1) + [length != 2],
            infos={},
        )
        for length in (2, 3)
    )
    read = read_episodes(theirs / "main_data.hdf5")
    assert read.lengths.tolist() == [2, 3]
    assert read.observation[:, 0].tolist() == [0, 1, 0, 1, 2]
    assert read.final[:, 1].tolist() == [2, 3]
    assert read.action.tolist() == [0, 1, 0, 1, 2]
    assert read.terminated.tolist() == [True, False]
