"""Tables as text, a line a row."""

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int64

from explora.core import TaskError

from .._required import polars
from .._table import Table
from ._files import check_text, content_of, line_of

_SEPARATORS = (",", ";", "\t", "|")
_WIDEST = 20_000  # columns
_LOOKED_AT = 100_000  # bytes, to find out whether 1,5 or 1.5 is a number
_COMMAS, _POINTS = (re.compile(rb"(?<![\d.,])\d+" + mark + rb"\d+(?![\d.,])") for mark in (rb",", rb"\."))
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13


class _Records(NamedTuple):
    """Where the records of a table begin and end [bytes], and how many fields each has."""

    start: Int64[np.ndarray, " records"]
    end: Int64[np.ndarray, " records"]
    fields: Int64[np.ndarray, " records"]
    blank: Bool[np.ndarray, " records"]


def read_csv(path: Path) -> tuple[Table, bytes]:
    """A table and the content of its file. The separator (comma, semicolon, tab, bar) is found in the first line.

    **Raises:** `TaskError`, one line that names file, line and cure; `MissingExtra` without Polars.
    """
    raw = content_of(path)
    content = check_text(path, raw)
    if b"\n" not in content and b"\r" in content:
        content = content.replace(b"\r", b"\n")  # as old programs end their lines
    separator = _separator(content)
    records = _records(path, content, separator)
    names = _header(path, content, records, separator)
    _refuse_ragged(path, content, records)
    if records.blank.any():
        content = b"\n".join(content[a:b] for a, b in zip(records.start[~records.blank], records.end[~records.blank]))
    rows = int((~records.blank).sum()) - 1
    if rows < 1:
        raise TaskError(f"{path} has a line of column names and no rows; give a file with data")
    frame = _parse(path, content, separator)
    if frame.height != rows:
        line = _odd_quotes(content)
        raise TaskError(f"{path}, line {line}: a quotation mark inside a field; double it, and quote the field")
    frame.columns = names
    return Table(frame, str(path), path.parent), raw


def _parse(path: Path, content: bytes, separator: str) -> Any:
    pl = polars()
    error: Exception | None = None
    comma = separator != "," and len(_COMMAS.findall(content[:_LOOKED_AT])) > len(_POINTS.findall(content[:_LOOKED_AT]))
    # The kinds of the columns are guessed from the first rows; if a later one disagrees, from all of them.
    for guess in ({"infer_schema_length": 10_000}, {"infer_schema_length": None}, {"infer_schema": False}):
        try:
            return pl.read_csv(content, separator=separator, decimal_comma=comma, **guess)
        except (pl.exceptions.PolarsError, ValueError) as reason:
            error = reason
    if content.count(b'"'):
        line = _odd_quotes(content)
        raise TaskError(f"{path}, line {line}: a quotation mark inside a field; double it, and quote the field")
    reason = str(error).splitlines()[0][:100]
    raise TaskError(f"{path} cannot be read as a table ({reason}); save it as CSV in UTF-8") from error


def _separator(content: bytes) -> str:
    """What occurs most often in the first line, outside quotation marks."""
    first = content.lstrip().partition(b"\n")[0].decode("utf-8")
    outside = "".join(first.split('"')[::2])
    return max(_SEPARATORS, key=outside.count)


def _records(path: Path, content: bytes, separator: str) -> _Records:
    byte = np.frombuffer(content, np.uint8)
    ends, separators = byte == _NEWLINE, byte == ord(separator)
    quote = byte == _QUOTE
    if quote.any():
        # A byte is inside if the number of quotation marks before it is odd; a doubled one changes nothing.
        inside = (np.cumsum(quote, dtype=np.uint8) & 1).astype(bool)
        if inside[-1]:
            opened = int(np.flatnonzero(quote)[-1])
            raise TaskError(
                f"{path}, line {min(line_of(content, opened), _odd_quotes(content))}: a quotation mark that is never "
                "closed; close it, or double it and quote the field"
            )
        ends, separators = ends & ~inside, separators & ~inside
    end = np.flatnonzero(ends)
    if len(end) == 0 or end[-1] != len(byte) - 1:
        end = np.append(end, len(byte))
    start = np.concatenate([[0], end[:-1] + 1])
    before = np.searchsorted(np.flatnonzero(separators), np.append(start, len(byte)))
    inner = end - ((end > start) & (byte[np.maximum(end - 1, 0)] == _RETURN))
    return _Records(start, end, np.diff(before) + 1, inner == start)


def _header(path: Path, content: bytes, records: _Records, separator: str) -> list[str]:
    first = _first(records)
    place = f"{path}, line {line_of(content, int(records.start[first]))}"
    if records.fields[first] > _WIDEST:
        raise TaskError(
            f"{place}: {records.fields[first]:,} columns; at most {_WIDEST:,} are read; put wide data into "
            "one column of lists (JSON lines, Parquet), or use `from_arrays`"
        )
    text = content[records.start[first] : records.end[first]].decode("utf-8")
    try:
        fields = next(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise TaskError(f"{place}: no column names ({error}); write them, separated by commas") from None
    names = [name.strip() or f"column {i + 1}" for i, name in enumerate(fields)]
    odd = next((name for name in names if not name.isprintable()), None)
    if odd is not None:
        raise TaskError(f"{place}: a column name with characters that cannot be printed; rename the column")
    twice, often = Counter(names).most_common(1)[0]
    if often > 1:
        raise TaskError(f"{place}: two columns are called {twice[:60]!r}; rename one of them")
    if all(_is_number(name) for name in names):
        raise TaskError(f"{place}: numbers where the names of the columns must be; put a line of names first")
    return names


def _first(records: _Records) -> int:
    """The record of the column names: the first that is not blank."""
    return int(np.argmin(records.blank))


def _refuse_ragged(path: Path, content: bytes, records: _Records) -> None:
    wanted = records.fields[_first(records)]
    wrong = np.flatnonzero((records.fields != wanted) & ~records.blank)
    if len(wrong):
        first = int(wrong[0])
        line, found = line_of(content, int(records.start[first])), int(records.fields[first])
        fields = f"{found} {'field' if found == 1 else 'fields'}"
        more = f" (as in {len(wrong) - 1:,} further rows)" if len(wrong) > 1 else ""
        raise TaskError(
            f"{path}, line {line}: {fields} where the first line has {wanted}{more}; "
            "complete the row, or quote a field that holds the separator"
        )


def _odd_quotes(content: bytes) -> int:
    """The first line with an odd number of quotation marks; else the first with any."""
    lines = content.split(b"\n")
    odd = [number for number, line in enumerate(lines, 1) if line.count(b'"') % 2]
    if odd:
        return odd[0]
    return next((number for number, line in enumerate(lines, 1) if b'"' in line), 1)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
