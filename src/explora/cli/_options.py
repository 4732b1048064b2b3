"""From parts to command-line options and back.

Every field of every part becomes an option named by its path (`--explorer.capacity`), typed as in the class, with the
help text of the class's docstring. The parts of a recipe are the defaults, so nothing is ever said twice.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any

import equinox as eqx
import tyro

from ._exchange import alternatives

_PLAIN = (int, float, bool, str)


def options_of(part: eqx.Module) -> type:
    """A dataclass whose fields are those of a part, with its values as defaults.

    **Arguments:**

    - `part`: the part.

    **Returns:** a dataclass type that tyro can read from a command line.
    """
    return dataclasses.make_dataclass(type(part).__name__, list(_fields(part)), namespace={"__doc__": _summary(part)})


def rebuild(part: eqx.Module, options: Any) -> eqx.Module:
    """The part with the values of its options.

    **Arguments:**

    - `part`: where options come from that were not offered.
    - `options`: an instance of `options_of(part)`.

    **Raises:** what the part's own checks raise.
    """
    values = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if hasattr(options, field.name):
            chosen = getattr(options, field.name)
            value = rebuild(value, chosen) if isinstance(value, eqx.Module) else chosen
        values[field.name] = value
    return type(part)(**values)


def _fields(part: eqx.Module) -> Iterator[tuple[str, Any, Any]]:
    hints = typing.get_type_hints(type(part))
    helps = _helps(type(part))
    for field in dataclasses.fields(part):
        value, hint = getattr(part, field.name), hints.get(field.name)
        if isinstance(value, eqx.Module):
            nested = options_of(value)
            others = alternatives(part, field.name)
            if len(others) > 1:
                nested.__doc__ = f"{nested.__doc__} Another part by its name: {', '.join(others)}."
            yield field.name, nested, dataclasses.field(default_factory=nested)
        elif _offered(hint):
            described = Annotated[hint, tyro.conf.arg(help=helps.get(field.name, ""))]
            yield field.name, described, dataclasses.field(default=value)


def _offered(hint: Any) -> bool:
    """Whether a type can be written on a command line: plain values, choices, and plain values or nothing."""
    origin = typing.get_origin(hint)
    if hint in _PLAIN or origin is typing.Literal:
        return True
    if origin in (typing.Union, types.UnionType):
        return all(inner is type(None) or _offered(inner) for inner in typing.get_args(hint))
    return origin is tuple and all(inner is ... or inner in _PLAIN for inner in typing.get_args(hint))


def _summary(part: eqx.Module) -> str:
    """The first sentence of the class's docstring."""
    return (type(part).__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")


def _helps(part: type) -> dict[str, str]:
    """What the docstring says of each field, under **Arguments:**."""
    text = (part.__doc__ or "").partition("**Arguments:**")[2]
    helps = {}
    for entry in re.split(r"\n\s*- (?=`)", text.split("\n    **")[0])[1:]:
        names, _, meaning = entry.partition(":")
        sentence = " ".join(meaning.split()).replace("`", "")
        for name in re.findall(r"`(\w+)`", names):
            helps[name] = sentence
    return helps
