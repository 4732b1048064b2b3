"""BADGE: against the embedding written out, and both seedings by their frequencies."""

import warnings

import numpy as np
import pytest

from explora.explorers.query import Badge, badge

from ._pools import mask, pool, seeded


def gradients(probabilities: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
    """g = (p - e_ŷ) ⊗ φ, written down."""
    error = probabilities - np.eye(probabilities.shape[1])[probabilities.argmax(axis=1)]
    return (error[:, :, None] * embeddings[:, None, :]).reshape(len(error), -1)


def test_the_first_has_the_longest_gradient():
    """q = (-.1, .1), (-.4, .4), (-.3, .3); ‖φ‖ = 3, 1, 2: the lengths are .3√2, .4√2, .6√2."""
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])
    embeddings = np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    assert badge(probabilities, embeddings, np.ones(3, bool), 1, rng=seeded()).tolist() == [2]
    assert badge(probabilities, embeddings, ~mask(3, 2), 1, rng=seeded()).tolist() == [1]


@pytest.mark.parametrize("seeding", ["origin", "centres"])
def test_the_second_and_third_are_drawn_by_their_distances(seeding):
    """Frequencies of 1500 batches against the probabilities worked out from the embedding itself."""
    rng = seeded(4)
    probabilities, embeddings = rng.dirichlet(np.ones(3), 5), rng.normal(size=(5, 2))
    places = gradients(probabilities, embeddings)
    apart = ((places[:, None] - places[None]) ** 2).sum(-1)
    length = (places**2).sum(-1) if seeding == "origin" else np.full(5, np.inf)
    first = int(np.argmax((places**2).sum(-1)))
    expected = np.zeros((5, 5))
    weight = np.minimum(length, apart[first])
    for second in range(5):
        rest = np.minimum(weight, apart[second])
        expected[second] = weight[second] / weight.sum() * (rest / rest.sum() if rest.sum() else 0)
    generator, found = seeded(0), np.zeros((5, 5))
    for _ in range(1500):
        batch = badge(probabilities, embeddings, np.ones(5, bool), 3, seeding=seeding, rng=generator)
        assert batch[0] == first
        found[batch[1], batch[2]] += 1 / 1500
    assert expected.sum() == pytest.approx(1)
    assert np.abs(found - expected).max() < 0.05


def test_rows_that_the_model_is_sure_of_are_drawn_last():
    """Five rows have no gradient: from the origin they are never drawn while others are left."""
    rng = seeded(2)
    probabilities = rng.dirichlet(np.ones(3), 12)
    probabilities[:5] = [1.0, 0.0, 0.0]
    embeddings = rng.normal(size=(12, 3))
    for seed in range(20):
        assert min(badge(probabilities, embeddings, np.ones(12, bool), 7, rng=seeded(seed))) >= 5
    plain = [
        badge(probabilities, embeddings, np.ones(12, bool), 3, seeding="centres", rng=seeded(s)) for s in range(40)
    ]
    assert any(min(batch) < 5 for batch in plain)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seeding", ["origin", "centres"])
def test_duplicates_are_drawn_last(seeding, dtype):
    """Eight places, five times each: the first eight rows lie on eight places, the others are filled up by chance."""
    rng = seeded(3)
    probabilities = np.tile(rng.dirichlet(np.ones(4), 8), (5, 1)).astype(dtype)
    embeddings = np.tile(rng.normal(size=(8, 6)), (5, 1)).astype(dtype)
    for seed in range(10):
        batch = badge(probabilities, embeddings, np.ones(40, bool), 20, seeding=seeding, rng=seeded(seed))
        assert sorted(batch[:8] % 8) == list(range(8))
        assert len(set(batch.tolist())) == 20


def test_members_are_averaged():
    candidates = pool(30, 4, seed=1)
    mean = candidates._replace(predictions=candidates.predictions.mean(axis=1, keepdims=True))
    assert Badge()(candidates, 9, rng=seeded()).tolist() == Badge()(mean, 9, rng=seeded()).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_the_first_is_that_of_scikit_activeml(seed):
    peer = pytest.importorskip("skactiveml.pool")
    classifier = pytest.importorskip("skactiveml.classifier")
    linear = pytest.importorskip("sklearn.linear_model")
    candidates = pool(200, 12, classes=3, seed=seed)
    candidates = candidates._replace(free=~candidates.known)
    labels = np.where(candidates.known, candidates.answers, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = classifier.SklearnClassifier(linear.LogisticRegression(), classes=range(3))
        model.fit(candidates.embeddings, labels)
        theirs = peer.Badge(random_state=0).query(candidates.embeddings, labels, clf=model, fit_clf=False)
    candidates = candidates._replace(predictions=model.predict_proba(candidates.embeddings)[:, None])
    assert Badge()(candidates, 5, rng=seeded())[0] == theirs[0]
