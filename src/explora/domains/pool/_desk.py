"""Where questions go out and answers come in, each written down before it is used."""

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

    def ask(self, oracle: Oracle, questions: list[Question], items: Items) -> list[Answer | None]:
        """One answer for each question; None where it has not come yet."""
        known = self._answers()
        key = lambda question: (items.ids[question.item], question.annotator)
        new = [question for question in questions if key(question) not in known]
        came = [(q, a) for q, a in zip(new, oracle.ask(new, items), strict=True) if a is not None]
        self._take([(*key(question), answer) for question, answer in came])
        return [known.get(key(question)) for question in questions]

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
            known[item, annotator] = answer
            self._grow(answer)

    def _grow(self, answer: Answer) -> None:
        if self._target is not None and answer.status == "answered":
            self._target = self._target.grown([answer.value])

    def _answers(self) -> dict[tuple[str, int], Answer]:
        if self._known is None:
            entries = self._journal.read(KIND)
            self._known = {(entry["item"], entry["annotator"]): _answer(entry) for entry in entries}
        return self._known


def _entry(item: str, annotator: int, answer: Answer) -> dict:
    return {"item": item, "annotator": annotator, **answer._asdict()}


def _answer(entry: dict) -> Answer:
    return Answer(*(entry[name] for name in Answer._fields))
