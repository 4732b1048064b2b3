"""Facts: every version on every held-out task, and what that says of the latest."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from explora.ledger import Verdict, compare_versions
from explora.maths import wilson
from explora.store import EvaluationRow, Records

from ._facts_curves import Axes, Curve, axes_at


class Judged(NamedTuple):
    """How the version that a run publishes now did.

    **Arguments:**

    - `turn`: how many turns it has lived.
    - `verdicts`: one a suite.
    """

    turn: int
    verdicts: tuple[Verdict, ...]


class TaskResult(NamedTuple):
    """How one version did on one held-out task.

    **Arguments:**

    - `name`: of the task.
    - `episodes`: how often it was played.
    - `solved`: share of the episodes that succeeded.
    - `low`, `high`: its Wilson interval.
    - `returned`: mean return; None if unknown.
    - `length`: mean length of an episode [steps]; None if unknown.
    - `optimal`: what a perfect player needs [steps]; infinite if there is no way, None if unknown.
    """

    name: str
    episodes: int
    solved: float
    low: float
    high: float
    returned: float | None
    length: float | None
    optimal: float | None


class SuiteResult(NamedTuple):
    """How one version did on one suite.

    **Arguments:**

    - `suite`: its name.
    - `turn`: the version.
    - `tasks`: the results, in the order of the suite.
    - `mean`: mean solve rate over tasks.
    - `low`, `high`: the Wilson interval of all episodes together.
    """

    suite: str
    turn: int
    tasks: tuple[TaskResult, ...]
    mean: float
    low: float
    high: float

    @property
    def episodes(self) -> int:
        """How often each task was played."""
        return max((task.episodes for task in self.tasks), default=0)


class Matrix(NamedTuple):
    """Versions × tasks of one suite, oldest version first.

    **Arguments:**

    - `suite`: its name.
    - `tasks`: their names.
    - `turns`, `at`: of each version.
    - `episodes`: how often each version played each task.
    - `solved`: solve rates; not-a-number where a version did not play a task.
    """

    suite: str
    tasks: tuple[str, ...]
    turns: Int[np.ndarray, " versions"]
    at: Axes
    episodes: Int[np.ndarray, " versions"]
    solved: Float[np.ndarray, "versions tasks"]


class Generality(NamedTuple):
    """How the latest version stands to all before it, on one suite.

    **Arguments:**

    - `suite`: its name.
    - `earlier`: how many versions there were before.
    - `dominated`: how many of them it is more general than: better on some task, worse on none.
    - `ahead`, `behind`: how many of them it is better, or worse, than on average over tasks.
    - `gained`: tasks on which it is better than the first version.
    - `forgotten`: tasks on which some earlier version was better.
    """

    suite: str
    earlier: int
    dominated: int
    ahead: int
    behind: int
    gained: tuple[str, ...]
    forgotten: tuple[str, ...]

    def sentence(self) -> str:
        """The same in words."""
        if not self.earlier:
            return f"On {self.suite} there is no earlier version to compare with."
        return f"On {self.suite} the latest version is {self.clause()}."

    def clause(self) -> str:
        """How the latest version stands, as a clause: `more general than the version before it`."""
        before = "the version before it" if self.earlier == 1 else f"all {self.earlier} versions before it"
        some = lambda count: before if count == self.earlier else f"{count} of the {self.earlier} versions before it"
        if self.forgotten:
            average = f"better on average than {some(self.ahead)}, but " if self.ahead and not self.behind else ""
            return f"{average}worse than an earlier one on {listed(self.forgotten, 3)}"
        if self.behind:
            return f"worse on average than {some(self.behind)}"
        if self.dominated:
            return f"more general than {some(self.dominated)}" + (
                "" if self.dominated == self.earlier else " and worse than none"
            )
        if self.ahead:
            return f"better on average than {some(self.ahead)}, though on no single task with certainty"
        return f"not distinguishable from {before if self.earlier == 1 else f'any of the {self.earlier} before it'}"


def suite_results(evaluations: list[EvaluationRow], judged: Judged | None) -> tuple[SuiteResult, ...]:
    """How the latest version did on each suite, from a fresh judgement or else from what the run recorded.

    **Arguments:**

    - `evaluations`: of the run.
    - `judged`: of the version that it publishes now; None if nobody judged it.
    """
    if judged is not None and judged.verdicts:
        return tuple(_fresh(judged.turn, verdict) for verdict in judged.verdicts)
    rows = [row for row in evaluations if not row.greedy and row.solve_rate is not None]
    suites = sorted({row.suite for row in rows})
    return tuple(_recorded(suite, [row for row in rows if row.suite == suite]) for suite in suites)


def matrices(records: Records, evaluations: list[EvaluationRow], judged: Judged | None) -> tuple[Matrix, ...]:
    """Every version on every task, one matrix a suite; the fresh judgement is the last version."""
    rows: dict[str, dict[int, dict[str, tuple[float, int]]]] = {}
    for row in evaluations:
        if not row.greedy and row.solve_rate is not None:
            rows.setdefault(row.suite, {}).setdefault(row.turn, {})[row.task] = (row.solve_rate, row.episodes)
    for verdict in judged.verdicts if judged is not None else ():
        entries = {name: (float(rate), verdict.episodes) for name, rate in zip(verdict.names, verdict.solved)}
        rows.setdefault(verdict.suite, {})[judged.turn] = entries  # pyright: ignore[reportOptionalMemberAccess]
    order = {verdict.suite: verdict.names for verdict in (judged.verdicts if judged is not None else ())}
    return tuple(_matrix(suite, rows[suite], order.get(suite), records) for suite in sorted(rows))


def generality(matrix: Matrix) -> Generality:
    """Whether the latest version is more general than those before, task by task by intervals that do not touch."""
    last, gained, dominated = matrix.solved[-1], (), 0
    forgotten: dict[str, None] = {}
    for version, older in enumerate(matrix.solved[:-1]):
        both = np.isfinite(older) & np.isfinite(last)
        names = tuple(name for name, known in zip(matrix.tasks, both) if known)
        episodes = (int(matrix.episodes[version]), int(matrix.episodes[-1]))
        compared = compare_versions(names, older[both], last[both], episodes[0], newer_episodes=episodes[1])
        dominated += compared.dominates
        forgotten |= dict.fromkeys(compared.lost)
        if version == 0:
            gained = compared.gained
    low, high = _intervals(matrix, 1.96)[1:]
    ahead, behind = int(np.sum(high[:-1] < low[-1])), int(np.sum(low[:-1] > high[-1]))
    return Generality(matrix.suite, len(matrix.solved) - 1, dominated, ahead, behind, gained, tuple(forgotten))


def held_out_curve(matrix: Matrix, z: float = 1.96) -> Curve:
    """The mean solve rate on a suite, version by version, with its interval.

    All episodes of a version are counted together in one Wilson interval. As every task is played equally often it is
    a little too wide for these tasks; it says nothing of other tasks.

    **Arguments:**

    - `matrix`: of the suite.
    - `z`: the normal quantile; 1.96 gives 95%.
    """
    return Curve(matrix.suite, matrix.at, *_intervals(matrix, z))


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names in a sentence: `a, b and c`, or the first few `and 3 more`."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


def percent(share: float) -> str:
    """A share in words: `0%`, `0.6%`, `35%`."""
    return f"{share:.1%}" if 0 < share < 0.0995 or 0.9905 < share < 1 else f"{share:.0%}"


def _fresh(turn: int, verdict: Verdict) -> SuiteResult:
    numbers = (verdict.solved, verdict.returns, verdict.lengths, verdict.optimal)
    rows = zip(verdict.names, *(column.tolist() for column in numbers), strict=True)
    tasks = [
        _result(name, verdict.episodes, solved, _known(returned), _known(length), _known(optimal))
        for name, solved, returned, length, optimal in rows
    ]
    return _summed(verdict.suite, turn, tasks)


def _recorded(suite: str, rows: list[EvaluationRow]) -> SuiteResult:
    turn = max(row.turn for row in rows)
    tasks = [
        _result(row.task, row.episodes, float(row.solve_rate or 0.0), row.mean_return, None, row.optimal_steps)
        for row in rows
        if row.turn == turn
    ]
    return _summed(suite, turn, tasks)


def _result(
    name: str, episodes: int, solved: float, returned: float | None, length: float | None, optimal: float | None
) -> TaskResult:
    low, high = wilson(solved * episodes, episodes)
    return TaskResult(name, episodes, solved, low, high, returned, length, optimal)


def _summed(suite: str, turn: int, tasks: list[TaskResult]) -> SuiteResult:
    mean, total = float(np.mean([task.solved for task in tasks])), sum(task.episodes for task in tasks)
    return SuiteResult(suite, turn, tuple(tasks), mean, *wilson(mean * total, total))


def _matrix(
    suite: str, rows: dict[int, dict[str, tuple[float, int]]], order: tuple[str, ...] | None, records: Records
) -> Matrix:
    turns = np.array(sorted(rows), np.int64)
    # as long as nobody says in which order a suite has its tasks, they are sorted by name
    names = order or tuple(sorted({name for entries in rows.values() for name in entries}))
    entries = [rows[int(turn)] for turn in turns]
    missing = (np.nan, 0)
    solved = np.array([[row.get(name, missing)[0] for name in names] for row in entries], np.float64)
    episodes = np.array([max(count for _, count in row.values()) for row in entries], np.int64)
    return Matrix(suite, names, turns, axes_at(records, turns), episodes, solved)


def _known(x: float) -> float | None:
    return None if np.isnan(x) else x


def _intervals(matrix: Matrix, z: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean over tasks of each version, with the Wilson interval of all its episodes."""
    means = np.nanmean(matrix.solved, axis=1)
    trials = np.isfinite(matrix.solved).sum(axis=1) * matrix.episodes
    bands = np.array([wilson(float(mean) * int(count), int(count), z) for mean, count in zip(means, trials)])
    return means, bands[:, 0], bands[:, 1]
