"""Which labels are there and which are missing."""

from typing import Any

import numpy as np
from jaxtyping import Bool


def given_labels(y: np.ndarray, missing: Any) -> Bool[np.ndarray, " rows"]:
    """Where there is a label.

    **Arguments:**

    - `y`: one entry a row.
    - `missing`: what stands for no label besides None, not-a-number and what equals not even itself; None: nothing.
    """
    if y.dtype.kind == "f":
        there = ~np.isnan(y)
    elif y.dtype.kind == "O":
        there = np.array([not _nothing(label) for label in y], bool)
    else:
        there = np.ones(len(y), bool)
    if missing is not None:
        there &= np.array([label != missing for label in y], bool) if y.dtype.kind == "O" else y != missing
    return there


def plain(labels: np.ndarray) -> np.ndarray:
    """Labels without the missing ones, as numbers or words if they are: an array of objects holds anything."""
    return np.array(labels.tolist()) if labels.dtype.kind == "O" else labels


def _nothing(label: Any) -> bool:
    # pandas' NA refuses to say whether it equals itself, and stands for nothing just as well.
    return label is None or type(label).__name__ in ("NAType", "NaTType") or bool(label != label)
