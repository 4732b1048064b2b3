"""What the compiler is told: what to compute once, and what to compile as one piece."""

from collections.abc import Callable
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata


def apart(tree: Any) -> Any:
    """The same values, computed once: without this the compiler computes them anew for each of their many uses."""
    return jax.lax.optimization_barrier(tree)


def one_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which a processor runs as one piece of machine code.

    XLA's runtime for processors starts every loop over the lanes by itself, and the physics of a time step has over a
    thousand of them, each as short as its start: in one piece they take about half of the time. Two things must hold,
    or XLA gives up or ends the process while it compiles: the function depends on all of its arguments, and it has no
    product of matrices, sum along an axis, sort or other operation that XLA takes from a library, if only for long
    arrays. That an argument is a constant where it is called, or a result not wanted, does no harm: XLA is not shown
    either.

    **Arguments:**

    - `function`: of trees of arrays.
    """

    def marked(*arguments: Any) -> Any:
        found = jax.jit(function)(*apart(arguments))
        return apart(set_xla_metadata(found, inlineable="false", xla_cpu_small_call="true"))

    def dependent(*arguments: Any) -> Any:
        return jax.lax.platform_dependent(*arguments, cpu=marked, default=function)

    return dependent
