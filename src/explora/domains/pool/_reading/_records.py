"""Tables as JSON lines and as Parquet files."""

import io
import json
from pathlib import Path

from explora.core import TaskError

from .._required import polars
from .._table import Table
from ._files import check_text, content_of


def read_jsonl(path: Path) -> tuple[Table, bytes]:
    """A table with an object a line, and the content of its file. Objects may lack fields: those are missing.

    **Raises:** `TaskError`, one line that names file, line and cure; `MissingExtra` without Polars.
    """
    raw = content_of(path)
    content = check_text(path, raw)
    pl = polars()
    try:
        frame = pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _from_objects(path, content), raw  # more patient, and able to say which line is wrong
    if not frame.width or not frame.height:
        return _from_objects(path, content), raw
    return Table(frame, str(path), path.parent), raw


def _from_objects(path: Path, content: bytes) -> Table:
    objects = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep"
            raise TaskError(f"{path}, line {number}: not JSON ({reason}); write one object a line") from None
        if not isinstance(read, dict):
            raise TaskError(f'{path}, line {number}: not an object; write a line as {{"text": …, "label": …}}')
        objects.append(read)
    names = list(dict.fromkeys(name for one in objects for name in one))
    if not names:
        raise TaskError(f'{path} holds objects without fields; write a line as {{"text": …, "label": …}}')
    return Table({name: [one.get(name) for one in objects] for name in names}, str(path), path.parent)


def read_parquet(path: Path) -> tuple[Table, bytes]:
    """A table and the content of its file.

    **Raises:** `TaskError`, one line that names file and cure; `MissingExtra` without Polars.
    """
    raw = content_of(path)
    pl = polars()
    try:
        frame = pl.read_parquet(io.BytesIO(raw))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).splitlines()[0][:100]
        raise TaskError(f"{path} is not a Parquet file ({reason}); write it anew, or give a CSV file") from error
    if not frame.height:
        raise TaskError(f"{path} has columns and no rows; give a file with data")
    return Table(frame, str(path), path.parent), raw
