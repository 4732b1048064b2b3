"""A classifier or a regressor that learns from the answers to questions."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax.random as jr
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from explora.core import (
    Answers,
    CombinationError,
    Domain,
    Expectation,
    Experience,
    Learner,
    Lesson,
    Model,
    Outcome,
    Questions,
    Status,
)


class Taught(eqx.Module):
    """What a `Supervised` learner has been told, and what it made of it.

    **Arguments:**

    - `inputs`: of all items; not kept in checkpoints.
    - `targets`: what was answered, for every item.
    - `weights`: how much each answer counts; 0 where there is none.
    - `key`: for fitting; the same answers always give the same model.
    - `opposites`: see `Questions`; not kept in checkpoints.
    - `classes`: the classes observed so far; None where numbers are predicted.
    - `fitted`: the model made of it; not kept in checkpoints but fitted anew.
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    key: Any
    opposites: dict[int, int] | None
    classes: np.ndarray | None
    fitted: Any


class Supervised(Learner[Taught]):
    """Fits a model from scratch to all answers so far, every time that new ones come.

    What it predicts are the classes that it has been shown; it knows of no others. Where a row holds two things, it is
    shown every answer both ways round, and what it says of a row is the mean of what the model says of both: preferring
    one is exactly as probable as not preferring the other. With a linear model this is that of Bradley and Terry. A
    checkpoint keeps the answers, not the model: the same answers give the same model.

    **Arguments:**

    - `model`: what is fitted.
    """

    hosted: ClassVar[bool] = True
    model: Model

    @property
    def provides(self) -> frozenset[str]:
        named = {"predictions", "embeddings"}
        return frozenset(named | {"committee"} if self.model.members > 1 else named)

    def refuses(self, parts: Any) -> str | None:
        if isinstance(parts.domain, Questions):
            return None
        return (
            f"Supervised learns from answers to questions and {type(parts.domain).__name__} asks none; "
            "use PPO for environments, or the domain `pool`"
        )

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> Taught:
        if not isinstance(domain, Questions):
            raise CombinationError(f"Supervised needs a domain of questions, such as Pool; got {type(domain).__name__}")
        given = domain.given
        weights, none = given.known.astype(np.float32), np.zeros(0, np.int64) if given.classes else None
        return self._fitted(Taught(domain.inputs, given.values, weights, key, domain.opposites, none, None))

    def policy(self, state: Taught) -> Any:
        return _Predictor(self.model, state)

    def measure(self, state: Taught, lesson: Lesson, experience: Experience) -> Outcome:
        data: Answers = experience.data
        expected, answered = data.expected, np.asarray(experience.status) == Status.ANSWERED
        asked = np.full(lesson.rows, lesson.plays > 0)
        hits = None
        if lesson.plays > 0:
            hits = np.where(answered, _right(expected, data.targets), np.nan).astype(np.float32)
        return Outcome(
            experience.status,
            calls=(asked & (np.asarray(experience.status) != Status.WAITING)).astype(np.int32),
            solved=hits,
            losses=expected.losses,
            predictions=expected.predictions,
            embeddings=expected.embeddings,
            made=data.targets,
            said=data.said,
        )

    def update(self, state: Taught, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray) -> Taught:
        data: Answers = experience.data
        told = np.asarray(lesson.learn_mask) & (np.asarray(experience.status) == Status.ANSWERED)
        if not told.any():
            return state
        targets, weights = state.targets.copy(), state.weights.copy()
        targets[data.items[told]] = data.targets[told]
        weights[data.items[told]] = 1.0
        return self._fitted(dataclasses.replace(state, targets=targets, weights=weights))

    def taught(self, state: Taught, inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> Taught:
        """The same learner as if it had been told something else, also of things that are no items of the domain.

        **Arguments:**

        - `state`: of the learner; it stays as it is.
        - `inputs`, `targets`, `weights`: as in `Taught`. The same ones always give the same model.
        """
        return self._fitted(dataclasses.replace(state, inputs=inputs, targets=targets, weights=weights))

    def freeze(self, state: Taught) -> Any:
        return {"targets": state.targets, "weights": state.weights, "key": state.key}

    def thaw(self, frozen: Any, fresh: Taught) -> Taught:
        return self._fitted(dataclasses.replace(fresh, **frozen))

    def metrics(self, state: Taught) -> dict[str, Any]:
        classes = 0 if state.classes is None else len(state.classes)
        return {"answers": np.float32((state.weights > 0).sum()), "classes": np.float32(classes)}

    def _fitted(self, state: Taught) -> Taught:
        known = state.weights > 0
        inputs, targets, weights = state.inputs[known], state.targets[known], state.weights[known]
        if state.opposites is not None:
            inputs, weights = np.concatenate([inputs, -inputs]), np.concatenate([weights, weights])
            targets = np.concatenate([targets, _turned(targets, state.opposites)])
        classes, count = state.classes, None
        if classes is not None:
            classes = np.unique(targets)
            targets, count = np.searchsorted(classes, targets).astype(np.int32), len(classes)
        fitted = None
        if known.any():
            key = jr.fold_in(state.key, int(known.sum()))
            fitted = self.model.fit(inputs, targets, weights, classes=count, key=key)
        return dataclasses.replace(state, classes=classes, fitted=fitted)


class _Predictor(eqx.Module):
    model: Model
    state: Taught

    def __call__(self, inputs: Float[np.ndarray, "rows features"]) -> Expectation:
        state, model = self.state, self.model
        if state.fitted is None:  # nothing was ever answered: no output, so no opinion
            outputs = 0 if state.classes is not None else state.targets.shape[1]
            return Expectation(np.zeros((len(inputs), model.members, outputs), np.float32), state.classes, inputs)
        predictions = np.asarray(model.predict(state.fitted, inputs))
        if state.opposites is not None and state.classes is not None:
            theirs = np.searchsorted(state.classes, _turned(state.classes, state.opposites))
            predictions = (predictions + np.asarray(model.predict(state.fitted, -inputs))[:, :, theirs]) / 2
        return Expectation(
            predictions,
            state.classes,
            np.asarray(model.embed(state.fitted, inputs)),
            model.losses(state.fitted, inputs),
        )

    def greedy(self) -> "_Predictor":
        return self


def _turned(codes: np.ndarray, opposites: dict[int, int]) -> np.ndarray:
    """The classes that are right once the two things of each row have changed places."""
    return np.array([opposites.get(code, code) for code in codes.tolist()], codes.dtype)


def _right(expected: Expectation, targets: np.ndarray) -> np.ndarray:
    """Where the model's first guess is the answer."""
    if expected.classes is None:
        return np.full(len(targets), np.nan)
    if not len(expected.classes):
        return np.zeros(len(targets))
    guess = expected.classes[expected.predictions.mean(1).argmax(1)]
    return (guess == targets).astype(float)
