"""What there is: recipes, domains, runs. None of it needs JAX."""

import argparse
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from explora.domains import DOMAINS
from explora.recipes import DEFAULT, RECIPES


def recipes(words: list[str]) -> int:
    """Lists the recipes with their parts and papers."""
    _parser("recipes", "List the named algorithms, the parts they are made of, and their papers.").parse_args(words)
    defaults = {entry.recipe or DEFAULT for entry in DOMAINS}
    rows = [(f"{r.name} *" if r.name in defaults else r.name, r.plays, r.title, r.parts, r.paper) for r in RECIPES]
    _table(("recipe", "for", "title", "parts", "paper"), rows)
    sys.stdout.write("\n* the default; environments are domains such as maze, questions such as pool\n")
    return 0


def domains(words: list[str]) -> int:
    """Lists the domains."""
    _parser("domains", "List the spaces of tasks that have a name.").parse_args(words)
    _table(("domain", "what it asks"), [(d.name, d.summary) for d in DOMAINS])
    return 0


def list(words: list[str]) -> int:  # the verb is called so
    """Lists the runs under ./runs, or under the folder that is named."""
    parser = _parser("list", "List the runs in a folder, and those in the folders inside it, as --seeds leaves them.")
    parser.add_argument("folder", metavar="DIR", nargs="?", default="runs", help="where to look; default: runs")
    root = Path(parser.parse_args(words).folder).expanduser()
    rows = [_row(path, path.relative_to(root).as_posix()) for path in _runs(root)]
    if not rows:
        sys.stdout.write(f"no runs under {root}; `explora run maze --minutes 4` makes one\n")
        return 0
    _table(("run", "recipe", "state", "steps", "minutes", "held out"), rows)
    return 0


def _parser(verb: str, description: str) -> argparse.ArgumentParser:
    """Reads what was typed with the standard library alone: tyro takes longer to import than these verbs may."""
    return argparse.ArgumentParser(f"explora {verb}", description=description, allow_abbrev=False)


def _runs(root: Path) -> Iterator[Path]:
    """The runs in a folder and in the folders inside it."""
    for path in sorted(root.glob("[!.]*")):
        found = [path] if _is_run(path) else sorted(path.glob("[!.]*"))
        yield from (folder for folder in found if _is_run(folder))


def _is_run(path: Path) -> bool:
    return any(os.path.isfile(path / name) for name in ("config.json", "run.db"))


def _row(path: Path, name: str) -> tuple[str, ...]:
    """A run's line, read with nothing but the standard library."""
    try:
        recipe = str(_object((path / "config.json").read_text("utf-8")).get("recipe"))
    except (OSError, ValueError) as error:
        return (name, "", f"damaged: config.json: {_reason(error)}", "", "", "")
    try:
        with closing(sqlite3.connect(f"file:{path / 'run.db'}?mode=ro", uri=True)) as connection:
            facts = {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM run")}
            last = connection.execute("SELECT steps, seconds, calls FROM record ORDER BY turn DESC LIMIT 1").fetchone()
    except (sqlite3.Error, ValueError) as error:
        return (name, recipe, f"damaged: run.db: {_reason(error)}", "", "", "")
    steps, seconds, calls = last or (0, 0.0, 0)
    spent = f"{calls:,} answers" if calls and not steps else f"{steps:,}"  # questions take no steps
    return (name, recipe, str(facts.get("state", "")), spent, f"{seconds / 60:.1f}", _held_out(facts))


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"not an object but {text[:20]!r}")
    return found


def _reason(error: Exception) -> str:
    return str((isinstance(error, OSError) and error.strerror) or error)


def _held_out(facts: dict[str, Any]) -> str:
    final = facts.get("final") or {}
    return ", ".join(f"{name} {verdict['mean_solve_rate']:.2f}" for name, verdict in final.items())


def _table(head: tuple[str, ...], rows: Any) -> None:
    rows = [head, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
