"""One estimator, its labelled rows, and a strategy that asks."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_X_y

from ._acquisition import max_EI
from ._data import data_hstack, data_vstack, retrieve_rows, rows_of
from ._refused import RefusedArgument, require
from ._uncertainty import uncertainty_sampling


class ActiveLearner(BaseEstimator):
    """An estimator that keeps the rows it has learned from and says which to label next.

    The estimator is fitted in place, as modAL does. Bootstrap samples draw from NumPy's global numbers.

    **Arguments:**

    - `estimator`: any classifier or regressor in the manner of scikit-learn.
    - `query_strategy`: from the learner and a pool to places, or to places and their utilities.
    - `X_training`, `y_training`: rows that are labelled already; the estimator is fitted to them at once.
    - `bootstrap_init`: whether to a sample of them, drawn with replacement.
    - `on_transformed`: whether strategies that look at rows see what the last step of a pipeline sees.
    - `force_all_finite`: refuse rows that are not finite.
    - `fit_kwargs`: for that first fit.

    **Raises:** `ArgumentError` if `query_strategy` cannot be called, or `force_all_finite` is no truth value.

    **Reference:** Danka & Horvath 2018, modAL (arXiv:1805.00979), whose interface this is.
    """

    def __init__(
        self,
        estimator: Any,
        query_strategy: Any = uncertainty_sampling,
        X_training: Any = None,
        y_training: Any = None,
        bootstrap_init: bool = False,
        on_transformed: bool = False,
        force_all_finite: Any = True,
        **fit_kwargs: Any,
    ):
        require(callable(query_strategy), f"`query_strategy` must be a function, got {query_strategy!r}")
        require(
            isinstance(force_all_finite, bool), f"`force_all_finite` must be True or False, got {force_all_finite!r}"
        )
        self.estimator = estimator
        self.query_strategy = query_strategy
        self.X_training = X_training
        self.y_training = y_training
        self.bootstrap_init = bootstrap_init
        self.on_transformed = on_transformed
        self.force_all_finite = force_all_finite
        if X_training is not None:
            self._fit_to_known(bootstrap=bootstrap_init, **fit_kwargs)

    def fit(self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any) -> "ActiveLearner":
        """Forgets all rows, keeps these, and fits the estimator to them."""
        self._check(X, y)
        self.X_training, self.y_training = X, y
        return self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)

    def teach(self, X: Any, y: Any, bootstrap: bool = False, only_new: bool = False, **fit_kwargs: Any) -> None:
        """Adds labelled rows and fits the estimator again.

        **Arguments:**

        - `X`, `y`: the rows and their labels.
        - `bootstrap`: fit to a sample, drawn with replacement.
        - `only_new`: fit to these rows only, which are then not kept.
        - `fit_kwargs`: for `fit`.

        **Raises:** `ValueError` if the rows do not go with their labels, or with the rows before.
        """
        if only_new:
            self._check(X, y)
            self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
        else:
            self._add_training_data(X, y)
            self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)

    def query(self, X_pool: Any, *query_args: Any, return_metrics: bool = False, **query_kwargs: Any) -> tuple:
        """Which rows of the pool to label next.

        **Arguments:**

        - `X_pool`: the pool.
        - `query_args`, `query_kwargs`: for the strategy; `n_instances` say.
        - `return_metrics`: whether utilities are wanted too.

        **Returns:** places, and the rows there; and their utilities (None if the strategy tells none).
        """
        return asked(self, X_pool, query_args, query_kwargs, return_metrics)

    def predict(self, X: Any, **predict_kwargs: Any) -> Any:
        """What the estimator predicts."""
        return self.estimator.predict(X, **predict_kwargs)

    def predict_proba(self, X: Any, **predict_proba_kwargs: Any) -> Any:
        """How probable the estimator takes each class to be."""
        return self.estimator.predict_proba(X, **predict_proba_kwargs)

    def score(self, X: Any, y: Any, **score_kwargs: Any) -> Any:
        """How good the estimator says it is on these rows."""
        return self.estimator.score(X, y, **score_kwargs)

    def transform_without_estimating(self, X: Any) -> Any:
        """What the last step of a pipeline sees; of an ensemble of pipelines beside each other; else the rows."""
        models = self.estimator.estimators_ if hasattr(self.estimator, "named_estimators_") else [self.estimator]
        seen = [model[:-1].transform(X) for model in models if len(getattr(model, "steps", ())) > 1]
        return data_hstack(seen) if seen else X

    def _check(self, X: Any, y: Any) -> None:
        check_X_y(
            X,
            y,
            accept_sparse=True,
            ensure_2d=False,
            allow_nd=True,
            multi_output=True,
            dtype=None,  # pyright: ignore[reportArgumentType]
            ensure_all_finite=self.force_all_finite,
        )

    def _add_training_data(self, X: Any, y: Any) -> None:
        self._check(X, y)
        if self.X_training is None:
            self.X_training, self.y_training = X, y
            return
        try:
            inputs, labels = data_vstack((self.X_training, X)), data_vstack((self.y_training, y))
        except ValueError as error:
            raise RefusedArgument(
                f"`X` and `y` must have the shape of the rows and labels before: {str(error).rstrip('.')}"
            ) from error
        self.X_training, self.y_training = inputs, labels

    def _fit_to_known(self, bootstrap: bool = False, **fit_kwargs: Any) -> "ActiveLearner":
        return self._fit_on_new(self.X_training, self.y_training, bootstrap, **fit_kwargs)

    def _fit_on_new(self, X: Any, y: Any, bootstrap: bool = False, **fit_kwargs: Any) -> "ActiveLearner":
        if bootstrap:
            rows = rows_of(X)
            drawn = check_random_state(None).choice(rows, rows, replace=True)
            X, y = retrieve_rows(X, drawn), retrieve_rows(y, drawn)
        self.estimator.fit(X, y, **fit_kwargs)
        return self


class BayesianOptimizer(ActiveLearner):
    """A regressor that looks for the row of largest value.

    **Arguments:** as of `ActiveLearner`; the strategy is `max_EI` unless another one is given.
    """

    def __init__(
        self,
        estimator: Any,
        query_strategy: Any = max_EI,
        X_training: Any = None,
        y_training: Any = None,
        bootstrap_init: bool = False,
        on_transformed: bool = False,
        force_all_finite: Any = True,
        **fit_kwargs: Any,
    ):
        super().__init__(
            estimator,
            query_strategy,
            X_training,
            y_training,
            bootstrap_init,
            on_transformed,
            force_all_finite,
            **fit_kwargs,
        )
        self.X_max, self.y_max = None, -np.inf
        if X_training is not None:
            self._set_max(X_training, y_training)

    def get_max(self) -> tuple[Any, Any]:
        """The row of largest value so far, and that value."""
        return self.X_max, self.y_max

    def teach(self, X: Any, y: Any, bootstrap: bool = False, only_new: bool = False, **fit_kwargs: Any) -> None:
        """Adds rows and their values, which are kept in any case, and fits the regressor again.

        **Arguments:** as of `ActiveLearner.teach`.
        """
        self._add_training_data(X, y)
        if only_new:
            self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
        else:
            self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)
        self._set_max(X, y)

    def _set_max(self, X: Any, y: Any) -> None:
        best = int(np.argmax(y))
        value = retrieve_rows(y, best)
        if value > self.y_max:
            self.X_max, self.y_max = retrieve_rows(X, best), value


def asked(learner: Any, X_pool: Any, args: tuple, kwargs: dict[str, Any], return_metrics: bool) -> tuple:
    """What a strategy chose, the rows there, and the utilities if they are wanted."""
    said = learner.query_strategy(learner, X_pool, *args, **kwargs)
    # A strategy of one's own may return places alone; two places in an array are no pair.
    places, metrics = said if isinstance(said, tuple) and len(said) == 2 else (said, None)
    rows = retrieve_rows(X_pool, places)
    return (places, rows, metrics) if return_metrics else (places, rows)
