"""What there is: recipes, domains, runs. None of it needs JAX."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from explora.domains import DOMAINS
from explora.recipes import DEFAULT, RECIPES


def recipes(words: list[str]) -> int:
    """Lists the recipes with their parts and papers."""
    rows = [(f"{r.name} *" if r.name == DEFAULT else r.name, r.title, r.parts, r.paper) for r in RECIPES]
    _table(("recipe", "title", "parts", "paper"), rows)
    sys.stdout.write("\n* the default: the one that wins the committed benchmark\n")
    return 0


def domains(words: list[str]) -> int:
    """Lists the domains."""
    _table(("domain", "what it asks"), [(d.name, d.summary) for d in DOMAINS])
    return 0


def list(words: list[str]) -> int:  # the verb is called so
    """Lists the runs under ./runs, or under the folder that is named."""
    root = Path(words[0] if words else "runs")
    rows = [_row(path) for path in sorted(root.glob("*")) if (path / "config.json").is_file()]
    if not rows:
        sys.stdout.write(f"no runs under {root}; `explora run maze --minutes 4` makes one\n")
        return 0
    _table(("run", "recipe", "state", "steps", "minutes", "held out"), rows)
    return 0


def _row(path: Path) -> tuple[str, ...]:
    """A run's line, read with nothing but the standard library."""
    config = json.loads((path / "config.json").read_text())
    try:
        with closing(sqlite3.connect(f"file:{path / 'run.db'}?mode=ro", uri=True)) as connection:
            facts = {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM run")}
            last = connection.execute("SELECT steps, seconds FROM record ORDER BY turn DESC LIMIT 1").fetchone()
    except sqlite3.Error as error:
        return (path.name, str(config.get("recipe")), f"unreadable: {error}", "", "", "")
    steps, seconds = last or (0, 0.0)
    return (
        path.name,
        str(config.get("recipe")),
        str(facts.get("state", "")),
        f"{steps:,}",
        f"{seconds / 60:.1f}",
        _held_out(facts),
    )


def _held_out(facts: dict[str, Any]) -> str:
    final = facts.get("final") or {}
    return ", ".join(f"{name} {verdict['mean_solve_rate']:.2f}" for name, verdict in final.items())


def _table(head: tuple[str, ...], rows: Any) -> None:
    rows = [head, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
