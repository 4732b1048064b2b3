"""The page and the table of several runs side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from explora.store import guard, write_file

from . import _drawing as draw
from ._drawing import escape
from ._facts_compare import Comparison, Estimate, Standing
from ._facts_curves import AXES
from ._report_charts import AXIS_NAMES

_HEAD = ("recipe", "seeds", "mean", "IQM", "mean at the end", "IQM at the end", "steps", "minutes")


def comparison_text(compared: Comparison) -> str:
    """A comparison as a table of plain text, one block a suite."""
    blocks = []
    for suite, steps in compared.equal.items():
        rows = [_HEAD, *(_cells(s) for s in compared.standings if s.suite == suite)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        blocks.append(
            f"{suite}: at {steps:,} steps, the most at which all runs were judged, and at the end\n" + "\n".join(lines)
        )
    if not blocks:
        return "no run has been judged on held-out tasks yet\n"
    return "\n\n".join(blocks) + f"\n\n{_EXPLAINED}\n"


_EXPLAINED = "In brackets: 95% bootstrap intervals over seeds, from three seeds on. IQM: mean of the middle half."


def comparison_json(compared: Comparison) -> dict[str, Any]:
    """A comparison as JSON."""
    runs = [
        {
            "run": s.path,
            "group": group,
            "recipe": s.recipe,
            "seed": s.seed,
            "state": s.state,
            "steps": s.steps,
            "minutes": s.minutes,
        }
        for group, members in compared.groups.items()
        for s in members
    ]
    suites = {
        suite: {
            "equal_steps": steps,
            "groups": [_standing(s) for s in compared.standings if s.suite == suite],
        }
        for suite, steps in compared.equal.items()
    }
    return {"runs": runs, "suites": suites}


def comparison_page(compared: Comparison) -> str:
    """A comparison as one HTML page with curves laid over each other."""
    groups = list(compared.groups)
    title = f"{' and '.join(groups) if len(groups) < 3 else f'{len(groups)} groups of runs'}, side by side"
    key = draw.legend(
        (f"c{number % 8}", f"{group} ({_seeds(len(compared.groups[group]))})") for number, group in enumerate(groups)
    )
    said = (
        "Mean solve rate over seeds and tasks, with 95% bootstrap intervals over seeds from three seeds on. Between "
        "two versions a curve is straight; it ends where the first of its seeds does."
    )
    views = [(axis, _curves(compared, axis)) for axis in AXES]
    body = [
        f'<header><p class="over">explora · comparison</p><h1>{escape(title)}</h1>',
        f"{draw.paragraph(said, 'lede')}</header>",
        "<main>",
        draw.section("curves", "Held-out tasks", key, draw.tabs("axis", "over", views)),
        draw.section(
            "table", "In numbers", *(_suite(compared, suite) for suite in compared.equal), draw.paragraph(_EXPLAINED)
        ),
        draw.section(
            "runs", "Runs", draw.table(("run", "group", "seed", "state", "steps", "minutes"), _runs(compared))
        ),
        "</main>",
    ]
    return draw.page(title, "\n".join(body))


def write_comparison(compared: Comparison, path: Path) -> Path:
    """Writes the page of a comparison, whole or not at all.

    **Raises:** `RunError` if that place cannot be written to.
    """
    with guard("write", path):
        write_file(path, comparison_page(compared).encode())
    return path


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def _curves(compared: Comparison, axis: str) -> str:
    charts = []
    for suite, by_group in compared.curves.items():
        lines = []
        for number, group in enumerate(compared.groups):
            curve = by_group.get(group, {}).get(axis)
            if curve is not None:
                lines.append(draw.Line(getattr(curve.at, axis), curve.values, curve.low, curve.high, group, number))
        chart = draw.line_chart(
            lines, title=f"Solve rate on {suite}", x_label=AXIS_NAMES[axis], shares=True, size=(480, 280)
        )
        charts.append(draw.figure(chart, head=f"Solved on {suite}"))
    return f'<div class="charts large">{"".join(charts)}</div>'


def _suite(compared: Comparison, suite: str) -> str:
    rows = [tuple(escape(cell) for cell in _cells(s)) for s in compared.standings if s.suite == suite]
    caption = f"{suite}: at {compared.equal[suite]:,} steps, the most at which all runs were judged, and at the end"
    return draw.table(_HEAD, rows, caption=caption)


def _runs(compared: Comparison) -> Sequence[tuple[str, ...]]:
    return [
        (escape(s.path), escape(group), str(s.seed), escape(s.state), f"{s.steps:,}", f"{s.minutes:.1f}")
        for group, members in compared.groups.items()
        for s in members
    ]


def _cells(s: Standing) -> tuple[str, ...]:
    estimates = (_text(e) for e in (s.mean, s.middle, s.end_mean, s.end_middle))
    return (s.group, str(s.seeds), *estimates, f"{s.steps:,.0f}", f"{s.minutes:.1f}")


def _text(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _standing(s: Standing) -> dict[str, Any]:
    number = lambda e: None if e is None else {"value": e.value, "low": e.low, "high": e.high}
    return {
        "group": s.group,
        "seeds": s.seeds,
        "at_equal_steps": {"mean": number(s.mean), "iqm": number(s.middle)},
        "at_the_end": {"mean": number(s.end_mean), "iqm": number(s.end_middle)},
        "steps": s.steps,
        "minutes": s.minutes,
    }
