"""Everything that the page of a run that asks questions shows, gathered before anything is drawn."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from explora.core import Parts, Questions, Suite
from explora.domains.pool import Pool
from explora.ledger.labels import Contradiction
from explora.store import Database, Records

from .._facts_matrix import Matrix, SuiteResult
from .._seen import Seen
from ._baseline import Baseline, Lead, lead, random_baseline
from ._facts_asked import Asked, asked, contradictions
from ._facts_scores import AnswerScore, Price, Waits, answer_scores, price, recounted, waits
from ._things import things

SHOWN = 300
"""How many questions the page lists; the rest is in the export."""


class Asking(NamedTuple):
    """What the page of a run that asks questions shows.

    **Arguments:**

    - `classes`: whether classes are predicted; else numbers, and a score is the share of their variance explained.
    - `scores`: against answers, one a suite, the one that counts most first.
    - `results`: of the latest version, with intervals over held-out items.
    - `matrices`: versions × tasks, one a suite.
    - `baseline`: asking at random; None if it was not simulated.
    - `said`: how it was simulated, or why not.
    - `leads`: how the run stands to it, by suite.
    - `asked`: every question, in the order of the answers.
    - `seen`: items by id, as people see them; at most the first `SHOWN`.
    - `chooser`: what chose the questions, in words.
    - `items`: how many there are in the pool; None if it cannot be read here.
    - `price`: what the answers cost and bought; None before a version was judged.
    - `waits`: where the time went.
    - `contradictions`: between answers.
    """

    classes: bool
    scores: tuple[AnswerScore, ...]
    results: tuple[SuiteResult, ...]
    matrices: tuple[Matrix, ...]
    baseline: Baseline | None
    said: str
    leads: dict[str, Lead]
    asked: tuple[Asked, ...]
    seen: dict[str, Seen]
    chooser: str
    items: int | None
    price: Price | None
    waits: Waits
    contradictions: tuple[Contradiction, ...]


def asks_questions(records: Records, parts: Parts | None) -> bool:
    """Whether a run asks questions: by its domain, or else by what it spent."""
    if parts is not None:
        return isinstance(parts.domain, Questions)
    return bool(len(records.calls) and records.calls[-1] and not records.steps[-1])


def gather_asking(
    database: Database,
    explorer: dict[str, Any],
    parts: Parts | None,
    results: Sequence[SuiteResult],
    matrices: Sequence[Matrix],
) -> Asking:
    """Gathers what the page shows.

    **Arguments:**

    - `database`: of the run.
    - `explorer`: the configuration of its explorer.
    - `parts`: of the run; None if they cannot be built here: then there are no items, no intervals and no baseline.
    - `results`, `matrices`: as judged, the suite that counts most first.
    """
    records = database.records()
    pool = parts.domain if parts is not None and isinstance(parts.domain, Pool) else None
    scored = explorer.get("score") is not None
    questions = asked(records, database.tasks(), database.journal("answer"), scored=scored)
    suites = {} if pool is None else {m.suite: pool.suite(m.suite) for m in matrices if m.suite in pool.suite_names}
    counts = {name: _counts(suite) for name, suite in suites.items()}
    classes = pool.target.kind == "classes" if pool is not None else any(m.suite == "classes" for m in matrices)
    scores = answer_scores(matrices, counts, classes=classes)
    baseline, said = None, "Asking at random is not simulated: the parts of this run cannot be built here."
    if parts is not None:
        baseline, said = random_baseline(parts, suites, matrices[0].at.answers.astype(int).tolist() if matrices else [])
    leads = {} if baseline is None else {s.suite: _lead(s, baseline) for s in scores if s.suite in baseline.scores}
    shown = [question.item for question in questions[:SHOWN]]
    return Asking(
        classes=classes,
        scores=scores,
        results=tuple(recounted(result, counts.get(result.suite), classes=classes) for result in results),
        matrices=tuple(matrices),
        baseline=baseline,
        said=said,
        leads=leads,
        asked=questions,
        seen={} if pool is None else things(pool.items, shown),
        chooser=_chooser(explorer),
        items=None if pool is None else len(pool.items),
        price=price(records, scores[0], questions) if scores else None,
        waits=waits(records, questions),
        contradictions=() if pool is None else contradictions(questions, pool.items),
    )


def _lead(score: AnswerScore, baseline: Baseline) -> Lead:
    return lead(score.curve.at.answers.astype(np.int64), score.curve.values, baseline, score.suite)


def _counts(suite: Suite) -> list[int]:
    """How many held-out items each task of a suite of a pool has."""
    return (np.asarray(suite.tasks) >= 0).sum(1).tolist()


def _chooser(explorer: dict[str, Any]) -> str:
    """What chose the questions, in words, from the configuration."""
    select, score = explorer.get("select"), explorer.get("score")
    if not isinstance(select, dict):
        return ""
    name = lambda part: str(part.get("type", "")).rpartition(".")[2]
    parts = [name(part) for part in (select.get("first"), select.get("then")) if isinstance(part, dict)]
    said = f"{name(select)} ({', then '.join(parts)})" if parts else name(select)
    return f"{said}, scored by {name(score)}" if isinstance(score, dict) else said
