"""Arithmetic in whole numbers of 2⁻¹⁶: nothing that a compiler or a processor could round in another way."""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32

ONE = 2**16
LARGEST = 256
"""No product and no value of a unit goes beyond; what would is cut off there."""
_LARGEST = LARGEST * ONE

_SINES = np.array([round(math.sin(2 * math.pi * i / 256) * ONE) for i in range(257)], np.int32)
_REACH = 5 * ONE // 2  # sigmoid and tangent are flat beyond
_SIGMOIDS = np.array([round(ONE / (1 + math.exp(-5 * (i / 64 - 2.5)))) for i in range(321)], np.int32)
_TURNS = round(2**20 / (2 * math.pi))  # turns in a radian, in 2⁻²⁰


def times(a: Int32[Array, "*batch"], b: Int32[Array, "*batch"]) -> Int32[Array, "*batch"]:
    """The product, cut off at ± 256; exact but for what is smaller than 2⁻¹⁶.

    Of two 32-bit numbers in halves of 16 bits, because there are no longer ones on every device.
    """
    low, high = jnp.uint32(0xFFFF), jnp.uint32(16)
    x, y = jnp.abs(a).astype(jnp.uint32), jnp.abs(b).astype(jnp.uint32)
    x0, x1, y0, y1 = x & low, x >> high, y & low, y >> high
    tops = x1 * y1
    whole = ((x0 * y0) >> high) + x0 * y1 + x1 * y0 + (tops << high)
    # 512 and more: then the sum may have overflowed.
    far = (tops >= jnp.uint32(2 * LARGEST)) | (whole > jnp.uint32(_LARGEST))
    size = jnp.where(far, jnp.uint32(_LARGEST), whole).astype(jnp.int32)
    return jnp.where((a < 0) != (b < 0), -size, size)


def cut(x: Int32[Array, "*batch"]) -> Int32[Array, "*batch"]:
    """The number, cut off at ± 256."""
    return jnp.clip(x, -_LARGEST, _LARGEST)


def sine(x: Int32[Array, "*batch"]) -> Int32[Array, "*batch"]:
    """sin 5x, of x within ± 12."""
    inside = jnp.clip(x, -12 * ONE, 12 * ONE)
    turn = times(5 * inside, jnp.full_like(x, _TURNS)) >> 4 & (ONE - 1)
    return _between(_SINES, turn, 8)


def sigmoid(x: Int32[Array, "*batch"]) -> Int32[Array, "*batch"]:
    """1 / (1 + exp(-5x))."""
    return _between(_SIGMOIDS, jnp.clip(x + _REACH, 0, 2 * _REACH - 1), 10)


def tangent(x: Int32[Array, "*batch"]) -> Int32[Array, "*batch"]:
    """tanh 2.5x."""
    return 2 * sigmoid(x) - ONE


def square(x: Int32[Array, "*batch"]) -> Int32[Array, "*batch"]:
    """x²."""
    return times(x, x)


def _between(table: np.ndarray, place: Int32[Array, "*batch"], bits: int) -> Int32[Array, "*batch"]:
    """The line between the entries on both sides of a place that has so many bits behind the point."""
    entries = jnp.asarray(table)
    at, rest = place >> bits, place & (2**bits - 1)
    return entries[at] + ((entries[at + 1] - entries[at]) * rest >> bits)
