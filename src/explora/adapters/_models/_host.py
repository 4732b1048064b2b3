"""Rows by the block, so that memory does not grow with the pool."""

from collections.abc import Iterator

_BLOCK = 2**16


def blocks(rows: int) -> Iterator[slice]:
    """The places of all rows, so many at a time that a model can be asked about them."""
    return (slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK))
