"""Checkpoints come back bit for bit, survive a death at every instant, and are never taken for what they are not."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import hypothesis.extra.numpy as hnp
import jax
import jax.numpy as jnp
import jax.random as jr
import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError, RunError
from explora.store import Checkpoints, _files, _format


class State(eqx.Module):
    weights: Any
    flags: Any
    name: str = eqx.field(static=True, default="a")
    note: Any = None


def state(number: int = 0) -> State:
    arrays = {"w": jnp.full((2, 3), number, jnp.float32), "b": jnp.asarray(number, jnp.bfloat16)}
    return State(arrays, (jnp.array([True, False]), jr.key(number), np.float64(number / 3)), note="kept by `like`")


def same(x: Any, y: Any) -> bool:
    if jax.tree.structure(x) != jax.tree.structure(y):
        return False
    return all(map(same_leaf, jax.tree.leaves(x), jax.tree.leaves(y)))


def same_leaf(x: Any, y: Any) -> bool:
    if not hasattr(x, "dtype"):
        return x == y
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        x, y = jr.key_data(x), jr.key_data(y)
    return np.asarray(x).tobytes() == np.asarray(y).tobytes()


def test_a_state_comes_back_bit_for_bit_with_what_was_saved_beside_it(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    path = checkpoints.save(state(7), turn=12, meta={"seconds": 3.5, "by": {2: "b", 10: (1, None)}})
    loaded = checkpoints.load(state())
    assert same(loaded.tree, state(7))
    assert loaded.tree.note == "kept by `like`"
    assert isinstance(loaded.tree.flags[2], np.float64)
    assert isinstance(loaded.tree.weights["w"], jax.Array)
    assert loaded[1:] == ({"seconds": 3.5, "by": {"2": "b", "10": [1, None]}}, 12, ())
    assert path == tmp_path / "000000000012.json"
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", ".safetensors"]


def test_the_files_are_what_their_names_say(tmp_path):
    path = Checkpoints(tmp_path).save({"w": jnp.arange(3.0)}, turn=1)
    manifest = json.loads(path.read_text())
    assert manifest["leaves"] == {"['w']": {"shape": [3], "dtype": "float32"}}
    assert manifest["explora"]
    assert manifest["format"] == 1
    tensors = safetensors.numpy.load_file(tmp_path / manifest["file"])
    assert tensors["['w']"].tolist() == [0.0, 1.0, 2.0]


def test_shapes_are_enough_to_load(tmp_path):
    Checkpoints(tmp_path).save(state(7), turn=12)
    like = eqx.filter_eval_shape(lambda: eqx.filter(state(0), eqx.is_array))
    like = eqx.tree_at(lambda s: s.flags[2], like, np.float64(0), is_leaf=lambda x: x is None)
    assert same(Checkpoints(tmp_path).load(like).tree.weights, state(7).weights)
    assert jr.key_impl(Checkpoints(tmp_path).load(like).tree.flags[1]) == jr.key_impl(jr.key(0))


SMALL = [bool, "i1", "u1", "i4", "u4", "f2", "f4", ml_dtypes.bfloat16, "c8"]
LARGE = ["i2", "u2", "i8", "u8", "f8", ">f4", ml_dtypes.float8_e5m2]
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


def arrays(dtypes: list[Any]) -> st.SearchStrategy[np.ndarray]:
    make = lambda dtype, shape, seed: np.random.default_rng(seed).integers(0, 2, shape).astype(dtype)
    return st.builds(make, st.sampled_from(dtypes), shapes, st.integers(0, 99))


trees = st.recursive(
    arrays(SMALL + LARGE) | arrays(SMALL).map(jnp.asarray) | st.none() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3) | st.tuples(inner),
    max_leaves=6,
)


@given(tree=trees, turn=st.integers(0, 10**13))
@settings(max_examples=60, deadline=None)
def test_load_inverts_save(tree, turn, tmp_path_factory):
    checkpoints = Checkpoints(tmp_path_factory.mktemp("c"))
    checkpoints.save(tree, turn=turn)
    assert same(checkpoints.load(jax.tree.map(blank, tree)).tree, jax.tree.map(native, tree))


def blank(x: Any) -> Any:
    if isinstance(x, jax.Array):
        return jax.ShapeDtypeStruct(x.shape, x.dtype)
    return np.zeros_like(x) if isinstance(x, np.ndarray) else x


def native(x: Any) -> Any:
    return x.astype(x.dtype.newbyteorder("=")) if isinstance(x, np.ndarray) else x


def test_arrays_over_several_devices_go_back_where_they_were(tmp_path):
    mesh = jax.make_mesh((1,), ("x",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("x"))
    Checkpoints(tmp_path).save(jax.device_put(jnp.arange(4), sharding), turn=1)
    assert Checkpoints(tmp_path).load(jnp.zeros(4, jnp.int32)).tree.tolist() == [0, 1, 2, 3]


def test_only_the_newest_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for turn in (1, 5, 20, 100):
        checkpoints.save(state(turn), turn=turn)
    assert checkpoints.turns() == (20, 100)
    assert len(list(tmp_path.iterdir())) == 4
    everything = Checkpoints(tmp_path / "all", keep=None)
    for turn in range(5):
        everything.save({}, turn=turn)
    assert everything.turns() == (0, 1, 2, 3, 4)
    assert everything.load({}, turn=2).turn == 2
    with pytest.raises(ArgumentError, match="`keep` must be at least 1"):
        Checkpoints(tmp_path, keep=0)


def test_a_later_turn_of_another_future_goes(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for turn in (10, 20, 30):
        checkpoints.save(state(turn), turn=turn)
    checkpoints.save(state(15), turn=15)
    assert checkpoints.turns() == (10, 15)
    checkpoints.rewind(10)
    assert checkpoints.turns() == (10,)
    checkpoints.rewind(None)
    assert list(tmp_path.iterdir()) == []


def test_saving_the_same_turn_again_takes_its_place(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(1), turn=5)
    checkpoints.save(state(2), turn=5)
    assert same(checkpoints.load(state()).tree, state(2))
    assert len(list(tmp_path.iterdir())) == 2


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "flipped": flip,
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(os.urandom(100)),
    "a list": lambda path: path.write_bytes(b"[]"),
    "deep": lambda path: path.write_bytes(b"[" * 100_000),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("kind", ["json", "safetensors"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_named_and_the_checkpoint_before_is_used(tmp_path, kind, damage):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(1), turn=1)
    checkpoints.save(state(2), turn=2)
    (path,) = tmp_path.glob(f"000000000002*.{kind}")
    damage(path)
    for found in (checkpoints.load(state()), checkpoints.latest()):
        (warning,) = found.warnings
        assert str(path) in warning
    assert same(checkpoints.load(state()).tree, state(1))
    assert checkpoints.latest().manifest.turn == 1
    with pytest.raises(RunError, match="no good checkpoint of turn 2"):
        checkpoints.load(state(), turn=2)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
@pytest.mark.parametrize("kind", ["json", "safetensors"])
def test_a_file_that_cannot_be_read_is_not_taken_for_a_damaged_one(tmp_path, monkeypatch, kind, code):
    checkpoints = Checkpoints(tmp_path)
    for turn in (1, 2):
        checkpoints.save(state(turn), turn=turn)
    (path,) = tmp_path.glob(f"000000000002*.{kind}")
    read = Path.read_bytes

    def refuse(self: Path) -> bytes:
        if self == path:
            raise OSError(code, os.strerror(code))
        return read(self)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        for ask in (checkpoints.latest, lambda: checkpoints.load(state())):
            with pytest.raises(RunError, match=rf"{path.name} cannot be read: {os.strerror(code)}; make it readable"):
                ask()
        checkpoints.save(state(3), turn=3)
    assert checkpoints.turns() == (1, 2, 3)
    assert same(checkpoints.load(state(), turn=2).tree, state(2)), "going on must not lose what may be whole"


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    assert checkpoints.turns() == ()
    checkpoints.save(state(1), turn=1)

    def refuse(*_: Any) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(RunError, match=r"checkpoints cannot be read: Permission denied; make it readable"):
        checkpoints.latest()


def test_what_is_set_aside_is_kept_under_a_name_that_nothing_had(tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    for number in (1, 2):
        checkpoints.save(state(number), turn=number)
        aside = checkpoints.set_aside()
        assert aside == tmp_path / f"checkpoints-damaged-{number}"
        assert same(Checkpoints(aside).load(state()).tree, state(number))
        assert checkpoints.turns() == ()


def test_every_byte_counts(tmp_path):
    """No flipped bit of a small checkpoint goes unnoticed: neither in the arrays nor in the manifest."""
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"w": jnp.arange(2.0)}, turn=1, meta={"seconds": 1.5})
    before = checkpoints.load({"w": jnp.zeros(2)})
    for path in list(tmp_path.iterdir()):
        whole = path.read_bytes()
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            found = checkpoints.latest()
            # blanks between the words of the manifest mean nothing: then the very same checkpoint is found
            assert found.warnings or (found.manifest.meta == before.meta and found.manifest.turn == 1)
        path.write_bytes(whole)


def test_missing_arrays_are_named_and_none_at_all_is_an_error(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.latest() == (None, ())
    with pytest.raises(RunError, match="there is no good checkpoint in"):
        checkpoints.load(state())
    checkpoints.save(state(1), turn=1)
    (path,) = tmp_path.glob("*.safetensors")
    path.unlink()
    assert checkpoints.latest() == (None, (f"{path} is missing",))
    with pytest.raises(RunError, match=rf"no good checkpoint in .*; {path} is missing"):
        checkpoints.load(state())


@pytest.mark.parametrize(
    ("like", "message"),
    [
        ({"a": jnp.zeros(3), "b": jnp.zeros(2)}, r"`\['a'\]` is float32\[2\] where float32\[3\] is expected"),
        ({"a": jnp.zeros(2, jnp.int32), "b": jnp.zeros(2)}, r"`\['a'\]` is float32\[2\] where int32\[2\]"),
        ({"a": jnp.zeros(2), "c": jnp.zeros(2)}, r"`\['c'\]` \(float32\[2\]\) is missing"),
        ({"a": jnp.zeros(2)}, r"`\['b'\]` \(float32\[2\]\) is not part of it"),
        ({"a": jr.key(0), "b": jnp.zeros(2)}, r"`\['a'\]` is float32\[2\] where key<fry>\[\] is expected"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_leaf(tmp_path, like, message):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"a": jnp.zeros(2), "b": jnp.zeros(2)}, turn=1)
    with pytest.raises(RunError, match=f"{message}.*The configuration or the version has changed since"):
        checkpoints.load(like)


def test_a_newer_format_names_the_version_that_can_read_it(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    monkeypatch.setattr(_format, "FORMAT", 2)
    monkeypatch.setattr(_format, "__version__", "9.1")
    monkeypatch.setattr("explora.store._checkpoint.__version__", "9.1")
    checkpoints.save(state(), turn=1)
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"has format 2, written by explora 9.1; .* pip install 'explora>=9.1'"):
        checkpoints.load(state())


@pytest.mark.parametrize(
    ("tree", "meta", "message"),
    [
        (np.zeros(2, np.complex128), {}, "a leaf that cannot be stored.*`value` is complex128"),
        ({}, {"x": float("inf")}, "a run keeps JSON, without infinity"),
        ({}, {"x": object()}, "object is not JSON"),
    ],
)
def test_what_cannot_be_stored_is_refused(tmp_path, tree, meta, message):
    with pytest.raises(ArgumentError, match=message):
        Checkpoints(tmp_path).save(tree, turn=1, meta=meta)
    assert list(tmp_path.iterdir()) == []


class Death(BaseException):
    """A kill: nothing that the process does afterwards reaches the disk."""


class Dying:
    """Lets a number of operations on files through; the next one is the last, and does half of its work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, instants: int):
        self.left = instants
        for name in ("fsync", "replace", "unlink", "mkdir", "open"):
            monkeypatch.setattr(os, name, self.wrap(getattr(os, name)))
        monkeypatch.setattr(_files, "open", self.open, raising=False)

    def instant(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Death

    def wrap(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.instant()
            return act(*args, **kwargs)

        return wrapped

    def open(self, path: Path, mode: str) -> Any:
        self.instant()
        file = open(path, mode, buffering=0)  # noqa: SIM115 - closed by `__exit__`
        dying = self

        class File:
            def write(self, data: bytes) -> None:
                for part in (data[: len(data) // 2], data[len(data) // 2 :]):
                    dying.instant()
                    file.write(part)

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: Any) -> None:
                file.close()

            def flush(self) -> None:
                dying.instant()

            def fileno(self) -> int:
                return file.fileno()

        return File()


@pytest.mark.parametrize("before", [(), (1,), (1, 2, 3)])
def test_death_at_any_instant_of_a_save_loses_nothing_older(tmp_path, before):
    """One run of `save` for each operation on a file that it makes, which is then its last."""
    instants, done = 0, False
    newest = before[-1] if before else None
    while not done:
        folder = tmp_path / str(instants)
        checkpoints = Checkpoints(folder, keep=2)
        for turn in before:
            checkpoints.save(state(turn), turn=turn)
        with pytest.MonkeyPatch.context() as monkeypatch:
            Dying(monkeypatch, instants)
            try:
                checkpoints.save(state(9), turn=9)
                done = True
            except Death:
                pass
        found = checkpoints.latest()
        assert found.warnings == (), "an interrupted save must not look like damage"
        turn = found.manifest.turn if found.manifest else None
        assert turn in (newest, 9)
        if turn is not None:
            assert same(checkpoints.load(state()).tree, state(turn))
        checkpoints.save(state(10), turn=10)
        assert checkpoints.turns()[-1] == 10
        assert len(list(folder.iterdir())) == 2 * len(checkpoints.turns()), "leavings must be swept away"
        instants += 1
    assert turn == 9
    assert instants > 10


def test_death_at_any_instant_of_a_rewind_does_not_look_like_damage(tmp_path):
    instants, done = 0, False
    while not done:
        checkpoints = Checkpoints(tmp_path / str(instants), keep=None)
        for turn in (1, 2, 3):
            checkpoints.save({"w": jnp.ones(turn)}, turn=turn)
        with pytest.MonkeyPatch.context() as monkeypatch:
            Dying(monkeypatch, instants)
            try:
                checkpoints.rewind(1)
                done = True
            except Death:
                pass
        assert checkpoints.latest().warnings == ()
        checkpoints.rewind(1)
        assert checkpoints.turns() == (1,)
        instants += 1
    assert instants > 4


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "the disk is full; free some space and resume"),
        (errno.EROFS, "the place cannot be written to"),
        (errno.EACCES, "the place cannot be written to"),
        (errno.EIO, "Input/output error"),
    ],
)
@pytest.mark.parametrize("where", ["open", "write", "fsync", "replace"])
def test_a_disk_that_refuses_gives_a_clear_error_and_leaves_nothing_half_written(
    tmp_path, monkeypatch, code, message, where
):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(1), turn=1)
    files = sorted(tmp_path.iterdir())

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    class File:
        def __init__(self, path: Path, mode: str):
            self.file = open(path, mode)  # noqa: SIM115 - closed by `__exit__`
            self.flush, self.fileno = self.file.flush, self.file.fileno
            self.write = refuse

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: Any) -> None:
            self.file.close()

    with monkeypatch.context() as patch:
        if where in ("fsync", "replace"):
            patch.setattr(os, where, refuse)
        else:
            patch.setattr(_files, "open", refuse if where == "open" else File, raising=False)
        with pytest.raises(RunError, match=f"cannot save a checkpoint in {tmp_path}: {message}"):
            checkpoints.save(state(2), turn=2)
    assert sorted(tmp_path.iterdir()) == files
    assert same(checkpoints.load(state()).tree, state(1))
