"""What a selector may look at, and what a selector is."""

from abc import abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import ArgumentError, CombinationError, Part

CURES = {
    "scores": "use a model that predicts and a score, or a selector that needs none (`Random`, `KCentre`, `TypiClust`)",
    "predictions": "use a model that predicts, or a selector that needs none (`Random`, `KCentre`, `TypiClust`)",
    "embeddings": "give the pool embeddings, or use a selector that needs none (`Random`, `Top`, `Power`)",
    "answers": "use a selector that does not look at classes (`Top`, `KCentre`, `TypiClust`)",
}


class Candidates(NamedTuple):
    """What a selector may look at; every array covers the whole pool, one row an item.

    Rows that are neither free nor known (asked and not answered yet, refused, set aside for an audit) are left alone:
    they are never chosen, and nothing is inferred from where they lie.

    **Arguments:**

    - `free`: which rows may be asked now.
    - `known`: which rows are answered already.
    - `answers`: the class with which each known row was answered, -1 elsewhere: only what was observed.
    - `scores`: what makes a row worth asking; larger is better, NaN and -inf come last.
    - `predictions`: what each member of the model says of each row: probabilities of classes, or numbers.
    - `embeddings`: where each row lies; finite.
    - `targets`: the numbers with which each known row was answered (regression); NaN elsewhere.
    """

    free: Bool[np.ndarray, " rows"]
    known: Bool[np.ndarray, " rows"]
    answers: Int[np.ndarray, " rows"] | None = None
    scores: Float[np.ndarray, " rows"] | None = None
    predictions: Float[np.ndarray, "rows members outputs"] | None = None
    embeddings: Float[np.ndarray, "rows features"] | None = None
    targets: Float[np.ndarray, "rows outputs"] | None = None


class Selector(Part):
    """Chooses which free rows of a pool to ask next.

    A selector is a function of what it is shown and of `rng`: asked twice with the same state of both, it answers the
    same, and it changes nothing that it is given. Subclasses write `pick`.
    """

    hosted: ClassVar[bool] = True

    def __call__(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " chosen"]:
        """The batch to ask.

        **Arguments:**

        - `candidates`: the pool.
        - `count`: how many rows are wanted; 0 or more.
        - `rng`: the only source of chance.

        **Returns:** distinct free rows, best first; fewer than `count` only if fewer are free.

        **Raises:** `ArgumentError`, and `CombinationError` if the pool lacks something that the selector needs.
        """
        if count < 0:
            raise ArgumentError(f"`count` must be at least 0, got {count}")
        if candidates.known.shape != candidates.free.shape or np.any(candidates.known & candidates.free):
            raise ArgumentError("`free` and `known` must cover the same rows, and no row may be both; ask no row twice")
        count = min(count, int(np.count_nonzero(candidates.free)))
        if count == 0:
            return np.zeros(0, np.int64)
        return self.pick(candidates, count, rng=rng)

    @abstractmethod
    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        """The batch, when at least one row is wanted and at least so many are free.

        **Arguments:** as in `__call__`; 1 ≤ `count` ≤ number of free rows.
        """

    def given(self, candidates: Candidates, name: str) -> np.ndarray:
        """One of the arrays of `candidates`, or an error that says what to do without it.

        **Raises:** `CombinationError` if it is missing; `ArgumentError` if it has another number of rows, or if
        embeddings or predictions are not finite.
        """
        array = getattr(candidates, name)
        kind = type(self).__name__
        if array is None:
            raise CombinationError(f"{kind} needs `{name}`, which this pool has not got; {CURES[name]}")
        if len(array) != len(candidates.free):
            raise ArgumentError(f"`{name}` must have one row an item ({len(candidates.free)}), got {len(array)}")
        if name in ("embeddings", "predictions"):
            flat = array.reshape(len(array), -1)
            # A sum is not finite if anything in it is not; it costs a tenth of looking at every number.
            with np.errstate(over="ignore", invalid="ignore"):
                fine = bool(np.isfinite(np.ones(len(flat), flat.dtype) @ flat).all())
            if not fine and not np.isfinite(flat).all():
                row = int(np.flatnonzero(~np.isfinite(flat).all(axis=1))[0])
                raise ArgumentError(f"`{name}` must be finite, but row {row} is not; fill in or drop missing values")
        return array


def floating(array: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The array itself if it holds numbers of 32 or 64 bits, else a copy of 32 bits."""
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)
