"""`explora tune`."""

import sys
from pathlib import Path
from typing import Annotated

import tyro

from explora.domains import domain as find_domain
from explora.recipes import DEFAULT, recipe
from explora.recipes import tune as search

from ._parse import parse


def tune(words: list[str]) -> int:
    """Searches a recipe's fields."""

    def tune(
        domain: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DOMAIN", help="where")],
        name: Annotated[str, tyro.conf.arg(name="recipe", help="what is tuned")] = DEFAULT,
        trials: Annotated[int, tyro.conf.arg(help="how many settings; the first is the recipe as it stands")] = 12,
        steps: Annotated[int, tyro.conf.arg(help="budget of each run, scoring rollouts included")] = 1_000_000,
        seeds: Annotated[int, tyro.conf.arg(help="runs of each setting")] = 1,
        suite: Annotated[str, tyro.conf.arg(help="on what trials are judged; never a held-out one")] = "graded",
        out: Annotated[str | None, tyro.conf.arg(help="folder of the trials; default: runs/tune-RECIPE")] = None,
    ) -> int:
        """Search a recipe's fields, with the same budget for every recipe. Stopped, it goes on where it was."""
        found, entry = recipe(name), find_domain(domain)
        folder = Path(out or f"runs/tune-{found.name}")
        told = lambda trial: sys.stderr.write(f"trial {trial.number}: {suite} {trial.mean:.3f}  {trial.fields}\n")
        ranked = search(found, entry.build, out=folder, trials=trials, steps=steps, seeds=seeds, suite=suite, told=told)
        for trial in ranked:
            fields = (
                " ".join(f"--{path} {value}" for path, value in trial.fields.items()) or "(the recipe as it stands)"
            )
            sys.stdout.write(f"{trial.mean:.3f}  {fields}\n")
        return 0

    return parse(tune, words, "explora tune")
