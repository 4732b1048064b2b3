"""Spaces of Gymnasium and specs of ours."""

import builtins
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from explora.adapters import GymnasiumDomain
from explora.adapters._spaces import reader, to_space, to_spec, to_value, writer
from explora.core import Box, Codes, CombinationError, Discrete, MissingExtra

U8, F32 = np.uint8, np.float32


@pytest.mark.parametrize(
    ("space", "spec", "element", "read"),
    [
        (spaces.Discrete(3, start=2), Discrete(3), 4, np.int32(2)),
        (spaces.MultiDiscrete([2, 5]), Codes((2,), 5), np.array([1, 4]), np.array([1, 4], U8)),
        (spaces.MultiBinary(2), Codes((2,), 2), np.array([1, 0], np.int8), np.array([1, 0], U8)),
        (spaces.Box(0, 9, (2,), np.int64), Codes((2,), 10), np.array([3, 9]), np.array([3, 9], U8)),
        (spaces.Box(0, 255, (2,), U8), Box((2,), 0.0, 1.0), np.array([0, 51], U8), np.array([0, 0.2], F32)),
        (spaces.Box(-1, 99, (1,), np.int64), Box((1,), -1.0, 99.0), np.array([7]), np.array([7], F32)),
        (spaces.Box(-2.0, 2.0, (1,), np.float64), Box((1,), -2.0, 2.0), np.array([0.1]), np.array([0.1], F32)),
        (
            spaces.Dict({"b": spaces.Discrete(2), "a": spaces.Tuple([spaces.Box(0, 1, (1,), F32)])}),
            {"a": (Box((1,), 0.0, 1.0),), "b": Discrete(2)},
            {"b": 1, "a": (np.array([0.5], F32),)},
            {"a": (np.array([0.5], F32),), "b": np.int32(1)},
        ),
    ],
    ids=lambda x: type(x).__name__,
)
def test_what_is_shown_to_us(space: Any, spec: Any, element: Any, read: Any):
    assert to_spec(space) == spec
    found = reader(space)(element)
    same(found, read)


def same(found: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name in expected:
            same(found[name], expected[name])
    elif isinstance(expected, tuple):
        for x, y in zip(found, expected, strict=True):
            same(x, y)
    else:
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("space", "action", "written"),
    [
        (spaces.Discrete(3, start=-1), np.int32(2), 1),
        (spaces.MultiDiscrete([2, 5]), np.array([1, 4], U8), [1, 4]),
        (spaces.Box(-1.0, 1.0, (2,), np.float64), np.array([0.5, 3.0], F32), [0.5, 1.0]),
    ],
)
def test_what_we_do(space: Any, action: Any, written: Any):
    found = writer(space)(action)
    assert found in space
    assert np.asarray(found).tolist() == written


def test_ours_in_theirs():
    spec = {"cells": Codes((2, 2), 3), "speed": (Box((1,), -1.0, 1.0),), "way": Discrete(4)}
    space = to_space(spec)
    assert space["cells"] == spaces.Box(0, 2, (2, 2), U8)
    assert space["way"] == spaces.Discrete(4)
    shown = {"cells": np.full((2, 2), 2, U8), "speed": (np.zeros(1, F32),), "way": np.array(3, np.int32)}
    value = to_value(spec, shown)
    assert value in space
    assert isinstance(value["way"], np.int64)


def test_what_is_no_array_is_refused():
    with pytest.raises(CombinationError, match=r"shown=…"):
        to_spec(spaces.Dict({"mission": spaces.Text(9)}))
    with pytest.raises(CombinationError, match="cannot act in Text"):
        writer(spaces.Text(9))
    with pytest.raises(CombinationError, match="a dict or a tuple"):
        to_space([Codes((1,), 2)])


def test_without_gymnasium_the_extra_is_named(monkeypatch):
    plain = builtins.__import__

    def without(name: str, *rest: Any, **kwargs: Any) -> Any:
        if name == "gymnasium":
            raise ImportError(name)
        return plain(name, *rest, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"explora\[gymnasium\]"):
        GymnasiumDomain("CartPole-v1").make()
