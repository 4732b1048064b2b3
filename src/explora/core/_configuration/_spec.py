"""Parts to JSON and back."""

import enum
import math
import textwrap
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from .._errors import ArgumentError, UnknownName
from . import _fields as fields
from ._fields import at, under
from ._hints import accepts, describe, hints
from ._types import find_type, type_name

JSON = dict[str, Any]

_LARGEST = 10_000  # entries of an array: more is data, not configuration


def spec(part: Any) -> JSON:
    """Writes a part down, every field of it, in the order of its class.

    **Arguments:**

    - `part`: a part of public classes; its fields hold plain values, small arrays, enumerations and further parts.

    **Returns:** what `build` turns into an equal part; `json.dumps` can write it without extensions.

    **Raises:** `ArgumentError` for a field that holds something else (a function, a large array) or a class that
    `build` could not find again.
    """
    if not isinstance(part, eqx.Module):
        raise ArgumentError(f"`part` must be a part, such as `Uniform()`, got {part!r}")
    return _write(part, "")


def build(json: Any) -> Any:
    """Constructs a part from what `spec` wrote. Missing fields get their defaults.

    **Arguments:**

    - `json`: what `spec` returned, or `json.loads` of it.

    **Returns:** the part.

    **Raises:** `UnknownName` for a class that is not allowed or a field that the class lacks; `ArgumentError` for a
    value of the wrong type or a class that has changed its version since.
    """
    if not isinstance(json, dict):
        raise ArgumentError(f"`json` must be an object with a `type`, as `spec` writes it, got {json!r}")
    return _read(json, "")


def _write(x: Any, path: str) -> Any:
    if x is None or type(x) in (bool, int, str):
        return x
    if type(x) is float:
        return x if math.isfinite(x) else {"type": "float", "value": repr(x)}
    if type(x) is tuple:
        return [_write(item, under(path, i)) for i, item in enumerate(x)]
    if type(x) is list:
        return {"type": "list", "items": [_write(item, under(path, i)) for i, item in enumerate(x)]}
    if type(x) is dict:
        return {"type": "dict", "items": _write_items(x, path)}
    if isinstance(x, enum.Enum):
        return {"type": type_name(type(x), path), "name": x.name}
    if isinstance(x, eqx.Module):
        return _write_module(x, path)
    if isinstance(x, np.dtype):
        return {"type": "dtype", "name": x.name}
    if isinstance(x, (jax.Array, np.ndarray, np.generic)):
        return _write_array(x, path)
    shown = textwrap.shorten(repr(x), 80, placeholder=" …")
    raise ArgumentError(
        f"{at(path)} is {shown}, a {type(x).__name__}, which a configuration cannot hold: it holds numbers, strings, "
        "tuples, lists, dictionaries, enumerations, small arrays and parts; make it a `Part`, or a name to look up"
    )


def _write_items(x: dict, path: str) -> Any:
    items = [(key, _write(value, under(path, str(key)))) for key, value in x.items()]
    if all(type(key) is str for key in x):
        return dict(items)
    return [[_write(key, path), value] for key, value in items]


def _write_module(x: eqx.Module, path: str) -> JSON:
    cls = type(x)
    head: JSON = {"type": type_name(cls, path)}
    if _version(cls) is not None:
        head["version"] = _version(cls)
    return head | {name: _write(getattr(x, name), under(path, name)) for name in fields.names(cls, path)}


def _write_array(x: Any, path: str) -> JSON:
    kind, impl = "scalar" if isinstance(x, np.generic) else "numpy", {}
    if isinstance(x, jax.Array):
        kind = "jax"
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            kind, impl, x = "key", {"impl": str(jr.key_impl(x))}, jr.key_data(x)
    array = np.asarray(x)
    if array.size > _LARGEST:
        raise ArgumentError(
            f"{at(path)} is an array of {array.size} numbers, which is data and not configuration (at most "
            f"{_LARGEST}): let the part hold the name or the path of its data and read them when it is used"
        )
    if jnp.issubdtype(array.dtype, jnp.floating):
        items = [_write(number, path) for number in array.astype(np.float64).ravel().tolist()]
    elif jnp.issubdtype(array.dtype, jnp.integer) or array.dtype == np.bool_:
        items = array.ravel().tolist()
    else:
        raise ArgumentError(f"{at(path)} is an array of {array.dtype}; a configuration holds real numbers and booleans")
    return {
        "type": "array",
        "kind": kind,
        **impl,
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "items": items,
    }


def _read(x: Any, path: str) -> Any:
    if x is None or isinstance(x, (bool, int, float, str)):
        return x
    if isinstance(x, list):
        return tuple(_read(item, under(path, i)) for i, item in enumerate(x))
    if not isinstance(x, dict) or not isinstance(x.get("type"), str):
        raise ArgumentError(f"{at(path)} must be a plain value, an array or an object with a `type`, got {x!r}")
    if "." in x["type"]:
        return _read_class(x, path)
    try:
        return _PLAIN[x["type"]](x, path)
    except (ArgumentError, UnknownName):
        raise
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        kinds = ", ".join(sorted(_PLAIN))
        raise ArgumentError(
            f"{at(path)} must be a well-formed object of type {kinds} or of a class's full name, got {x!r}"
        ) from error


def _read_class(x: JSON, path: str) -> Any:
    cls = find_type(x["type"])
    if issubclass(cls, enum.Enum):
        if x.get("name") not in cls.__members__:
            raise UnknownName(cls.__name__, str(x.get("name")), cls.__members__)
        return cls[x["name"]]
    names, wanted = fields.names(cls, path), hints(cls)
    written = {key: value for key, value in x.items() if key != "type"}
    if _version(cls) is not None:
        _same_version(cls, written.pop("version", 1), path)
    values = {}
    for key, value in written.items():
        where = under(path, key)
        if key not in names:
            raise UnknownName("field", where, [under(path, name) for name in names])
        values[key] = _read(value, where)
        if not accepts(values[key], wanted.get(key, Any)):
            raise ArgumentError(f"{at(where)} must be {describe(wanted[key])}, got {value!r}")
    for name in names:
        if name in fields.required(cls) - values.keys():
            raise ArgumentError(f"{at(under(path, name))} is missing and {cls.__name__} has no default for it")
    return fields.make(cls, values, path)


def _read_float(x: JSON, path: str) -> float:
    return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[x["value"]]


def _read_list(x: JSON, path: str) -> list:
    return [_read(item, under(path, i)) for i, item in enumerate(_expect(x["items"], list))]


def _read_dict(x: JSON, path: str) -> dict:
    items = x["items"]
    if isinstance(items, dict):
        return {key: _read(value, under(path, key)) for key, value in items.items()}
    return {_read(key, path): _read(value, under(path, str(key))) for key, value in _expect(items, list)}


def _read_array(x: JSON, path: str) -> Any:
    dtype, shape = np.dtype(x["dtype"]), tuple(_expect(x["shape"], list))
    if dtype.hasobject:
        raise TypeError("arrays of objects are not configuration")
    items = [_read(number, path) for number in _expect(x["items"], list)]
    wide = np.float64 if jnp.issubdtype(dtype, jnp.floating) else dtype
    array = np.array(items, wide).astype(dtype).reshape(shape)
    if x["kind"] == "key":
        return jr.wrap_key_data(jnp.asarray(array), impl=x["impl"])
    return {"jax": jnp.asarray, "numpy": np.asarray, "scalar": lambda a: a[()]}[x["kind"]](array)


def _read_dtype(x: JSON, path: str) -> np.dtype:
    return np.dtype(_expect(x["name"], str))


_PLAIN = {"float": _read_float, "list": _read_list, "dict": _read_dict, "array": _read_array, "dtype": _read_dtype}


def _expect(x: Any, kind: type) -> Any:
    if not isinstance(x, kind):
        raise TypeError(f"expected {kind.__name__}")
    return x


def _version(cls: type) -> int | None:
    number = getattr(cls, "version", None)
    return number if type(number) is int and "version" not in fields.names(cls) else None


def _same_version(cls: type, written: Any, path: str) -> None:
    if written != _version(cls):
        raise ArgumentError(
            f"{at(path)} was written for version {written!r} of {cls.__name__}, which is at version {_version(cls)} "
            "here and behaves differently: use the version of explora that wrote it, or make the part anew"
        )
