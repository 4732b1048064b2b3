"""Greedy k-centre and greedy sampling for regression: hand-worked, against the plain algorithm, against a peer."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.explorers.query import (
    GreedyBoth,
    GreedyInput,
    GreedyTarget,
    KCentre,
    farthest_first,
    greedy_input,
    greedy_target,
    k_centre,
)

from ._pools import at, mask, pool, seeded


def plainly(points: np.ndarray, free: np.ndarray, known: np.ndarray, count: int) -> list[int]:
    """k-centre as one would write it first."""
    apart = np.sqrt(((points[:, None].astype(float) - points[None]) ** 2).sum(-1))
    nearest, open_rows, chosen = apart[:, known].min(axis=1), free.copy(), []
    for _ in range(min(count, int(free.sum()))):
        best = int(np.argmax(np.where(open_rows, nearest, -1)))
        chosen.append(best)
        open_rows[best] = False
        nearest = np.minimum(nearest, apart[best])
    return chosen


def test_a_worked_trace():
    """Known 0. Farthest is 10; then 4 (4 from 0) beats 9 (1 from 10); then 9 and 1 are 1 away, 3 is 1 from 4."""
    points, known = at(0, 1, 4, 9, 10, 3.5), mask(6, 0)
    assert k_centre(points, ~known, known, 2, rng=seeded()).tolist() == [4, 2]
    assert sorted(k_centre(points, ~known, known, 4, rng=seeded()).tolist()[2:]) == [1, 3]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(1, 6), st.booleans())
def test_as_the_plain_algorithm(seed, rows, features, clustered):
    rng = seeded(seed)
    points = rng.normal(size=(rows, features))
    if clustered:
        points += 20 * rng.integers(0, 3, (rows, 1))
    known = np.zeros(rows, bool)
    known[rng.permutation(rows)[: rng.integers(1, rows)]] = True
    free = ~known & (rng.random(rows) < 0.9)
    assert k_centre(points, free, known, rows, rng=rng).tolist() == plainly(points, free, known, rows)


@pytest.mark.parametrize("clusters", [1, 6])
def test_many_contests_are_as_good_as_one_choice_at_a_time(clusters):
    """1500 rows in tight clusters: contenders lie close together, so that few choices of a contest are certain."""
    rng = seeded(5)
    points = rng.normal(size=(1500, 8)) * 0.2 + 9 * rng.normal(size=(clusters, 8))[rng.integers(0, clusters, 1500)]
    known = mask(1500, 0, 1, 2)
    assert k_centre(points, ~known, known, 60, rng=rng).tolist() == plainly(points, ~known, known, 60)


def test_32_bits_are_measured_in_64():
    points = (1e4 + seeded(1).normal(size=(300, 16))).astype(np.float32)
    known = mask(300, 7)
    assert k_centre(points, ~known, known, 20, rng=seeded()).tolist() == plainly(points, ~known, known, 20)


def test_without_a_known_row_the_first_is_by_chance():
    points = at(0, 1, 4, 9, 10)
    firsts = {int(k_centre(points, np.ones(5, bool), np.zeros(5, bool), 1, rng=seeded(s))[0]) for s in range(50)}
    assert firsts == {0, 1, 2, 3, 4}


def test_when_all_that_is_left_lies_on_centres_chance_decides():
    points = np.full((50, 5), 1e3) + 1 / 3
    points[9] += 1
    known = mask(50, 0)
    batches = [k_centre(points, ~known, known, 3, rng=seeded(s)).tolist() for s in range(30)]
    assert {batch[0] for batch in batches} == {9}
    assert len({batch[1] for batch in batches}) > 10


def test_distances_in_two_spaces_are_multiplied():
    """From row 0: 1 · 9, 3 · 2, 2 · 5, so row 3 comes first; then row 1: min(9, 1 · 4) and row 2: min(6, 1 · 3)."""
    one, other = at(0, 1, 3, 2), at(0, 9, 2, 5)
    found = farthest_first([one, other], np.array([1, 2, 3]), np.array([0]), 3, rng=seeded())
    assert found.tolist() == [3, 1, 2]


def test_the_first_row_of_gsx_is_the_most_central():
    """Sums of distances: 20, 17, 14, 19, 26."""
    points = at(0, 1, 3, 6, 10)
    free, known = np.ones(5, bool), np.zeros(5, bool)
    assert greedy_input(points, free, known, 3, rng=seeded()).tolist()[:2] == [2, 4]


def test_gsy_looks_at_what_is_predicted():
    """Known: 5. Predictions 4, 9, 1, 6 are 1, 4, 4.5, 1 away; then 9 is 4 away."""
    outputs, points = at(5, 4, 9, 0.5, 6), at(0, 1, 2, 3, 4)
    known = mask(5, 0)
    assert greedy_target(outputs, points, ~known, known, 2, rng=seeded()).tolist() == [3, 2]


def test_gsy_begins_in_the_inputs():
    points, outputs = at(0, 1, 3, 6, 10), at(0, 0, 0, 5, 1)
    free, known = np.ones(5, bool), np.zeros(5, bool)
    assert greedy_target(outputs, points, free, known, 3, first=2, rng=seeded()).tolist() == [2, 4, 3]


def test_answers_count_more_than_what_is_predicted_for_known_rows():
    candidates = pool(4, 0)._replace(
        free=mask(4, 1, 2), known=mask(4, 0), predictions=at(0, 1, 5, 9)[:, None], embeddings=at(0, 1, 2, 3)
    )
    assert GreedyTarget()(candidates, 1, rng=seeded()).tolist() == [2]
    candidates = candidates._replace(targets=at(6, np.nan, np.nan, np.nan))
    assert GreedyTarget()(candidates, 1, rng=seeded()).tolist() == [1]


@pytest.mark.parametrize("seed", range(5))
def test_index_for_index_as_scikit_activeml(seed):
    peer = pytest.importorskip("skactiveml.pool")
    regressor = pytest.importorskip("skactiveml.regressor")
    linear = pytest.importorskip("sklearn.linear_model")
    candidates = pool(250, 7, features=5, seed=seed)
    candidates = candidates._replace(free=~candidates.known)
    values = np.where(candidates.known, candidates.embeddings[:, 0] ** 2 + candidates.scores, np.nan)
    points = candidates.embeddings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = regressor.SklearnRegressor(linear.LinearRegression()).fit(points, values)
        theirs = [
            peer.CoreSet(random_state=0).query(points, values, batch_size=30),
            peer.GreedySamplingX(random_state=0).query(points, values, batch_size=30),
            *(
                peer.GreedySamplingTarget(method=method, random_state=0).query(
                    points, values, reg=model, fit_reg=False, batch_size=30
                )
                for method in ("GSy", "GSi")
            ),
            peer.GreedySamplingX(random_state=0).query(points, np.full(250, np.nan), batch_size=30),
        ]
    candidates = candidates._replace(predictions=model.predict(points)[:, None, None], targets=values[:, None])
    cold = candidates._replace(free=np.ones(250, bool), known=np.zeros(250, bool))
    ours = [s(candidates, 30, rng=seeded()) for s in (KCentre(), GreedyInput(), GreedyTarget(), GreedyBoth())]
    ours.append(GreedyInput()(cold, 30, rng=seeded()))
    for found, expected in zip(ours, theirs, strict=True):
        assert found.tolist() == expected.tolist()
