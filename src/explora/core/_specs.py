"""What an environment shows and what it accepts: small descriptions from which networks and adapters are built."""

import equinox as eqx
import jax.numpy as jnp


class Codes(eqx.Module):
    """An array of small integers in `[0, count)`, such as the cells of a grid.

    **Arguments:**

    - `shape`: the shape of one observation.
    - `count`: how many codes there are.
    - `dtype`: how they are stored.
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    count: int = eqx.field(static=True)
    dtype: jnp.dtype = eqx.field(static=True, default=jnp.dtype(jnp.uint8))


class Box(eqx.Module):
    """A real array whose entries lie in `[low, high]`.

    **Arguments:**

    - `shape`: the shape of one observation or action.
    - `low`, `high`: bounds of every entry; infinite where there are none.
    - `dtype`: how they are stored.
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    low: float = eqx.field(static=True, default=-float("inf"))
    high: float = eqx.field(static=True, default=float("inf"))
    dtype: jnp.dtype = eqx.field(static=True, default=jnp.dtype(jnp.float32))


class Discrete(eqx.Module):
    """One of `count` choices.

    **Arguments:**

    - `count`: how many choices there are.
    - `names`: what they are called, for people.
    - `dtype`: how a choice is stored.
    """

    count: int = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True, default=())
    dtype: jnp.dtype = eqx.field(static=True, default=jnp.dtype(jnp.int32))

    @property
    def shape(self) -> tuple[int, ...]:
        """A choice is a scalar."""
        return ()


Spec = Codes | Box | Discrete
