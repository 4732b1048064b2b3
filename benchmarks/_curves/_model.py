"""The task model, which is also the query model, and the committee: the same for the entrants of both libraries."""

import warnings
from typing import Any

import numpy as np

from ._sets import Trial

MEMBERS = 5


class State:
    """What is known at one point of a curve, with the models that follow from it; a committee is fitted if asked for.

    **Arguments:**

    - `trial`: the divided set.
    - `known`: the places whose labels are known.
    - `repeat`: whose seeds are used.
    """

    def __init__(self, trial: Trial, known: np.ndarray, repeat: int):
        self.trial, self.known, self.repeat = trial, known, repeat
        self.labels = np.full(len(trial.labels), np.nan)
        self.labels[known] = trial.labels[known]
        self.model = fitted(trial, self.labels)
        self._committee: list[Any] | None = None

    @property
    def seen(self) -> np.ndarray:
        """The classes that were observed: all that our selectors are told of."""
        return np.unique(self.trial.labels[self.known])

    @property
    def mask(self) -> np.ndarray:
        """Which rows of the pool are known."""
        mask = np.zeros(len(self.labels), bool)
        mask[self.known] = True
        return mask

    @property
    def committee(self) -> list[Any]:
        """Task models of bootstrap samples of what is known."""
        if self._committee is None:
            self._committee = [self._member(number) for number in range(MEMBERS)]
        return self._committee

    def _member(self, number: int) -> Any:
        labels = np.full(len(self.labels), np.nan)
        if len(self.known):
            rng = np.random.default_rng([self.repeat, len(self.known), number])
            rows, times = np.unique(rng.choice(self.known, len(self.known)), return_counts=True)
            labels[rows] = self.trial.labels[rows]
            weights = np.zeros(len(labels))
            weights[rows] = times
            return fitted(self.trial, labels, weights)
        return fitted(self.trial, labels)

    def judged(self) -> tuple[float, float]:
        """Accuracy and class-balanced accuracy on what was held out."""
        guesses = probabilities(self.model, self.trial.test_inputs).argmax(axis=1)
        truth = self.trial.test_labels
        right = guesses == truth
        return float(right.mean()), float(np.mean([right[truth == code].mean() for code in np.unique(truth)]))


def fitted(trial: Trial, labels: np.ndarray, weights: np.ndarray | None = None) -> Any:
    """A logistic regression, fitted from scratch; with less than two classes it predicts their shares.

    The wrapper is scikit-activeml's: what it does without labels holds for all entrants.
    """
    from skactiveml.classifier import SklearnClassifier
    from sklearn.linear_model import LogisticRegression

    model = SklearnClassifier(LogisticRegression(max_iter=3000), classes=list(range(trial.classes)), random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(trial.inputs, labels, sample_weight=weights)


def probabilities(model: Any, inputs: np.ndarray) -> np.ndarray:
    """Of each class; of classes that were never seen they are 0, or all alike if none was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.predict_proba(inputs)
