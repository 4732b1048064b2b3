"""The parts of the page that are charts: learning, difficulty, speed."""

from collections.abc import Sequence

from . import _drawing as draw
from ._facts_card import Cost
from ._facts_curves import AXES, Curve, smooth
from ._facts_tasks import Difficulty
from ._gather import Report

AXIS_NAMES = {
    "steps": "environment steps",
    "minutes": "minutes",
    "updates": "updates of the learner",
    "answers": "answers",
}
"""What each of `AXES` and `ANSWER_AXES` is called."""

_FIRST = {"play/solved": "Solved in training", "play/return": "Return in training"}


def curves_section(report: Report) -> str:
    """Learning curves over steps, minutes and updates."""
    if not report.held_out and not report.metrics:
        return draw.section("curves", "Learning", draw.paragraph("Nothing has been recorded yet.", "none"))
    said = []
    if not report.held_out:
        said.append(draw.paragraph("No version has been judged on held-out tasks yet.", "none"))
    else:
        said.append(
            draw.paragraph(
                "Mean solve rate on tasks that are never trained on, version by version. The bands are 95% Wilson "
                "intervals over the episodes of each version: chance in playing, not in training; for that, several "
                "seeds side by side (explora compare)."
            )
        )
    views = [(axis, _curves(report, axis)) for axis in AXES]
    return draw.section("curves", "Learning", *said, draw.tabs("axis", "over", views))


def difficulty_section(report: Report) -> str:
    """How the tasks changed that the explorer recorded."""
    title = "How the curriculum moved"
    if not report.difficulty:
        said = "This space of tasks measures no features, so there is no difficulty to show."
        return draw.section("difficulty", title, draw.paragraph(said, "none"))
    if not report.found:
        rows = [(d.feature, *(f"{x:,.3g}" for x in d.usual)) for d in report.difficulty]
        head = ("feature", "lower quartile", "middle", "upper quartile")
        said = (
            "Nothing steers the difficulty of random tasks: from first to last they look like this."
            if not report.keeps
            else "No task has been recorded yet; random tasks look like this."
        )
        return draw.section("difficulty", title, draw.paragraph(said), draw.table(head, rows))
    key = draw.legend([("c0", "recorded tasks: middle and quartiles"), ("level", "random tasks")])
    charts = "".join(_moved(d) for d in report.difficulty)
    said = (
        "Features of the tasks by the time at which they entered the archive, beside what the space yields at random."
    )
    return draw.section("difficulty", title, draw.paragraph(said), key, f'<div class="charts">{charts}</div>')


def speed_section(report: Report) -> str:
    """How fast it went and what it took."""
    spent = report.cost
    if spent is None:
        return draw.section("cost", "Speed and cost", draw.paragraph("Nothing has been recorded yet.", "none"))
    curve = report.speed
    line = draw.Line(curve.at.minutes, curve.values, label="steps a second")
    chart = draw.line_chart([line], title="Environment steps a second", x_label="minutes", floor=0.0, size=(480, 240))
    rows = draw.table(("", "total"), _spent(spent))
    shown = draw.figure(chart, "Everything counts: scoring, learning, judging, writing.", head="Steps a second")
    return draw.section("cost", "Speed and cost", f'<div class="charts large"><div>{rows}</div>{shown}</div>')


def _curves(report: Report, axis: str) -> str:
    shown = "".join(_held_out(curve, axis, number) for number, curve in enumerate(report.held_out))
    training = [curve for curve in report.metrics if curve.name in _FIRST]
    shown += "".join(_metric(curve, axis, _FIRST[curve.name]) for curve in reversed(training))
    rest = "".join(_metric(curve, axis, curve.name) for curve in report.metrics)
    all_of_them = draw.details(f"All {len(report.metrics)} metrics", f'<div class="charts">{rest}</div>')
    return f'<div class="charts large">{shown}</div>{all_of_them if report.metrics else ""}'


def _held_out(curve: Curve, axis: str, number: int) -> str:
    line = draw.Line(getattr(curve.at, axis), curve.values, curve.low, curve.high, curve.name, number)
    chart = draw.line_chart(
        [line], title=f"Solve rate on {curve.name}", x_label=AXIS_NAMES[axis], shares=True, size=(480, 260)
    )
    return draw.figure(chart, head=f"Solved on {curve.name}")


def _metric(curve: Curve, axis: str, title: str) -> str:
    x, soft = getattr(curve.at, axis), smooth(curve)
    colour = 2 if curve.name in _FIRST else 7
    lines = [draw.Line(x, curve.values, label=curve.name, colour=colour, faint=soft is not None)]
    if soft is not None:
        lines.append(draw.Line(x, soft.values, soft.low, soft.high, f"{curve.name}, running median", colour))
    shares = curve.name == "play/solved"
    size = (480, 260) if curve.name in _FIRST and title != curve.name else (400, 210)
    chart = draw.line_chart(lines, title=title, x_label=AXIS_NAMES[axis], shares=shares, size=size)
    return draw.figure(chart, head=title)


def _moved(moved: Difficulty) -> str:
    line = draw.Line(moved.at.steps, moved.middle, moved.low, moved.high, moved.feature)
    level = draw.Band(*moved.usual, "random tasks")
    title = moved.feature[:1].upper() + moved.feature[1:]
    chart = draw.line_chart(
        [line], title=f"{title} of recorded tasks", x_label=AXIS_NAMES["steps"], level=level, size=(400, 210)
    )
    return draw.figure(chart, head=title)


def _spent(spent: Cost) -> Sequence[tuple[str, str]]:
    rows = [
        ("environment steps <small>scoring included</small>", f"{spent.steps:,}"),
        ("episodes", f"{spent.episodes:,}"),
        ("turns of the loop", f"{spent.turns:,}"),
        ("updates of the learner", f"{spent.updates:,}"),
        ("share of turns that taught <small>the others scored</small>", f"{spent.learned:.0%}"),
        ("wall-clock time", f"{spent.seconds / 60:.1f} min"),
        ("until the first record <small>with compilation</small>", f"{spent.until_first:.0f} s"),
        ("steps a second, overall", f"{spent.rate:,.0f}"),
    ]
    if spent.steady is not None:
        rows.append(("steps a second, middle of the records", f"{spent.steady:,.0f}"))
    if spent.calls:
        rows.append(("oracle calls", f"{spent.calls:,}"))
    return rows
