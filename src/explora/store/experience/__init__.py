"""Stored experience: episodes that outlive the run which lived them, and files of other people's.

A **store** (`EpisodeStore`) is a folder of *shards*. A shard is a folder of plain `.npy` files, one for each array of
`explora.core.Episodes`, whatever types the environment has: bytes stay bytes, and where an entry is eight bools or more
eight of them share a byte. `manifest.json` names the shards that there are. It is written last and replaced all at
once, so a process that is killed at any instant leaves exactly the episodes whose `append` had returned. No pickle:
nothing in a store can run code.

Opening reads the manifest and no array, however many episodes there are; `read` maps the files of the shards that it
needs into memory. Of an hour of steps one thus reads a column, or three episodes, in milliseconds.

**Files** that other programs read are written and read by `write_episodes` and `read_episodes`: `.npz`, `.hdf5` in
Minari's layout, and `.parquet`, all exact both ways; what is no whole file is refused with a sentence.
"""

from ._formats import SUFFIXES as SUFFIXES
from ._formats import read_episodes as read_episodes
from ._formats import write_episodes as write_episodes
from ._store import EpisodeStore as EpisodeStore
from ._store import is_store as is_store
