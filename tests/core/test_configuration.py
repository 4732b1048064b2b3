"""Parts to JSON and back, their fields by path, and what is refused."""

import enum
import json
import math
import sys
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import (
    ArgumentError,
    Box,
    Discrete,
    Examples,
    Part,
    Status,
    Uniformly,
    UnknownName,
    allow,
    build,
    flat,
    override,
    spec,
)

HERE = __name__


def odd_array(dtype: str, shape: list[int]) -> dict[str, Any]:
    return {"type": "array", "kind": "numpy", "dtype": dtype, "shape": shape, "items": [1]}


@allow
class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


@allow
class Score(Part):
    gamma: float = 0.995
    kind: Literal["sum", "mean"] = "sum"
    colour: Colour = Colour.RED


@allow
class Explorer(Part):
    score: Score = Score()
    rows: int = eqx.field(static=True, default=32)
    rate: float | None = None
    sizes: tuple[int, ...] = (13, 13)
    edit: bool = False
    name: str = "replay"
    layers: tuple[Score, ...] = ()

    def __check_init__(self):
        if self.rows % 2:
            raise ValueError(f"`rows` must be even, got {self.rows}")


@allow
class Anything(Part):
    value: Any = None
    total: int = eqx.field(init=False, default=7)


@allow
class Needy(Part):
    must: int


@allow
class Versioned(Part):
    version = 3
    size: int = 1


@allow
class OwnInit(eqx.Module):
    width: int

    def __init__(self, half: int):
        self.width = 2 * half


class Stranger(Part):
    pass


def again(part: Any) -> Any:
    text = json.dumps(spec(part), allow_nan=False)
    return build(json.loads(text))


def same(x: Any, y: Any) -> bool:
    """Equal in value and type, with the sign of zero; any nan equals any other."""
    if type(x) is not type(y):
        return False
    if isinstance(x, (tuple, list)):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, dict):
        return list(x) == list(y) and all(map(same, x.values(), y.values()))
    if isinstance(x, eqx.Module):
        return same(vars(x), vars(y))
    if isinstance(x, float):
        return (math.isnan(x) and math.isnan(y)) or (x == y and math.copysign(1, x) == math.copysign(1, y))
    if isinstance(x, (np.ndarray, np.generic)):
        return x.dtype == y.dtype and x.shape == y.shape and same(np.asarray(x).tolist(), np.asarray(y).tolist())
    return x == y


def test_the_json_of_a_part_is_readable_and_in_the_order_of_its_class():
    red = {"type": f"{HERE}.Colour", "name": "RED"}
    assert list(spec(Explorer()).items()) == [
        ("type", f"{HERE}.Explorer"),
        ("score", {"type": f"{HERE}.Score", "gamma": 0.995, "kind": "sum", "colour": red}),
        ("rows", 32),
        ("rate", None),
        ("sizes", [13, 13]),
        ("edit", False),
        ("name", "replay"),
        ("layers", []),
    ]


def test_a_class_of_explora_is_named_where_it_is_public():
    box = spec(Box((2,)))
    assert box["type"] == "explora.core.Box"
    assert box["low"] == {"type": "float", "value": "-inf"}
    assert build(box) == Box((2,))
    assert again(Anything(Status.VOID)).value is Status.VOID


plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.sampled_from([Colour.GREEN, Status.WAITING, jnp.dtype("bfloat16")])
    | st.floats(width=32).map(np.float32)
    | st.lists(st.floats(width=16), max_size=3).map(lambda x: np.array(x, np.float16))
    | st.integers(0, 3).map(lambda n: np.zeros((n, 2), np.uint8))
)
nested = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=3)
        | st.dictionaries(st.integers(), inner, max_size=2)
        | inner.map(Anything)
    ),
    max_leaves=8,
)


@given(nested)
@settings(max_examples=150, deadline=None)
def test_build_inverts_spec(value):
    assert same(again(Anything(value)), Anything(value))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint32", "float32", "bfloat16"])
def test_arrays_keep_kind_dtype_and_shape(dtype):
    x = jnp.array([[0, 1], [1, 1]], dtype)
    back = again(Anything(x)).value
    assert isinstance(back, jax.Array)
    assert back.dtype == x.dtype
    assert eqx.tree_equal(back, x)
    key = jr.key(3)
    assert jnp.array_equal(jr.key_data(again(Anything(key)).value), jr.key_data(key))


def test_missing_fields_get_their_defaults():
    assert build({"type": f"{HERE}.Explorer", "rows": 8}) == Explorer(rows=8)
    assert again(Anything(1)).total == 7


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"row": 8}, UnknownName, "there is no field 'row'; did you mean 'rows'?"),
        ({"rows": "many"}, ArgumentError, "`rows` must be int, got 'many'"),
        ({"rows": True}, ArgumentError, "`rows` must be int, got True"),
        ({"rows": 2.0}, ArgumentError, "`rows` must be int, got 2.0"),
        ({"rate": "x"}, ArgumentError, r"`rate` must be float \| None, got 'x'"),
        ({"edit": 1}, ArgumentError, "`edit` must be bool, got 1"),
        ({"sizes": [1, "x"]}, ArgumentError, r"`sizes` must be tuple\[int, ...\]"),
        ({"rows": 7}, ArgumentError, "`rows` must be even, got 7"),
        ({"score": 3}, ArgumentError, "`score` must be Score, got 3"),
        ({"score": {"gamma": 1.0}}, ArgumentError, "`score` must be .* an object with a `type`"),
        ({"score": {"type": f"{HERE}.Score", "kind": "max"}}, ArgumentError, "`score.kind` must be Literal"),
        ({"score": {"type": f"{HERE}.Score", "gama": 1.0}}, UnknownName, "did you mean 'score.gamma'"),
        ({"score": {"type": f"{HERE}.Scor"}}, UnknownName, "did you mean '.*Score'"),
        ({"rate": odd_array("int8", [2])}, ArgumentError, "`rate`"),
        ({"rate": odd_array("O", [1])}, ArgumentError, "`rate`"),
        ({"rate": {"type": "float", "value": "big"}}, ArgumentError, "`rate` must be a well-formed object"),
        ({"rate": {"type": "set"}}, ArgumentError, "array, dict, dtype, float, list"),
        ({"score": {"type": f"{HERE}.Colour", "name": "REDD"}}, UnknownName, "did you mean 'RED'"),
    ],
)  # fmt: skip
def test_what_does_not_suit_is_refused_with_its_place(change, error, message):
    with pytest.raises(error, match=message):
        build({"type": f"{HERE}.Explorer"} | change)


def test_a_field_without_default_must_be_there():
    with pytest.raises(ArgumentError, match="`must` is missing and Needy has no default"):
        build({"type": f"{HERE}.Needy"})


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "subprocess.Popen",
        "antigravity.fly",
        "explora.core._errors.difflib.sys",
        "explora.core._part.Part",
        "explora.core.eqx.Module",
        "explora.core.ArgumentError",
        "explora.core.fresh_lesson",
        "explora.nowhere.Thing",
        f"{HERE}.Stranger",
        "equinox.nn.Linear",
        "explora.core..Box",
        ".Box",
    ],
)
def test_only_public_classes_of_explora_are_ever_looked_up(name):
    before = set(sys.modules)
    with pytest.raises(UnknownName):
        build({"type": name})
    assert {module for module in set(sys.modules) - before if not module.startswith("explora")} == set()


def test_a_misspelt_class_suggests_the_nearest():
    with pytest.raises(
        UnknownName, match=r"no allowed type 'explora.core.Discreet'; did you mean 'explora.core.Discrete'"
    ):
        build({"type": "explora.core.Discreet", "count": 3})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (jnp.sin, "`value` is .* which a configuration cannot hold"),
        (np.zeros(10_001), "`value` is an array of 10001 numbers, which is data"),
        (np.zeros(2, np.complex64), "`value` is an array of complex64"),
        ((1, {"deep": {3}}), "`value.1.deep` is .3., a set"),
        (Stranger(), "`value` is a .*Stranger, .* must be handed to `explora.core.allow` first"),
        (OwnInit(2), r"constructor takes \(half\) while its fields are \(width\)"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_place(value, message):
    with pytest.raises(ArgumentError, match=message):
        spec(Anything(value))


def test_allow_takes_parts_only():
    with pytest.raises(ArgumentError, match="`cls` must be a subclass of `Part`"):
        allow(dict)
    with pytest.raises(ArgumentError, match="`part` must be a part"):
        spec({"a": 1})


def test_a_part_that_behaves_differently_now_is_refused():
    written = spec(Versioned(size=2))
    assert written == {"type": f"{HERE}.Versioned", "version": 3, "size": 2}
    assert build(written) == Versioned(size=2)
    for old in (written | {"version": 2}, {"type": f"{HERE}.Versioned"}):
        with pytest.raises(ArgumentError, match=r"was written for version [12] of Versioned, .* at version 3 here"):
            build(old)


def test_flat_lists_fields_by_path():
    assert flat(Explorer(layers=(Score(gamma=0.5),))) == {
        "score.gamma": 0.995,
        "score.kind": "sum",
        "score.colour": Colour.RED,
        "rows": 32,
        "rate": None,
        "sizes": (13, 13),
        "edit": False,
        "name": "replay",
        "layers.0.gamma": 0.5,
        "layers.0.kind": "sum",
        "layers.0.colour": Colour.RED,
    }


@given(nested)
@settings(max_examples=50, deadline=None)
def test_flat_loses_nothing_but_the_types(value):
    if all("." not in path.removeprefix("value.") for path in flat(Anything(value))):
        part = Anything(value)
        assert same(override(part, flat(part)), part)


@pytest.mark.parametrize(
    ("path", "given_value", "expected"),
    [
        ("rows", "64", Explorer(rows=64)),
        ("rows", "1e3", Explorer(rows=1000)),
        ("rows", 64.0, Explorer(rows=64)),
        ("rate", "0.5", Explorer(rate=0.5)),
        ("rate", 1, Explorer(rate=1.0)),
        ("rate", "None", Explorer()),
        ("edit", "yes", Explorer(edit=True)),
        ("name", "64", Explorer(name="64")),
        ("sizes", "5, 7", Explorer(sizes=(5, 7))),
        ("sizes", "(5,)", Explorer(sizes=(5,))),
        ("sizes", [5, 7], Explorer(sizes=(5, 7))),
        ("sizes.1", "9", Explorer(sizes=(13, 9))),
        ("score.gamma", "1", Explorer(score=Score(gamma=1.0))),
        ("score.kind", "mean", Explorer(score=Score(kind="mean"))),
        ("score.colour", "green", Explorer(score=Score(colour=Colour.GREEN))),
        ("score", Score(gamma=0.1), Explorer(score=Score(gamma=0.1))),
    ],
)
def test_override_reads_values_as_the_field_says(path, given_value, expected):
    assert same(override(Explorer(), {path: given_value}), expected)


def test_override_takes_effect_together_and_leaves_the_original():
    before = Anything({"a": Explorer(), "b": (1, Explorer())})
    after = override(before, {"value.a": Explorer(rows=2), "value.a.rate": 0.5, "value.b.1.rows": 4})
    assert same(after, Anything({"a": Explorer(rows=2, rate=0.5), "b": (1, Explorer(rows=4))}))
    assert same(before, Anything({"a": Explorer(), "b": (1, Explorer())}))


def test_override_keeps_the_dtype_of_an_array():
    after = override(Anything(jnp.arange(2, dtype=jnp.int8)), {"value": "[3, 4]"}).value
    assert after.dtype == jnp.int8
    assert after.tolist() == [3, 4]
    with pytest.raises(ArgumentError, match="`value` must be an array of int8, got 'x'"):
        override(Anything(jnp.arange(2, dtype=jnp.int8)), {"value": "x"})


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"row": 64}, UnknownName, "there is no field 'row'; did you mean 'rows'"),
        ({"score.gama": 64}, UnknownName, "did you mean 'score.gamma'"),
        ({"gamma": 0.5}, UnknownName, "there is no field 'gamma'.*score.gamma"),
        ({"rows.deep": 1}, UnknownName, "there is no field 'rows.deep'"),
        ({"sizes.2": 1}, UnknownName, "there is no field 'sizes.2'"),
        ({"rows": "many"}, ArgumentError, "`rows` must be int, got 'many'"),
        ({"rows": "1.5"}, ArgumentError, "`rows` must be int"),
        ({"rows": "1e999"}, ArgumentError, "`rows` must be int"),
        ({"rows": 3}, ArgumentError, "`rows` must be even"),
        ({"edit": "maybe"}, ArgumentError, "`edit` must be bool"),
        ({"score": "mean"}, ArgumentError, "`score` must be Score, got 'mean'; to change .* give 'score.gamma'"),
        ({"score.colour": "blue"}, ArgumentError, "`score.colour` must be Colour"),
    ],
)
def test_override_refuses_with_the_cure(values, error, message):
    with pytest.raises(error, match=message):
        override(Explorer(), values)


def test_parts_of_the_core_come_back():
    parts = Anything((Uniformly(3), Discrete(3, ("left", "right", "on")), Examples(batch=4)))
    assert again(parts) == parts
