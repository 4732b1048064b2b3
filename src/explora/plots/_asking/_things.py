"""What items are, for people: a picture where they are one, else the row as it was written."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from explora.domains.pool import Items

from .._seen import Seen

_SIDE, _LONG = 48, 160
_ENDINGS = (".png", ".jpg", ".jpeg")


def things(items: Items, ids: Iterable[str]) -> dict[str, Seen]:
    """Some items of a pool by id, as people see them.

    A table whose columns are named by places in a grid (`pixel_0_0` … `pixel_7_7`) is drawn, dark for large numbers; so
    is an image that lies where the table says.

    **Arguments:**

    - `items`: of the pool.
    - `ids`: which; those that it has not are left out.
    """
    grid = _grid(items.table.names)
    most = (
        max((float(np.nanmax(np.asarray(items.table.column(n), float))) for n in grid[0]), default=0.0) if grid else 0
    )
    found = {}
    for id in ids:
        place = items.place(id)
        if place is None:
            continue
        row = items.row(place)
        drawn = _drawn(row, grid, most) if grid else _image(row, items.table.base)
        found[id] = Seen(drawn, _said({} if grid else row))
    return found


def _said(row: dict[str, Any]) -> str:
    """A row in words: the only column alone, several with their names."""
    known = {name: value for name, value in row.items() if value is not None}
    text = str(next(iter(known.values()))) if len(known) == 1 else ", ".join(f"{n} {v}" for n, v in known.items())
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def _grid(names: tuple[str, ...]) -> tuple[list[str], tuple[int, int]] | None:
    """The columns that make a picture, row by row, and its size; None if the columns are no full grid."""
    parted = {name: found for name in names if (found := re.fullmatch(r"(.*?)(\d+)_(\d+)", name))}
    if len(parted) < 16 or len({found[1] for found in parted.values()}) > 1:
        return None
    places = {(int(found[2]), int(found[3])): name for name, found in parted.items()}
    size = (max(row for row, _ in places) + 1, max(column for _, column in places) + 1)
    if len(places) != size[0] * size[1]:
        return None
    return [places[row, column] for row in range(size[0]) for column in range(size[1])], size


def _drawn(row: dict[str, Any], grid: tuple[list[str], tuple[int, int]], most: float) -> np.ndarray:
    names, size = grid
    values = np.nan_to_num(np.array([row[name] for name in names], float)).reshape(size)
    grey = (255 - 255 * np.clip(values / (most or 1.0), 0, 1)).astype(np.uint8)
    times = max(1, _SIDE // max(size))
    return np.repeat(np.repeat(np.repeat(grey[:, :, None], 3, axis=2), times, axis=0), times, axis=1)


def _image(row: dict[str, Any], base: Path | None) -> np.ndarray | None:
    """The first image that the row names, small; None if there is none or it cannot be read any more."""
    paths = [value for value in row.values() if isinstance(value, str) and value.lower().endswith(_ENDINGS)]
    if not paths or base is None:
        return None
    try:
        with Image.open(base / paths[0]) as image:
            image.thumbnail((2 * _SIDE, 2 * _SIDE))
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError):
        return None
