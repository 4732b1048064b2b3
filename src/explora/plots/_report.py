"""The page of a run: facts to HTML."""

from collections.abc import Sequence
from pathlib import Path

from explora.store import guard, write_file

from . import _drawing as draw
from ._drawing import escape
from ._facts_card import Cost, RunCard, Setting
from ._facts_matrix import percent
from ._gather import Report
from ._report_charts import curves_section, difficulty_section, speed_section
from ._report_tasks import gallery_section, held_out_section, replays_section

_SECTIONS = {
    "curves": "Learning",
    "held-out": "Held-out tasks",
    "gallery": "Discovered tasks",
    "replays": "Replays",
    "difficulty": "Difficulty",
    "cost": "Speed and cost",
    "configuration": "Configuration",
    "environment": "Environment",
    "citation": "Citation",
}


def report_page(report: Report) -> str:
    """The page of a run, as HTML that stands on its own.

    **Arguments:**

    - `report`: what it shows, from `gather`.
    """
    body = [
        _header(report),
        "<main>",
        curves_section(report),
        held_out_section(report),
        gallery_section(report),
        replays_section(report),
        difficulty_section(report),
        speed_section(report),
        _configuration(report.card),
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
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in _SECTIONS.items())
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
    tiles = [(percent(result.mean), f"of {result.suite} solved") for result in report.results[:2]]
    tiles += [
        (draw.short(float(spent.steps)), "environment steps"),
        (f"{spent.seconds / 60:.1f} min", "wall-clock time"),
        (f"{spent.steady or spent.rate:,.0f}", "steps a second"),
        (f"{spent.updates:,}", "updates of the learner"),
    ]
    if report.found:
        tiles.append((f"{report.found:,}", "tasks recorded"))
    return (
        '<ul class="tiles">'
        + "".join(f"<li><b>{escape(n)}</b><span>{escape(t)}</span></li>" for n, t in tiles)
        + "</ul>"
    )


def _configuration(card: RunCard) -> str:
    groups: dict[str, list[Setting]] = {}
    for setting in card.settings:
        groups.setdefault(setting.path.partition(".")[0], []).append(setting)
    said = "Every field of every part."
    changed = [setting for setting in card.settings if setting.usual is not None]
    if changed:
        said += f" Marked: what differs from the recipe's own defaults ({len(changed)})."
    tables = "".join(f"<div>{_settings(rows, name.capitalize())}</div>" for name, rows in groups.items())
    plan = f"<div>{_settings(card.plan, 'Plan')}</div>" if card.plan else ""
    return draw.section(
        "configuration", "Configuration", draw.paragraph(said), f'<div class="charts">{tables}{plan}</div>'
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
