"""Rows that hold two things, one of which is preferred."""

import numpy as np

from explora.core import ArgumentError, suggest

from .._table import Column, Table


def stacked(table: Table, pair: tuple[str, str]) -> Table:
    """The two things of every row, one below the other: all first ones, then all second ones.

    **Arguments:**

    - `table`: rows of two things.
    - `pair`: what the two are called. Each is a column of that name, or the columns whose names begin with it and an
      underline or a dot (`a_size`, `a_price` and `b_size`, `b_price`), with the same endings for both.

    **Returns:** a table of twice the rows; a single column is called `thing`, several are called by their endings.

    **Raises:** `ArgumentError` if there are no such columns, or one side has a column that the other has not.
    """
    columns = {}
    for ending, (first, second) in _columns(table, pair).items():
        columns[ending] = _joined(table.column(first), table.column(second))
    return Table(columns, table.source, table.base)


def _columns(table: Table, pair: tuple[str, str]) -> dict[str, tuple[str, str]]:
    """Which two columns say the same of the two things, by what they say."""
    if all(name in table.names for name in pair):
        return {"thing": pair}
    sides = [
        {name[len(side) :]: name for name in table.names if name.startswith((f"{side}_", f"{side}."))} for side in pair
    ]
    for side, own in zip(pair, sides, strict=True):
        if not own:
            raise ArgumentError(
                f"`pair` is {pair!r}, but {table.source} has neither a column {side!r} nor one whose name begins with "
                f"'{side}_' or '{side}.'{suggest(side, table.names)}"
            )
    alone = [own[ending] for own, other in (sides, sides[::-1]) for ending in own if ending not in other]
    if alone:
        raise ArgumentError(
            f"`pair` is {pair!r}, and the column {alone[0]!r} of {table.source} has no counterpart on the other side; "
            "add it, or rename the column so that it belongs to neither"
        )
    return {ending[1:]: (sides[0][ending], sides[1][ending]) for ending in sides[0]}


def _joined(first: Column, second: Column) -> Column:
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray) and first.shape[1:] == second.shape[1:]:
        return np.concatenate([first, second])
    return [*first, *second]
