"""Does a value suit the annotation of its field, and how is a text read that is meant for it?

Only annotations that configurations are made of are understood: plain types, enumerations, modules and containers of
these. Whatever else a field is annotated with, its constructor has to judge.
"""

import ast
import collections.abc
import enum
import functools
import types
import typing
from typing import Any, Literal, Union

import equinox as eqx
import jax
import numpy as np

_SEQUENCES = (tuple, list, collections.abc.Sequence)
_MAPPINGS = (dict, collections.abc.Mapping)


@functools.cache
def hints(cls: type) -> dict[str, Any]:
    """The annotations of a class's fields; empty if one of them names something that does not exist at run time."""
    try:
        return typing.get_type_hints(cls)
    except NameError:
        return {}


def accepts(value: Any, hint: Any) -> bool:
    """Whether a value suits an annotation; True for annotations that are not understood."""
    origin, args = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return any(accepts(value, option) for option in args)
    if origin is Literal:
        return any(value == option and type(value) is type(option) for option in args)
    if origin is None or origin is types.NoneType:
        return value is None
    if origin in (int, float):
        number = (int, np.integer) if origin is int else (int, float, np.integer, np.floating)
        return (isinstance(value, number) and not isinstance(value, bool)) or isinstance(value, (jax.Array, np.ndarray))
    if origin in _SEQUENCES:
        return isinstance(value, origin) and _accepts_items(value, args)
    if origin in _MAPPINGS:
        return isinstance(value, origin) and (not args or all(accepts(item, args[1]) for item in value.values()))
    if isinstance(origin, type) and issubclass(origin, (bool, str, enum.Enum, eqx.Module)):
        return isinstance(value, origin)
    return True


def _accepts_items(value: Any, args: tuple) -> bool:
    if not args:
        return True
    if isinstance(value, tuple) and args[-1] is not Ellipsis:
        return args == ((),) or (len(value) == len(args) and all(map(accepts, value, args)))
    return all(accepts(item, args[0]) for item in value)


def convert(value: Any, hint: Any) -> Any:
    """The value that is meant for a field: texts are read, whole numbers become floats where only floats suit.

    **Arguments:**

    - `value`: what a person gave, a text from a command line, say.
    - `hint`: the field's annotation.

    **Returns:** the value; unchanged if it cannot be made to suit.
    """
    if isinstance(value, str):
        for option in sorted(_options(hint), key=lambda option: option in (str, Any)):
            try:
                read = _read(value, option)
            except (ValueError, SyntaxError, KeyError, OverflowError):
                continue
            if accepts(read, option):
                return read
        return value
    options = _options(hint)
    if type(value) is int and float in options and int not in options:
        return float(value)
    if type(value) is float and value.is_integer() and int in options and float not in options:
        return int(value)
    for option in options:
        if typing.get_origin(option) is tuple and isinstance(value, (list, tuple)):
            return _items(tuple(value), typing.get_args(option))
    return value


def child(hint: Any, name: str | int) -> Any:
    """The annotation of an entry of a container that is annotated with `hint`."""
    for option in _options(hint):
        origin, args = typing.get_origin(option), typing.get_args(option)
        if origin in _MAPPINGS and len(args) == 2:
            return args[1]
        if origin is tuple and args and args[-1] is not Ellipsis:
            return args[int(name)]
        if origin in _SEQUENCES and args:
            return args[0]
    return Any


def describe(hint: Any) -> str:
    """An annotation as people write it."""
    if typing.get_origin(hint) is None and isinstance(hint, type):
        return "None" if hint is types.NoneType else hint.__name__
    if typing.get_origin(hint) in (Union, types.UnionType):
        return " | ".join(describe(option) for option in typing.get_args(hint))
    return str(hint).replace("typing.", "")


def _options(hint: Any) -> tuple:
    return typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)


_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _read(text: str, hint: Any) -> Any:
    origin = typing.get_origin(hint) or hint
    if origin is types.NoneType:
        return None if text.lower() == "none" else text
    if origin is bool:
        return _WORDS[text.lower()]
    if origin is int:
        number = float(text) if "e" in text.lower() else int(text)
        return int(number) if number == int(number) else number
    if origin is float:
        return float(text)
    if origin is Literal:
        return {str(option): option for option in typing.get_args(hint)}[text]
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return {name.lower(): member for name, member in origin.__members__.items()}[text.lower()]
    if origin is tuple:
        return _items(_split(text), typing.get_args(hint))
    if origin in (list, dict):
        return ast.literal_eval(text)
    return text


def _split(text: str) -> tuple:
    inner = text.strip()
    if inner[:1] in ("(", "["):
        return tuple(ast.literal_eval(inner))
    return tuple(part.strip() for part in inner.split(",") if part.strip())


def _items(items: tuple, args: tuple) -> tuple:
    if args and args[-1] is Ellipsis:
        return tuple(convert(item, args[0]) for item in items)
    return tuple(map(convert, items, args)) if len(items) == len(args) else items
