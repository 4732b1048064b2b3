"""Episodes as files that other programs read: NPZ, HDF5 in Minari's layout, Parquet; all exact both ways."""

from ._files import SUFFIXES as SUFFIXES
from ._files import read_episodes as read_episodes
from ._files import write_episodes as write_episodes
