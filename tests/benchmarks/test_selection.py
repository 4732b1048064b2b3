"""What the benchmark of selection calls the same, and the pools that it selects from."""

import importlib
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def cases(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("_selection_cases")


def test_a_batch_differs_at_a_tie_or_otherwise(cases):
    worth = np.array([[3.0, 2.0, 1.0], [np.nan, 2.0, 2.0]])
    assert cases._compared([0, 1], [0, 1], worth) == "same"
    assert cases._compared([0, 2], [0, 1], worth) == "tie"
    assert cases._compared([1, 0], [0, 1], worth) == "other"


def test_pools_are_the_same_in_every_run(cases):
    one, other = cases.pool(300, 20, features=5, classes=4), cases.pool(300, 20, features=5, classes=4)
    assert np.array_equal(one.embeddings, other.embeddings)
    assert one.known.sum() == 20
    assert not (one.known & one.free).any()
    assert one.predictions.shape == (300, 1, 4)
    assert np.allclose(one.predictions.sum(axis=2), 1)
    assert cases.pool(30, 3, dtype=np.float32).embeddings.dtype == np.float32


def test_a_score_is_computed_before_choosing(cases):
    candidates = cases.pool(50, 5)
    score = cases.of_mean(lambda p: p[:, 3])
    chosen = cases.choose(cases.query.Top(), candidates, score, count=4)
    assert chosen == np.argsort(-np.where(candidates.free, candidates.predictions[:, 0, 3], -1))[:4].tolist()
