"""Makes the pictures of "How to ask" from `benchmarks/results/just_ask`: what was asked against what came of it.

    PYTHONPATH=benchmarks python docs/make_ask_pictures.py

The picture of the mazes is made by `benchmarks/just_ask_maze.py` itself, which has every single episode.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from _just_ask._picture import Dots, draw

ROOT = Path(__file__).parent.parent
RESULTS, PICTURES = ROOT / "benchmarks" / "results" / "just_ask", ROOT / "docs" / "pictures"


def gamble(found: dict[str, Any]) -> None:
    """Both kinds of return: told what was got, and what was to be expected."""
    titles = {"got": "Told what was got", "expected": "Told what was to be expected"}
    panels = []
    for name, title in titles.items():
        levels = [level for seed in found["seeds"].values() for level in seed[name]["levels"]]
        x, y = (np.array([level[what] for level in levels]) for what in ("asked", "achieved"))
        first = next(iter(found["seeds"].values()))[name]["levels"]
        means = [(level["asked"], level["achieved"], level["low"], level["high"]) for level in first]
        panels.append(Dots(title, "return asked for", "mean return achieved", x, y, means))
    draw(panels, PICTURES / "asked-gamble.png")


def main() -> None:
    """Draws what there are results for."""
    file = RESULTS / "gamble.json"
    if file.exists():
        gamble(json.loads(file.read_text()))


if __name__ == "__main__":
    main()
