"""k-means, TypiClust and weighted clusters of uncertain rows."""

import numpy as np
import pytest

from explora.explorers.query import Clustered, TypiClust, clustered, k_means, neighbour_distance, typical

from ._pools import at, mask, pool, seeded


def blobs(*sizes: int, apart: float = 20.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = seeded(seed)
    label = np.repeat(np.arange(len(sizes)), sizes)
    order = rng.permutation(len(label))
    return (rng.normal(size=(len(label), 3)) + apart * np.eye(len(sizes), 3)[label])[order], label[order]


def test_k_means_finds_clusters():
    points, label = blobs(30, 50, 20)
    centres, found = k_means(points, 3, rng=seeded())
    assert len({(a, b) for a, b in zip(label.tolist(), found.tolist(), strict=True)}) == 3
    for cluster in range(3):
        assert centres[cluster] == pytest.approx(points[found == cluster].mean(axis=0))


def test_k_means_is_about_as_good_as_scikit_learn():
    cluster = pytest.importorskip("sklearn.cluster")
    points = seeded(3).normal(size=(400, 5))
    ours = []
    for seed in range(5):
        centres, label = k_means(points, 12, rng=seeded(seed))
        ours.append(((points - centres[label]) ** 2).sum())
    theirs = [cluster.KMeans(12, n_init=1, random_state=s).fit(points).inertia_ for s in range(5)]
    assert np.mean(ours) < 1.03 * np.mean(theirs)


def test_k_means_weighs_rows():
    """Two rows at 0 and 1 weigh 3 and 1: their mean is 1/4."""
    centres, _ = k_means(at(0, 1, 50), 2, weights=np.array([3.0, 1.0, 1.0]), rng=seeded())
    assert sorted(centres[:, 0].tolist()) == [0.25, 50]


def test_there_are_no_more_clusters_than_distinct_rows():
    centres, label = k_means(np.repeat(at(1, 2, 7), 4, axis=0), 9, rng=seeded())
    assert sorted(centres[:, 0].tolist()) == [1, 2, 7]
    assert np.bincount(label).tolist() == [4, 4, 4]


def test_distances_to_neighbours():
    """0, 1, 3, 7 and two neighbours: (1 + 3) / 2, (1 + 2) / 2, (2 + 3) / 2, (4 + 6) / 2."""
    assert neighbour_distance(at(0, 1, 3, 7), 2).tolist() == pytest.approx([2, 1.5, 2.5, 5])
    assert neighbour_distance(at(0, 1, 3), 9).tolist() == pytest.approx([2, 1.5, 2.5])
    assert neighbour_distance(at(4), 3).tolist() == [0]


def test_distances_to_neighbours_as_scikit_activeml_has_them():
    peer = pytest.importorskip("skactiveml.pool._typi_clust")
    points = seeded(1).normal(size=(70, 4))
    theirs = peer._typicality(points, np.arange(70), 5)
    assert 1 / neighbour_distance(points, 5) == pytest.approx(theirs, rel=1e-6)


def test_distances_far_from_the_origin_survive_32_bits():
    points = seeded(1).normal(size=(50, 4))
    assert neighbour_distance((points + 1000).astype(np.float32), 5) == pytest.approx(
        neighbour_distance(points, 5), rel=2e-3
    )


def test_one_typical_row_of_each_cluster_the_largest_first():
    points, label = blobs(40, 90, 20)
    chosen = typical(points, np.ones(150, bool), np.zeros(150, bool), 3, rng=seeded())
    assert label[chosen].tolist() == [1, 0, 2]
    for row in chosen:
        own = np.flatnonzero(label == label[row])
        rank = np.argsort(np.argsort(neighbour_distance(points[own], min(20, len(own) // 2))))
        assert rank[own == row] == 0


def test_clusters_with_an_answer_are_left_out():
    """Two of three clusters are known, so four clusters are made for two questions: both split the third."""
    points, label = blobs(40, 90, 120)
    known = mask(250, int(np.flatnonzero(label == 0)[0]), int(np.flatnonzero(label == 1)[0]))
    chosen = typical(points, ~known, known, 1, rng=seeded())
    assert label[chosen].tolist() == [2]


def test_stray_rows_are_not_typical():
    """A row far away makes a cluster of its own, which is left out for the sake of larger ones."""
    points, label = blobs(30, 30)
    points = np.concatenate([points, [[500.0, 500.0, 500.0]]])
    chosen = typical(points, np.ones(61, bool), np.zeros(61, bool), 3, rng=seeded())
    assert 60 not in chosen
    assert set(label[chosen].tolist()) == {0, 1}


def test_small_clusters_are_asked_when_nothing_else_is_unlabelled():
    """Thirteen pairs, twelve of them half known: the row that is asked belongs to the other one."""
    points = np.repeat(100.0 * np.arange(13), 2)[:, None] + np.tile([0.0, 1.0], 13)[:, None]
    known = mask(26, *range(0, 24, 2))
    assert typical(points, ~known, known, 1, rng=seeded())[0] in (24, 25)


def test_large_clusters_are_seen_in_part():
    candidates = pool(500, 3, seed=1)
    batches = {tuple(TypiClust(sample=20)(candidates, 4, rng=seeded(s)).tolist()) for s in range(5)}
    assert len(batches) == 5


def test_clusters_of_uncertain_rows():
    """The best six of nine lie at 0, 10 and 20; one of each is asked, by falling score. The rest is never looked at."""
    points = at(0, 0.1, 10, 10.1, 20, 20.1, 500, 600, 700)
    scores = np.array([0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.2, 0.1, 0.0])
    for seed in range(5):
        chosen = clustered(scores, points, np.ones(9, bool), 3, excess=2, rng=seeded(seed))
        assert (points[chosen, 0] // 10).tolist() == [0, 1, 2]


def test_without_excess_it_is_the_top():
    candidates = pool(40, 5)
    chosen = Clustered(excess=1)(candidates, 6, rng=seeded())
    scores = np.where(candidates.free, candidates.scores, -1)
    assert chosen.tolist() == np.argsort(-scores)[:6].tolist()
