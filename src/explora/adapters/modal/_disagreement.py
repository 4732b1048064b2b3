"""How much a committee disagrees, and asking where it does."""

from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from explora import scores

from ._data import rows_of
from ._selection import chosen
from ._uncertainty import shares


def vote_entropy(committee: Any, X: Any, **predict_proba_kwargs: Any) -> np.ndarray:
    """The entropy of the members' votes on each row [nats]; 0 while the committee is not fitted."""
    try:
        votes = np.asarray(committee.vote(X, **predict_proba_kwargs))
    except NotFittedError:
        return np.zeros(rows_of(X))
    places = np.unique(votes, return_inverse=True)[1]
    return scores.vote_entropy(places.reshape(votes.shape))


def consensus_entropy(committee: Any, X: Any, **predict_proba_kwargs: Any) -> np.ndarray:
    """The entropy of the mean prediction of the members [nats]; 0 while the committee is not fitted."""
    try:
        return scores.entropy(shares(committee.predict_proba(X, **predict_proba_kwargs)))
    except NotFittedError:
        return np.zeros(rows_of(X))


def KL_max_disagreement(committee: Any, X: Any, **predict_proba_kwargs: Any) -> np.ndarray:
    """How far the member farthest from the mean prediction is from it [nats]; 0 while nothing is fitted."""
    try:
        return scores.max_divergence(shares(committee.vote_proba(X, **predict_proba_kwargs)))
    except NotFittedError:
        return np.zeros(rows_of(X))


def vote_entropy_sampling(
    committee: Any, X: Any, n_instances: int = 1, random_tie_break: bool = False, **disagreement_measure_kwargs: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Where the votes are most split, and `vote_entropy` there.

    **Arguments:**

    - `committee`: a `Committee`.
    - `X`: the pool.
    - `n_instances`: how many rows are wanted.
    - `random_tie_break`: let chance decide among equal ones.
    - `disagreement_measure_kwargs`: for the predictions of the members.
    """
    return chosen(vote_entropy(committee, X, **disagreement_measure_kwargs), n_instances, random_tie_break)


def consensus_entropy_sampling(
    committee: Any, X: Any, n_instances: int = 1, random_tie_break: bool = False, **disagreement_measure_kwargs: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Where the mean prediction is most spread out, and `consensus_entropy` there.

    **Arguments:** as of `vote_entropy_sampling`.
    """
    return chosen(consensus_entropy(committee, X, **disagreement_measure_kwargs), n_instances, random_tie_break)


def max_disagreement_sampling(
    committee: Any, X: Any, n_instances: int = 1, random_tie_break: bool = False, **disagreement_measure_kwargs: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Where one member is farthest from the mean, and `KL_max_disagreement` there.

    **Arguments:** as of `vote_entropy_sampling`.
    """
    return chosen(KL_max_disagreement(committee, X, **disagreement_measure_kwargs), n_instances, random_tie_break)


def max_std_sampling(
    regressor: Any, X: Any, n_instances: int = 1, random_tie_break: bool = False, **predict_kwargs: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Where a regressor is least sure of its number, and its standard deviation there.

    **Arguments:**

    - `regressor`: whose `predict` takes `return_std`.
    - `X`: the pool.
    - `n_instances`: how many rows are wanted.
    - `random_tie_break`: let chance decide among equal ones.
    - `predict_kwargs`: for `predict`.
    """
    spread = regressor.predict(X, return_std=True, **predict_kwargs)[1]
    return chosen(np.reshape(spread, rows_of(X)), n_instances, random_tie_break)
