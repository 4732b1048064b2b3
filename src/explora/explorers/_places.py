"""What the explorers of a continuous space share: places in [0, 1]^d, and the tasks that are made there."""

from typing import Any, NoReturn

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from explora.core import CombinationError, Outcome, Parts, Space, row_keys

MEASURES = ("returns", "solved")


def dims(space: Space) -> int:
    """How many coordinates the tasks of a space have."""
    if "parameters" not in space.provides:
        _refuse("This explorer", space)
    return jax.eval_shape(lambda k: space.parameters(space.sample(key=k)), jax.random.key(0)).shape[0]


def refusal(explorer: Any, parts: Parts) -> str | None:
    """Why an explorer that moves in the coordinates of a space cannot work with this one, or None."""
    if "parameters" in parts.space.provides:
        return None
    return _sentence(type(explorer).__name__, parts.space)


def tasks_at(space: Space, places: Float[Array, "rows dims"], *, key: PRNGKeyArray) -> Any:
    """A random task at each place."""
    keys = row_keys(key, places.shape[0])
    return jax.vmap(lambda place, k: space.from_parameters(place, key=k))(places, keys)


def places_of(space: Space, tasks: Any, memo: Any) -> Float[Array, "rows dims"]:
    """Where the tasks of a lesson lie; the memo knows if the explorer asked for them."""
    return memo if memo is not None else jax.vmap(space.parameters)(tasks)


def measured(explorer: Any, outcome: Outcome, name: str) -> Float[Array, " rows"]:
    """The column of the outcome by which an explorer judges success; NaN where it does not count."""
    values = getattr(outcome, name)
    if values is None:
        raise CombinationError(
            f"{type(explorer).__name__} needs `outcome.{name}`, which was not measured; "
            f"choose another `measure` among {', '.join(MEASURES)}, or a learner that provides it"
        )
    return jnp.where(outcome.answered, values, jnp.nan)


def ring_places(count: Int32[Array, ""], counts: Array, size: int) -> Int32[Array, " rows"]:
    """Where the rows that count go in a ring of `size` that has taken `count` so far; `size` for the others."""
    turn = count + jnp.cumsum(counts.astype(jnp.int32)) - 1
    return jnp.where(counts, turn % size, size)


def _sentence(name: str, space: Space) -> str:
    return (
        f"{name} moves in the coordinates of a space, but {type(space).__name__} has no `parameters`; "
        "use Replay or Bandit, or give the space `parameters` and `from_parameters`"
    )


def _refuse(name: str, space: Space) -> NoReturn:
    raise CombinationError(_sentence(name, space))
