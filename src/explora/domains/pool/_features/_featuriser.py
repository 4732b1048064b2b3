"""All columns of a table to one matrix."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float

from explora.core import ArgumentError, suggest

from .._table import Table
from ._categories import Categories
from ._embeddings import Embeddings
from ._encoder import Encoder
from ._images import Images
from ._kinds import kind_of
from ._numbers import Dates, Numbers
from ._pairs import stacked
from ._text import Texts

_ENCODERS: dict[str, type[Encoder]] = {
    encoder.kind: encoder for encoder in (Numbers, Dates, Categories, Texts, Images, Embeddings)
}
_FORMAT = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Featuriser:
    """Turns the rows of a table into numbers, always in the same way.

    **Arguments:**

    - `encoders`: one a column that says something.
    - `dropped`: the other columns, and why each was left out.
    - `dtype`: `"float32"` or `"float64"`.
    - `pair`: what the two things of a row are called, where each row holds two. The features are then those of the
      first less those of the second; where the two change places, they are negated.
    """

    encoders: tuple[Encoder, ...]
    dropped: dict[str, str]
    dtype: str = "float32"
    pair: tuple[str, str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What each feature is called."""
        return tuple(name for encoder in self.encoders for name in encoder.names)

    def __call__(self, table: Table) -> Float[np.ndarray, "rows features"]:
        """The features of rows that may be new.

        **Arguments:**

        - `table`: rows with the columns that the featuriser was fitted to; others are not looked at.

        **Raises:** `ArgumentError` if one of them is not there; `TaskError` for an image that cannot be opened.
        """
        if self.pair is None:
            return self._each(table)
        return _difference(self._each(stacked(table, self.pair)))

    def _each(self, table: Table) -> Float[np.ndarray, "rows features"]:
        for encoder in self.encoders:
            if encoder.name not in table.names:
                raise ArgumentError(
                    f"{table.source} lacks the column {encoder.name!r}, which the model was made with"
                    f"{suggest(encoder.name, table.names)}"
                )
        out = np.empty((table.rows, len(self.names)), self.dtype)
        begin = 0
        for encoder in self.encoders:
            end = begin + len(encoder.names)
            out[:, begin:end] = encoder.encode(encoder.prepare(table.column(encoder.name), table.base))
            begin = end
        return out

    def freeze(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Arrays by name, and the rest as what JSON can hold; `thaw` makes an equal featuriser of them."""
        arrays, parts = {}, []
        for place, encoder in enumerate(self.encoders):
            own, json = encoder.freeze()
            arrays |= {f"{place}.{name}": array for name, array in own.items()}
            parts.append(json)
        json = {"format": _FORMAT, "dtype": self.dtype, "dropped": self.dropped, "encoders": parts, "pair": self.pair}
        return arrays, json

    @classmethod
    def thaw(cls, arrays: dict[str, np.ndarray], json: dict[str, Any]) -> "Featuriser":
        """The featuriser that was frozen.

        **Raises:** `ArgumentError` for what `freeze` did not write.
        """
        if json.get("format") != _FORMAT:
            raise ArgumentError(
                f"`json` must be of format {_FORMAT}, as `freeze` writes it, got {json.get('format')!r}: "
                "use the version of explora that wrote it"
            )
        encoders = []
        for place, part in enumerate(json["encoders"]):
            if part["kind"] not in _ENCODERS:
                raise ArgumentError(f"`json` has an unknown encoder {part['kind']!r}{suggest(part['kind'], _ENCODERS)}")
            own = {name.partition(".")[2]: x for name, x in arrays.items() if name.partition(".")[0] == str(place)}
            encoders.append(_ENCODERS[part["kind"]].thaw(own, part))
        first, second = json.get("pair") or (None, None)
        pair = None if first is None or second is None else (str(first), str(second))
        return cls(tuple(encoders), dict(json["dropped"]), json["dtype"], pair)


def featurise(
    table: Table,
    columns: Iterable[str],
    *,
    text: Iterable[str] = (),
    image: Iterable[str] = (),
    dtype: str = "float32",
    pair: tuple[str, str] | None = None,
) -> tuple[Featuriser, Float[np.ndarray, "rows features"]]:
    """Fits a featuriser to a table, and applies it.

    **Arguments:**

    - `table`: the rows.
    - `columns`: those that are looked at; of rows of two things all that belong to them.
    - `text`, `image`: those of them that hold texts and images for certain; the others are judged by what they hold.
    - `dtype`: of the features.
    - `pair`: what the two things of a row are called, see `Featuriser`; None: a row is one thing.

    **Returns:** the featuriser, and the features of the table's rows.

    **Raises:** `ArgumentError` if no column says anything; `TaskError` for an image that cannot be opened.
    """
    if pair is not None:
        table = stacked(table, pair)
        columns = table.names
    text, image = frozenset(text), frozenset(image)
    encoders: list[Encoder] = []
    blocks: list[np.ndarray] = []
    dropped: dict[str, str] = {}
    for name in columns:
        column = table.column(name)
        kind = "texts" if name in text else "images" if name in image else kind_of(column)
        if kind not in _ENCODERS:
            dropped[name] = kind
            continue
        cls = _ENCODERS[kind]
        prepared = cls.prepare(column, table.base)
        encoder = cls.fit(name, prepared)
        if encoder is None:
            dropped[name] = "never varies"
        else:
            encoders.append(encoder)
            blocks.append(encoder.encode(prepared).astype(dtype, copy=False))
    if not blocks:
        raise ArgumentError(_nothing(table, dropped))
    found = np.concatenate(blocks, axis=1)
    return Featuriser(tuple(encoders), dropped, dtype, pair), found if pair is None else _difference(found)


def _difference(both: Float[np.ndarray, "twice features"]) -> Float[np.ndarray, "rows features"]:
    """The first things less the second ones."""
    return both[: len(both) // 2] - both[len(both) // 2 :]


def _nothing(table: Table, dropped: dict[str, str]) -> str:
    if not dropped:
        return f"{table.source} has no column to learn from; it needs at least one beside the target"
    reasons = ", ".join(f"{name!r} {why}" for name, why in list(dropped.items())[:3])
    more = f" and {len(dropped) - 3} more" if len(dropped) > 3 else ""
    rows = "row" if table.rows == 1 else "rows"
    return (
        f"{table.source} has no column to learn from in its {table.rows:,} {rows}: {reasons}{more}; "
        "add a column that differs between items"
    )
