"""A budgeted search over a recipe's fields: the same budget for every recipe, so that baselines are tuned as hard.

Trial 0 is the recipe as it stands; the others draw every field of the search space at random. Each trial is an
ordinary run in a folder of its own, so a search that was stopped goes on where it was, and every trial can be looked
at afterwards. Trials are judged on one suite, `graded` for mazes: never on held-out tasks.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from explora.core import ArgumentError, Domain, Parts, RunError, UnknownName, flat, override, spec
from explora.runs import Plan, read, resume
from explora.runs import run as begin
from explora.store import RunFolder, guard, is_run, write_file

from ._catalogue import Recipe


class Range(NamedTuple):
    """The values that a field may take.

    **Arguments:**

    - `low`, `high`: the ends, if it is a number.
    - `log`: draw evenly in the logarithm.
    - `choices`: the values, if there are few.
    """

    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    def draw(self, generator: np.random.Generator) -> Any:
        """A random value."""
        if self.choices:
            return self.choices[int(generator.integers(len(self.choices)))]
        if self.log:
            return float(np.exp(generator.uniform(np.log(self.low), np.log(self.high))))
        return float(generator.uniform(self.low, self.high))


SEARCHED: dict[str, Range] = {
    "learner.rate": Range(2e-4, 3e-3, log=True),
    "learner.entropy": Range(1e-3, 3e-2, log=True),
    "learner.discount": Range(choices=(0.98, 0.99, 0.995)),
    "learner.trace": Range(choices=(0.9, 0.95, 0.98)),
    "learner.learner.rate": Range(2e-4, 3e-3, log=True),
    "learner.learner.entropy": Range(1e-3, 3e-2, log=True),
    "explorer.probability": Range(0.3, 1.0),
    "explorer.temperature": Range(0.05, 1.0, log=True),
    "explorer.staleness": Range(0.05, 0.7),
    "explorer.capacity": Range(choices=(500, 1000, 4000)),
    "explorer.share": Range(0.25, 1.0),
    "explorer.kept": Range(choices=(64, 128, 256)),
    "explorer.train": Range(choices=(25, 50, 100)),
    "explorer.random": Range(0.05, 0.5),
    "explorer.window": Range(choices=(250, 500, 1000)),
    "explorer.rate": Range(0.03, 0.3, log=True),
}
"""What is searched, of the fields that a recipe has; the others stay as the recipe sets them."""


class Trial(NamedTuple):
    """One setting and how it did.

    **Arguments:**

    - `number`: 0 is the recipe as it stands.
    - `fields`: what was changed, by dotted path.
    - `scores`: the mean solve rate on the suite, one a seed.
    """

    number: int
    fields: dict[str, Any]
    scores: list[float]

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(np.mean(self.scores))


def tune(
    recipe: Recipe,
    make: Callable[[], Domain],
    *,
    out: Path,
    trials: int = 12,
    steps: int = 1_000_000,
    seeds: int = 1,
    suite: str = "graded",
    told: Callable[[Trial], Any] = lambda trial: None,
) -> list[Trial]:
    """Searches a recipe's fields.

    **Arguments:**

    - `recipe`: what is tuned.
    - `make`: makes the domain.
    - `out`: the folder of all trials.
    - `trials`: how many settings are tried, that of the recipe included.
    - `steps`: the budget of each run.
    - `seeds`: how many runs each setting gets.
    - `suite`: on what they are judged, one of the domain's `tuning_suites`.
    - `told`: called after each trial.

    **Returns:** the trials, best first; they are also written to `tune-RECIPE.json` in `out`.

    **Raises:** `ArgumentError` for a suite that is held out; `RunError` if `out` holds trials with another budget, or
    cannot be written to.
    """
    if trials < 1 or seeds < 1:
        raise ArgumentError(f"`trials` and `seeds` must be at least 1, got {trials} and {seeds}")
    _refuse_held_out(make(), suite)
    plans = [Plan(steps=steps, seed=seed, watch=(suite,), episodes=2, final_episodes=10) for seed in range(seeds)]
    with guard("create", out):
        out.mkdir(parents=True, exist_ok=True)
    planned = [_planned(recipe, make, number) for number in range(trials)]
    place = lambda number, seed: out / f"{recipe.name}-{number:03d}-s{seed}"
    for number, (_, parts) in enumerate(planned):
        for plan in plans:
            _refuse_other(place(number, plan.seed), parts, plan)
    found = []
    for number, (fields, parts) in enumerate(planned):
        scores = [_score(parts, recipe.name, place(number, plan.seed), plan, suite) for plan in plans]
        found.append(Trial(number, fields, scores))
        told(found[-1])
    found.sort(key=lambda trial: -trial.mean)
    rows = [trial._asdict() | {"mean": trial.mean} for trial in found]
    summary = {"recipe": recipe.name, "suite": suite, "steps": steps, "seeds": seeds, "trials": rows}
    path = out / f"tune-{recipe.name}.json"
    with guard("write", path):
        write_file(path, json.dumps(summary, indent=1).encode() + b"\n")
    return found


def drawn(parts: Parts, number: int) -> dict[str, Any]:
    """The setting of a trial: the same number draws the same learner for every recipe."""
    if number == 0:
        return {}
    known = flat(parts)
    fields = {}
    for place, (path, values) in enumerate(SEARCHED.items()):
        if path in known:
            value = values.draw(np.random.default_rng((number, place)))
            fields[path] = type(known[path])(value)
    return fields


def _planned(recipe: Recipe, make: Callable[[], Domain], number: int) -> tuple[dict[str, Any], Parts]:
    """What a trial changes, and its parts."""
    parts = recipe.build(make())
    fields = drawn(parts, number)
    return fields, override(parts, fields)


def _refuse_held_out(domain: Domain, suite: str) -> None:
    if suite in domain.tuning_suites:
        return
    known = ", ".join(map(repr, domain.tuning_suites)) or "none"
    if suite in (*domain.suite_names, *domain.suite_groups):
        raise ArgumentError(f"`suite` must be one that is not held out, got {suite!r}; to tune on there is {known}")
    raise UnknownName("suite to tune on", suite, domain.tuning_suites)


def _refuse_other(place: Path, parts: Parts, plan: Plan) -> None:
    """A folder that is there already must hold the very trial that is asked for: budgets are never mixed."""
    if not is_run(place):
        return
    with RunFolder.open(place) as folder:
        stored, before = read(folder)
    asked, found = spec(plan), spec(before)
    apart = [f"`{name}`={found[name]} instead of {value}" for name, value in asked.items() if found[name] != value]
    if not apart and spec(stored) != spec(parts):
        apart = ["other parts"]
    if apart:
        raise RunError(f"{place} holds a trial with {', '.join(apart)}: choose another --out, or the same numbers")


def _score(parts: Parts, name: str, place: Path, plan: Plan, suite: str) -> float:
    """The final solve rate of one run, which is begun, or gone on with, unless it is over already."""
    if is_run(place):
        if _final(place) is None:
            resume(place)
    else:
        begin(parts, plan, out=place, recipe=name)
    final = _final(place)
    if final is None:
        raise KeyboardInterrupt
    return float(final[suite]["mean_solve_rate"])


def _final(place: Path) -> dict[str, Any] | None:
    with RunFolder.open(place) as folder:
        read(folder)
        facts = folder.facts
    return facts.get("final") if facts.get("state") == "finished" else None
