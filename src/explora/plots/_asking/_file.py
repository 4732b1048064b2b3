"""The questions of a run as a file that other programs read, each answer with where it came from."""

import csv
import datetime
import io
import json
from collections.abc import Sequence
from typing import Any, Literal, get_args

from explora.core import ArgumentError, MissingExtra, suggest
from explora.domains.pool import Items

from ._facts_asked import Asked

AskedFormat = Literal["jsonl", "csv", "parquet"]
"""What `asked_file` writes."""


def asked_rows(questions: Sequence[Asked], items: Items | None) -> list[dict[str, Any]]:
    """Every question as JSON: the fields of `Asked`, `time` in ISO 8601, and `row`, the item as it was read.

    **Arguments:**

    - `questions`: of the run.
    - `items`: of its pool; None: there is no `row`.
    """
    rows = []
    for question in questions:
        row = question._asdict()
        if question.time is not None:
            row["time"] = datetime.datetime.fromtimestamp(question.time, datetime.UTC).isoformat()
        place = None if items is None else items.place(question.item)
        if items is not None and place is not None:
            row["row"] = {name: _plain(value) for name, value in items.row(place).items()}
        rows.append(row)
    return rows


def asked_file(questions: Sequence[Asked], items: Items | None, format: str = "jsonl") -> bytes:
    """Every question with its answer and where it came from, as a file.

    **Arguments:**

    - `questions`: of the run.
    - `items`: of its pool; None: without the items as they were read.
    - `format`: `jsonl`, one object a line; `csv` or `parquet`, in which the item's own columns are called `row.NAME`,
      and answers that are lists are JSON.

    **Raises:** `ArgumentError` for another format; `MissingExtra` for Parquet without the extra `pool`.
    """
    return table_file(asked_rows(questions, items), Asked._fields, format)


def table_file(rows: Sequence[dict[str, Any]], names: Sequence[str], format: str = "jsonl") -> bytes:
    """Rows of JSON as a file.

    **Arguments:**

    - `rows`: one object each; `row` may hold an item as it was read.
    - `names`: the columns that come first, also if no row has them.
    - `format`: as for `asked_file`.

    **Raises:** as `asked_file`.
    """
    known = get_args(AskedFormat)
    if format not in known:
        raise ArgumentError(f"`format` must be one of {', '.join(known)}, got {format!r}{suggest(format, known)}")
    if format == "jsonl":
        return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys([*names, *(name for row in flat for name in row)]))
    return _csv(names, flat) if format == "csv" else _parquet(names, flat)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    own = {f"row.{name}": value for name, value in row.get("row", {}).items()}
    flat = {name: value for name, value in row.items() if name != "row"} | own
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
        for name, value in flat.items()
    }


def _csv(names: list[str], rows: list[dict[str, Any]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def _parquet(names: list[str], rows: list[dict[str, Any]]) -> bytes:
    try:
        import polars
    except ImportError as error:
        raise MissingExtra("polars", "pool") from error
    columns = {name: _alike([row.get(name) for row in rows]) for name in names}
    file = io.BytesIO()
    polars.DataFrame(columns, strict=False).write_parquet(file)
    return file.getvalue()


def _alike(column: list[Any]) -> list[Any]:
    """A column of one type: as it is, or as texts where types are mixed."""
    kinds = {type(value) for value in column if value is not None}
    if len(kinds) <= 1 or kinds == {int, float}:
        return column
    return [None if value is None else str(value) for value in column]


def _plain(value: Any) -> Any:
    """A value of a table as JSON knows it; dates and the like as text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and value != value:
        return None
    return value if value is None or isinstance(value, str | int | float | bool | list) else str(value)
