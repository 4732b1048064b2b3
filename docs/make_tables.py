"""Writes the tables that are made from the code and from `benchmarks/results` into the documents.

    python docs/make_tables.py [--check]

With `--check` nothing is written; the exit code is 1 if a table is not up to date. A test asks the same.
"""

import argparse
import json
import re
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import Any

from explora.recipes import DEFAULT, RECIPES, Recipe

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
MISSING = "*Not measured yet.*"
SUITES = ("holdout", "graded", "perfect-13", "perfect-19", "random-solvable")
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def algorithms() -> str:
    """Recipe, parts and paper, one line each."""
    rows = [(f"`{r.name}`{_star(r)}", r.title, f"`{r.parts}`", _linked(r.paper)) for r in RECIPES]
    return _table(("recipe", "title", "parts", "paper"), rows)


def box() -> str:
    """What is in the box: the same without the parts, for the README."""
    rows = [(f"`{r.name}`{_star(r)}", r.title, _linked(r.paper)) for r in RECIPES]
    return _table(("recipe", "algorithm", "paper"), rows)


def learning(budget: str) -> str:
    """Solve rates at one budget: the median of the seeds, the lowest and the highest of them."""
    file = RESULTS / f"maze_learning-{budget}" / "summary.json"
    if not file.exists():
        return MISSING
    found: dict[str, Any] = json.loads(file.read_text())
    span = lambda x: f"{statistics.median(x):.2f} ({min(x):.2f}–{max(x):.2f})"
    rows = [
        (
            f"`{recipe}`",
            str(row["seeds"]),
            f"{row['minutes']:.1f}",
            *(span(row[suite]["values"]) for suite in SUITES),
            f"{row['cvar']['0.01']:.2f}",
        )
        for recipe, row in found.items()
    ]
    return _table(("recipe", "seeds", "minutes", *SUITES, "worst 1 %"), rows)


def speed(group: str) -> str:
    """One group of rows of the comparison with the peers."""
    file = RESULTS / "maze_peers.json"
    groups: dict[str, Any] = json.loads(file.read_text())["groups"] if file.exists() else {}
    rows = [row for name, entry in groups.items() if name.split(":")[0] == group for row in entry["rows"]]
    lines = [(row["name"], _rate(row), _against(row)) for row in rows]
    return _table(("", "median", "ratio to the peer (least to greatest)"), lines) if lines else MISSING


def _rate(row: dict[str, Any]) -> str:
    if "not_run" in row:
        return f"not run: {row['not_run']}"
    if row["unit"] == "FLOP/s":
        return f"{row['median'] / 1e9:,.0f} GFLOP/s"
    share = row.get("facts", {}).get("roofline")
    bound = f" ({share:.0%} of the matrix product)" if share else ""
    return (
        f"{row['median']:,.0f} {row['unit']}{bound}" if row["median"] >= 100 else f"{row['median']:.3g} {row['unit']}"
    )


def _against(row: dict[str, Any]) -> str:
    ratio = row.get("ratio")
    return f"{ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f})" if ratio else ""


def selection(group: str) -> str:
    """One group of rows of the comparison of selectors with scikit-activeml."""
    file = RESULTS / "pool_selection.json"
    groups: dict[str, Any] = json.loads(file.read_text())["groups"] if file.exists() else {}
    rows = groups.get(group, {}).get("rows", [])
    if not rows:
        return MISSING
    if group == "contests":
        lines = [
            (
                row["name"],
                f"{1000 * row['median']:.1f}",
                f"{1000 * row['peer']:.1f}",
                f"{row['ratio']:.1f} ({row['least']:.1f}–{row['greatest']:.1f})",
                "the same" if row["same"] else "another, by chance",
            )
            for row in rows
        ]
        return _table(("", "explora [CPU ms]", "scikit-activeml [CPU ms]", "ratio (least to greatest)", "batch"), lines)
    if group == "large":
        lines = [(row["name"], f"{row['seconds']:.2f}", f"{row['cpu']:.2f}", f"{row['peak']:.2f}") for row in rows]
        return _table(("", "seconds", "CPU s", "peak memory of the process [GiB]"), lines)
    lines = [(row["name"], f"{row['same']} of {row['sets']}", str(row["tie"]), str(row["other"])) for row in rows]
    return _table(("", "the same batch", "differs at a tie", "differs otherwise"), lines)


TABLES = {
    "README.md": {"recipes": box, "ten minutes": partial(learning, "10min")},
    "docs/algorithms.md": {"recipes": algorithms},
    "docs/learning.md": {
        "ten minutes": partial(learning, "10min"),
        "four million steps": partial(learning, "4M"),
        "two million steps": partial(learning, "2M"),
    },
    "docs/performance.md": {
        "environment": partial(speed, "env"),
        "training": partial(speed, "train"),
        "defaults": partial(speed, "defaults"),
        "growth": partial(speed, "growth"),
        "selection": partial(selection, "contests"),
        "large pools": partial(selection, "large"),
        "equal": partial(selection, "equal"),
    },
}
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
