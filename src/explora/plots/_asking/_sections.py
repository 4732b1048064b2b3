"""The sections of the page of a run that asks questions."""

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np

from .. import _drawing as draw
from .._drawing import escape
from .._facts_card import Cost
from .._facts_curves import ANSWER_AXES, Curve
from .._facts_matrix import SuiteResult, TaskResult, percent
from ._facts_asked import Asked
from ._facts_scores import AnswerScore
from ._gather import SHOWN, Asking
from ._verdict import word

Gauge = Callable[[TaskResult], str]

SECTIONS = {
    "curves": "Score against answers",
    "held-out": "Held-out items",
    "asked": "What was asked",
    "price": "What answers bought",
    "contradictions": "Contradictions",
}
_NAMES = {
    "play/solved": "asked answers that the model expected",
    "play/answered": "questions that were answered",
    "learner/answers": "answers known to the model",
    "learner/classes": "classes seen",
    "explorer/free": "items not asked for",
    "explorer/refused": "items that nobody would answer",
}
_COLUMNS, _CONTRADICTIONS = 16, 50  # beyond these nobody looks


def answer_sections(asking: Asking, metrics: Sequence[Curve], gauge: Gauge) -> list[str]:
    """The sections of the page, in their order.

    **Arguments:**

    - `asking`: what is known of the questions.
    - `metrics`: what was measured on the way.
    - `gauge`: draws the bar of a task's result.
    """
    return [_curves(asking, metrics), _held_out(asking, gauge), _asked(asking), _price(asking), _contradicted(asking)]


def answer_tiles(asking: Asking, spent: Cost) -> list[tuple[str, str]]:
    """The numbers at the head of the page."""
    tiles = [(percent(result.mean), word(asking, result)) for result in asking.results[:2]]
    tiles.append((f"{spent.calls:,}", "answers"))
    if asking.items is not None:
        tiles.append((f"{asking.items:,}", "items in the pool"))
    if asking.price is not None and np.isfinite(asking.price.overall):
        tiles.append((f"{asking.price.overall:.3g}", "spent for each point gained"))
    first = asking.results[0].suite if asking.results else ""
    if first in asking.leads:
        tiles.append((f"{100 * asking.leads[first].difference:+.1f}", "points from asking at random"))
    tiles.append((f"{spent.seconds / 60:.1f} min", "wall-clock time"))
    return tiles


def _curves(asking: Asking, metrics: Sequence[Curve]) -> str:
    title = SECTIONS["curves"]
    if not asking.scores:
        return draw.section(
            "curves", title, draw.paragraph("No version has been judged on held-out items yet.", "none")
        )
    what = {"labels": "How many of the labels of the items that were set aside are right"}.get(
        asking.scores[0].suite, "How much of the variance of the items that were set aside is explained"
    )
    what = "How many of the items that were set aside are right" if asking.classes else what
    said = f"{what}, version by version, against calls of the oracle."
    if asking.classes:
        said += " The bands are 95% intervals over those items: other items of the same kind may give as much."
    keys = [("c0", "this run")]
    if asking.baseline is not None:
        keys.append(("c7", "asked at random: mean, least and greatest of the simulated seeds"))
    views = [(axis, _charts(asking, axis)) for axis in ANSWER_AXES]
    parts = [draw.paragraph(said), draw.paragraph(asking.said, "sub"), draw.legend(keys)]
    parts += [draw.paragraph(f"{name}: {lead.sentence()}", "sentence") for name, lead in asking.leads.items()]
    shown = [curve for curve in metrics if curve.name in _NAMES]
    rest = "".join(_metric(curve) for curve in shown)
    more = draw.details(f"{len(shown)} measurements on the way", f'<div class="charts">{rest}</div>') if shown else ""
    return draw.section("curves", title, *parts, draw.tabs("axis", "over", views), more)


def _charts(asking: Asking, axis: str) -> str:
    charts = "".join(_chart(asking, score, axis) for score in asking.scores)
    return f'<div class="charts large">{charts}</div>'


def _chart(asking: Asking, score: AnswerScore, axis: str) -> str:
    curve, lines = score.curve, []
    if axis == "answers" and asking.baseline is not None and score.suite in asking.baseline.scores:
        random, at = asking.baseline.scores[score.suite], asking.baseline.calls.astype(float)
        lines.append(draw.Line(at, random.mean(0), random.min(0), random.max(0), "asked at random", 7))
    lines.append(draw.Line(getattr(curve.at, axis), curve.values, curve.low, curve.high, score.suite, 0))
    heads = {"held-out": "Held-out items right", "classes": "Right by class", "labels": "Labels right"}
    head = heads.get(score.suite, score.suite)
    if not asking.classes and score.suite != "labels":
        head = f"Variance explained on {score.suite}"
    shares = not any(float(np.nanmin(line.y)) < 0 for line in lines)  # worse than the mean is possible for numbers
    chart = draw.line_chart(lines, title=head, x_label=axis, shares=shares, size=(480, 280))
    return draw.figure(chart, head=head)


def _metric(curve: Curve) -> str:
    title = _NAMES[curve.name]
    shares = curve.name.startswith("play/")
    line = draw.Line(curve.at.answers, curve.values, label=title, colour=2)
    chart = draw.line_chart([line], title=title, x_label="answers", shares=shares, size=(400, 210))
    return draw.figure(chart, head=title[:1].upper() + title[1:])


def _held_out(asking: Asking, gauge: Gauge) -> str:
    title = SECTIONS["held-out"]
    if not asking.results:
        said = "No version has been judged on held-out items yet."
        return draw.section("held-out", title, draw.paragraph(said, "none"))
    said = "How the latest version does on labelled items that were set aside at the start and are never asked for."
    tables = [_table(asking, result, gauge) for result in asking.results]
    for matrix in asking.matrices:
        if len(matrix.tasks) > 1 and len(matrix.turns) > 1 and len(matrix.tasks) <= 40:
            count = len(matrix.turns)
            columns = np.unique(np.linspace(0, count - 1, min(_COLUMNS, count)).round().astype(int))
            chart = draw.heat_map(
                matrix.solved[columns].T,
                title=f"Every version on every task of {matrix.suite}",
                rows=list(matrix.tasks),
                columns=[draw.short(float(matrix.at.answers[i])) for i in columns],
                x_label="answers",
                cell=48 if len(columns) <= 8 else 34,
            )
            tables.append(f'<h3>Class by class, version by version</h3><div class="scroll">{draw.figure(chart)}</div>')
            tables.append(draw.paragraph("Per cent right of the held-out items of each class.", "sub"))
    return draw.section("held-out", title, draw.paragraph(said), *tables)


def _table(asking: Asking, result: SuiteResult, gauge: Gauge) -> str:
    caption = f"{result.suite}: {percent(result.mean)} {word(asking, result)}"
    if not asking.classes:
        return draw.paragraph(caption, "sentence")
    rows = []
    for task in sorted(result.tasks, key=lambda task: task.solved):
        bar = gauge(task)
        between = f"<small>{task.low:.0%} to {task.high:.0%}</small>" if task.episodes else "–"
        share = f'{bar}<span class="share">{task.solved:.0%}</span>'
        rows.append((escape(task.name), f"{task.episodes or '–'}", share, between))
    head = ("class" if result.suite == "classes" else "", "items", "right", "95% interval")
    return draw.table(head, rows, caption=caption)


def _asked(asking: Asking) -> str:
    title = SECTIONS["asked"]
    if not asking.asked:
        return draw.section("asked", title, draw.paragraph("Nothing has been asked yet.", "none"))
    said = (
        "Every question in the order of the answers, under the version that chose it. The score is how much worth "
        "asking for the item looked to that version"
    )
    said += f"; what chose: {asking.chooser}." if asking.chooser else "."
    parts = [draw.paragraph(said), _statuses(asking.asked)]
    for number, (calls, group) in enumerate(groupby(asking.asked[:SHOWN], key=lambda question: question.calls)):
        questions = list(group)
        name = "Not chosen by a recorded version" if calls is None else f"Chosen after {calls:,} answers"
        name += "" if questions[0].version is None else f", by the version of turn {questions[0].version:,}"
        table = _questions(asking, questions)
        if number < 3:
            parts.append(f"<h3>{escape(name)}</h3>{table}")
        else:
            parts.append(draw.details(f"{name} ({len(questions)})", table))
    if len(asking.asked) > SHOWN:
        left = len(asking.asked) - SHOWN
        parts.append(draw.paragraph(f"{left:,} more are in what `explora export` writes.", "sub"))
    return draw.section("asked", title, *parts)


def _statuses(questions: Sequence[Asked]) -> str:
    count = {name: sum(q.status == name for q in questions) for name in ("answered", "skipped", "unsure", "waiting")}
    count["corrected later"] = sum(not q.stands for q in questions)
    said = ", ".join(f"{number:,} {name}" for name, number in count.items() if number)
    return draw.paragraph(f"{len(questions):,} questions: {said}.", "sub")


def _questions(asking: Asking, questions: Sequence[Asked]) -> str:
    pictured = any(q.item in asking.seen and asking.seen[q.item].pixels is not None for q in questions)
    worded = any(q.item in asking.seen and asking.seen[q.item].description for q in questions)
    several = any(q.annotator for q in asking.asked)
    head = ["", "item", *(["picture"] if pictured else []), *(["what it is"] if worded else []), "answer", "score"]
    head += [*(["annotator"] if several else []), "cost", "took"]
    rows = []
    for q in questions:
        seen = asking.seen.get(q.item)
        cells = [f"{q.number:,}", escape(q.item)]
        if pictured:
            pixels = seen.pixels if seen is not None else None
            cells.append("" if pixels is None else draw.picture(draw.png_uri(pixels), f"item {q.item}"))
        if worded:
            cells.append(escape(seen.description) if seen is not None else "")
        cells += [_answer(q), "–" if q.score is None else f"{q.score:.3g}"]
        cells += [str(q.annotator)] if several else []
        rows.append((*cells, f"{q.cost:.3g}", f"{q.seconds:.3g} s" if q.seconds else "–"))
    return draw.table(tuple(head), rows, kind="text")


def _answer(question: Asked) -> str:
    if question.status != "answered":
        return f"<small>{escape(question.status)}</small>"
    text = f"<b>{escape(question.answer)}</b>"
    return text if question.stands else f"<s>{text}</s> <small>corrected later</small>"


def _price(asking: Asking) -> str:
    title, found = SECTIONS["price"], asking.price
    if found is None or not len(found.calls):
        return draw.section("price", title, draw.paragraph("No version has been judged yet.", "none"))
    if np.isnan(found.overall):
        overall = "A single version was judged, so there is no gain to reckon with yet."
    elif np.isinf(found.overall):
        overall = "From the first version that was judged to the last nothing was gained."
    else:
        overall = (
            f"From {_share(found.scores[0])} to {_share(found.scores[-1])} each point (0.01) cost {found.overall:.3g}, "
            "in what the oracle charges."
        )
    rows = []
    columns = zip(found.calls.tolist(), found.costs.tolist(), found.scores.tolist(), found.points.tolist())
    for place, (calls, spent, score, point) in enumerate(columns):
        gain = "–" if place == 0 else f"{100 * (score - found.scores[place - 1]):+.1f}"
        each = "–" if np.isnan(point) else "nothing gained" if np.isinf(point) else f"{point:.3g}"
        rows.append((f"{calls:,}", f"{spent:,.6g}", _share(score), gain, each))
    head = ("answers", "cost until then", "score", "points gained", "cost of a point")
    shown = draw.table(head, rows)
    parts = [draw.paragraph(overall, "sentence"), draw.paragraph(asking.waits.sentence())]
    return draw.section("price", title, *parts, shown if len(rows) <= 30 else draw.details("Version by version", shown))


def _share(score: float) -> str:
    return f"{score:.1%}"


def _contradicted(asking: Asking) -> str:
    title, found = SECTIONS["contradictions"], asking.contradictions
    if not found:
        said = "No two answers to the same input differ."
        return draw.section("contradictions", title, draw.paragraph(said))
    said = f"{len(found):,} inputs were answered in different ways. Nothing was averaged."
    rows = "".join(f"<li>{escape(each.sentence())}</li>" for each in found[:_CONTRADICTIONS])
    more = f"<p>… and {len(found) - _CONTRADICTIONS:,} more.</p>" if len(found) > _CONTRADICTIONS else ""
    return draw.section("contradictions", title, draw.paragraph(said), f"<ul>{rows}</ul>{more}")
