"""Playing whole episodes and keeping all of them, the last observation included."""

from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from .._devices import jitted
from .._keys import row_keys, step_key
from .._policy import Policy
from .._rollout import where_rows
from ._episodes import Episodes

if TYPE_CHECKING:
    from .._domain import Environment


def record(env: "Environment", policy: Policy, tasks: Any, *, key: PRNGKeyArray) -> Episodes:
    """Plays one episode of each task, all side by side.

    A `rollout` starts anew at the end of an episode and never sees what its last action led to; here it is kept.

    **Arguments:**

    - `env`: the environment.
    - `policy`: who acts.
    - `tasks`: a pytree of arrays with leading axis `rows`.
    - `key`: the only source of chance; what a row does depends on its number and on nothing else.

    **Returns:** one episode a row, with the columns `solved` and, where the environment sets goals, `goal`.
    """
    longest = int(np.max(eqx.filter_jit(_limits)(env, tasks)))
    seen, after = jax.device_get(jitted(_played, env)(env, policy, tasks, key, longest))
    live = seen.pop("live")  # (steps, rows)
    lengths = live.sum(0)
    order = np.nonzero(live.T)  # row by row, each in time
    flat = jax.tree.map(lambda x: x[order[1], order[0]], seen)
    columns = {"solved": after["solved"]}
    if after["goal"] is not None:
        columns["goal"] = after["goal"]
    return Episodes(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        flat["observation"],
        after["final"],
        flat["action"],
        flat["reward"],
        after["terminated"],
        flat["achieved"],
        columns,
    )


def _limits(env: "Environment", tasks: Any) -> Array:
    """After how many steps each row is cut off."""
    return jax.vmap(lambda task: jnp.asarray(env.limit(env.world(task)), jnp.int32))(tasks)


def _played(env: "Environment", policy: Policy, tasks: Any, key: PRNGKeyArray, longest: int) -> tuple[Any, Any]:
    """What each of `longest` steps showed, whether or not the episode still went on, and what was so at its end."""
    rows = jax.tree.leaves(tasks)[0].shape[0]
    keys, worlds, limit = row_keys(key, rows), jax.vmap(env.world)(tasks), _limits(env, tasks)
    observe, policy = jax.vmap(env.observe), policy.prepared(None)
    use = lambda time, name: jax.vmap(lambda k: step_key(k, time, name))(keys)

    def step(carry: Any, time: Array) -> tuple[Any, Any]:
        state, memory, live, end = carry
        seen = observe(worlds, state)
        fresh = jnp.broadcast_to(time == 1, (rows,))
        action, memory, _ = policy(seen, memory, fresh, keys=use(time, "act"))
        move = lambda world, state, action, k: env.step(world, state, action, key=k)
        after = jax.vmap(move)(worlds, state, action, use(time, "move"))
        ended = live & (after.terminated | after.truncated | (time >= limit))
        then = jax.vmap(env.after)(worlds, after)
        final = where_rows(ended, then.observation, end["final"])
        end = {
            "final": final,
            "terminated": end["terminated"] | (ended & after.terminated),
            "solved": end["solved"] | (ended & after.solved),
        }
        shown = {
            "observation": seen,
            "action": action,
            "reward": after.reward.astype(jnp.float32),
            "achieved": then.achieved,
            "live": live,
        }
        return (after.state, memory, live & ~ended, end), shown

    start = jax.vmap(lambda world, k: env.reset(world, key=k))(worlds, jax.vmap(lambda k: jr.fold_in(k, 0))(keys))
    none = jnp.zeros((rows,), bool)
    end = {"final": jax.tree.map(jnp.zeros_like, observe(worlds, start)), "terminated": none, "solved": none}
    first = (start, policy.memory(rows), ~none, end)
    (_, _, _, end), shown = jax.lax.scan(step, first, jnp.arange(1, longest + 1))
    return shown, end | {"goal": jax.vmap(env.wanted)(worlds)}
