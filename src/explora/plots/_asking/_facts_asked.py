"""Facts: which items were asked, in which order, why, and what came back."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from explora.domains.pool import Items
from explora.ledger.labels import Answer, AskAgain, Contradiction, near_duplicates, resolve
from explora.store import EventRow, Records, TaskRow


class Asked(NamedTuple):
    """One question and its answer.

    **Arguments:**

    - `number`: as how manieth the answer came, from 1; a question that is still open comes last.
    - `item`: the id of the item.
    - `answer`: the label as it was given; None if none was.
    - `status`: `"answered"`, `"skipped"`, `"unsure"` or `"waiting"`.
    - `annotator`: who was asked, from 0.
    - `version`: the turn of the version that chose it; None if the run did not record that it chose it.
    - `calls`: how many questions had been asked when that version chose.
    - `score`: how much worth asking for the item looked to that version; None if nothing was scored.
    - `cost`: of the answer, in whatever the oracle charges.
    - `seconds`: how long the answer took [s].
    - `time`: when it was written down [s since 1970]; None if it is still open.
    - `stands`: whether no later answer of the same annotator to the same item took its place.
    """

    number: int
    item: str
    answer: Any
    status: str
    annotator: int
    version: int | None
    calls: int | None
    score: float | None
    cost: float
    seconds: float
    time: float | None
    stands: bool


def asked(
    records: Records, tasks: Sequence[TaskRow], journal: Sequence[EventRow], *, scored: bool = True
) -> tuple[Asked, ...]:
    """Every question of a run in the order of the answers, then those that are open.

    **Arguments:**

    - `records`: of the run: an item recorded with one of them was chosen by the version of the one before.
    - `tasks`: the items that the explorer recorded when it asked for them.
    - `journal`: its entries of the kind `answer`.
    - `scored`: whether the explorer scores items; else what it recorded as a score says nothing.
    """
    chosen = {task.spec: task for task in tasks}
    before = {0: (0, 0)}  # for the turn of each record: turn and calls of the one before
    for turn, *earlier in zip(records.turn, (0, *records.turn[:-1]), (0, *records.calls[:-1])):
        before[int(turn)] = (int(earlier[0]), int(earlier[1]))
    last = {(row.data["item"], row.data["annotator"]): place for place, row in enumerate(journal)}

    def why(item: str) -> tuple[int | None, int | None, float | None]:
        task = chosen.get(item)
        if task is None:
            return None, None, None
        version, calls = before.get(task.turn, (None, None))
        return version, calls, task.score if scored else None

    found = []
    for place, row in enumerate(journal):
        said = row.data
        stands = last[said["item"], said["annotator"]] == place
        about = (said["item"], said["value"], said["status"], int(said["annotator"]))
        spent = (float(said["cost"]), float(said["seconds"]), float(row.time))
        found.append(Asked(place + 1, *about, *why(said["item"]), *spent, stands))
    told = {row.data["item"] for row in journal}
    for task in tasks:
        if task.spec not in told:
            found.append(Asked(len(found) + 1, task.spec, None, "waiting", 0, *why(task.spec), 0.0, 0.0, None, True))
    return tuple(found)


def contradictions(questions: Sequence[Asked], items: Items) -> tuple[Contradiction, ...]:
    """Answers to equal inputs that differ: nothing is decided here, they are named to be asked again.

    **Arguments:**

    - `questions`: of the run.
    - `items`: of its pool; items whose features are equal are one input.
    """
    known = [(q, place) for q in questions if q.status == "answered" and (place := items.place(q.item)) is not None]
    if not known:
        return ()
    places = np.array(list(dict.fromkeys(place for _, place in known)), np.int64)
    inputs = items.inputs[places].astype(np.float64)
    if not np.isfinite(inputs).all():
        return ()
    group = dict(zip((items.ids[place] for place in places), near_duplicates(inputs).tolist()))
    said = [Answer(q.item, _hashable(q.answer), f"annotator {q.annotator}", q.time or 0.0) for q, _ in known]
    return resolve(said, AskAgain(), same=group).contradictions


def _hashable(label: Any) -> Any:
    return tuple(label) if isinstance(label, list) else label
