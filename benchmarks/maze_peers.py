"""How fast is explora, side by side with the systems that one can install? One run, one machine, blocked timing.

    python benchmarks/maze_peers.py --jaxued DIR [--minimax PYTHON] [--rows env,train,defaults,roofline,growth]

- `env`: the environment alone, against JaxUED's package, minimax's and MiniGrid.
- `train`: the network, hyperparameters and evaluation of JaxUED, against its public scripts in `DIR/examples`, run
  unmodified in processes of their own with only the logging taken away.
- `defaults`: explora's recipes as they are.
- `roofline`: what a matrix product does on this machine.
- `growth`: large buffers, many lanes, large mazes.

All sides of a comparison work in turn, A B A B; a number is the median of the repeats, with the least and the greatest;
a ratio is that of the medians, with the extremes of what was measured side by side. Compilation never counts. What
cannot be run says so and is never estimated. A group of rows that is done is written to `--out` at once and not run
again while source, machine and settings stay the same (`--again` forgets it).
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from _machine import ROOT, load, machine
from _report import Report, table
from _settings import Settings

ROWS = ("env", "train", "defaults", "roofline", "growth")


def arguments() -> argparse.Namespace:
    """What the command line says."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--rows", default=",".join(ROWS), help="which groups, by comma")
    say.add_argument("--only", metavar="TEXT", default="", help="of these only the groups whose name has TEXT in it")
    say.add_argument("--quick", action="store_true", help="a few seconds a row, only to see that all works")
    say.add_argument("--repeats", type=int, help="samples of each contestant (5, or 2 if quick)")
    say.add_argument("--jaxued", metavar="DIR", help="a checkout of JaxUED")
    say.add_argument("--jaxued-python", metavar="PYTHON", default=sys.executable, help="what runs its scripts")
    say.add_argument("--minimax", metavar="PYTHON", help="an interpreter that has minimax-lib")
    say.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "maze_peers.json")
    say.add_argument("--again", action="store_true", help="run also what is done already")
    chosen = say.parse_args()
    for name in chosen.rows.split(","):
        if name not in ROWS:
            say.error(f"--rows knows {', '.join(ROWS)}; got {name!r}")
    return chosen


def groups(chosen: list[str], settings: Settings) -> Iterator[tuple[str, Callable[[], list[dict]]]]:
    """The groups of rows by name, each with what measures it."""
    import _row_environment as environment
    import _row_growth as growth
    import _row_training as training

    # The roofline comes before the rest in time, so that a table that was cut short still has it.
    if "roofline" in chosen:
        yield "roofline", partial(growth.roofline, settings)
    if "env" in chosen:
        yield "env", partial(environment.environment, settings)
    if "train" in chosen:
        for kind in training.kinds():
            yield f"train: {kind.name}", partial(training.training, settings, kind)
    if "defaults" in chosen:
        yield "defaults", partial(growth.defaults, settings)
    if "growth" in chosen:
        yield "growth", partial(growth.growth, settings)


def main() -> None:
    chosen = arguments()
    repeats = chosen.repeats or (2 if chosen.quick else 5)
    settings = Settings(chosen.quick, repeats, chosen.jaxued, chosen.jaxued_python, chosen.minimax)
    # A cache that an earlier run filled would only shorten what is not timed anyway.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(tempfile.gettempdir()) / "explora-benchmarks"))
    # As on explora's command line: cores share the lanes. The peers' processes do not inherit it.
    os.environ.setdefault("JAX_NUM_CPU_DEVICES", str(min(2, os.cpu_count() or 1)))
    stamp = {"machine": machine(), "settings": {"quick": settings.quick, "repeats": settings.repeats}}
    report = Report(chosen.out)
    for name, measure in groups(chosen.rows.split(","), settings):
        if chosen.only not in name:
            continue
        if not chosen.again and report.has(name, stamp):
            print(f"{name}: done before", file=sys.stderr)
            continue
        print(f"{name}:", file=sys.stderr, flush=True)
        before = load()
        report.add(name, stamp, measure(), load=(before, load()))
    print(table(report.groups))
    print(f"\nwritten to {chosen.out}")


if __name__ == "__main__":
    main()
