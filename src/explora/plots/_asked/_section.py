"""The chart of asked and achieved returns, and what it says."""

import numpy as np

from explora.ledger.asked import Calibration

from .. import _drawing as draw
from .._drawing import escape

TITLE = "Asked and achieved"


def asked_section(found: Calibration | None) -> str:
    """What came of asking for returns from low to high; nothing for a run that nobody can ask."""
    if found is None:
        return ""
    levels = found.levels
    column = lambda name: np.array([getattr(level, name) for level in levels], np.float64)
    asked = column("asked")
    got = draw.Line(asked, column("achieved"), column("low"), column("high"), label="achieved", colour=0)
    kept = draw.Line(asked, asked, label="what was asked", colour=7, faint=True)
    chart = draw.line_chart([kept, got], title="Achieved returns", x_label="return that was asked for")
    rows = [(f"{x.asked:.3g}", f"{x.achieved:.3g}", f"{x.low:.3g} to {x.high:.3g}", f"{x.episodes:,}") for x in levels]
    head = ("asked", "achieved", "95 % interval", "episodes")
    said = draw.paragraph(found.verdict, "none" if found.optimistic else "")
    caption = escape("Mean of what it got, over tasks; the pale line is what was asked for.")
    return draw.section("asked", TITLE, said, draw.figure(chart, caption), draw.table(head, rows))
