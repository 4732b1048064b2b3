"""A file of labels: which item has which."""

from pathlib import Path
from typing import Any

from explora.core import TaskError
from explora.domains.pool import Source


def read_labels(path: str) -> dict[str, Any]:
    """The labels in a table with the columns `id` and `label`; an item that occurs twice has the later one.

    **Raises:** `TaskError` in one line that names the file and the cure.
    """
    table = Source(path).table()
    missing = [name for name in ("id", "label") if name not in table.names]
    if missing:
        raise TaskError(
            f"{Path(path)} has no column {' and no column '.join(map(repr, missing))} but {', '.join(table.names)}: "
            "name the columns `id` and `label`"
        )
    pairs = zip(table.values("id"), table.values("label"), strict=True)
    return {str(id): label for id, label in pairs if label is not None}
