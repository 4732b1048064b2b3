"""Facts: score against answers, what a point of it cost, and what there was waiting for."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from explora.ledger.labels import cost_per_point, costs_per_point, feedback_bottleneck
from explora.maths import wilson
from explora.store import Records

from .._facts_curves import Curve
from .._facts_matrix import Matrix, SuiteResult, TaskResult
from ._facts_asked import Asked


class AnswerScore(NamedTuple):
    """How the score on a suite rose with the answers.

    **Arguments:**

    - `suite`: its name.
    - `curve`: the mean score, version by version; the band is the 95% interval over held-out items, None where numbers
      are predicted or it is not known how many items there are.
    - `items`: how many held-out items there are; 0 if unknown.
    """

    suite: str
    curve: Curve
    items: int


class Price(NamedTuple):
    """What the answers cost and what they bought.

    **Arguments:**

    - `calls`: how many answers had come at each record.
    - `costs`: what they had cost until then, in whatever the oracle charges.
    - `scores`: the score at each record.
    - `points`: the cost of a point of score (0.01) since the record before; NaN for the first, infinite where nothing
      was gained.
    - `overall`: the same from the first record to the last.
    """

    calls: Int[np.ndarray, " records"]
    costs: Float[np.ndarray, " records"]
    scores: Float[np.ndarray, " records"]
    points: Float[np.ndarray, " records"]
    overall: float


class Waits(NamedTuple):
    """Where the time went: into waiting for answers, or into computing.

    **Arguments:**

    - `waited`: for answers [s].
    - `computed`: everything else [s].
    - `record`: the first record from which on waiting took more than computing; None if there is none.
    - `calls`: how many answers had come before that record; 0 if there is none.
    - `level`: how long an answer may take until waiting is more than computing, over the whole run [s].
    """

    waited: float
    computed: float
    record: int | None
    calls: int
    level: float

    def sentence(self) -> str:
        """The same in words."""
        if not self.waited:
            return (
                "No answer took any time: the labels were known already, or the oracle did not say how long it took. "
                f"Feedback would be what is short as soon as an answer takes more than {_seconds(self.level)}."
            )
        spent = f"Waiting for answers took {_seconds(self.waited)}, computing {_seconds(self.computed)}."
        if self.record is None:
            return f"{spent} Computing, not feedback, was what took the time."
        since = "From the first answer on" if not self.calls else f"After {self.calls:,} answers"
        return f"{spent} {since} feedback, not computing, was what was short."


def by_item(matrix: Matrix, counts: Sequence[int] | None, *, classes: bool) -> AnswerScore:
    """The score on a suite version by version, with its interval over held-out items.

    Where a suite has several tasks (a class each), their Wilson intervals are joined: each end of the mean lies as far
    out as the root of the squared distances of their ends, divided by their number.

    **Arguments:**

    - `matrix`: versions × tasks of the suite.
    - `counts`: how many held-out items each task has; None if unknown.
    - `classes`: whether classes are predicted: only shares of items have such an interval.

    **Reference:** Zou and Donner 2008, Statistics in Medicine 27.
    """
    means = np.nanmean(matrix.solved, axis=1)
    total = 0 if counts is None else int(max(counts)) if len(counts) == 1 else int(sum(counts))
    if counts is None or not classes:
        return AnswerScore(matrix.suite, Curve(matrix.suite, matrix.at, means), total)
    bands = np.array([_joined(row, counts) for row in matrix.solved]).reshape(-1, 2)
    return AnswerScore(matrix.suite, Curve(matrix.suite, matrix.at, means, bands[:, 0], bands[:, 1]), total)


def answer_scores(
    matrices: Sequence[Matrix], counts: Mapping[str, Sequence[int]], *, classes: bool
) -> tuple[AnswerScore, ...]:
    """`by_item` of every suite."""
    return tuple(by_item(matrix, counts.get(matrix.suite), classes=classes) for matrix in matrices)


def recounted(result: SuiteResult, counts: Sequence[int] | None, *, classes: bool) -> SuiteResult:
    """A result whose intervals are those of held-out items; without any where numbers are predicted.

    **Arguments:**

    - `result`: as it was judged.
    - `counts`: how many held-out items each task has; None if unknown.
    - `classes`: whether classes are predicted.
    """
    if counts is None or not classes or len(counts) != len(result.tasks):
        tasks = tuple(task._replace(low=task.solved, high=task.solved, episodes=0) for task in result.tasks)
        return result._replace(tasks=tasks, low=result.mean, high=result.mean)
    tasks = tuple(_counted(task, int(count)) for task, count in zip(result.tasks, counts))
    low, high = _joined(np.array([task.solved for task in tasks]), counts)
    return result._replace(tasks=tasks, low=low, high=high)


def price(records: Records, score: AnswerScore, questions: Sequence[Asked]) -> Price:
    """What the answers cost and what they bought.

    **Arguments:**

    - `records`: of the run.
    - `score`: on the suite that counts.
    - `questions`: of the run, in the order of the answers.
    """
    spent = np.concatenate([[0.0], np.cumsum([q.cost for q in questions if q.status != "waiting"])])
    calls = score.curve.at.answers.astype(np.int64)
    costs = spent[np.minimum(calls, len(spent) - 1)]
    values = score.curve.values.astype(np.float64)
    return Price(calls, costs, values, costs_per_point(costs, values), cost_per_point(costs, values))


def waits(records: Records, questions: Sequence[Asked]) -> Waits:
    """Where the time went.

    The time between two records holds the time of an oracle that answers while the run waits; answers that took longer
    than that came beside it, and then all of that time was computing.

    **Arguments:**

    - `records`: of the run.
    - `questions`: of the run, in the order of the answers.
    """
    took = np.concatenate([[0.0], np.cumsum([q.seconds for q in questions if q.status != "waiting"])])
    until = took[np.minimum(records.calls, len(took) - 1)]
    waited, elapsed = np.diff(until, prepend=0.0), np.diff(records.seconds, prepend=0.0)
    computed = np.where(elapsed > waited, elapsed - waited, elapsed)
    record = feedback_bottleneck(waited, computed) if len(waited) else None
    before = 0 if not record else int(records.calls[record - 1])
    calls = int(records.calls[-1]) if len(records.calls) else 0
    total = float(computed.sum())
    return Waits(float(waited.sum()), total, record, before, total / max(calls, 1))


def _counted(task: TaskResult, count: int) -> TaskResult:
    low, high = wilson(task.solved * count, count)
    return task._replace(episodes=count, low=low, high=high)


def _joined(rates: Float[np.ndarray, " tasks"], counts: Sequence[int]) -> tuple[float, float]:
    known = [(float(rate), int(count)) for rate, count in zip(rates, counts) if np.isfinite(rate)]
    if not known:
        return float("nan"), float("nan")
    ends = np.array([(rate, *wilson(rate * count, count)) for rate, count in known])
    middle, down, up = (
        ends[:, 0].mean(),
        np.sqrt(((ends[:, 0] - ends[:, 1]) ** 2).sum()),
        np.sqrt(((ends[:, 2] - ends[:, 0]) ** 2).sum()),
    )
    return max(0.0, float(middle - down / len(known))), min(1.0, float(middle + up / len(known)))


def _seconds(value: float) -> str:
    return f"{value / 60:.1f} min" if value >= 120 else f"{value:.2g} s"
