"""Batches of rows that are uncertain and unlike each other."""

from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances

from explora.explorers.query import ranked

from ._data import rows_of
from ._uncertainty import classifier_uncertainty


def ranked_batch(
    classifier: Any, unlabeled: Any, uncertainty_scores: Any, n_instances: int, metric: Any, n_jobs: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A batch of uncertain rows that are unlike what is known and each other, in the order of choice; their scores.

    The formula is that of `explora.explorers.query.ranked`.

    **Arguments:**

    - `classifier`: whose `X_training` are the known rows.
    - `unlabeled`: the pool.
    - `uncertainty_scores`: of the rows of the pool, between 0 and 1.
    - `n_instances`: how many are wanted; fewer come from a smaller pool.
    - `metric`: of distances, as scikit-learn names them, or a function of two rows.
    - `n_jobs`: processes for distances other than the Euclidean.

    **Reference:** Cardoso et al. 2017, Ranked batch-mode active learning, Inf. Sci. 379.
    """
    known = classifier.X_training
    blocks = [unlabeled] if known is None or not rows_of(known) else [known, unlabeled]
    if classifier.on_transformed:
        blocks = [classifier.transform_without_estimating(block) for block in blocks]
    points = np.concatenate([_dense(block) for block in blocks])
    free = np.arange(len(points)) >= len(points) - rows_of(unlabeled)
    scores = np.zeros(len(points))
    scores[free] = uncertainty_scores
    distance = None if metric == "euclidean" else lambda a, b: pairwise_distances(a, b, metric=metric, n_jobs=n_jobs)
    # Where no row is known and there are many, the first one is the most central of a sample: always the same one.
    rng = np.random.default_rng(0)
    rows = ranked(scores, points, free, ~free, n_instances, rng=rng, distance=distance)
    places = rows - int(np.count_nonzero(~free))
    return places, np.asarray(uncertainty_scores)[places]


def uncertainty_batch_sampling(
    classifier: Any,
    X: Any,
    n_instances: int = 20,
    metric: Any = "euclidean",
    n_jobs: int | None = None,
    **uncertainty_measure_kwargs: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """A `ranked_batch` by `classifier_uncertainty`.

    **Arguments:**

    - `classifier`: an `ActiveLearner` or a `Committee`.
    - `X`: the pool.
    - `n_instances`: how many rows are wanted.
    - `metric`: of distances.
    - `n_jobs`: processes for distances other than the Euclidean.
    - `uncertainty_measure_kwargs`: for `predict_proba`.
    """
    uncertainty = classifier_uncertainty(classifier, X, **uncertainty_measure_kwargs)
    return ranked_batch(classifier, X, uncertainty, n_instances, metric, n_jobs)


def _dense(block: Any) -> np.ndarray:
    array = np.asarray(block.toarray() if hasattr(block, "toarray") else block, np.float64)
    return array.reshape(len(array), -1)
