"""The parts of the page that show tasks: held out, discovered, replayed."""

import numpy as np

from explora.store import TaskRow

from . import _drawing as draw
from ._drawing import escape
from ._drawing._tree import Node
from ._facts_matrix import Matrix, SuiteResult, TaskResult, generality, percent
from ._facts_tasks import Family
from ._gather import Report
from ._replays import Replay
from ._seen import Seen

_ROWS, _COLUMNS = 40, 16  # beyond these a table or heat map is no longer looked at


def held_out_section(report: Report) -> str:
    """Each held-out task with its solve rate, and every version on every task."""
    title = "Held-out tasks"
    if not report.results:
        said = "No version has been judged on held-out tasks yet."
        return draw.section("held-out", title, draw.paragraph(said, "none"))
    by_suite = {matrix.suite: matrix for matrix in report.matrices}
    views = [(r.suite, _suite(r, by_suite.get(r.suite), report.summaries.get(r.suite, ""))) for r in report.results]
    said = "These tasks are never trained on. Actions are sampled; memory is cleared at the start of each episode."
    return draw.section("held-out", title, draw.paragraph(said), draw.tabs("suite", "suite", views))


def gallery_section(report: Report) -> str:
    """What was discovered, by generation, and the family of the most evolved task."""
    title = "Discovered tasks"
    if not report.found:
        return draw.section("gallery", title, *_drawn(report))
    parts = [
        draw.paragraph(
            f"{report.found:,} tasks entered the archive or are ancestors of one that did. A generation counts the "
            "edits since a task that was made from no other; shown are the highest scores of each. The score is the "
            "learning potential that the explorer measured when the task was recorded."
        )
    ]
    shown = {task.id for group in report.generations for task in group.best}
    if report.family is not None:
        shown |= {task.id for task in report.family.excerpt}
    for group in report.generations:
        name = f"Generation {group.number}" + (": made from no other task" if group.number == 0 else "")
        cards = "".join(_card(task, report.seen.get(task.id), shown) for task in group.best)
        parts.append(f'<h3>{name} <small>({group.count:,} tasks)</small></h3><div class="gallery">{cards}</div>')
    parts += _lineage(report, shown)
    return draw.section("gallery", title, *parts)


def replays_section(report: Report) -> str:
    """Episodes of the learner, animated."""
    title = "Replays"
    held_out, found = report.replays
    if not held_out and not found:
        said = "There is no replay: no learner has been saved yet, or its domain is not played in time."
        return draw.section("replays", title, draw.paragraph(said, "none"))
    parts = [draw.paragraph("One episode each, played once for this page, actions sampled as in training.")]
    other = "Discovered tasks" if report.found else "Random tasks"
    groups = [
        f'<div><h3>{name}</h3><div class="replays">{"".join(map(_replay, replays))}</div></div>'
        for name, replays in (("Held-out tasks", held_out), (other, found))
        if replays
    ]
    return draw.section("replays", title, *parts, f'<div class="halves">{"".join(groups)}</div>')


def _suite(result: SuiteResult, matrix: Matrix | None, summary: str) -> str:
    ordered = sorted(result.tasks, key=lambda task: (task.solved, task.name))
    few = len(result.tasks) <= _ROWS
    head = ("task", "solved", "95% interval", "mean return", "mean steps", "shortest way")
    parts = [draw.paragraph(f"{summary}.".capitalize())] if summary else []
    mean = f"Mean {percent(result.mean)} ({percent(result.low)} to {percent(result.high)}); "
    caption = f"{mean}{result.episodes} episodes a task."
    caption += "" if few else f" The {_ROWS} of {len(result.tasks):,} tasks that are solved least:"
    parts.append(draw.table(head, map(_task, result.tasks if few else ordered[:_ROWS]), caption=caption))
    if not few:
        everything = draw.table(head, map(_task, result.tasks))
        parts.append(draw.details(f"All {len(result.tasks):,} tasks", everything))
    if matrix is not None and len(matrix.turns) > 1:
        parts.append("<h3>Every version on every task</h3>")
        parts.append(draw.paragraph(generality(matrix).sentence(), "sentence"))
        parts.append(_map(matrix))
    return "".join(parts)


def _task(task: TaskResult) -> tuple[str, ...]:
    number = lambda x, form: "–" if x is None or not np.isfinite(x) else format(x, form)
    return (
        escape(task.name),
        f'{gauge(task)}<span class="share">{task.solved:.0%}</span>',
        f"<small>{task.low:.0%} to {task.high:.0%}</small>",
        number(task.returned, ".2f"),
        number(task.length, ".0f"),
        "no way" if task.optimal == np.inf else number(task.optimal, ".0f"),
    )


def gauge(task: TaskResult) -> str:
    """A bar as long as the solve rate, with a thinner one for the interval."""
    return (
        f'<span class="gauge" aria-hidden="true"><i style="width:{100 * task.solved:.1f}%"></i>'
        f'<u style="left:{100 * task.low:.1f}%;width:{100 * (task.high - task.low):.1f}%"></u></span>'
    )


def _map(matrix: Matrix) -> str:
    versions, tasks = range(len(matrix.turns)), range(len(matrix.tasks))
    columns = list(np.unique(np.linspace(0, len(versions) - 1, min(_COLUMNS, len(versions))).round().astype(int)))
    rows = sorted(tasks, key=lambda i: (np.nan_to_num(matrix.solved[-1, i]), i))[:_ROWS]
    rows = sorted(rows)
    said = (
        "Solve rates in per cent. Two versions differ on a task where their 95% intervals do not touch; about one in "
        "two hundred pairs of equals does so by chance."
    )
    if len(rows) < len(tasks):
        said += f" The {len(rows)} of {len(tasks):,} tasks that the latest version solves least."
    if len(columns) < len(versions):
        said += f" {len(columns)} of {len(versions)} versions."
    chart = draw.heat_map(
        matrix.solved[np.ix_(columns, rows)].T,
        title=f"Solve rate of every version on every task of {matrix.suite}",
        rows=[matrix.tasks[i] for i in rows],
        columns=[draw.short(float(matrix.at.steps[i])) for i in columns],
        x_label="steps",
        cell=48 if len(columns) <= 8 else 34,
    )
    return f'<div class="scroll">{draw.figure(chart)}</div>{draw.paragraph(said, "sub")}'


def _drawn(report: Report) -> list[str]:
    """What to show where nothing was recorded."""
    if report.keeps:
        return [draw.paragraph("No task has been recorded yet.", "none")]
    said = "This explorer keeps no tasks: every one is drawn at random and forgotten."
    if not report.samples:
        return [draw.paragraph(said, "none")]
    cards = "".join(draw.figure(_image(seen, "a random task"), escape(seen.description)) for seen in report.samples)
    more = f"{said} These {len(report.samples)} were drawn from the same space for this page."
    return [draw.paragraph(more), f'<div class="gallery">{cards}</div>']


def _card(task: TaskRow, seen: Seen | None, shown: set[int]) -> str:
    description = seen.description if seen is not None else task.address
    caption = f"<b>#{task.id}</b> · {_score(task)}{_parent(task, shown)}<br>{escape(description)}"
    image = _image(seen, f"task {task.id}: {description}")
    return f'<figure id="task-{task.id}">{image}<figcaption>{caption}</figcaption></figure>'


def _image(seen: Seen | None, alt: str) -> str:
    if seen is None or seen.pixels is None:
        return ""
    return draw.picture(draw.png_uri(seen.pixels), alt)


def _score(task: TaskRow) -> str:
    return "not scored" if task.score is None else f"score\N{NO-BREAK SPACE}{task.score:.3g}"


def _parent(task: TaskRow, shown: set[int]) -> str:
    if task.parent < 0:
        return ""
    name = f"#{task.parent}"
    return f' · from&nbsp;<a href="#task-{task.parent}">{name}</a>' if task.parent in shown else f" · from&nbsp;{name}"


def _lineage(report: Report, shown: set[int]) -> list[str]:
    found = report.family
    if found is None:
        return [draw.paragraph("No task was made from another: this explorer does not edit, or has not yet.")]
    whole, listed = list(found.line), {task.id for group in report.generations for task in group.best}
    first, last = whole[0], whole[-1]
    line = found.excerpt
    cards = "".join(f"<li>{_ancestor(task, report.seen.get(task.id), task.id in listed)}</li>" for task in line)
    left_out = "" if len(line) == len(whole) else f" ({len(whole) - len(line)} of its line are left out)"
    said = (
        f"Task #{last.id} is the best of generation {last.generation or 0}; its line began with #{first.id}{left_out}."
    )
    rows = (
        f"{len(found.members)} of the {found.size:,} recorded tasks that descend from #{found.members[0].task.id}, "
        f"fuller for higher scores; the line to #{last.id} in blue. A point says more when it is pointed at."
    )
    return [
        "<h3>The line of the most evolved task</h3>",
        draw.paragraph(said),
        f'<ol class="line-up">{cards}</ol>',
        "<h3>Its family</h3>",
        draw.paragraph(rows),
        f'<div class="scroll">{_tree(found)}</div>',
    ]


def _ancestor(task: TaskRow, seen: Seen | None, listed: bool) -> str:
    image = _image(seen, f"task {task.id}")
    name = f'<a href="#task-{task.id}">#{task.id}</a>' if listed else f"#{task.id}"
    mark = "" if listed else f' id="task-{task.id}"'
    return f"<figure{mark}>{image}<figcaption><b>{name}</b> · {_score(task)}</figcaption></figure>"


def _tree(found: Family) -> str:
    scores = [member.task.score for member in found.members if member.task.score is not None]
    low, high = (min(scores), max(scores)) if scores else (0.0, 1.0)
    weight = lambda score: 0.0 if score is None or high <= low else (score - low) / (high - low)
    first = found.members[0].task.generation or 0
    nodes = [
        Node(
            member.task.id,
            member.task.parent,
            (member.task.generation or 0) - first,
            member.row,
            weight(member.task.score),
            member.chosen,
            f"#{member.task.id}, {_score(member.task)}",
        )
        for member in found.members
    ]
    return draw.tree(nodes, title=f"Family tree of task {found.members[0].task.id}", x_label="generation")


def _replay(replay: Replay) -> str:
    moving = draw.gif_uri(replay.frames, milliseconds=max(60, min(160, 6000 // len(replay.frames))))
    still = draw.png_uri(replay.frames[-1])
    mark = '<span class="ok">✓</span>' if replay.solved else '<span class="no">✗</span>'
    image = draw.picture(moving, f"{replay.name}: {replay.sentence()}", still=still)
    caption = f"<b>{escape(replay.name)}</b> {mark}<br>{escape(replay.known)}<br>{escape(replay.sentence())}"
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
