"""Heat maps as SVG."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ._page import escape

_CELL, _HEAD, _GAP = 20, 30, 2


def heat_map(
    values: Float[np.ndarray, "rows columns"],
    *,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    x_label: str,
    cell: int = 34,
) -> str:
    """A matrix of shares as a heat map, each cell with its number.

    **Arguments:**

    - `values`: shares in [0, 1]; not-a-number where nothing is known.
    - `title`: said to those who cannot see it.
    - `rows`, `columns`: their names.
    - `x_label`: what the columns are.
    - `cell`: how wide one is.

    **Returns:** an `<svg>` element as large as it needs to be.
    """
    left = 8 + 7 * max(len(name) for name in (x_label, *rows))
    width, height = left + cell * max(len(columns), 3) + 4, _HEAD + _CELL * len(rows) + 4
    parts = [
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" class="heat" '
        f'aria-label="{escape(title)}">',
        f'<text class="name" x="{left - 8}" y="18" text-anchor="end">{escape(x_label)}</text>',
    ]
    every = max(1, -(-(8 + 7 * max(map(len, columns), default=0)) // cell))
    for column, name in enumerate(columns):
        if (len(columns) - 1 - column) % every == 0:
            x = left + cell * (column + 0.5)
            parts.append(f'<text x="{x:.1f}" y="18" text-anchor="middle">{escape(name)}</text>')
    for row, name in enumerate(rows):
        y = _HEAD + _CELL * row
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        for column, label in enumerate(columns):
            said = f"{name}, {label} {x_label}" if label else name
            parts += _cell(float(values[row, column]), left + cell * column, y, cell, said)
    return "".join([*parts, "</svg>"])


def _cell(value: float, x: int, y: int, width: int, said: str) -> list[str]:
    box = f'x="{x + _GAP / 2:.1f}" y="{y + _GAP / 2:.1f}" width="{width - _GAP}" height="{_CELL - _GAP}" rx="3"'
    if not np.isfinite(value):
        return [f'<rect class="void" {box}><title>{escape(said)}: not played</title></rect>']
    tone = " high" if value > 0.55 else ""
    return [
        f'<rect class="under" {box}/>',
        f'<rect class="cell" fill-opacity="{0.9 * value:.2f}" {box}><title>{escape(said)}: {value:.0%}</title></rect>',
        f'<text class="number{tone}" x="{x + width / 2:.1f}" y="{y + 14}" text-anchor="middle">',
        f"{100 * value:.0f}</text>",
    ]
