"""One shard: a folder with a `.npy` file for each array, and `shard.json` with their checksums."""

import json
import os
import zlib
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from explora.core import Episodes, RunError

from .. import _files as files
from ._layout import Field, Layout

_OFFSETS, _SUMS = "offsets", "shard.json"


class Shard(NamedTuple):
    """What a manifest says of a shard.

    **Arguments:**

    - `name`: of its folder.
    - `episodes`, `steps`: how many it holds.
    - `turn`: how many turns of a run were over when it was written; 0 where there is no run.
    - `size`: of its files [bytes].
    """

    name: str
    episodes: int
    steps: int
    turn: int
    size: int


def write_shard(folder: Path, layout: Layout, episodes: Episodes, arrays: dict[str, np.ndarray], turn: int) -> Shard:
    """Writes a shard into a folder that is not there yet, and makes it survive a power cut."""
    folder.mkdir(parents=True)
    sums, size = {}, 0
    for name, array in {_OFFSETS: episodes.offsets, **arrays}.items():
        stored = _pack(array) if name in layout.fields and layout.fields[name].packed else np.ascontiguousarray(array)
        path = folder / _file(name)
        with open(path, "wb") as file:
            np.lib.format.write_array(file, stored, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        sums[name] = _sum(stored)
        size += path.stat().st_size
    files.write_file(folder / _SUMS, json.dumps(sums).encode())  # flushes the names of the others too
    return Shard(folder.name, len(episodes), episodes.steps, turn, size)


class Opened:
    """The arrays of a shard, memory-mapped as they are first asked for.

    **Arguments:**

    - `folder`: of the shard.
    - `layout`: of the store.
    - `shard`: what the manifest says of it.
    """

    def __init__(self, folder: Path, layout: Layout, shard: Shard):
        self.folder, self.layout, self.shard = folder, layout, shard
        self._maps: dict[str, np.ndarray] = {}
        self.offsets = np.array(self._load(_OFFSETS, np.dtype(np.int64), (shard.episodes + 1,)))
        good = self.offsets[0] == 0 and self.offsets[-1] == shard.steps and bool(np.all(np.diff(self.offsets) > 0))
        if not good:
            raise self._damaged(_OFFSETS, f"its offsets do not end at the {shard.steps} steps of its manifest")

    def rows(self, name: str, chosen: np.ndarray | slice) -> np.ndarray:
        """Some entries of an array."""
        field = self.layout.fields[name]
        found = np.asarray(self._map(name, field)[chosen])
        if not field.packed:
            return found
        bits = np.unpackbits(found, axis=1, count=int(np.prod(field.shape)))
        return bits.reshape(len(found), *field.shape).view(bool)

    def whole(self, name: str) -> np.ndarray:
        """An array as it lies on the disk, or unpacked."""
        field = self.layout.fields[name]
        return self.rows(name, slice(None)) if field.packed else self._map(name, field)

    def check(self) -> None:
        """Compares all arrays with their checksums.

        **Raises:** `RunError` that names the file.
        """
        path = self.folder / _SUMS
        with files.guard("read", path):
            text = path.read_bytes()
        try:
            sums: dict[str, Any] = json.loads(text)
        except ValueError:
            sums = {}
        for name in (_OFFSETS, *self.layout.fields):
            array = self.offsets if name == _OFFSETS else self._map(name, self.layout.fields[name])
            if sums.get(name) != _sum(array):
                raise self._damaged(name, "its checksum differs")

    def _map(self, name: str, field: Field) -> np.ndarray:
        if name not in self._maps:
            count = self.shard.steps if field.by == "step" else self.shard.episodes
            dtype = None if field.dtype == "text" else np.dtype(np.uint8 if field.packed else field.dtype)
            shape = (-(-int(np.prod(field.shape)) // 8),) if field.packed else field.shape
            self._maps[name] = self._load(name, dtype, (count, *shape))
        return self._maps[name]

    def _load(self, name: str, dtype: np.dtype | None, shape: tuple[int, ...]) -> np.ndarray:
        path = self.folder / _file(name)
        try:
            array = np.load(path, mmap_mode="r" if 0 not in shape else None, allow_pickle=False)
        except FileNotFoundError:
            raise RunError(
                f"{path} is missing: restore it, or open the store anew if a run has gone on in the meantime"
            ) from None
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise self._damaged(name, str(error)) from error
        kind = array.dtype.kind == "U" if dtype is None else array.dtype == dtype
        if not kind or array.shape != shape:
            raise self._damaged(name, f"it holds {array.dtype}{list(array.shape)} where {dtype}{list(shape)} belongs")
        return array

    def _damaged(self, name: str, why: str) -> RunError:
        return RunError(f"{self.folder / _file(name)} is damaged: {why}; restore it from a backup")


def _file(name: str) -> str:
    return f"{quote(name, safe=' ')}.npy"  # whatever a column is called, its file lies in the shard


def _sum(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _pack(array: np.ndarray) -> np.ndarray:
    return np.packbits(array.reshape(len(array), -1), axis=1)
