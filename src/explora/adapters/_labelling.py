"""Asking which items to label next, in a program that is not ours."""

from collections.abc import Sequence
from typing import Any

import jax.random as jr
import numpy as np

from explora.core import ArgumentError, CombinationError, Expectation, Lesson, Memory, Parts, override
from explora.domains.pool import Answer, Desk, Pool
from explora.explorers import FREE, KNOWN, OPEN, Query
from explora.loop import init, step


class Labelling:
    """Says which items of a pool to label next, and learns from the labels.

    ```python
    work = Labelling(recipe("uncertainty-herding").build(Pool(Source("mails.csv", target="topic"), oracle=Nobody())))
    for id in work.ask(20):
        work.tell([id], [somebody_reads(work.show(id))])
    ```

    Answers may come late, in parts and in any order, for items that were not asked for too; an answer may be
    corrected by telling another one. Nothing but the order of calls and the seed decides what is asked.

    **Arguments:**

    - `parts`: a recipe of questions, built on a `Pool`.
    - `seed`: of all its chance.

    **Raises:** `CombinationError` if the parts are of another kind.
    """

    def __init__(self, parts: Parts, seed: int = 0):
        domain, explorer = parts.domain, parts.explorer
        if not isinstance(domain, Pool) or not isinstance(explorer, Query):
            raise CombinationError(
                f"Labelling needs a Pool and a Query, got {type(domain).__name__} and {type(explorer).__name__}: build "
                "a recipe of questions, `margin` say, on a `Pool`"
            )
        self._desk = Desk(Memory())
        self._pool = Pool(domain.source, domain.oracle, domain.kind, domain.held_out, domain.split, self._desk)
        self.parts = Parts(self._pool, parts.learner, explorer)
        self._root = jr.key(seed)
        self._state = init(self.parts, key=jr.fold_in(self._root, 2**31 - 1))

    def ask(self, count: int | None = None) -> list[str]:
        """The ids of the items that are most worth a label now, best first; they are not named again.

        **Arguments:**

        - `count`: how many; None: the explorer's batch. Fewer come if fewer are left.

        **Raises:** `ArgumentError` if `count` is not positive.
        """
        if count is not None and count < 1:
            raise ArgumentError(f"`count` must be at least 1, got {count}")
        batch = self.parts.explorer.batch if count is None else count  # pyright: ignore[reportAttributeAccessIssue]
        # whoever asks decides how many items are out, and need not have told what became of the last ones
        parts = override(self.parts, {"explorer.batch": batch, "explorer.ahead": batch + len(self.waiting)})
        self._state, _ = step(parts, self._state, root=self._root, phase="look")
        self._state, event = step(parts, self._state, root=self._root, phase="ask")
        return [self._pool.items.ids[item] for item in np.asarray(event.lesson.tasks)]

    def tell(self, ids: Sequence[str], labels: Sequence[Any]) -> None:
        """What the labels of some items are; None where somebody would not say.

        **Raises:** `ArgumentError` for ids that the pool has not got, or as many labels as there are not ids.
        """
        if len(ids) != len(labels):
            raise ArgumentError(f"`labels` must have one entry for each of the {len(ids)} ids, got {len(labels)}")
        rows = np.array([self._row(id) for id in ids], np.int32)
        for id, label in zip(ids, labels, strict=True):
            self._desk.tell(id, Answer(label, "skipped" if label is None else "answered"))
        if len(rows):
            lesson = Lesson(rows, True, rows, np.full(len(rows), -1, np.int32), phase="ask")
            self._state, _ = step(self.parts, self._state, root=self._root, lesson=lesson)

    def show(self, id: str) -> dict[str, Any]:
        """An item as it was read."""
        return self._pool.items.row(self._row(id))

    def expect(self, ids: Sequence[str] | None = None) -> Expectation:
        """What the model makes of items; None: of the whole pool."""
        rows = slice(None) if ids is None else np.array([self._row(id) for id in ids], np.int64)
        return self.parts.learner.policy(self._state.learner)(self._pool.inputs[rows])

    def classes(self, expected: Expectation) -> list[Any]:
        """The likeliest class of each item, in the words of the labels; None as long as no class is known.

        **Arguments:**

        - `expected`: from `expect`.

        **Raises:** `ArgumentError` where numbers are predicted: they stand in `predictions`.
        """
        if expected.classes is None:
            raise ArgumentError("numbers are predicted here and no classes: read `expected.predictions`")
        if not len(expected.classes):
            return [None] * len(expected.predictions)
        return self._pool.target.decode(expected.classes[expected.predictions.mean(1).argmax(1)])

    def scores(self, ids: Sequence[str]) -> np.ndarray:
        """How much worth asking for these items looked when the pool was last looked at; not-a-number before."""
        return self._state.explorer.scores[np.array([self._row(id) for id in ids], np.int64)]

    @property
    def free(self) -> int:
        """How many items can still be asked for."""
        return int((self._state.explorer.status == FREE).sum())

    @property
    def known(self) -> int:
        """How many items have a label."""
        return int((self._state.explorer.status == KNOWN).sum())

    @property
    def waiting(self) -> list[str]:
        """The ids of the items that were asked for and not told yet."""
        return [self._pool.items.ids[row] for row in np.flatnonzero(self._state.explorer.status == OPEN)]

    def _row(self, id: str) -> int:
        row = self._pool.items.place(id)
        if row is None:
            raise ArgumentError(f"`ids` must be ids of the pool; it has no {id!r}")
        return row
