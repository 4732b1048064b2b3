"""Looking at a pool with the eyes of a fitted estimator: what scores and selectors are shown."""

from typing import Any

import jax
import jax.random as jr
import numpy as np
from sklearn.base import clone, is_classifier

from explora.core import ArgumentError, Lesson, Outcome, Score, Status
from explora.explorers.query import Candidates

from .._models import Estimator, chances
from ..modal._data import data_vstack, rows_of
from ._ways import MEMBERS, Way


def pick(
    way: Way, model: Any, known: tuple[Any, np.ndarray] | None, pool: Any, free: np.ndarray, *, count: int, seed: int
) -> np.ndarray:
    """The rows of a pool to ask for.

    **Arguments:**

    - `way`: of asking.
    - `model`: fitted to the known rows; or not fitted, if there are none.
    - `known`: rows and their labels: classes counted from 0, or numbers; None: none.
    - `pool`: the rows to choose from.
    - `free`: which of them may be chosen.
    - `count`: how many are wanted.
    - `seed`: of all chance.
    """
    given = 0 if known is None else len(known[1])
    rows = pool if known is None else data_vstack((known[0], pool))
    is_known = np.arange(given + rows_of(pool)) < given
    classes = None if known is None or known[1].dtype.kind == "f" else known[1]
    rng = np.random.default_rng([seed, given])
    predictions = _predictions(way, model, known, rows, seed)
    embeddings = _embeddings(model, known is not None, rows) if "embeddings" in way.needs else None
    answers, targets = np.full(len(is_known), -1, np.int64), None
    if classes is not None:
        answers[is_known] = classes
    elif known is not None:
        targets = np.full((len(is_known), 1), np.nan, np.float64)
        targets[is_known, 0] = known[1]
    scores = None if way.score is None else _scores(way.score, is_known, predictions, embeddings)
    is_free = np.concatenate([np.zeros(given, bool), free])
    candidates = Candidates(is_free, is_known, answers, scores, predictions, embeddings, targets)
    return way.select(candidates, count, rng=rng) - given


def _scores(score: Score, known: np.ndarray, predictions: np.ndarray, embeddings: np.ndarray | None) -> np.ndarray:
    """What the score says of each row, once it has been told which are known."""
    rows = len(known)
    memory = jax.tree.map(lambda x: np.broadcast_to(np.asarray(x), (rows, *np.shape(x))), score.init())
    if jax.tree.leaves(memory):
        status = np.where(known, Status.ANSWERED, Status.WAITING).astype(np.int8)
        told = Outcome(status, predictions=predictions, embeddings=embeddings)
        memory = score(_lesson(rows, 1), told, memory)[1]
    seen = Outcome(np.full(rows, Status.ANSWERED, np.int8), predictions=predictions, embeddings=embeddings)
    return np.asarray(score(_lesson(rows, 0), seen, memory)[0])


def _lesson(rows: int, plays: int) -> Lesson:
    places = np.arange(rows, dtype=np.int32)
    return Lesson(places, plays > 0, places, np.full(rows, -1, np.int32), plays=plays)


def _predictions(way: Way, model: Any, known: Any, rows: Any, seed: int) -> np.ndarray:
    """What is expected of each row: rows × members × outputs. One output that says nothing while nothing is known."""
    if known is None:
        members = MEMBERS if "committee" in way.needs else 1
        return np.ones((rows_of(rows), members, 1), np.float64)
    if "committee" in way.needs:
        return _committee(model, known, rows, seed)
    if is_classifier(model):
        return np.asarray(chances(model, rows), np.float64)[:, None, :]
    return np.asarray(model.predict(rows), np.float64).reshape(rows_of(rows), 1, -1)


def _committee(model: Any, known: Any, rows: Any, seed: int) -> np.ndarray:
    several = Estimator(estimator=clone(model), members=MEMBERS, bootstrap="poisson")
    labels, count = known[1], None
    if labels.dtype.kind == "f":
        labels = labels[:, None]
    else:
        labels, count = labels.astype(np.int32), int(labels.max()) + 1
    fitted = several.fit(_numbers(known[0]), labels, classes=count, key=jr.key(seed))
    return np.asarray(several.predict(fitted, _numbers(rows)), np.float64)


def _embeddings(model: Any, fitted: bool, rows: Any) -> np.ndarray:
    """Where rows lie: what the last step of a pipeline sees, or the rows themselves."""
    if len(getattr(model, "steps", ())) < 2:
        return _numbers(rows)
    first: Any = model[:-1] if fitted else clone(model[:-1])
    return _numbers(first.transform(rows) if fitted else first.fit_transform(rows))


def _numbers(rows: Any) -> np.ndarray:
    try:
        return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows, np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            "`X_pool` must hold numbers for this recipe: put what turns rows into numbers before the estimator, in a "
            "pipeline, and give the pipeline as `estimator`"
        ) from error
