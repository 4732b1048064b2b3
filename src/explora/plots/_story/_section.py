"""The part of the page that tells the story of tasks and agents that evolve together."""

from collections.abc import Sequence

import numpy as np

from .. import _drawing as draw
from .._drawing import escape
from ._drawing import family_picture, range_of, standing_picture
from ._facts import Home, Link, Saga
from ._tale import Tale

_TASKS, _MOMENTS, _ANCESTORS, _LINKS = 48, 12, 10, 12
TITLE = "The story"


def story_section(told: Tale | None) -> str:
    """The hardest task that was solved, the family of all tasks with transfers, and who does how well where."""
    if told is None:
        return ""
    return draw.section("story", TITLE, *_hero(told), *_family(told), *_standings(told.saga))


def _hero(told: Tale) -> list[str]:
    hero, found = told.hero, told.saga
    solved = sum(home.solved is not None for home in found.homes)
    if hero is None:
        said = f"{_many(len(found.homes), 'task')} had an agent of its own; none has been solved yet."
        return [draw.paragraph(said, "none")]
    parts = [f"<h3>The hardest task that was solved: #{hero.task}</h3>", draw.paragraph(_said(told, hero, solved))]
    if told.played is not None:
        picture = draw.picture(draw.png_uri(told.played.pixels), f"The way of the agent of task {hero.task}")
        who = f"Its agent on it, as it was after turn {told.played.turn:,}: {told.played.said}."
        parts.append(draw.figure(picture, escape(who), kind="wide"))
    if len(told.ancestors) > 1:
        parts += ["<h3>Its ancestors</h3>", draw.paragraph(_descent(told)), _gallery(told)]
    if told.line:
        parts += ["<h3>Where its agent had learned</h3>", draw.paragraph(_school(told)), _line(told)]
    return parts


def _said(told: Tale, hero: Home, solved: int) -> str:
    """The whole story in a few sentences."""
    seen = told.seen.get(hero.task)
    what = f" ({seen.description})" if seen is not None else ""
    of = f"{_many(solved, 'task')} of {len(told.saga.homes)} that had a place of their own were solved"
    hard = f"; #{hero.task}{what} is the hardest of them" if solved > 1 else f": #{hero.task}{what}"
    far = f", {told.hard[hero.task]:.0%} of the way to the hardest there can be" if hero.task in told.hard else ""
    made = f"It was made from #{hero.parent} and" if hero.parent >= 0 else "It"
    start = f" came in turn {hero.entered:,}."
    if hero.teacher is not None:
        start = f" came in turn {hero.entered:,}; the agent of #{hero.teacher} began there{_return(hero.score)}."
    when = f"In turn {hero.solved:,} it was solved." if hero.solved != hero.entered else "It was solved at once."
    return f"{of}{hard}{far}. {made}{start} {when}"


def _descent(told: Tale) -> str:
    left_out = len(told.ancestors) - len(_excerpt(told))
    less = f" ({left_out} between are left out)" if left_out else ""
    return f"Each was made from the one above it{less}."


def _excerpt(told: Tale) -> Sequence[int]:
    numbers = [task.id for task in told.ancestors]
    return numbers if len(numbers) <= _ANCESTORS else [*numbers[:3], *numbers[-(_ANCESTORS - 3) :]]


def _gallery(told: Tale) -> str:
    shown = []
    for number in _excerpt(told):
        seen, home = told.seen.get(number), told.saga.home(number)
        image = "" if seen is None or seen.pixels is None else draw.picture(draw.png_uri(seen.pixels), f"task {number}")
        text = "" if seen is None else f" · {escape(seen.description)}"
        shown.append(f"<li>{draw.figure(image, f'<b>#{number}</b>{text}{_fate(home)}', kind='wide')}</li>")
    return f'<ol class="descent">{"".join(shown)}</ol>'


def _fate(home: Home | None) -> str:
    if home is None:
        return " · never had a place"
    solved = "never solved" if home.solved is None else f"solved in turn {home.solved:,}"
    return f" · came in turn {home.entered:,}, {solved}"


def _school(told: Tale) -> str:
    count = len(told.mattered)
    if count == 0:
        return "No transfer mattered: it began there with its parent's agent, or with its own, and learned on."
    if count == 1:
        return "One transfer mattered: without it another agent would have lived there."
    return f"{count} transfers mattered: without any of them another agent would have lived there."


def _line(told: Tale) -> str:
    rows = [
        (f"#{link.task} <small>{_came(told, link, number)}</small>", f"{link.since:,}", f"{link.until:,}", _score(link))
        for number, link in enumerate(told.line)
    ]
    head = ("task", "from turn", "to turn", "return when it came")
    if len(rows) <= _LINKS:
        return draw.table(head, rows)
    return draw.table(head, rows[-_LINKS:]) + draw.details(f"All {len(rows)} tasks", draw.table(head, rows))


def _came(told: Tale, link: Link, number: int) -> str:
    if number == 0:
        return "taken over" if link.moved else "where it began"
    before = told.line[number - 1].task
    return f"taken over from #{before}" if link.moved else f"begun when it came, from #{before}"


def _family(told: Tale) -> list[str]:
    found = told.saga
    line = [task.id for task in told.ancestors]
    arcs = [(move.turn, move.source, move.target) for move in told.mattered]
    chosen = _chosen(found, [*line, *(link.task for link in told.line)])
    less = "" if len(chosen) == len(found.homes) else f" {len(chosen)} of {len(found.homes)} tasks are shown."
    said = (
        "Every task as a line, from the turn in which it came until another took its place; a dot where it was solved. "
        "Children hang below their parents. An arc is a transfer: a copy of one task's agent took over another task "
        f"({_many(len(found.moves), 'transfer')}).{less} What is pointed at says more."
    )
    key = [
        ("c0", "the ancestors of the hardest task"),
        ("c1", "transfers that mattered to its agent"),
        ("c7", "others"),
    ]
    legend = draw.legend(key) if told.hero is not None else ""
    picture = family_picture(found, chosen, line=line, arcs=arcs)
    return [
        "<h3>The family of tasks, and transfers</h3>",
        draw.paragraph(said),
        legend,
        f'<div class="scroll">{draw.figure(picture)}</div>',
    ]


def _chosen(found: Saga, wanted: Sequence[int], most: int = _TASKS) -> list[int]:
    """Those that are told of, then those that lived longest."""
    wanted = [task for task in dict.fromkeys(wanted) if found.home(task) is not None]
    lived = lambda home: (found.end if home.left is None else home.left) - home.entered
    rest = sorted((home for home in found.homes if home.task not in wanted), key=lambda home: (-lived(home), home.task))
    return [*wanted, *(home.task for home in rest)][: max(most, len(wanted))]


def _standings(found: Saga) -> list[str]:
    if not found.standings:
        return []
    many = len(found.standings)
    shown = [found.standings[i] for i in np.unique(np.linspace(0, many - 1, min(_MOMENTS, many)).round().astype(int))]
    low, high = range_of(shown)
    cards = "".join(
        draw.figure(standing_picture(standing, low, high), head=f"turn {standing.turn:,}") for standing in shown
    )
    said = (
        "The return of every agent (downwards) in every task (to the right): pale at "
        f"{draw.short(low)} and less, full at {draw.short(high)} and more; an agent's own task is outlined. A full "
        "column is a task that all can do, a full row an agent that can do everything."
    )
    return ["<h3>Every agent in every task</h3>", draw.paragraph(said), f'<div class="moments">{cards}</div>']


def _score(link: Link) -> str:
    return "–" if link.score is None else draw.short(link.score)


def _return(score: float | None) -> str:
    return "" if score is None else f" with a return of {draw.short(score)}"


def _many(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
