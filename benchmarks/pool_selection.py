"""How fast does explora choose what to ask, and does it choose as scikit-activeml does? One run, one machine.

    python benchmarks/pool_selection.py [--contests] [--large] [--equal] [--quick]

- `--contests`: processor time of one selection of 100 of 20 000 rows (64 features, 10 classes, 200 known), on one
  thread, both sides in turn, A B A B; probabilities are given to both, so that only the selection is measured.
- `--large`: time and peak memory at 1 000 000 and 100 000 rows (32-bit numbers), each in a process of its own that also
  holds the pool; with as many threads as there are cores.
- `--equal`: are the batches of all deterministic selectors and scores that both have the same, index for index, on 20
  random sets?

Without any of them all three are run. scikit-activeml 1.0.1 has to be installed for the first and the last; what cannot
be run says so and is never estimated. Results are written to `--out` as JSON.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from _machine import ROOT, load, machine
from _report import Report

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PARTS = ("contests", "large", "equal")


def arguments() -> argparse.Namespace:
    """What the command line says."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for part in PARTS:
        say.add_argument(f"--{part}", action="store_true")
    say.add_argument("--quick", action="store_true", help="small pools, only to see that all works")
    say.add_argument("--only", metavar="TEXT", default="", help="only what has TEXT in its name")
    say.add_argument("--repeats", type=int, default=5, help="of each side of a contest")
    say.add_argument("--child", metavar="NAME", help=argparse.SUPPRESS)
    say.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "pool_selection.json")
    return say.parse_args()


def contests(chosen: argparse.Namespace) -> list[dict]:
    """Processor time of both sides, in turn."""
    from _selection_cases import contestants

    rows = []
    for name, ours, theirs in contestants(2000 if chosen.quick else 20_000, chosen.only):
        ours(), theirs()  # what is done once only does not count
        spent: tuple[list[float], list[float]] = ([], [])
        for _ in range(chosen.repeats):
            for side, work in zip(spent, (ours, theirs), strict=True):
                since = time.process_time()
                work()
                side.append(time.process_time() - since)
        ratios = [b / a for a, b in zip(*spent, strict=True)]
        row = {"name": name, "unit": "CPU s", "ours": spent[0], "theirs": spent[1], "same": ours() == theirs()}
        row |= {"median": statistics.median(spent[0]), "peer": statistics.median(spent[1])}
        row |= {"ratio": row["peer"] / row["median"], "least": min(ratios), "greatest": max(ratios)}
        rows.append(row)
        same = "the same batch" if row["same"] else "another batch"
        print(
            f"{name:<44} {row['median']:9.4f} s  peer {row['peer']:9.4f} s  {row['ratio']:7.1f}× "
            f"({row['least']:.1f} to {row['greatest']:.1f})  {same}",
            flush=True,
        )
    return rows


def large(chosen: argparse.Namespace) -> list[dict]:
    """Time and memory, each in a process of its own."""
    from _selection_cases import LARGE

    rows = []
    for name in LARGE:
        if chosen.only not in name:
            continue
        command = [sys.executable, __file__, "--child", name, *(["--quick"] if chosen.quick else [])]
        environment = {key: text for key, text in os.environ.items() if key not in THREADS}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode:
            rows.append({"name": name, "not_run": (done.stderr.strip().splitlines() or ["no message"])[-1]})
            print(f"{name:<44} not run: {rows[-1]['not_run']}", flush=True)
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append(row)
        print(
            f"{name:<44} {row['seconds']:8.2f} s  {row['cpu']:8.2f} CPU s  peak {row['peak']:5.2f} GiB "
            f"({row['before']:.2f} before it)",
            flush=True,
        )
    return rows


def child(name: str, quick: bool) -> None:
    """One large case: prints a line of JSON."""
    from _selection_cases import LARGE

    prepare, rows = LARGE[name]
    rows = rows // 100 if quick else rows
    work = prepare(rows)
    before, cpu, since = _peak(), time.process_time(), time.perf_counter()
    batch = work()
    seconds, cpu = time.perf_counter() - since, time.process_time() - cpu
    facts = {
        "name": name,
        "rows": rows,
        "seconds": seconds,
        "cpu": cpu,
        "peak": _peak(),
        "before": before,
        "chosen": len(batch),
    }
    print(json.dumps(facts))


def _peak() -> float:
    """The most memory that this process has held so far [GiB]."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def equal(chosen: argparse.Namespace) -> list[dict]:
    """How many of 20 sets give the same batch, index for index."""
    from _selection_cases import twins

    sets = 3 if chosen.quick else 20
    found: dict[str, list[str]] = {}
    for seed in range(sets):
        for name, verdict in twins(seed, chosen.only):
            found.setdefault(name, []).append(verdict)
    rows = [
        {"name": name, "sets": len(all_of_them), **{word: all_of_them.count(word) for word in ("same", "tie", "other")}}
        for name, all_of_them in found.items()
    ]
    for row in rows:
        print(
            f"{row['name']:<44} {row['same']:3d} of {row['sets']} sets the same, {row['tie']} differ at a tie, "
            f"{row['other']} otherwise"
        )
    return rows


def main() -> None:
    chosen = arguments()
    if chosen.child:
        child(chosen.child, chosen.quick)
        return
    for name in THREADS:  # before NumPy is loaded
        os.environ[name] = "1"
    from importlib.metadata import version

    packages = {name: version(name) for name in ("scikit-activeml", "scikit-learn")}
    settings = {"quick": chosen.quick, "repeats": chosen.repeats, "only": chosen.only, "packages": packages}
    report = Report(chosen.out)
    wanted = [part for part in PARTS if getattr(chosen, part)] or list(PARTS)
    for part, measure in zip(PARTS, (contests, large, equal), strict=True):
        if part in wanted:
            print(f"\n[{part}]")
            before = load()
            rows = measure(chosen)
            report.add(part, {"machine": machine(), "settings": settings}, rows, load=(before, load()))
    print(f"\nwritten to {chosen.out}")


if __name__ == "__main__":
    main()
