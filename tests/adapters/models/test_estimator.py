"""Estimators of scikit-learn: written down, built again, and asked as an ensemble is."""

import json
from typing import Any

import jax.random as jr
import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from explora.adapters import Estimator
from explora.core import ArgumentError, CombinationError, UnknownName, build, spec
from explora.nets import Ensemble

KEY = jr.key(0)
LOGISTIC = "sklearn.linear_model.LogisticRegression"
TREE = "sklearn.tree.DecisionTreeClassifier"


def iris() -> tuple[np.ndarray, np.ndarray]:
    inputs, targets = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(targets))
    return StandardScaler().fit_transform(inputs)[order], targets[order]


INPUTS, TARGETS = iris()


def said(estimator: Estimator, rows: int = 60, key: int = 0, classes: int = 3, **more: Any) -> np.ndarray:
    fitted = estimator.fit(INPUTS[:rows], TARGETS[:rows], classes=classes, key=jr.key(key), **more)
    return estimator.predict(fitted, INPUTS)


# --- what it says ----------------------------------------------------------------------------------------------------


def test_it_says_what_scikit_learn_says() -> None:
    wanted = LogisticRegression(C=0.5).fit(INPUTS[:60], TARGETS[:60]).predict_proba(INPUTS)
    for estimator in (Estimator(LOGISTIC, {"C": 0.5}), Estimator(LogisticRegression(C=0.5))):
        found = said(estimator)
        assert found.shape == (150, 1, 3)
        assert found.dtype == np.float32
        assert np.allclose(found[:, 0], wanted, atol=1e-6)
    assert np.abs(said(Estimator(LOGISTIC), classes=3)[:, 0] - said_by_ours()).max() < 1e-3  # one interface for both


def said_by_ours() -> np.ndarray:
    ours = Ensemble()
    return ours.predict(ours.fit(INPUTS[:60], TARGETS[:60], classes=3, key=KEY), INPUTS)[:, 0]


def test_weights_reach_what_takes_them() -> None:
    weights = np.random.default_rng(1).uniform(0, 3, 60)
    weights[:20] = 0
    counted = weights > 0
    model = LogisticRegression().fit(INPUTS[:60][counted], TARGETS[:60][counted], weights[counted])
    wanted = model.predict_proba(INPUTS)
    piped = make_pipeline(FunctionTransformer(), LogisticRegression())
    for estimator in (Estimator(LOGISTIC), Estimator(piped)):
        assert np.allclose(said(estimator, weights=weights)[:, 0], wanted, atol=1e-6)
    neighbours = KNeighborsClassifier(3).fit(INPUTS[:60][counted], TARGETS[:60][counted]).predict_proba(INPUTS)
    assert np.allclose(said(Estimator(KNeighborsClassifier(3)), weights=weights)[:, 0], neighbours)


def test_values() -> None:
    inputs, targets = load_diabetes(return_X_y=True)
    pairs = np.stack([targets, -targets], axis=1)
    estimator = Estimator("sklearn.linear_model.Ridge", {"alpha": 0.1}, members=2)
    found = estimator.predict(estimator.fit(inputs, pairs, key=KEY), inputs)
    assert found.shape == (442, 2, 2)
    assert np.allclose(found[:, 1], Ridge(alpha=0.1).fit(inputs, pairs).predict(inputs), rtol=1e-5)
    one = estimator.predict(estimator.fit(inputs, targets[:, None], key=KEY), inputs)
    assert np.allclose(one[:, 0, 0], Ridge(alpha=0.1).fit(inputs, targets).predict(inputs), rtol=1e-5)


def test_decisions_become_chances_by_a_softmax() -> None:
    model = LinearSVC().fit(INPUTS[:60], TARGETS[:60])
    votes = np.exp(model.decision_function(INPUTS))
    found = said(Estimator("sklearn.svm.LinearSVC"))[:, 0]
    assert np.allclose(found, votes / votes.sum(1, keepdims=True), atol=1e-5)
    two = TARGETS < 2
    model = LinearSVC().fit(INPUTS[two], TARGETS[two])
    estimator = Estimator("sklearn.svm.LinearSVC")
    found = estimator.predict(estimator.fit(INPUTS[two], TARGETS[two], classes=2, key=KEY), INPUTS)
    assert np.allclose(found[:, 0, 1], 1 / (1 + np.exp(-model.decision_function(INPUTS))), atol=1e-5)


def test_without_decisions_the_predicted_class_gets_everything() -> None:
    found = said(Estimator(VotingClassifier([("line", LogisticRegression()), ("tree", DecisionTreeClassifier())])))[
        :, 0
    ]
    assert set(np.unique(found)) == {0, 1}
    assert np.all(found.sum(1) == 1)
    against = said(Estimator(SVC(decision_function_shape="ovo", break_ties=False)))[:, 0]
    assert np.allclose(against.sum(1), 1)


def test_the_last_step_sees_the_embedding() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("pick", SelectKBest(f_classif, k=2)), ("model", SVC())])
    estimator = Estimator(pipeline)
    fitted = estimator.fit(INPUTS, TARGETS, classes=3, key=KEY)
    wanted = pipeline.fit(INPUTS, TARGETS)[:-1].transform(INPUTS)
    assert np.allclose(estimator.embed(fitted, INPUTS), wanted, atol=1e-6)
    plain = Estimator(LOGISTIC)
    assert np.allclose(plain.embed(plain.fit(INPUTS, TARGETS, classes=3, key=KEY), INPUTS), INPUTS, atol=1e-6)


# --- committees ------------------------------------------------------------------------------------------------------


def test_clones_differ_by_their_random_states() -> None:
    estimator = Estimator("sklearn.ensemble.ExtraTreesClassifier", {"n_estimators": 3}, members=3)
    found = said(estimator)
    assert np.array_equal(found, said(estimator))  # the same labels and key: the same models
    assert np.abs(found - said(estimator, key=1)).max() > 0.1
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(found[:, one] - found[:, other]).max() > 0.1
    fixed = said(Estimator("sklearn.ensemble.ExtraTreesClassifier", {"n_estimators": 3, "random_state": 7}, members=2))
    assert np.array_equal(fixed[:, 0], fixed[:, 1])


@pytest.mark.parametrize("bootstrap", ["poisson", "multinomial"])
def test_clones_differ_by_their_samples_and_none_loses_a_class(bootstrap: Any) -> None:
    first = [int(np.flatnonzero(c == TARGETS)[0]) for c in range(3)]
    rows = [*first, *np.flatnonzero(TARGETS == 0)[1:6]]  # one row each of two classes
    estimator = Estimator(LOGISTIC, members=12, bootstrap=bootstrap)
    fitted = estimator.fit(INPUTS[rows], TARGETS[rows], classes=3, key=KEY)
    found = estimator.predict(fitted, INPUTS)
    assert [len(model.classes_) for model in fitted.models] == [3] * 12
    assert np.abs(found - found[:, :1]).max() > 0.05
    assert np.allclose(found.sum(2), 1, atol=1e-6)


# --- few labels ------------------------------------------------------------------------------------------------------


def test_where_there_is_nothing_to_learn_the_prior_answers() -> None:
    estimator = Estimator(LOGISTIC, members=2)
    assert np.allclose(said(estimator, rows=0), 1 / 3)
    one = int(TARGETS[0])
    assert np.allclose(said(estimator, rows=1), np.eye(3)[one])
    values = Estimator("sklearn.linear_model.LinearRegression", members=2, least=3)
    for targets, wanted in (([], 0.0), ([4.0], 4.0), ([4.0, 5.0], 4.5)):
        rows = len(targets)
        fitted = values.fit(INPUTS[:rows], np.array(targets).reshape(rows, 1), key=KEY)
        assert np.allclose(values.predict(fitted, INPUTS), wanted)
        assert np.array_equal(values.embed(fitted, INPUTS), INPUTS.astype(np.float32))


def test_a_class_that_nobody_saw_has_no_chance_but_a_column() -> None:
    two = TARGETS != 1
    estimator = Estimator(LOGISTIC)
    found = estimator.predict(estimator.fit(INPUTS[two], TARGETS[two], classes=5, key=KEY), INPUTS)
    assert found.shape == (150, 1, 5)
    assert np.all(found[:, :, [1, 3, 4]] == 0)
    assert np.allclose(found[:, 0, [0, 2]], LogisticRegression().fit(INPUTS[two], TARGETS[two]).predict_proba(INPUTS))


def test_what_needs_more_rows_says_so_or_waits() -> None:
    with pytest.raises(ArgumentError, match=r"KNeighborsClassifier refuses 4 labelled rows: .* raise `least`"):
        said(Estimator(KNeighborsClassifier(5)), rows=4)
    seen = len(set(TARGETS[:4].tolist()))
    assert seen > 1
    assert said(Estimator(KNeighborsClassifier(5), least=5), rows=4).max() == pytest.approx(1 / seen)
    assert said(Estimator(KNeighborsClassifier(5), least=5), rows=5).max() < 1


# --- configurations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        LOGISTIC,
        LogisticRegression(C=2.0, class_weight={0: 1.0, 2: 3.0}),
        RandomForestClassifier(n_estimators=3, max_depth=2),
        make_pipeline(StandardScaler(with_mean=False), DecisionTreeClassifier(max_depth=np.int64(2))),
        GaussianProcessClassifier(n_restarts_optimizer=1),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_a_configuration_is_written_and_built(given: Any) -> None:
    estimator = Estimator(given, members=2, bootstrap="poisson")
    written = json.loads(json.dumps(spec(estimator)))
    again = build(written)
    assert spec(again) == written
    assert repr(again.make()) == repr(estimator.make())
    assert np.array_equal(said(again, rows=30), said(estimator, rows=30))


def test_only_what_differs_from_the_defaults_is_written() -> None:
    assert Estimator(LogisticRegression(C=2.0)).estimator == {"estimator": LOGISTIC, "options": {"C": 2.0}}
    steps = Estimator(Pipeline([("scale", StandardScaler()), ("tree", DecisionTreeClassifier(max_depth=3))])).estimator
    assert steps == {
        "estimator": "sklearn.pipeline.Pipeline",
        "options": {
            "steps": [
                ("scale", {"estimator": "sklearn.preprocessing.StandardScaler", "options": {}}),
                ("tree", {"estimator": TREE, "options": {"max_depth": 3}}),
            ]
        },
    }
    changed = Estimator(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": 9.0})
    assert changed.make().named_steps["logisticregression"].C == 9.0


class Stubborn(LogisticRegression):
    """An estimator that is not scikit-learn's."""


@pytest.mark.parametrize(
    "given",
    [Stubborn(), make_pipeline(FunctionTransformer(np.abs), LogisticRegression()), GaussianProcessClassifier(RBF())],
    ids=["foreign", "function", "kernel"],
)
def test_what_cannot_be_written_works_but_is_not_saved(given: Any) -> None:
    estimator = Estimator(given)
    assert np.allclose(said(estimator).sum(2), 1, atol=1e-6)
    with pytest.raises(ArgumentError, match=r"(?s)`estimator` is .* a configuration cannot hold"):
        spec(estimator)


def test_the_estimator_given_is_left_alone() -> None:
    model = Stubborn()
    said(Estimator(model))
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        ("os.system", {}, UnknownName, "no public estimator of scikit-learn 'os.system'"),
        ("sklearn.linear_model._logistic.LogisticRegression", {}, UnknownName, "no public estimator"),
        ("sklearn.linear_model.LogisticRegresion", {}, UnknownName, "did you mean '.*LogisticRegression'"),
        ("sklearn.nowhere.Model", {}, UnknownName, "no package of scikit-learn 'sklearn.nowhere'"),
        ("sklearn.pipeline.make_pipeline", {}, UnknownName, "no public estimator"),
        ("sklearn.cluster.KMeans", {}, ArgumentError, "must be a classifier or a regressor, got KMeans"),
        (LOGISTIC, {"D": 1}, ArgumentError, "`options` of .* do not fit: .*'D'"),
        ({"estimator": LOGISTIC, "more": 1}, {}, ArgumentError, "a blueprint is"),
        ({"estimator": LOGISTIC}, {"D": 1}, ArgumentError, "`options` do not fit LogisticRegression"),
        (LogisticRegression, {}, ArgumentError, "must be the import path"),
        (3, {}, ArgumentError, "must be the import path"),
    ],
)
def test_mistakes_are_explained(given: Any, options: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        Estimator(given, options)


def test_mistakes_in_rows_are_explained() -> None:
    classifier, regressor = Estimator(LOGISTIC), Estimator(LinearRegression())
    with pytest.raises(CombinationError, match=r"`targets` are classes, .* LinearRegression .* use a classifier"):
        regressor.fit(INPUTS, TARGETS, classes=3, key=KEY)
    with pytest.raises(CombinationError, match=r"`targets` are values, .* use a regressor"):
        classifier.fit(INPUTS, INPUTS, key=KEY)
    with pytest.raises(ArgumentError, match=r"LogisticRegression refuses 150 labelled rows: Input X contains NaN"):
        classifier.fit(np.where(INPUTS > 2, np.nan, INPUTS), TARGETS, classes=3, key=KEY)
    with pytest.raises(ArgumentError, match="The 'C' parameter of LogisticRegression must be"):
        said(Estimator(LOGISTIC, {"C": -1.0}))
    with pytest.raises(ArgumentError, match="`targets` must be classes from 0 to 1, got 0 to 2"):
        said(classifier, classes=2)
