"""Data sets that come with a package."""

from typing import Any

import numpy as np

from explora.core import UnknownName

from .._made import made_set
from .._required import sklearn_datasets
from .._table import Table

_SKLEARN = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def read_sklearn(name: str) -> Table:
    """A data set that ships with scikit-learn: its features, and `target`, classes by name.

    **Raises:** `UnknownName` for one that does not ship; `MissingExtra` without scikit-learn.
    """
    if name not in _SKLEARN:
        raise UnknownName("data set of scikit-learn", name, _SKLEARN)
    found: Any = getattr(sklearn_datasets(), f"load_{name}")()
    names = [str(name) for name in found.feature_names]
    target = found.target
    if "target_names" in found:
        target = [x.item() if isinstance(x, np.generic) else x for x in np.asarray(found.target_names)[target]]
    columns = {name: found.data[:, i] for i, name in enumerate(names)}
    return Table(columns | {"target": target}, f"sklearn:{name}")


def read_made(name: str, seed: int) -> Table:
    """A generated data set: its features, `label`, and the column of its groups if it has any.

    **Raises:** `UnknownName` if there is none of that name.
    """
    return Table(made_set(name).make(seed).columns, f"made:{name}")
