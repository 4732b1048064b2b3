"""Family trees as SVG."""

from collections.abc import Sequence
from typing import NamedTuple

from ._page import escape


class Node(NamedTuple):
    """A member of a tree.

    **Arguments:**

    - `id`, `parent`: its number and that of its parent.
    - `column`, `row`: its place, counted from 0.
    - `weight`: how filled its mark is, in [0, 1].
    - `chosen`: whether it is on the line that is shown.
    - `label`: said of it.
    """

    id: int
    parent: int
    column: int
    row: float
    weight: float
    chosen: bool
    label: str


def tree(nodes: Sequence[Node], *, title: str, x_label: str) -> str:
    """A tree that grows from left to right.

    **Arguments:**

    - `nodes`: parents before children.
    - `title`: said to those who cannot see it.
    - `x_label`: what the columns are.
    """
    columns, rows = max(node.column for node in nodes) + 1, max(node.row for node in nodes) + 1
    step = min(150.0, max(14.0, 640.0 / max(columns - 1, 1)))
    gap = 14.0 if rows <= 40 else 10.0
    width, height = 40 + step * (columns - 1) + 60, 24 + gap * rows + 30
    place = {node.id: (24 + step * node.column, 18 + gap * node.row) for node in nodes}
    parts = [
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'class="tree" aria-label="{escape(title)}">'
    ]
    for node in sorted(nodes, key=lambda node: node.chosen):
        if node.parent in place:
            (x, y), (u, v) = place[node.parent], place[node.id]
            kind = "link chosen" if node.chosen else "link"
            parts.append(
                f'<path class="{kind}" d="M{x:.1f} {y:.1f}C{(x + u) / 2:.1f} {y:.1f} '
                f'{(x + u) / 2:.1f} {v:.1f} {u:.1f} {v:.1f}"/>'
            )
    for node in nodes:
        x, y = place[node.id]
        kind = "node chosen" if node.chosen else "node"
        place_of = f'cx="{x:.1f}" cy="{y:.1f}" r="{5 if node.chosen else 3.8}"'
        parts.append(
            f'<circle class="under" {place_of}/><circle class="{kind}" {place_of} '
            f'fill-opacity="{0.15 + 0.85 * node.weight:.2f}"><title>{escape(node.label)}</title></circle>'
        )
    every = max(1, round(30 / step))
    for column in range(0, columns, every):
        parts.append(f'<text x="{24 + step * column:.1f}" y="{height - 16:.0f}" text-anchor="middle">{column}</text>')
    parts.append(f'<text class="name" x="12" y="{height - 2:.0f}">{escape(x_label)}</text>')
    return "".join([*parts, "</svg>"])
