"""How unsure the learner is of its own answer."""

from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from explora.core import Lesson, Outcome, Score

from ._arrays import by_blocks, consensus, nats, predictions

FEW = 32
"""Up to that many classes running maxima over the classes are quicker than a partial sort of each row."""


def least_confident(probabilities: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, " rows"]:
    """1 − p₍₁₎, where p₍₁₎ is the highest class probability: in [0, 1 − 1/classes].

    **Arguments:**

    - `probabilities`: of each class; every row sums to one. A row with a NaN scores NaN.

    **Returns:** one number a row, of the same dtype.

    **Reference:** Lewis & Gale 1994, A Sequential Algorithm for Training Text Classifiers (arXiv:cmp-lg/9407020).
    """
    return by_blocks(lambda p: 1 - _columns(p).max(axis=0), probabilities)


def margin(probabilities: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, " rows"]:
    """1 − (p₍₁₎ − p₍₂₎): one less how far the likeliest class is ahead of the second, in [0, 1].

    **Arguments:**

    - `probabilities`: of each class; every row sums to one. A row with a NaN scores NaN.

    **Returns:** one number a row, of the same dtype.

    **Reference:** Scheffer, Decomain & Wrobel 2001, Active Hidden Markov Models for Information Extraction.
    """
    few = probabilities.shape[1] <= FEW
    return by_blocks(_running_margin if few else _sorted_margin, probabilities)


def entropy(probabilities: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, " rows"]:
    """−Σ p ln p, with 0 ln 0 = 0: in [0, ln classes].

    **Arguments:**

    - `probabilities`: of each class; every row sums to one. A row with a NaN scores NaN.

    **Returns:** one number a row [nats], of the same dtype.

    **Reference:** Shannon 1948; as a query: Settles 2009, Active Learning Literature Survey.
    """
    return by_blocks(nats, probabilities)


class LeastConfident(Score):
    """How little the learner believes its own answer: 1 − p₍₁₎ of the mean prediction of its members.

    **Reference:** see `least_confident`.
    """

    hosted: ClassVar[bool] = True

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "classes"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return by_blocks(lambda p: least_confident(consensus(p)), predictions(self, outcome)), rows


class Margin(Score):
    """How close the two likeliest classes are: 1 − (p₍₁₎ − p₍₂₎) of the mean prediction of the members.

    The score to beat: on most tables of data no other does reliably better once every class has been seen (Bahri et
    al. 2022, Is Margin All You Need?, arXiv:2210.03822).

    **Reference:** see `margin`.
    """

    hosted: ClassVar[bool] = True

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "classes"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return by_blocks(lambda p: margin(consensus(p)), predictions(self, outcome)), rows


class Entropy(Score):
    """How spread out the class probabilities are: −Σ p ln p of the mean prediction of the members [nats].

    **Reference:** see `entropy`.
    """

    hosted: ClassVar[bool] = True

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "classes"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return by_blocks(lambda p: entropy(consensus(p)), predictions(self, outcome)), rows


def _columns(block: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, "classes rows"]:
    # NumPy reduces a short last axis row by row; with the classes first it runs over whole columns.
    return np.ascontiguousarray(block.T)


def _running_margin(block: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, " rows"]:
    columns = _columns(block)
    first, second = columns[0].copy(), np.zeros_like(columns[0])
    lower = np.empty_like(first)
    for column in columns[1:]:  # probabilities are at least 0, where `second` starts
        np.minimum(first, column, out=lower)
        np.maximum(second, lower, out=second)
        np.maximum(first, column, out=first)
    return 1 - (first - second)


def _sorted_margin(block: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, " rows"]:
    best = np.partition(block, block.shape[1] - 2, axis=1)[:, -2:]  # a NaN is sorted last
    return 1 - (best[:, 1] - best[:, 0])
