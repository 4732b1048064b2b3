"""Small pools to select from."""

import numpy as np

from explora.explorers.query import Candidates


def pool(
    rows: int = 60, known: int = 8, *, features: int = 4, classes: int = 3, seed: int = 0, dtype: type = np.float64
) -> Candidates:
    """Random numbers in every field; the first rows of a permutation are known, one row is neither known nor free."""
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(rows, features)).astype(dtype)
    is_known, free = np.zeros(rows, bool), np.ones(rows, bool)
    order = rng.permutation(rows)
    is_known[order[:known]] = True
    free[order[: known + 1 if known + 1 < rows else known]] = False
    return Candidates(
        free,
        is_known,
        np.where(is_known, rng.integers(0, classes, rows), -1),
        rng.random(rows).astype(dtype),
        rng.dirichlet(np.ones(classes), (rows, 2)).astype(dtype),
        embeddings,
    )


def at(*numbers: float) -> np.ndarray:
    """Points on a line."""
    return np.array(numbers, float)[:, None]


def mask(rows: int, *true: int) -> np.ndarray:
    """True at some of the rows."""
    found = np.zeros(rows, bool)
    found[list(true)] = True
    return found


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)
