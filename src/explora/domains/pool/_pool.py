"""The pool: a table whose labels must be asked for, as a domain."""

import dataclasses
from functools import lru_cache
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from explora.core import (
    NEW,
    Answers,
    Experience,
    Journal,
    Lesson,
    Memory,
    Outcome,
    Parts,
    Predictor,
    Questions,
    Status,
    Suite,
    Targets,
    TaskError,
    UnknownName,
    between,
)

from ._desk import Desk
from ._items import Items
from ._oracle import Answer, Oracle, Question, Recorded
from ._reading import Source
from ._space import PoolSpace
from ._splits import split
from ._targets import Target

_SUITES = {"classes": ("held-out", "classes"), "numbers": ("held-out",), "labels": ("labels",)}
TIE = "tie"
"""What is said of two things neither of which is preferred."""


class Loaded(eqx.Module):
    """Items that a program has already, in the place of a `Source`; a run's folder cannot hold them.

    **Arguments:**

    - `items`: from `from_arrays`, `from_frame` or `from_dataset`.
    """

    items: Items

    def read(self) -> Items:
        """The items."""
        return self.items


class Pool(Questions[Array]):
    """A table of items whose labels must be asked for: active learning.

    **Space:** the rows of the table that are not held out; a task is a row number.

    **Playing** a task is asking an oracle for its label, which costs one call. A lesson of no plays asks nobody: the
    model only says what it expects.

    **Suites:** `held-out` is one task, all labelled items that were set aside before anything was looked at; its solve
    rate is the accuracy (where numbers are predicted: the share of their variance that is explained, which can be
    negative). `classes` has a task for each class: its mean is the class-balanced accuracy.

    Where items have any number of several labels, the suite is called `labels`: the same items, and for each the share
    of all labels of which the model says rightly whether it has them.

    **Version history:** 1.

    **Arguments:**

    - `source`: where the data come from.
    - `oracle`: who is asked.
    - `kind`: what is predicted: `classes` (one of several), `numbers`, `labels` (any number of several), or `auto`.
    - `held_out`: the share of labelled items that is set aside for judging, in [0, 0.95].
    - `split`: the seed of that choice.
    - `desk`: where questions go out; a run sets it.
    """

    hosted: ClassVar[bool] = True
    version: ClassVar[int] = 1

    source: Source | Loaded = eqx.field(default_factory=lambda: Source("sklearn:digits"))
    oracle: Oracle = eqx.field(default_factory=Recorded)
    kind: str = "auto"
    held_out: float = 0.25
    split: int = 0
    desk: Any = None

    def __check_init__(self):
        between("held_out", self.held_out, 0.0, 0.95)

    @property
    def provides(self) -> frozenset[str]:
        several = {"annotators"} if self.oracle.annotators > 1 else set()
        return frozenset({"items", "classes" if self.target.kind == "classes" else "numbers"} | several)

    def refuses(self, parts: Parts) -> str | None:
        if len(self.items.ids):
            return None
        return (
            "nothing can be asked for: the data hold no labels, and no others are known; name their column with "
            "`target`, or let `explora suggest` say what to label first"
        )

    @property
    def items(self) -> Items:
        """The items that can be asked for."""
        return self.parted.pool

    @property
    def target(self) -> Target:
        """What is predicted."""
        known = self.parted.target
        return known if self.desk is None else self.desk.target(known)

    @property
    def parted(self) -> "Parted":
        """The data, read once for each process."""
        return _read(self.source, self.oracle.recorded, self.kind, self.held_out, self.split)

    @property
    def inputs(self) -> Float[np.ndarray, "items features"]:
        return self.items.inputs

    @property
    def opposites(self) -> dict[int, int] | None:
        return None if self.items.featuriser.pair is None else {0: 1, 1: 0}

    @property
    def given(self) -> Targets:
        return self.space.given

    @property
    def space(self) -> PoolSpace:
        return self.parted.space(self.oracle)

    def noting(self, journal: Journal) -> "Pool":
        return Pool(self.source, self.oracle, self.kind, self.held_out, self.split, Desk(journal))

    @property
    def late(self) -> bool:
        return self.oracle.late and self.desk is not None

    def arrived(self, lesson: Lesson[Array]) -> Lesson[Array] | None:
        if not self.late:
            return None
        known, corrected = self.desk.collect(self.oracle, self.items)
        rows: Any = np.array(sorted(known & set(np.asarray(lesson.tasks).tolist()) | corrected), np.int32)
        if not len(rows):
            return None
        asked = np.ones(len(rows), bool)
        return Lesson(rows, True, rows, np.full(len(rows), NEW, np.int32), memo=asked, phase=lesson.phase)

    def play(self, policy: Predictor, lesson: Lesson[Array], *, key: PRNGKeyArray) -> Experience:
        items = np.asarray(lesson.tasks)
        expected = policy(self.inputs[items])
        if lesson.plays == 0:
            nothing = encoded(self.target, [None] * len(items))
            return Experience(np.full(len(items), Status.ANSWERED, np.int8), Answers(items, nothing, expected))
        who = np.zeros(len(items), np.int32) if lesson.who is None else np.asarray(lesson.who)
        questions = [Question(int(item), int(one)) for item, one in zip(items, who, strict=True)]
        desk = self.desk or Desk(Memory())
        answers = desk.ask(self.oracle, questions, self.items)
        status = np.array([_status(answer) for answer in answers], np.int8)
        targets = encoded(self.target, [None if answer is None else answer.value for answer in answers])
        if self.oracle.annotators == 1:
            return Experience(status, Answers(items, targets, expected))
        whole = [desk.together(self.oracle, question, self.items) for question in questions]
        together = encoded(self.target, [None if answer is None else answer.value for answer in whole])
        return Experience(status, Answers(items, together, expected, said=targets))

    @property
    def suite_names(self) -> tuple[str, ...]:
        if not len(self.parted.held.ids):
            return ()
        return _SUITES[self.target.kind]

    def suite(self, name: str) -> Suite:
        held = self.parted.held
        if name in ("held-out", "labels") and name in self.suite_names:
            rows = np.arange(len(held.ids), dtype=np.int32)[None]
            return Suite(rows, ("all",), summary=f"{len(held.ids)} labelled items that were set aside")
        if name == "classes" and name in self.suite_names:
            return self._by_class()
        raise UnknownName("suite", name, self.suite_names)

    def judge(self, policy: Predictor, lesson: Lesson[Array], *, key: PRNGKeyArray) -> Outcome:
        """Judges on held-out items: each task is a row of their numbers, filled up with -1."""
        held, tasks = self.parted.held, np.asarray(lesson.tasks)
        marks = _marks(policy(held.inputs), encoded(self.target, held.labels), self.target.kind)
        taken = tasks >= 0
        solved = (np.where(taken, marks[tasks], 0.0).sum(1) / taken.sum(1)).astype(np.float32)
        rows = np.full(len(tasks), Status.ANSWERED, np.int8)
        nothing = np.zeros(len(tasks), np.int32)
        return Outcome(rows, steps=nothing, calls=nothing, episodes=nothing + 1, solved=solved, returns=solved)

    def _by_class(self) -> Suite:
        codes = self.target.encode(self.parted.held.labels)
        rows = [np.flatnonzero(codes == code).astype(np.int32) for code in np.unique(codes)]
        filled = np.full((len(rows), max(map(len, rows))), -1, np.int32)
        for at, members in enumerate(rows):
            filled[at, : len(members)] = members
        names = tuple(map(str, self.target.decode(np.unique(codes))))
        return Suite(filled, names, summary="the same items, class by class")


@dataclasses.dataclass(eq=False)
class Parted:
    """Data that were read and divided.

    **Arguments:**

    - `pool`: what can be asked for.
    - `held`: labelled items that are set aside for judging.
    - `target`: what is predicted.
    """

    pool: Items
    held: Items
    target: Target
    _last: tuple[Oracle, PoolSpace] | None = None

    def space(self, oracle: Oracle) -> PoolSpace:
        """The items as a space, with what an oracle gives from the start; encoded once, not anew in every turn."""
        if self._last is None or self._last[0] is not oracle:
            known = np.zeros(len(self.pool), bool)
            known[oracle.given(self.pool)] = True
            shown = [label if seen else None for label, seen in zip(self.pool.labels, known, strict=True)]
            given = Targets(encoded(self.target, shown), known, self.target.kind == "classes")
            self._last = oracle, PoolSpace(self.pool, given, oracle.annotators)
        return self._last[1]


@lru_cache(maxsize=8)
def _read(source: Source | Loaded, labelled: bool, kind: str, held_out: float, seed: int) -> Parted:
    items = source.read()
    items = items.take(items.labelled) if labelled else items
    pair = items.featuriser.pair
    target = Target.of(items.labels, kind) if pair is None else _preferred(pair, items.labels)
    pool, held = split(target.encode(items.labels), items.groups, held_out, rng=np.random.default_rng(seed))
    return Parted(items.take(pool), items.take(held), target)


def _preferred(pair: tuple[str, str], labels: list[Any]) -> Target:
    """The target of rows of two things: the first, the second, or neither.

    **Raises:** `TaskError` for a label that says something else.
    """
    for place, label in enumerate(labels):
        if label is not None and str(label) not in (*pair, TIE):
            raise TaskError(
                f"the label of row {place} is {label!r:.60}; which of two things is preferred is said by "
                f"{pair[0]!r}, {pair[1]!r} or {TIE!r}"
            )
    return Target("classes", pair).grown(labels)


def encoded(target: Target, labels: list[Any]) -> np.ndarray:
    """Labels as a learner takes them: class numbers `(rows,)`, or numbers `(rows, outputs)`."""
    codes = target.encode(labels)
    if target.kind == "classes":
        return codes
    return codes.reshape(len(labels), 1 if target.kind == "numbers" else len(target.classes)).astype(np.float32)


def _status(answer: Answer | None) -> Status:
    if answer is None:
        return Status.WAITING
    return Status.ANSWERED if answer.status == "answered" and answer.value is not None else Status.VOID


def _marks(expected: Any, truth: np.ndarray, kind: str) -> np.ndarray:
    """How well each item is predicted: 1 or 0; for numbers so that the mean is the share of variance explained.

    Of several labels at once it is the share that is right; labels that the model was never told it does not expect.
    """
    mean = expected.predictions.mean(1)
    if expected.classes is not None:
        if not len(expected.classes):
            return np.zeros(len(truth))
        return (expected.classes[mean.argmax(1)] == truth).astype(float)
    if not mean.shape[1]:
        return np.zeros(len(truth))
    if kind == "labels":
        said = np.zeros(truth.shape, bool)
        said[:, : mean.shape[1]] = mean > 0.5
        return (said == (truth > 0.5)).mean(axis=1)
    spread = np.mean((truth - truth.mean(0)) ** 2)
    return 1.0 - np.mean((mean - truth) ** 2, axis=1) / (spread or 1.0)
