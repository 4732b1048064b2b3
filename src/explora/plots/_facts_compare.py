"""Facts: several runs side by side, grouped by recipe, with intervals over seeds."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from explora.core import ArgumentError
from explora.ledger.labels import Paired, aulc, paired
from explora.maths import bootstrap, interquartile_mean
from explora.store import RunFolder

from ._asking import asks_questions
from ._facts_card import flat_json
from ._facts_curves import ANSWER_AXES, AXES, Axes, Curve
from ._facts_matrix import Matrix, matrices

BASELINES = ("dr", "random")
"""The recipes that come first: uniform sampling and asking at random, which everything else has to beat."""

_ENOUGH = 3  # seeds below which an interval over seeds would only pretend to know


class Side(NamedTuple):
    """One run of a comparison.

    **Arguments:**

    - `path`: its folder.
    - `recipe`, `seed`, `state`: of the run.
    - `settings`: its parts' fields, flat.
    - `steps`, `minutes`: what it has spent.
    - `matrices`: its versions × tasks, by suite.
    - `final`: solve rates at the end by suite and task, where the run got that far.
    - `answers`: how many answers it has had.
    - `asks`: whether it asks questions, and so spends answers and no steps.
    """

    path: str
    recipe: str
    seed: int
    state: str
    settings: dict[str, str]
    steps: int
    minutes: float
    matrices: dict[str, Matrix]
    final: dict[str, dict[str, float]]
    answers: int = 0
    asks: bool = False

    @property
    def spent(self) -> int:
        """What it has spent: answers where it asks questions, else steps."""
        return self.answers if self.asks else self.steps


class Estimate(NamedTuple):
    """A statistic over seeds.

    **Arguments:**

    - `value`: of all seeds.
    - `low`, `high`: its 95% bootstrap interval over seeds; None with fewer than three.
    """

    value: float
    low: float | None
    high: float | None


class Standing(NamedTuple):
    """How one group did on one suite.

    **Arguments:**

    - `suite`, `group`: which.
    - `seeds`: how many runs count.
    - `mean`, `middle`: mean and interquartile mean of the solve rates at equal steps (or answers), over seeds and
      tasks, on a straight line between the versions around them; None if the group has none until then.
    - `end_mean`, `end_middle`: the same at the end of each run.
    - `spent`, `minutes`: means over the runs, at the end; spent are steps, or answers.
    """

    suite: str
    group: str
    seeds: int
    mean: Estimate | None
    middle: Estimate | None
    end_mean: Estimate | None
    end_middle: Estimate | None
    spent: float
    minutes: float


class Comparison(NamedTuple):
    """Runs side by side.

    **Arguments:**

    - `groups`: the runs of each group, the baseline first.
    - `equal`: for each suite, the most steps (or answers) that every run has been judged at.
    - `standings`: one for each suite and group.
    - `curves`: for each suite and group the mean solve rate, over each axis, with a band over seeds.
    - `unit`: what runs spend: `"steps"`, or `"answers"` where they ask questions.
    - `paired`: of runs that ask questions, for each suite and group how its mean score up to the equal answers stands
      to that of the baseline, seed by seed on the same data; only where two seeds or more are common.
    """

    groups: dict[str, tuple[Side, ...]]
    equal: dict[str, int]
    standings: tuple[Standing, ...]
    curves: dict[str, dict[str, dict[str, Curve]]]
    unit: str
    paired: dict[str, dict[str, Paired]]

    @property
    def axes(self) -> tuple[str, ...]:
        """What its curves lie over."""
        return ANSWER_AXES if self.unit == "answers" else AXES


def side(folder: RunFolder) -> Side:
    """What a comparison needs to know of a run."""
    facts, database = folder.facts, folder.database
    config = facts["config"]
    records = database.records()
    plan = facts.get("plan", config.get("plan", {}))
    final = {suite: verdict["solve_rate"] for suite, verdict in (facts.get("final") or {}).items()}
    return Side(
        path=str(folder.path),
        recipe=str(config.get("recipe", "unknown")),
        seed=int(plan.get("seed", 0)),
        state=str(facts.get("state", "unknown")),
        settings=dict(flat_json(config.get("parts", {}))),
        steps=int(records.steps[-1]) if len(records.steps) else 0,
        minutes=float(records.seconds[-1]) / 60 if len(records.seconds) else 0.0,
        matrices={matrix.suite: matrix for matrix in matrices(records, database.evaluations(), None)},
        final=final,
        answers=int(records.calls[-1]) if len(records.calls) else 0,
        asks=asks_questions(records, None),
    )


def compare_runs(sides: Sequence[Side], *, draws: int = 2000) -> Comparison:
    """Puts runs side by side: those of equal configuration are seeds of one group.

    **Arguments:**

    - `sides`: the runs.
    - `draws`: how many bootstrap resamples make an interval.

    **Raises:** `ArgumentError` without runs, if one is given twice, or if some ask questions and some do not.
    """
    if not sides:
        raise ArgumentError("`compare` needs at least one run")
    twice = {s.path for s in sides if sum(s.path == other.path for other in sides) > 1}
    if twice:
        raise ArgumentError(f"{min(twice)} was given twice: name every run once")
    asking = {s.asks for s in sides if s.spent}
    if len(asking) > 1:
        one, other = (next(s.path for s in sides if s.spent and s.asks == asks) for asks in (True, False))
        raise ArgumentError(
            f"{one} asks questions and {other} does not: what they spend cannot be compared; compare runs of one kind"
        )
    unit = "answers" if True in asking else "steps"
    groups = _grouped(sides)
    suites = list(dict.fromkeys(suite for s in sides for suite in (*s.final, *s.matrices)))
    equal = {suite: _equal(suite, sides, unit) for suite in suites}
    standings, curves, beside = [], {}, {}
    for suite in suites:
        for group, members in groups.items():
            standings.append(_standing(suite, group, members, equal[suite], unit, draws))
        axes = ANSWER_AXES if unit == "answers" else AXES
        curves[suite] = {group: _curves(suite, group, members, axes, draws) for group, members in groups.items()}
        if unit == "answers":
            beside[suite] = _beside(suite, groups, equal[suite], draws)
    return Comparison(groups, equal, tuple(standings), curves, unit, beside)


def _grouped(sides: Sequence[Side]) -> dict[str, tuple[Side, ...]]:
    """Runs of one configuration together; names say where configurations of one recipe differ."""
    alike: dict[tuple, list[Side]] = {}
    for s in sides:
        alike.setdefault((s.recipe, tuple(sorted(s.settings.items()))), []).append(s)
    named: dict[str, tuple[Side, ...]] = {}
    order = sorted(alike.values(), key=lambda members: members[0].recipe not in BASELINES)
    for members in order:
        recipe = members[0].recipe
        others = [one[0] for one in order if one[0].recipe == recipe and one is not members]
        named[recipe + _difference(members[0], others)] = tuple(sorted(members, key=lambda s: s.seed))
    return named


def _difference(one: Side, others: Sequence[Side]) -> str:
    """The fields in which a run differs from others of its recipe."""
    differs = sorted(
        path for path, value in one.settings.items() if any(other.settings.get(path) != value for other in others)
    )
    return "".join(f" {path}={one.settings[path]}" for path in differs)


def _equal(suite: str, sides: Sequence[Side], unit: str) -> int:
    """The most steps or answers at which every run that knows the suite has been judged."""
    last = [int(getattr(s.matrices[suite].at, unit)[-1]) for s in sides if suite in s.matrices]
    return min(last, default=0)


def _standing(suite: str, group: str, members: Sequence[Side], equal: int, unit: str, draws: int) -> Standing:
    at = [row for s in members if (row := _rates_at(s, suite, float(equal), unit)) is not None]
    end = [row for s in members if (row := _rates_at_end(s, suite, unit)) is not None]
    return Standing(
        suite,
        group,
        max(len(at), len(end)),
        _estimate(at, np.mean, draws),
        _estimate(at, interquartile_mean, draws),
        _estimate(end, np.mean, draws),
        _estimate(end, interquartile_mean, draws),
        float(np.mean([s.spent for s in members])),
        float(np.mean([s.minutes for s in members])),
    )


def _rates_at(s: Side, suite: str, spent: float, unit: str) -> dict[str, float] | None:
    """The solve rates at that many steps or answers by task, on a straight line between the versions around them."""
    matrix = s.matrices.get(suite)
    places = None if matrix is None else getattr(matrix.at, unit)
    if matrix is None or places is None or not places[0] <= spent:
        return None
    rates = {}
    for task, column in zip(matrix.tasks, matrix.solved.T):
        known = np.isfinite(column)
        if known.any():
            rates[task] = float(np.interp(spent, places[known], column[known]))
    return rates


def _rates_at_end(s: Side, suite: str, unit: str) -> dict[str, float] | None:
    return s.final[suite] if suite in s.final else _rates_at(s, suite, np.inf, unit)


def _beside(suite: str, groups: dict[str, tuple[Side, ...]], equal: int, draws: int) -> dict[str, Paired]:
    """Every other group beside the baseline, seed by seed."""
    baseline, *others = groups
    if groups[baseline][0].recipe not in BASELINES:
        return {}
    found = {}
    for group in others:
        pairs = [
            (one, other)
            for one in groups[group]
            for other in groups[baseline]
            if one.seed == other.seed and _domain(one) == _domain(other)
        ]
        judged = [pair for pair in pairs if all(suite in s.matrices for s in pair)]
        areas = [tuple(_area(s, suite, equal) for s in pair) for pair in judged]
        if len(areas) > 1:
            ours, theirs = np.array(areas, np.float64).T
            found[group] = paired(ours, theirs, draws=draws)
    return found


def _domain(s: Side) -> dict[str, str]:
    return {path: value for path, value in s.settings.items() if path.partition(".")[0] == "domain"}


def _area(s: Side, suite: str, equal: int) -> float:
    """The mean score up to so many answers, between versions on a straight line."""
    matrix = s.matrices[suite]
    grid = np.linspace(matrix.at.answers[0], equal, 101)
    return float(aulc(np.interp(grid, matrix.at.answers, np.nanmean(matrix.solved, axis=1))))


def _estimate(
    rows: Sequence[dict[str, float]], statistic: Callable[[Float[np.ndarray, "seeds tasks"]], float], draws: int
) -> Estimate | None:
    if not rows:
        return None
    tasks = sorted(set.intersection(*(set(row) for row in rows)))
    values = np.array([[row[task] for task in tasks] for row in rows], np.float64)
    if len(rows) < _ENOUGH:
        return Estimate(float(statistic(values)), None, None)
    return Estimate(float(statistic(values)), *bootstrap(values, statistic, draws=draws))


def _curves(suite: str, group: str, members: Sequence[Side], axes: Sequence[str], draws: int) -> dict[str, Curve]:
    """The group's mean over each axis, where all its runs have been judged; between versions on a straight line."""
    found = [s.matrices[suite] for s in members if suite in s.matrices and len(s.matrices[suite].turns)]
    return {axis: _mean_curve(group, found, axis, draws) for axis in axes} if found else {}


def _mean_curve(group: str, found: Sequence[Matrix], axis: str, draws: int) -> Curve:
    places = [getattr(matrix.at, axis) for matrix in found]
    low, high = max(x[0] for x in places), min(x[-1] for x in places)
    grid = (
        np.unique(np.concatenate([[low, high], *(x[(x >= low) & (x <= high)] for x in places)])) if low <= high else []
    )
    grid = np.asarray(grid, np.float64)
    grid = grid[np.unique(np.linspace(0, len(grid) - 1, min(60, len(grid))).astype(int))] if len(grid) else grid
    seeds = np.stack([np.interp(grid, x, np.nanmean(m.solved, axis=1)) for x, m in zip(places, found)])
    at = Axes(grid, grid, grid, grid)
    if len(found) < _ENOUGH or not len(grid):
        return Curve(group, at, seeds.mean(0))
    bands = np.array([bootstrap(column, np.mean, draws=min(draws, 500)) for column in seeds.T])
    return Curve(group, at, seeds.mean(0), bands[:, 0], bands[:, 1])
