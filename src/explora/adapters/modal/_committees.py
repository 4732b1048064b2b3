"""Several learners that decide together."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score

from ._data import data_hstack
from ._disagreement import max_std_sampling, vote_entropy_sampling
from ._learners import ActiveLearner, asked
from ._refused import require


class CommitteeRegressor(BaseEstimator):
    """Regressors that are asked together: they predict their mean.

    **Arguments:**

    - `learner_list`: the members, each with rows of its own.
    - `query_strategy`: from the committee and a pool to places, or to places and their utilities.
    - `on_transformed`: whether strategies that look at rows see what the last steps of the members' pipelines see.

    **Raises:** `ArgumentError` if `learner_list` is no list, or `query_strategy` cannot be called.
    """

    def __init__(
        self,
        learner_list: Any,
        query_strategy: Any = max_std_sampling,
        on_transformed: bool = False,
    ):
        require(isinstance(learner_list, list), f"`learner_list` must be a list, got {type(learner_list).__name__}")
        require(callable(query_strategy), f"`query_strategy` must be a function, got {query_strategy!r}")
        self.learner_list = learner_list
        self.query_strategy = query_strategy
        self.on_transformed = on_transformed
        self.X_training = None  # the members have rows of their own, and strategies ask for those of the committee

    def __iter__(self) -> Iterator[ActiveLearner]:
        return iter(self.learner_list)

    def __len__(self) -> int:
        return len(self.learner_list)

    def fit(self, X: Any, y: Any, **fit_kwargs: Any) -> "CommitteeRegressor":
        """Every member forgets its rows and learns from these."""
        for learner in self.learner_list:
            learner.fit(X, y, **fit_kwargs)
        return self

    def teach(self, X: Any, y: Any, bootstrap: bool = False, only_new: bool = False, **fit_kwargs: Any) -> None:
        """Every member keeps these rows too and learns again.

        **Arguments:** as of `ActiveLearner.teach`; with `only_new` the rows are kept all the same.
        """
        for learner in self.learner_list:
            learner._add_training_data(X, y)
        for learner in self.learner_list:
            if only_new:
                learner._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
            else:
                learner._fit_to_known(bootstrap=bootstrap, **fit_kwargs)

    def rebag(self, **fit_kwargs: Any) -> None:
        """Every member learns again from a sample of its own rows, drawn with replacement."""
        for learner in self.learner_list:
            learner._fit_to_known(bootstrap=True, **fit_kwargs)

    def query(self, X_pool: Any, return_metrics: bool = False, *query_args: Any, **query_kwargs: Any) -> tuple:
        """Which rows of the pool to label next.

        **Arguments, Returns:** as of `ActiveLearner.query`.
        """
        return asked(self, X_pool, query_args, query_kwargs, return_metrics)

    def vote(self, X: Any, **predict_kwargs: Any) -> Any:
        """What each member predicts of each row: a row for each row, a column for each member."""
        return np.stack([np.reshape(x.predict(X, **predict_kwargs), -1) for x in self.learner_list], axis=1)

    def predict(self, X: Any, return_std: bool = False, **predict_kwargs: Any) -> Any:
        """The mean over the members, and their standard deviation if it is wanted."""
        votes = self.vote(X, **predict_kwargs)
        return (votes.mean(axis=1), votes.std(axis=1)) if return_std else votes.mean(axis=1)

    def transform_without_estimating(self, X: Any) -> Any:
        """What the last steps of the members' pipelines see, beside each other."""
        return data_hstack([learner.transform_without_estimating(X) for learner in self.learner_list])


class Committee(CommitteeRegressor):
    """Classifiers that are asked together: they predict the class that is likeliest on average.

    **Arguments:** as of `CommitteeRegressor`; the strategy is `vote_entropy_sampling` unless another one is given.
    """

    def __init__(
        self,
        learner_list: Any,
        query_strategy: Any = vote_entropy_sampling,
        on_transformed: bool = False,
    ):
        super().__init__(learner_list, query_strategy, on_transformed)
        self._set_classes()

    def fit(self, X: Any, y: Any, **fit_kwargs: Any) -> "Committee":
        """Every member forgets its rows and learns from these."""
        super().fit(X, y, **fit_kwargs)
        self._set_classes()
        return self

    def teach(self, X: Any, y: Any, bootstrap: bool = False, only_new: bool = False, **fit_kwargs: Any) -> None:
        """Every member keeps these rows too and learns again.

        **Arguments:** as of `CommitteeRegressor.teach`.
        """
        super().teach(X, y, bootstrap=bootstrap, only_new=only_new, **fit_kwargs)
        self._set_classes()

    def rebag(self, **fit_kwargs: Any) -> None:
        """Every member learns again from a sample of its own rows, which may lack a class."""
        super().rebag(**fit_kwargs)
        self._set_classes()

    def vote(self, X: Any, **predict_kwargs: Any) -> Any:
        """The class that each member predicts of each row."""
        return np.stack([learner.predict(X, **predict_kwargs) for learner in self.learner_list], axis=1)

    def vote_proba(self, X: Any, **predict_proba_kwargs: Any) -> Any:
        """The chances of the classes: rows × members × classes; 0 where a member does not know a class.

        **Raises:** `NotFittedError` while a member is not fitted.
        """
        same = check_class_labels(*(learner.estimator for learner in self.learner_list))
        said = [learner.predict_proba(X, **predict_proba_kwargs) for learner in self.learner_list]
        if not same:
            known = [learner.estimator.classes_ for learner in self.learner_list]
            said = [check_class_proba(proba, own, self.classes_) for proba, own in zip(said, known, strict=True)]
        return np.stack(said, axis=1)

    def predict_proba(self, X: Any, **predict_proba_kwargs: Any) -> Any:
        """The mean chances of the classes over the members."""
        return self.vote_proba(X, **predict_proba_kwargs).mean(axis=1)

    def predict(self, X: Any, **predict_proba_kwargs: Any) -> Any:
        """The class that is likeliest on average."""
        chances = self.predict_proba(X, **predict_proba_kwargs)
        return self.classes_[chances.argmax(axis=1)]  # pyright: ignore[reportOptionalSubscript]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose class is right."""
        return float(accuracy_score(y, self.predict(X), sample_weight=sample_weight))

    def _set_classes(self) -> None:
        """What classes the members know between them; None as long as one of them is not fitted."""
        try:
            known = [learner.estimator.classes_ for learner in self.learner_list]
        except AttributeError:
            self.classes_, self.n_classes_ = None, 0
            return
        self.classes_ = np.unique(np.concatenate(known, axis=0), axis=0)
        self.n_classes_ = len(self.classes_)


def check_class_labels(*estimators: Any) -> bool:
    """Whether all estimators know the same classes.

    **Raises:** `NotFittedError` if one is not fitted.
    """
    try:
        known = [estimator.classes_ for estimator in estimators]
    except AttributeError as error:
        raise NotFittedError("all members must be fitted: give them rows, or call `fit`") from error
    return all(np.array_equal(known[0], other) for other in known[1:])


def check_class_proba(proba: Any, known_labels: Any, all_labels: Any) -> Any:
    """Chances of all classes, from those of the known ones: 0 for the others."""
    chances = np.asarray(proba)
    full = np.zeros((len(chances), len(all_labels)), chances.dtype)
    for place, label in enumerate(all_labels):
        for column, known in enumerate(known_labels):
            if np.array_equal(label, known):
                full[:, place] = chances[:, column]
    return full
