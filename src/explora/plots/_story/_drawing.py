"""Family trees with transfers, and who does how well where, as SVG."""

from collections.abc import Callable, Sequence

import numpy as np

from .. import _drawing as draw
from .._drawing import escape
from .._drawing._axes import Scale
from ._facts import Home, Saga, Scoreboard

_ROW, _LEFT, _TOP, _WIDTH, _RIGHT, _BOTTOM = 24, 56, 12, 860, 24, 40
_CELL = 15


def family_picture(found: Saga, chosen: Sequence[int], *, line: Sequence[int] = (), arcs: Sequence[tuple] = ()) -> str:
    """Every task as a line from the turn in which it came to that in which it went, and transfers as arcs between them.

    **Arguments:**

    - `found`: what happened.
    - `chosen`: the tasks to be shown.
    - `line`: those of them that are told of: their lines are blue.
    - `arcs`: turn, source and target of the transfers that are told of.
    """
    homes = _ordered([home for home in found.homes if home.task in set(chosen)])
    rows = {home.task: _TOP + _ROW * (row + 0.5) for row, home in enumerate(homes)}
    height = _TOP + _ROW * len(homes) + _BOTTOM
    scale = Scale(0.0, float(max(found.end, 1)), float(_LEFT), float(_WIDTH - _RIGHT))
    across = lambda turn: scale(float(turn))
    title = f"Family tree of {len(homes)} tasks with {len(found.moves)} transfers, over turns"
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" class="saga" '
        f'aria-label="{escape(title)}">'
    ]
    for value in draw.ticks(0.0, float(found.end), 8):
        x = across(value)
        parts.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{height - _BOTTOM}"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 22}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<text class="name" x="{_WIDTH - _RIGHT}" y="{height - 4}" text-anchor="end">turn</text>')
    for home in homes:
        if home.parent in rows:
            x, kind = across(home.entered), " told" if home.task in line and home.parent in line else ""
            parts.append(f'<path class="birth{kind}" d="M{x:.1f} {rows[home.parent]:.1f}V{rows[home.task]:.1f}"/>')
    parts += [part for home in homes for part in _life(home, rows[home.task], across, found.end, home.task in line)]
    told = set(arcs)
    for move in sorted(found.moves, key=lambda move: (move.turn, move.source, move.target) in told):
        if move.source in rows and move.target in rows:
            kind = " told" if (move.turn, move.source, move.target) in told else ""
            said = f"turn {move.turn}: the agent of #{move.source} took over #{move.target}{_return(move.score)}"
            parts.append(_arc(across(move.turn), rows[move.source], rows[move.target], kind, said))
    return "".join([*parts, "</svg>"])


def standing_picture(standing: Scoreboard, low: float, high: float) -> str:
    """Who does how well where at one moment, agents downwards and tasks to the right; own tasks are outlined."""
    count = len(standing.tasks)
    left, top = 34, 34
    width, height = left + _CELL * count + 2, top + _CELL * count + 2
    title = f"Return of {count} agents in {count} tasks at turn {standing.turn}"
    parts = [
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" class="heat small" '
        f'aria-label="{escape(title)}">'
    ]
    for number, task in enumerate(standing.tasks):
        middle = _CELL * (number + 0.5)
        parts.append(f'<text x="{left - 4}" y="{top + middle + 3.5:.1f}" text-anchor="end">{task}</text>')
        x, y = left + middle + 3.5, top - 4
        parts.append(f'<text transform="translate({x:.1f} {y}) rotate(-90)">{task}</text>')
    for (agent, task), score in np.ndenumerate(standing.scores):
        box = (
            f'x="{left + _CELL * task + 0.5}" y="{top + _CELL * agent + 0.5}" width="{_CELL - 1}" height="{_CELL - 1}"'
        )
        said = f"the agent of #{standing.tasks[agent]} in #{standing.tasks[task]}"
        own = " own" if agent == task else ""
        if not np.isfinite(score):
            parts.append(f'<rect class="void{own}" {box}><title>{said}: not played</title></rect>')
            continue
        share = float(np.clip((score - low) / max(high - low, 1e-9), 0.0, 1.0))
        parts.append(f'<rect class="under" {box}/>')
        tone = f'fill-opacity="{0.06 + 0.94 * share:.2f}"'
        parts.append(f'<rect class="cell{own}" {tone} {box}><title>{said}: {draw.short(score)}</title></rect>')
    return "".join([*parts, "</svg>"])


def range_of(standings: Sequence[Scoreboard]) -> tuple[float, float]:
    """The returns between which colours change: all but the worst and the best twentieth."""
    known = np.concatenate([standing.scores[np.isfinite(standing.scores)] for standing in standings] or [np.zeros(1)])
    low, high = np.quantile(known, [0.05, 0.95]) if len(known) else (0.0, 1.0)
    return float(low), float(high)


def _life(home: Home, y: float, across: Callable[[int], float], end: int, told: bool) -> list[str]:
    x, stop = across(home.entered), across(end if home.left is None else home.left)
    kind = " told" if told else ""
    gone = "" if home.left is None else f", left at {home.left}"
    solved = "never solved" if home.solved is None else f"solved at {home.solved}"
    teacher = "" if home.teacher is None else f" with the agent of #{home.teacher}{_return(home.score)}"
    said = escape(f"#{home.task}: came at turn {home.entered}{teacher}, {solved}{gone}")
    parts = [
        f'<path class="life{kind}" d="M{x:.1f} {y:.1f}H{stop:.1f}"><title>{said}</title></path>',
        f'<text x="{x - 7:.1f}" y="{y + 4:.1f}" text-anchor="end">{home.task}</text>',
    ]
    if home.solved is not None:
        since = across(home.solved)
        parts.append(
            f'<path class="life solved{kind}" d="M{since:.1f} {y:.1f}H{stop:.1f}"><title>{said}</title></path>'
        )
        parts.append(f'<circle class="won{kind}" cx="{since:.1f}" cy="{y:.1f}" r="4.2"><title>{said}</title></circle>')
    parts.append(f'<circle class="came{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    if home.left is not None:
        parts.append(f'<path class="went" d="M{stop:.1f} {y - 4:.1f}V{y + 4:.1f}"/>')
    return parts


def _arc(x: float, start: float, stop: float, kind: str, said: str) -> str:
    """From one line to another, bent to the right, with an arrow where it ends."""
    bend = min(10 + 0.22 * abs(stop - start), 60.0)
    way = 1 if stop > start else -1
    path = f"M{x:.1f} {start:.1f}C{x + bend:.1f} {start:.1f} {x + bend:.1f} {stop:.1f} {x:.1f} {stop:.1f}"
    head = f"M{x + 5:.1f} {stop - 5:.1f}L{x:.1f} {stop:.1f}L{x + 6:.1f} {stop + 3:.1f}"
    head = head if way > 0 else f"M{x + 5:.1f} {stop + 5:.1f}L{x:.1f} {stop:.1f}L{x + 6:.1f} {stop - 3:.1f}"
    return f'<path class="arc{kind}" d="{path}{head}"><title>{said}</title></path>'


def _ordered(homes: Sequence[Home]) -> list[Home]:
    """Children directly below their parents, in the order in which they came."""
    known = {home.task for home in homes}
    children: dict[int, list[Home]] = {}
    for home in homes:
        children.setdefault(home.parent if home.parent in known else -1, []).append(home)
    order: list[Home] = []
    stack = list(reversed(children.get(-1, [])))
    while stack:
        home = stack.pop()
        order.append(home)
        stack += reversed(children.get(home.task, []))
    return order


def _return(score: float | None) -> str:
    return "" if score is None else f" (return {draw.short(score)})"
