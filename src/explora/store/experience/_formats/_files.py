"""Which file is read and written by what."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from explora.core import ArgumentError, Episodes, RunError, UnknownName

from ... import _files as files
from . import _hdf5, _npz, _parquet

_FORMATS = {".npz": _npz, ".hdf5": _hdf5, ".h5": _hdf5, ".parquet": _parquet}

SUFFIXES = tuple(_FORMATS)
"""How the names of files of episodes end."""


def read_episodes(path: Path | str) -> Episodes:
    """The episodes in a file.

    **Arguments:**

    - `path`: an `.npz` or `.parquet` file of `write_episodes`, or an `.hdf5` file in the layout of Minari, whoever
      wrote it (Minari's `main_data.hdf5`, say). Nothing in it is executed.

    **Returns:** all of them, in memory; of a file of another program without columns.

    **Raises:** `RunError` if it is no file of episodes or not a whole one: it names what is missing or wrong;
    `UnknownName` for another suffix; `MissingExtra` for a package that is not installed.
    """
    path = Path(path).expanduser()
    format = _format(path)
    with files.guard("read", path):
        if not path.is_file():
            raise RunError(f"there is no file {path}")
        try:
            episodes = format.read(path).checked()
        except (ArgumentError, ValueError, KeyError, TypeError, AttributeError) as error:
            said = error.args[0] if isinstance(error, KeyError) and error.args else error
            raise RunError(f"{path} is no file of episodes: {said}") from error
    wrong = np.flatnonzero(~np.isfinite(episodes.reward))
    if len(wrong):
        step = int(wrong[0])
        raise RunError(
            f"{path} is refused: step {int(episodes.time[step])} of episode {int(episodes.episode[step])} has the "
            f"reward {episodes.reward[step]}; leave that episode out"
        )
    return episodes


def write_episodes(path: Path | str, episodes: Episodes) -> None:
    """Writes episodes into a file, which appears whole or not at all.

    **Arguments:**

    - `path`: where; how its name ends says how it is written. A file that is there is replaced.
    - `episodes`: at least one. What `read_episodes` returns is equal to them, to the last bit.

    **Raises:** `ArgumentError` for what that format cannot hold; otherwise as `read_episodes`.
    """
    path = Path(path).expanduser()
    format = _format(path)
    if not len(episodes.checked()):
        raise ArgumentError("`episodes` must hold at least one episode")
    with files.guard("write", path), _appearing(path) as temporary:
        format.write(temporary, episodes)


def _format(path: Path):
    format = _FORMATS.get(path.suffix.lower())
    if format is None:
        raise UnknownName("format of episodes", path.suffix or path.name, _FORMATS)
    return format


@contextlib.contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A name beside a file, under which it is written before it takes the file's place."""
    temporary = path.with_name(f".{path.name}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        files.sync(path.parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
