"""What the arrays of a set of episodes are called and look like, and how a tree is made of them again."""

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np

from explora.core import ArgumentError, Episodes

BY_STEP, BY_EPISODE = ("observation", "action", "reward", "achieved"), ("final", "terminated", "columns")
_KINDS = frozenset("biufcU")


class Field(NamedTuple):
    """One array.

    **Arguments:**

    - `dtype`: of its entries, as NumPy writes it; `"text"` for texts, whose lengths differ from shard to shard.
    - `shape`: of one entry.
    - `by`: `"step"` or `"episode"`: what it has one entry of.
    """

    dtype: str
    shape: tuple[int, ...]
    by: str

    @property
    def packed(self) -> bool:
        """Whether eight bools share a byte: where an entry has at least eight."""
        return self.dtype == "bool" and math.prod(self.shape) >= 8


class Layout(NamedTuple):
    """All arrays but the offsets.

    **Arguments:**

    - `trees`: for each field of `Episodes` the tree that it is, with the names of the arrays at its leaves.
    - `fields`: the arrays, by name.
    """

    trees: dict[str, Any]
    fields: dict[str, Field]

    def to_json(self) -> dict[str, Any]:
        """As a manifest has it."""
        return {"trees": self.trees, "fields": {name: list(field) for name, field in self.fields.items()}}

    @staticmethod
    def from_json(value: Any) -> "Layout":
        """The inverse of `to_json`.

        **Raises:** `ValueError` if it is not what `to_json` writes.
        """
        try:
            fields = {str(n): Field(str(d), tuple(map(int, s)), str(by)) for n, (d, s, by) in value["fields"].items()}
            layout = Layout({name: value["trees"][name] for name in (*BY_STEP, *BY_EPISODE)}, fields)
            for field in fields.values():
                if field.dtype != "text":
                    np.dtype(field.dtype)
            named = [leaf for tree in layout.trees.values() for leaf in _leaves(tree)]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it does not say which arrays there are ({error!r})") from error
        if sorted(named) != sorted(fields):
            raise ValueError("its trees name other arrays than it lists")
        for name, dtype in (("reward", np.float32), ("terminated", np.bool_)):
            if layout.trees[name] != name or fields[name].shape or np.dtype(fields[name].dtype) != dtype:
                raise ValueError(f"`{name}` must be a row of {np.dtype(dtype)}")
        return layout


def take_apart(episodes: Episodes) -> tuple[Layout, dict[str, np.ndarray]]:
    """The layout of a set of episodes, and its arrays by name.

    **Raises:** `ArgumentError` for a tree or an array that is never stored.
    """
    trees, fields, arrays = {}, {}, {}
    for owner in dataclasses.fields(Episodes):
        if owner.name == "offsets":
            continue
        found: dict[str, np.ndarray] = {}
        trees[owner.name] = _flatten(owner.name, getattr(episodes, owner.name), found)
        by = "step" if owner.name in BY_STEP else "episode"
        for name, array in found.items():
            fields[name] = _field(name, array, by)
        arrays |= found
    return Layout(trees, fields), arrays


def put_together(layout: Layout, offsets: np.ndarray, arrays: dict[str, np.ndarray]) -> Episodes:
    """The inverse of `take_apart`.

    **Raises:** `ValueError` if an array is not what the layout says: it comes from a file.
    """
    if offsets.dtype != np.int64 or offsets.ndim != 1:
        raise ValueError(f"`offsets` must be a row of int64, and is {offsets.dtype}{list(offsets.shape)}")
    for name, field in layout.fields.items():
        found = arrays[name]
        right = found.dtype.kind == "U" if field.dtype == "text" else found.dtype == np.dtype(field.dtype)
        if not right or found.shape[1:] != field.shape or not found.ndim:
            looks = f"{found.dtype}{list(found.shape[1:])}"
            raise ValueError(f"`{name}` must be {field.dtype}{list(field.shape)} an entry, and is {looks}")
    return Episodes(offsets, **{name: _unflatten(tree, arrays) for name, tree in layout.trees.items()})


def difference(layout: Layout, other: Layout) -> str | None:
    """In which array two layouts differ, in a few words; None if they are the same."""
    for name in {**layout.fields, **other.fields}:
        one, two = layout.fields.get(name), other.fields.get(name)
        if one != two:
            return f"`{name}` is {_words(two)} where {_words(one)} is kept"
    return None if layout.trees == other.trees else "its trees are made otherwise"


def _words(field: Field | None) -> str:
    return "nothing" if field is None else f"{field.dtype}[{','.join(map(str, field.shape))}]"


def _field(name: str, array: Any, by: str) -> Field:
    if not isinstance(array, np.ndarray):
        raise ArgumentError(f"`{name}` must be an array of NumPy, got {type(array).__name__}; use `np.asarray`")
    if array.dtype.kind not in _KINDS:
        raise ArgumentError(
            f"`{name}` must be numbers, bools or text, got {array.dtype}: objects would need pickle, which can run code"
        )
    dtype = "text" if array.dtype.kind == "U" else "bool" if array.dtype == bool else array.dtype.str
    return Field(dtype, tuple(array.shape[1:]), by)


def _flatten(name: str, tree: Any, found: dict[str, np.ndarray]) -> Any:
    """Notes the arrays of a tree by name and returns the tree as JSON."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        if not all(isinstance(key, str) for key in tree):
            raise ArgumentError(f"the keys of `{name}` must be strings, got {sorted(map(repr, tree))}")
        return {"dict": {key: _flatten(f"{name}.{key}", tree[key], found) for key in sorted(tree)}}
    if type(tree) in (tuple, list):
        inner = [_flatten(f"{name}.{place}", value, found) for place, value in enumerate(tree)]
        return {type(tree).__name__: inner}
    if name in found:
        raise ArgumentError(f"two arrays would be called `{name}`; leave dots out of the keys of a tree")
    found[name] = tree
    return name


def _unflatten(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    if tree is None:
        return None
    if isinstance(tree, str):
        return arrays[tree]
    (kind, inner), *_ = tree.items()
    if kind == "dict":
        return {key: _unflatten(value, arrays) for key, value in inner.items()}
    return {"tuple": tuple, "list": list}[kind](_unflatten(value, arrays) for value in inner)


def _leaves(tree: Any) -> list[str]:
    if tree is None or isinstance(tree, str):
        return [] if tree is None else [tree]
    (kind, inner), *_ = tree.items()
    if kind not in ("dict", "tuple", "list"):
        raise KeyError(kind)
    return [leaf for value in (inner.values() if kind == "dict" else inner) for leaf in _leaves(value)]
