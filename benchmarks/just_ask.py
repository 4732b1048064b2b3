"""Yardsticks of the sequence learner, whose optimum is known: one command each.

    python benchmarks/just_ask.py bits --seeds 5

What each one does its module says (`benchmarks/_just_ask`). Results are kept seed by seed, so that an interrupted
benchmark goes on where it was; what is measured anew is deleted first.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

YARDSTICKS = (
    "bits",
    "graphs",
    "minds",
    "dark_room",
    "watch_try",
    "key_to_door",
    "gamble",
    "requests",
    "her",
    "drex_pendulum",
    "drex_walker",
)


def main() -> None:
    """Measures the seeds that are missing, and writes the summary."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=YARDSTICKS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "just_ask")
    options = parser.parse_args()
    from _machine import load, machine

    yardstick = importlib.import_module(f"_just_ask._{options.name}")
    path = options.out / f"{options.name}.json"
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"seeds": {}}
    path.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seeds):
        if str(seed) in known["seeds"]:
            continue
        before = load()
        known["seeds"][str(seed)] = yardstick.measure(seed) | {"machine": machine(), "load": [before, load()]}
        known |= {
            "protocol": " ".join(yardstick.PROTOCOL.split()),
            "summary": yardstick.summary(known["seeds"]),
        }
        path.write_text(json.dumps(known, indent=1) + "\n")
        sys.stderr.write(f"{options.name}, seed {seed}: {json.dumps(known['summary'])}\n")


if __name__ == "__main__":
    main()
