"""What driver and workers say to each other: a line of JSON, and the bytes of some arrays behind it."""

import json
from collections.abc import Sequence
from typing import IO, Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import RunError

_ARRAYS = (jax.Array, np.ndarray, np.generic, jax.ShapeDtypeStruct)


def pack(said: Any, arrays: Sequence[np.ndarray] = ()) -> bytes:
    """A message.

    **Arguments:**

    - `said`: what JSON can write.
    - `arrays`: what it cannot.
    """
    head = json.dumps({"said": said, "arrays": [[str(x.dtype), list(x.shape)] for x in arrays]})
    return b"".join([head.encode(), b"\n", *(x.tobytes() for x in arrays)])


def unpack(message: bytes) -> tuple[Any, list[np.ndarray]]:
    """What `pack` was given. The arrays lie in the message and cannot be written to."""
    at = message.index(b"\n") + 1
    head, arrays = json.loads(message[:at]), []
    for name, shape in head["arrays"]:
        dtype = jnp.dtype(name)
        count = int(np.prod(shape))
        arrays.append(np.frombuffer(message, dtype, count, at).reshape(shape))
        at += count * dtype.itemsize
    return head["said"], arrays


def flat(tree: Any) -> list[np.ndarray]:
    """The arrays of a tree, random keys as the numbers that they are made of."""
    raw = lambda x: jr.key_data(x) if _is_key(x) else x
    return [np.asarray(raw(x)) for x in jax.tree.leaves(tree) if isinstance(x, _ARRAYS)]


def filled(like: Any, arrays: Sequence[np.ndarray]) -> Any:
    """The tree whose arrays `flat` has listed.

    **Arguments:**

    - `like`: a tree of the same structure; its arrays may be `jax.ShapeDtypeStruct`.
    - `arrays`: in the order of its leaves.
    """
    leaves, structure = jax.tree.flatten(like)
    rest = iter(arrays)
    read = lambda x: jr.wrap_key_data(jnp.asarray(next(rest))) if _is_key(x) else jnp.asarray(next(rest))
    return jax.tree.unflatten(structure, [read(x) if isinstance(x, _ARRAYS) else x for x in leaves])


def understood(answer: bytes) -> list[np.ndarray]:
    """The arrays of an answer.

    **Raises:** `RunError` if it says that the work could not be done.
    """
    said, arrays = unpack(answer)
    if "failed" in said:
        raise RunError(f"a worker could not do its work: {said['failed']}")
    return arrays


def send(pipe: IO[bytes], message: bytes) -> None:
    """Writes a message and its length.

    **Raises:** `OSError` if nobody reads.
    """
    pipe.write(len(message).to_bytes(8, "little"))
    pipe.write(message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """Reads what `send` has written.

    **Raises:** `EOFError` if nobody writes any more.
    """
    return _exactly(pipe, int.from_bytes(_exactly(pipe, 8), "little"))


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = pipe.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _is_key(x: Any) -> bool:
    return isinstance(x, _ARRAYS) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key)
