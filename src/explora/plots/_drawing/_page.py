"""One HTML page that stands on its own."""

import html
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files


def escape(text: object) -> str:
    """Text as HTML shows it, whatever is in it; also inside an attribute."""
    return html.escape(str(text), quote=True)


def page(title: str, body: str) -> str:
    """A whole page.

    **Arguments:**

    - `title`: of the window; text.
    - `body`: HTML.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def section(name: str, title: str, *parts: str) -> str:
    """A part of the page with a heading that can be linked to.

    **Arguments:**

    - `name`: of the link.
    - `title`: text.
    - `parts`: HTML.
    """
    return f'<section id="{escape(name)}"><h2>{escape(title)}</h2>\n{"".join(parts)}</section>\n'


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of text."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def figure(picture: str, caption: str = "", *, kind: str = "", head: str = "") -> str:
    """A picture with what is said of it.

    **Arguments:**

    - `picture`: HTML.
    - `caption`: HTML below it.
    - `kind`: a class of the style sheet.
    - `head`: text above it.
    """
    above = f'<div class="head">{escape(head)}</div>' if head else ""
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure class="{kind}">{above}{picture}{below}</figure>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "", caption: str = "") -> str:
    """A table that scrolls on its own where the page is narrow.

    **Arguments:**

    - `head`: text of the first row.
    - `rows`: HTML of each cell.
    - `kind`: a class of the style sheet.
    - `caption`: text.
    """
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    first = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    content = f"{title}<thead><tr>{first}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table class="{kind}">{content}</table></div>'


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """What the colours of a chart mean: pairs of a class of the style sheet and text."""
    keys = (f'<span><i class="key {kind}"></i>{escape(text)}</span>' for kind, text in entries)
    return f'<p class="legend">{" ".join(keys)}</p>'


def details(summary: str, body: str) -> str:
    """HTML that is folded away until somebody asks for it."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"


def tabs(name: str, legend: str, choices: Sequence[tuple[str, str]]) -> str:
    """Several views of the same thing, one at a time; works without a script. A single one needs no choice.

    **Arguments:**

    - `name`: unique on the page.
    - `legend`: what is chosen; text.
    - `choices`: pairs of label (text) and view (HTML).
    """
    if len(choices) == 1:
        return choices[0][1]
    buttons, views = [], []
    for number, (label, view) in enumerate(choices):
        chosen = " checked" if number == 0 else ""
        mark = f"{escape(name)}-{number}"
        buttons.append(
            f'<input type="radio" name="{escape(name)}" id="{mark}" class="t{number}"{chosen}>'
            f'<label for="{mark}">{escape(label)}</label>'
        )
        views.append(f'<div class="view v{number}">{view}</div>')
    return (
        f'<div class="tabs"><span class="choose">{escape(legend)}</span>{"".join(buttons)}'
        f'<div class="views">{"".join(views)}</div></div>'
    )


@cache
def _style() -> str:
    return files("explora.plots._drawing").joinpath("report.css").read_text("utf-8")
