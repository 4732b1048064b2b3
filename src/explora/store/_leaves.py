"""A tree of arrays as named tensors, and back."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import safetensors
import safetensors.numpy

from explora._version import __version__
from explora.core import ArgumentError, RunError

Leaves = dict[str, dict[str, Any]]
"""What a manifest says of each leaf, by path: `shape`, `dtype`, and for random keys `impl`."""

_STORED = (jax.Array, np.ndarray, np.generic, jax.ShapeDtypeStruct)


def pack(tree: Any) -> tuple[bytes, Leaves]:
    """The arrays of a tree as a safetensors file, and what to say of each.

    **Raises:** `ArgumentError` for a leaf whose data type the file format does not know.
    """
    tensors: dict[str, np.ndarray] = {}
    leaves: Leaves = {}
    for path, leaf in _named(tree).items():
        leaves[path], raw = _facts(leaf), leaf
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            leaves[path]["impl"], raw = str(jr.key_impl(leaf)), jr.key_data(leaf)
        tensors[path] = np.ascontiguousarray(np.asarray(raw)).reshape(np.shape(raw))
    try:
        return safetensors.numpy.save(tensors), leaves
    except safetensors.SafetensorError as error:
        listed = ", ".join(sorted({f"`{path}` is {leaf['dtype']}" for path, leaf in leaves.items()})[:8])
        raise ArgumentError(f"`tree` holds a leaf that cannot be stored: {error} ({listed})") from error


def unpack(data: bytes, leaves: Leaves, like: Any, *, name: str, written_by: str) -> Any:
    """The tree again: arrays from a file, all else from `like`.

    **Arguments:**

    - `data`, `leaves`: what `pack` returned.
    - `like`: a tree of the same structure; its arrays may be `jax.ShapeDtypeStruct`.
    - `name`: what error messages call the file.
    - `written_by`: the version of explora that wrote it.

    **Raises:** `RunError` that says which leaf differs.
    """
    wanted = {path: _facts(leaf) for path, leaf in _named(like).items()}
    difference = _difference(leaves, wanted)
    if difference:
        raise RunError(
            f"{name} does not fit this run: {difference}. The configuration or the version has changed since "
            f"(written by explora {written_by}, this is {__version__}): resume with those it was written with"
        )
    tensors = {path: _array(tensor) for path, tensor in safetensors.deserialize(data)}
    paths, treedef = jax.tree_util.tree_flatten_with_path(like)
    restored = [
        _like(tensors[_name(path)], leaves[_name(path)], leaf) if isinstance(leaf, _STORED) else leaf
        for path, leaf in paths
    ]
    return jax.tree.unflatten(treedef, restored)


def _named(tree: Any) -> dict[str, Any]:
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {_name(path): leaf for path, leaf in leaves if isinstance(leaf, _STORED)}


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path).removeprefix(".") or "value"


def _facts(leaf: Any) -> dict[str, Any]:
    return {"shape": list(leaf.shape), "dtype": str(leaf.dtype)}


def _difference(found: Leaves, wanted: Leaves) -> str | None:
    for path, facts in wanted.items():
        if path not in found:
            return f"`{path}` ({_shape(facts)}) is missing"
        if _shape(found[path]) != _shape(facts):
            return f"`{path}` is {_shape(found[path])} where {_shape(facts)} is expected"
    surplus = [path for path in found if path not in wanted]
    return f"`{surplus[0]}` ({_shape(found[surplus[0]])}) is not part of it" if surplus else None


def _shape(facts: dict[str, Any]) -> str:
    return f"{facts['dtype']}[{','.join(map(str, facts['shape']))}]"


_DTYPES = {
    "BOOL": "bool",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "C64": "complex64",
} | {f"{kind[0].upper()}{bits}": f"{kind}{bits}" for kind in ("int", "uint", "float") for bits in (8, 16, 32, 64)}


def _array(tensor: dict[str, Any]) -> np.ndarray:
    # safetensors' own NumPy reader does not know bfloat16
    return np.frombuffer(tensor["data"], np.dtype(_DTYPES[tensor["dtype"]])).reshape(tensor["shape"])


def _like(array: np.ndarray, facts: dict[str, Any], leaf: Any) -> Any:
    if isinstance(leaf, np.generic):
        return array[()]
    if isinstance(leaf, np.ndarray):
        return array
    value = jnp.array(array)  # a copy: the buffers of a state are given away, those of a file are not ours to give
    if "impl" in facts:
        return jr.wrap_key_data(value, impl=facts["impl"])
    if isinstance(leaf, jax.Array) and len(leaf.sharding.device_set) > 1:
        return jax.device_put(value, leaf.sharding)
    return value
