"""Which pair to ask about next: the one whose answer says most about the weights."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError, between

from ._choice import log_choices

_NODES, _MASS = np.polynomial.hermite_e.hermegauss(32)
_MASS = _MASS / _MASS.sum()


def information_gain(
    means: Float[np.ndarray, " pairs"],
    variances: Float[np.ndarray, " pairs"],
    *,
    log_tie: float = -np.inf,
    reliability: float = 1.0,
) -> Float[np.ndarray, " pairs"]:
    """What the answer to each comparison would tell about the utilities [nats].

    The mutual information of answer and weights, H(E p) − E H(p), over the Gaussian that the posterior of the weights
    makes of the difference of the two utilities; by Gauss–Hermite quadrature with 32 nodes.

    **Arguments:**

    - `means`, `variances`: of the difference of utilities.
    - `log_tie`: as for `log_choices`.
    - `reliability`: how often who is asked chooses instead of guessing.

    **Reference:** Houlsby et al. 2011, Bayesian Active Learning for Classification and Preference Learning
    (arXiv:1112.5745), eq. 2 and sec. 4.
    """
    between("reliability", reliability, 0.0, 1.0)
    gaps = means[:, None] + np.sqrt(np.maximum(variances, 0.0))[:, None] * _NODES
    chance = reliability * np.exp(log_choices(gaps, log_tie))
    answers = np.array([1.0, np.isfinite(log_tie), 1.0])
    chance = chance + (1.0 - reliability) * answers / answers.sum()
    whole = _entropy(np.einsum("n,pna->pa", _MASS, chance))
    return np.maximum(whole - _entropy(chance) @ _MASS, 0.0)


def choose_pairs(
    features: Float[np.ndarray, "things features"],
    weights: Float[np.ndarray, " features"],
    covariance: Float[np.ndarray, "features features"],
    count: int,
    *,
    rng: np.random.Generator,
    log_tie: float = -np.inf,
    known: set[tuple[int, int]] | None = None,
    candidates: int = 2000,
) -> tuple[Int[np.ndarray, "chosen 2"], Float[np.ndarray, " chosen"]]:
    """The pairs whose answers would tell most, one after the other: each as if those before it were answered.

    The answer to a pair is taken to narrow the posterior as one more comparison of its expected curvature would,
    whatever is said, so that a batch does not ask the same thing twice.

    **Arguments:**

    - `features`: of what can be compared.
    - `weights`, `covariance`: the posterior, see `Preference`.
    - `count`: how many pairs are wanted; there may be fewer.
    - `rng`: draws the pairs that are looked at, and what stands on the left.
    - `log_tie`: as for `log_choices`.
    - `known`: pairs that are not to be asked again, the smaller number first.
    - `candidates`: how many random pairs are looked at, at most; all of them if there are no more.

    **Returns:** the numbers of the things, left and right, and the information that each answer would give [nats].

    **Reference:** Houlsby et al. 2011 (arXiv:1112.5745); Bradley and Terry's model has the curvature p(1 − p).
    """
    between("count", count, 1)
    if len(features) < 2:
        raise ArgumentError(f"`features` must be of two things at least, got {len(features)}")
    pairs = _candidates(len(features), candidates, known or set(), rng)
    differences = features[pairs[:, 0]] - features[pairs[:, 1]]
    pairs = pairs[np.any(differences != 0, axis=1)]  # nothing can be learned from what looks the same
    differences = features[pairs[:, 0]] - features[pairs[:, 1]]
    means, spread = differences @ weights, differences @ covariance
    variances = np.einsum("pf,pf->p", spread, differences)
    chosen: list[Any] = []
    worth: list[float] = []
    free = np.ones(len(pairs), bool)
    for _ in range(min(count, len(pairs))):
        gains = np.where(free, information_gain(means, variances, log_tie=log_tie), -1.0)
        best = int(np.argmax(gains))
        free[best] = False
        chosen.append(pairs[best] if rng.random() < 0.5 else pairs[best][::-1])
        worth.append(float(gains[best]))
        curve = _curvature(means[best], variances[best], log_tie)
        along = spread @ differences[best]
        shrink = curve / (1.0 + curve * along[best])
        variances = np.maximum(variances - shrink * along**2, 0.0)
        spread = spread - shrink * along[:, None] * spread[best]
    return np.array(chosen, np.int64).reshape(-1, 2), np.array(worth)


def _candidates(things: int, most: int, known: set[tuple[int, int]], rng: np.random.Generator) -> np.ndarray:
    every = things * (things - 1) // 2
    if every <= most:
        pairs = np.stack(np.triu_indices(things, 1), axis=1)
    else:
        first = rng.integers(0, things, most)
        second = (first + rng.integers(1, things, most)) % things
        pairs = np.unique(np.sort(np.stack([first, second], axis=1), axis=1), axis=0)
    fresh = [pair not in known for pair in map(tuple, pairs.tolist())]
    return pairs[np.array(fresh, bool)]


def _curvature(mean: float, variance: float, log_tie: float) -> float:
    """How much an answer is expected to narrow the difference: the expected negative second derivative."""
    chance = np.exp(log_choices(mean + np.sqrt(variance) * _NODES, log_tie))
    lean = (chance[:, 0] - chance[:, 2]) / 2
    return float(_MASS @ ((1.0 - chance[:, 1]) / 4 - lean**2))


def _entropy(chance: np.ndarray) -> np.ndarray:
    return -np.sum(chance * np.log(np.maximum(chance, 1e-300)), axis=-1)
