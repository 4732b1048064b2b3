"""Estimators in scikit-learn's manner that say what to label next."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_is_fitted, validate_data

from explora.core import ArgumentError, between

from ..modal._data import data_vstack, retrieve_rows, rows_of
from ._labels import given_labels, plain
from ._look import pick
from ._ways import CLASSIFYING, REGRESSING, Way, way


class _Active(BaseEstimator):
    """What the classifier and the regressor share."""

    _named: ClassVar[Mapping[str, Way]]

    def __init__(
        self,
        estimator: Any = None,
        recipe: Any = "uncertainty-herding",
        batch: Any = 10,
        random_state: Any = None,
        missing: Any = None,
    ):
        self.estimator = estimator
        self.recipe = recipe
        self.batch = batch
        self.random_state = random_state
        self.missing = missing

    def fit(self, X: Any, y: Any) -> Any:
        """Forgets everything and learns from the rows that have a label.

        **Arguments:**

        - `X`: the rows, of a kind that the estimator takes.
        - `y`: their labels; a missing one is None or not-a-number, or what `missing` says.

        **Raises:** `ValueError` if no row has a label, or the estimator refuses them.
        """
        validate_data(self, X, y, reset=True, skip_check_array=True)
        if y is None:
            raise ArgumentError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        labels = column_or_1d(y, warn=True)
        check_consistent_length(X, labels)
        there = given_labels(labels, self.missing)
        if len(labels) and not there.any():
            raise ArgumentError("`y` must have a label at least, got none; `query` says before `fit` what to label")
        X, labels = (X, labels) if there.all() else (retrieve_rows(X, np.flatnonzero(there)), labels[there])
        self._learn(X, plain(labels))
        return self

    def teach(self, X: Any, y: Any) -> Any:
        """Adds rows that have a label to those learned from so far, and fits the estimator again.

        **Arguments:** as of `fit`.

        **Raises:** as `fit` does.
        """
        if not hasattr(self, "estimator_"):
            return self.fit(X, y)
        validate_data(self, X, reset=False, skip_check_array=True)
        labels = column_or_1d(y, warn=True)
        check_consistent_length(X, labels)
        there = given_labels(labels, self.missing)
        if there.any():
            new, told = retrieve_rows(X, np.flatnonzero(there)), plain(labels[there])
            self._learn(data_vstack((self.X_, new)), np.concatenate([self.y_, told]))
        return self

    def query(self, X_pool: Any, n: int | None = None, *, y: Any = None) -> np.ndarray:
        """Which rows to label next, best first; the same rows for the same question as long as nothing is learned.

        Works before `fit` too: while nothing is known, scores say nothing and the selector decides.

        **Arguments:**

        - `X_pool`: rows without labels.
        - `n`: how many are wanted; None: `batch`.
        - `y`: labels of the pool, some of them missing: rows that have one are not chosen. None: none has.

        **Returns:** places in `X_pool`; fewer than `n` if fewer are without a label.

        **Raises:** `ArgumentError` for an unknown recipe or an impossible `n`.
        """
        asked = way(self.recipe, self._named)
        count = self.batch if n is None else n
        between("n", count, 1)
        if hasattr(self, "estimator_"):
            validate_data(self, X_pool, reset=False, skip_check_array=True)
            model, known, seed = self.estimator_, (self.X_, self._codes()), self.seed_
        else:
            model, known, seed = self._model(), None, int(check_random_state(self.random_state).randint(2**31 - 1))
        free = np.ones(rows_of(X_pool), bool)
        if y is not None:
            labels = column_or_1d(y)
            check_consistent_length(X_pool, labels)
            free = ~given_labels(labels, self.missing)
        return pick(asked, model, known, X_pool, free, count=count, seed=seed)

    def predict(self, X: Any) -> np.ndarray:
        """What the estimator predicts."""
        self._ready(X)
        return self.estimator_.predict(X)

    def _ready(self, X: Any) -> None:
        check_is_fitted(self)
        if getattr(X, "ndim", 2) == 1 and hasattr(self, "n_features_in_"):
            raise ArgumentError("`X` must be rows of features, got one dimension. Reshape your data: X.reshape(1, -1)")
        validate_data(self, X, reset=False, skip_check_array=True)

    def _learn(self, X: Any, y: np.ndarray) -> None:
        way(self.recipe, self._named)
        between("batch", self.batch, 1)
        model = self._fitted(X, y)
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.estimator_, self.X_, self.y_ = model, X, y

    def _model(self) -> Any:
        return self._default() if self.estimator is None else clone(self.estimator)

    def _fitted(self, X: Any, y: np.ndarray) -> Any:
        return self._model().fit(X, y)

    def _codes(self) -> np.ndarray:
        return self.y_

    def _default(self) -> Any:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self._default() if self.estimator is None else self.estimator)
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        return tags


def _has_chances(self: "ActiveClassifier") -> bool:
    return hasattr(getattr(self, "estimator_", None) or self._model(), "predict_proba")


class ActiveClassifier(ClassifierMixin, _Active):
    """A classifier of scikit-learn that says which rows to label next.

    ```python
    model = ActiveClassifier(recipe="margin", batch=5).fit(X[:20], y[:20])
    rows = model.query(X[20:])
    model.teach(X[20:][rows], [ask_somebody(row) for row in rows])
    ```

    With a single class among the labels it predicts that class. Ways that compare several models (`committee`, `bald`)
    fit clones to samples of the rows when they are asked, for which rows must be numbers.

    **Arguments:**

    - `estimator`: any classifier, also a pipeline; None: a logistic regression. It is cloned, never changed.
    - `recipe`: a way of asking by the name of a recipe (`uncertainty-herding`, `margin`, `badge`, …), a selector, or a
      pair of a selector and a score.
    - `batch`: how many rows `query` names.
    - `random_state`: of ties and samples; the estimator has its own.
    - `missing`: what stands for a missing label besides None and not-a-number: -1 in scikit-learn's semi-supervised
      manner, "" in files. None: nothing else, since -1 is a class in many sets.

    After `fit`: `estimator_`, `classes_`, `n_features_in_`, and `X_`, `y_`, the labelled rows.
    """

    _named = CLASSIFYING

    @available_if(_has_chances)
    def predict_proba(self, X: Any) -> np.ndarray:
        """How probable the estimator takes each class to be."""
        self._ready(X)
        return self.estimator_.predict_proba(X)

    @property
    def classes_(self) -> np.ndarray:
        """The classes seen so far, sorted."""
        return self.estimator_.classes_

    def _fitted(self, X: Any, y: np.ndarray) -> Any:
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        if len(y) and len(np.unique(y)) == 1:
            # Many classifiers refuse a single class; they meet one whenever labels are asked for one at a time.
            return DummyClassifier(strategy="prior").fit(X, y)
        return super()._fitted(X, y)

    def _codes(self) -> np.ndarray:
        return np.searchsorted(self.classes_, self.y_)

    def _default(self) -> Any:
        return LogisticRegression(max_iter=1000)


class ActiveRegressor(RegressorMixin, _Active):
    """A regressor of scikit-learn that says which rows to label next; for one number a row.

    **Arguments:** as of `ActiveClassifier`, but for:

    - `estimator`: any regressor; None: ridge regression.
    - `recipe`: `greedy` (far apart in inputs and predictions), `greedy-input`, `variance` (of a committee), `random`,
      `core-set`, `typiclust`, `probcover`, `max-herding`; or a selector, or a pair of a selector and a score.

    **Reference:** Wu, Lin & Huang 2019, Active Learning for Regression Using Greedy Sampling (arXiv:1808.04245).
    """

    _named = REGRESSING

    def __init__(
        self,
        estimator: Any = None,
        recipe: Any = "greedy",
        batch: Any = 10,
        random_state: Any = None,
        missing: Any = None,
    ):
        super().__init__(estimator, recipe, batch, random_state, missing)

    def _fitted(self, X: Any, y: np.ndarray) -> Any:
        assert_all_finite(y, input_name="y")
        return super()._fitted(X, np.asarray(y, np.float64))

    def _codes(self) -> np.ndarray:
        return np.asarray(self.y_, np.float64)

    def _default(self) -> Any:
        return Ridge()
