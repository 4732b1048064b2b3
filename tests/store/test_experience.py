"""The store of episodes: exact, whole after every death, and read piece by piece."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError, Episodes, RunError, UnknownName
from explora.store.experience import EpisodeStore

WRITER = Path(__file__).parent / "episode_writer.py"


def made(seed: int, count: int, longest: int = 5) -> Episodes:
    """Random episodes of every kind of array that can be stored."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, count)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    steps = int(offsets[-1])
    seen = lambda n: {
        "image": rng.integers(0, 256, (n, 3, 3)).astype(np.uint8),
        "walls": rng.random((n, 3, 7)) < 0.5,
        "pair": (rng.normal(size=(n, 2)), rng.integers(-9, 9, n).astype(np.int16)),
    }
    return Episodes(
        offsets,
        observation=seen(steps),
        final=seen(count),
        action=rng.normal(size=(steps, 2)).astype(np.float32),
        reward=rng.normal(size=steps).astype(np.float32),
        terminated=rng.random(count) < 0.5,
        achieved=None,
        columns={
            "turn": rng.integers(0, 2**40, count),
            "words": np.array(["x" * int(n) for n in rng.integers(0, 9, count)], dtype=np.str_).reshape(count),
            "odd name/..": rng.random((count, 9)) < 0.5,
        },
    )


def assert_same(found: Episodes, expected: Episodes) -> None:
    assert jax.tree.structure(vars(found)) == jax.tree.structure(vars(expected))
    for one, two in zip(jax.tree.leaves(vars(found)), jax.tree.leaves(vars(expected))):
        assert one.shape == two.shape
        if one.dtype.kind == "U":
            assert one.tolist() == two.tolist()
        else:
            assert one.dtype == two.dtype
            assert one.tobytes() == two.tobytes()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_what_is_appended_is_read_again_to_the_last_bit(tmp_path: Path, counts: list[int], random):
    folder = tmp_path / f"store-{len(list(tmp_path.iterdir()))}"
    parts = [made(random.getrandbits(32), count) for count in counts]
    with EpisodeStore.create(folder) as store:
        for part in parts:
            store.append(part)
        whole = Episodes.concatenate(parts)
        assert_same(store.read(), whole)
    store = EpisodeStore.open(folder)
    assert len(store) == len(whole)
    assert store.steps == whole.steps
    chosen = np.array([random.randrange(len(whole)) for _ in range(random.randrange(1, 9))])
    assert_same(store.read(chosen), whole.take(chosen))
    mask = np.array([random.random() < 0.5 for _ in range(len(whole))])
    assert_same(store.read(mask), whole.take(mask))
    assert_same(Episodes.concatenate(list(store.shards())), whole)
    assert np.array_equal(store.column("odd name/.."), whole.columns["odd name/.."])
    assert np.array_equal(store.lengths, whole.lengths)
    assert np.array_equal(store.terminated, whole.terminated)
    store.check()


def test_opening_reads_no_array_and_reading_three_episodes_opens_their_shard(tmp_path, monkeypatch):
    with EpisodeStore.create(tmp_path / "s") as store:
        for seed in range(5):
            store.append(made(seed, 4))
    opened = []
    load = np.load
    monkeypatch.setattr(np, "load", lambda path, **kw: (opened.append(path), load(path, **kw))[1])
    store = EpisodeStore.open(tmp_path / "s")
    assert len(store) == 20
    assert not opened
    found = store.read(np.array([9, 10, 8]))
    assert len(found) == 3
    assert len({path.parent for path in opened}) == 1
    piece = next(store.shards())
    assert isinstance(piece.observation["image"], np.memmap)
    assert piece.observation["walls"].dtype == bool


@pytest.mark.parametrize("broken", [pytest.param("fsync", marks=pytest.mark.slow), "replace"])
def test_a_death_at_any_instant_leaves_what_was_appended_before(tmp_path, monkeypatch, broken):
    """Every call that makes something last is once the last one."""
    first, second = made(0, 3), made(1, 2)
    real = getattr(os, broken)
    for number in range(1, 40):
        folder = tmp_path / str(number)
        with EpisodeStore.create(folder) as store:
            store.append(first)
        left = [number]

        def die(*args, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt  # what a kill looks like from within, but for the cleaning up
            return real(*args)

        with monkeypatch.context() as patch:
            patch.setattr(os, broken, die)
            patch.setattr(shutil, "rmtree", lambda *args, **kw: None)
            store = EpisodeStore.open(folder, write=True, alone=False)
            try:
                store.append(second)
            except KeyboardInterrupt:
                survived = [first]
            else:
                survived = [first, second]
        with EpisodeStore.open(folder, write=True) as store:
            found = store.read()
            # once the manifest is in its place the episodes are there, even if the last flush was not lived to see
            assert len(found) in (3, 5)
            assert len(found) == 3 or broken == "fsync" or len(survived) == 2
            assert_same(found, Episodes.concatenate([first, second] if len(found) == 5 else [first]))
            if len(found) == 3:
                store.append(second)
            assert_same(store.read(), Episodes.concatenate([first, second]))
            store.check()
            assert len([path for path in folder.iterdir() if path.is_dir()]) == 2
        if len(survived) == 2:
            return
    raise AssertionError("the write never came to its end")


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_that_it_said_was_written(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "store"
    EpisodeStore.create(folder).close()
    for _ in range(5):
        process = subprocess.Popen([sys.executable, str(WRITER), str(folder)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = process.stdout.readline()
        time.sleep(float(rng.uniform(0, 0.2)))
        process.kill()
        said = [said, *process.stdout.read().split("\n")]
        process.wait()
        process.stdout.close()
        written = max(int(line) for line in said if line.strip())
        with EpisodeStore.open(folder, write=True) as store:
            assert len(store) in (written, written + 3)
            assert_same(store.read(), Episodes.concatenate([made(seed, 3) for seed in range(len(store) // 3)]))
            assert len([path for path in folder.iterdir() if path.is_dir()]) == len(store) // 3


def test_rewinding_forgets_later_shards(tmp_path):
    with EpisodeStore.create(tmp_path / "s", facts={"domain": "maze"}) as store:
        for turn in (4, 8, 12):
            store.append(made(turn, 2), turn=turn)
        reader = EpisodeStore.open(tmp_path / "s")
        store.rewind(8)
        assert_same(store.read(), Episodes.concatenate([made(4, 2), made(8, 2)]))
        store.append(made(13, 2), turn=13)
        assert len(store) == 6
        assert len(reader) == 6
        with pytest.raises(RunError, match=r"open the store anew"):
            reader.read()
        store.rewind(None)
        assert len(store) == 0
        with pytest.raises(ArgumentError, match="no episodes yet"):
            store.read()
    assert EpisodeStore.open(tmp_path / "s").facts == {"domain": "maze"}


def test_what_is_no_episodes_is_refused_and_leaves_nothing(tmp_path):
    store = EpisodeStore.create(tmp_path / "s")
    store.append(made(0, 3))
    good = made(1, 3)
    bad = good.reward.copy()
    bad[-1] = np.nan
    change = lambda **fields: Episodes(**{**vars(good), **fields})
    for episodes, words in (
        (change(reward=bad), r"step \d of episode 2 has nan"),
        (change(action=good.action.astype(object)), "pickle"),
        (change(action=good.action.astype(np.float64)), r"`action` is <f8\[2\] where <f4\[2\] is kept"),
        (change(columns={}), "`columns.odd name/..` is nothing"),
        (change(observation={**good.observation, "walls": good.observation["walls"][:-1]}), "one entry for each"),
        (change(offsets=good.offsets + 1), "begins with 0"),
    ):
        with pytest.raises(ArgumentError, match=words):
            store.append(episodes)
    assert len(store) == 3
    assert len([path for path in (tmp_path / "s").iterdir() if path.is_dir()]) == 1
    with pytest.raises(ArgumentError, match="must lie in 0 … 2, got 3"):
        store.read(np.array([0, 3]))
    with pytest.raises(UnknownName, match="did you mean 'turn'"):
        store.column("turns")
    with pytest.raises(RunError, match="is being written by process"):
        EpisodeStore.open(tmp_path / "s", write=True)
    store.close()
    with pytest.raises(RunError, match="for reading only"):
        store.append(good)
    with pytest.raises(RunError, match="not empty"):
        EpisodeStore.create(tmp_path / "s")
    with pytest.raises(RunError, match="no store of episodes"):
        EpisodeStore.open(tmp_path)


def test_damage_is_named(tmp_path):
    folder = tmp_path / "s"
    with EpisodeStore.create(folder) as store:
        store.append(made(0, 30))
    shard = next(path for path in folder.iterdir() if path.is_dir())
    whole = {path: path.read_bytes() for path in (folder / "manifest.json", *shard.iterdir())}

    def refusal(path: Path, data: bytes) -> str:
        path.write_bytes(data)
        try:
            with pytest.raises(RunError) as error:
                EpisodeStore.open(folder).check()
        finally:
            path.write_bytes(whole[path])
        return str(error.value)

    action, manifest = shard / "action.npy", folder / "manifest.json"
    flipped = bytearray(whole[action])
    flipped[-1] ^= 1
    assert "action.npy is damaged: its checksum differs" in refusal(action, bytes(flipped))
    assert "action.npy is damaged" in refusal(action, whole[action][:-8])
    assert "action.npy is damaged: it holds float64[3]" in refusal(action, npy(np.zeros(3)))
    pickled = npy(np.array([{}], dtype=object), allow_pickle=True)
    assert "Python objects" in refusal(action, pickled)
    assert "offsets" in refusal(shard / "offsets.npy", npy(np.arange(31)))
    assert "its checksum differs" in refusal(manifest, whole[manifest].replace(b'"action"', b'"nothing"'))
    assert "manifest.json is damaged" in refusal(manifest, whole[manifest][:-9])
    (shard / "reward.npy").unlink()
    with pytest.raises(RunError, match=r"reward\.npy is missing"):
        EpisodeStore.open(folder).read()


def test_a_manifest_cannot_lead_out_of_the_store(tmp_path):
    from explora.store.experience import _manifest

    with EpisodeStore.create(tmp_path / "s") as store:
        store.append(made(0, 1))
    path = tmp_path / "s" / "manifest.json"
    content = json.loads(path.read_bytes())
    content.pop("checksum")
    content["shards"][0][0] = "../elsewhere"
    path.write_text(json.dumps({"checksum": _manifest._checksum(content), **content}))
    with pytest.raises(RunError, match="no name of a shard"):
        EpisodeStore.open(tmp_path / "s")


def npy(array: np.ndarray, allow_pickle: bool = False) -> bytes:
    import io

    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()
