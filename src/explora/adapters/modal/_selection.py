"""From utilities to places: the largest, the smallest, or by chance.

Chance is that of `rng`; None is NumPy's global state, which `np.random.seed` sets, as programs written for modAL do.
"""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ._refused import require


def multi_argmax(values: Any, n_instances: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Where the largest values are, and those values, largest first; of equal ones the first.

    Where modAL leaves equal ones to a partial sort, whose order depends on the version of NumPy and on the processor.

    **Raises:** `ArgumentError` if more are wanted than there are.
    """
    _enough(values, n_instances)
    best = np.argsort(-values, axis=0, kind="stable")[:n_instances]
    return best, values[best]


def multi_argmin(values: Any, n_instances: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Where the smallest values are, and those values.

    **Raises:** `ArgumentError` if more are wanted than there are.
    """
    places, largest = multi_argmax(-values, n_instances)
    return places, -largest


def shuffled_argmax(values: Any, n_instances: int = 1, *, rng: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Where the largest values are, and those values, smallest first; chance decides among equal ones.

    **Arguments:**

    - `values`: larger is better.
    - `n_instances`: how many.
    - `rng`: a `RandomState`, a seed, or None for NumPy's global one.

    **Raises:** `ArgumentError` if more are wanted than there are.
    """
    _enough(values, n_instances)
    order = check_random_state(rng).permutation(len(values))
    best = order[np.argsort(values[order], kind="stable")[len(values) - n_instances :]]
    return best, values[best]


def shuffled_argmin(values: Any, n_instances: int = 1, *, rng: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Where the smallest values are, and those values, largest first; chance decides among equal ones."""
    places, largest = shuffled_argmax(-values, n_instances, rng=rng)
    return places, -largest


def weighted_random(weights: Any, n_instances: int = 1, *, rng: Any = None) -> np.ndarray:
    """Distinct places by chance, in proportion to weights.

    **Raises:** `ArgumentError` if more are wanted than there are, or the weights sum up to nothing.
    """
    _enough(weights, n_instances)
    total = np.sum(weights)
    require(bool(total > 0), f"`weights` must have a sum above 0, got {total}")
    return check_random_state(rng).choice(len(weights), size=n_instances, p=weights / total, replace=False)


def chosen(utility: Any, n_instances: int, random_tie_break: bool) -> tuple[np.ndarray, np.ndarray]:
    """The places of the largest utilities, as all strategies choose them."""
    select = shuffled_argmax if random_tie_break else multi_argmax
    return select(utility, n_instances)


def chosen_least(utility: Any, n_instances: int, random_tie_break: bool) -> tuple[np.ndarray, np.ndarray]:
    """The places of the smallest utilities."""
    select = shuffled_argmin if random_tie_break else multi_argmin
    return select(utility, n_instances)


def _enough(values: Any, count: int) -> None:
    require(count <= len(values), f"`n_instances` must be at most {len(values)}, as many as there are, got {count}")
