"""What an example of a pool is made of, so that a person can write one or change one."""

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from explora.core import ArgumentError, UnknownName
from explora.domains.pool import Items, Pool, Table

_LONGEST = 10_000  # characters of a text
_KINDS = {"texts": "text", "numbers": "number", "dates": "date", "categories": "category"}
_PICTURE = 16  # columns that are named by the places of a grid, from which on they are a picture and no table

Values = dict[str, Any]
"""An example: what stands in each column that can be written, None where nothing does."""


class FormField(NamedTuple):
    """A column that a person can write.

    **Arguments:**

    - `name`: of the column.
    - `kind`: `text`, `number`, `category`, `date`.
    - `choices`: of a category those that the model knows; others may be written.
    """

    name: str
    kind: str
    choices: tuple[str, ...] = ()


class ExampleForm:
    """The fields of an example, and what becomes of what people write into them.

    Pictures and embeddings are shown and not edited: an example that has some takes them from an item of the pool.

    **Arguments:**

    - `pool`: of the run.

    **Raises:** `ArgumentError` for a pool whose rows hold two things, or whose labels are no classes.
    """

    def __init__(self, pool: Pool):
        self.items: Items = pool.items
        if self.items.featuriser.pair is not None or pool.target.kind != "classes":
            what = (
                "two things a row" if self.items.featuriser.pair is not None else f"labels that are {pool.target.kind}"
            )
            raise ArgumentError(f"rounds are for pools of single items whose labels are classes; this one has {what}")
        encoders = self.items.featuriser.encoders
        drawn = _is_picture([encoder.name for encoder in encoders])
        self.fixed: tuple[str, ...] = tuple(one.name for one in encoders if drawn or one.kind not in _KINDS)
        """The columns that are shown and not edited."""
        self.fields: tuple[FormField, ...] = tuple(
            FormField(one.name, _KINDS[one.kind], tuple(getattr(one, "known", ())))
            for one in encoders
            if one.name not in self.fixed
        )
        self.target = pool.target
        self._encoders: dict[str, Any] = {encoder.name: encoder for encoder in encoders}
        self._held: Items = pool.parted.held

    @property
    def classes(self) -> tuple[Any, ...]:
        """What can be right."""
        return self.target.classes

    def label(self, said: Any) -> Any:
        """A label as the run writes it: 1, 1.0 and "1" are the same.

        **Raises:** `UnknownName` for one that the run does not know.
        """
        try:
            return self.target.decode(self.target.encode([said]))[0]
        except ArgumentError:
            raise UnknownName("label", str(said), [str(one) for one in self.classes]) from None

    def read(self, said: Mapping[str, Any], origin: str | None = None) -> Values:
        """What a person wrote, checked and in the order of the fields.

        **Arguments:**

        - `said`: values by column; a column that is left out is empty.
        - `origin`: the id of the item of the pool that was changed; needed where something is shown and not edited.

        **Raises:** `ArgumentError` for columns that there are not, values of the wrong kind, or nothing at all;
        `UnknownName` for an item that there is not.
        """
        strange = next((name for name in said if name not in {field.name for field in self.fields}), None)
        if strange is not None:
            why = "is shown and not edited" if strange in self.fixed else "is no column of this pool"
            raise ArgumentError(f"{strange!r:.60} {why}; the fields are {', '.join(f.name for f in self.fields)[:400]}")
        if origin is not None and self.items.place(origin) is None:
            raise UnknownName("item of the pool", origin, self.items.ids[:1000])
        if self.fixed and origin is None:
            raise ArgumentError(f"{self.fixed[0]!r} cannot be written: start from an item of the pool")
        values = {field.name: _value(field, said.get(field.name), self._encoders[field.name]) for field in self.fields}
        if not self.fixed and all(value is None for value in values.values()):
            raise ArgumentError("the example is empty; write something")
        return values

    def address(self, values: Values, origin: str | None = None) -> str:
        """What two examples of the same content have in common: case, blanks and the way a number is written say
        nothing."""
        plain = [_plain(one, values.get(one.name), self._encoders[one.name]) for one in self.fields]
        return self._digest(plain, origin)

    def values(self, place: int) -> Values:
        """An item of the pool as an example."""
        return self._of(self.items, place)

    def inputs(self, rows: Sequence[Values], origins: Sequence[str | None]) -> Float[np.ndarray, "rows features"]:
        """What a model sees of examples.

        **Arguments:**

        - `rows`: from `read`.
        - `origins`: for each the item of which it was made.
        """
        columns: dict[str, Any] = {field.name: _column(field, rows) for field in self.fields}
        for name in self.fixed:
            places = [self.items.place(origin or "") for origin in origins]
            known = [self.items.row(place)[name] for place in places if place is not None]
            if len(known) < len(places):
                raise ArgumentError("an example names an item that the pool has not (any more)")
            numbers = all(isinstance(value, int | float) for value in known)
            columns[name] = np.array(known, np.float64) if numbers else known
        return self.items.featuriser(Table(columns, "the example", self.items.table.base))

    def look(self) -> None:
        """Gathers what each item of the pool is, which takes a while, so that nobody has to wait for it later."""
        self.held_out("")
        self.place("")

    def held_out(self, address: str) -> bool:
        """Whether an example is one of the items that a model is judged by."""
        return address in self._judged

    def place(self, address: str) -> int | None:
        """Which item of the pool an example is, unchanged; None if it is none."""
        return self._known.get(address)

    @cached_property
    def _known(self) -> dict[str, int]:
        return {address: place for place, address in enumerate(self._addresses(self.items))}

    @cached_property
    def _judged(self) -> frozenset[str]:
        return frozenset(self._addresses(self._held))

    def _addresses(self, items: Items) -> Iterator[str]:
        """What `address` gives for each item, a column at a time."""
        columns = [self._plain_column(field, items) for field in self.fields]
        for place, id in enumerate(items.ids):
            yield self._digest([column[place] for column in columns], id)

    def _plain_column(self, field: FormField, items: Items) -> list[Any]:
        encoder, values = self._encoders[field.name], items.table.values(field.name)
        if field.kind in ("text", "category"):
            return [None if value is None else _plain(field, str(value), encoder) for value in values]
        measures = encoder.prepare(items.table.column(field.name), items.table.base).tolist()
        empty = (lambda value, x: not math.isfinite(x)) if field.kind == "number" else (lambda value, x: value is None)
        return [None if empty(value, x) else repr(x + 0.0) for value, x in zip(values, measures, strict=True)]

    def _digest(self, plain: list[Any], origin: str | None) -> str:
        named = [[field.name, value] for field, value in zip(self.fields, plain, strict=True)]
        text = json.dumps([named, origin if self.fixed else None], ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _of(self, items: Items, place: int) -> Values:
        row = items.row(place)
        return {field.name: self._shown(field, row[field.name]) for field in self.fields}

    def _shown(self, field: FormField, value: Any) -> Any:
        """What stands in a table, as a person would write it."""
        if value is None:
            return None
        if field.kind == "number":
            measure = _measure(self._encoders[field.name], value)
            return measure if math.isfinite(measure) else None
        return value.isoformat() if field.kind == "date" and hasattr(value, "isoformat") else str(value)


def _is_picture(names: Sequence[str]) -> bool:
    return len(names) >= _PICTURE and all(re.fullmatch(r".*?\d+_\d+", name) for name in names)


def _plain(field: FormField, value: Any, encoder: Any) -> Any:
    if value is None or field.kind in ("text", "category"):
        return None if value is None else " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    return repr(_measure(encoder, value) + 0.0)


def _measure(encoder: Any, value: Any) -> float:
    """What an encoder makes of one number or date; NaN if it is none."""
    return float(encoder.prepare([value], None)[0])


def _value(field: FormField, said: Any, encoder: Any) -> Any:
    if said is None or (isinstance(said, str) and not said.strip()):
        return None
    if isinstance(said, list | dict) or (field.kind != "number" and not isinstance(said, str)):
        raise ArgumentError(f"{field.name!r} must be a {field.kind}, got {said!r:.60}")
    if isinstance(said, str) and len(said) > _LONGEST:
        raise ArgumentError(f"{field.name!r} must have at most {_LONGEST:,} characters, got {len(said):,}")
    if field.kind in ("number", "date"):
        measure = _measure(encoder, said)
        if not math.isfinite(measure):
            example = "a number" if field.kind == "number" else "a date such as 2026-11-21"
            raise ArgumentError(f"{field.name!r} must be {example}, got {said!r:.60}")
        return measure if field.kind == "number" else said.strip()
    return said if field.kind == "text" else said.strip()


def _column(field: FormField, rows: Sequence[Values]) -> Any:
    values = [row.get(field.name) for row in rows]
    if field.kind == "number":
        return np.array([math.nan if value is None else value for value in values], np.float64)
    return values
