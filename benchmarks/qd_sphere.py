"""Quality-diversity on pyribs' sphere benchmark: explora beside pyribs, in one run on one machine.

    python benchmarks/qd_sphere.py --ribs-python PYTHON [--iterations N] [--seeds N] [--only TEXT]
                                   [--traces] [--speed] [--runs]

100 dimensions, 100 × 100 cells, 540 evaluations an iteration; published are 10,000 iterations (QD score 491,014 ± 1,119
for line_map_elites, 633,369 ± 1,504 for cma_mae; pyribs' documentation does not say whether ± is the spread of runs or
the error of their mean). Three sides: explora with the function compiled into its loop, explora by ask and tell with
the same NumPy function that pyribs gets, and pyribs by ask and tell. They take turns, seed by seed; pyribs' CMA-ES all
but lacks the rank-one update, so `cma_mae` is run in that form, and `cma_mae tutorial` in that of the literature.

- `--traces`: do the archives of both make the same of the same random batches?
- `--speed`: evaluations per second by ask and tell, the sides taking turns every few iterations.
- `--runs`: QD score, coverage and evaluations per second (of processor time, and of the clock) at several marks.

Without any all are done. PYTHON is an interpreter that can import `ribs`. A run that stands in `--out` already is
not run again, so the benchmark may be stopped and started at will.
"""

import argparse
import json
import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _machine import ROOT, load, machine

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
MARKS = (100, 250, 500, 1000, 2500, 5000, 10_000)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--ribs-python", metavar="PYTHON", help="an interpreter that can import pyribs")
    say.add_argument("--iterations", type=int, default=10_000)
    say.add_argument("--seeds", type=int, default=5)
    say.add_argument("--only", metavar="TEXT", default="", help="only algorithms and sides with TEXT in their name")
    say.add_argument("--traces", action="store_true")
    say.add_argument("--speed", action="store_true")
    say.add_argument("--runs", action="store_true")
    say.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "qd_sphere.json")
    return say.parse_args()


def read(path: Path) -> dict[str, Any]:
    """What was measured before."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {"runs": [], "traces": [], "speed": []}


def write(path: Path, report: dict[str, Any]) -> None:
    """Never leaves half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    half.replace(path)


def runs(chosen: argparse.Namespace, report: dict[str, Any]) -> None:
    """All runs that are not there yet."""
    from _sphere import ALGORITHMS, SIDES, asked, compiled, peer

    marks = [mark for mark in MARKS if mark < chosen.iterations] + [chosen.iterations]
    for algorithm in ALGORITHMS:
        for seed in range(chosen.seeds):
            for side in SIDES:
                who = {"algorithm": algorithm, "side": side, "seed": seed, "iterations": chosen.iterations}
                if algorithm.endswith("tutorial") and side != "explora":
                    continue  # pyribs has no such form, and by ask and tell it is as fast as the other
                there = any(who.items() <= run.items() for run in report["runs"])
                if there or chosen.only not in f"{algorithm} {side};" or (side == "pyribs" and not chosen.ribs_python):
                    continue
                before = load()
                if side == "pyribs":
                    rows = list(peer(algorithm, seed, marks, chosen.ribs_python))
                else:
                    rows = list((compiled if side == "explora" else asked)(algorithm, seed, marks))
                report["runs"].append(who | {"marks": rows, "load": (before, load()), "machine": machine()})
                report["summary"] = summarised(report["runs"])
                write(chosen.out, report)
                print(f"{algorithm} {side} seed {seed}: {said(rows[-1])}", flush=True)


def speeds(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """How many times as fast as pyribs, in ten rounds each."""
    from _sphere import in_turns

    for algorithm, turns in (("line_map_elites", 200), ("cma_mae", 40)):
        if chosen.only in algorithm:
            before, rounds = load(), list(in_turns(algorithm, 10, turns, chosen.ribs_python))
            times = sorted(row["times"] for row in rounds)
            middle = {name: statistics.median(row[name] for row in rounds) for name in rounds[0]}
            row = {"algorithm": algorithm, "turns": turns, "rounds": len(rounds), **middle}
            print(row, flush=True)
            yield row | {"least": times[0], "most": times[-1], "load": (before, load()), "machine": machine()}


def said(row: dict[str, Any]) -> str:
    """One mark in words."""
    return (
        f"{row['iteration']} iterations, QD score {row['qd_score']:,.0f}, coverage {100 * row['coverage']:.2f} %, "
        f"{rate(row):,.0f} evaluations/s of processor time, {row['restarts']} restarts"
    )


def rate(row: dict[str, Any], clock: str = "cpu") -> float:
    """Evaluations per second."""
    return 540 * row["timed"] / row[clock] if row[clock] else float("nan")


def summarised(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean and spread of each algorithm at each mark, ours beside pyribs'."""
    found: dict[tuple[str, int], dict[str, list[dict[str, Any]]]] = {}
    for run in rows:
        for row in run["marks"]:
            found.setdefault((run["algorithm"], row["iteration"]), {}).setdefault(run["side"], []).append(row)
    lines = []
    for (algorithm, iteration), sides in sorted(found.items()):
        line: dict[str, Any] = {"algorithm": algorithm, "iteration": iteration}
        for side, marks in sides.items():
            line[side] = {
                name: [statistics.mean(x), statistics.stdev(x) if len(x) > 1 else None]
                for name in ("qd_score", "coverage")
                for x in [[mark[name] for mark in marks]]
            }
            line[side] |= {"seeds": len(marks), "cpu_rate": statistics.median(rate(mark) for mark in marks)}
            line[side] |= {"rate": statistics.median(rate(mark, "seconds") for mark in marks)}
        for side in sorted(set(sides) - {"pyribs"}) if "pyribs" in sides else ():
            mean, spread = line["pyribs"]["qd_score"]
            apart = line[side]["qd_score"][0] - mean
            line[side] |= {"apart": apart, "apart_in_sd": apart / spread if spread else None}
            line[side] |= {"times_as_fast": line[side]["cpu_rate"] / line["pyribs"]["cpu_rate"]}
        lines.append(line)
    return lines


def main() -> None:
    chosen = arguments()
    for name in THREADS:  # before NumPy is loaded, and for the children
        os.environ[name] = "1"
    report = read(chosen.out)
    every = not (chosen.traces or chosen.speed or chosen.runs)
    if (chosen.traces or every) and chosen.ribs_python:
        from _sphere import compared

        report["traces"] = [row for seed in range(chosen.seeds) for row in compared(seed, chosen.ribs_python)]
        write(chosen.out, report)
        for row in report["traces"]:
            print(row, flush=True)
    elif not chosen.ribs_python:
        print("pyribs: not run; give --ribs-python PYTHON, an interpreter that can import it")
    if (chosen.speed or every) and chosen.ribs_python:
        report["speed"] = list(speeds(chosen))
        write(chosen.out, report)
    if chosen.runs or every:
        runs(chosen, report)
        for line in report.get("summary", []):
            print(json.dumps(line))
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
