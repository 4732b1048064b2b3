"""Any score, weighted with how many others of the pool are like the row."""

from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from explora.core import ArgumentError, Lesson, Outcome, Score, between

from ._arrays import blocks, by_blocks, draw, embeddings, finite_rows
from ._uncertainty import Margin


def cosine_density(embeddings: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
    """The mean cosine of the angle between each row and all rows (itself included), in [−1, 1].

    It is the product of the row's unit vector with the mean unit vector, so this is exact, in O(rows · features).

    **Arguments:**

    - `embeddings`: of the rows. A row of zeros is like nothing; one with a NaN scores NaN and counts as not there.

    **Returns:** one number a row.
    """
    finite, mean = finite_rows(embeddings), np.zeros(embeddings.shape[1])
    for block in blocks(*embeddings.shape):
        mean += _unit(embeddings[block][finite[block]]).sum(axis=0, dtype=np.float64)
    mean /= max(1, int(finite.sum()))
    return by_blocks(lambda block: _unit(block) @ mean, embeddings)


def gaussian_density(
    embeddings: Float[np.ndarray, "rows features"],
    others: Float[np.ndarray, "others features"],
    width: float,
) -> Float[np.ndarray, " rows"]:
    """The mean of exp(−‖φ − φ'‖² / (2 width²)) over the others, in [0, 1].

    With a random sample of the rows for `others` this estimates the mean over all rows without bias, off by at most
    1 / (2 √others) (one standard error), in O(rows · others) time and linear memory.

    **Arguments:**

    - `embeddings`: of the rows. A row with a NaN scores NaN.
    - `others`: what they are compared with; all of them finite.
    - `width`: of the Gaussian, in units of the embeddings.

    **Returns:** one number a row.

    **Raises:** `ArgumentError` if there are no others, or `width` is not positive.
    """
    between("width", width, 0.0, strict=True)
    if len(others) == 0:
        raise ArgumentError("`others` must have one row at least, got none")
    centre = others.mean(axis=0, dtype=np.float64)  # distances lose fewer digits near the origin
    near = others - centre
    square = np.einsum("rf,rf->r", near, near)

    def mean(block: Float[np.ndarray, "some features"]) -> Float[np.ndarray, " some"]:
        own = block - centre
        distance = np.einsum("rf,rf->r", own, own)[:, None] + square - 2 * own @ near.T
        return np.exp(np.maximum(distance, 0) / (-2 * width**2)).mean(axis=1)

    return by_blocks(mean, embeddings, width=len(others) + embeddings.shape[1])


class Dense(Score):
    """A score, weighted with how dense the pool is there: score · (mean similarity to all rows)^power.

    Uncertain rows are often outliers, of which nothing can be learned for the others; this asks for typical ones. The
    lesson's rows are taken for the pool. The inner score should not be negative.

    **Arguments:**

    - `score`: what is weighted.
    - `power`: β; 0 leaves the score as it is.
    - `kernel`: `"cosine"`, as published, exact, for embeddings that point to one side (texts, activations), a negative
      mean counts as 0; or `"gaussian"`, for embeddings that are centred, with a sample of the rows.
    - `width`: of the Gaussian in units of the embeddings; None: the root of the embeddings' total variance.
    - `others`: how many rows are drawn for the Gaussian.
    - `seed`: of the draw.

    **Reference:** Settles & Craven 2008, An Analysis of Active Learning Strategies for Sequence Labeling Tasks.
    """

    score: Score = eqx.field(default_factory=Margin)
    power: float = 1.0
    kernel: str = eqx.field(static=True, default="cosine")
    width: float | None = None
    others: int = eqx.field(static=True, default=1000)
    seed: int = eqx.field(static=True, default=0)
    hosted: ClassVar[bool] = True

    def __check_init__(self) -> None:
        if self.kernel not in ("cosine", "gaussian"):
            raise ArgumentError(f"`kernel` must be 'cosine' or 'gaussian', got {self.kernel!r}")
        between("power", self.power, 0.0)
        between("others", self.others, 1)
        between("seed", self.seed, 0)
        if self.width is not None:
            between("width", self.width, 0.0, strict=True)

    @property
    def needs(self) -> frozenset[str]:
        return self.score.needs | {"embeddings"}

    def init(self) -> Any:
        return self.score.init()

    def metrics(self, state: Any) -> dict[str, Array]:
        return self.score.metrics(state)

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        values, rows = self.score(lesson, outcome, rows)
        values, features = np.asarray(values), embeddings(self, outcome)
        density = np.maximum(self._density(features), 0) ** float(self.power)
        return (values * density).astype(values.dtype, copy=False), rows

    def _density(self, features: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
        if self.kernel == "cosine":
            return cosine_density(features)
        drawn = features[draw(finite_rows(features), self.others, self.seed)]
        if len(drawn) == 0:
            return np.full(len(features), np.nan, features.dtype)
        width = self.width if self.width is not None else float(np.sqrt(drawn.var(axis=0).sum()))
        return gaussian_density(features, drawn, width or 1.0)  # all rows are the same: any width will do


def _unit(block: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows features"]:
    length = np.sqrt(np.einsum("rf,rf->r", block, block))
    return block / np.where(length == 0, 1, length)[:, None]
