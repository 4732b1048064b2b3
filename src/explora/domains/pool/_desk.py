"""Where questions go out and answers come in, each written down before it is used."""

from collections import Counter

from explora.core import Journal

from ._items import Items
from ._oracle import Answer, Oracle, Question
from ._targets import Target

KIND = "answer"


class Desk:
    """Asks an oracle at most once for each question, also after a crash: what the journal knows is not asked again.

    **Arguments:**

    - `journal`: where answers are written down.
    """

    def __init__(self, journal: Journal):
        self._journal = journal
        self._known: dict[tuple[str, int], Answer] | None = None
        self._target: Target | None = None
        self._since = 0
        self._corrected: set[str] = set()

    def ask(self, oracle: Oracle, questions: list[Question], items: Items) -> list[Answer | None]:
        """One answer for each question; None where it has not come yet."""
        known = self._answers()
        key = lambda question: _key(items, question)
        new = [question for question in questions if key(question) not in known]
        came = [(q, a) for q, a in zip(new, oracle.ask(new, items), strict=True) if a is not None]
        self._take([(*key(question), answer) for question, answer in came])
        self._corrected -= {items.ids[question.item] for question in questions}
        return [known.get(key(question)) for question in questions]

    def together(self, oracle: Oracle, question: Question, items: Items) -> Answer | None:
        """What all annotators who answered a question say together: the label that most gave.

        Of several given equally often it is that of the annotator who comes first: one word against another changes
        nothing. None if nobody has answered.
        """
        known = self._answers()
        words = [known.get((items.ids[question.item], who)) for who in range(oracle.annotators)]
        given = [answer for answer in words if answer is not None and answer.status == "answered"]
        often = Counter(str(answer.value) for answer in given)
        return max(given, key=lambda answer: often[str(answer.value)], default=None)

    def collect(self, oracle: Oracle, items: Items) -> tuple[set[int], set[int]]:
        """Fetches the answers that have come by now and writes them down.

        **Returns:** the rows of which an answer is known, and those of them that have another label than when they were
        last asked for.
        """
        known = self._answers()
        news, self._since = oracle.news(items, self._since)
        fresh = [(question, answer) for question, answer in news if known.get(_key(items, question)) != answer]
        self._take([(*_key(items, question), answer) for question, answer in fresh])
        places = lambda ids: {place for place in map(items.place, ids) if place is not None}
        return places({item for item, _ in known}), places(self._corrected)

    def tell(self, item: str, answer: Answer, annotator: int = 0) -> None:
        """An answer that came by itself. A later one to the same question takes the place of the earlier one.

        **Arguments:**

        - `item`: its id.
        - `answer`: what was said.
        - `annotator`: who said it.
        """
        self._take([(item, annotator, answer)])

    def target(self, known: Target) -> Target:
        """The target with the classes that answers have added, in the order in which they came."""
        if self._target is None:
            self._target = known
            for entry in self._journal.read(KIND):
                self._grow(_answer(entry))
        return self._target

    def _take(self, came: list[tuple[str, int, Answer]]) -> None:
        known = self._answers()
        self._journal.note(KIND, [_entry(*each) for each in came])
        for item, annotator, answer in came:
            self._replace(known, item, annotator, answer)
            self._grow(answer)

    def _replace(self, known: dict[tuple[str, int], Answer], item: str, annotator: int, answer: Answer) -> None:
        """Where there was another label before, the model has to be told of this one too."""
        before = known.get((item, annotator))
        if before is not None and answer.status == "answered" and before[:2] != answer[:2]:
            self._corrected.add(item)
        known[item, annotator] = answer

    def _grow(self, answer: Answer) -> None:
        if self._target is not None and answer.status == "answered":
            self._target = self._target.grown([answer.value])

    def _answers(self) -> dict[tuple[str, int], Answer]:
        if self._known is None:
            self._known = {}
            for entry in self._journal.read(KIND):
                self._replace(self._known, entry["item"], entry["annotator"], _answer(entry))
        return self._known


def _key(items: Items, question: Question) -> tuple[str, int]:
    return items.ids[question.item], question.annotator


def _entry(item: str, annotator: int, answer: Answer) -> dict:
    return {"item": item, "annotator": annotator, **answer._asdict()}


def _answer(entry: dict) -> Answer:
    return Answer(*(entry[name] for name in Answer._fields))
