"""Asking for returns from low to high, and doing the same again."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from explora.core import ArgumentError, Episodes, Policy, record
from explora.domains.views import CONDITIONS, Asking, Request

from ._calibration import Calibration


class Recited(Policy):
    """Does what is written down, whatever it sees; afterwards, the first action.

    **Arguments:**

    - `actions`: for each lane, one a step.
    """

    actions: Array

    def memory(self, lanes: int) -> Array:
        return jnp.zeros((lanes,), jnp.int32)

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        time = jnp.where(fresh, 0, memory)
        here = jnp.where(time < self.actions.shape[1], time, 0)
        return jax.vmap(lambda row, at: row[at])(self.actions, here), time + 1, {}


def requests(
    asking: Asking,
    tasks: Any,
    returns: Float[np.ndarray, " tasks"],
    *,
    horizon: Any = None,
    told: tuple[str, ...] = ("return",),
) -> Request:
    """What to ask for a return in each task.

    **Arguments:**

    - `asking`: the environment.
    - `tasks`: stacked tasks of the environment inside.
    - `returns`: one a task.
    - `horizon`: in how many steps, one a task; None: as many as there are.
    - `told`: what the player is told; nothing else of a request counts.
    """
    usual = _usual(asking, tasks)
    said = jnp.broadcast_to(jnp.array([name in told for name in CONDITIONS]), usual.told.shape)
    steps = usual.horizon if horizon is None else jnp.asarray(np.maximum(horizon, 1), jnp.int32)
    change = lambda r: (r.returns, r.horizon, r.told)
    return eqx.tree_at(change, usual, (jnp.asarray(returns, jnp.float32), steps, said))


def calibrate(
    asking: Asking,
    policy: Policy,
    tasks: Any,
    least: Float[np.ndarray, " tasks"],
    most: Float[np.ndarray, " tasks"],
    *,
    levels: int = 5,
    repeats: int = 1,
    told: tuple[str, ...] = ("return",),
    steps: Callable[[np.ndarray], np.ndarray] | None = None,
    key: PRNGKeyArray,
) -> Calibration:
    """Asks for some returns in each task, plays, and plays the same actions again.

    **Arguments:**

    - `asking`: the environment.
    - `policy`: who is asked.
    - `tasks`: stacked tasks of the environment inside.
    - `least`, `most`: between which returns each task is asked, both included.
    - `levels`: how many returns, evenly spaced.
    - `repeats`: how often each is asked for.
    - `told`: what the player is told of the request.
    - `steps`: in how many steps returns are asked for (see `usual_steps`), for who is told the horizon too; None: in
      all that there are.
    - `key`: the only source of chance.

    **Raises:** `ArgumentError` for fewer than two levels.
    """
    if levels < 2 or repeats < 1:
        raise ArgumentError(f"`levels` must be at least 2 and `repeats` 1, got {levels} and {repeats}")
    count = len(most)
    task = np.tile(np.repeat(np.arange(count), repeats), levels)
    level = np.repeat(np.arange(levels), count * repeats)
    asked = (least[task] + (most - least)[task] * level / (levels - 1)).astype(np.float32)
    wanted = requests(
        asking,
        jax.tree.map(lambda x: jnp.asarray(x)[task], tasks),
        asked,
        told=told,
        horizon=None if steps is None else steps(asked),
    )
    play, again = jr.split(key)
    done = record(asking, policy, wanted, key=play)
    once_more = record(asking, Recited(_written(done)), wanted, key=again)
    spread = float(done.returns.var())
    luck = 0.5 * float(np.mean((done.returns - once_more.returns) ** 2)) / spread if spread > 1e-12 else 0.0
    return Calibration(asked, done.returns, level, task, min(luck, 1.0))


@eqx.filter_jit
def _usual(asking: Asking, tasks: Any) -> Request:
    """What the environment itself would ask for."""
    return jax.vmap(asking.space.of)(tasks)


def usual_steps(episodes: Episodes) -> Callable[[np.ndarray], np.ndarray]:
    """In how many steps a return is usually got: a function from returns to the length of the nearest episodes.

    **Arguments:**

    - `episodes`: in which it was got; of those with the same return the median counts.
    """
    returns, number = np.unique(episodes.returns, return_inverse=True)
    order = np.lexsort((episodes.lengths, number))
    first = np.searchsorted(number[order], np.arange(len(returns) + 1))
    middle = episodes.lengths[order][(first[:-1] + first[1:] - 1) // 2]

    def steps(asked: np.ndarray) -> np.ndarray:
        above = np.clip(np.searchsorted(returns, asked), 1, max(len(returns) - 1, 1))
        above = np.minimum(above, len(returns) - 1)
        below = np.maximum(above - 1, 0)
        nearer = np.abs(returns[below] - asked) <= np.abs(returns[above] - asked)
        return middle[np.where(nearer, below, above)]

    return steps


def _written(episodes: Episodes) -> Array:
    """The actions of each episode in a row of its own, padded with its last one."""
    steps = np.minimum(np.arange(episodes.lengths.max()), episodes.lengths[:, None] - 1)
    return jnp.asarray(episodes.action[episodes.offsets[:-1, None] + steps])
