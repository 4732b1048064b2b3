"""Tells mkdocstrings two things about explora that it cannot see, so that the API pages need no lists of their own.

- A folder's `__init__` makes a name public by `from ._module import Name as Name`; Griffe takes imported names for
  private ones otherwise.
- The fields of an `equinox.Module` and of a `NamedTuple` are the arguments of its constructor.
"""

from collections.abc import Iterator
from typing import Any

import griffe

_ROOTS = ("equinox.Module", "eqx.Module", "typing.NamedTuple", "NamedTuple")


class PublicNames(griffe.Extension):
    """Marks public names as public and gives modules of fields a constructor."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        classes = {cls.path: cls for cls in _classes(pkg)}
        for cls in classes.values():
            if "__init__" not in cls.members and _has_fields(cls, classes):
                _add_constructor(cls, classes)
        _mark(pkg)


def _mark(module: griffe.Module) -> None:
    """Marks what an `__init__` imports from a private module beside it, under the same name, as public."""
    for name, member in module.members.items():
        if isinstance(member, griffe.Alias):
            path = member.target_path
            member.public = (path.startswith(f"{module.path}._") and path.endswith(f".{name}")) or None
        elif isinstance(member, griffe.Module):
            _mark(member)


def _classes(module: griffe.Module) -> Iterator[griffe.Class]:
    for member in module.members.values():
        if isinstance(member, griffe.Class):
            yield member
        elif isinstance(member, griffe.Module):
            yield from _classes(member)


def _bases(cls: griffe.Class, classes: dict[str, griffe.Class]) -> Iterator[griffe.Class]:
    """The classes of explora that a class is made of directly."""
    for base in cls.bases:
        name = base.canonical_path.rpartition(".")[2] if isinstance(base, griffe.Expr) else base
        yield from (found for path, found in classes.items() if path.endswith(f".{name}") and found is not cls)


def _has_fields(cls: griffe.Class, classes: dict[str, griffe.Class]) -> bool:
    named = (base.canonical_path if isinstance(base, griffe.Expr) else base for base in cls.bases)
    return any(name in _ROOTS for name in named) or any(_has_fields(base, classes) for base in _bases(cls, classes))


def _fields(cls: griffe.Class, classes: dict[str, griffe.Class]) -> dict[str, griffe.Attribute]:
    """Name and declaration of each field, those of the bases first."""
    found: dict[str, griffe.Attribute] = {}
    for base in _bases(cls, classes):
        found |= _fields(base, classes)
    for name, member in cls.members.items():
        if member.is_alias:
            continue
        found.pop(name, None)  # a field may have become a property
        if isinstance(member, griffe.Attribute) and member.annotation is not None and _is_field(member):
            found[name] = member
    return found


def _is_field(attribute: griffe.Attribute) -> bool:
    """Whether it is a field, not a property and not a `ClassVar`, which Griffe tells apart by labels alone."""
    return "property" not in attribute.labels and "instance-attribute" in attribute.labels


def _add_constructor(cls: griffe.Class, classes: dict[str, griffe.Class]) -> None:
    fields = {name: field for name, field in _fields(cls, classes).items() if not name.startswith("_")}
    kind = griffe.ParameterKind.positional_or_keyword
    arguments = [
        griffe.Parameter(name, annotation=field.annotation, kind=kind, default=_default(field))
        for name, field in fields.items()
    ]
    parameters = griffe.Parameters(griffe.Parameter("self", kind=kind), *arguments)
    cls.set_member("__init__", griffe.Function("__init__", parameters=parameters, parent=cls))


def _default(field: griffe.Attribute) -> str | None:
    """What stands for the field if nothing is said: its value, or what `field(default=…)` declares."""
    value = field.value
    if value is None:
        return None
    if isinstance(value, griffe.ExprCall) and str(value.function).endswith("field"):
        said = {x.name: str(x.value) for x in value.arguments if isinstance(x, griffe.ExprKeyword)}
        made = said.get("default_factory")
        return said.get("default", None if made is None else _made(made))
    return str(value)


def _made(factory: str) -> str:
    """The result of a factory as one would write it."""
    return factory.removeprefix("lambda: ") if factory.startswith("lambda: ") else f"{factory}()"
