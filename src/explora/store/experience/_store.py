"""A store of episodes in a folder: append-only, memory-mapped, and whole whenever a process dies."""

import functools
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from explora.core import ArgumentError, Episodes, RunError, UnknownName

from .. import _files as files
from .._lock import Lock
from . import _manifest as manifests
from ._layout import Layout, difference, put_together, take_apart
from ._manifest import Manifest
from ._shard import Opened, write_shard

_OPEN = 64  # shards whose maps are kept: each is about fifteen, and a process may have 65,530


class EpisodeStore:
    """Episodes in a folder, in shards that never change once they are written.

    A shard is there once the manifest names it, and the manifest is replaced all at once: a process that dies at any
    instant leaves the episodes of all completed `append`s, to the last bit, and nothing else. What it was writing is
    removed when the store is next opened for writing.

    Opening reads the manifest and no array. Reading maps what is asked for into memory.

    **Arguments:** see `create` and `open`.
    """

    def __init__(self, folder: Path, manifest: Manifest, lock: Lock | None, *, writable: bool):
        self.folder, self._manifest, self._lock, self._writable = folder, manifest, lock, writable
        self._open = functools.lru_cache(_OPEN)(self._opened)

    @classmethod
    def create(cls, folder: Path | str, *, facts: dict[str, Any] | None = None, alone: bool = True) -> "EpisodeStore":
        """Makes an empty store.

        **Arguments:**

        - `folder`: where; there must be nothing there yet, or an empty folder.
        - `facts`: what is known of the episodes as a whole, as JSON.
        - `alone`: whether nobody else sees to it that one process writes; False in a run folder, which has a lock.

        **Returns:** the store, open for writing.

        **Raises:** `RunError` if there is something already, or if that place cannot be written to.
        """
        folder = Path(folder).expanduser().absolute()
        with files.guard("create", folder):
            if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
                raise RunError(f"{folder} is there already and not empty: choose another folder")
            folder.mkdir(parents=True, exist_ok=True)
            manifests.write(folder, Manifest(None, facts or {}, ()))
            files.sync(folder.parent)
        return cls.open(folder, write=True, alone=alone)

    @classmethod
    def open(cls, folder: Path | str, *, write: bool = False, alone: bool = True) -> "EpisodeStore":
        """Opens a store that was made before.

        **Arguments:**

        - `folder`: where it is.
        - `write`: whether episodes are added: only one process at a time may. Any number reads; a reader sees the
          store as it was when it was opened.
        - `alone`: as for `create`.

        **Raises:** `RunError` if it is no store, if another process writes there, or if a newer explora wrote it.
        """
        folder = Path(folder).expanduser().absolute()
        if not is_store(folder):
            raise RunError(f"{folder} is no store of episodes: it has no {manifests.NAME}")
        lock = Lock.acquire(folder) if write and alone else None
        try:
            store = cls(folder, manifests.read(folder), lock, writable=write)
            if write:
                store._sweep()
            return store
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def __len__(self) -> int:
        """How many episodes there are."""
        return sum(shard.episodes for shard in self._manifest.shards)

    @property
    def steps(self) -> int:
        """How many steps they have together."""
        return sum(shard.steps for shard in self._manifest.shards)

    @property
    def size(self) -> int:
        """What the shards take [bytes]."""
        return sum(shard.size for shard in self._manifest.shards)

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the episodes as a whole."""
        return self._manifest.facts

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns that `column` knows."""
        return tuple(name.removeprefix("columns.") for name in self._fields() if name.startswith("columns."))

    def append(self, episodes: Episodes, *, turn: int = 0) -> None:
        """Adds a shard. Once it returns, the episodes survive a power cut.

        **Arguments:**

        - `episodes`: at least one; they must look like those that are there.
        - `turn`: how many turns of a run are over, for `rewind`.

        **Raises:** `ArgumentError` if they are not episodes, differ from those that are there, or have a reward that is
        not finite; `RunError` if they cannot be written: the store is then as it was.
        """
        if not self._writable:
            raise RunError(f"{self.folder} is open for reading only: open it with `write=True`")
        layout, arrays = take_apart(episodes.checked())
        _check_rewards(episodes)
        if not len(episodes):
            return
        known = self._manifest.layout
        differs = None if known is None else difference(known, layout)
        if differs:
            raise ArgumentError(f"`episodes` must look like those in {self.folder}: {differs}; make another store")
        name = f"{len(self._manifest.shards):06d}-{secrets.token_hex(4)}"
        with files.guard("write episodes in", self.folder):
            try:
                shard = write_shard(self.folder / name, layout, episodes, arrays, turn)
                manifest = Manifest(known or layout, self.facts, (*self._manifest.shards, shard))
                manifests.write(self.folder, manifest)
            except BaseException:
                shutil.rmtree(self.folder / name, ignore_errors=True)
                raise
        self._manifest = manifest

    def rewind(self, turn: int | None) -> None:
        """Forgets the shards that were written after a turn; None: all of them."""
        kept = tuple(shard for shard in self._manifest.shards if turn is not None and shard.turn <= turn)
        if len(kept) == len(self._manifest.shards):
            return
        manifest = self._manifest._replace(shards=kept)
        with files.guard("write episodes in", self.folder):
            manifests.write(self.folder, manifest)
        self._manifest = manifest
        self._open.cache_clear()
        self._sweep()

    def read(self, indices: Int[np.ndarray, " some"] | Bool[np.ndarray, " episodes"] | None = None) -> Episodes:
        """Episodes, read into memory.

        **Arguments:**

        - `indices`: their numbers, counted from 0 in the order in which they were added, in any order; or a mask. None:
          all of them.

        **Raises:** `ArgumentError` for an episode that there is not, or if the store is empty; `RunError` for a damaged
        file.
        """
        layout = self._layout()
        chosen = self._chosen(indices)
        ends = np.cumsum([shard.episodes for shard in self._manifest.shards])
        which = np.searchsorted(ends, chosen, side="right")
        pieces = []
        for number in np.unique(which).tolist():
            opened = self._open(number)
            places = np.flatnonzero(which == number)
            pieces.append((opened, places, chosen[places] - (ends[number] - opened.shard.episodes)))
        lengths = np.zeros(len(chosen), np.int64)
        for opened, places, own in pieces:
            lengths[places] = np.diff(opened.offsets)[own]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        gathered = [(opened, places, own, *_steps(opened, places, own, offsets)) for opened, places, own in pieces]
        arrays = {name: self._gather(name, gathered, offsets) for name in layout.fields}
        return put_together(layout, offsets, arrays)

    def column(self, name: str) -> np.ndarray:
        """One column of all episodes, without reading anything else.

        **Raises:** `UnknownName` if there is none of that name.
        """
        if name not in self.column_names:
            raise UnknownName("column", name, self.column_names)
        return self._whole(f"columns.{name}")

    @property
    def lengths(self) -> Int[np.ndarray, " episodes"]:
        """How many steps each episode has."""
        found = [np.diff(self._open(number).offsets) for number in range(len(self._manifest.shards))]
        return np.concatenate([np.zeros(0, np.int64), *found])

    @property
    def terminated(self) -> Bool[np.ndarray, " episodes"]:
        """Whether each ended by its own rules."""
        return self._whole("terminated")

    def shards(self) -> Iterator[Episodes]:
        """The episodes shard by shard, memory-mapped where they lie unpacked, in the order in which they were added."""
        layout = self._layout()
        for number in range(len(self._manifest.shards)):
            opened = self._open(number)
            yield put_together(layout, opened.offsets, {name: opened.whole(name) for name in layout.fields})

    def check(self) -> None:
        """Reads everything and compares it with its checksums.

        **Raises:** `RunError` that names the first damaged file.
        """
        for number in range(len(self._manifest.shards)):
            self._open(number).check()

    def close(self) -> None:
        """Gives the lock back; what was read stays readable."""
        if self._lock is not None:
            self._lock.release()
        self._writable = False

    def __enter__(self) -> "EpisodeStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _layout(self) -> Layout:
        if self._manifest.layout is None or not self._manifest.shards:
            raise ArgumentError(f"{self.folder} holds no episodes yet: let the run go on, or import some")
        return self._manifest.layout

    def _fields(self) -> tuple[str, ...]:
        return () if self._manifest.layout is None else tuple(self._manifest.layout.fields)

    def _chosen(self, indices: np.ndarray | None) -> np.ndarray:
        count = len(self)
        if indices is None:
            return np.arange(count)
        indices = np.asarray(indices)
        if indices.dtype == bool:
            if indices.shape != (count,):
                raise ArgumentError(f"`indices` must have one entry for each of the {count} episodes as a mask")
            return np.flatnonzero(indices)
        wrong = indices[(indices < 0) | (indices >= count)]
        if len(wrong):
            raise ArgumentError(f"`indices` must lie in 0 … {count - 1}, got {wrong[0]}")
        return indices.astype(np.int64)

    def _gather(self, name: str, pieces: list[Any], offsets: np.ndarray) -> np.ndarray:
        """An array of the chosen episodes; entries of a shard that lie together are copied together."""
        field = self._layout().fields[name]
        by_step = field.by == "step"
        found = [
            (there if by_step else places, opened.rows(name, here if by_step else _run(own)))
            for opened, places, own, here, there in pieces
        ]
        dtype = np.result_type(*(rows.dtype for _, rows in found)) if found else _dtype(field.dtype)
        out = np.empty((offsets[-1] if by_step else len(offsets) - 1, *field.shape), dtype)
        for there, rows in found:
            out[there] = rows
        return out

    def _whole(self, name: str) -> np.ndarray:
        field = self._layout().fields[name]
        found = [self._open(number).whole(name) for number in range(len(self._manifest.shards))]
        return np.concatenate([np.zeros((0, *field.shape), _dtype(field.dtype)), *found])

    def _opened(self, number: int) -> Opened:
        shard = self._manifest.shards[number]
        return Opened(self.folder / shard.name, self._layout(), shard)

    def _sweep(self) -> None:
        """Removes what was being written when a process died, and what was rewound."""
        named = {shard.name for shard in self._manifest.shards}
        with files.guard("clear", self.folder):
            for path in self.folder.iterdir():
                if path.is_dir() and not path.is_symlink() and manifests.is_shard(path.name) and path.name not in named:
                    shutil.rmtree(path, ignore_errors=True)


def is_store(folder: Path | str) -> bool:
    """Whether a folder is that of a store of episodes."""
    return (Path(folder) / manifests.NAME).is_file()


def _check_rewards(episodes: Episodes) -> None:
    wrong = np.flatnonzero(~np.isfinite(episodes.reward))
    if len(wrong):
        step = int(wrong[0])
        episode = int(np.searchsorted(episodes.offsets, step, side="right")) - 1
        raise ArgumentError(
            f"`reward` must be finite: step {step - int(episodes.offsets[episode])} of episode {episode} has "
            f"{episodes.reward[step]}; leave the episode out"
        )


def _steps(
    opened: Opened, places: np.ndarray, own: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray | slice, np.ndarray | slice]:
    """The steps of some episodes: where they lie in the shard, and where they go."""
    if isinstance(_run(own), slice) and isinstance(_run(places), slice):
        here = slice(int(opened.offsets[own[0]]), int(opened.offsets[own[-1] + 1]))
        return here, slice(int(offsets[places[0]]), int(offsets[places[-1] + 1]))
    lengths = np.diff(opened.offsets)[own]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return within + np.repeat(opened.offsets[own], lengths), within + np.repeat(offsets[places], lengths)


def _run(numbers: np.ndarray) -> np.ndarray | slice:
    """Numbers that follow on each other as a slice: copying one is several times faster."""
    if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1 and bool(np.all(np.diff(numbers) == 1)):
        return slice(int(numbers[0]), int(numbers[-1]) + 1)
    return numbers


def _dtype(name: str) -> np.dtype:
    return np.dtype("<U1" if name == "text" else name)
