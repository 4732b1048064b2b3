"""Which classes a configuration may name, and by which name."""

import enum
import importlib
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, TypeGuard, TypeVar

import equinox as eqx

from .._errors import ArgumentError, UnknownName
from ._fields import at

Allowed = TypeVar("Allowed")

_allowed: dict[str, type] = {}
_PACKAGE = __name__.split(".")[0]


def allow(cls: Allowed) -> Allowed:
    """Lets configurations name a class that lives outside explora; also works as a decorator.

    A class of the same name takes the place of an earlier one, so that a cell of a notebook can be run again.

    **Arguments:**

    - `cls`: a subclass of `Part` or of another `equinox.Module`, or an enumeration.

    **Returns:** the class.

    **Raises:** `ArgumentError` for any other class.
    """
    if not _suits(cls):
        raise ArgumentError(f"`cls` must be a subclass of `Part`, `equinox.Module` or `enum.Enum`, got {cls!r}")
    _allowed[f"{cls.__module__}.{cls.__qualname__}"] = cls
    return cls


def type_name(cls: type, path: str) -> str:
    """The public name of a class: where its nearest public package re-exports it."""
    full = f"{cls.__module__}.{cls.__qualname__}"
    if _allowed.get(full) is cls:
        return full
    parts = full.split(".")[:-1]
    public = list(takewhile(lambda part: not part.startswith("_"), parts)) if parts[0] == _PACKAGE else []
    while public:
        module = ".".join(public)
        if getattr(sys.modules.get(module), cls.__name__, None) is cls:
            return f"{module}.{cls.__name__}"
        public.pop()
    raise ArgumentError(
        f"{at(path)} is a {full}, which a configuration cannot name: classes of explora must be public, "
        "others must be handed to `explora.core.allow` first"
    )


def find_type(name: str) -> type:
    """The class of that name, looked for in explora's public packages and among the allowed classes only."""
    if name in _allowed:
        return _allowed[name]
    module, _, attribute = name.rpartition(".")
    parts = name.split(".")
    if parts[0] != _PACKAGE or any(part.startswith("_") or not part.isidentifier() for part in parts):
        raise UnknownName("allowed type", name, _near(module))
    try:
        package = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the package exists and lacks one of its own dependencies
        raise UnknownName("allowed type", name, _near(module)) from None
    cls = getattr(package, attribute, None)
    if not _suits(cls) or cls.__module__.split(".")[0] != _PACKAGE:
        raise UnknownName("allowed type", name, _near(module))
    return cls


def _near(module: str) -> list[str]:
    """The types to suggest: those of the same package if there is one, else all that are known by now."""
    public = [*_allowed, *_public()]
    return [name for name in public if name.rpartition(".")[0] == module] or public


def _public() -> Iterator[str]:
    for module, package in sys.modules.copy().items():  # another thread may be importing
        if module.split(".")[0] == _PACKAGE and "._" not in module:
            for attribute, value in vars(package).items():
                if _suits(value) and value.__module__.startswith(f"{module}.") and not attribute.startswith("_"):
                    yield f"{module}.{attribute}"


def _suits(cls: Any) -> TypeGuard[type]:
    return isinstance(cls, type) and issubclass(cls, (eqx.Module, enum.Enum))
