"""From a table to items: which column is the label, which the name, and which are learned from."""

import dataclasses
from typing import Any

from explora.core import ArgumentError, TaskError

from .._features import Featuriser, featurise
from .._items import Items
from .._table import Table, missing

_NAMES = ("id", "_id", "uuid", "guid")


@dataclasses.dataclass(frozen=True)
class Roles:
    """What the columns of a table are for.

    **Arguments:** as `Source`.
    """

    target: str | None = None
    id: str | None = None
    group: str | None = None
    text: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    dtype: str = "float32"
    pair: tuple[str, str] | None = None


def assemble(table: Table, roles: Roles, fingerprint: str, featuriser: Featuriser | None = None) -> Items:
    """The items of a table.

    **Arguments:**

    - `table`: the rows.
    - `roles`: what its columns are for.
    - `fingerprint`: of the content.
    - `featuriser`: one that was fitted to other rows; None fits one to these. With one, the columns of the target, of
      names and of groups may be absent.

    **Raises:** `ArgumentError` for a column that does not exist; `TaskError` for names that occur twice.
    """
    for role, names in (("text", roles.text), ("image", roles.image), ("ignore", roles.ignore)):
        if role != "ignore" and roles.pair is not None:
            continue  # what the two things have in common is no column of the table
        for name in names if featuriser is None else ():
            table.require(name, role)
    if featuriser is not None:
        present = lambda name: name if name in table.names else None
        roles = dataclasses.replace(
            roles, target=present(roles.target), id=present(roles.id), group=present(roles.group)
        )
    labels: list[Any] = [None] * table.rows
    if roles.target is not None:
        table.require(roles.target, "target")
        labels = [_label(value) for value in table.values(roles.target)]
    named, ids = _ids(table, roles.id)
    groups = None
    if roles.group is not None:
        table.require(roles.group, "group")
        # Who belongs to nobody is a group of one.
        groups = [f"row {i}" if value is None else str(value) for i, value in enumerate(table.values(roles.group))]
    if featuriser is None:
        taken = {roles.target, named, roles.group, *roles.ignore}
        columns = [name for name in table.names if name not in taken]
        featuriser, inputs = featurise(
            table, columns, text=roles.text, image=roles.image, dtype=roles.dtype, pair=roles.pair
        )
    else:
        inputs = featuriser(table)
    return Items(inputs, labels, ids, groups, table, featuriser, fingerprint)


def _label(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple):
        return [item.strip() if isinstance(item, str) else item for item in value if not missing(item)]
    return value


def _ids(table: Table, column: str | None) -> tuple[str | None, list[str]]:
    """The column of names, and the names; a column called `id` is taken if it can be."""
    if column is None:
        for name in table.names:
            if name.lower() in _NAMES:
                values = table.values(name)
                if None not in values and len(set(map(str, values))) == len(values):
                    return name, [str(value) for value in values]
        return None, [str(place) for place in range(table.rows)]
    table.require(column, "id")
    seen: dict[str, int] = {}
    for place, value in enumerate(table.values(column)):
        if value is None:
            raise TaskError(
                f"{table.source}, row {place + 1}, column {column!r}: no name; fill it in, or choose another"
            )
        if str(value) in seen:
            raise TaskError(
                f"{table.source}, row {place + 1}, column {column!r}: {str(value)[:60]!r} is also the name of row "
                f"{seen[str(value)] + 1}; give each row a name of its own, or leave `id` out to number the rows"
            )
        seen[str(value)] = place
    return column, list(seen)


def check_dtype(dtype: str) -> None:
    """**Raises:** `ArgumentError` for a type that features cannot have."""
    if dtype not in ("float32", "float64"):
        raise ArgumentError(f"`dtype` must be 'float32' or 'float64', got {dtype!r}")
