"""Writes the tables that are made from the code into `README.md` and `docs/algorithms.md`, between their markers.

    python docs/make_tables.py [--check]

With `--check` nothing is written; the exit code is 1 if a table is not up to date. A test asks the same.
"""

import argparse
import re
import sys
from pathlib import Path

from explora.recipes import DEFAULT, RECIPES, Recipe

ROOT = Path(__file__).parent.parent
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def algorithms() -> str:
    """Recipe, parts and paper, one line each."""
    rows = [(f"`{r.name}`{_star(r)}", r.title, f"`{r.parts}`", _linked(r.paper)) for r in RECIPES]
    return _table(("recipe", "title", "parts", "paper"), rows)


def box() -> str:
    """What is in the box: the same without the parts, for the README."""
    rows = [(f"`{r.name}`{_star(r)}", r.title, _linked(r.paper)) for r in RECIPES]
    return _table(("recipe", "algorithm", "paper"), rows)


TABLES = {"README.md": {"recipes": box}, "docs/algorithms.md": {"recipes": algorithms}}
"""Which tables stand in which file, by the name in their markers."""


def renewed(path: str, text: str) -> str:
    """The text of a file with its tables made anew.

    **Raises:** `ValueError` if a marker is missing.
    """
    for name, make in TABLES[path].items():
        start, end = f"<!-- {name}: made by docs/make_tables.py -->", f"<!-- end of {name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            raise ValueError(f"{path} must hold `{start}` and `{end}` once each, around the table")
        before, rest = text.split(start)
        text = f"{before}{start}\n\n{make()}\n\n{end}{rest.split(end)[1]}"
    return text


def outdated() -> list[str]:
    """The files whose tables are not up to date."""
    return [path for path in TABLES if renewed(path, _read(path)) != _read(path)]


def _star(recipe: Recipe) -> str:
    return " (default)" if recipe.name == DEFAULT else ""


def _linked(paper: str) -> str:
    """The citation with its arXiv number as a link."""
    return ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", paper)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def main() -> int:
    """Writes or checks the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a table is not up to date")
    check = parser.parse_args().check
    stale = outdated()
    for path in stale:
        if not check:
            (ROOT / path).write_text(renewed(path, _read(path)), encoding="utf-8")
        sys.stdout.write(f"{path}: {'not up to date' if check else 'renewed'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
