"""Pictures of what was asked for against what came of it, as PNG: dots, means with intervals, a diagonal, bars."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SCALE, SIDE, LEFT, RIGHT, TOP, BOTTOM = 2, 300, 58, 16, 44, 46
INK, PALE, GRID, BLUE, ORANGE, GREY = "#22262b", "#8a929b", "#e4e7ea", "#2f6fbf", "#d9822b", "#a9b0b8"


class Dots(NamedTuple):
    """A panel of dots: each is one thing asked and what came of it.

    **Arguments:**

    - `title`, `x_label`, `y_label`: what is said of it.
    - `x`, `y`: the dots.
    - `means`: rows of x, mean, low and high, drawn on top.
    - `diagonal`: whether a line shows where both would be the same.
    """

    title: str
    x_label: str
    y_label: str
    x: np.ndarray
    y: np.ndarray
    means: Sequence[tuple[float, float, float, float]] = ()
    diagonal: bool = True


class Bars(NamedTuple):
    """A panel of bars that lie: some shares for each of some names.

    **Arguments:**

    - `title`: what is said of it.
    - `names`: one a row.
    - `shares`: by what was asked, one a row.
    """

    title: str
    names: Sequence[str]
    shares: dict[str, Sequence[float]]


def draw(panels: Sequence[Dots | Bars], path: Path) -> None:
    """Writes the panels side by side."""
    widths = [2 * SIDE if isinstance(panel, Bars) else SIDE + LEFT + RIGHT for panel in panels]
    sheet = Image.new("RGB", (SCALE * sum(widths), SCALE * (SIDE + TOP + BOTTOM)), "white")
    pen, left = ImageDraw.Draw(sheet), 0
    for panel, width in zip(panels, widths):
        (_bars if isinstance(panel, Bars) else _dots)(pen, panel, left)
        left += width
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(64).save(path, optimize=True)


def _font(size: int) -> Any:
    return ImageFont.load_default(size * SCALE)


def _text(pen: ImageDraw.ImageDraw, x: float, y: float, text: str, anchor: str = "la", **style: Any) -> None:
    size, fill = style.get("size", 12), style.get("fill", INK)
    pen.text((x * SCALE, y * SCALE), text, fill=fill, font=_font(size), anchor=anchor)


def _line(pen: ImageDraw.ImageDraw, ends: Sequence[tuple[float, float]], fill: str, width: int = 1) -> None:
    pen.line([(x * SCALE, y * SCALE) for x, y in ends], fill=fill, width=width * SCALE)


def _ends(x: np.ndarray) -> tuple[float, float]:
    low, high = float(np.min(x)), float(np.max(x))
    room = 0.06 * max(high - low, 1e-6)
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    step = 10.0 ** np.floor(np.log10((high - low) / 4))
    step *= next(times for times in (1, 2, 5, 10) if (high - low) / (step * times) <= 6)
    return [float(x) for x in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step + 0.0]


def _dots(pen: ImageDraw.ImageDraw, panel: Dots, left: float) -> None:
    ranges = [np.concatenate([each, *([[m[i], m[j]] for m in panel.means])]) for each, i, j in
              ((panel.x, 0, 0), (panel.y, 2, 3))]  # fmt: skip
    (x0, x1), (y0, y1) = (_ends(values) for values in ranges)
    if panel.diagonal:
        x0, x1 = y0, y1 = min(x0, y0), max(x1, y1)
    across = lambda x: left + LEFT + (x - x0) / (x1 - x0) * SIDE
    up = lambda y: TOP + SIDE - (y - y0) / (y1 - y0) * SIDE
    _text(pen, left + LEFT, 12, panel.title, size=14)
    for tick in _ticks(y0, y1):
        _line(pen, [(across(x0), up(tick)), (across(x1), up(tick))], GRID)
        _text(pen, across(x0) - 6, up(tick), f"{tick:.4g}", "rm", fill=PALE)
    for tick in _ticks(x0, x1):
        _text(pen, across(tick), TOP + SIDE + 6, f"{tick:.4g}", "ma", fill=PALE)
    _text(pen, left + LEFT + SIDE / 2, TOP + SIDE + 26, panel.x_label, "ma")
    _text(pen, left + LEFT, TOP - 14, panel.y_label, fill=PALE)
    if panel.diagonal:
        _line(pen, [(across(x0), up(y0)), (across(x1), up(y1))], GREY)
    for x, y in zip(panel.x, panel.y):
        _dot(pen, across(x), up(y), 1.6, BLUE)
    for x, mean, low, high in panel.means:
        _line(pen, [(across(x), up(low)), (across(x), up(high))], ORANGE, 2)
        _dot(pen, across(x), up(mean), 4, ORANGE)


def _dot(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: str) -> None:
    box = [(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE]
    pen.ellipse(box, fill=fill)


def _bars(pen: ImageDraw.ImageDraw, panel: Bars, left: float) -> None:
    _text(pen, left + 16, 12, panel.title, size=14)
    start, length = left + 16 + SIDE, SIDE - 60
    colours = dict(zip(panel.shares, (BLUE, GREY, ORANGE)))
    place = left + 16.0
    for name, colour in colours.items():
        _dot(pen, place + 4, 36, 4, colour)
        _text(pen, place + 12, 36, name, "lm", fill=PALE)
        place += 24 + 7.2 * len(name)
    for share in (0.0, 0.5, 1.0):
        _line(pen, [(start + share * length, TOP + 8), (start + share * length, TOP + SIDE)], GRID)
        _text(pen, start + share * length, TOP + SIDE + 6, f"{share:.0%}", "ma", fill=PALE)
    high = (SIDE - 12) / max(len(panel.names), 1)
    for row, name in enumerate(panel.names):
        top = TOP + 12 + row * high
        _text(pen, start - 8, top + high / 2 - 2, name, "rm", size=11)
        each = 0.8 * high / len(colours)
        for number, (key, colour) in enumerate(colours.items()):
            y = top + number * each
            box = [start * SCALE, y * SCALE, (start + length * panel.shares[key][row]) * SCALE, (y + each - 1) * SCALE]
            pen.rectangle(box, fill=colour)
