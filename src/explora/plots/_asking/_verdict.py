"""Facts: the one sentence that a reader takes away of a run that asks questions."""

from .._facts_card import Cost, RunCard
from .._facts_matrix import SuiteResult, percent
from .._facts_verdict import Headline
from ._gather import Asking


def answer_headline(card: RunCard, spent: Cost | None, asking: Asking) -> Headline:
    """The verdict on a run that asks questions.

    **Arguments:**

    - `card`, `spent`: of the run; no cost before the first record.
    - `asking`: what is known of its questions.
    """
    calls = spent.calls if spent is not None else 0
    further = [_stopped(card, spent)]
    if not asking.results:
        return Headline(f"No version has been judged on held-out items yet, after {_answers(calls)}.", tuple(further))
    first = asking.results[0]
    title = f"{percent(first.mean)} {word(asking, first)}"
    title += f", {percent(asking.results[1].mean)} by class" if len(asking.results) > 1 else ""
    title += f", after {_answers(calls)}"
    lead = asking.leads.get(first.suite)
    if lead is not None and lead.won in (0, lead.seeds) and lead.difference:
        title += f"; {'ahead of' if lead.won else 'behind'} asking at random"
    elif lead is not None:
        title += "; not to be told from asking at random"
    numbers = [_interval(asking, result) for result in asking.results if asking.classes and result.low < result.high]
    said = [lead.sentence()] if lead is not None else []
    return Headline(f"{title}.", (*numbers, *said, *further))


def word(asking: Asking, result: SuiteResult) -> str:
    """What a score is a share of."""
    if result.suite == "labels":
        return "of the labels of held-out items right"
    if not asking.classes:
        return "of the variance explained"
    return "right by class" if result.suite == "classes" else "of the held-out items right"


def _interval(asking: Asking, result: SuiteResult) -> str:
    items = sum(task.episodes for task in result.tasks)
    return (
        f"On {result.suite}: {percent(result.mean)} right, 95% interval {percent(result.low)} to "
        f"{percent(result.high)}, from {items:,} labelled items that were set aside before anything was looked at."
    )


def _stopped(card: RunCard, spent: Cost | None) -> str:
    if spent is None:
        return "The run has no record yet."
    spending = f"{_answers(spent.calls)} and {spent.seconds / 60:.1f} minutes"
    if card.state == "finished":
        return f"The run finished after {spending}{f': {card.ended}' if card.ended else ''}."
    if card.state == "interrupted":
        return f"The run was interrupted after {spending} and can be resumed."
    return f"The run had not ended when this page was made, after {spending}."


def _answers(calls: int) -> str:
    return "1 answer" if calls == 1 else f"{calls:,} answers"
