"""What the curves say: areas, paired differences to random, ranks, budgets to a target."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from ._log import key_of
from ._sets import SETTINGS, STARTS

FIRST = {"screen": 0, "final": 100}
REPEATS = {"screen": 3, "final": 30}
RANDOM, MARGIN, DEFAULT = "explora:random", "explora:margin", "explora:uncertainty-herding-margin"
PEER = "skactiveml:"
ALPHA = 0.05

Cell = tuple[str, str]


class Curves(NamedTuple):
    """The curves of one entrant in one cell (set and start), paired with those of the others.

    **Arguments:**

    - `repeats`: which repeats all whole entrants of the cell have.
    - `rows`: a line of the log for each of them.
    """

    repeats: tuple[int, ...]
    rows: list[dict[str, Any]]

    def area(self, name: str = "accuracy") -> np.ndarray:
        """The area under the curve in each repeat."""
        from explora.ledger.labels import aulc

        return aulc(np.array([row[name] for row in self.rows]))

    @property
    def final(self) -> float:
        """The mean accuracy at the end."""
        return float(np.mean([row["accuracy"][-1] for row in self.rows]))


def of_phase(rows: list[dict[str, Any]], phase: str) -> list[dict[str, Any]]:
    """The lines of the log that belong to a phase."""
    return [row for row in rows if (row["repeat"] >= FIRST["final"]) == (phase == "final")]


def cells(rows: list[dict[str, Any]]) -> dict[Cell, dict[str, Curves]]:
    """The whole entrants of each cell, in the repeats that all of them have.

    An entrant with a capped or failed curve in a cell is not whole there. While a benchmark is under way entrants have
    done different repeats; those that only some have done do not count yet.
    """
    found: dict[Cell, dict[str, dict[int, dict[str, Any]]]] = {}
    for row in rows:
        key = key_of(row)
        found.setdefault((key.set, key.start), {}).setdefault(key.entrant, {})[key.repeat] = row
    paired = {}
    for cell in [(name, start) for name in SETTINGS for start in STARTS if (name, start) in found]:
        whole = {
            entrant: curves
            for entrant, curves in found[cell].items()
            if all(row["status"] == "done" for row in curves.values())
        }
        common = tuple(sorted(set.intersection(*map(set, whole.values())))) if whole else ()
        if common:
            paired[cell] = {name: Curves(common, [curves[r] for r in common]) for name, curves in whole.items()}
    return paired


def ranked(paired: dict[Cell, dict[str, Curves]]) -> dict[str, float]:
    """The mean rank over all cells, by mean area, of the entrants that are whole in each of them."""
    from explora.ledger.labels import mean_ranks

    names = [name for name in _names(paired) if all(name in curves for curves in paired.values())]
    if not names or not paired:
        return {}
    areas = np.array([[curves[name].area().mean() for name in names] for curves in paired.values()])
    return dict(zip(names, mean_ranks(areas).tolist(), strict=True))


def partly_ranked(paired: dict[Cell, dict[str, Curves]]) -> dict[str, dict[str, Any]]:
    """For each entrant that is not whole everywhere: its mean rank among those that are, and the default's, in the
    cells where it is whole. So nothing escapes a comparison by being slow."""
    everywhere, found = ranked(paired), {}
    for name in _names(paired):
        if name in everywhere:
            continue
        some = {cell: curves for cell, curves in paired.items() if name in curves}
        among = {
            cell: {n: c for n, c in curves.items() if n in everywhere or n == name} for cell, curves in some.items()
        }
        ranks = ranked(among)
        found[name] = {"cells": len(some), "rank": ranks[name], "default": ranks.get(DEFAULT)}
    return dict(sorted(found.items(), key=lambda item: item[1]["rank"]))


def _names(paired: dict[Cell, dict[str, Curves]]) -> list[str]:
    return sorted({name for curves in paired.values() for name in curves})


def finalists(rows: list[dict[str, Any]]) -> list[str]:
    """Who goes on: the best eight of the screening, random, margin, our default, and the best three of the peers."""
    ranks = ranked(cells(of_phase(rows, "screen")))
    order = sorted(ranks, key=lambda name: ranks[name])
    if not order:
        return []
    peers = [name for name in order if name.startswith(PEER)][:3]
    return list(dict.fromkeys([*order[:8], RANDOM, MARGIN, DEFAULT, *peers]))


def compared(name: str, paired: dict[Cell, dict[str, Curves]]) -> list[dict[str, Any]]:
    """One entrant against random in each cell, with p-values that are corrected for the number of cells."""
    from explora.ledger.labels import calls_to_target, holm
    from explora.ledger.labels import paired as compare

    found = []
    for (set_name, start), curves in paired.items():
        if name not in curves or RANDOM not in curves:
            continue
        mine, random = curves[name], curves[RANDOM]
        calls = SETTINGS[set_name].batch * np.arange(1, len(mine.rows[0]["accuracy"]) + 1)
        reached = [calls_to_target(calls, np.array(row["accuracy"]), random.final) for row in mine.rows]
        found.append({
            "set": set_name,
            "start": start,
            "repeats": len(mine.repeats),
            "area": float(mine.area().mean()),
            "balanced": float(mine.area("balanced").mean()),
            "final": mine.final,
            **compare(mine.area(), random.area())._asdict(),
            "balanced_difference": float((mine.area("balanced") - random.area("balanced")).mean()),
            "target": random.final,
            "calls_to_target": float(np.median(reached)),
            "never": int(np.isinf(reached).sum()),
            "cpu": float(np.mean([row["cpu"] for row in mine.rows])),
        })  # fmt: skip
    for side in ("better", "worse") if found else ():
        corrected = holm(np.array([cell[side] for cell in found]))
        for cell, value in zip(found, corrected.tolist(), strict=True):
            cell[f"{side}_holm"] = value
    for cell in found:
        cell["calls_to_target"] = None if np.isinf(cell["calls_to_target"]) else cell["calls_to_target"]
    return found


def unfinished(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was capped or failed, by entrant and reason, with the cells."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row["status"] == "done":
            continue
        entry = found.setdefault(
            (row["entrant"], row["status"]),
            {"entrant": row["entrant"], "status": row["status"], "curves": 0, "cells": [], "reasons": Counter()},
        )
        entry["curves"] += 1
        cell = f"{row['set']} {row['start']}"
        entry["cells"] += [] if cell in entry["cells"] else [cell]
        entry["reasons"][row["reason"]] += 1
    ordered = [found[key] for key in sorted(found)]
    return [{**entry, "reasons": [reason for reason, _ in entry["reasons"].most_common(3)]} for entry in ordered]


def verdict(paired: dict[Cell, dict[str, Curves]]) -> dict[str, Any]:
    """What is asked of our default: nowhere significantly worse than random, and ahead of every peer by mean rank."""
    from explora.ledger.labels import paired as compare

    mine, ranks = compared(DEFAULT, paired), ranked(paired)
    peers = {name: rank for name, rank in ranks.items() if name.startswith(PEER)}
    margins = {}
    for (set_name, start), curves in paired.items():
        if start == "warm" and DEFAULT in curves and MARGIN in curves:
            found = compare(curves[DEFAULT].area(), curves[MARGIN].area())
            margins[set_name] = {"difference": found.difference, "low": found.low, "high": found.high}
    return {
        "worse_than_random": [f"{c['set']} {c['start']}" for c in mine if c["worse_holm"] < ALPHA],
        "better_than_random": [f"{c['set']} {c['start']}" for c in mine if c["better_holm"] < ALPHA],
        "cells": len(mine),
        "rank": ranks.get(DEFAULT),
        "best_peers": dict(sorted(peers.items(), key=lambda item: item[1])[:3]),
        "peers_ahead": [name for name, rank in peers.items() if DEFAULT in ranks and rank <= ranks[DEFAULT]],
        "to_warm_margin": margins,
    }


def summarise(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Both phases."""
    from ._peers import LEFT_OUT

    found: dict[str, Any] = {"left_out": LEFT_OUT}
    for phase in FIRST:
        mine = of_phase(rows, phase)
        if not mine:
            continue
        paired = cells(mine)
        found[phase] = {
            "curves": len(mine),
            "repeats": [min(r["repeat"] for r in mine), max(r["repeat"] for r in mine)],
            "cpu_hours": sum(row["cpu"] + row["fits"] for row in mine) / 3600,
            "ranks": dict(sorted(ranked(paired).items(), key=lambda item: item[1])),
            "partly": partly_ranked(paired),
            "entrants": {name: compared(name, paired) for name in _names(paired)},
            "verdict": verdict(paired),
            "unfinished": unfinished(mine),
        }
    return found
