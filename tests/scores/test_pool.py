"""Scores of a pool as parts: what they read, need, refuse, remember and leave alone."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import explora.scores as s
from explora.core import ArgumentError, CombinationError, Lesson, Outcome, Score, Status, build, fresh_lesson, spec

ROWS, MEMBERS, CLASSES, FEATURES = 60, 4, 3, 5
RNG = np.random.default_rng(0)
GIVEN = RNG.dirichlet(np.ones(CLASSES), size=(ROWS, MEMBERS))
PHI = RNG.normal(size=(ROWS, FEATURES)) + 1.0
MEAN = GIVEN.mean(axis=1)

ONE = [s.LeastConfident(), s.Margin(), s.Entropy()]
COMMITTEE = [s.VoteEntropy(), s.VariationRatio(), s.ConsensusEntropy(), s.Divergence(), s.MaxDivergence(), s.BALD()]
REGRESSION = [s.Variance(), s.ModelChange()]
FEATURED = [
    s.GradientLength(),
    s.VarianceReduction(),
    s.ErrorReduction(targets=20),
    s.Dense(),
    s.Dense(kernel="gaussian"),
]
ALL = [*ONE, *COMMITTEE, *REGRESSION, s.EPIG(targets=20), *FEATURED]

name_of = lambda score: type(score).__name__


def lesson(rows: int = ROWS, **fields: Any) -> Lesson:
    return fresh_lesson(jnp.zeros((rows, 1)), False, **fields)


def outcome(given: np.ndarray | None = GIVEN, phi: np.ndarray | None = PHI, **columns: Any) -> Outcome:
    rows = next(len(x) for x in (given, phi, *columns.values()) if x is not None)
    return Outcome(jnp.full((rows,), Status.ANSWERED, jnp.int8), predictions=given, embeddings=phi, **columns)


def judge(score: Score, result: Outcome, rows: Any = None, **fields: Any) -> tuple[np.ndarray, Any]:
    count = result.status.shape[0]
    if rows is None:
        rows = jax.tree.map(lambda x: np.broadcast_to(x, (count,)), score.init())
    values, rows = score(lesson(count, plays=0, **fields), result, rows)
    return np.asarray(values), rows


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (s.LeastConfident(), s.least_confident(MEAN)),
        (s.Margin(), s.margin(MEAN)),
        (s.Entropy(), s.entropy(MEAN)),
        (s.VoteEntropy(), s.vote_entropy(GIVEN.argmax(axis=2))),
        (s.VariationRatio(), s.variation_ratio(GIVEN.argmax(axis=2))),
        (s.ConsensusEntropy(), s.consensus_entropy(GIVEN)),
        (s.Divergence(), s.mean_divergence(GIVEN)),
        (s.MaxDivergence(), s.max_divergence(GIVEN)),
        (s.BALD(), s.bald(GIVEN)),
        (s.Variance(), s.variance(GIVEN)),
        (s.EPIG(targets=ROWS), s.epig(GIVEN, GIVEN)),
        (s.GradientLength(), s.gradient_length(MEAN, PHI)),
        (s.GradientLength(intercept=False), s.gradient_length(MEAN, PHI, False)),
        (s.ModelChange(), s.model_change(GIVEN, PHI)),
        (s.VarianceReduction(ridge=3.0), s.variance_reduction(PHI, PHI[:0], ridge=3.0)),
        (s.ErrorReduction(targets=ROWS), s.error_reduction(MEAN, PHI, PHI[:0], (MEAN, PHI))),
        (s.Dense(s.Entropy(), power=2.0), s.entropy(MEAN) * np.maximum(s.cosine_density(PHI), 0) ** 2),
        (s.Dense(kernel="gaussian", width=2.0), s.margin(MEAN) * s.gaussian_density(PHI, PHI, 2.0)),
    ],
    ids=lambda x: name_of(x) if isinstance(x, Score) else "",
)
def test_a_part_is_its_function(score, expected):
    np.testing.assert_allclose(judge(score, outcome())[0], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("score", ALL, ids=name_of)
def test_laws_of_every_score(score):
    before = GIVEN.copy(), PHI.copy()
    values, _ = judge(score, outcome())
    assert np.array_equal(GIVEN, before[0])
    assert np.array_equal(PHI, before[1])
    assert values.shape == (ROWS,)
    assert values.dtype == np.float64
    assert np.all(np.isfinite(values))
    assert np.array_equal(values, judge(score, outcome())[0]), "a score is a function"
    assert score.hosted
    assert jax.tree.all(jax.tree.map(np.array_equal, build(spec(score)), score)), "it survives as JSON"


@pytest.mark.parametrize("score", ALL, ids=name_of)
def test_single_precision_stays_single(score):
    single, _ = judge(score, outcome(GIVEN.astype(np.float32), PHI.astype(np.float32)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, judge(score, outcome())[0], rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("score", ALL, ids=name_of)
def test_jax_arrays_do_as_well(score):
    given, phi = GIVEN.astype(np.float32), PHI.astype(np.float32)
    jaxed, _ = judge(score, outcome(jnp.asarray(given), jnp.asarray(phi)))
    np.testing.assert_array_equal(jaxed, judge(score, outcome(given, phi))[0])


@pytest.mark.parametrize("score", ALL, ids=name_of)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_that_is_not_finite_is_alone_with_it(score, bad):
    given, phi = GIVEN.copy(), PHI.copy()
    given[7, 1, 0], phi[7, 2] = bad, bad
    values, _ = judge(score, outcome(given, phi))
    assert np.flatnonzero(~np.isfinite(values)).tolist() == [7]


@pytest.mark.parametrize("score", ALL, ids=name_of)
def test_rows_that_are_all_lost_raise_nothing(score):
    lost = outcome(np.full_like(GIVEN, np.nan), np.full_like(PHI, np.nan))
    assert np.isnan(judge(score, lost)[0]).all()


@pytest.mark.parametrize("score", ALL, ids=name_of)
def test_no_rows_have_no_scores(score):
    assert judge(score, outcome(GIVEN[:0], PHI[:0]))[0].shape == (0,)


@pytest.mark.parametrize("score", [*ONE, s.GradientLength(), s.ErrorReduction(), s.Dense()], ids=name_of)
def test_a_single_model_is_enough(score):
    assert "committee" not in score.needs
    assert np.isfinite(judge(score, outcome(GIVEN[:, :1]))[0]).all()


@pytest.mark.parametrize("score", [*COMMITTEE, *REGRESSION, s.EPIG()], ids=name_of)
def test_a_committee_of_one_is_refused(score):
    assert "committee" in score.needs
    with pytest.raises(CombinationError, match=rf"{name_of(score)} compares the members.*has one only; use a learner"):
        judge(score, outcome(GIVEN[:, :1]))


@pytest.mark.parametrize("score", ALL, ids=name_of)
def test_what_was_not_measured_is_named(score):
    for name, columns in {"predictions": {"given": None}, "embeddings": {"phi": None}}.items():
        if name in score.needs:
            with pytest.raises(CombinationError, match=rf"needs `outcome\.{name}`, which was not measured"):
                judge(score, outcome(**columns))
        else:
            assert np.isfinite(judge(score, outcome(**columns))[0]).all()


@pytest.mark.parametrize("score", [s.Margin(), s.BALD(), s.VarianceReduction()], ids=name_of)
def test_what_cannot_be_compiled_says_so(score):
    rows = jnp.zeros((ROWS,), bool)
    with pytest.raises(
        CombinationError, match="computed on the host with NumPy and cannot be compiled; use an explorer"
    ):
        jax.jit(lambda x, y: score(lesson(), outcome(x, y), rows))(jnp.asarray(GIVEN), jnp.asarray(PHI))


def test_they_can_be_terms_of_a_sum():
    score = s.Sum({"margin": s.Margin(), "bald": s.BALD()}, {"bald": 0.5})
    values, rows = judge(score, outcome(GIVEN.astype(np.float32)))
    np.testing.assert_allclose(values, s.margin(MEAN) + 0.5 * s.bald(GIVEN), rtol=1e-5)
    np.testing.assert_allclose(rows["bald"]["value"], s.bald(GIVEN), rtol=1e-4)


# --- draws -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [s.EPIG, s.ErrorReduction], ids=lambda x: x.__name__)
def test_a_seed_is_a_draw(make):
    ask = lambda seed: judge(make(targets=5, seed=seed), outcome())[0]
    assert np.array_equal(ask(1), ask(1))
    assert not np.array_equal(ask(1), ask(2))


def test_targets_are_drawn_from_rows_that_are_finite():
    given = GIVEN.copy()
    given[::2] = np.nan
    values, _ = judge(s.EPIG(targets=ROWS), outcome(given))
    np.testing.assert_allclose(values[1::2], s.epig(GIVEN[1::2], GIVEN[1::2]), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "fields", "message"),
    [
        (s.EPIG, {"targets": 0}, "`targets` must be at least 1, got 0"),
        (s.EPIG, {"seed": -1}, "`seed` must be at least 0, got -1"),
        (s.ErrorReduction, {"targets": 0}, "`targets` must be at least 1, got 0"),
        (s.VarianceReduction, {"ridge": 0.0}, "`ridge` must be greater than 0"),
        (s.Dense, {"kernel": "linear"}, "`kernel` must be 'cosine' or 'gaussian', got 'linear'"),
        (s.Dense, {"power": -1.0}, "`power` must be at least 0"),
        (s.Dense, {"width": 0.0}, "`width` must be greater than 0"),
        (s.Dense, {"others": 0}, "`others` must be at least 1"),
    ],
)
def test_impossible_fields_are_refused(make, fields, message):
    with pytest.raises(ArgumentError, match=message):
        make(**fields)


# --- memory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", [s.VarianceReduction(), s.ErrorReduction(targets=ROWS)], ids=name_of)
def test_answered_rows_are_remembered_and_looks_are_not(score):
    asked = np.arange(ROWS) < 9
    before, rows = judge(score, outcome())
    assert not rows.any(), "a look makes nothing known"
    status = jnp.where(jnp.asarray(asked), Status.ANSWERED, Status.WAITING).astype(jnp.int8)
    told = Outcome(status, predictions=GIVEN, embeddings=PHI)
    _, rows = score(lesson(plays=1), told, rows)
    assert np.array_equal(rows, asked)
    after, same = judge(score, outcome(), rows)
    assert np.array_equal(same, asked)
    if isinstance(score, s.VarianceReduction):
        np.testing.assert_allclose(after, s.variance_reduction(PHI, PHI[:9]), rtol=1e-12)
    else:
        np.testing.assert_allclose(after, s.error_reduction(MEAN, PHI, PHI[:9], (MEAN, PHI)), rtol=1e-12)
    assert not np.allclose(after, before)


def test_density_keeps_the_memory_of_what_it_weights():
    score = s.Dense(s.VarianceReduction())
    assert score.needs == {"embeddings"}
    assert judge(score, outcome(given=None))[1].shape == (ROWS,)


def test_no_power_leaves_a_score_as_it_is():
    np.testing.assert_array_equal(judge(s.Dense(power=0.0), outcome())[0], s.margin(MEAN))


def test_density_of_rows_that_are_all_the_same():
    same = np.ones((ROWS, FEATURES))
    np.testing.assert_allclose(judge(s.Dense(kernel="gaussian"), outcome(GIVEN, same))[0], s.margin(MEAN), rtol=1e-12)


# --- losses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_losses_that_are_expected_and_that_can_be_reduced(array):
    losses, rest = array(np.float32([2.0, 0.5, 1.0])), array(np.float32([1.5, 0.5, np.nan]))
    result = outcome(None, None, losses=losses, irreducible=rest)
    assert judge(s.PredictedLoss(), result)[0].tolist() == [2.0, 0.5, 1.0]
    np.testing.assert_array_equal(judge(s.ReducibleLoss(), result)[0], [0.5, 0.0, np.nan])
    with pytest.raises(CombinationError, match=r"ReducibleLoss needs `outcome\.irreducible`"):
        judge(s.ReducibleLoss(), outcome(None, None, losses=losses))
    assert s.ReducibleLoss().needs == {"losses", "irreducible"}


def test_losses_are_scores_of_compiled_runs_too():
    assert not s.PredictedLoss().hosted
    values = jax.jit(lambda x: s.PredictedLoss()(lesson(2), outcome(None, None, losses=x), ())[0])(jnp.ones(2))
    assert values.tolist() == [1.0, 1.0]
