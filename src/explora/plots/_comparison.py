"""The page and the table of several runs side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from explora.store import guard, write_file

from . import _drawing as draw
from ._drawing import escape
from ._facts_compare import Comparison, Estimate, Standing
from ._report_charts import AXIS_NAMES

_HEAD = ("recipe", "seeds", "mean", "IQM", "mean at the end", "IQM at the end")


def comparison_text(compared: Comparison) -> str:
    """A comparison as a table of plain text, one block a suite."""
    blocks = []
    for suite in compared.equal:
        rows = [_head(compared), *(_cells(s) for s in compared.standings if s.suite == suite)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        blocks.append("\n".join([_caption(compared, suite), *lines, *_beside(compared, suite)]))
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
            compared.unit: s.spent,
            "minutes": s.minutes,
        }
        for group, members in compared.groups.items()
        for s in members
    ]
    suites = {
        suite: {
            f"equal_{compared.unit}": equal,
            "groups": [_standing(s, compared.unit) for s in compared.standings if s.suite == suite],
        }
        for suite, equal in compared.equal.items()
    }
    for suite, beside in compared.paired.items():
        suites[suite]["paired"] = {group: found._asdict() for group, found in beside.items()}
    return {"runs": runs, "suites": suites}


def comparison_page(compared: Comparison) -> str:
    """A comparison as one HTML page with curves laid over each other."""
    groups = list(compared.groups)
    title = f"{' and '.join(groups) if len(groups) < 3 else f'{len(groups)} groups of runs'}, side by side"
    key = draw.legend(
        (f"c{number % 8}", f"{group} ({_seeds(len(compared.groups[group]))})") for number, group in enumerate(groups)
    )
    measured = "solve rate" if compared.unit == "steps" else "score on held-out items"
    said = (
        f"Mean {measured} over seeds and tasks, with 95% bootstrap intervals over seeds from three seeds on. Between "
        "two versions a curve is straight; it ends where the first of its seeds does."
    )
    views = [(axis, _curves(compared, axis)) for axis in compared.axes]
    body = [
        f'<header><p class="over">explora · comparison</p><h1>{escape(title)}</h1>',
        f"{draw.paragraph(said, 'lede')}</header>",
        "<main>",
        draw.section("curves", _held_out(compared), key, draw.tabs("axis", "over", views)),
        draw.section(
            "table", "In numbers", *(_suite(compared, suite) for suite in compared.equal), draw.paragraph(_EXPLAINED)
        ),
        draw.section(
            "runs", "Runs", draw.table(("run", "group", "seed", "state", compared.unit, "minutes"), _runs(compared))
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
            lines, title=_title(compared, suite), x_label=AXIS_NAMES[axis], shares=True, size=(480, 280)
        )
        charts.append(draw.figure(chart, head=_title(compared, suite)))
    return f'<div class="charts large">{"".join(charts)}</div>'


def _suite(compared: Comparison, suite: str) -> str:
    rows = [tuple(escape(cell) for cell in _cells(s)) for s in compared.standings if s.suite == suite]
    beside = "".join(draw.paragraph(line, "sentence") for line in _beside(compared, suite))
    return draw.table(_head(compared), rows, caption=_caption(compared, suite)) + beside


def _head(compared: Comparison) -> tuple[str, ...]:
    return (*_HEAD, compared.unit, "minutes")


def _held_out(compared: Comparison) -> str:
    return "Held-out tasks" if compared.unit == "steps" else "Held-out items"


def _title(compared: Comparison, suite: str) -> str:
    return f"{'Solved' if compared.unit == 'steps' else 'Score'} on {suite}"


def _caption(compared: Comparison, suite: str) -> str:
    spent = f"{compared.equal[suite]:,} {compared.unit}"
    return f"{suite}: at {spent}, the most at which all runs were judged, and at the end"


def _beside(compared: Comparison, suite: str) -> list[str]:
    """How the groups stand to the baseline, seed by seed, in words."""
    baseline = next(iter(compared.groups))
    return [
        f"{group} beside {baseline}, mean score over the answers: {found.sentence()}"
        for group, found in compared.paired.get(suite, {}).items()
    ]


def _runs(compared: Comparison) -> Sequence[tuple[str, ...]]:
    return [
        (escape(s.path), escape(group), str(s.seed), escape(s.state), f"{s.spent:,}", f"{s.minutes:.1f}")
        for group, members in compared.groups.items()
        for s in members
    ]


def _cells(s: Standing) -> tuple[str, ...]:
    estimates = (_text(e) for e in (s.mean, s.middle, s.end_mean, s.end_middle))
    return (s.group, str(s.seeds), *estimates, f"{s.spent:,.0f}", f"{s.minutes:.1f}")


def _text(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _standing(s: Standing, unit: str) -> dict[str, Any]:
    number = lambda e: None if e is None else {"value": e.value, "low": e.low, "high": e.high}
    return {
        "group": s.group,
        "seeds": s.seeds,
        f"at_equal_{unit}": {"mean": number(s.mean), "iqm": number(s.middle)},
        "at_the_end": {"mean": number(s.end_mean), "iqm": number(s.end_middle)},
        unit: s.spent,
        "minutes": s.minutes,
    }
