"""How good a model do so many labels make? Every strategy of explora and of scikit-activeml, paired, cold and warm.

    python benchmarks/pool_curves.py --screen
    python benchmarks/pool_curves.py --final
    python benchmarks/pool_curves.py --summary

Protocol: sets, batches and budgets as the table of `_curves/_sets.py` has them; 40 % is held out, class by class and
group by group; inputs are standardised as `Source` does it. Two starts: cold, with no label, and warm, with one label
of each class. The task model, which is also the query model, is a logistic regression that is fitted from scratch after
each batch; committees are five of them on bootstrap samples. Division, first labels and seeds of a (set, repeat) are
the same for all entrants. A curve has a point after each batch; the point before the first is the same for all and is
left out.

- `--screen`: every entrant, 3 repeats (0, 1, 2), each query curve within 20 s of CPU time; what was capped is listed.
- `--final A,B,…`: the named entrants, 30 repeats (from 100 on: none that they were chosen by), without a cap. Without
  names: the best eight of the screening by mean rank, random, margin, our default, and the best three of the peers.
- `--summary`: `summary.json` and `summary.md` of what is there, for both phases.

Each curve is a line in `--log` as soon as it is done, with every index that was chosen; what is there is not run again.
scikit-activeml 1.0.1 has to be installed.
"""

import argparse
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):  # before NumPy is loaded
    os.environ.setdefault(_name, "1")

from _curves._log import append, estimate, missing, plan, read  # noqa: E402
from _curves._sets import SETTINGS, STARTS  # noqa: E402

LARGEST = 5_000_000
"""A raw log that is larger when compressed is not put beside the summary [bytes]."""


def main() -> None:
    """Runs what is missing, or writes the summary."""
    options = _options()
    if options.screen:
        _run(options, "screen", _named(options.entrants), options.cap)
    if options.final is not None:
        _run(options, "final", _finalists(options), None)
    if options.summary:
        _summarise(options)


def _run(options: argparse.Namespace, phase: str, names: list[str], cap: float | None) -> None:
    from _curves._run import run
    from _curves._summary import FIRST, REPEATS

    repeats = options.repeats or REPEATS[phase]
    wanted = plan(options.sets, options.starts, names, range(FIRST[phase], FIRST[phase] + repeats))
    rows = read(options.log)
    keys = missing(wanted, rows)
    hours = estimate(keys, rows) / 3600
    sys.stderr.write(
        f"{phase}: {len(wanted)} curves of {len(names)} entrants, {len(wanted) - len(keys)} are there; "
        f"about {hours:.1f} hours of CPU time for the others\n"
    )
    if keys:
        append(options.log, {"about": _about(), "phase": phase, "cap": cap})
        run(keys, options.log, cap, options.jobs)


def _named(text: str) -> list[str]:
    """The entrants whose names were given, or all."""
    from _curves._run import entrants

    known = entrants()
    names = [name for name in text.split(",") if name] or list(known)
    strangers = [name for name in names if name not in known]
    if strangers:
        raise SystemExit(f"unknown entrants: {', '.join(strangers)}; there are {', '.join(known)}")
    return names


def _finalists(options: argparse.Namespace) -> list[str]:
    from _curves._summary import finalists

    if options.final:
        return _named(options.final)
    found = finalists(read(options.log))
    if not found:
        raise SystemExit("nothing was screened yet: run with --screen first, or name the entrants")
    return found


def _summarise(options: argparse.Namespace) -> None:
    from _curves._summary import summarise
    from _curves._table import table

    rows = read(options.log)
    options.out.mkdir(parents=True, exist_ok=True)
    raw = lzma.compress(options.log.read_bytes() if options.log.exists() else b"")
    where = f"`{options.log}` (not committed: {len(raw) / 1e6:.1f} MB compressed)"
    if len(raw) <= LARGEST:
        (options.out / "curves.jsonl.xz").write_bytes(raw)
        where = "`curves.jsonl.xz`"
    summary = {"about": _about(), "log": where, **summarise(rows)}
    (options.out / "summary.json").write_text(json.dumps(summary, separators=(",", ":")) + "\n")
    text = table(summary)
    (options.out / "summary.md").write_text(text)
    sys.stdout.write(text)


def _about() -> dict[str, Any]:
    """Where, and with what."""
    from importlib.metadata import version

    from _machine import machine

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True)
    packages = {name: version(name) for name in ("scikit-activeml", "scikit-learn", "numpy", "scipy")}
    return {"machine": machine(), "packages": packages, "commit": commit.stdout.strip() or "unknown"}


def _options() -> argparse.Namespace:
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words = lambda known: lambda text: [_one_of(word, known) for word in text.split(",")]
    say.add_argument("--screen", action="store_true")
    say.add_argument("--final", nargs="?", const="", metavar="A,B,…")
    say.add_argument("--summary", action="store_true")
    say.add_argument("--entrants", default="", metavar="A,B,…", help="screen only these")
    say.add_argument("--sets", type=words(SETTINGS), default=list(SETTINGS), metavar="A,B,…")
    say.add_argument("--starts", type=words(STARTS), default=list(STARTS), metavar="A,B")
    say.add_argument("--repeats", type=int, default=0, help="fewer or more than usual")
    say.add_argument("--cap", type=float, default=20.0, help="CPU time of the queries of a curve in screening [s]")
    say.add_argument("--jobs", type=int, default=1, help="processes; CPU times are best measured with one")
    say.add_argument("--log", type=Path, default=Path("runs/pool_curves/curves.jsonl"), help="the raw log")
    say.add_argument("--out", type=Path, default=HERE / "results" / "pool_curves", help="where the summary goes")
    options = say.parse_args()
    if not (options.screen or options.summary or options.final is not None):
        say.error("say --screen, --final or --summary")
    return options


def _one_of(word: str, known: Any) -> str:
    if word not in known:
        raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(known)}")
    return word


if __name__ == "__main__":
    main()
