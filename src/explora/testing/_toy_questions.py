"""Worked examples for questions: a quiz about points in a plane, and a learner model of a few lines."""

from typing import Any, ClassVar

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import (
    Answers,
    Experience,
    Lesson,
    Model,
    Outcome,
    Predictor,
    Questions,
    Space,
    Status,
    Suite,
    Targets,
    TaskError,
    UnknownName,
)


class Points(Space[Int32[Array, ""]]):
    """The rows of a table of points.

    **Arguments:**

    - `rows`: how many there are.
    - `given`: the answers that are known from the start.
    """

    hosted: ClassVar[bool] = True
    rows: int
    given: Targets

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"items"})

    def sample(self, *, key: PRNGKeyArray) -> Int32[Array, ""]:
        return jr.randint(key, (), 0, self.rows)

    def valid(self, task: Int32[Array, ""]) -> Bool[Array, ""]:
        return (task >= 0) & (task < self.rows)

    def encode(self, task: Any) -> int:
        return int(task)

    def decode(self, value: Any) -> Int32[Array, ""]:
        if not isinstance(value, int) or not 0 <= value < self.rows:
            raise TaskError(f"a point is a number from 0 to {self.rows - 1}, got {value!r}")
        return jnp.asarray(value, jnp.int32)


class Quiz(Questions[Int32[Array, ""]]):
    """Three clouds of points in a plane; playing a point is asking which cloud it came from.

    **Arguments:**

    - `rows`: how many points can be asked for; as many are held out.
    - `each`: how many of each cloud are known from the start.
    - `refused`: points whose number it divides are never answered (0: all are).
    """

    hosted: ClassVar[bool] = True
    rows: int = 60
    each: int = 0
    refused: int = 0

    @property
    def clouds(self) -> np.ndarray:
        """Which cloud each point came from, first those that can be asked for."""
        return np.arange(2 * self.rows) % 3

    @property
    def points(self) -> np.ndarray:
        """Where each point lies."""
        middles = np.array([[0.0, 2.0], [-1.8, -1.0], [1.8, -1.0]])
        noise = np.random.default_rng(0).normal(size=(2 * self.rows, 2))
        return (middles[self.clouds] + noise).astype(np.float32)

    @property
    def inputs(self) -> Float[np.ndarray, "items features"]:
        return self.points[: self.rows]

    @property
    def given(self) -> Targets:
        known = np.arange(self.rows) < 3 * self.each
        return Targets(np.where(known, self.clouds[: self.rows], -1).astype(np.int32), known, True)

    @property
    def space(self) -> Points:
        return Points(self.rows, self.given)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"items", "classes"})

    def play(self, policy: Predictor, lesson: Lesson, *, key: PRNGKeyArray) -> Experience:
        items = np.asarray(lesson.tasks)
        void = (items % self.refused == 0) if self.refused and lesson.plays else np.zeros(len(items), bool)
        status = np.where(void, Status.VOID, Status.ANSWERED).astype(np.int8)
        told = np.where(void | (lesson.plays == 0), -1, self.clouds[items]).astype(np.int32)
        return Experience(status, Answers(items, told, policy(self.inputs[items])))

    @property
    def suite_names(self) -> tuple[str, ...]:
        return ("held-out",)

    def suite(self, name: str) -> Suite:
        if name != "held-out":
            raise UnknownName("suite", name, self.suite_names)
        return Suite(np.arange(self.rows, 2 * self.rows, dtype=np.int32)[None], ("all",))

    def judge(self, policy: Predictor, lesson: Lesson, *, key: PRNGKeyArray) -> Outcome:
        rows = np.asarray(lesson.tasks)
        expected = policy(self.points[rows.ravel()])
        if expected.classes is None or not len(expected.classes):
            solved = np.zeros(len(rows), np.float32)
        else:
            guess = expected.classes[expected.predictions.mean(1).argmax(1)]
            solved = (guess == self.clouds[rows.ravel()]).reshape(rows.shape).mean(1).astype(np.float32)
        whole = np.zeros(len(rows), np.int32)
        status = np.full(len(rows), Status.ANSWERED, np.int8)
        return Outcome(status, steps=whole, calls=whole, episodes=whole + 1, solved=solved, returns=solved)


class Middles(Model):
    """Expects a point to belong to the cloud whose middle is nearest.

    **Arguments:**

    - `members`: how many there are; each sees every second answer if there are several.
    """

    members: int = 1

    def fit(
        self, inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, *, classes: int | None, key: PRNGKeyArray
    ) -> list[np.ndarray]:
        """The middle of each class, for each member."""
        fitted = []
        for member in range(self.members):
            seen = np.arange(len(inputs)) % 2 == member % 2 if self.members > 1 else np.ones(len(inputs), bool)
            rows = [inputs[seen & (targets == code)] for code in range(classes or 0)]
            rows = [own if len(own) else inputs[targets == code] for code, own in enumerate(rows)]
            fitted.append(np.stack([own.mean(0) for own in rows]))
        return fitted

    def predict(self, fitted: list[np.ndarray], inputs: np.ndarray) -> np.ndarray:
        """Probabilities that fall with the square of the distance."""
        found = []
        for middles in fitted:
            logits = -((inputs[:, None] - middles[None]) ** 2).sum(2)
            odds = np.exp(logits - logits.max(1, keepdims=True))
            found.append(odds / odds.sum(1, keepdims=True))
        return np.stack(found, 1).astype(np.float32)

    def embed(self, fitted: list[np.ndarray], inputs: np.ndarray) -> np.ndarray:
        """The points themselves."""
        return inputs
