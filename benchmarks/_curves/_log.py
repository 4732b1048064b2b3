"""The log: one line of JSON for each curve, written as soon as it is done; a curve that is there is not run again."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Key(NamedTuple):
    """Which curve."""

    set: str
    start: str
    entrant: str
    repeat: int


def key_of(row: dict[str, Any]) -> Key:
    """Which curve a line of the log is of."""
    return Key(row["set"], row["start"], row["entrant"], row["repeat"])


def read(log: Path) -> list[dict[str, Any]]:
    """The curves of a log; what is not a whole line (the process was killed) or not a curve is passed over."""
    if not log.exists():
        return []
    rows = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict) and "entrant" in row:
            rows.append(row)
    return rows


def append(log: Path, row: dict[str, Any]) -> None:
    """Adds a line in one write, so that several processes can; one that was cut off is ended first."""
    log.parent.mkdir(parents=True, exist_ok=True)
    line = (json.dumps(row, separators=(",", ":")) + "\n").encode()
    with open(log, "ab+") as file:
        if file.tell() and _last_byte(file) != b"\n":
            line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _last_byte(file: Any) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)


def plan(sets: Sequence[str], starts: Sequence[str], entrants: Sequence[str], repeats: Iterable[int]) -> list[Key]:
    """All curves that are wanted, in the order in which they are run: every set once, then every set again."""
    return [Key(s, t, e, r) for r in repeats for s in sets for t in starts for e in entrants]


def missing(wanted: list[Key], rows: list[dict[str, Any]]) -> list[Key]:
    """Those of the wanted curves that are not there."""
    there = {key_of(row) for row in rows}
    return [key for key in wanted if key not in there]


def capped_before(rows: list[dict[str, Any]]) -> dict[tuple[str, str, str], int]:
    """For each (set, start, entrant) that ran out of time, in which repeat it first did."""
    found: dict[tuple[str, str, str], int] = {}
    for row in rows:
        if row["status"] == "capped":
            cell = key_of(row)[:3]
            found[cell] = min(found.get(cell, row["repeat"]), row["repeat"])
    return found


def estimate(wanted: list[Key], rows: list[dict[str, Any]], unknown: float = 1.5) -> float:
    """CPU time that the wanted curves are going to take [s]: as others of the same entrant and set did, else as others
    of the set, else `unknown` a curve."""
    own: dict[tuple[str, str], list[float]] = {}
    alike: dict[str, list[float]] = {}
    for row in rows:
        cost = row["cpu"] + row["fits"]
        own.setdefault((row["set"], row["entrant"]), []).append(cost)
        alike.setdefault(row["set"], []).append(cost)
    costs = [own.get((key.set, key.entrant)) or alike.get(key.set) or [unknown] for key in wanted]
    return sum(sum(known) / len(known) for known in costs)
