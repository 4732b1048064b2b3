"""modAL's interface: its documented curve, its numbers, its shapes and defaults, and what it gets wrong."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from explora import scores
from explora.adapters import modal
from explora.core import ArgumentError

X, Y = load_iris(return_X_y=True)
START = np.arange(0, 150, 15)

# What modAL's documentation prints for this very program, after each of 20 queries.
DOCUMENTED = [0.6667, 0.6667, 0.88, 0.88, 0.8733, 0.84, 0.74, *[0.7267] * 7, 0.72, 0.84, 0.88, 0.8933, 0.9267, 0.9267]


class Says:
    """A classifier or a committee that says what it was told to."""

    def __init__(self, proba=None, votes=None, members=1):
        self.proba, self.votes, self.members = proba, votes, members

    def predict_proba(self, X):
        return self.proba if self.members == 1 else self.proba.mean(axis=1)

    def vote_proba(self, X):
        return self.proba

    def vote(self, X):
        return self.votes


def learner(**kwargs):
    return modal.ActiveLearner(LogisticRegression(max_iter=500), X_training=X[START], y_training=Y[START], **kwargs)


@pytest.fixture
def legacy():
    """NumPy's global state, which programs for modAL seed, given back as it was."""
    state = np.random.get_state()
    np.random.seed(123)
    yield
    np.random.set_state(state)


@pytest.mark.usefixtures("legacy")
def test_the_curve_of_the_documentation_comes_out_number_for_number():
    first = np.random.randint(low=0, high=len(X) + 1, size=3)
    asks = modal.ActiveLearner(KNeighborsClassifier(3), X_training=X[first], y_training=Y[first])
    pool, labels, curve = np.delete(X, first, axis=0), np.delete(Y, first), []
    for _ in range(20):
        row, _ = asks.query(pool)
        asks.teach(pool[row].reshape(1, -1), labels[row].reshape(1))
        pool, labels = np.delete(pool, row, axis=0), np.delete(labels, row)
        curve.append(round(asks.score(X, Y), 4))
    assert curve == DOCUMENTED


def test_measures_are_those_of_the_scores():
    rng = np.random.default_rng(0)
    proba, members = rng.dirichlet(np.ones(4), 30), rng.dirichlet(np.ones(3), (30, 5))
    one, many = Says(proba), Says(members, members.argmax(2), 5)
    np.testing.assert_array_equal(modal.classifier_uncertainty(one, X), scores.least_confident(proba))
    ordered = np.sort(proba, axis=1)
    np.testing.assert_allclose(modal.classifier_margin(one, X), ordered[:, -1] - ordered[:, -2], atol=1e-12)
    np.testing.assert_allclose(modal.classifier_entropy(one, X), -(proba * np.log(proba)).sum(1))
    np.testing.assert_array_equal(modal.vote_entropy(many, X), scores.vote_entropy(members.argmax(2)))
    np.testing.assert_allclose(modal.consensus_entropy(many, X), scores.consensus_entropy(members))
    np.testing.assert_allclose(modal.KL_max_disagreement(many, X), scores.max_divergence(members))
    words = Says(votes=np.array([["a", "b"], ["c", "c"]]))
    np.testing.assert_allclose(modal.vote_entropy(words, X[:2]), [np.log(2), 0])


def test_nothing_fitted_means_all_rows_alike():
    fresh = modal.ActiveLearner(LogisticRegression())
    assert set(modal.classifier_uncertainty(fresh, X)) == {1.0}
    assert set(modal.classifier_margin(fresh, X)) == set(modal.classifier_entropy(fresh, X)) == {0.0}
    unfitted = modal.Committee([modal.ActiveLearner(KNeighborsClassifier())])
    assert unfitted.classes_ is None
    assert set(modal.KL_max_disagreement(unfitted, X)) == {0.0}
    with pytest.raises(NotFittedError):
        unfitted.vote_proba(X)
    assert modal.expected_error_reduction(fresh, X)[0].tolist() == [0]


def test_choices_by_value():
    values = np.array([0.1, 0.7, 0.7, 0.3])
    assert [x.tolist() for x in modal.multi_argmax(values, 2)] == [[1, 2], [0.7, 0.7]]
    assert modal.multi_argmax(values)[0].tolist() == [1]
    assert modal.multi_argmin(values, 2)[0].tolist() == [0, 3]
    seen = {modal.shuffled_argmax(values, rng=seed)[0][0] for seed in range(20)}
    assert seen == {1, 2}
    assert modal.shuffled_argmin(values, 2, rng=0)[1].tolist() == [0.3, 0.1]
    assert modal.weighted_random(np.array([0.0, 1.0, 1.0]), 2, rng=0).tolist() in ([1, 2], [2, 1])
    for refused in (lambda: modal.multi_argmax(values, 5), lambda: modal.weighted_random(np.zeros(3))):
        with pytest.raises(ArgumentError):
            refused()
        with pytest.raises(AssertionError):  # what programs for modAL catch
            refused()


def test_a_learner_keeps_its_rows():
    asks = learner()
    row, instance, metric = asks.query(X, n_instances=3, return_metrics=True)
    np.testing.assert_array_equal(instance, X[row])
    np.testing.assert_allclose(metric, modal.classifier_uncertainty(asks, X)[row])
    asks.teach(X[row], Y[row])
    assert len(asks.X_training) == len(asks.y_training) == len(START) + 3
    asks.teach(X[:60], Y[:60], only_new=True)
    assert len(asks.X_training) == len(START) + 3
    assert asks.predict_proba(X).shape == (150, 2)
    asks.fit(X, Y)
    assert asks.score(X, Y) > 0.9
    with pytest.raises(ValueError, match="shape"):
        asks.teach(X[:2, :2], Y[:2])
    assert len(asks.X_training) == 150
    with pytest.raises(AssertionError):
        modal.ActiveLearner(LogisticRegression(), query_strategy="margin")


def test_places_alone_are_no_pair_and_errors_are_told_once():
    two = modal.ActiveLearner(None, query_strategy=lambda learner, pool: np.array([4, 7]))
    row, instance = two.query(X)
    assert row.tolist() == [4, 7]
    np.testing.assert_array_equal(instance, X[[4, 7]])
    calls = []

    def fails(learner, pool):
        calls.append(1)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        modal.ActiveLearner(None, query_strategy=fails).query(X)
    assert len(calls) == 1


@pytest.mark.parametrize("kind", [sparse.csr_matrix, pd.DataFrame, np.array, list], ids=lambda x: x.__name__)
def test_rows_of_every_kind(kind):
    make = lambda rows: rows.tolist() if kind is list else kind(rows)
    forest = RandomForestClassifier(2, random_state=0)
    asks = modal.ActiveLearner(forest, X_training=make(X[START]), y_training=Y[START])
    row, instance = asks.query(make(X))
    asks.teach(modal.retrieve_rows(make(X), row), Y[row])
    assert modal.data_shape(asks.X_training) == (len(START) + 1, 4)
    places, metric = modal.expected_error_reduction(asks, make(X[:4]), n_instances=2, loss="log")
    assert len(set(places.tolist())) == 2
    assert (metric >= 0).all()
    assert instance is not None
    assert [place for place, _ in modal.enumerate_data(make(X[:3]))] == [0, 1, 2]


@pytest.mark.slow
def test_expected_error_is_the_sum_over_the_rest_of_the_pool():
    asks, pool = learner(), X[1:6]
    places, metric = modal.expected_error_reduction(asks, pool, n_instances=5)
    for place, said in zip(places, metric, strict=True):
        rest, expected = np.delete(pool, place, axis=0), 0.0
        for label, chance in enumerate(asks.predict_proba(pool)[place]):
            inputs, labels = np.vstack([X[START], pool[place]]), np.append(Y[START], label)
            again = LogisticRegression(max_iter=500).fit(inputs, labels)
            expected += chance * (1 - again.predict_proba(rest).max(axis=1)).sum()
        assert said == pytest.approx(expected)
    with pytest.raises(AssertionError):
        modal.expected_error_reduction(asks, pool, loss="hinge")


def test_committees():
    members = [learner(), modal.ActiveLearner(KNeighborsClassifier(1), X_training=X[:60:5], y_training=Y[:60:5])]
    asks = modal.Committee(members)
    assert asks.classes_ is not None
    assert asks.vote(X).shape == (150, 2)
    assert asks.vote_proba(X).shape == (150, 2, 3 if Y[START].max() == 2 else 2)
    np.testing.assert_allclose(asks.predict_proba(X), asks.vote_proba(X).mean(1))
    assert [x is y for x, y in zip(asks, members, strict=True)] == [True, True]
    row, _ = asks.query(X, n_instances=2)
    asks.teach(X[row], Y[row])
    assert [len(x.X_training) for x in asks] == [len(START) + 2, 14]
    asks.teach(X[100:102], Y[100:102])
    assert asks.classes_.tolist() == [0, 1, 2]
    asks.rebag()
    asks.fit(X, Y)
    assert asks.score(X, Y) > 0.95
    with pytest.raises(AssertionError):
        modal.Committee(tuple(members))


def test_a_member_gives_no_chance_to_a_class_that_it_does_not_know():
    full = modal.check_class_proba(np.array([[0.3, 0.7]]), known_labels=["c", "a"], all_labels=["a", "b", "c"])
    np.testing.assert_allclose(full, [[0.7, 0.0, 0.3]])


def test_regressors_ask_where_they_differ():
    inputs = np.linspace(0, 6, 40)[:, None]
    values = np.sin(inputs[:, 0])
    halves = [modal.ActiveLearner(GaussianProcessRegressor(), X_training=inputs[s], y_training=values[s])
              for s in (slice(0, 10), slice(5, 15))]  # fmt: skip
    asks = modal.CommitteeRegressor(halves)
    mean, std = asks.predict(inputs, return_std=True)
    np.testing.assert_allclose(mean, asks.vote(inputs).mean(1))
    assert asks.query(inputs)[0].tolist() == [int(np.argmax(std))]


def test_an_optimizer_finds_the_maximum():
    inputs = np.linspace(0, 6, 60)[:, None]
    values = np.sin(inputs[:, 0])
    for strategy in (modal.max_EI, modal.max_UCB):
        model = GaussianProcessRegressor(normalize_y=True, alpha=1e-6)
        asks = modal.BayesianOptimizer(model, strategy, X_training=inputs[::20], y_training=values[::20])
        for _ in range(6):
            row, _ = asks.query(inputs)
            asks.teach(inputs[row], values[row])
        assert asks.get_max()[1] > 0.99
        assert modal.max_PI(asks, inputs, 0.1)[0][0] == modal.optimizer_PI(asks, inputs, 0.1).argmax()
    assert modal.EI(np.zeros(1), np.ones(1), 0.0, 0.0) == pytest.approx(1 / np.sqrt(2 * np.pi))
    assert modal.PI(np.zeros(1), np.zeros(1), 0.0, 0.0) == pytest.approx(0.5)
    assert modal.BayesianOptimizer(GaussianProcessRegressor()).get_max() == (None, -np.inf)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_ranked_batches_weigh_distance_and_uncertainty(metric):
    asks, pool = learner(query_strategy=modal.uncertainty_batch_sampling), np.delete(X, START, axis=0)
    unsure, known, left, want = modal.classifier_uncertainty(asks, pool), X[START], list(range(len(pool))), []
    for _ in range(6):  # the formula of the paper, written down once more
        near = pairwise_distances(pool[left], known, metric=metric).min(axis=1)
        alpha = len(left) / (len(left) + len(known))
        best = left[int(np.argmax(alpha * (1 - 1 / (1 + near)) + (1 - alpha) * unsure[left]))]
        want.append(best)
        left.remove(best)
        known = np.vstack([known, pool[best]])
    rows, _ = asks.query(pool, n_instances=6, metric=metric)
    assert rows.tolist() == want
    cold = modal.ActiveLearner(LogisticRegression(), modal.uncertainty_batch_sampling)
    central = int(pairwise_distances(X, metric=metric).sum(axis=0).argmin())
    batch = cold.query(X, n_instances=5, metric=metric)[0].tolist()
    assert batch[0] == central
    assert len(set(batch)) == 5


def test_strategies_see_what_the_last_step_of_a_pipeline_sees():
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    seen = modal.ActiveLearner(pipe, modal.uncertainty_batch_sampling, X[START], Y[START], on_transformed=True)
    np.testing.assert_allclose(seen.transform_without_estimating(X), pipe[:-1].transform(X))
    assert modal.Committee([seen, learner()]).transform_without_estimating(X).shape == (150, 8)
    assert len(set(seen.query(X, n_instances=4)[0].tolist())) == 4


def test_density_and_combinations():
    want = (1 / (1 + pairwise_distances(X))).mean(axis=1)
    np.testing.assert_allclose(modal.information_density(X), want)
    assert modal.euclidean_similarity([0, 0], [3, 4]) == pytest.approx(1 / 6)
    assert modal.cosine_similarity([1, 0], [2, 0]) == pytest.approx(1)
    asks = learner()
    both = modal.make_linear_combination(modal.classifier_uncertainty, modal.classifier_entropy, weights=[2, 1])
    parts = 2 * modal.classifier_uncertainty(asks, X) + modal.classifier_entropy(asks, X)
    np.testing.assert_allclose(both(asks, X), parts)
    product = modal.make_product(modal.classifier_uncertainty, exponents=[2])
    strategy = modal.make_query_strategy(product, modal.multi_argmax)
    assert strategy(asks, X)[0].tolist() == modal.uncertainty_sampling(asks, X)[0].tolist()
    with pytest.raises(AssertionError):
        modal.make_product(modal.classifier_margin, exponents=[1, 2])


def test_several_labels_at_once():
    labels = np.eye(3, dtype=int)[Y]
    model = OneVsRestClassifier(LogisticRegression(max_iter=500)).fit(X[::3], labels[::3])
    chances = model.predict_proba(X)
    assert modal.min_confidence(model, X)[0][0] == chances.min(axis=1).argmin()
    assert modal.avg_confidence(model, X)[1][0] == pytest.approx(chances.mean(axis=1).max())
    signed = chances * (model.predict(X) - 0.5)
    assert modal.max_score(model, X)[1][0] == pytest.approx(signed.max())
    assert modal.avg_score(model, X)[1][0] == pytest.approx(signed.mean(axis=1).max())
    assert (modal.max_loss(model, X, 4)[1] >= 0).all()
    assert (modal.mean_max_loss(model, X, 4)[1] >= 0).all()
    machines = modal.ActiveLearner(OneVsRestClassifier(LinearSVC()).fit(X[::3], labels[::3]), modal.SVM_binary_minimum)
    near = np.abs(machines.estimator.decision_function(X)).min(axis=1)
    assert machines.query(X)[0] == near.argmin()
    assert machines.query(X, random_tie_break=True)[0].tolist() == [near.argmin()]


def test_kinds_that_nobody_knows_are_named():
    with pytest.raises(TypeError, match="`blocks`"):
        modal.data_vstack((1, 1))
    assert modal.data_hstack([[[1]], [[2]]]) == [[1, 2]]
    assert modal.retrieve_rows({"a": np.arange(3)}, [0, 2])["a"].tolist() == [0, 2]
    assert modal.drop_rows([1, 2, 3], 1) == [1, 3]
