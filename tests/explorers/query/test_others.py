"""`Ranked`, `Discriminative` and `Switch`."""

import sys
import warnings

import numpy as np
import pytest

from explora.core import CombinationError, MissingExtra
from explora.explorers.query import (
    Discriminative,
    KCentre,
    Random,
    Ranked,
    Switch,
    Top,
    discriminative,
    ranked,
    settled,
)

from ._pools import at, mask, pool, seeded


def test_a_ranked_batch():
    """Known 0; three free rows, so α = 3/4 and then 2/4.

    Row 1 (distance 1, score 1): 3/4 · 1/2 + 1/4 = 0.625. Row 2 (3, 0): 3/4 · 3/4 = 0.5625. Row 3 (4, 0.1):
    3/4 · 4/5 + 0.025 = 0.625 … a little more with score 0.12. Then row 1: 2/4 · 1/2 + 2/4 = 0.75 wins over row 2.
    """
    points, scores, known = at(0, 1, 3, 4), np.array([0, 1.0, 0.0, 0.12]), mask(4, 0)
    assert ranked(scores, points, ~known, known, 3, rng=seeded()).tolist() == [3, 1, 2]


def test_a_ranked_batch_begins_in_the_middle():
    points, scores = at(0, 1, 3, 6, 10), np.array([1.0, 0, 0, 0, 0])
    chosen = ranked(scores, points, np.ones(5, bool), np.zeros(5, bool), 2, rng=seeded())
    assert chosen[0] == 2


def test_a_ranked_batch_as_one_would_write_it_first():
    candidates = pool(40, 6, seed=4)
    points, seen, chosen = candidates.embeddings, list(np.flatnonzero(candidates.known)), []
    for _ in range(10):
        open_rows = [r for r in np.flatnonzero(candidates.free) if r not in chosen]
        alpha = len(open_rows) / (len(open_rows) + len(seen))
        near = [np.sqrt(((points[seen] - points[r]) ** 2).sum(1)).min() for r in open_rows]
        worth = [alpha * (1 - 1 / (1 + d)) + (1 - alpha) * candidates.scores[r] for d, r in zip(near, open_rows)]
        chosen.append(open_rows[int(np.argmax(worth))])
        seen.append(chosen[-1])
    assert Ranked()(candidates, 10, rng=seeded()).tolist() == chosen


def test_what_looks_least_like_anything_known():
    """Known rows lie at the lower end, so the upper end is asked; once it is, rows between are."""
    pytest.importorskip("sklearn")
    points = at(*np.linspace(-1, 1, 21))
    known = mask(21, 0, 1, 2)
    assert discriminative(points, ~known, known, 3, rounds=1, rng=seeded()).tolist() == [20, 19, 18]
    assert discriminative(points, ~known, known, 3, rounds=3, rng=seeded())[0] == 20


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rounds", [1, 12])
def test_discrimination_index_for_index_as_scikit_activeml(seed, rounds):
    peer = pytest.importorskip("skactiveml.pool")
    classifier = pytest.importorskip("skactiveml.classifier")
    linear = pytest.importorskip("sklearn.linear_model")
    candidates = pool(120, 9, seed=seed)
    candidates = candidates._replace(free=~candidates.known)
    labels = np.where(candidates.known, candidates.answers, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peer.DiscriminativeAL(greedy_selection=rounds == 1, random_state=0).query(
            candidates.embeddings,
            labels,
            discriminator=classifier.SklearnClassifier(linear.LogisticRegression()),
            batch_size=12,
        )
    assert Discriminative(rounds=rounds)(candidates, 12, rng=seeded()).tolist() == theirs.tolist()


def test_discrimination_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingExtra, match="scikit-learn"):
        Discriminative()(pool(20, 3), 2, rng=seeded())


@pytest.mark.parametrize(
    ("answers", "total", "every", "unseen"),
    [
        ([], False, False, False),
        ([0] * 50, False, False, False),  # one class: another must be found first
        ([0, 0, 1, 1, 1], False, False, True),  # 5 < 3 · 2
        ([0, 0, 1, 1, 1, 1], True, False, True),
        ([0, 0, 0, 1, 1, 1], True, True, True),
        ([0] * 8 + [1], True, False, False),  # one of nine is the only one of its class
        ([0] * 9 + [1], True, False, True),
        ([0, 1, 2, 3, 4] * 2, False, False, True),
        ([0, 1, 2, 3, 4] * 3, True, True, True),
        ([0, 1, 2, 3, 4] * 3 + [5], False, False, True),  # a new class raises the bar
        ([-1, -1, 0, 0, 0, 1, 1, 1, -1], True, True, True),  # no answer is no class
    ],
)
def test_when_the_classes_are_known_well_enough(answers, total, every, unseen):
    answers = np.array(answers, int)
    assert settled(answers, each=3, rule="total") == total
    assert settled(answers, each=3, rule="every") == every
    assert settled(answers, each=3, rule="unseen", unseen=0.1) == unseen


def test_switching():
    """The first phase needs no scores; the second asks by them. Answers of rows that are not known do not count."""
    selector = Switch(first=KCentre(), then=Top(), each=2)
    assert selector.needs == {"embeddings", "scores", "answers"}
    candidates = pool(40, 4)
    answers = np.where(candidates.known, 0, 1)
    early = candidates._replace(answers=answers, scores=None)
    assert selector(early, 5, rng=seeded()).tolist() == KCentre()(candidates, 5, rng=seeded()).tolist()
    answers = np.where(candidates.known, np.cumsum(candidates.known) % 2, -1)
    late = candidates._replace(answers=answers, embeddings=None)
    assert selector.now(late) == Top()
    assert selector(late, 5, rng=seeded()).tolist() == Top()(candidates, 5, rng=seeded()).tolist()


def test_switching_needs_classes():
    with pytest.raises(CombinationError, match="does not look at classes"):
        Switch(first=Random())(pool(9, 3)._replace(answers=None), 2, rng=seeded())
