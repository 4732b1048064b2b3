"""What a column holds, judged by its values."""

from typing import Any

import numpy as np

from .._table import Column, missing
from ._categories import as_text
from ._numbers import as_numbers, is_date, is_number, share_of

_LOOKED_AT = 2000  # values that are looked at closely, evenly among all
_MOSTLY = 0.9  # of the values must be numbers for a column of numbers: the others count as missing
_FEW = 20  # rows: with fewer, nothing is taken for an identifier


def kind_of(column: Column) -> str:
    """The kind of the encoder that suits a column, or else why none does."""
    if isinstance(column, np.ndarray):
        if column.ndim > 1:
            return "embeddings" if column.ndim == 2 else "images"
        if column.dtype.kind == "M":
            return "dates"
        return "only numbers the rows" if _counts_rows(column) else "numbers"
    known = [value for value in column if (value.strip() if type(value) is str else not missing(value))]
    if not known:
        return "is empty"
    some = [known[i] for i in np.unique(np.linspace(0, len(known) - 1, min(len(known), _LOOKED_AT)).astype(np.int64))]
    if all(map(_is_list_of_numbers, some)):
        return "embeddings"
    if all(map(_is_image, some)):
        return "images"
    if share_of(some, is_number) >= _MOSTLY:
        return "only numbers the rows" if _counts_rows(as_numbers(column)) else "numbers"
    if share_of(some, is_date) >= _MOSTLY:
        return "dates"
    return _kind_of_texts(known, some)


def _kind_of_texts(known: list[Any], some: list[Any]) -> str:
    texts = [as_text(value) or "" for value in some]
    words = sum(text.count(" ") + 1 for text in texts) / len(texts)
    strings = {value for value in known if type(value) is str}  # apart, since most columns hold nothing else
    others = [value for value in known if type(value) is not str]
    distinct = len({as_text(value) for value in (*strings, *others)})
    if len(known) >= _FEW and distinct == len(known) and words < 1.5 and share_of(texts, _has_digit) > 0.5:
        return "only names the rows: every value differs"
    # Sentences; or names and the like, which hardly ever occur twice, but may share parts.
    if (words >= 4 and distinct > len(known) / 20) or (distinct > 100 and distinct > len(known) / 2):
        return "texts"
    return "categories"


def _counts_rows(column: np.ndarray) -> bool:
    """Whether a column of whole numbers goes up by one in every row."""
    if len(column) < _FEW or column.dtype.kind == "b" or not np.isfinite(column[[0, -1]].astype(np.float64)).all():
        return False
    return bool(column[-1] - column[0] == len(column) - 1 and (np.diff(column) == 1).all())


def _is_list_of_numbers(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 1 and value.dtype.kind in "biuf" and value.size > 0
    kinds = (int, float, type(None))
    return isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(item, kinds) for item in value)


def _is_image(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"bytes", "path"}
    return isinstance(value, bytes) or type(value).__module__.startswith("PIL.") or getattr(value, "ndim", 0) in (2, 3)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))
