"""ProbCover and MaxHerding: hand-worked, against the whole matrix, against a peer."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.explorers.query import MaxHerding, ProbCover, UncertaintyHerding, greedy_cover, pure_radius, share_radius

from ._pools import at, mask, pool, seeded


def unit(points: np.ndarray) -> np.ndarray:
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def ball(radius: float):
    return lambda apart: (apart <= radius**2).astype(apart.dtype)


def bump(apart: np.ndarray) -> np.ndarray:
    return np.exp(-apart)


def gains(kernel, points: np.ndarray, free: np.ndarray, known: np.ndarray, chosen: np.ndarray) -> list[tuple]:
    """What each choice added, and the most that any free row would have added then, from the whole matrix."""
    matrix = kernel(((points[:, None] - points[None]) ** 2).sum(-1))
    cover = matrix[:, known].max(axis=1, initial=0)
    found = []
    for turn, row in enumerate(chosen):
        more = np.maximum(matrix - cover, 0)[:, free].sum(axis=1)
        open_rows = free.copy()
        open_rows[chosen[:turn]] = False
        found.append((more[row], more[open_rows].max()))
        cover = np.maximum(cover, matrix[row])
    return found


def test_a_worked_trace():
    """Balls of 1.5: 2 covers 1, 2, 3; then 11 covers 10, 11, 12 … but 10 is known, which covers 11: 20 is left."""
    points = at(1, 2, 3, 10, 11, 20)
    known = mask(6, 3)
    assert greedy_cover(points, ~known, known, 2, ball(1.5), rng=seeded()).tolist() == [1, 5]


def test_once_all_is_covered_chance_decides():
    points = at(1, 2, 3, 10, 11, 20)
    lasts = {
        int(greedy_cover(points, np.ones(6, bool), np.zeros(6, bool), 4, ball(1.5), rng=seeded(s))[3])
        for s in range(60)
    }
    assert len(lasts) == 4


def test_equal_rows_are_chosen_by_chance():
    points = at(1, 2, 11, 12)
    firsts = {
        int(greedy_cover(points, np.ones(4, bool), np.zeros(4, bool), 1, ball(1.5), rng=seeded(s))[0])
        for s in range(60)
    }
    assert firsts == {0, 1, 2, 3}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 80), st.sampled_from([ball(0.7), bump]))
def test_every_choice_adds_the_most(seed, rows, kernel):
    rng = seeded(seed)
    points = rng.normal(size=(rows, 2))
    known = rng.random(rows) < 0.1
    free = ~known & (rng.random(rows) < 0.9)
    chosen = greedy_cover(points, free, known, 12, kernel, rng=rng)
    for added, most in gains(kernel, points, free, known, chosen):
        assert added == pytest.approx(most, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_index_for_index_as_scikit_activeml(seed):
    peer = pytest.importorskip("skactiveml.pool")
    candidates = pool(200, 6 * (seed % 2), features=5, seed=seed)
    candidates = candidates._replace(free=~candidates.known)
    labels = np.where(candidates.known, candidates.answers, np.nan)
    theirs = peer.MaxHerding(random_state=0).query(candidates.embeddings, labels, batch_size=25)
    assert MaxHerding(width=None)(candidates, 25, rng=seeded()).tolist() == theirs.tolist()
    wide = peer.MaxHerding(metric_dict={"gamma": 1 / 0.3**2}, random_state=0)
    theirs = wide.query(candidates.embeddings, labels, batch_size=25)
    assert MaxHerding(width=0.3)(candidates, 25, rng=seeded()).tolist() == theirs.tolist()


def test_balls_add_what_those_of_scikit_activeml_add():
    """Counts of rows tie all the time, so indices may differ; what the first choice adds may not."""
    peer = pytest.importorskip("skactiveml.pool")
    candidates = pool(150, 5, features=3, seed=2)
    candidates = candidates._replace(free=~candidates.known)
    labels = np.where(candidates.known, candidates.answers, np.nan)
    points = unit(candidates.embeddings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a purity that it has not looked at
        _, utilities = peer.ProbCover(deltas=[0.4], random_state=0).query(points, labels, return_utilities=True)
    chosen = ProbCover(radius=0.4)(candidates, 8, rng=seeded())
    found = gains(ball(0.4), points, candidates.free, candidates.known, chosen)
    assert found[0][0] == np.nanmax(utilities)
    assert [added for added, _ in found] == [most for _, most in found]


def test_a_ball_is_pure_up_to_the_nearest_foe():
    """Clusters {0 … 9} and {20 … 29}: foes are 11, 12, … 20 away, twice each. One in ten may be impure: below 12."""
    points = at(*range(10), *range(20, 30))
    assert pure_radius(points, 2, 0.9, rng=seeded()) == pytest.approx(12, rel=1e-5)
    assert pure_radius(points, 2, 1.0, rng=seeded()) == pytest.approx(11, rel=1e-5)
    share = lambda radius: np.mean(
        [not np.any((np.abs(points - x) <= radius) & ((points < 15) != (x < 15))) for x in points[:, 0]]
    )
    assert share(pure_radius(points, 2, 0.9, rng=seeded())) == 0.9
    assert pure_radius(np.ones((5, 2)), 2, rng=seeded()) == 0


def test_a_ball_holds_its_share():
    points = seeded(0).random((3000, 1))
    radius = share_radius(points, 10, rng=seeded(1))
    assert np.mean(np.abs(points - points.T) <= radius) == pytest.approx(0.1, abs=0.01)
    assert share_radius(np.ones((1, 2)), 3, rng=seeded()) == 0


def test_scale_does_not_matter():
    """Embeddings are brought to length 1, so that a radius fits all of them."""
    candidates = pool(120, 5, features=3, seed=2)
    large = candidates._replace(embeddings=1000 * candidates.embeddings)
    for selector in (ProbCover(), ProbCover(radius="purity"), ProbCover(radius=0.3), MaxHerding()):
        assert selector(candidates, 9, rng=seeded()).tolist() == selector(large, 9, rng=seeded()).tolist()


def test_fewer_rows_may_stand_for_all():
    candidates = pool(300, 5, seed=2)
    batches = {tuple(MaxHerding(most=30, targets=50)(candidates, 5, rng=seeded(s)).tolist()) for s in range(5)}
    assert len(batches) == 5


def test_what_counts_more_is_covered_first():
    """Balls of 1.5 around 2 and 11 cover three rows each; row 20 alone counts more than either."""
    points = at(1, 2, 3, 10, 11, 12, 20)
    free, known = np.ones(7, bool), np.zeros(7, bool)
    weights = np.array([1.0, 1, 1, 1, 1.5, 1, 4])
    assert greedy_cover(points, free, known, 3, ball(1.5), weights=weights, rng=seeded()).tolist() == [6, 4, 1]


def test_unsure_rows_are_covered():
    """With scores that are all alike it is `MaxHerding`; with narrow bumps it is the top without duplicates."""
    candidates = pool(80, 6, features=5, seed=3)
    alike = candidates._replace(scores=np.full(80, 0.3))
    assert UncertaintyHerding()(alike, 9, rng=seeded()).tolist() == MaxHerding()(candidates, 9, rng=seeded()).tolist()
    narrow = UncertaintyHerding(width=1e-3)
    scores = np.where(candidates.free, candidates.scores, -1)
    assert narrow(candidates, 9, rng=seeded()).tolist() == np.argsort(-scores)[:9].tolist()
    twice = candidates._replace(embeddings=np.repeat(candidates.embeddings[::2], 2, axis=0))
    chosen = narrow(twice, 9, rng=seeded())
    assert len(set((chosen // 2).tolist())) == 9


def test_bumps_narrow_as_answers_come():
    """Half the known rows have a neighbour within the median of 0.01, so that only what is that near is covered."""
    angles = np.array([0.0, 0.01, 1.0, 1.01, 2.0, 2.01, 0.005, 0.5, 0.52])
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    candidates = pool(9, 0)._replace(
        free=mask(9, 6, 7, 8), known=mask(9, *range(6)), embeddings=points, scores=np.array([0.0] * 6 + [1.0, 0.5, 0.6])
    )
    assert UncertaintyHerding(width="known")(candidates, 2, rng=seeded()).tolist() == [8, 7]
    assert UncertaintyHerding(width="known")(candidates._replace(known=mask(9, 0)), 1, rng=seeded())[0] in (7, 8)
