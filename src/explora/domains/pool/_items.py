"""What a user's data has become: items with numbers for a model, labels, and rows to show to people."""

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ._table import Table

if TYPE_CHECKING:
    from ._features import Featuriser


@dataclasses.dataclass(frozen=True, eq=False)
class Items:
    """The items of a pool, one a row.

    **Arguments:**

    - `inputs`: what a model sees of each item.
    - `labels`: what is known of each as the user wrote it (a string, a number, a list …); None where nothing is.
    - `ids`: what each item is called, no two alike.
    - `groups`: which items belong together (the pictures of one patient, say) and never part; None if all are apart.
    - `table`: the rows as the user wrote them, for people and for exports.
    - `featuriser`: what made `inputs` of `table`, and can make those of new rows.
    - `fingerprint`: SHA-256 of the content, so that a resumed run notices that its data changed.
    """

    inputs: Float[np.ndarray, "items features"]
    labels: list[Any]
    ids: list[str]
    groups: list[str] | None
    table: Table
    featuriser: "Featuriser"
    fingerprint: str

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What each column of `inputs` is."""
        return self.featuriser.names

    @property
    def labelled(self) -> np.ndarray:
        """The places of the items with a label."""
        return np.flatnonzero([label is not None for label in self.labels])

    def take(self, index: np.ndarray) -> "Items":
        """Some of the items, in the order of their places."""
        places = np.asarray(index, np.int64)
        chosen = lambda column: [column[place] for place in places.tolist()]
        return dataclasses.replace(
            self,
            inputs=self.inputs[places],
            labels=chosen(self.labels),
            ids=chosen(self.ids),
            groups=None if self.groups is None else chosen(self.groups),
            table=self.table.take(places),
        )

    def place(self, id: str) -> int | None:
        """The place of the item of that id, or None if there is none."""
        return self._places.get(id)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {id: place for place, id in enumerate(self.ids)}

    def row(self, index: int) -> dict[str, Any]:
        """One item as the user wrote it."""
        return self.table.row(index)
