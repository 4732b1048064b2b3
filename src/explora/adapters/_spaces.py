"""What environments show and accept, in Gymnasium's words and in ours."""

from collections.abc import Callable
from typing import Any

import gymnasium
import jax
import numpy as np
from gymnasium import spaces
from jaxtyping import PyTree

from explora.core import Box, Codes, CombinationError, Discrete, Spec

_MOST_CODES = 64
"""Small whole numbers up to here are codes (cells of a grid), beyond they are quantities (brightness)."""


def to_space(spec: PyTree[Spec]) -> gymnasium.Space:
    """The Gymnasium space of what a spec describes.

    **Raises:** `CombinationError` for a tree of anything but dictionaries and tuples.
    """
    if isinstance(spec, Discrete):
        return spaces.Discrete(spec.count)
    if isinstance(spec, Codes):
        return spaces.Box(0, spec.count - 1, spec.shape, np.dtype(spec.dtype).type)
    if isinstance(spec, Box):
        return spaces.Box(spec.low, spec.high, spec.shape, np.dtype(spec.dtype).type)
    if isinstance(spec, dict):
        return spaces.Dict({name: to_space(inner) for name, inner in spec.items()})
    if isinstance(spec, tuple):
        return spaces.Tuple([to_space(inner) for inner in spec])
    raise CombinationError(f"an observation for Gymnasium is a spec, a dict or a tuple of them; got {spec!r}")


def to_value(spec: PyTree[Spec], arrays: PyTree) -> Any:
    """What was observed, as Gymnasium expects it: NumPy arrays, and NumPy integers for choices."""
    if isinstance(spec, dict):
        return {name: to_value(inner, arrays[name]) for name, inner in spec.items()}
    if isinstance(spec, tuple):
        return tuple(map(to_value, spec, arrays))
    # A copy: the memory of an array of JAX is not to be written to, and PyTorch warns of that.
    return np.array(arrays, np.int64)[()] if isinstance(spec, Discrete) else np.array(arrays)


def to_spec(space: gymnasium.Space) -> PyTree[Spec]:
    """What a Gymnasium space describes: choices, codes (small whole numbers) or quantities.

    **Raises:** `CombinationError` for spaces whose elements are no arrays (texts, graphs, sequences).
    """
    match space:
        case spaces.Discrete():
            return Discrete(int(space.n))
        case spaces.MultiDiscrete():
            return Codes(space.shape, int(space.nvec.max()), _narrow(int(space.nvec.max())))
        case spaces.MultiBinary():
            return Codes(space.shape, 2)
        case spaces.Box() if _coded(space):
            return Codes(space.shape, int(space.high.max()) + 1)
        case spaces.Box() if space.dtype == np.uint8:
            return Box(space.shape, 0.0, 1.0)
        case spaces.Box():
            return Box(space.shape, float(space.low.min()), float(space.high.max()))
        case spaces.Dict():
            return {name: to_spec(inner) for name, inner in space.spaces.items()}
        case spaces.Tuple():
            return tuple(map(to_spec, space.spaces))
    raise CombinationError(
        f"explora cannot read {space}: it reads Box, Discrete, MultiDiscrete, MultiBinary, and Dict and Tuple of "
        "these; keep the other entries of a Dict with `GymnasiumDomain(shown=…)`, or override its `make` and wrap"
    )


def reader(space: gymnasium.Space) -> Callable[[Any], PyTree[np.ndarray]]:
    """A function from an element of a space to the arrays that its spec describes; a byte becomes 0 … 1."""
    match space:
        case spaces.Discrete():
            return lambda x: np.asarray(x - space.start, np.int32)
        case spaces.MultiDiscrete():
            return lambda x: (np.asarray(x) - space.start).astype(to_spec(space).dtype)
        case spaces.Dict():
            readers = {name: reader(inner) for name, inner in space.spaces.items()}
            return lambda x: {name: read(x[name]) for name, read in readers.items()}
        case spaces.Tuple():
            each = tuple(map(reader, space.spaces))
            return lambda x: tuple(read(part) for read, part in zip(each, x, strict=True))
        case spaces.Box() if space.dtype == np.uint8 and not _coded(space):
            return lambda x: np.asarray(x, np.float32) / np.float32(255)
    dtype = jax.tree.leaves(to_spec(space), is_leaf=lambda x: isinstance(x, Spec))[0].dtype
    return lambda x: np.asarray(x, dtype)


def writer(space: gymnasium.Space) -> Callable[[Any], Any]:
    """A function from an action to what a Gymnasium environment accepts."""
    match space:
        case spaces.Discrete():
            return lambda x: int(x) + int(space.start)
        case spaces.MultiDiscrete():
            return lambda x: (x + space.start).astype(space.dtype)
        case spaces.Box():
            return lambda x: np.clip(x, space.low, space.high).astype(space.dtype)
        case spaces.MultiBinary():
            return lambda x: x.astype(space.dtype)
    raise CombinationError(f"explora cannot act in {space}: it acts in Discrete, MultiDiscrete, MultiBinary and Box")


def _coded(space: spaces.Box) -> bool:
    whole = np.issubdtype(space.dtype, np.integer)
    return bool(whole and space.low.min() >= 0 and space.high.max() < _MOST_CODES)


def _narrow(count: int) -> Any:
    return np.dtype(np.uint8 if count <= 256 else np.int32)
