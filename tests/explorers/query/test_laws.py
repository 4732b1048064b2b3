"""Every selector keeps the laws of its contract."""

import copy

import equinox as eqx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError, CombinationError, build, spec
from explora.explorers.query import (
    Badge,
    BatchBALD,
    Candidates,
    Clustered,
    Discriminative,
    GreedyBoth,
    GreedyInput,
    GreedyTarget,
    KCentre,
    MaxHerding,
    Power,
    ProbCover,
    Random,
    Rank,
    Ranked,
    Selector,
    Softmax,
    Switch,
    Top,
    TypiClust,
    UncertaintyHerding,
)

from ._pools import pool, seeded

ALL = [
    Random(),
    Top(),
    Power(),
    Power(coldness=0.0),
    Softmax(coldness=2.0),
    Rank(),
    KCentre(),
    Badge(),
    BatchBALD(samples=30),
    Badge(seeding="centres"),
    TypiClust(neighbours=3),
    TypiClust(cap=3, sample=8),
    ProbCover(),
    ProbCover(radius="purity"),
    ProbCover(radius=0.0),
    MaxHerding(),
    MaxHerding(most=10, targets=20),
    UncertaintyHerding(),
    UncertaintyHerding(width="known", coldness=3.0, most=10),
    Ranked(),
    Clustered(excess=3),
    Discriminative(rounds=2, sample=30),
    GreedyInput(),
    GreedyTarget(),
    GreedyBoth(first=3),
    Switch(),
    Switch(rule="every"),
    Switch(rule="unseen"),
]
EVERY = pytest.mark.parametrize("selector", ALL, ids=repr)


def lawful(selector: Selector, candidates: Candidates, count: int, seed: int = 0) -> np.ndarray:
    """Asks twice, and checks what holds for every answer."""
    before = copy.deepcopy(candidates)
    chosen = selector(candidates, count, rng=seeded(seed))
    assert chosen.dtype == np.int64
    assert len(chosen) == min(count, candidates.free.sum())
    assert len(np.unique(chosen)) == len(chosen)
    assert candidates.free[chosen].all()
    assert np.array_equal(selector(candidates, count, rng=seeded(seed)), chosen)
    for was, now in zip(before, candidates, strict=True):
        assert np.array_equal(was, now, equal_nan=was is not None and was.dtype.kind == "f")
    return chosen


@EVERY
@settings(max_examples=4, deadline=None)
@given(
    rows=st.integers(1, 40),
    share=st.floats(0, 1),
    count=st.integers(0, 50),
    seed=st.integers(0, 99),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_the_batch_is_distinct_free_full_and_repeatable(selector, rows, share, count, seed, dtype):
    lawful(selector, pool(rows, int(share * rows), seed=seed, dtype=dtype), count, seed)


@EVERY
@pytest.mark.parametrize("known", [0, 1, 19, 20])
def test_with_none_one_all_but_one_and_all_known(selector, known):
    candidates = pool(20, known)._replace(targets=None)
    candidates = candidates._replace(free=~candidates.known)
    for count in (0, 1, 5, 30):
        lawful(selector, candidates, count)


@EVERY
def test_rows_that_are_all_alike(selector):
    same = pool(30, 4)
    same = same._replace(scores=np.zeros(30), predictions=np.full((30, 1, 3), 1 / 3), embeddings=np.full((30, 4), 7.3))
    lawful(selector, same, 10)
    lawful(selector, same._replace(embeddings=np.zeros((30, 4))), 26)


@EVERY
def test_duplicates(selector):
    few = pool(6, 1, seed=3)
    many = Candidates(*(None if x is None else np.tile(x, (5, *[1] * (x.ndim - 1))) for x in few))
    for count in (3, 12, 20):
        lawful(selector, many, count)


@EVERY
def test_one_class_and_scores_that_are_not_numbers(selector):
    candidates = pool(30, 4, classes=1)
    scores = candidates.scores.copy()
    scores[::3], scores[1::6] = np.nan, -np.inf
    candidates = candidates._replace(scores=scores)
    chosen = lawful(selector, candidates, 12)
    if selector.needs == {"scores"}:
        usable = np.isfinite(scores) & candidates.free
        assert usable[lawful(selector, candidates, int(usable.sum()))].all()
        assert usable[chosen].all()


@EVERY
def test_a_selector_is_a_configuration(selector):
    assert eqx.tree_equal(build(spec(selector)), selector)


@EVERY
def test_what_it_needs_is_named_when_missing(selector):
    candidates = pool(30, 4)
    for name in selector.needs & set(Candidates._fields):
        # `Switch` wants only what the selector needs whose turn it is; four answers make it TypiClust.
        if isinstance(selector, Switch) and name == "scores":
            continue
        with pytest.raises(CombinationError, match=f"needs `{name}`"):
            selector(candidates._replace(**{name: None}), 3, rng=seeded())
    needless = {name: None for name in ("answers", "scores", "predictions", "embeddings") if name not in selector.needs}
    lawful(selector, candidates._replace(**needless), 3)


def test_impossible_candidates_are_refused():
    candidates = pool(10, 2)
    with pytest.raises(ArgumentError, match="`count` must be at least 0"):
        Top()(candidates, -1, rng=seeded())
    with pytest.raises(ArgumentError, match="no row may be both"):
        Top()(candidates._replace(free=np.ones(10, bool)), 1, rng=seeded())
    with pytest.raises(ArgumentError, match="one row an item \\(10\\), got 9"):
        Top()(candidates._replace(scores=candidates.scores[:9]), 1, rng=seeded())
    broken = candidates.embeddings.copy()
    broken[3, 1] = np.nan
    with pytest.raises(ArgumentError, match="row 3 is not; fill in"):
        KCentre()(candidates._replace(embeddings=broken), 1, rng=seeded())


def test_large_but_finite_numbers_are_fine():
    candidates = pool(10, 2, dtype=np.float32)
    candidates = candidates._replace(embeddings=np.full((10, 4), 3e38, np.float32))
    assert len(candidates.embeddings) == 10
    assert KCentre().given(candidates, "embeddings") is candidates.embeddings


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Power(coldness=-1.0), "`coldness` must be at least 0"),
        (lambda: Badge(seeding="x"), "`seeding` must be one of"),
        (lambda: TypiClust(neighbours=0), "`neighbours` must be at least 1"),
        (lambda: ProbCover(radius="x"), "`radius` must be a number, 'share' or 'purity'"),
        (lambda: ProbCover(purity=0.0), "`purity` must be greater than 0"),
        (lambda: MaxHerding(width=0.0), "`width` must be greater than 0"),
        (lambda: UncertaintyHerding(width="x"), "`width` must be a number, 'known' or None"),
        (lambda: UncertaintyHerding(coldness=-1.0), "`coldness` must be at least 0"),
        (lambda: Clustered(excess=0), "`excess` must be at least 1"),
        (lambda: Discriminative(rounds=0), "`rounds` must be at least 1"),
        (lambda: GreedyTarget(first=-1), "`first` must be at least 0"),
        (lambda: Switch(rule="x"), "`rule` must be one of"),
        (lambda: Switch(each=0), "`each` must be at least 1"),
    ],
)
def test_impossible_hyperparameters_are_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
