"""Preferences against numbers worked out by hand, scikit-learn's logistic regression, and brute force."""

import numpy as np
import pytest

from explora.core import ArgumentError
from explora.maths import LEFT, RIGHT, TIE, choose_pairs, fit_preference, information_gain, log_choices


def judged(pairs: int, *, log_tie: float = -np.inf, seed: int = 0):
    """Differences, answers of a careful person, and what that person likes."""
    rng = np.random.default_rng(seed)
    likes = np.array([2.0, -1.0, 0.0, 0.5])
    differences = rng.normal(size=(pairs, 4))
    chance = np.exp(log_choices(differences @ likes, log_tie))
    answers = (rng.random((pairs, 1)) > np.cumsum(chance, axis=1)).sum(axis=1)
    return differences, answers.astype(np.int64), likes


def test_the_answers_to_a_comparison_are_as_probable_as_davidson_says() -> None:
    # utilities ln 4 apart: strengths 4 and 1, whose geometric mean is 2; ν = 1/2 gives 4 : 1 : 1
    found = np.exp(log_choices(np.log(np.array([4.0])), np.log(0.5)))
    np.testing.assert_allclose(found, [[4 / 6, 1 / 6, 1 / 6]], rtol=1e-12)
    without = np.exp(log_choices(np.array([0.7])))
    np.testing.assert_allclose(without, [[1 / (1 + np.exp(-0.7)), 0.0, 1 / (1 + np.exp(0.7))]], rtol=1e-12)
    far = log_choices(np.array([2000.0, -2000.0]))
    np.testing.assert_allclose(far[:, [LEFT, RIGHT]], [[0.0, -2000.0], [-2000.0, 0.0]], atol=1e-9)


def test_one_answer_has_the_fit_that_follows_from_its_equation() -> None:
    # w = 1 - σ(w) maximises ln σ(w) - w²/2; the curvature there is σ(w)(1 - σ(w)) + 1
    found = fit_preference(np.array([[1.0]]), np.array([LEFT]))
    w = 0.4010581375415435
    chance = 1 / (1 + np.exp(-w))
    assert abs(w - (1 - chance)) < 1e-12
    np.testing.assert_allclose(found.weights, [w], rtol=1e-9)
    np.testing.assert_allclose(found.covariance, [[1 / (chance * (1 - chance) + 1)]], rtol=1e-9)
    assert found.converged
    assert found.log_tie == -np.inf
    assert found.reliability.tolist() == [1.0]


def test_one_person_without_ties_is_logistic_regression_on_differences() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    differences, answers, _ = judged(150)
    model = linear.LogisticRegression(C=1.5**2, fit_intercept=False, tol=1e-10).fit(differences, answers == LEFT)
    found = fit_preference(differences, answers, spread=1.5)
    np.testing.assert_allclose(found.weights, model.coef_[0], atol=1e-6)
    chance = 1 / (1 + np.exp(-differences @ found.weights))
    precision = differences.T @ ((chance * (1 - chance))[:, None] * differences) + np.eye(4) / 1.5**2
    np.testing.assert_allclose(found.covariance, np.linalg.inv(precision), rtol=1e-8)


def test_swapping_the_sides_of_everything_changes_nothing() -> None:
    differences, answers, _ = judged(60, log_tie=-0.5)
    first, second = fit_preference(differences, answers), fit_preference(-differences, 2 - answers)
    np.testing.assert_allclose(first.weights, second.weights, atol=1e-12)
    assert first.log_tie == pytest.approx(second.log_tie)


def test_ties_are_learned_and_pull_together() -> None:
    differences, answers, likes = judged(1500, log_tie=np.log(0.8))
    found = fit_preference(differences, answers, spread=3.0)
    assert abs(np.exp(found.log_tie) - 0.8) < 0.15
    assert np.all(np.abs(found.weights - likes) < 4 * np.sqrt(np.diag(found.covariance)))
    alike = fit_preference(np.array([[1.0]]), np.array([TIE]))
    assert alike.weights.tolist() == [0.0]
    assert np.isfinite(alike.log_tie)


def test_who_guesses_counts_less_and_the_others_show_it() -> None:
    differences, answers, likes = judged(600)
    rng = np.random.default_rng(3)
    raters = rng.integers(0, 3, 600)
    guesses = raters == 2
    answers = np.where(guesses, rng.choice([LEFT, RIGHT], 600), answers)
    found, naive = fit_preference(differences, answers, raters=raters), fit_preference(differences, answers)
    assert found.reliability[2] < 0.4
    assert min(found.reliability[:2]) > 0.8
    assert np.abs(found.weights - likes).max() < np.abs(naive.weights - likes).max() / 2
    assert np.diff(found.objective).min() > -1e-9
    assert found.converged


def test_votes_count_as_often_as_they_were_given() -> None:
    differences, answers, _ = judged(20)
    counts = np.arange(20.0) % 3
    often = np.repeat(np.arange(20), counts.astype(int))
    first = fit_preference(differences, answers, counts=counts)
    second = fit_preference(differences[often], answers[often])
    np.testing.assert_allclose(first.weights, second.weights, atol=1e-9)
    np.testing.assert_allclose(first.covariance, second.covariance, atol=1e-9)


def test_without_answers_there_is_the_prior() -> None:
    found = fit_preference(np.zeros((0, 3)), np.zeros(0, np.int64), spread=2.0)
    assert found.weights.tolist() == [0.0] * 3
    np.testing.assert_allclose(found.covariance, 4.0 * np.eye(3))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"answers": np.array([LEFT])}, "2 pairs and 1 entries"),
        ({"answers": np.array([LEFT, 3])}, "LEFT"),
        ({"differences": np.array([[np.nan], [1.0]])}, "finite"),
        ({"raters": np.array([0, -1])}, "negative"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, words) -> None:
    given = {"differences": np.ones((2, 1)), "answers": np.array([LEFT, RIGHT])} | change
    with pytest.raises(ArgumentError, match=words):
        fit_preference(given.pop("differences"), given.pop("answers"), **given)


def test_information_is_that_of_brute_force() -> None:
    means, variances, log_tie, care = np.array([0.0, 1.0, -3.0]), np.array([4.0, 0.25, 1.0]), np.log(0.6), 0.8
    grid = np.linspace(-9, 9, 20001)
    for mean, variance, found in zip(
        means, variances, information_gain(means, variances, log_tie=log_tie, reliability=care), strict=True
    ):
        mass = np.exp(-(grid**2) / 2)
        mass = mass / mass.sum()
        chance = care * np.exp(log_choices(mean + np.sqrt(variance) * grid, log_tie)) + (1 - care) / 3
        entropy = -np.sum(chance * np.log(chance), axis=1)
        whole = mass @ chance
        assert found == pytest.approx(-np.sum(whole * np.log(whole)) - mass @ entropy, abs=1e-5)
    assert information_gain(np.array([0.3]), np.array([0.0]))[0] == pytest.approx(0.0, abs=1e-12)
    guessing = information_gain(np.array([0.3]), np.array([4.0]), reliability=0.0)
    assert guessing[0] == pytest.approx(0.0, abs=1e-12)


def test_pairs_that_tell_most_come_first_and_a_batch_does_not_ask_twice() -> None:
    # what is known about the first feature needs no question
    features = np.array([[5.0, 0.0], [-5.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    covariance = np.diag([1e-6, 4.0])
    pairs, gains = choose_pairs(features, np.zeros(2), covariance, 3, rng=np.random.default_rng(0))
    assert sorted(pairs[0].tolist()) == [2, 3]
    assert np.diff(gains).max() <= 1e-12
    assert len({tuple(sorted(pair)) for pair in pairs.tolist()}) == 3
    again, _ = choose_pairs(features, np.zeros(2), covariance, 6, rng=np.random.default_rng(0), known={(2, 3)})
    assert len(again) == 5
    assert (2, 3) not in {tuple(sorted(pair)) for pair in again.tolist()}
    alike, none = choose_pairs(np.zeros((3, 2)), np.zeros(2), covariance, 2, rng=np.random.default_rng(0))
    assert alike.shape == (0, 2)
    assert none.shape == (0,)


def test_what_stands_on_the_left_is_chance() -> None:
    features, weights, covariance = np.array([[1.0], [0.0]]), np.array([1.0]), np.eye(1)
    left = [choose_pairs(features, weights, covariance, 1, rng=np.random.default_rng(n))[0][0, 0] for n in range(100)]
    assert 30 < np.sum(left) < 70


@pytest.mark.slow
def test_questions_that_tell_most_teach_faster_than_random_ones() -> None:
    """Fitted to 20 answers each, over 12 people: the ranking of what nobody compared is better."""
    better = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        things, likes = rng.normal(size=(60, 6)), 2 * rng.normal(size=6)
        right = []
        for informed in (True, False):
            asked, answers = np.zeros((0, 6)), np.zeros(0, np.int64)
            for _ in range(20):
                fit = fit_preference(asked, answers, spread=2.0)
                if informed:
                    pair = choose_pairs(things, fit.weights, fit.covariance, 1, rng=rng)[0][0]
                else:
                    pair = rng.choice(60, 2, replace=False)
                gap = things[pair[0]] - things[pair[1]]
                said = LEFT if rng.random() < 1 / (1 + np.exp(-gap @ likes)) else RIGHT
                asked, answers = np.vstack([asked, gap]), np.append(answers, said)
            found = fit_preference(asked, answers, spread=2.0).weights
            right.append(np.corrcoef(things @ found, things @ likes)[0, 1])
        better.append(right[0] - right[1])
    assert np.mean(better) > 0.02
    assert np.sum(np.array(better) > 0) >= 8
