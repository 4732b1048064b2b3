"""One episode, moment by moment."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, PRNGKeyArray, PyTree

from explora.core import Environment


@runtime_checkable
class Actor(Protocol):
    """Who plays: what `explora.load` returns, for instance."""

    def reset(self) -> None:
        """A new episode begins."""
        ...

    def act(self, observation: PyTree) -> Any:
        """What to do now."""
        ...


class Episode(NamedTuple):
    """What happened in one episode.

    **Arguments:**

    - `task`: what was played, on the host.
    - `states`: every moment, from first to last, on the host.
    - `solved`: whether it succeeded.
    - `returned`: its undiscounted return.
    - `optimal`: what a perfect player needs [steps]; None if unknown.
    """

    task: Any
    states: tuple[Any, ...]
    solved: bool
    returned: float
    optimal: float | None

    @property
    def steps(self) -> int:
        """How long it took."""
        return len(self.states) - 1


def played(environment: Environment, task: Any, actor: Actor, *, key: PRNGKeyArray) -> Episode:
    """Plays one episode.

    **Arguments:**

    - `environment`, `task`, `actor`: who plays what where.
    - `key`: for the chances of the environment.
    """
    world, state, limit, optimal = _start(environment, task, key)
    states, returned, solved = [state], 0.0, False
    actor.reset()
    for time in range(int(limit)):
        action = actor.act(_look(environment, world, state))
        after = _move(environment, world, state, action, jr.fold_in(key, time + 1))
        state = after.state
        states.append(state)
        returned += float(after.reward)
        if bool(after.terminated) or bool(after.truncated):
            solved = bool(after.solved)
            break
    task, moments = jax.device_get((task, tuple(states)))
    return Episode(task, moments, solved, returned, None if optimal is None else float(optimal))


@eqx.filter_jit
def _start(environment: Environment, task: Any, key: PRNGKeyArray) -> tuple[Any, Any, Array, Array | None]:
    world = environment.world(task)
    state = environment.reset(world, key=key)
    return world, state, jnp.asarray(environment.limit(world)), environment.optimal_length(world)


@eqx.filter_jit
def _look(environment: Environment, world: Any, state: Any) -> Any:
    return environment.observe(world, state)


@eqx.filter_jit
def _move(environment: Environment, world: Any, state: Any, action: Any, key: PRNGKeyArray) -> Any:
    return environment.step(world, state, jnp.asarray(action), key=key)
