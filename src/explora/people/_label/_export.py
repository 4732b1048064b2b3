"""All that was said, as a file: every answer with what people say together, and where it came from."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from explora.plots import asked, table_file
from explora.store import GOLD, Database, Word

from ._consensus import likely, together
from ._gold import same
from ._oversight import Oversight

FIELDS = (
    *("item", "kind", "value", "who", "name", "time", "seconds", "cost", "stands", "gold", "right"),
    *("consensus", "rule", "likely", "likely_quality", "version", "calls", "score", "used", "uuid", "event"),
)
"""The columns of an export, before those of the item itself."""


def answers(
    oversight: Oversight, database: Database, names: Mapping[str, str], *, scored: bool = True
) -> list[dict[str, Any]]:
    """Everything that was said, oldest first, then what nobody has said anything of yet (of the kind `waiting`).

    **Arguments:**

    - `oversight`: of the questions.
    - `database`: of the run that asks them.
    - `names`: of people, by id.
    - `scored`: whether the explorer scores items.

    **Returns:** one object a row with the fields `FIELDS`, and `row`, the item as it was shown.
    """
    review = oversight.review
    said = list(review.said())
    items = list(dict.fromkeys([*(row.item for row in said), *review.items()]))
    words, shown = review.words_of(items), review.shown(items)
    about = {item: _about(words[item], oversight) for item in items}
    opinions = likely(words)
    asking = _asking(database, scored)
    tolerance = oversight.gold_rule.tolerance

    def row(item: str, **own: Any) -> dict[str, Any]:
        opinion, known = opinions.get(item), next((w for w in words[item] if w.annotator == GOLD), None)
        fields = dict.fromkeys(FIELDS) | {"item": item, "gold": known is not None} | about[item]
        if opinion is not None:
            fields |= {"likely": opinion.value, "likely_quality": round(opinion.quality, 6)}
        fields |= asking.get(item, {}) | own
        if known is not None and fields["kind"] in ("answered", "surplus"):
            fields["right"] = same(fields["value"], known.value, tolerance)
        return fields | {"row": shown.get(item)}

    rows = [
        row(
            each.item,
            kind=each.kind,
            value=each.value,
            who=each.annotator,
            name=names.get(each.annotator),
            time=datetime.datetime.fromtimestamp(each.time, datetime.UTC).isoformat(),
            seconds=each.seconds,
            cost=each.cost,
            stands=each.stands,
            uuid=each.uuid,
            event=each.event,
        )
        for each in said
    ]
    told = {each.item for each in said}
    return rows + [row(item, kind="waiting", stands=True) for item in items if item not in told]


def answers_file(rows: Sequence[dict[str, Any]], format: str) -> bytes:
    """An export as a file.

    **Arguments:**

    - `rows`: from `answers`.
    - `format`: `jsonl`, `csv` or `parquet`.
    """
    return table_file([_rowed(row) for row in rows], FIELDS, format)


def _rowed(row: dict[str, Any]) -> dict[str, Any]:
    """The item's own columns, also where what is shown of it is no row."""
    shown = row["row"]
    return row | {"row": shown if isinstance(shown, dict) else {} if shown is None else {"shown": shown}}


def _about(words: Sequence[Word], oversight: Oversight) -> dict[str, Any]:
    found = together(words, oversight.rule)
    return {"consensus": found.value, "rule": found.rule}


def _asking(database: Database, scored: bool) -> dict[str, dict[str, Any]]:
    """For each item: the version that chose it, how many answers there were then, its score, and when it was used."""
    journal = database.journal("answer")
    tasks = [task for task in database.tasks() if isinstance(task.spec, str)]  # an item is recorded by its id
    questions = asked(database.records(), tasks, journal, scored=scored)
    found = {q.item: {"version": q.version, "calls": q.calls, "score": q.score} for q in questions}
    for entry in journal:
        found[entry.data["item"]]["used"] = entry.turn
    return found
