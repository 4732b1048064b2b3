"""How many rows of a pool are like each of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cosine, euclidean
from sklearn.metrics import pairwise_distances_chunked


def similarize_distance(distance_measure: Callable[..., Any]) -> Callable[..., Any]:
    """A similarity, 1 / (1 + distance), made of a distance."""
    return lambda *args, **kwargs: 1 / (1 + distance_measure(*args, **kwargs))


def cosine_similarity(u: Any, v: Any) -> Any:
    """1 / (1 + cosine distance) of two vectors."""
    return similarize_distance(cosine)(u, v)


def euclidean_similarity(u: Any, v: Any) -> Any:
    """1 / (1 + distance) of two vectors."""
    return similarize_distance(euclidean)(u, v)


def information_density(X: Any, metric: Any = "euclidean") -> np.ndarray:
    """The mean of 1 / (1 + distance) from each row to all rows, itself included; the matrix is never kept whole.

    `explora.scores.cosine_density` and `gaussian_density` take time linear in the rows; this one quadratic.
    """
    mean = lambda block, start: (1 / (1 + block)).mean(axis=1)
    return np.concatenate(list(pairwise_distances_chunked(X, X, metric=metric, reduce_func=mean)))
