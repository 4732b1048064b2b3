"""EPIG and BatchBALD against brute force, published numbers and scikit-activeml."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.pool import batch_bald as their_batch

from explora.core import ArgumentError
from explora.scores import bald, batch_bald, entropy, epig

PUBLISHED = (
    "0.26082319 0.51374567 0.73904878 0.93539158 1.07305285 1.27963334 1.32600832 1.32793891 1.77275521 1.74883515 "
    "1.81012598 1.91902003 1.90019259 2.14320686 1.91724786 2.59798092 2.29420766 2.14945838 3.22228023 1.69877866"
)


def draw(seed: int, rows: int, members: int, classes: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(classes), size=(rows, members))


def legacy(seed: int) -> np.random.Generator:
    """A generator that draws what `np.random.RandomState(seed).random_sample` does."""
    return np.random.Generator(np.random.RandomState(seed)._bit_generator)


# --- EPIG ------------------------------------------------------------------------------------------------------------


def test_information_about_the_targets_by_hand():
    opposed, unsure, agreed = np.eye(2), np.full((2, 2), 0.5), np.array([[1.0, 0.0], [1.0, 0.0]])
    targets = np.stack([opposed, agreed])
    # At an opposed row the answer tells which member is right, and with it one of the two targets: ln 2 / 2.
    np.testing.assert_allclose(
        epig(np.stack([opposed, unsure, agreed]), targets), [np.log(2) / 2, 0, 0], rtol=1e-14, atol=1e-15
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.integers(2, 4), st.integers(2, 4))
def test_information_about_the_targets_by_brute_force(seed, members, classes):
    rows, targets = draw(seed, 4, members, classes), draw(seed + 1, 3, members, classes)
    expected = np.zeros(4)
    for x, t in itertools.product(range(4), range(3)):
        joint = np.einsum("ma,mb->ab", rows[x], targets[t]) / members
        apart = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        expected[x] += np.sum(joint * np.log(joint / apart)) / 3
    np.testing.assert_allclose(epig(rows, targets), expected, atol=1e-13)
    assert np.all(epig(rows, targets) <= bald(rows) + 1e-12)


def test_targets_that_give_the_member_away_make_it_bald():
    rows = draw(3, 50, 3, 4)
    np.testing.assert_allclose(epig(rows, np.eye(4)[None, :3]), bald(rows), atol=1e-13)


def test_many_blocks_are_as_one():
    rows, targets = draw(4, 300, 5, 10), draw(5, 40, 5, 10)  # 16 rows a block
    np.testing.assert_allclose(epig(rows, targets)[[0, 17, 299]], epig(rows[[0, 17, 299]], targets), atol=1e-13)
    assert epig(rows.astype(np.float32), targets).dtype == np.float32


@pytest.mark.parametrize("shape", [(0, 3, 4), (5, 2, 4), (5, 3, 3)])
def test_targets_that_do_not_fit_are_refused(shape):
    with pytest.raises(ArgumentError, match="`targets` must be the predictions of the same 3 members of 4 classes"):
        epig(draw(0, 6, 3, 4), np.ones(shape))


# --- BatchBALD -------------------------------------------------------------------------------------------------------


def published_input() -> np.ndarray:
    raw = np.random.RandomState(0).random(2 * 200 * 10).reshape(10, 200, 2)
    return (raw / raw.sum(axis=2, keepdims=True)).swapaxes(0, 1).copy()


def test_the_twenty_published_values():
    _, scores = batch_bald(published_input(), 20, rng=legacy(0), samples=10)
    np.testing.assert_allclose(scores, [float(x) for x in PUBLISHED.split()], rtol=1e-6)


def test_the_choices_of_scikit_activeml():
    theirs = their_batch(published_input().swapaxes(0, 1).copy(), 20, 10, np.random.RandomState(0))
    chosen, scores = batch_bald(published_input(), 20, rng=legacy(0), samples=10)
    assert chosen.tolist() == np.nanargmax(theirs, axis=1).tolist()
    np.testing.assert_allclose(scores, np.nanmax(theirs, axis=1), rtol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.integers(2, 4), st.integers(2, 3))
def test_exact_while_the_combinations_are_few(seed, members, classes):
    predictions = draw(seed, 8, members, classes)
    chosen, scores = batch_bald(predictions, 3, rng=np.random.default_rng(0), samples=9)
    rest = np.mean([entropy(predictions[:, m]) for m in range(members)], axis=0)

    def together(rows: list[int]) -> float:
        joint = np.array(
            [
                np.mean(np.prod([predictions[row, :, c] for row, c in zip(rows, combination)], axis=0))
                for combination in itertools.product(range(classes), repeat=len(rows))
            ]
        )
        return float(-np.sum(joint * np.log(joint)) - rest[rows].sum())

    for number in range(3):
        before = chosen[:number].tolist()
        best = max(together([*before, row]) for row in range(8) if row not in before)
        assert together(chosen[: number + 1].tolist()) == pytest.approx(best, abs=1e-12)
        assert scores[number] == pytest.approx(best, abs=1e-12)


def test_drawn_combinations_come_close_to_all_of_them():
    predictions = draw(7, 12, 4, 3)
    exact = batch_bald(predictions, 4, rng=np.random.default_rng(0), samples=1000)[1]
    drawn = batch_bald(predictions, 4, rng=np.random.default_rng(0), samples=26)[1]
    many = batch_bald(predictions[:4], 4, rng=np.random.default_rng(0), samples=20)[1]
    assert exact[:3].tolist() == pytest.approx(drawn[:3].tolist(), abs=1e-12)  # 3² combinations are few enough
    assert abs(drawn[3] - exact[3]) < 0.3
    assert np.all(np.isfinite(many))
    close = np.mean(
        [batch_bald(predictions, 4, rng=np.random.default_rng(seed), samples=26)[1][3] for seed in range(40)]
    )
    assert close == pytest.approx(exact[3], abs=0.08)


def test_the_first_choice_is_bald():
    predictions = draw(8, 3000, 5, 10)
    chosen, scores = batch_bald(predictions, 1, rng=np.random.default_rng(0))
    assert chosen.tolist() == [int(np.argmax(bald(predictions)))]
    assert scores[0] == pytest.approx(bald(predictions).max(), abs=1e-12)


def test_a_copy_of_a_row_is_not_asked_too():
    first = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])  # tells the first member from the others, for sure
    other = np.array([[1.0, 0.0], [1.0, 0.0], [0.4, 0.6]])  # hints at the third
    predictions = np.stack([first, first, other])
    assert np.argsort(-bald(predictions), kind="stable").tolist() == [0, 1, 2]
    assert batch_bald(predictions, 2, rng=np.random.default_rng(0))[0].tolist() == [0, 2]


def test_rows_that_are_not_finite_are_never_chosen():
    predictions = draw(9, 6, 3, 2)
    predictions[[1, 4], 0, 0] = np.nan
    chosen, scores = batch_bald(predictions, 6, rng=np.random.default_rng(0))
    assert sorted(chosen.tolist()) == [0, 2, 3, 5]
    assert np.all(np.isfinite(scores))


def test_many_certain_rows_underflow_nowhere():
    sure = np.eye(10)[np.random.default_rng(0).integers(0, 10, (120, 3))]
    chosen, scores = batch_bald(sure, 120, rng=np.random.default_rng(0), samples=30)
    assert sorted(chosen.tolist()) == list(range(120))
    np.testing.assert_allclose(scores[3:], np.log(3), rtol=1e-9)  # all that three members can hide


@pytest.mark.parametrize(("count", "samples", "name"), [(0, 10, "count"), (1, 0, "samples")])
def test_impossible_numbers_are_refused(count, samples, name):
    with pytest.raises(ArgumentError, match=f"`{name}` must be at least 1, got 0"):
        batch_bald(draw(0, 3, 2, 2), count, rng=np.random.default_rng(0), samples=samples)
