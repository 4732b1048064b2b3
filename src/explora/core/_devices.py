"""Spreading lanes over the devices of a machine."""

from typing import Any

import jax
from jax.sharding import PartitionSpec

LANES = "lanes"
"""The name of the mesh axis over which an engine spreads lanes."""


def spread(tree: Any, axis: int = 0) -> Any:
    """Asks for the lanes of every array to lie on different devices; nothing changes where there is only one.

    **Arguments:**

    - `tree`: arrays with lanes along `axis`.
    - `axis`: which axis that is.

    **Returns:** the same values. Where an engine has set no mesh with an axis of the name `LANES`, the same arrays.
    """
    mesh = jax.sharding.get_abstract_mesh()
    if mesh.empty or LANES not in mesh.axis_names:
        return tree
    where = PartitionSpec(*(None,) * axis, LANES)
    devices = mesh.shape[LANES]

    def place(x: Any) -> Any:
        if x.shape[axis] % devices:
            return x  # too few, or not evenly many: they stay where they are
        return jax.lax.with_sharding_constraint(x, where)

    return jax.tree.map(place, tree)
