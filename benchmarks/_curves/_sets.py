"""The data sets, how much is asked of each, and what every entrant of one repeat has in common.

The table was fixed before any strategy was run by this benchmark, and is not changed afterwards.
"""

from typing import NamedTuple
from zlib import crc32

import numpy as np

STARTS = ("cold", "warm")
HELD_OUT = 0.4


class Setting(NamedTuple):
    """How a data set is used.

    **Arguments:**

    - `path`: of `explora.domains.pool.Source`.
    - `batch`: how many labels are asked for at a time.
    - `budget`: how many in all, beyond those given at the start; a multiple of `batch`.
    """

    path: str
    batch: int
    budget: int


SETTINGS = {
    "iris": Setting("sklearn:iris", 1, 30),
    "wine": Setting("sklearn:wine", 1, 30),
    "breast_cancer": Setting("sklearn:breast_cancer", 5, 60),
    "digits": Setting("sklearn:digits", 10, 150),
    "imbalance": Setting("made:imbalance", 10, 150),
    "noise": Setting("made:noise", 10, 200),
    "duplicates": Setting("made:duplicates", 10, 150),
    "many": Setting("made:many", 25, 500),
    "wide": Setting("made:wide", 10, 200),
    "drift": Setting("made:drift", 10, 150),
    "islands": Setting("made:islands", 10, 200),
    "requests": Setting("made:requests", 10, 200),
}


class Trial(NamedTuple):
    """A data set, divided for one repeat: the same for every entrant.

    **Arguments:**

    - `inputs`, `labels`: of the pool; labels are numbers from 0.
    - `test_inputs`, `test_labels`: what models are judged by, and nothing else.
    - `classes`: how many there are. It is told to the other library's classifier, which asks for it, and to no
      selector of ours.
    - `first`: places of one item of each class: what a warm start knows.
    """

    inputs: np.ndarray
    labels: np.ndarray
    test_inputs: np.ndarray
    test_labels: np.ndarray
    classes: int
    first: np.ndarray

    def given(self, start: str) -> np.ndarray:
        """The places whose labels are known at the start."""
        return self.first if start == "warm" else self.first[:0]


def trial(name: str, repeat: int) -> Trial:
    """The set of that name as all entrants of that repeat get it.

    A set that ships is divided anew in each repeat; a generated one is also drawn anew, its seed being the repeat.
    """
    from explora.domains.pool import Source, split

    setting = SETTINGS[name]
    rng = np.random.default_rng([crc32(name.encode()), repeat])
    items = Source(setting.path, seed=repeat, dtype="float64").read()
    values, labels = np.unique(np.array(items.labels), return_inverse=True)
    pool, held = split(labels, items.groups, HELD_OUT, rng=rng)
    pool = rng.permutation(pool)  # some sets come class by class, and where a row lies shall tell nothing
    first = np.unique(labels[pool], return_index=True)[1]
    return Trial(items.inputs[pool], labels[pool], items.inputs[held], labels[held], len(values), first)
