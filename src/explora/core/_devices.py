"""Sharing the lanes of a lesson among the devices of a machine: GPUs, or the cores of a processor as JAX devices.

Who has several devices calls what is compiled within `sharing`. There, what is a function of lanes says so with
`spread`; everything else is done by every device alike.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import equinox as eqx
import jax
from jax.sharding import AxisType, PartitionSpec

if TYPE_CHECKING:
    from ._domain import Domain

_LANES = "lanes"


def jitted(
    function: Callable[..., Any], domain: "Domain", *, donate: Literal["none", "all-except-first"] = "none"
) -> Callable[..., Any]:
    """A function as `equinox.filter_jit` compiles it, with the options that the domain wants; always the same object.

    **Arguments:**

    - `function`: of a module; it plays `domain`.
    - `domain`: whose options.
    - `donate`: whose buffers the compiled function may use again.
    """
    return _jitted(function, tuple(sorted(domain.compiler.items())), donate)


@functools.cache
def _jitted(function: Callable[..., Any], options: tuple[tuple[str, Any], ...], donate: Any) -> Callable[..., Any]:
    compiled: Any = eqx.filter_jit  # its overloads do not know of the options that it hands on
    return compiled(function, donate=donate, compiler_options=dict(options))


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


def spread(function: Callable[..., Any], lanes: int, *trees: Any, whole: tuple[Any, ...] = ()) -> Any:
    """Calls a function of lanes on every device with that device's share of the lanes.

    **Arguments:**

    - `function`: called with a `Share`, with what is in `whole` and with the arrays of `trees`; what it returns must
      be the same on all devices, so whatever depends on its lanes goes through `total` or `gather`.
    - `lanes`: how many there are.
    - `trees`: arrays whose first axis counts lanes, or the same number of rows for every lane, lane after lane.
    - `whole`: what every device needs all of. (What the function finds elsewhere it can calculate with, not index.)

    **Returns:** what the function returns. Where nothing is shared, or the lanes cannot be shared evenly,
    it is called once, with everything.
    """
    mesh = jax.sharding.get_abstract_mesh()
    devices = 1 if mesh.empty or _LANES not in mesh.axis_names else mesh.shape[_LANES]
    if devices == 1 or lanes % devices:
        return function(Share(1), *whole, *trees)
    mine, everybody = PartitionSpec(_LANES), PartitionSpec()
    arrays, rest = eqx.partition(whole, eqx.is_array)
    own = lambda arrays, trees: function(Share(devices), *eqx.combine(arrays, rest), *trees)
    share = jax.shard_map(own, in_specs=(everybody, mine), out_specs=everybody, check_vma=False)
    return share(arrays, trees)
