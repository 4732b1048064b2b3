import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.domains.pool import folds, split


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_each_class_has_its_share():
    labels = np.repeat([0, 1, 2, 3, -1], [50, 30, 10, 1, 9]).astype(np.int32)
    pool, held = split(labels, None, 0.4, rng=rng())
    assert np.bincount(labels[held]).tolist() == [20, 12, 4]  # of the class of one, none is held out
    assert np.array_equal(np.sort(np.concatenate([pool, held])), np.arange(100))
    assert (labels[pool] == -1).sum() == 9


def test_the_same_seed_gives_the_same_split_and_others_others():
    labels = np.arange(40) % 4
    one, two, three = (split(labels, None, 0.3, rng=rng(seed))[1].tolist() for seed in (1, 1, 2))
    assert one == two != three


def test_every_item_is_held_out_now_and_then():
    labels = np.arange(30) % 3
    dice = rng()
    often = sum(np.bincount(split(labels, None, 0.4, rng=dice)[1], minlength=30) for _ in range(500))
    assert np.all(np.abs(often / 500 - 0.4) < 5 * np.sqrt(0.24 / 500))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 12)), min_size=1, max_size=60),
    st.floats(0, 1),
    st.booleans(),
    st.integers(0, 99),
)
def test_groups_never_straddle_and_no_class_leaves_the_pool(rows, share, grouped, seed):
    labels = np.array([label for label, _ in rows], np.int32)
    groups = [f"g{group}" for _, group in rows] if grouped else None
    pool, held = split(labels, groups, share, rng=rng(seed))
    assert not set(pool) & set(held)
    assert (labels[held] >= 0).all()
    assert set(labels[held]) <= set(labels[pool])
    if groups is None:
        assert len(pool) + len(held) == len(rows)
    else:
        own = np.array(groups)
        assert not set(own[pool]) & set(own[held])
        left = np.setdiff1d(np.arange(len(rows)), np.concatenate([pool, held]))
        assert (labels[left] == -1).all()  # without a label, and of a group that is held out


def test_groups_are_dealt_out_fairly():
    labels = np.arange(600) % 3
    groups = (np.arange(600) // 6).tolist()
    _, held = split(labels, groups, 0.4, rng=rng())
    assert np.bincount(labels[held]).tolist() == [80, 80, 80]
    skewed = (rng().random(600) ** 3 * 40).astype(int)
    _, held = split(labels, skewed.tolist(), 0.4, rng=rng())
    assert 200 < len(held) < 280


def test_numbers_are_held_out_evenly_and_several_labels_too():
    numbers = rng().normal(size=200)
    numbers[:20] = np.nan
    _, held = split(numbers, None, 0.25, rng=rng())
    assert len(held) == 45
    tenths = np.searchsorted(np.sort(numbers[20:]), numbers[held]) // 18
    assert set(np.bincount(tenths, minlength=10)) <= {4, 5}
    rows = np.zeros((100, 3), np.float32)
    rows[:, 0], rows[::2, 1], rows[::10, 2] = 1, 1, 1
    rows[5] = np.nan
    _, held = split(rows, None, 0.4, rng=rng())
    assert rows[held, 2].sum() == 4
    assert 5 not in held
    assert split(np.zeros((4, 0), np.float32), None, 0.5, rng=rng())[1].shape == (2,)


def test_nothing_labelled_means_nothing_held_out():
    pool, held = split(np.full(5, -1, np.int32), None, 0.4, rng=rng())
    assert pool.tolist() == [0, 1, 2, 3, 4]
    assert len(held) == 0


@pytest.mark.parametrize("groups", [None, (np.arange(103) // 3).tolist()])
def test_folds(groups):
    labels = np.array([0] * 60 + [1] * 35 + [2] * 8)
    found = folds(labels, groups, 5, 3, rng=rng())
    assert len(found) == 15
    for repeat in range(3):
        parts = found[5 * repeat : 5 * repeat + 5]
        assert np.array_equal(np.sort(np.concatenate([held for _, held in parts])), np.arange(103))
        for left, held in parts:
            assert len(left) + len(held) == 103
            assert abs(len(held) - 103 / 5) < (1 if groups is None else 4)
            assert abs((labels[held] == 1).sum() - 7) <= (1 if groups is None else 3)
            if groups is not None:
                own = np.array(groups)
                assert not set(own[left]) & set(own[held])
    assert found[0][1].tolist() != found[5][1].tolist()


def test_impossible_splits():
    with pytest.raises(ArgumentError, match=r"`share` must be at least 0.0 and at most 1.0, got 1.5"):
        split(np.zeros(3, np.int32), None, 1.5, rng=rng())
    with pytest.raises(ArgumentError, match="`groups` must have one entry for each of 3 items, got 1"):
        split(np.zeros(3, np.int32), ["a"], 0.5, rng=rng())
    with pytest.raises(ArgumentError, match="at most the number of labelled groups, 1, got 2"):
        folds(np.zeros(3, np.int32), ["a"] * 3, 2, rng=rng())
    with pytest.raises(ArgumentError, match="`count` must be at least 2"):
        folds(np.zeros(3, np.int32), None, 1, rng=rng())
