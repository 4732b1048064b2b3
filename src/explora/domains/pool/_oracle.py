"""Who is asked for labels: recorded ones, functions, annotators who make mistakes."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from explora.core import ArgumentError, Part, UnknownName, between

from ._items import Items


class Question(NamedTuple):
    """What is asked.

    **Arguments:**

    - `item`: the row of the pool.
    - `annotator`: who is asked, from 0.
    """

    item: int
    annotator: int = 0


class Answer(NamedTuple):
    """What came back.

    **Arguments:**

    - `value`: the label as it was given; None if none was.
    - `status`: `"answered"`, or `"skipped"` (this item is not for me), or `"unsure"` (I do not know).
    - `cost`: what the answer cost, in whatever the oracle charges.
    - `seconds`: how long it took [s].
    """

    value: Any
    status: Literal["answered", "skipped", "unsure"] = "answered"
    cost: float = 1.0
    seconds: float = 0.0


class Oracle(Part):
    """Feedback that faster computers do not speed up. Every question is counted, whatever the answer."""

    hosted: ClassVar[bool] = True
    recorded: ClassVar[bool] = False
    """Whether it only knows labels that the data hold: items without one are then left out of the pool."""
    late: ClassVar[bool] = False
    """Whether answers may come after the question, as those of people do; see `news`."""

    @property
    def annotators(self) -> int:
        """How many there are to be asked."""
        return 1

    def given(self, items: Items) -> np.ndarray:
        """The rows whose labels are known from the start, before anybody is asked."""
        return np.zeros(0, np.int64)

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        """One answer for each question; None where it has not come yet. The same question may be asked again."""
        raise NotImplementedError

    def news(self, items: Items, since: int) -> tuple[list[tuple[Question, Answer]], int]:
        """The answers that have come, also to questions that an earlier process asked.

        **Arguments:**

        - `items`: of the pool.
        - `since`: what was returned with the last news; 0: tell everything.

        **Returns:** questions with their answers, and what to ask with next time.
        """
        return [], since


class Recorded(Oracle):
    """Labels that the data hold already and that are kept hidden until they are asked for: for benchmarks.

    **Arguments:**

    - `each`: how many of every class are known from the start (a *warm* start; 0: a *cold* one).
    - `seed`: which ones.
    """

    recorded: ClassVar[bool] = True
    each: int = 0
    seed: int = 0

    def __check_init__(self):
        between("each", self.each, 0)

    def given(self, items: Items) -> np.ndarray:
        if not self.each:
            return np.zeros(0, np.int64)
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(items.ids))
        count: dict[Any, int] = {}
        chosen = []
        for row in order:
            label = items.labels[row]
            if label is not None and count.get(label, 0) < self.each:
                count[label] = count.get(label, 0) + 1
                chosen.append(row)
        return np.sort(np.array(chosen, np.int64))

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        return [_recorded(items, question.item) for question in questions]


class Nobody(Oracle):
    """The labels that the data hold are known, and there is nobody here to be asked for the others."""

    def given(self, items: Items) -> np.ndarray:
        return np.flatnonzero([label is not None for label in items.labels])

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        return [None] * len(questions)


class Annotators(Oracle):
    """Several people who make mistakes, simulated from recorded labels.

    Whether an annotator errs on an item depends on the two and the seed alone: asking again gives the same answer.

    **Arguments:**

    - `accuracies`: how often each of them is right.
    - `seed`: of their mistakes.
    """

    recorded: ClassVar[bool] = True
    accuracies: tuple[float, ...] = (0.9, 0.8, 0.7)
    seed: int = 0

    def __check_init__(self):
        if not self.accuracies:
            raise ArgumentError("`accuracies` must name at least one annotator, got ()")
        for accuracy in self.accuracies:
            between("accuracies", accuracy, 0.0, 1.0)

    @property
    def annotators(self) -> int:
        return len(self.accuracies)

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        classes = sorted({label for label in items.labels if label is not None}, key=str)
        return [self._ask(question, items, classes) for question in questions]

    def _ask(self, question: Question, items: Items, classes: list[Any]) -> Answer:
        truth = _recorded(items, question.item)
        rng = np.random.default_rng((self.seed, question.item, question.annotator))
        if truth.value is None or rng.random() < self.accuracies[question.annotator] or len(classes) < 2:
            return truth
        others = [label for label in classes if label != truth.value]
        return truth._replace(value=others[rng.integers(len(others))])


_Function = Callable[..., Any]
_functions: dict[str, _Function] = {}


def oracle_function(name: str) -> Callable[[_Function], _Function]:
    """Lets `Calling(name)` ask a function. A decorator; a run that is resumed needs the function registered again.

    **Arguments:**

    - `name`: what configurations call it. The function is called with the item's id and the item as it was read (and,
      where there are several annotators, with the number of the one who is asked, from 0), and returns a label, or
      None to skip.
    """

    def register(function: _Function) -> _Function:
        _functions[name] = function
        return function

    return register


class Calling(Oracle):
    """Asks a Python function that `oracle_function` registered.

    **Arguments:**

    - `function`: its name.
    - `several`: how many annotators it stands for.
    """

    function: str
    several: int = 1

    def __check_init__(self):
        between("several", self.several, 1)

    @property
    def annotators(self) -> int:
        return self.several

    def ask(self, questions: list[Question], items: Items) -> list[Answer | None]:
        if self.function not in _functions:
            raise UnknownName("function registered with `oracle_function`", self.function, _functions)
        function = _functions[self.function]
        words = [(items.ids[question.item], items.row(question.item)) for question in questions]
        if self.several > 1:
            words = [(*word, question.annotator) for word, question in zip(words, questions, strict=True)]
        found = [function(*word) for word in words]
        return [Answer(value, "skipped" if value is None else "answered") for value in found]


def _recorded(items: Items, row: int) -> Answer:
    value = items.labels[row]
    return Answer(value, "skipped" if value is None else "answered")
