"""Intervals and robust means, for statements about few seeds and few episodes."""

import numpy as np
from jaxtyping import Float


def wilson(successes: float, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The Wilson score interval of a share.

    **Arguments:**

    - `successes`: how many of `trials` succeeded.
    - `trials`: how many there were; with none the interval is [0, 1].
    - `z`: the normal quantile; 1.96 gives 95 %.

    **Reference:** Wilson 1927, J. Am. Stat. Assoc. 22.
    """
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / scale
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def interquartile_mean(values: Float[np.ndarray, "..."]) -> float:
    """The mean of the middle half: a quarter of the values is left out at either end (in part where it must be).

    **Reference:** Agarwal et al. 2021 (arXiv:2108.13264).
    """
    ordered = np.sort(np.asarray(values, np.float64).reshape(-1))
    count = ordered.size
    if count == 0:
        return float("nan")
    edges = np.arange(count + 1) / count
    weight = np.clip(np.minimum(edges[1:], 0.75) - np.maximum(edges[:-1], 0.25), 0.0, None)
    return float(np.sum(weight * ordered) / np.sum(weight))


def bootstrap(
    values: Float[np.ndarray, "seeds ..."],
    statistic=interquartile_mean,
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """The percentile bootstrap interval of a statistic over seeds.

    **Arguments:**

    - `values`: one entry (or row) a seed; seeds are drawn with replacement, rows stay whole.
    - `statistic`: from such an array to a number.
    - `draws`: how many resamples.
    - `level`: how much the interval holds.
    - `seed`: of the resampling.
    """
    values = np.asarray(values, np.float64)
    generator = np.random.default_rng(seed)
    picks = generator.integers(0, len(values), (draws, len(values)))
    found = np.array([statistic(values[pick]) for pick in picks])
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
