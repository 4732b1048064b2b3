"""What the scores of a pool share: the arrays they read, and working through many rows a few at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jax.core import Tracer
from jaxtyping import Bool, Float, Int

from explora.core import CombinationError, Outcome, Score

from .._column import column

BLOCK = 1 << 16
"""How many numbers are worked on at a time: few enough to stay in a core's cache, enough to hide NumPy's overhead."""


def blocks(rows: int, width: int) -> Iterator[slice]:
    """The rows in blocks, such that `width` numbers a row make about `BLOCK` of them."""
    step = max(1, BLOCK // max(1, width))
    return (slice(first, min(first + step, rows)) for first in range(0, rows, step))


def by_blocks(
    function: Callable[..., np.ndarray], *arrays: np.ndarray, width: int | None = None, dtype: Any = None
) -> Float[np.ndarray, " rows"]:
    """What `function` says of each row, a block of rows at a time.

    **Arguments:**

    - `function`: from the same rows of each array to one number a row.
    - `arrays`: with a common leading axis.
    - `width`: how many numbers `function` makes of each row on its way; None: as many as the first array has.
    - `dtype`: of the result; None: as precise as the arrays are.

    **Returns:** one number a row.
    """
    rows = arrays[0].shape[0]
    width = arrays[0][:1].size if width is None else width
    values = np.empty(rows, np.result_type(*arrays) if dtype is None else dtype)
    with np.errstate(all="ignore"):  # rows that are not finite are the caller's business, not a warning's
        for block in blocks(rows, width):
            values[block] = function(*(array[block] for array in arrays))
    return values


def nats(probabilities: Float[np.ndarray, "*rows classes"]) -> Float[np.ndarray, "*rows"]:
    """−Σ p ln p over the last axis, where 0 ln 0 = 0."""
    return -np.einsum("...c,...c->...", probabilities, logarithm(probabilities)) + 0.0  # no negative zero


def logarithm(probabilities: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """ln p, finite where p = 0, so that 0 ln 0 = 0; a NaN stays one."""
    return np.log(np.maximum(probabilities, np.finfo(probabilities.dtype).tiny))


def predictions(score: Score, outcome: Outcome) -> Float[np.ndarray, "rows members outputs"]:
    """What the members predicted.

    **Raises:** `CombinationError` if nobody measured it, or if the run is compiled.
    """
    return _on_host(score, outcome, "predictions")


def committee(score: Score, outcome: Outcome) -> Float[np.ndarray, "rows members outputs"]:
    """What the members predicted, of which there are several.

    **Raises:** `CombinationError` as `predictions` does, and if there is one member only.
    """
    found = predictions(score, outcome)
    if found.shape[1] < 2:
        raise CombinationError(
            f"{type(score).__name__} compares the members of a committee, but `outcome.predictions` has one only; "
            "use a learner with several members, or a score of a single model such as Margin() or GradientLength()"
        )
    return found


def embeddings(score: Score, outcome: Outcome) -> Float[np.ndarray, "rows features"]:
    """The features on which the learner decides.

    **Raises:** `CombinationError` as `predictions` does.
    """
    return _on_host(score, outcome, "embeddings")


def consensus(block: Float[np.ndarray, "rows members outputs"]) -> Float[np.ndarray, "rows outputs"]:
    """The mean over the members; of a single one no copy is made."""
    return block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)


def draw(usable: Bool[np.ndarray, " rows"], count: int, seed: int) -> Int[np.ndarray, " drawn"]:
    """At most `count` of the usable rows: the same ones whenever the same rows are usable."""
    rows = np.flatnonzero(usable)
    return rows if rows.size <= count else np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))


def finite_rows(rows: Float[np.ndarray, "rows *shape"]) -> Bool[np.ndarray, " rows"]:
    """Which rows hold finite numbers only."""
    finite = np.empty(rows.shape[0], bool)
    for block in blocks(rows.shape[0], rows[:1].size):
        finite[block] = np.isfinite(rows[block]).all(axis=tuple(range(1, rows.ndim)))
    return finite


def _on_host(score: Score, outcome: Outcome, name: str) -> np.ndarray:
    values = column(score, outcome, name)
    if isinstance(values, Tracer):
        raise CombinationError(
            f"{type(score).__name__} is computed on the host with NumPy and cannot be compiled; "
            "use an explorer that is hosted, or a score of episodes such as Learnability()"
        )
    return np.asarray(values)
