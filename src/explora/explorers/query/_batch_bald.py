"""BatchBALD as a selector: answers that together tell most about the model."""

import equinox as eqx
import numpy as np
from jaxtyping import Int

from explora.core import between
from explora.scores import batch_bald

from ._candidates import Candidates, Selector
from ._geometry import some
from ._top import any_of


class BatchBALD(Selector):
    """Rows whose answers together tell most about which member of a committee is right.

    What several answers tell together is at most ln members. A committee of eight has said all it knows after a few
    answers, and further ones are chosen by noise: then `Power` around `explora.scores.BALD` is cheaper and no worse.

    **Arguments:**

    - `samples`: how many combinations of answers are looked at; work grows with them.
    - `most`: how many free rows are looked at, drawn at random; work and memory grow with them.

    **Reference:** Kirsch et al. 2019, BatchBALD (arXiv:1906.08158).
    """

    samples: int = eqx.field(static=True, default=1000)
    most: int = eqx.field(static=True, default=5000)

    def __check_init__(self):
        between("samples", self.samples, 1)
        between("most", self.most, 1)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "committee", "classes"})

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        rows = some(np.flatnonzero(candidates.free), max(self.most, count), rng=rng)
        rows = rng.permutation(rows)  # the first of equals is chosen
        predictions = self.given(candidates, "predictions")[rows]
        if predictions.shape[2] < 2:  # of one class nothing can be learned, and any row will do
            return any_of(rows, count, rng=rng)
        return rows[batch_bald(predictions, count, rng=rng, samples=self.samples)[0]]
