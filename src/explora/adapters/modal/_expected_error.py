"""Asking for the answer after which the fewest errors are expected."""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state

from explora.scores import expected_error

from ._data import add_row, data_vstack, drop_rows, retrieve_rows, rows_of
from ._refused import require
from ._selection import chosen_least

LOSSES = {"binary": "error", "log": "log"}


def expected_error_reduction(
    learner: Any,
    X: Any,
    loss: str = "binary",
    p_subsample: float | int = 1.0,
    n_instances: int = 1,
    random_tie_break: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Where the expected loss on the rest of the pool is smallest once a row is answered, and that loss there.

    A clone is fitted for every row and class: `explora.scores.error_reduction` does without. While the learner is not
    fitted, the first rows are chosen.

    **Arguments:**

    - `learner`: an `ActiveLearner`.
    - `X`: the pool.
    - `loss`: `"binary"`, 1 − p₍₁₎, or `"log"`, the entropy.
    - `p_subsample`: with which chance a row is tried; the others come last.
    - `n_instances`: how many rows are wanted.
    - `random_tie_break`: let chance decide among equal ones.

    **Raises:** `ArgumentError` if there is no such loss, or `p_subsample` is no share.

    **Reference:** Roy & McCallum 2001, Toward Optimal Active Learning through Sampling Estimation of Error Reduction.
    """
    require(0.0 <= p_subsample <= 1.0, f"`p_subsample` must be between 0 and 1, got {p_subsample}")
    require(loss in LOSSES, f"`loss` must be 'binary' or 'log', got {loss!r}")
    rows = rows_of(X)
    try:
        chances = np.asarray(learner.predict_proba(X))
    except NotFittedError:
        return np.arange(min(n_instances, rows)), np.zeros(min(n_instances, rows))
    losses = np.full(rows, np.inf)
    tried = np.flatnonzero(check_random_state(None).random_sample(rows) <= p_subsample)
    if rows == 1:
        losses[tried] = 0.0
    else:
        error = expected_error(_refit(learner, X), chances, tried, loss=LOSSES[loss])
        losses[tried] = error * (rows - 1)  # modAL adds up where explora averages
    return chosen_least(losses, n_instances, random_tie_break)


def _refit(learner: Any, X: Any) -> Any:
    estimator: Any = clone(learner.estimator)
    labels = np.unique(learner.y_training)

    def refit(row: int, answer: int) -> np.ndarray:
        inputs = add_row(learner.X_training, retrieve_rows(X, row))
        estimator.fit(inputs, data_vstack((np.asarray(learner.y_training), labels[[answer]])))
        return np.asarray(estimator.predict_proba(drop_rows(X, row)))

    return refit
