"""The same input with two answers: found, reported and resolved by a stated rule, never silently averaged."""

import math
from collections.abc import Hashable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import equinox as eqx

from explora.core import ArgumentError, between


class Answer(NamedTuple):
    """One answer as it was given. Answers are only ever appended.

    **Arguments:**

    - `item`: the content address of the input, so that the same input has the same one wherever it came from.
    - `label`: what was answered: a class, a number, a tuple of classes; None takes an earlier answer back.
    - `who`: who answered.
    - `when`: the time, for the report. What came later is decided by the place in the list, as clocks may jump.
    """

    item: str
    label: Any
    who: str = ""
    when: float = 0.0


class Contradiction(NamedTuple):
    """Answers that cannot all be right, one entry an answer that stands.

    **Arguments:**

    - `items`: of which input; several where near-duplicates were joined.
    - `answers`, `who`, `when`: what was answered, by whom and when.
    - `rule`: what decided.
    - `label`: what it decided; None if it left the question open, to be asked again.
    """

    items: tuple[str, ...]
    answers: tuple[Any, ...]
    who: tuple[str, ...]
    when: tuple[float, ...]
    rule: str
    label: Any

    def sentence(self) -> str:
        """The contradiction in words."""
        said = ", ".join(f"{w or 'somebody'}: {a!r}" for w, a in zip(self.who, self.answers, strict=True))
        names = ", ".join(dict.fromkeys(self.items))
        outcome = "to be asked again" if self.label is None else f"taken as {self.label!r}"
        return f"{names} was answered in different ways ({said}); {outcome} by the rule: {self.rule}"


class Resolved(NamedTuple):
    """What a list of answers says.

    **Arguments:**

    - `labels`: of each item that has one.
    - `contradictions`: in the order in which their items were first answered.
    - `superseded`: answers that their own annotator changed or took back later; they stay in the list.
    - `open`: items whose question must be asked again, in the order in which they were first answered.
    """

    labels: dict[str, Any]
    contradictions: tuple[Contradiction, ...]
    superseded: tuple[Answer, ...]
    open: tuple[str, ...]


class Rule(eqx.Module):
    """Decides between answers that differ."""

    def decide(self, answers: Sequence[Answer]) -> Any:
        """The label that counts.

        **Arguments:**

        - `answers`: those that stand, in the order in which they were given; not empty.

        **Returns:** one of the labels, or None to leave the question open.
        """
        raise NotImplementedError

    def sentence(self) -> str:
        """The rule in words, for the report."""
        raise NotImplementedError


class Majority(Rule):
    """The label that most annotators gave, by more than a given share; a tie stays open.

    Somebody who gave the same label to several near-duplicates counts once.

    **Arguments:**

    - `share`: of the votes that the label must exceed; 0 takes the most frequent one, 0.5 an absolute majority.
    """

    share: float = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        between("share", self.share, 0.0, 1.0)

    def decide(self, answers: Sequence[Answer]) -> Any:
        votes = _votes({(x.who, x.label): 1.0 for x in answers})
        return _clear_winner(votes, self.share)

    def sentence(self) -> str:
        return f"the majority{f' of more than {self.share:g} of the votes' if self.share else ''}, none in a tie"


class Latest(Rule):
    """The answer that was given last: for labels whose meaning has changed on the way."""

    def decide(self, answers: Sequence[Answer]) -> Any:
        return answers[-1].label

    def sentence(self) -> str:
        return "the latest answer"


class MostTrusted(Rule):
    """The label with the greatest sum of log-odds of its annotators' skills.

    With the labels' errors independent that is the likeliest one; an annotator no better than chance has no say, and
    of two who disagree the more skilled is right. Equal sums stay open.

    **Arguments:**

    - `skill`: the probability that each annotator is right, as from `dawid_skene` or `crowdlab`.
    - `otherwise`: of annotators who are not listed.
    - `classes`: how many labels there are; chance is 1 / `classes`.
    """

    skill: dict[str, float] = eqx.field(default_factory=dict)
    otherwise: float = eqx.field(static=True, default=0.5)
    classes: int = eqx.field(static=True, default=2)

    def __check_init__(self):
        between("classes", self.classes, 2)
        for name, value in (*self.skill.items(), ("otherwise", self.otherwise)):
            between(f"skill of {name}", value, 0.0, 1.0)

    def decide(self, answers: Sequence[Answer]) -> Any:
        def weight(who: str) -> float:
            skill = min(max(self.skill.get(who, self.otherwise), 1e-6), 1 - 1e-6)
            return max(0.0, math.log(skill * (self.classes - 1) / (1 - skill)))

        votes = _votes({(x.who, x.label): weight(x.who) for x in answers})
        return _clear_winner(votes, 0.0)

    def sentence(self) -> str:
        return f"the annotators' skills (unlisted ones {self.otherwise:g}), none in a tie"


class Median(Rule):
    """The middle one of the numbers that were answered, the lower of two: what somebody gave, not an average."""

    def decide(self, answers: Sequence[Answer]) -> Any:
        labels = [x.label for x in answers]
        if not all(map(_number, labels)):
            raise ArgumentError(f"`Median` decides between numbers, got {labels}; use Majority for classes")
        return sorted(labels)[(len(labels) - 1) // 2]

    def sentence(self) -> str:
        return "the lower median of the numbers"


class AskAgain(Rule):
    """Nobody is right until the question has been asked again."""

    def decide(self, answers: Sequence[Answer]) -> Any:
        return None

    def sentence(self) -> str:
        return "contradictions are asked again"


def resolve(
    answers: Sequence[Answer],
    rule: Rule,
    *,
    same: Mapping[str, Hashable] | None = None,
    tolerance: float = 0.0,
) -> Resolved:
    """What a list of answers says, and where it contradicts itself.

    A later answer of the same annotator to the same item is a correction: it supersedes the earlier one. What still
    stands is a contradiction if two answers to one input differ; also if one annotator gave both, to two items that
    are near-duplicates.

    **Arguments:**

    - `answers`: all of them, in the order in which they came in.
    - `rule`: decides where answers differ.
    - `same`: which input each item is, where several items are one (see `near_duplicates`); an item that is not listed
      stands for itself. Every item of an input gets the input's label, also those that nobody answered.
    - `tolerance`: numbers that span no more than this do not contradict each other; the rule chooses among them.

    **Returns:** a `Resolved`, the same for the same list.

    **Raises:** `ArgumentError` for a label that is NaN (it is not even equal to itself) or not hashable.
    """
    same = {} if same is None else same
    for place, answer in enumerate(answers):
        if not isinstance(answer.label, Hashable):
            raise ArgumentError(f"`answers[{place}].label` must be hashable, got {answer.label!r}; make it a tuple")
        if answer.label != answer.label:
            raise ArgumentError(f"`answers[{place}].label` is NaN, which is no answer; leave out what was skipped")
    last = {(x.item, x.who): place for place, x in enumerate(answers)}
    superseded = tuple(x for place, x in enumerate(answers) if last[x.item, x.who] != place)
    inputs: dict[Hashable, list[Answer]] = {}
    asked: dict[Hashable, dict[str, None]] = {}
    members: dict[Hashable, list[str]] = {}
    for item, group in same.items():
        members.setdefault(("group", group), []).append(item)
    for place, answer in enumerate(answers):
        name = ("group", same[answer.item]) if answer.item in same else ("item", answer.item)
        asked.setdefault(name, {})[answer.item] = None
        standing = inputs.setdefault(name, [])
        if last[answer.item, answer.who] == place and answer.label is not None:
            standing.append(answer)

    labels: dict[str, Any] = {}
    found: list[Contradiction] = []
    again: list[str] = []
    for name, standing in inputs.items():
        given = [x.label for x in standing]
        differ = any(x != given[0] for x in given)
        label = None if not given else rule.decide(standing) if differ else given[0]
        if differ and not _within(given, tolerance):
            items, who, when = ([getattr(x, field) for x in standing] for field in ("item", "who", "when"))
            found.append(Contradiction(tuple(items), tuple(given), tuple(who), tuple(when), rule.sentence(), label))
        if label is None:
            again.extend(asked[name])
        else:
            labels.update(dict.fromkeys(members.get(name, asked[name]), label))
    return Resolved(labels, tuple(found), superseded, tuple(again))


def _within(labels: list[Any], tolerance: float) -> bool:
    """Whether all labels are numbers that span at most `tolerance`."""
    return tolerance > 0 and all(map(_number, labels)) and bool(max(labels) - min(labels) <= tolerance)


def _number(label: Any) -> bool:
    """Whether a label is a number, NumPy's included; True and False are classes."""
    return isinstance(label, Real) and not isinstance(label, bool)


def _votes(weights: Mapping[tuple[str, Any], float]) -> dict[Any, float]:
    """The weights of the annotators, summed by label."""
    votes: dict[Any, float] = {}
    for (_, label), weight in weights.items():
        votes[label] = votes.get(label, 0.0) + weight
    return votes


def _clear_winner(votes: dict[Any, float], share: float) -> Any:
    """The label with the most votes, if no other has as many and they are more than a share of all; else None."""
    most = max(votes.values())
    winners = [label for label, count in votes.items() if math.isclose(count, most, rel_tol=1e-12)]
    return winners[0] if len(winners) == 1 and most > share * sum(votes.values()) else None
