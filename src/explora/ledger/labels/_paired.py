"""Is one strategy better than another? Paired comparisons over seeds, and many of them at once."""

from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from explora.core import ArgumentError
from explora.maths import bootstrap

Alternative = Literal["greater", "less"]


class Paired(NamedTuple):
    """How one strategy stands to another, seed by seed.

    **Arguments:**

    - `difference`: the mean of ours minus theirs.
    - `low`, `high`: the ends of its bootstrap interval.
    - `wins`, `ties`, `losses`: in how many seeds ours was higher, equal, lower.
    - `better`, `worse`: the one-sided Wilcoxon p-values of "ours is higher" and of "ours is lower".
    """

    difference: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int
    better: float
    worse: float

    def sentence(self) -> str:
        """The comparison in words."""
        seeds = self.wins + self.ties + self.losses
        return (
            f"{self.difference:+.4f} ({self.low:+.4f} to {self.high:+.4f}), {self.wins} of {seeds} seeds won"
            f"{f', {self.ties} tied' if self.ties else ''}; p {self.better:.3g} better, {self.worse:.3g} worse"
        )


def paired(
    ours: Float[np.ndarray, " seeds"],
    theirs: Float[np.ndarray, " others"],
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Paired:
    """Compares two strategies on the same seeds.

    **Arguments:**

    - `ours`, `theirs`: a score a seed (such as `aulc`), higher is better; the same seed at the same place.
    - `draws`: how many resamples of the differences.
    - `level`: how often the interval shall hold the mean difference.
    - `seed`: of the resampling.

    **Returns:** a `Paired`.

    **Raises:** `ArgumentError` for lists of different lengths, empty ones, or scores that are not finite.
    """
    if len(ours) != len(theirs) or len(ours) == 0:
        raise ArgumentError(f"`ours` and `theirs` must have one score a seed, got {len(ours)} and {len(theirs)}")
    apart = ours - theirs
    if not np.all(np.isfinite(apart)):
        raise ArgumentError("`ours` and `theirs` must be finite; a curve that was cut off cannot be paired")
    low, high = bootstrap(apart, np.mean, draws=draws, level=level, seed=seed)
    wins, losses = int(np.sum(apart > 0)), int(np.sum(apart < 0))
    return Paired(
        float(apart.mean()), low, high, wins, len(apart) - wins - losses, losses,
        wilcoxon(apart, "greater"), wilcoxon(apart, "less"),
    )  # fmt: skip


def wilcoxon(differences: Float[np.ndarray, " seeds"], alternative: Alternative) -> float:
    """The p-value of Wilcoxon's signed-rank test, one-sided, for paired differences.

    Differences of zero are left out, as Wilcoxon did. If all are zero there is nothing to test: p is 1 on both sides.

    **Arguments:**

    - `differences`: ours minus theirs, one a seed.
    - `alternative`: `"greater"` asks whether ours is higher, `"less"` whether it is lower.

    **Returns:** p in (0, 1]. The smallest it can be with n differences is 2⁻ⁿ: five seeds never reach .03.

    **Reference:** Wilcoxon 1945, Biometrics Bulletin 1.
    """
    from scipy import stats

    kept = differences[differences != 0]
    if kept.size == 0:
        return 1.0
    found: Any = stats.wilcoxon(kept, alternative=alternative)
    return float(found.pvalue)


def holm(values: Float[np.ndarray, "*cells"]) -> Float[np.ndarray, "*cells"]:
    """p-values corrected for how many there are, so that the chance of even one false alarm stays below α.

    **Arguments:**

    - `values`: p-values of any number of tests.

    **Returns:** corrected ones, in the same places; compare them with α.

    **Reference:** Holm 1979, Scandinavian Journal of Statistics 6.
    """
    flat = values.reshape(-1)
    if not np.all((flat >= 0) & (flat <= 1)):
        raise ArgumentError("`values` must be p-values in [0, 1]; a test that could not be made is not one of them")
    order = np.argsort(flat, kind="stable")
    raised = np.maximum.accumulate(flat[order] * np.arange(flat.size, 0, -1))
    corrected = np.empty(flat.size)
    corrected[order] = np.minimum(raised, 1.0)
    return corrected.reshape(values.shape)


def mean_ranks(scores: Float[np.ndarray, "cells strategies"]) -> Float[np.ndarray, " strategies"]:
    """The mean rank of each strategy over many cells (data sets, starts, seeds); 1 is best, ties share their mean rank.

    **Arguments:**

    - `scores`: higher is better; one row a cell, all strategies measured in each.

    **Returns:** a mean rank a strategy.
    """
    from scipy.stats import rankdata

    if np.isnan(scores).any():
        raise ArgumentError("`scores` must not be NaN: leave out cells in which a strategy was not measured")
    return np.asarray(rankdata(-scores, axis=1).mean(axis=0))
