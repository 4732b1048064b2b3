"""The page of a run: facts to HTML."""

from collections.abc import Sequence
from pathlib import Path

from explora.store import guard, write_file

from . import _drawing as draw
from ._asked import TITLE as ASKED
from ._asked import asked_section
from ._asking import SECTIONS, answer_sections, answer_tiles
from ._drawing import escape
from ._facts_card import Cost, RunCard, Setting
from ._facts_matrix import percent
from ._gather import Report
from ._report_charts import curves_section, difficulty_section, speed_section
from ._report_tasks import gallery_section, gauge, held_out_section, replays_section
from ._story import story_section

_PLAYED = {
    "curves": "Learning",
    "held-out": "Held-out tasks",
    "asked": ASKED,
    "story": "The story",
    "gallery": "Discovered tasks",
    "replays": "Replays",
    "difficulty": "Difficulty",
    "cost": "Speed and cost",
}
_ALWAYS = {
    "configuration": "Configuration",
    "environment": "Environment",
    "citation": "Citation",
}


_OF_PLAY = ("steps", "episodes", "final_episodes", "record")  # fields of a plan that mean nothing to questions


def report_page(report: Report) -> str:
    """The page of a run, as HTML that stands on its own.

    **Arguments:**

    - `report`: what it shows, from `gather`.
    """
    if report.asking is not None:
        sections = answer_sections(report.asking, report.metrics, gauge)
    else:
        sections = [
            curves_section(report),
            held_out_section(report),
            asked_section(report.asked),
            story_section(report.tale),
            gallery_section(report),
            replays_section(report),
            difficulty_section(report),
            speed_section(report),
        ]
    body = [
        _header(report),
        "<main>",
        *sections,
        _configuration(report.card, asks=report.asking is not None),
        _environment(report.card),
        _citation(report.card),
        "</main>",
        f"<footer>Made by explora {escape(report.card.versions.get('explora', ''))} from the run "
        f"{escape(report.card.name)}. This page is one file: it can be sent as it is.</footer>",
    ]
    return draw.page(f"{report.card.name} · {report.card.recipe} on {report.card.domain}", "\n".join(body))


def write_report(report: Report, path: Path) -> Path:
    """Writes the page of a run: a reader sees the page before or this one, never half of it.

    **Raises:** `RunError` if that place cannot be written to.
    """
    with guard("write", path):
        write_file(path, report_page(report).encode())
    return path


def _header(report: Report) -> str:
    card = report.card
    shown = (_PLAYED if report.asking is None else SECTIONS) | _ALWAYS
    for name, there in (("story", report.tale), ("asked", report.asked)):
        if there is None:
            shown.pop(name, None)
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in shown.items())
    over = f"explora · run <b>{escape(card.name)}</b> · {escape(card.recipe)} on {escape(card.domain)}"
    notes = "".join(draw.paragraph(note, "none") for note in report.notes)
    further = "".join(f'<p class="lede">{escape(sentence)}</p>' for sentence in report.headline.further)
    return (
        f'<header><p class="over">{over}</p><h1>{escape(report.headline.title)}</h1>{further}{notes}'
        f"<nav>{links}</nav></header>{_tiles(report, report.cost)}"
    )


def _tiles(report: Report, spent: Cost | None) -> str:
    if spent is None:
        return ""
    tiles = _played(report, spent) if report.asking is None else answer_tiles(report.asking, spent)
    return (
        '<ul class="tiles">'
        + "".join(f"<li><b>{escape(n)}</b><span>{escape(t)}</span></li>" for n, t in tiles)
        + "</ul>"
    )


def _played(report: Report, spent: Cost) -> list[tuple[str, str]]:
    tiles = [(percent(result.mean), f"of {result.suite} solved") for result in report.results[:2]]
    tiles += [
        (draw.short(float(spent.steps)), "environment steps"),
        (f"{spent.seconds / 60:.1f} min", "wall-clock time"),
        (f"{spent.steady or spent.rate:,.0f}", "steps a second"),
        (f"{spent.updates:,}", "updates of the learner"),
    ]
    if report.found:
        tiles.append((f"{report.found:,}", "tasks recorded"))
    return tiles


def _configuration(card: RunCard, *, asks: bool) -> str:
    groups: dict[str, list[Setting]] = {}
    for setting in card.settings:
        groups.setdefault(setting.path.partition(".")[0], []).append(setting)
    said = "Every field of every part."
    changed = [setting for setting in card.settings if setting.usual is not None]
    if changed:
        said += f" Marked: what differs from the recipe's own defaults ({len(changed)})."
    tables = "".join(f"<div>{_settings(rows, name.capitalize())}</div>" for name, rows in groups.items())
    plan = [row for row in card.plan if not (asks and row.path in _OF_PLAY)]
    planned = f"<div>{_settings(plan, 'Plan')}</div>" if plan else ""
    return draw.section(
        "configuration", "Configuration", draw.paragraph(said), f'<div class="charts">{tables}{planned}</div>'
    )


def _settings(rows: Sequence[Setting], title: str) -> str:
    shown = [(escape(row.path), _value(row)) for row in rows]
    return draw.table(("field", "value"), shown, kind="text", caption=title)


def _value(row: Setting) -> str:
    if row.usual is None:
        return escape(row.value)
    return f"<mark>{escape(row.value)}</mark> <small>by default {escape(row.usual)}</small>"


def _environment(card: RunCard) -> str:
    rows = [("command", card.command), ("begun", card.created), *card.machine.items(), *card.versions.items()]
    shown = [(escape(name), escape(value)) for name, value in rows if value]
    said = "Results are exact to the last bit only on the same versions and the same kind of machine."
    return draw.section(
        "environment", "Environment", draw.paragraph(said), draw.table(("", "value"), shown, kind="text")
    )


def _citation(card: RunCard) -> str:
    said = f"The recipe {card.recipe}: {card.paper}." if card.paper else "This run follows no published recipe by name."
    return draw.section("citation", "Citation", draw.paragraph(said), f"<pre>{escape(card.citation)}</pre>")
