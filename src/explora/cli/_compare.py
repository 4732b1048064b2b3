"""`explora compare`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import tyro

from explora.core import RunError
from explora.plots import compare_runs, comparison_json, comparison_text, side, write_comparison
from explora.store import RunFolder, find, is_run

from ._parse import parse


def compare(words: list[str]) -> int:
    """Puts runs side by side."""

    def compare(
        runs: Annotated[
            tyro.conf.Positional[tuple[str, ...]],
            tyro.conf.arg(metavar="RUN", help="folders of runs, their names under runs/, or folders that hold seeds"),
        ],
        out: Annotated[str | None, tyro.conf.arg(help="also write a page with curves, there")] = None,
        as_json: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object on stdout")] = False,
    ) -> int:
        """Put runs side by side: recipes against each other, seeds of one configuration together, uniform first.

        Solve rates on each suite at equal steps and at the end, with bootstrap intervals over seeds.
        """
        if not runs:
            raise RunError("which runs? `explora compare RUN RUN …`; `explora list` shows those under runs/")
        sides = []
        for path in (path for run in runs for path in _expanded(run)):
            with RunFolder.open(path) as folder:
                sides.append(side(folder))
        compared = compare_runs(sides)
        sys.stdout.write(json.dumps(comparison_json(compared)) + "\n" if as_json else comparison_text(compared))
        if out is not None:
            write_comparison(compared, Path(out))
            sys.stderr.write(f"{out}\n")
        return 0

    return parse(compare, words, "explora compare")


def _expanded(run: str) -> list[Path]:
    """A run, or all runs in the folder of that name, as `--seeds` leaves them."""
    for folder in (Path(run).expanduser(), Path("runs") / run):
        if folder.is_dir() and not is_run(folder):
            inside = sorted(path for path in folder.iterdir() if is_run(path))
            if inside:
                return inside
    return [find(run)]
