"""How fast does a sequence learner learn and act, side by side with the `transformers` package's Decision Transformer?

    python benchmarks/just_ask_speed.py --peer PYTHON [--repeats 7] [--quick]

PYTHON is an interpreter that has torch and transformers, of an environment of its own; without it ours alone is
measured, and that is said. Everything has the published size (width 128, 3 layers, one head, 20 steps back, 64 windows
an update, no dropout) and both cores; all work in turn, A B A B, and a number is the median of the repeats.

- `learn`: environment steps trained in a second, with one token a step and with the published three. Ours draws its
  windows anew, in NumPy, and that counts; the peer has its batches ready, as tensors, and that does not.
- `act`: environment steps played in a second, 64 episodes side by side in one compiled program: with keys and values
  kept (`Ring`), against going through all that is remembered again at each step (`Window`); also with 60 steps
  remembered, as in-context learning over several episodes needs.
- `product`: what a plain product of matrices does in JAX and in torch, on the same cores in the same run. `share` says
  how much of the better one the arithmetic of learning reaches, counting products of matrices alone.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Measures, prints a table and writes it down."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--peer", metavar="PYTHON", help="an interpreter that has torch and transformers")
    say.add_argument("--repeats", type=int, default=7, help="samples of each contestant")
    say.add_argument("--quick", action="store_true", help="less work a sample, only to see that all works")
    say.add_argument("--only", default="learn,act", help="learn, act or both, by comma")
    say.add_argument("--out", type=Path, default=HERE / "results" / "just_ask" / "speed.json")
    options = say.parse_args()
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(tempfile.gettempdir()) / "explora-benchmarks"))
    from _decision_speed import acting, learning, shares
    from _machine import load, machine
    from _timing import contest
    from just_ask_parity import refused, versions

    reason = refused(options.peer)
    before, groups = load(), {}
    with tempfile.TemporaryDirectory() as folder:
        if "learn" in options.only:
            peer = None if reason is not None else options.peer
            rows = contest(learning(peer, Path(folder), quick=options.quick), options.repeats)
            groups["learn"] = shares(rows)
        if "act" in options.only:
            groups["act"] = contest(acting(quick=options.quick), options.repeats)
    found: dict[str, Any] = {"machine": machine(), "load": [before, load()], "quick": options.quick}
    found |= {"repeats": options.repeats, "peer": versions(options.peer) if reason is None else None}
    if not options.quick:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(found | {"groups": groups}, indent=1) + "\n")
    for name, rows in groups.items():
        print(f"\n{name}")
        for row in rows:
            print(line(row))
    if reason is not None:
        print(f"\nthe peer was not run: {reason}", file=sys.stderr)


def line(row: dict[str, Any]) -> str:
    """One contestant for people."""
    if "not_run" in row:
        return f"  {row['name']:<54} not run: {row['not_run']}"
    ratio = (
        ""
        if "ratio" not in row
        else (
            f"  {row['ratio']['median']:.2f}x {row['peer']} ({row['ratio']['min']:.2f} to {row['ratio']['max']:.2f}; "
            f"{row['ratio']['thrift']:.2f}x per CPU second)"
        )
    )
    share = "" if "share" not in row else f"  {100 * row['share']:.0f} % of the product rate"
    return f"  {row['name']:<54} {row['median']:>16,.0f} {row['unit']:<8}{share}{ratio}"


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"the peer failed: {error}")
