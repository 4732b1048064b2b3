"""A task or an item as people see it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8


class Seen(NamedTuple):
    """A task as people see it.

    **Arguments:**

    - `pixels`: its picture; None if its space cannot draw.
    - `description`: one line.
    """

    pixels: UInt8[np.ndarray, "height width 3"] | None
    description: str
