"""Line charts as SVG."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ._axes import Scale, short, ticks, widened
from ._page import escape

_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 10, 36
_MARKED = 40  # a line of no more points shows each of them


class Line(NamedTuple):
    """One line of a chart.

    **Arguments:**

    - `x`, `y`: its points.
    - `low`, `high`: a band around it; None if there is none.
    - `label`: what it shows, for its title.
    - `colour`: which of the page's colours, counted from 0.
    - `faint`: drawn thin and pale, as what lies behind.
    """

    x: Float[np.ndarray, " points"]
    y: Float[np.ndarray, " points"]
    low: Float[np.ndarray, " points"] | None = None
    high: Float[np.ndarray, " points"] | None = None
    label: str = ""
    colour: int = 0
    faint: bool = False


class Band(NamedTuple):
    """A level to compare with, across the whole chart.

    **Arguments:**

    - `low`, `middle`, `high`: where it lies.
    - `label`: what it is.
    """

    low: float
    middle: float
    high: float
    label: str


def line_chart(
    lines: Sequence[Line],
    *,
    title: str,
    x_label: str,
    shares: bool = False,
    level: Band | None = None,
    size: tuple[int, int] = (400, 230),
    floor: float | None = None,
) -> str:
    """A chart of lines over a common axis.

    **Arguments:**

    - `lines`: what is drawn, the last on top.
    - `title`: said to those who cannot see it.
    - `x_label`: what lies along the horizontal axis.
    - `shares`: the values are shares: the axis runs from 0 to 100 %.
    - `level`: something to compare with.
    - `size`: width and height, in the units of its own text of 12.
    - `floor`: where the vertical axis begins at the latest.

    **Returns:** an `<svg>` element.
    """
    across, up = _scales(lines, size, shares, level, floor)
    name = f"{title}, over {x_label}"
    parts = [f'<svg viewBox="0 0 {size[0]} {size[1]}" role="img" class="chart" aria-label="{escape(name)}">']
    parts += _axes(across, up, size, x_label, shares)
    if level is not None:
        parts += _level(level, across, up)
    for line in lines:
        parts += _line(line, across, up, shares)
    return "".join([*parts, "</svg>"])


def _scales(
    lines: Sequence[Line], size: tuple[int, int], shares: bool, level: Band | None, floor: float | None
) -> tuple[Scale, Scale]:
    x = np.concatenate([line.x for line in lines] or [np.zeros(1)])
    y = np.concatenate([v for line in lines for v in (line.y, line.low, line.high) if v is not None] or [np.zeros(1)])
    if level is not None:
        y = np.concatenate([y, [level.low, level.high]])
    y = y[np.isfinite(y)] if np.isfinite(y).any() else np.zeros(1)
    first, last = (min(0.0, float(x.min())), float(x.max())) if len(x) else (0.0, 1.0)
    low, high = (0.0, 1.0) if shares else widened(float(y.min()), float(y.max()))
    if floor is not None:
        low = min(floor, float(y.min()))
    across = Scale(first, last if last > first else first + 1.0, _LEFT, size[0] - _RIGHT)
    return across, Scale(low, high, size[1] - _BOTTOM, _TOP)


def _axes(across: Scale, up: Scale, size: tuple[int, int], x_label: str, shares: bool) -> list[str]:
    parts = []
    for value in ticks(up.low, up.high):
        y = up(value)
        text = f"{value:.0%}" if shares else short(value)
        parts.append(f'<path class="grid" d="M{across.start:.1f} {y:.1f}H{across.stop:.1f}"/>')
        parts.append(f'<text x="{across.start - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    for value in ticks(across.low, across.high):
        x = across(value)
        anchor = "end" if x > size[0] - 18 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{up.start + 16:.1f}" text-anchor="{anchor}">{short(value)}</text>')
    parts.append(f'<path class="axis" d="M{across.start:.1f} {up.start:.1f}H{across.stop:.1f}"/>')
    middle = (across.start + across.stop) / 2
    parts.append(f'<text class="name" x="{middle:.1f}" y="{size[1] - 4}" text-anchor="middle">{escape(x_label)}</text>')
    return parts


def _level(level: Band, across: Scale, up: Scale) -> list[str]:
    top, bottom = up(level.high), up(level.low)
    label = escape(f"{level.label}: middle {short(level.middle)}, quartiles {short(level.low)} to {short(level.high)}")
    return [
        f'<rect class="level" x="{across.start:.1f}" y="{top:.1f}" width="{across.stop - across.start:.1f}" '
        f'height="{max(bottom - top, 1):.1f}"><title>{label}</title></rect>',
        f'<path class="level" d="M{across.start:.1f} {up(level.middle):.1f}H{across.stop:.1f}"/>',
    ]


def _line(line: Line, across: Scale, up: Scale, shares: bool) -> list[str]:
    known = np.isfinite(line.y)
    x, y = line.x[known], line.y[known]
    parts, kind = [], f"c{line.colour % 8}"
    if line.low is not None and line.high is not None:
        low, high = line.low[known], line.high[known]
        if len(x) == 1:  # a band of no width is an error bar
            place, top, bottom = across(float(x[0])), up(float(high[0])), up(float(low[0]))
            parts.append(f'<path class="line {kind}" d="M{place:.1f} {top:.1f}V{bottom:.1f}"/>')
        edge = [*_points(x, high, across, up), *_points(x, low, across, up)[::-1]]
        parts.append(f'<path class="band {kind}" d="M{"L".join(edge)}Z"/>')
    points = _points(x, y, across, up)
    if points:
        faint = " faint" if line.faint else ""
        parts.append(
            f'<path class="line {kind}{faint}" d="M{"L".join(points)}"><title>{escape(line.label)}</title></path>'
        )
    if len(x) <= _MARKED and not line.faint:
        for point, at, value in zip(points, x, y):
            left, top = point.split()
            text = f"{value:.1%}" if shares else short(value)
            parts.append(
                f'<circle class="dot {kind}" cx="{left}" cy="{top}" r="2.6">'
                f"<title>{escape(line.label)} {text} at {short(at)}</title></circle>"
            )
    return parts


def _points(x: np.ndarray, y: np.ndarray, across: Scale, up: Scale) -> list[str]:
    """Points on the page; of very many as many as the eye can tell apart."""
    if len(x) > 400:
        chosen = np.linspace(0, len(x) - 1, 400).round().astype(int)
        x, y = x[chosen], y[chosen]
    return [f"{across(float(a)):.1f} {up(float(b)):.1f}" for a, b in zip(x, y)]
