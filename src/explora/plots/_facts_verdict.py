"""Facts: the one sentence that a reader takes away, and those that make it honest."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._facts_card import Cost, RunCard
from ._facts_curves import Axes
from ._facts_matrix import Matrix, SuiteResult, generality, listed, percent


class Headline(NamedTuple):
    """What a run amounts to, in words.

    **Arguments:**

    - `title`: one sentence: what it solves, what it does not, how it stands to its earlier versions.
    - `further`: sentences with the numbers behind it.
    """

    title: str
    further: tuple[str, ...]


def headline(card: RunCard, spent: Cost | None, results: Sequence[SuiteResult], matrices: Sequence[Matrix]) -> Headline:
    """The verdict on a run.

    **Arguments:**

    - `card`, `spent`: of the run; no cost before the first record.
    - `results`: how the latest version did, the suite that counts most first.
    - `matrices`: all versions on those suites.
    """
    further = [_stopped(card, spent)]
    if not results:
        return Headline("No version has been judged on held-out tasks yet.", tuple(further))
    title = _solves(results)
    compared = generality(pooled(matrices)) if matrices else None
    if compared is not None and compared.earlier:
        title += f"; {compared.clause()}"
    return Headline(f"{title}.", (*(_numbers(result) for result in results), *further))


def pooled(matrices: Sequence[Matrix]) -> Matrix:
    """All suites as one matrix, over the versions that were judged on each of them."""
    turns = matrices[0].turns
    for matrix in matrices[1:]:
        turns = np.intersect1d(turns, matrix.turns)
    rows = [np.isin(matrix.turns, turns) for matrix in matrices]
    first = matrices[0]
    return Matrix(
        "all suites",
        tuple(name for matrix in matrices for name in matrix.tasks),
        turns,
        Axes(*(x[rows[0]] for x in first.at)),
        np.min([matrix.episodes[chosen] for matrix, chosen in zip(matrices, rows)], axis=0),
        np.concatenate([matrix.solved[chosen] for matrix, chosen in zip(matrices, rows)], axis=1),
    )


def _solves(results: Sequence[SuiteResult]) -> str:
    some = [f"{percent(result.mean)} of {result.suite}" for result in results if result.mean > 0]
    none = [result.suite for result in results if result.mean == 0]
    if not some:
        return f"Solves nothing of {listed(none)} yet"
    solved = f"Solves {listed(some)}"
    return f"{solved}, and nothing of {listed(none)} yet" if none else solved


def _numbers(result: SuiteResult) -> str:
    often = sum(task.solved > 0.5 for task in result.tasks) or "none"
    never = [task.name for task in result.tasks if task.solved == 0]
    said = (
        f"On {result.suite} {percent(result.mean)} of the episodes succeed (95% interval {percent(result.low)} to "
        f"{percent(result.high)}; {result.episodes} on each task), on {often} of {len(result.tasks)} tasks more "
        "often than not"
    )
    if not never:
        return f"{said}; none stays unsolved."
    return f"{said}; not once: {listed(never)}."


def _stopped(card: RunCard, spent: Cost | None) -> str:
    if spent is None:
        return "The run has no record yet."
    spending = f"{spent.steps:,} environment steps and {spent.seconds / 60:.1f} minutes"
    if card.state == "finished":
        return f"The run finished after {spending}."
    if card.state == "interrupted":
        return f"The run was interrupted after {spending} and can be resumed."
    return f"The run had not ended when this page was made, after {spending}."
