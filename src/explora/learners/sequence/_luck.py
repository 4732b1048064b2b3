"""What was to be expected, as against what was got: returns without the luck in them."""

import functools
from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Float32, Int64

from explora.core import Episodes


@functools.lru_cache(maxsize=2)
def expected_returns(episodes: Episodes) -> Float32[np.ndarray, " steps"]:
    """For each step the mean return-to-go of all steps alike: so early, the same seen, the same done before and now.

    Which steps are alike depends on what a player saw and chose, never on what came of it, so that luck averages out.
    Where nothing ever happens twice each step is alone, and what was to be expected is what was got.

    **Arguments:**

    - `episodes`: the same object is worked out once.

    **Reference:** Paster et al. 2022 (arXiv:2205.15967), who average over clusters of trajectories that say nothing of
    the environment's chance; here a cluster is what is exactly alike.
    """
    number = alike(episodes)
    count = np.bincount(number)
    mean = np.bincount(number, episodes.returns_to_go.astype(np.float64)) / count
    return mean[number].astype(np.float32)


def alike(episodes: Episodes) -> Int64[np.ndarray, " steps"]:
    """The same number for steps at which it was as early, and what was seen, done before and done now is the same."""
    before = np.concatenate([episodes.action[:1], episodes.action[:-1]])
    before = np.where((episodes.time == 0).reshape(-1, *(1,) * (before.ndim - 1)), np.zeros_like(before), before)
    return rows_alike([episodes.time, *jax.tree.leaves(episodes.observation), before, episodes.action])


def rows_alike(arrays: Sequence[np.ndarray]) -> Int64[np.ndarray, " rows"]:
    """The same number for rows that are the same in all arrays, byte by byte."""
    rows = len(arrays[0])
    flat = [np.ascontiguousarray(x).reshape(rows, -1) for x in arrays]
    joined = np.ascontiguousarray(np.concatenate([x.view(np.uint8).reshape(rows, -1) for x in flat], axis=1))
    whole = joined.view(np.dtype((np.void, joined.shape[1]))).reshape(rows)
    return np.unique(whole, return_inverse=True)[1].reshape(rows).astype(np.int64)
