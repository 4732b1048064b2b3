"""Selectors and scores of explora as pool strategies of scikit-activeml, budget managers of explora as its managers.

Only for its test templates: the adapters do what these templates ask of a strategy and nothing more.
"""

from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
from skactiveml.base import (
    BudgetManager,
    SingleAnnotatorPoolQueryStrategy,
    SingleAnnotatorStreamQueryStrategy,
    SkactivemlClassifier,
)
from skactiveml.utils import MISSING_LABEL, check_random_state, check_type, is_labeled
from sklearn import clone

from explora.explorers.query import Candidates, Top
from explora.scores import EPIG, least_confident


class Plain(SingleAnnotatorPoolQueryStrategy):
    """A selector that needs no model. Subclasses name it."""

    entrant: ClassVar[Any] = None

    def __init__(self, missing_label: Any = MISSING_LABEL, random_state: Any = None):
        super().__init__(missing_label=missing_label, random_state=random_state)

    def query(self, X, y, candidates=None, batch_size=1, return_utilities=False):
        return self._asked(X, y, candidates, batch_size, return_utilities, lambda X, y, rows: None)

    def _asked(self, X, y, candidates, batch_size, return_utilities, predict) -> Any:
        """Checks as the base class does, asks the selector, and makes a matrix of utilities."""
        X, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities, reset=True
        )
        # What depends on other rows than its own cannot judge rows that are not in the pool.
        strangers, mapping = self._transform_candidates(candidates, X, y, enforce_mapping=not self.pointwise)
        known = is_labeled(y, self.missing_label_)
        rows = X if mapping is not None else np.vstack([X, strangers])
        offset = 0 if mapping is not None else len(X)
        free, all_known = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        free[mapping if mapping is not None else slice(offset, None)] = True
        all_known[: len(known)] = known
        answers = np.full(len(rows), -1)
        answers[: len(known)][known] = np.unique(y[known], return_inverse=True)[1]
        shown = Candidates(free, all_known & ~free, answers, None, predict(X, y, rows), rows)
        if self.entrant.score is not None:
            from _curves._ours import scored

            shown = shown._replace(scores=scored(self.entrant.score, shown))
        seed = self.random_state_.randint(2**31)
        chosen = self.entrant.select(shown, batch_size, rng=np.random.default_rng(seed))
        if not return_utilities:
            return chosen - offset
        return chosen - offset, self._utilities(shown, chosen)[:, offset:]

    @property
    def pointwise(self) -> bool:
        """Whether the worth of a row depends on that row alone."""
        score = self.entrant.score
        scored = score is not None and "embeddings" not in score.needs and not isinstance(score, EPIG)
        return type(self.entrant.select) is Top and scored

    def _utilities(self, shown: Candidates, chosen: np.ndarray) -> np.ndarray:
        """The scores, if the highest are chosen; else 1 for the row whose turn it was and 0 for the others."""
        table = np.full((len(chosen), len(shown.free)), np.nan)
        left = shown.free.copy()
        for turn, row in enumerate(chosen):
            if type(self.entrant.select) is Top and shown.scores is not None:
                table[turn, left] = shown.scores[left]
            else:
                table[turn, left] = 0.0
                table[turn, row] = 1.0
            left[row] = False
        return table


class Guided(Plain):
    """A selector that looks at what a classifier predicts."""

    def query(self, X, y, clf, fit_clf=True, candidates=None, batch_size=1, return_utilities=False):
        def predict(X: Any, y: Any, rows: np.ndarray) -> np.ndarray:
            check_type(clf, "clf", SkactivemlClassifier)
            check_type(fit_clf, "fit_clf", bool)
            return _fitted(clf, X, y, fit_clf).predict_proba(rows)[:, None]

        return self._asked(X, y, candidates, batch_size, return_utilities, predict)


class Counselled(Plain):
    """A selector that looks at what the members of an ensemble predict."""

    def query(self, X, y, ensemble, fit_ensemble=True, candidates=None, batch_size=1, return_utilities=False):
        def predict(X: Any, y: Any, rows: np.ndarray) -> np.ndarray:
            check_type(ensemble, "ensemble", SkactivemlClassifier)
            check_type(fit_ensemble, "fit_ensemble", bool)
            return _members(_fitted(ensemble, X, y, fit_ensemble), rows)

        return self._asked(X, y, candidates, batch_size, return_utilities, predict)


def _fitted(model: Any, X: Any, y: Any, fit: bool) -> Any:
    """The model, or a copy of it that learned from those labels."""
    copied: Any = clone(model) if fit else model
    return copied.fit(X, y) if fit else copied


def _members(ensemble: Any, rows: np.ndarray) -> np.ndarray:
    """The probabilities of each member; without any label all of them say the same."""
    whole = ensemble.predict_proba(rows)
    members = getattr(ensemble, "estimators_", None)
    if members is None:
        return np.repeat(whole[:, None], 2, axis=1)
    column = np.searchsorted(ensemble.classes_, ensemble.estimator_.classes_)
    found = np.zeros((len(rows), len(members), whole.shape[1]))
    for number, member in enumerate(members):
        found[:, number, column[member.classes_.astype(int)]] = member.predict_proba(rows)
    return found


class Managed(BudgetManager):
    """A budget manager. It decides without remembering; `update` remembers, as the base class has it."""

    kind: ClassVar[Any] = None

    def __init__(self, budget: Any = None, random_state: Any = None):
        super().__init__(budget=budget)
        self.random_state = random_state

    def query_by_utility(self, utilities):
        utilities = self._validate_data(utilities)
        self._begin()
        before = self.generator_.bit_generator.state
        asked, _ = self.manager_.query(self.state_, utilities.ravel(), rng=self.generator_)
        self.generator_.bit_generator.state = before
        return np.flatnonzero(asked).tolist()

    def update(self, candidates, queried_indices, utilities=None):
        self._validate_budget()
        self._begin()
        count = len(candidates)
        # The template hands over all utilities so far: the last are those of the candidates.
        values = np.zeros(count) if utilities is None else np.asarray(utilities, float).ravel()[-count:]
        asked = np.zeros(count, bool)
        asked[np.asarray(queried_indices, int)] = True
        self.manager_.query(self.state_, values, rng=self.generator_)  # takes the chance that the decisions took
        self.state_ = self.manager_.record(self.state_, values, asked)
        return self

    def _begin(self) -> None:
        if not hasattr(self, "manager_"):
            seed = check_random_state(deepcopy(self.random_state)).randint(2**31)  # the caller's stays as it was
            self.manager_ = type(self).kind(budget=self.budget_)
            self.state_, self.generator_ = self.manager_.init(), np.random.default_rng(seed)


class Streamed(SingleAnnotatorStreamQueryStrategy):
    """A budget manager that needs no model, as a strategy for streams."""

    kind: ClassVar[Any] = None

    def __init__(self, budget: Any = None, random_state: Any = None):
        super().__init__(budget=budget, random_state=random_state)

    def query(self, candidates, return_utilities=False):
        candidates, return_utilities = self._validate_data(candidates, return_utilities)
        return self._decided(candidates, np.ones(len(candidates)), return_utilities)

    def update(self, candidates, queried_indices, budget_manager_param_dict=None):
        asked = np.zeros(len(candidates), bool)
        asked[queried_indices] = True
        candidates = np.asarray(candidates, float)
        self._begin(candidates.shape[1])
        values = np.asarray((budget_manager_param_dict or {}).get("utilities", np.zeros(len(asked))), float)
        decided, after = self._decide(candidates, values)
        # What it would have decided itself it need not be told of.
        alike = np.array_equal(asked, decided)
        self.state_ = after if alike else self.manager_.record(self.state_, values, asked)
        return self

    def _decided(self, candidates: np.ndarray, utilities: np.ndarray, return_utilities: bool) -> Any:
        self._begin(candidates.shape[1])
        before = self.generator_.bit_generator.state
        chosen = np.flatnonzero(self._decide(candidates, utilities)[0])
        self.generator_.bit_generator.state = before
        return (chosen, utilities) if return_utilities else chosen

    def _decide(self, candidates: np.ndarray, utilities: np.ndarray) -> tuple[np.ndarray, Any]:
        return self.manager_.query(self.state_, utilities, rng=self.generator_, embeddings=candidates)

    def _begin(self, features: int) -> None:
        if not hasattr(self, "manager_"):
            self._validate_random_state()
            self._validate_budget()
            self.manager_ = type(self).kind(budget=self.budget_)
            state: Any = self.random_state_
            self.generator_ = np.random.default_rng(state.randint(2**31))
            self.state_ = self.manager_.init(features)


class StreamedGuided(Streamed):
    """A budget manager that goes by how unsure a classifier is, as a strategy for streams."""

    def query(self, candidates, clf, X=None, y=None, fit_clf=False, return_utilities=False):
        candidates, return_utilities = self._validate_data(candidates, return_utilities)
        check_type(clf, "clf", SkactivemlClassifier)
        check_type(fit_clf, "fit_clf", bool)
        predicted = _fitted(clf, X, y, fit_clf).predict_proba(candidates)
        return self._decided(candidates, least_confident(predicted), return_utilities)


def adapted(name: str, base: type, **fields: Any) -> type:
    """A class of its own for an entrant, as the templates are given classes."""
    return type(name, (base,), {**fields, "__doc__": f"{name} of explora."})
