import json
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError
from explora.domains.pool import Featuriser, Table, from_arrays
from explora.domains.pool._features import featurise
from explora.domains.pool._features._text import Texts, counts, main_axes

WORDS = "red green blue stone river cloud wind lamp house tree bird fish".split()


def features(**columns) -> tuple[Featuriser, np.ndarray]:
    return featurise(Table(columns), columns)


def test_numbers_by_hand():
    made, x = features(a=[1.0, 2.0, 3.0, None], b=[0.0, 0.0, 4.0, 4.0])
    # The median 2 stands in for what is missing: 1, 2, 3, 2 have mean 2 and variance 1/2.
    assert made.names == ("a", "a is missing", "b")
    assert np.allclose(x[:, 0], [-np.sqrt(2), 0, np.sqrt(2), 0], atol=1e-6)
    assert x[:, 1].tolist() == [0, 0, 0, 1]
    assert x[:, 2].tolist() == [-1, -1, 1, 1]
    assert x.dtype == np.float32
    later = made(Table({"a": [np.nan, 2.0], "b": [float("inf"), 2.0]}))
    assert later[0].tolist() == [0.0, 1.0, 0.0]  # nothing is known of it: the median of either
    assert later[1].tolist() == [0.0, 0.0, 0.0]


def test_huge_tiny_and_outlying_numbers_stay_finite():
    made, x = features(
        huge=[1e308, -1e308, 1e308, 0.0], tiny=[1e-310, 2e-310, 0.0, 0.0], far=[1.7e9, 1.7e9 + 1, 1.7e9, 1.7e9 + 1]
    )
    assert np.isfinite(x).all()
    assert np.allclose(x[:, made.names.index("far")], [-1, 1, -1, 1], atol=1e-5)
    one = np.zeros(10_000)
    one[0] = 1e300
    made, x = features(a=one)
    assert x.max() == 10.0  # 10 standard deviations are enough
    assert made(Table({"a": [1e308, -1e308]})).tolist() == [[10.0], [-10.0]]


def test_truth_values_texts_of_numbers_and_mixed_types_are_numbers():
    made, x = features(
        truth=[True, False, None, True] * 5,
        text=["1", " 2.5 ", "", "4"] * 5,
        mixed=[*[1, "2", 3.0, "4"] * 4, "no idea", 1, 2, 3],
    )
    assert made.names == ("truth", "truth is missing", "text", "text is missing", "mixed", "mixed is missing")
    assert x[16, 5] == 1
    assert x[:, 5].sum() == 1


def test_columns_that_say_nothing_are_left_out():
    rows = list(range(30))
    made, _ = features(
        a=[0.1] * 30,
        b=["x"] * 30,
        c=[None] * 30,
        d=rows,
        e=[f"user{i}" for i in rows],
        f=[i * i for i in rows],
        g=["2026-11-21"] * 30,
        h=["", " "] * 15,
    )
    assert made.names == ("f",)
    assert made.dropped["a"] == made.dropped["b"] == made.dropped["g"] == "never varies"
    assert made.dropped["c"] == made.dropped["h"] == "is empty"
    assert made.dropped["d"] == "only numbers the rows"
    assert made.dropped["e"].startswith("only names the rows")


def test_a_gap_alone_is_information():
    made, x = features(a=[3.0, None, 3.0, None], b=["x", None, "x", "x"])
    assert made.names == ("a is missing", "b = x", "b is missing")
    assert x.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0], [1, 1, 0]]


def test_categories_by_hand():
    column = ["b"] * 5 + ["a"] * 3 + ["c"] + [None]
    made, x = features(kind=column)
    assert made.names == ("kind = b", "kind = a", "kind = c", "kind is missing")
    assert x.sum(axis=0).tolist() == [5, 3, 1, 1]
    many = [f"k{i % 60}" for i in range(600)] + ["once"]
    made, x = features(kind=many)
    assert len(made.names) == 33  # 32 of their own, one for all others
    assert made.names[-1] == "kind = other"
    assert (x.sum(axis=1) == 1).all()
    new = made(Table({"kind": ["never seen", None, "k0", 3]}))
    assert new[:, -1].tolist() == [1, 0, 0, 1]
    assert new[1].sum() == 0


def test_a_new_category_where_none_was_rare_is_all_zeros():
    made, _ = features(kind=["a", "b"] * 10)
    assert made(Table({"kind": ["c", " a ", None]})).tolist() == [[0, 0], [1, 0], [0, 0]]


def test_whole_numbers_read_the_same_with_and_without_a_point():
    made, x = features(kind=[*["a"] * 5, 3, 3.0, "3", "b", "b"])
    assert "kind = 3" in made.names
    assert x[5:8, made.names.index("kind = 3")].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "moments",
    [
        ["2026-01-01", "2026-01-02", "", "2026-01-03"],
        ["2026/01/01", "2026/01/02", None, "2026/01/03"],
        ["1.1.2026", "2.1.2026", None, "3.1.2026"],
        ["2026-01-01T00:00:00Z", "2026-01-02 01:00:00+01:00", None, "2026-01-03 00:00"],
        [date(2026, 1, 1), date(2026, 1, 2), None, date(2026, 1, 3)],
        [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2), None, np.datetime64("2026-01-03")],
        np.array(["2026-01-01", "2026-01-02", "NaT", "2026-01-03"], "datetime64[D]"),
        np.array(["2026-01-01", "2026-01-02", "NaT", "2026-01-03"], "datetime64[ns]"),
    ],
)
def test_dates_however_they_are_written(moments):
    made, x = features(when=moments)
    assert made.names[0] == "when: days"
    assert made.names[-1] == "when is missing"
    assert not any("day," in name for name in made.names)  # all at the same time of day
    assert np.allclose(x[:, 0], [-np.sqrt(2), 0, 0 * 1.0, np.sqrt(2)], atol=1e-5)
    assert x[:, -1].tolist() == [0, 0, 1, 0]
    assert np.isfinite(x).all()


def test_the_week_is_a_circle():
    days = [f"2026-11-{day:02d}" for day in range(1, 29)]
    made, x = features(when=days)
    sine = x[:, made.names.index("when: week, sine")]
    assert np.allclose(sine[:7], sine[7:14])
    assert not np.allclose(sine[0], sine[1])
    assert abs(sine.mean()) < 1e-6


def test_embeddings_keep_their_geometry():
    rng = np.random.default_rng(0)
    own = rng.standard_normal((20, 5)) * [1, 2, 3, 4, 5] + 7
    made, x = features(e=own.tolist())
    apart = lambda z: np.linalg.norm(z[:, None] - z[None], axis=2)
    ratio = apart(x)[0, 1:] / apart(own)[0, 1:]
    assert np.allclose(ratio, ratio[0], rtol=1e-5)
    assert np.isclose(x.var(axis=0).mean(), 1, rtol=1e-5)
    assert made(Table({"e": [[1.0] * 5, None]}))[1].tolist() == [0.0] * 5
    assert not made(Table({"e": [None, None]})).any()
    with pytest.raises(ArgumentError, match="must have 5 numbers, as when the model was made, got 4"):
        made(Table({"e": [[1.0] * 4]}))
    with pytest.raises(ArgumentError, match="as long in every row, got 2 in row 1 and 3 elsewhere"):
        features(e=[[1.0, 2.0, 3.0], [1.0, 2.0]])


def test_what_texts_become_is_known():
    from math import log

    both = counts(["Red lamp, RED", "", "lamp"])
    # red ×2, lamp, "red lamp", "lamp red"; parts: " re", "red", "ed " ×2 each, " lamp "'s 4, and of four: " red",
    # "red " ×2 each, " lam", "lamp", "amp ".
    words = lambda row: sorted(both[row].data[both[row].indices < 2**17].tolist())
    parts = lambda row: sorted(both[row].data[both[row].indices >= 2**17].tolist())
    assert words(0) == [1, 1, 1, 2]
    assert parts(0) == [1.0] * 7 + [2.0] * 5
    assert both[1].nnz == 0
    assert words(2) == [1]
    made = Texts.fit("t", both)
    assert made is not None
    weighted = made._weighted(both)
    own = np.zeros(3)
    own[:2] = log(4 / 3) + 1, log(4 / 2) + 1  # "lamp" is in two of three texts; "red" in one, twice
    word = {int(made.buckets[i]): v for i, v in zip(weighted[0].indices, weighted[0].data) if made.buckets[i] < 2**17}
    lamp = int(both[2].indices[both[2].indices < 2**17][0])
    length = np.sqrt(own[0] ** 2 + ((1 + log(2)) * own[1]) ** 2 + 2 * own[1] ** 2)
    assert np.isclose(word[lamp], own[0] / length, rtol=1e-5)
    assert np.isclose(np.linalg.norm(weighted[0].data), np.sqrt(2))


def test_case_accents_and_scripts():
    a, b = counts(["CAFÉ straße", "cafe\u0301 STRASSE"])
    assert (a != b).nnz == 0
    assert counts(["北京 дом", "\U0001f600 !?"])[0].nnz > 4
    assert counts(["\U0001f600 !?"]).nnz == 0
    lone = counts(["a\ud800b c"])  # half a character, as broken files have
    assert lone.nnz > 0


def test_a_chunk_of_texts_counts_as_each_does(monkeypatch):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, rng.integers(0, 9))) for _ in range(50)]
    whole = counts(texts)
    monkeypatch.setattr("explora.domains.pool._features._text._CHUNK", 60)
    assert (whole != counts(texts)).nnz == 0
    for place in (0, 17, 49):
        assert (whole[place] != counts([texts[place]])).nnz == 0


def test_axes_are_the_singular_vectors():
    from scipy.sparse import random as sparse

    matrix = sparse(60, 200, 0.1, "csr", np.float32, rng=np.random.default_rng(0))
    matrix = matrix.multiply(0.9 ** np.arange(200)).tocsr().astype(np.float32)
    axes = main_axes(matrix, 5)
    _, _, exact = np.linalg.svd(matrix.toarray())
    assert axes.shape == (200, 5)
    assert np.allclose(np.abs(np.sum(axes * exact[:5].T, axis=0)), 1, atol=1e-3)
    assert np.array_equal(axes, main_axes(matrix, 5))


@pytest.mark.slow
def test_texts_tell_topics_apart():
    rng = np.random.default_rng(1)
    topic = rng.integers(0, 2, 200)
    texts = [" ".join(rng.choice(WORDS[:7] if t else WORDS[5:], 8)) for t in topic]
    made, x = features(t=texts)
    assert x.shape[1] <= 128
    assert all(name.startswith("t: axis") for name in made.names)
    pole = x[topic == 0].mean(axis=0) - x[topic == 1].mean(axis=0)
    assert np.mean((x @ pole > x.mean(axis=0) @ pole) == (topic == 0)) > 0.97


def test_what_is_frozen_comes_back_without_pickle():
    rng = np.random.default_rng(2)
    n = 40
    columns = {
        "number": [None if i % 7 == 0 else float(rng.normal()) for i in range(n)],
        "kind": [WORDS[i] for i in rng.integers(0, 12, n)],
        "when": [f"2026-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(n)],
        "text": [" ".join(rng.choice(WORDS, 6)) for _ in range(n)],
        "own": rng.normal(size=(n, 3)).tolist(),
        "picture": list(rng.integers(0, 256, (n, 9, 7, 3)).astype(np.uint8)),
        "same": [1] * n,
    }
    made, x = features(**columns)
    arrays, written = made.freeze()
    assert {array.dtype.kind for array in arrays.values()} <= set("if")
    again = Featuriser.thaw({name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(written)))
    assert np.array_equal(again(Table(columns)), x)
    assert again.names == made.names
    assert again.dropped == made.dropped == {"same": "never varies"}
    with pytest.raises(ArgumentError, match="format 1"):
        Featuriser.thaw(arrays, written | {"format": 2})
    with pytest.raises(ArgumentError, match="unknown encoder 'dreams'"):
        Featuriser.thaw(arrays, written | {"encoders": [{"kind": "dreams"}]})


def test_new_rows_need_the_columns_of_the_old():
    made, _ = features(height=[1.0, 2.0], width=[2.0, 1.0])
    with pytest.raises(ArgumentError, match=r"lacks the column 'width'.*did you mean 'widht'"):
        made(Table({"height": [1.0], "widht": [2.0]}, "new.csv"))
    assert made(Table({"width": [1.0], "height": [1.0], "more": ["x"]})).shape == (1, 2)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.none(), st.booleans(), st.floats(), st.integers(-(10**20), 10**400), st.text(max_size=12), st.dates(),
            st.lists(st.text(max_size=3), max_size=2),
        ),
        min_size=1,
        max_size=30,
    )
)  # fmt: skip
def test_whatever_a_column_holds_becomes_finite_numbers(values):
    columns = {"odd": values, "even": list(range(0, 2 * len(values), 2))[: len(values)]}
    if len(values) < 2:
        with pytest.raises(ArgumentError, match="has no column to learn from in its 1 row"):
            features(**columns)
        return
    made, x = features(**columns)
    assert np.isfinite(x).all()
    assert x.shape == (len(values), len(made.names))
    arrays, written = made.freeze()
    assert np.array_equal(Featuriser.thaw(arrays, json.loads(json.dumps(written)))(Table(columns)), x)


def test_double_precision_on_request():
    x = np.random.default_rng(0).normal(size=(50, 3))
    items = from_arrays(x, dtype="float64")
    assert items.inputs.dtype == np.float64
    assert np.allclose(items.inputs, (x - x.mean(axis=0)) / x.std(axis=0), atol=1e-12)
    with pytest.raises(ArgumentError, match="'float32' or 'float64', got 'float16'"):
        from_arrays(x, dtype="float16")
