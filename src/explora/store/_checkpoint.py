"""Checkpoints: whole states, each of which is either there and whole, or not there."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from explora._version import __version__
from explora.core import ArgumentError, RunError

from . import _files as files
from . import _format
from . import _values as values
from ._leaves import Leaves, pack, unpack


class Manifest(NamedTuple):
    """What is known of a checkpoint without opening it.

    **Arguments:**

    - `turn`: how many turns were over.
    - `explora`: the version that wrote it.
    - `file`: the name of the file with its arrays.
    - `sha256`: the checksum of that file.
    - `leaves`: shape and data type of each array, by path.
    - `meta`: whatever the writer added.
    """

    turn: int
    explora: str
    file: str
    sha256: str
    leaves: Leaves
    meta: dict[str, Any]


class Latest(NamedTuple):
    """The newest good checkpoint.

    **Arguments:**

    - `manifest`: None if there is no good one.
    - `warnings`: a sentence for each newer one that is damaged.
    """

    manifest: Manifest | None
    warnings: tuple[str, ...]


class Loaded(NamedTuple):
    """A state that was read back.

    **Arguments:**

    - `tree`: the state.
    - `meta`: what was saved beside it.
    - `turn`: how many turns were over.
    - `warnings`: a sentence for each newer checkpoint that is damaged.
    """

    tree: Any
    meta: dict[str, Any]
    turn: int
    warnings: tuple[str, ...]


class Checkpoints:
    """The checkpoints in one folder: `TURN-CHECKSUM.safetensors`, and `TURN.json` that vouches for it.

    A checkpoint exists once its manifest does, which is written last. All files are written under another name,
    flushed to the disk and renamed, so that a crash at any instant leaves the checkpoints before whole.

    **Arguments:**

    - `folder`: where they lie; made with the first of them.
    - `keep`: how many to keep, the newest; None: all.
    """

    def __init__(self, folder: Path | str, keep: int | None = 3):
        if keep is not None and keep < 1:
            raise ArgumentError(f"`keep` must be at least 1, or None to keep all, got {keep}")
        self.folder, self.keep = Path(folder), keep

    def turns(self) -> tuple[int, ...]:
        """The turns of which there is a checkpoint, damaged ones included, oldest first.

        **Raises:** `RunError` if the folder is there and cannot be read: it must not be taken for an empty one.
        """
        names = [Path(name).stem for name in _names(self.folder) if name.endswith(".json")]
        return tuple(sorted(int(name) for name in names if name.isdigit()))

    def save(self, tree: Any, *, turn: int, meta: dict[str, Any] | None = None) -> Path:
        """Saves the arrays of a tree. Checkpoints of later turns belong to a future that did not happen: they go.

        **Arguments:**

        - `tree`: any pytree; leaves that are not arrays are not stored.
        - `turn`: how many turns are over.
        - `meta`: small facts to keep beside it, as JSON.

        **Returns:** the path of the manifest.

        **Raises:** `RunError` if the disk is full or read-only: the checkpoints before stay as they are.
        """
        data, leaves = pack(tree)
        sha256 = hashlib.sha256(data).hexdigest()
        file, path = f"{turn:012d}-{sha256[:8]}.safetensors", self._manifest(turn)
        manifest = Manifest(turn, __version__, file, sha256, leaves, json.loads(values.text(meta or {})))
        with files.guard("save a checkpoint in", self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            files.write_file(self.folder / file, data)
            files.write_file(path, _text(manifest))
            self._sweep(turn)
        return path

    def load(self, like: Any, turn: int | None = None) -> Loaded:
        """The newest good checkpoint.

        **Arguments:**

        - `like`: a tree of the same structure, for all that is not stored; its arrays may be shapes only.
        - `turn`: that of one turn instead of the newest.

        **Raises:** `RunError` if there is no good one, if a file cannot be read (which is not damage: it may be whole),
        or if it does not fit `like`: the message names the leaf.
        """
        warnings = []
        for at in reversed(self.turns()) if turn is None else (turn,):
            try:
                manifest, data = self._read(at)
            except _Damaged as damage:
                warnings.append(str(damage))
                continue
            name = str(self._manifest(at))
            tree = unpack(data, manifest.leaves, like, name=name, written_by=manifest.explora)
            return Loaded(tree, manifest.meta, manifest.turn, tuple(warnings))
        which = "" if turn is None else f" of turn {turn}"
        raise RunError("; ".join([f"there is no good checkpoint{which} in {self.folder}", *warnings]))

    def latest(self) -> Latest:
        """The newest good checkpoint, checked but not loaded."""
        warnings = []
        for turn in reversed(self.turns()):
            try:
                return Latest(self._read(turn)[0], tuple(warnings))
            except _Damaged as damage:
                warnings.append(str(damage))
        return Latest(None, tuple(warnings))

    def rewind(self, turn: int | None) -> None:
        """Removes the checkpoints of later turns; None: all of them."""
        with files.guard("remove checkpoints from", self.folder):
            self._remove([at for at in self.turns() if turn is None or at > turn])

    def set_aside(self) -> Path:
        """Gives the folder another name, with all that lies in it: for checkpoints none of which is whole.

        **Returns:** its new name.
        """
        aside = files.free_name(self.folder, "-damaged")
        with files.guard("set aside", self.folder):
            self.folder.rename(aside)
            files.sync(aside.parent)
        return aside

    def _manifest(self, turn: int) -> Path:
        return self.folder / f"{turn:012d}.json"

    def _read(self, turn: int) -> tuple[Manifest, bytes]:
        """A checkpoint's manifest and the bytes of its arrays, both checked."""
        path = self._manifest(turn)
        manifest = _parse(path, _bytes(path))
        data = _bytes(self.folder / manifest.file)
        if hashlib.sha256(data).hexdigest() != manifest.sha256:
            raise _Damaged(f"{self.folder / manifest.file} is damaged: its checksum differs ({len(data)} bytes)")
        return manifest, data

    def _sweep(self, turn: int) -> None:
        """Removes what is too old, what is later than `turn`, and the leavings of interrupted saves."""
        turns = self.turns()
        kept = [at for at in turns if at <= turn]
        kept = kept if self.keep is None else kept[-self.keep :]
        self._remove([at for at in turns if at not in kept])
        needed, unknown = set(), set()
        for at in kept:
            try:
                needed.add(_parse(self._manifest(at), _bytes(self._manifest(at))).file)
            except (_Damaged, RunError):
                unknown.add(f"{at:012d}")  # somebody may still want to look into its arrays
        for path in (*self.folder.glob("*.safetensors"), *self.folder.glob(".*.tmp")):
            if path.name not in needed and path.name.split("-")[0] not in unknown:
                path.unlink(missing_ok=True)

    def _remove(self, turns: list[int]) -> None:
        """Manifests first: a checkpoint without its arrays would look damaged."""
        for turn in turns:
            self._manifest(turn).unlink(missing_ok=True)
        if turns:
            files.sync(self.folder)
        for turn in turns:
            for path in self.folder.glob(f"{turn:012d}-*.safetensors"):
                path.unlink(missing_ok=True)


class _Damaged(Exception):
    """A file that is missing, cut short or changed; the message names it."""


def _names(folder: Path) -> list[str]:
    """What lies in a folder. `glob` would find nothing in one that cannot be read."""
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(folder, error) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _Damaged(f"{path} is missing") from None
    except IsADirectoryError:
        raise _Damaged(f"{path} is damaged: it is a folder") from None
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RunError:
    """Not the same as damaged: what cannot be read now may be whole, and must not be passed over in silence."""
    reason = error.strerror or str(error)
    return RunError(f"{path} cannot be read: {reason}; make it readable, or move it away to do without it")


def _text(manifest: Manifest) -> bytes:
    content = _format.stamp() | manifest._asdict()
    return json.dumps({"checksum": _checksum(content), **content}, indent=1).encode()


def _parse(path: Path, data: bytes) -> Manifest:
    try:
        content = json.loads(data)
        checksum, expected = content.pop("checksum"), _checksum(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _Damaged(f"{path} is damaged: it is not a manifest ({len(data)} bytes)") from None
    if checksum != expected:
        raise _Damaged(f"{path} is damaged: its checksum differs")
    _format.check(str(path), content["format"], content["explora"])
    return Manifest(*(content[name] for name in Manifest._fields))


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(values.text(content).encode()).hexdigest()
