"""The fields of a part by dotted path."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._errors import ArgumentError, UnknownName
from . import _fields as fields
from ._fields import at, under
from ._hints import accepts, child, convert, describe, hints

Module = TypeVar("Module", bound=eqx.Module)
_Changes = list[tuple[tuple[str, ...], Any]]


def flat(part: eqx.Module) -> dict[str, Any]:
    """Every field of a part and of the parts inside it, by dotted path: what tables and reports show.

    `override(part, flat(part))` is the part itself.

    **Arguments:**

    - `part`: any part.

    **Returns:** values by path, such as `{"explorer.score.gamma": 0.995}`, in the order of the classes.
    """
    return dict(_leaves(part, ""))


def override(part: Module, values: Mapping[str, Any]) -> Module:
    """A copy of a part with some fields replaced.

    All replacements inside one part take effect together and its own checks run again.

    **Arguments:**

    - `part`: any part; it stays as it is.
    - `values`: new values by dotted path, such as `{"explorer.rows": 64}`. A text is read as the field's type says
      (`"64"`, `"none"`, `"0.1"`, `"13, 13"`), so that the values of a command line can be handed on.

    **Returns:** the copy.

    **Raises:** `UnknownName` for a field that does not exist; `ArgumentError` for a value that does not suit.
    """
    changes = [(tuple(path.split(".")), value) for path, value in values.items()]
    return _change(part, type(part), changes, "", part)


def _leaves(x: Any, path: str) -> Iterator[tuple[str, Any]]:
    children = _children(x, path) if _branches(x) else None
    if children is None:
        yield path, x
    else:
        for name, value in children.items():
            yield from _leaves(value, under(path, name))


def _branches(x: Any) -> bool:
    if isinstance(x, (tuple, list)):
        return any(map(_branches, x))
    return isinstance(x, eqx.Module) or (isinstance(x, dict) and bool(x))


def _children(x: Any, path: str) -> dict[str, Any] | None:
    if isinstance(x, eqx.Module):
        return {name: getattr(x, name) for name in fields.names(type(x), path)}
    if isinstance(x, dict):
        return {str(key): value for key, value in x.items()}
    if isinstance(x, (tuple, list)):
        return {str(i): value for i, value in enumerate(x)}
    return None


def _change(x: Any, hint: Any, changes: _Changes, path: str, whole: eqx.Module) -> Any:
    """The value at `path` after all its changes: first those of itself, then those of what is inside it."""
    for rest, value in changes:
        if not rest:
            x = _fit(value, x, hint, path)
    inner: dict[str, _Changes] = {}
    for rest, value in changes:
        if rest:
            inner.setdefault(rest[0], []).append((rest[1:], value))
    if not inner:
        return x
    children = _children(x, path) or {}
    for name, deeper in inner.items():
        if name not in children:
            raise _unknown(".".join((under(path, name), *deeper[0][0])), path, whole)
    wanted = hints(type(x)) if isinstance(x, eqx.Module) else {name: child(hint, name) for name in inner}
    new = {
        name: _change(children[name], wanted.get(name, Any), deeper, under(path, name), whole)
        for name, deeper in inner.items()
    }
    return _rebuild(x, children | new, path)


def _rebuild(x: Any, children: dict[str, Any], path: str) -> Any:
    if isinstance(x, eqx.Module):
        return fields.make(type(x), children, path)
    if isinstance(x, dict):
        return dict(zip(x, children.values(), strict=True))
    return type(x)(children.values())


def _fit(value: Any, old: Any, hint: Any, path: str) -> Any:
    """A value that suits the annotation, or, where that says nothing, the kind of value that was there before."""
    if isinstance(old, (jax.Array, np.ndarray)) and not isinstance(value, (jax.Array, np.ndarray)):
        make = jnp.asarray if isinstance(old, jax.Array) else np.asarray
        try:
            return make(convert(value, list | float), dtype=old.dtype)
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"{at(path)} must be an array of {old.dtype}, got {value!r}") from error
    if hint is Any and type(old) in (bool, int, float, str):
        hint = type(old)
    new = convert(value, hint)
    if not accepts(new, hint):
        cure = ""
        if isinstance(old, eqx.Module):
            cure = f"; to change one of its fields, give {under(path, next(iter(fields.names(type(old))), '…'))!r}"
        raise ArgumentError(f"{at(path)} must be {describe(hint)}, got {value!r}{cure}")
    return new


def _unknown(name: str, path: str, whole: eqx.Module) -> UnknownName:
    """Suggests the fields of that last name wherever they are, else the nearest."""
    known = list(_all_paths(whole, ""))
    last = name.rpartition(".")[2]
    namesakes = [other for other in known if other.rpartition(".")[2] == last]
    beside = [other for other in known if other.rpartition(".")[0] == path]
    return UnknownName("field", name, namesakes or beside or known)


def _all_paths(x: Any, path: str) -> Iterable[str]:
    for name, value in (_children(x, path) or {} if _branches(x) else {}).items():
        yield under(path, name)
        yield from _all_paths(value, under(path, name))
