"""Utilities that are linear in features, fitted to comparisons by people of unequal care."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError, between

from ._choice import LEFT, RIGHT, TIE, log_choices

_TIE_MEAN, _TIE_SPREAD = -1.0, 1.0  # of log ν before any tie was said; keeps ν finite if nothing else is ever said
_CARE = (9.0, 1.5)  # Beta prior of how often a person chooses instead of guessing: its mode is 16/17
_ROUNDS, _STEPS = 200, 50
_ENOUGH = 1e-10


class Preference(NamedTuple):
    """What comparisons say about the things compared.

    **Arguments:**

    - `weights`: the utility of one unit of each feature, most probable a posteriori.
    - `covariance`: of the weights, by Laplace's approximation.
    - `log_tie`: log ν of `log_choices`; −∞ if nobody said that two things are alike.
    - `reliability`: for each rater the probability of choosing instead of guessing; 1 where there is only one.
    - `objective`: the log-posterior, but for a constant, after each iteration; it never falls.
    - `converged`: whether the last iteration no longer changed it.
    """

    weights: Float[np.ndarray, " features"]
    covariance: Float[np.ndarray, "features features"]
    log_tie: float
    reliability: Float[np.ndarray, " raters"]
    objective: Float[np.ndarray, " iterations"]
    converged: bool


def fit_preference(
    differences: Float[np.ndarray, "pairs features"],
    answers: Int[np.ndarray, " answers"],
    *,
    raters: Int[np.ndarray, " raters"] | None = None,
    counts: Float[np.ndarray, " counts"] | None = None,
    spread: float = 1.0,
) -> Preference:
    """The most probable utilities, with a Gaussian prior around 0.

    The answers follow `log_choices`; a rater who does not choose guesses, each answer being equally probable. Choosing
    and guessing are told apart by expectation-maximisation, and only where there are several raters: the carelessness
    of a single one cannot be told from indifference. The answers are the same to the last bit whenever this is called
    with the same arguments.

    **Arguments:**

    - `differences`: features of what was on the left less those of what was on the right; standardise them, since one
      prior serves all. There may be no pairs: the fit is then the prior.
    - `answers`: `LEFT`, `TIE` or `RIGHT`; leave out who could not tell.
    - `raters`: who answered, counted from 0; None: always the same person.
    - `counts`: how many votes each answer stands for; None: one.
    - `spread`: the prior's standard deviation of every weight.

    **Raises:** `ArgumentError` for columns of unequal length, numbers that are not finite, and unknown answers.

    **Reference:** Bradley and Terry 1952, Biometrika 39; Davidson 1970, J. Am. Stat. Assoc. 65 (ties); Chen et al.
    2013, Pairwise Ranking Aggregation in a Crowdsourced Setting, for raters whose reliability is estimated with the
    ranking (there who is careless says the contrary; here they guess, as in Christiano et al. 2017, arXiv:1706.03741,
    sec. 2.2.3); MacKay 1992, Neural Computation 4, for the posterior.
    """
    between("spread", spread, 0.0, strict=True)
    pairs, features = differences.shape
    raters = np.zeros(pairs, np.int64) if raters is None else raters
    counts = np.ones(pairs) if counts is None else counts
    _check(differences, answers, raters, counts)
    tied, people = bool((answers == TIE).any()), int(raters.max(initial=0)) + 1
    prior = np.full(features + tied, spread**-2.0)
    start = np.zeros(features + tied)
    if tied:
        prior[-1], start[-1] = _TIE_SPREAD**-2.0, _TIE_MEAN
    design = _Design(differences.astype(np.float64), answers, tied, prior, start)
    care = np.full(people, 1.0 if people == 1 else (_CARE[0] - 1) / (sum(_CARE) - 2))
    guess = -np.log(3.0 if tied else 2.0)

    theta, trace, converged, chosen = start.copy(), [], False, counts
    for _ in range(_ROUNDS):
        if people > 1:
            said = design.likelihood(theta)
            care_of = care[raters]
            mixed = np.logaddexp(np.log(care_of) + said, np.log1p(-care_of) + guess)
            chosen = counts * np.exp(np.log(care_of) + said - mixed)
            total = np.bincount(raters, counts, people) + sum(_CARE) - 2
            care = (np.bincount(raters, chosen, people) + _CARE[0] - 1) / total
        theta = design.climb(theta, chosen)
        trace.append(design.objective(theta, counts, raters, care, guess))
        if len(trace) > 1 and trace[-1] - trace[-2] <= _ENOUGH * max(1.0, abs(trace[-1])):
            converged = True
            break
    covariance = np.linalg.inv(design.slopes(theta, chosen)[1])[:features, :features]
    covariance = (covariance + covariance.T) / 2
    return Preference(
        theta[:features], covariance, float(theta[-1]) if tied else -np.inf, care, np.array(trace), converged
    )


class _Design(NamedTuple):
    """Comparisons as a model with parameters θ: the weights and, if there are ties, log ν."""

    differences: Float[np.ndarray, "pairs features"]
    answers: Int[np.ndarray, " pairs"]
    tied: bool
    prior: Float[np.ndarray, " parameters"]
    start: Float[np.ndarray, " parameters"]

    def table(self, theta: np.ndarray) -> np.ndarray:
        weights = theta[:-1] if self.tied else theta
        return log_choices(self.differences @ weights, theta[-1] if self.tied else -np.inf)

    def likelihood(self, theta: np.ndarray) -> np.ndarray:
        """The log-probability of each answer."""
        return np.take_along_axis(self.table(theta), self.answers[:, None], axis=1)[:, 0]

    def penalty(self, theta: np.ndarray) -> float:
        return float(0.5 * np.sum(self.prior * (theta - self.start) ** 2))

    def objective(
        self, theta: np.ndarray, counts: np.ndarray, raters: np.ndarray, care: np.ndarray, guess: float
    ) -> float:
        said = self.likelihood(theta)
        if len(care) == 1:
            return float(counts @ said) - self.penalty(theta)
        mixed = np.logaddexp(np.log(care[raters]) + said, np.log1p(-care[raters]) + guess)
        known = (_CARE[0] - 1) * np.log(care) + (_CARE[1] - 1) * np.log1p(-care)
        return float(counts @ mixed + known.sum()) - self.penalty(theta)

    def slopes(self, theta: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gradient of the weighted log-posterior and the negative of its second derivative."""
        chance = np.exp(self.table(theta))
        lean, none = (chance[:, LEFT] - chance[:, RIGHT]) / 2, chance[:, TIE]
        given = np.where(self.answers == LEFT, 0.5, np.where(self.answers == RIGHT, -0.5, 0.0))
        curve = chosen * ((1.0 - none) / 4 - lean**2)
        x = self.differences
        gradient = x.T @ (chosen * (given - lean))
        second = x.T @ (curve[:, None] * x)
        if self.tied:
            across = x.T @ (-chosen * lean * none)
            own = chosen @ (none * (1 - none))
            gradient = np.append(gradient, chosen @ ((self.answers == TIE) - none))
            second = np.block([[second, across[:, None]], [across[None], np.array([[own]])]])
        return gradient - self.prior * (theta - self.start), second + np.diag(self.prior)

    def climb(self, theta: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Newton's method, with steps that are halved until they lead upwards: the log-posterior is concave."""
        height = lambda at: float(chosen @ self.likelihood(at)) - self.penalty(at)
        before = height(theta)
        for _ in range(_STEPS):
            gradient, second = self.slopes(theta, chosen)
            step = np.linalg.solve(second, gradient)
            if gradient @ step < 1e-16:
                return theta
            size = 1.0
            while (after := height(theta + size * step)) < before and size > 1e-6:
                size /= 2
            if after < before:
                return theta
            theta, before = theta + size * step, after
        return theta


def _check(differences: np.ndarray, answers: np.ndarray, raters: np.ndarray, counts: np.ndarray) -> None:
    for name, column in (("answers", answers), ("raters", raters), ("counts", counts)):
        if len(column) != len(differences):
            raise ArgumentError(
                f"`{name}` must have one entry a pair: there are {len(differences)} pairs and {len(column)} entries"
            )
    if not np.isfinite(differences).all():
        raise ArgumentError("`differences` must be finite; leave out what has no features")
    if not np.isin(answers, (LEFT, TIE, RIGHT)).all():
        raise ArgumentError(
            f"`answers` must be LEFT (0), TIE (1) or RIGHT (2), got {sorted(set(answers.tolist()))}; "
            "leave out who could not tell"
        )
    if (raters < 0).any() or not (counts >= 0).all():
        raise ArgumentError("`raters` and `counts` must not be negative")
