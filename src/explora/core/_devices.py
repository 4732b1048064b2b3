"""Sharing the lanes of a lesson among the devices of a machine: GPUs, or the cores of a processor as JAX devices.

Who has several devices calls what is compiled within `sharing`. There, what is a function of lanes says so with
`spread`; everything else is done by every device alike.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import equinox as eqx
import jax
from jax.sharding import AxisType, PartitionSpec

_LANES = "lanes"


@contextmanager
def sharing(devices: int | None = None) -> Iterator[Callable[[Any], Any]]:
    """Within it, compiled functions share lanes among devices. The results are the same up to floating-point rounding.

    **Arguments:**

    - `devices`: how many; None: all that JAX finds.

    **Yields:** a function that puts the arrays of a tree on all of these devices, so that a function which returns what
    it was given compiles once.
    """
    devices = jax.device_count() if devices is None else devices
    if devices == 1:
        yield lambda tree: tree
        return
    mesh = jax.make_mesh((devices,), (_LANES,), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices])
    everywhere = jax.NamedSharding(mesh, PartitionSpec())
    with jax.sharding.set_mesh(mesh):
        yield lambda tree: eqx.combine(jax.device_put(eqx.filter(tree, eqx.is_array), everywhere), tree)


@dataclasses.dataclass(frozen=True)
class Share:
    """What one of several devices knows of the others.

    **Arguments:**

    - `devices`: how many devices share the work.
    """

    devices: int

    def total(self, tree: Any) -> Any:
        """Sums over the devices, of every array."""
        return tree if self.devices == 1 else jax.lax.psum(tree, _LANES)

    def gather(self, tree: Any, axis: int = 0) -> Any:
        """The arrays of all devices, one behind the other along `axis`."""
        if self.devices == 1:
            return tree
        return jax.tree.map(lambda x: jax.lax.all_gather(x, _LANES, axis=axis, tiled=True), tree)


def spread(function: Callable[..., Any], lanes: int, *trees: Any) -> Any:
    """Calls a function of lanes on every device with that device's share of the lanes.

    **Arguments:**

    - `function`: called with a `Share` and with the arrays of `trees`; what it returns must be the same on all devices,
      so whatever depends on its lanes goes through `total` or `gather`.
    - `lanes`: how many there are.
    - `trees`: arrays whose first axis counts lanes, or the same number of rows for every lane, lane after lane.

    **Returns:** what the function returns. Where nothing is shared, or the lanes cannot be shared evenly,
    it is called once, with everything.
    """
    mesh = jax.sharding.get_abstract_mesh()
    devices = 1 if mesh.empty or _LANES not in mesh.axis_names else mesh.shape[_LANES]
    if devices == 1 or lanes % devices:
        return function(Share(1), *trees)
    mine, everybody = PartitionSpec(_LANES), PartitionSpec()
    share = jax.shard_map(lambda *x: function(Share(devices), *x), in_specs=mine, out_specs=everybody, check_vma=False)
    return share(*trees)
