import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError, UnknownName, build, spec
from explora.domains.pool import Target


@pytest.mark.parametrize(
    ("labels", "kind", "classes"),
    [
        (["b", "a", None, "b"], "classes", ("a", "b")),
        ([3, 1, 2, None], "classes", (1, 2, 3)),
        ([True, False, None], "classes", (False, True)),
        ([1, "x", 2.0], "classes", (1, 2.0, "x")),
        ([None, None], "classes", ()),
        ([], "classes", ()),
        ([1.0, 2.0, None], "classes", (1.0, 2.0)),
        ([0.5, 1, None], "numbers", ()),
        (["0.5", "1.25"], "numbers", ()),
        (list(range(100)), "numbers", ()),
        ([i % 10 for i in range(200)], "classes", tuple(range(10))),
        ([i % 100 for i in range(20_000)], "classes", tuple(range(100))),
        ([f"z{i}" for i in range(100)], "classes", tuple(sorted(f"z{i}" for i in range(100)))),
        ([str(10_000 + i) for i in range(100)], "classes", tuple(str(10_000 + i) for i in range(100))),
        (["a|b", "c", None], "labels", ("a", "b", "c")),
        ([["b", "a"], [], None], "labels", ("a", "b")),
        ([("x",), {"y"}, np.array([1])], "labels", (1, "x", "y")),
    ],
)
def test_the_kind_is_found(labels, kind, classes):
    target = Target.of(labels)
    assert (target.kind, target.classes) == (kind, classes)
    codes = target.encode(labels)
    again = target.decode(codes)
    assert np.array_equal(target.encode(again), codes, equal_nan=kind != "classes")
    assert build(json.loads(json.dumps(spec(target)))) == target


def test_codes_by_hand():
    target = Target.of(["cat", "ant", None])
    codes = target.encode(["cat", None, "ant", " cat "])
    assert codes.tolist() == [1, -1, 0, 1]
    assert codes.dtype == np.int32
    assert target.decode([1, -1, 0]) == ["cat", None, "ant"]
    many = Target.of(["a|b", "c"])
    assert many.encode(["c| a", [], "", None, ["b"]]).tolist()[:2] == [[1, 0, 1], [0, 0, 0]]
    assert np.isnan(many.encode(["", None])).all()
    assert many.decode(many.encode(["c|a", [], None])) == [["a", "c"], [], None]
    numbers = Target.of([1.5, 2])
    assert np.array_equal(numbers.encode(["3", 1, None]), [3, 1, np.nan], equal_nan=True)
    assert numbers.decode([3, np.nan]) == [3, None]


def test_classes_that_appear_later_change_no_code():
    first = Target.of(["m", "z"])
    later = first.grown(["b", "m", None, "a"])
    assert later.classes == ("m", "z", "a", "b")
    assert first.classes == ("m", "z")
    assert later.grown(["z", "b"]) is later
    with pytest.raises(ArgumentError, match=r"row 1, 'q', is none of the 2 known classes; let `grown` add it first"):
        first.encode(["m", "q"])


def test_what_reads_the_same_is_the_same_class():
    target = Target.of([1, 2])
    assert target.encode(["1", 1.0, np.int64(2), "2 "]).tolist() == [0, 0, 1, 1]
    assert Target.of([1, "1", True, "True"], "classes").classes in ((1, True), (True, 1))
    with pytest.raises(ArgumentError, match="differ from each other"):
        Target("classes", (1, "1"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers(-5, 5), st.booleans()))))
def test_codes_never_change_however_answers_come(batches):
    target, told, codes = Target("classes"), [], []
    for batch in batches:
        target = target.grown(batch)
        told += batch
        codes += target.encode(batch).tolist()
    assert target.encode(told).tolist() == codes
    assert all((code == -1) == (label is None or str(label).strip() == "") for code, label in zip(codes, told))


def test_a_kind_that_does_not_suit_is_refused():
    with pytest.raises(ArgumentError, match="row 1 is 'tall' where a finite number was expected"):
        Target.of([1.5, "tall"], "numbers")
    with pytest.raises(ArgumentError, match="row 0 is True where a finite number"):
        Target.of([True], "numbers")
    with pytest.raises(ArgumentError, match="row 0 is inf where a finite number"):
        Target.of([float("inf")], "numbers")
    with pytest.raises(ArgumentError, match="where one class was expected; choose the kind 'labels'"):
        Target.of([["a", "b"]], "classes")
    with pytest.raises(ArgumentError, match="a class must be a text, a number or a truth value"):
        Target.of([{"a": 1}])
    with pytest.raises(UnknownName, match="no kind of target 'clases'; did you mean 'classes'"):
        Target.of([1], "clases")
    with pytest.raises(ArgumentError, match="has no classes"):
        Target("numbers", ("a",))
    assert Target.of(["a|b", "c"], "classes").classes == ("a|b", "c")
    assert Target.of([1, 2], "numbers").kind == "numbers"


def test_doubts_are_said():
    names = [f"Person {i}" for i in range(500)] + ["Person 1"] * 100
    doubt = Target.of(names).doubt(names)
    assert doubt is not None
    assert "500 different classes in 600 labelled rows" in doubt
    same = Target.of(["a"] * 5).doubt(["a"] * 5 + [None])
    assert same is not None
    assert "all 5 labels are the same" in same
    few = [0.5, 1.5] * 20
    found = Target.of(few).doubt(few)
    assert found is not None
    assert "taken for numbers but has 2 different ones" in found
    assert Target.of(["a", "b"] * 20).doubt(["a", "b"] * 20) is None
    assert Target.of([]).doubt([]) is None
