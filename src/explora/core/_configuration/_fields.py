"""What the fields of a part are called, and how a part is constructed from them."""

import dataclasses
import inspect
from typing import Any

import equinox as eqx

from .._errors import ArgumentError, ExploraError


def names(cls: type[eqx.Module], path: str = "") -> tuple[str, ...]:
    """The fields that the constructor of a module takes, in the order of the class.

    **Raises:** `ArgumentError` if the constructor takes something else than the fields.
    """
    fields = tuple(field.name for field in dataclasses.fields(cls) if field.init)
    taken = tuple(inspect.signature(cls.__init__).parameters)[1:]
    if set(taken) != set(fields) or "type" in fields:
        raise ArgumentError(
            f"{at(path)} is a {cls.__name__}, whose constructor takes ({', '.join(taken)}) while its fields are "
            f"({', '.join(fields)}): a configuration needs a class whose constructor takes just its fields, "
            "none of them called `type`"
        )
    return fields


def required(cls: type[eqx.Module]) -> frozenset[str]:
    """The fields without a default."""
    missing = dataclasses.MISSING
    return frozenset(
        field.name
        for field in dataclasses.fields(cls)
        if field.init and field.default is missing and field.default_factory is missing
    )


def make(cls: type[eqx.Module], fields: dict[str, Any], path: str = "") -> Any:
    """Constructs a module, so that its own checks run again.

    **Raises:** `ArgumentError` if the class objects.
    """
    try:
        return cls(**fields)
    except ExploraError:
        raise
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{at(path)}, a {cls.__name__}, cannot be built: {error}") from error


def at(path: str) -> str:
    """How messages call the place of a value."""
    return f"`{path}`" if path else "the configuration"


def under(path: str, name: str | int) -> str:
    """The path of a field of whatever lies at `path`."""
    return f"{path}.{name}" if path else str(name)
