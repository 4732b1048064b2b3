"""The rows that were measured: kept in a JSON file while they grow, shown as a table in the end."""

import json
import os
import time
from pathlib import Path
from typing import Any

WIDTHS = (58, 12, 24, 22, 12)


class Report:
    """A JSON file with one entry for each group of rows: when, on what, under which load, and the rows.

    **Arguments:**

    - `path`: the file; read if it exists.
    """

    def __init__(self, path: Path):
        self.path = path
        self.groups: dict[str, Any] = json.loads(path.read_text("utf-8"))["groups"] if path.exists() else {}

    def has(self, name: str, stamp: dict) -> bool:
        """Whether the group was measured on the same machine, source and settings, all of it."""
        entry = self.groups.get(name)
        if entry is None or any("not_run" in row for row in entry["rows"]):
            return False
        same = ("processor", "cores", "versions", "source")
        there, here = entry["machine"], stamp["machine"]
        return entry["settings"] == stamp["settings"] and all(there.get(key) == here[key] for key in same)

    def add(self, name: str, stamp: dict, rows: list[dict], load: tuple[float, float]) -> None:
        """Takes the rows of a group in and writes the file, in one go."""
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        self.groups[name] = {**stamp, "when": when, "load": list(load), "rows": rows}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(self.path.name + ".part")
        draft.write_text(json.dumps({"groups": self.groups}, indent=1, ensure_ascii=False) + "\n", "utf-8")
        os.replace(draft, self.path)


def table(groups: dict[str, Any]) -> str:
    """All rows for people."""
    lines: list[str] = []
    machines: list[str] = []
    for name, entry in groups.items():
        here = entry["machine"]
        changed = " with changes" if here["changed"] else ""
        about = (
            f"{here['processor']}, {here['cores']} cores, JAX {here['versions']['jax']}, Python {here['python']}, "
            f"commit {here['commit']}{changed} (source {here['source']})"
        )
        if about not in machines:
            machines.append(about)
        quick = ", QUICK: means nothing" if entry["settings"]["quick"] else ""
        low, high = min(entry["load"]), max(entry["load"])
        lines += ["", f"[{name}] {entry['when']}, load {low:.1f} to {high:.1f}{quick}"]
        lines.append(_line("", "median", "least to greatest", "ratio to peer", "per CPU-s"))
        lines += [_row(row) for row in entry["rows"]]
    return "\n".join(machines + lines)


def _row(row: dict) -> str:
    if "not_run" in row:
        return f"{row['name']:<{WIDTHS[0]}}  not run: {row['not_run']}"
    unit = row["unit"]
    span = f"{_number(row['min'], unit)} to {_number(row['max'], unit)}" if "min" in row else ""
    against = thrift = ""
    if "ratio" in row:
        found = row["ratio"]
        against = f"{found['median']:.2f}× ({found['min']:.2f} to {found['max']:.2f})"
        thrift = f"{found['thrift']:.2f}×"
    facts = row.get("facts", {})
    notes = []
    if "roofline" in facts:
        notes.append(f"{facts['roofline']:.0%} of the matrix product")
    if "learned" in facts and facts["learned"] < 1:
        notes.append(f"{facts['learned']:.0%} of the rounds learn")
    return _line(row["name"], f"{_number(row['median'], unit)} {_short(unit)}", span, against, thrift, ", ".join(notes))


def _line(name: str, *cells: str) -> str:
    aligned = [f"{name:<{WIDTHS[0]}}", *(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS[1:]))]
    return "  ".join([*aligned, *cells[len(WIDTHS) - 1 :]]).rstrip()


def _short(unit: str) -> str:
    return {"steps/s": "/s", "FLOP/s": "GF/s"}.get(unit, unit)


def _number(value: float, unit: str) -> str:
    if unit == "FLOP/s":
        return f"{value / 1e9:,.0f}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
