"""All comparisons as a file: what was said, by whom, and of what exactly."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from explora.plots import table_file

from ._book import Pair, Said

MEDIA = {"jsonl": "application/jsonl", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_SIDE = ("task", "spec", "turn", "seed", "greedy")
FIELDS = (
    *("what", "said", "who", "name", "time", "seconds", "stands"),
    *(f"{side}_{name}" for side in ("left", "right") for name in _SIDE),
    *("gain", "pair", "uuid", "event"),
)
"""The columns of an export of comparisons."""


def judgements_rows(
    said: Iterable[tuple[Said, Pair, tuple[Any, Any], bool]], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Every judgement as a row, oldest first, also those that were taken back.

    **Arguments:**

    - `said`: from `Panel.said`.
    - `names`: of people, by id.

    **Returns:** one object a row with the fields `FIELDS`. Of an episode, the task, the turn of the version, the seed
    and whether it was greedy make the same episode again (`POST /api/play`); of a task the last three are None.
    """
    rows = []
    for each, pair, specs, stands in said:
        plays: tuple[Any, Any] = pair.plays or (None, None)
        sides: dict[str, Any] = {}
        for side, task, spec, play in zip(("left", "right"), (pair.left, pair.right), specs, plays, strict=True):
            own = dict.fromkeys(_SIDE) | {"task": task, "spec": spec} | ({} if play is None else play._asdict())
            sides |= {f"{side}_{name}": value for name, value in own.items()}
        rows.append(
            {
                "what": pair.what,
                "said": each.said,
                "who": each.person,
                "name": names.get(each.person),
                "time": datetime.datetime.fromtimestamp(each.time, datetime.UTC).isoformat(),
                "seconds": each.seconds,
                "stands": stands,
                **sides,
                "gain": pair.gain,
                "pair": pair.uuid,
                "uuid": each.uuid,
                "event": each.act,
            }
        )
    return rows


def judgements_file(rows: list[dict[str, Any]], format: str) -> bytes:
    """An export as a file.

    **Arguments:**

    - `rows`: from `judgements_rows`.
    - `format`: `jsonl`, `csv` or `parquet`.
    """
    return table_file(rows, FIELDS, format)
