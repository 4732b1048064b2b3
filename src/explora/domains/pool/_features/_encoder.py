"""What all encoders are."""

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from .._table import Column

Block = Float[np.ndarray, "rows width"]


@dataclasses.dataclass(frozen=True, eq=False)
class Encoder:
    """Turns one column into a block of numbers.

    A column is prepared once, and both `fit` and `encode` take what that made of it: hashing texts and opening images
    is most of the work.

    **Arguments:**

    - `name`: of the column.
    """

    kind: ClassVar[str]
    name: str

    @staticmethod
    def prepare(column: Column, base: Path | None) -> Any:
        """All that can be computed without having seen other data; relative paths start at `base`."""
        raise NotImplementedError

    @classmethod
    def fit(cls, name: str, prepared: Any) -> "Encoder | None":
        """The encoder of a column; None if the column never varies."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns of the block are called."""
        raise NotImplementedError

    def encode(self, prepared: Any) -> Block:
        """The block of a column, of `len(names)` columns."""
        raise NotImplementedError

    def freeze(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """All fields, arrays apart from what JSON can hold."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
        return arrays, {"kind": self.kind} | {name: value for name, value in fields.items() if name not in arrays}

    @classmethod
    def thaw(cls, arrays: dict[str, np.ndarray], json: dict[str, Any]) -> "Encoder":
        """The encoder that was frozen."""
        plain = {name: tuple(x) if isinstance(x, list) else x for name, x in json.items() if name != "kind"}
        fields: dict[str, Any] = plain | arrays
        return cls(**fields)
