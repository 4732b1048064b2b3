"""Rows by the power of two, so that few shapes are compiled, and by the block, so that memory stays small."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Array, Float, Shaped

FEWEST = 64
"""Rows of the smallest shape."""

_BLOCK = 2**19
"""Numbers that one block may make: 2 MiB stay in the cache."""


def power_of_two(count: int, least: int) -> int:
    """The smallest power of two that is at least `count` and `least`."""
    return 1 << (max(count, least) - 1).bit_length()


def padded(x: Shaped[np.ndarray, "rows *rest"], rows: int) -> Shaped[np.ndarray, "more_rows *rest"]:
    """`x` with zeros below, `rows` in all."""
    if len(x) == rows:
        return x
    out = np.zeros((rows, *x.shape[1:]), x.dtype)
    out[: len(x)] = x
    return out


def by_blocks(
    run: Callable[[Float[np.ndarray, "block features"]], Float[Array | np.ndarray, "block *outputs"]],
    inputs: Float[Array | np.ndarray, "rows features"],
    *,
    wide: int,
) -> Float[np.ndarray, "rows *outputs"]:
    """A function of rows, applied to a block of them at a time.

    **Arguments:**

    - `run`: sees `FEWEST` rows or another power of two, some of which may be padding.
    - `inputs`: any number of rows.
    - `wide`: how many numbers it makes of a row, where it makes most.

    **Returns:** what it makes of all rows.
    """
    inputs = np.asarray(inputs)
    largest = 1 << (_BLOCK // max(wide, inputs.shape[1], 1)).bit_length() >> 1
    block = max(FEWEST, min(power_of_two(len(inputs), FEWEST), largest))
    take = lambda start: np.asarray(inputs[start : start + block], np.float32)
    first = np.asarray(run(padded(take(0), block)))  # of padding only, if there are no rows: the shape is still right
    if len(inputs) <= block:
        return first[: len(inputs)]
    made = np.empty((len(inputs), *first.shape[1:]), first.dtype)
    made[:block] = first
    for start in range(block, len(inputs), block):
        rows = take(start)
        made[start : start + block] = np.asarray(run(padded(rows, block)))[: len(rows)]
    return made
