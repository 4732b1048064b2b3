"""The estimators in scikit-learn's manner: its own checks, missing labels, and the same choices as the parts make."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from explora.adapters.learning import ActiveClassifier, ActiveRegressor
from explora.adapters.learning._ways import CLASSIFYING, REGRESSING
from explora.core import ArgumentError, UnknownName
from explora.domains.pool import Loaded, Nobody, Pool, from_arrays
from explora.explorers import Query
from explora.explorers.query import Candidates, KCentre, Top, badge
from explora.recipes import RECIPES
from explora.scores import ErrorReduction, Margin, margin

X, Y = load_iris(return_X_y=True)
START = np.arange(0, 150, 10)
REST = np.setdiff1d(np.arange(150), START)


@pytest.mark.parametrize("estimator", [ActiveClassifier(), ActiveRegressor()], ids=lambda x: type(x).__name__)
def test_scikit_learn_finds_nothing_wrong(estimator):
    # Skipped by scikit-learn itself, unless a variable asks for arrays of other libraries: no exceptions else.
    done = check_estimator(estimator, on_fail=None, on_skip=None)
    wrong = {row["check_name"]: row["exception"] for row in done if row["status"] != "passed"}
    assert set(wrong) <= {"check_array_api_input"}, wrong
    assert len(done) > 45


def test_names_mean_what_recipes_of_the_same_name_ask():
    pool = Pool(Loaded(from_arrays(X)), Nobody(), held_out=0.0)
    built = {r.name: r.build(pool).explorer for r in RECIPES if r.plays == "questions"}
    names = {name for name, explorer in built.items() if isinstance(explorer, Query)}
    ways = CLASSIFYING | {name: REGRESSING[name] for name in ("greedy", "variance")}
    assert names == set(ways)
    for name, way in ways.items():
        explorer: Any = built[name]
        assert (type(explorer.select), type(explorer.score)) == (type(way.select), type(way.score)), name


@pytest.mark.parametrize("name", sorted(CLASSIFYING))
def test_every_way_asks_for_distinct_rows_and_again_for_the_same(name):
    model = ActiveClassifier(recipe=name, batch=6, random_state=3).fit(X[START], Y[START])
    before = X.copy()
    rows = model.query(X[REST])
    assert len(set(rows.tolist())) == 6
    assert ((rows >= 0) & (rows < len(REST))).all()
    np.testing.assert_array_equal(rows, model.query(X[REST]))
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("name", sorted(REGRESSING))
def test_every_way_asks_for_numbers(name):
    data, values = load_diabetes(return_X_y=True)
    model = ActiveRegressor(recipe=name, batch=4, random_state=0).fit(data[:20], values[:20])
    assert len(set(model.query(data[20:80]).tolist())) == 4
    assert len(set(ActiveRegressor(recipe=name, random_state=0).query(data[20:80], 3).tolist())) == 3


def test_margin_asks_for_the_least_margin():
    model = ActiveClassifier(recipe="margin", batch=5).fit(X[START], Y[START])
    inner = LogisticRegression(max_iter=1000).fit(X[START], Y[START])
    worth = margin(inner.predict_proba(X[REST]))
    np.testing.assert_array_equal(model.query(X[REST]), np.argsort(-worth)[:5])


def test_badge_is_explora_badge():
    model = ActiveClassifier(recipe="badge", random_state=7).fit(X[START], Y[START])
    inner, every = model.estimator_, np.concatenate([X[START], X[REST]])
    known = np.arange(150) < len(START)
    chances = inner.predict_proba(every)
    direct = badge(chances, every, ~known, 4, rng=np.random.default_rng([model.seed_, len(START)]))
    np.testing.assert_array_equal(model.query(X[REST], 4), direct - len(START))


def test_a_selector_and_a_score_may_stand_for_a_name():
    named = ActiveClassifier(recipe="core-set", random_state=0).fit(X[START], Y[START]).query(X[REST], 5)
    own = ActiveClassifier(recipe=KCentre(), random_state=0).fit(X[START], Y[START]).query(X[REST], 5)
    np.testing.assert_array_equal(named, own)
    pair = ActiveClassifier(recipe=(Top(), Margin()), random_state=0).fit(X[START], Y[START])
    np.testing.assert_array_equal(pair.query(X[REST], 5), pair.set_params(recipe="margin").query(X[REST], 5))
    with pytest.raises(UnknownName):
        ActiveClassifier(recipe="greedy").query(X)
    with pytest.raises(ArgumentError, match="pair of a selector"):
        ActiveClassifier(recipe=Margin()).query(X)


def test_scores_with_a_memory_know_what_was_answered():
    """Error reduction looks at which rows are known: without being told it would choose otherwise."""
    model = ActiveClassifier(recipe=(Top(), ErrorReduction(targets=50)), random_state=0).fit(X[START], Y[START])
    rows = model.query(X[REST], 5)
    assert len(set(rows.tolist())) == 5
    from explora.adapters.learning._look import _scores

    known = np.arange(150) < len(START)
    every = np.concatenate([X[START], X[REST]])
    says = lambda mask: _scores(ErrorReduction(), mask, model.predict_proba(every)[:, None], every)
    assert not np.allclose(says(known), says(np.zeros(150, bool)))


MISSING = {
    "nan": (lambda y: np.where(np.isin(np.arange(150), START), y, np.nan), None),
    "none": (lambda y: np.where(np.isin(np.arange(150), START), y.astype(object), None), None),
    "-1": (lambda y: np.where(np.isin(np.arange(150), START), y, -1), -1),
    "words": (lambda y: np.where(np.isin(np.arange(150), START), np.array(["a", "b", "c"])[y], ""), ""),
    "series": (lambda y: pd.Series(y).where(np.isin(np.arange(150), START)), None),
    "NA": (lambda y: pd.Series(y, dtype="Int64").where(np.isin(np.arange(150), START)), None),
}


@pytest.mark.parametrize("name", MISSING)
def test_rows_without_a_label_are_left_out(name):
    hide, missing = MISSING[name]
    hidden = hide(Y)
    model = ActiveClassifier(recipe="margin", missing=missing, random_state=0).fit(X, hidden)
    direct = ActiveClassifier(recipe="margin", random_state=0).fit(X[START], Y[START])
    np.testing.assert_allclose(model.predict_proba(X), direct.predict_proba(X))
    assert len(model.classes_) == 3
    assert model.y_.dtype.kind in "ifU"
    asked = model.query(X, 8, y=hidden)
    assert not set(asked.tolist()) & set(START.tolist())
    np.testing.assert_array_equal(asked, REST[direct.query(X[REST], 8)])


def test_minus_one_is_a_class_unless_it_is_said_to_be_missing():
    signs = np.where(Y == 0, -1, 1)
    assert ActiveClassifier().fit(X, signs).classes_.tolist() == [-1, 1]


def test_teach_adds_rows():
    model = ActiveClassifier(random_state=0).fit(X[START[:5]], Y[START[:5]])
    assert model.classes_.tolist() == [0]
    np.testing.assert_array_equal(model.predict(X), np.zeros(150))
    model.teach(X[START[5:]], Y[START[5:]])
    whole = ActiveClassifier(random_state=0).fit(X[START], Y[START])
    np.testing.assert_allclose(model.predict_proba(X), whole.predict_proba(X))
    taught = len(model.y_)
    model.teach(X[:2], [None, None])
    assert len(model.y_) == taught
    assert ActiveClassifier().teach(X, Y).score(X, Y) > 0.9


def test_a_loop_learns_iris():
    model, labels = ActiveClassifier(recipe="uncertainty-herding", batch=5, random_state=0), np.full(150, np.nan)
    for _ in range(6):
        rows = model.query(X, y=labels)
        labels[rows] = Y[rows]
        model.fit(X, labels)
    assert np.isfinite(labels).sum() == 30
    assert model.score(X, Y) > 0.93


def test_pipelines_clones_and_frames():
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = ActiveClassifier(make_pipeline(StandardScaler(), KNeighborsClassifier(3)), recipe="core-set")
    model.fit(frame.iloc[START], Y[START])
    assert model.feature_names_in_.tolist() == list("abcd")
    asked = model.query(frame.iloc[REST], 5)
    scaled = model.estimator_[:-1].transform(pd.concat([frame.iloc[START], frame.iloc[REST]]))
    known = np.arange(150) < len(START)
    chosen = KCentre()(Candidates(~known, known, embeddings=scaled), 5, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(asked, chosen - len(START))
    model.teach(frame.iloc[[1, 2]], Y[[1, 2]])
    assert len(model.X_) == len(START) + 2
    assert not hasattr(clone(model), "estimator_")
    outer = make_pipeline(StandardScaler(), ActiveClassifier(recipe="margin"))
    assert cross_val_score(outer, X, Y, cv=3).mean() > 0.9


def test_texts_and_estimators_without_chances():
    texts = ["good fine", "bad awful", "good great", "awful poor", "fine great", "poor bad"]
    model = ActiveClassifier(make_pipeline(TfidfVectorizer(), LinearSVC()), recipe="margin")
    assert len(model.query(texts, 2)) == 2
    model.fit(texts[:4], ["yes", "no", "yes", "no"])
    assert model.predict(["great"]).tolist() == ["yes"]
    assert not hasattr(model, "predict_proba")
    assert sorted(model.query(texts[4:]).tolist()) == [0, 1]
    assert len(clone(model).set_params(recipe="typiclust").query(texts, 2)) == 2
    with pytest.raises(ArgumentError, match="pipeline"):
        ActiveClassifier(recipe="core-set").query(texts)


def test_what_is_refused():
    with pytest.raises(ArgumentError, match="label at least"):
        ActiveClassifier().fit(X, np.full(150, np.nan))
    with pytest.raises(ArgumentError, match="`n`"):
        ActiveClassifier().query(X, 0)
    with pytest.raises(ValueError, match="features"):
        ActiveClassifier().fit(X, Y).query(X[:, :2])
