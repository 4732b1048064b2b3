"""Discriminative active learning: ask what looks least like anything that was answered."""

import warnings

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import MissingExtra, between

from ._candidates import Candidates, Selector
from ._geometry import some
from ._top import any_of, top


def discriminative(
    embeddings: Float[np.ndarray, "rows features"],
    free: Bool[np.ndarray, " rows"],
    known: Bool[np.ndarray, " rows"],
    count: int,
    *,
    rounds: int = 10,
    sample: int = 10_000,
    rng: np.random.Generator,
) -> Int[np.ndarray, " chosen"]:
    """The free rows that a logistic classifier of "answered or not" is surest are not.

    **Arguments:**

    - `embeddings`: where each row lies.
    - `free`, `known`: which rows may be chosen, and which are answered.
    - `count`: how many.
    - `rounds`: the batch is chosen in so many parts; after each, what was chosen counts as answered and the classifier
      is fitted anew.
    - `sample`: it is fitted to at most so many rows by chance that are not answered.
    - `rng`: the only source of chance; the first row if none is answered, and which of equal rows.

    **Returns:** rows in the order of choice; fewer than `count` if fewer are free.

    **Raises:** `MissingExtra` without scikit-learn.

    **Reference:** Gissin and Shalev-Shwartz 2019 (arXiv:1907.06347), algorithm 1.
    """
    count = min(count, int(np.count_nonzero(free)))
    free, known = free.copy(), known.copy()
    chosen = np.zeros(0, np.int64)
    parts = [len(x) for x in np.array_split(np.arange(count), max(1, min(rounds, count)))]
    while parts and count:
        if known.any():
            size = parts.pop(0)
            new = top(_strangeness(embeddings, free, known, sample, rng), free, size, rng=rng)
        else:  # nothing to tell apart yet: one row by chance, the rest of this part afterwards
            new = any_of(np.flatnonzero(free), 1, rng=rng)
            parts[0] -= 1
        free[new], known[new] = False, True
        chosen = np.concatenate([chosen, new])
    return chosen


def _strangeness(
    embeddings: np.ndarray, free: np.ndarray, known: np.ndarray, sample: int, rng: np.random.Generator
) -> np.ndarray:
    """How sure a logistic classifier is that a row is not answered, as a log-odds."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtra("scikit-learn", "pool") from error
    rows = np.union1d(np.flatnonzero(known), some(np.flatnonzero(free), sample, rng=rng))
    if known[rows].all():
        return np.zeros(len(free))
    with warnings.catch_warnings():
        # A fit that is nearly done ranks the rows well enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression().fit(embeddings[rows], ~known[rows])
    return model.decision_function(embeddings)


class Discriminative(Selector):
    """Asks what looks least like anything that was answered, by a logistic classifier on the embeddings.

    **Arguments:**

    - `rounds`: the batch is chosen in so many parts; the classifier is fitted anew before each.
    - `sample`: it is fitted to at most so many rows that are not answered.

    **Reference:** Gissin and Shalev-Shwartz 2019 (arXiv:1907.06347), algorithm 1.
    """

    rounds: int = eqx.field(static=True, default=10)
    sample: int = eqx.field(static=True, default=10_000)

    def __check_init__(self):
        between("rounds", self.rounds, 1)
        between("sample", self.sample, 1)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"embeddings"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        embeddings = self.given(candidates, "embeddings")
        free, known = candidates.free, candidates.known
        return discriminative(embeddings, free, known, count, rounds=self.rounds, sample=self.sample, rng=rng)
