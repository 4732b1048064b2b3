"""The store's suite takes the store of the library and a store of thirty lines, and refuses that one when broken."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import RunError
from explora.store import Checkpoints
from explora.testing import BrokenLaw, StoreSuite, check_store


class Loaded(NamedTuple):
    tree: Any
    turn: int


class Shelf:
    """One file a turn: a line with its checksum, and the bytes of every array in hexadecimal."""

    def __init__(self, folder: Path):
        self.folder = folder

    def save(self, tree: Any, *, turn: int) -> None:
        text = json.dumps([_raw(leaf).tobytes().hex() for leaf in jax.tree.leaves(tree)])
        self.write(self.folder / f"{turn}.shelf", f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}".encode())

    def write(self, path: Path, data: bytes) -> None:
        with open(path.with_suffix(".new"), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path.with_suffix(".new"), path)

    def order(self, path: Path) -> Any:
        return int(path.stem)

    def good(self, checksum: str, text: str) -> bool:
        return hashlib.sha256(text.encode()).hexdigest() == checksum

    def load(self, like: Any) -> Loaded:
        for path in sorted(self.folder.glob("*.shelf"), key=self.order, reverse=True):
            checksum, _, text = path.read_bytes().decode(errors="replace").partition("\n")
            if self.good(checksum, text):
                return Loaded(self.restore(json.loads(text), like), int(path.stem))
        raise RunError(f"nothing good in {self.folder}")

    def restore(self, stored: list[str], like: Any) -> Any:
        leaves, structure = jax.tree.flatten(like)
        if [len(text) // 2 for text in stored] != [_raw(leaf).nbytes for leaf in leaves]:
            raise RunError("another structure")
        return jax.tree.unflatten(structure, [_like(bytes.fromhex(text), leaf) for text, leaf in zip(stored, leaves)])


class SameBytes(Shelf):
    """Its shapes are trusted, so a state of another shape and the same size is taken."""


class InPlace(Shelf):
    def write(self, path: Path, data: bytes) -> None:
        path.write_bytes(data)


class Early(Shelf):
    """Renames before the bytes are there, then writes them, and trusts what it finds."""

    def write(self, path: Path, data: bytes) -> None:
        path.with_suffix(".new").write_bytes(b"")
        os.replace(path.with_suffix(".new"), path)
        with open(path, "wb") as file:
            os.fsync(file.fileno())
            file.write(data)

    def good(self, checksum: str, text: str) -> bool:
        return True


class Alphabetical(Shelf):
    def order(self, path: Path) -> Any:
        return path.stem


class Trusting(Shelf):
    def good(self, checksum: str, text: str) -> bool:
        return True


class Flat(Shelf):
    """Loses the sign of zero."""

    def save(self, tree: Any, *, turn: int) -> None:
        positive = lambda x: x + jnp.zeros_like(x) if eqx.is_inexact_array(x) else x
        super().save(jax.tree.map(positive, tree), turn=turn)


class Sound(Shelf):
    """What `Shelf` lacks: shapes are part of what is stored."""

    def save(self, tree: Any, *, turn: int) -> None:
        shapes = jnp.asarray([size for leaf in jax.tree.leaves(tree) for size in _raw(leaf).shape], jnp.int32)
        super().save((shapes, tree), turn=turn)

    def load(self, like: Any) -> Loaded:
        expected = jnp.asarray([size for leaf in jax.tree.leaves(like) for size in _raw(leaf).shape], jnp.int32)
        (shapes, tree), turn = super().load((expected, like))
        if not np.array_equal(shapes, expected):
            raise RunError("another structure")
        return Loaded(tree, turn)


class TestCheckpoints(StoreSuite):
    def part(self) -> Any:
        return Checkpoints


def test_a_sound_store_passes() -> None:
    check_store(Sound)


@pytest.mark.parametrize(
    ("store", "law", "sentence"),
    [
        (SameBytes, "test_another_structure_is_refused", "SameBytes: `load` gave a state of another shape"),
        (InPlace, "test_a_death_at_any_instant_loses_no_more_than_the_save", "never flushed nor renamed a file"),
        (
            Early,
            "test_a_death_at_any_instant_loses_no_more_than_the_save",
            "after a death at the 2. call that touches the disk",
        ),
        (Alphabetical, "test_the_newest_is_loaded", r"gave turn 9 instead of one of \(10,\)"),
        (Trusting, "test_a_damaged_file_costs_one_checkpoint", "after 2.shelf was damaged, `load`"),
        (Flat, "test_load_undoes_save", r"that was never saved \(at \['odd'\]"),
    ],
)
def test_broken_stores_are_refused(store: Any, law: str, sentence: str) -> None:
    own = type("Suite", (StoreSuite,), {"part": lambda self: store})()
    with pytest.raises(BrokenLaw, match=sentence):
        getattr(own, law)()


def _raw(leaf: Any) -> np.ndarray:
    return np.asarray(jr.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf)


def _like(data: bytes, leaf: Any) -> Any:
    raw = _raw(leaf)
    array = jnp.asarray(np.frombuffer(data, raw.dtype).reshape(raw.shape))
    return jr.wrap_key_data(array) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else array
