"""Many lanes of one environment of ours behind Gymnasium's vector interface."""

import functools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import gymnasium
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from jaxtyping import Array, PRNGKeyArray

from explora.core import ArgumentError, Environment, row_keys

from ._gymnasium_env import action_reader, task_option, to_task
from ._spaces import to_space, to_value


class ExploraVectorEnv(VectorEnv):
    """What `to_gymnasium_vector` returns; the arguments are explained there.

    **Info** after a step is `is_success`, one a lane. A lane whose episode has ended starts its next one at the next
    step, whatever its action; that step's reward is 0.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012 (Gymnasium asks for it)

    def __init__(self, environment: Environment, lanes: int, task: Any = None):
        if lanes < 1:
            raise ArgumentError(f"`lanes` must be at least 1, got {lanes}")
        self.environment, self.num_envs, self.render_mode = environment, lanes, None
        self.single_observation_space = to_space(environment.observation)
        self.single_action_space = to_space(environment.action)
        self.observation_space = batch_space(self.single_observation_space, lanes)
        self.action_space = batch_space(self.single_action_space, lanes)
        self._fixed = None if task is None else to_task(environment.space, task)
        self._task = self._fixed
        self._begin, self._step = _verbs(environment, lanes)
        self._read = action_reader(environment)
        self._moment: Any = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        if seed is not None and not isinstance(seed, int):
            raise ArgumentError(f"`seed` must be one whole number, from which every lane gets its own; got {seed!r}")
        super().reset(seed=seed)
        asked = task_option(self.environment.space, options)
        self._task = asked if asked is not None else self._fixed
        chance = np.uint32(self.np_random.integers(2**32))
        self._moment, seen = self._begin(self._task, chance)
        return to_value(self.environment.observation, seen), {}

    def step(self, actions: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        if self._moment is None:
            raise gymnasium.error.ResetNeeded("no episode has begun: call `reset` first")
        self._moment, seen, ends, rewards = self._step(self._task, self._moment, self._read(actions))
        terminated, truncated, solved = np.array(ends)
        return (
            to_value(self.environment.observation, seen),
            np.array(rewards, np.float64),
            terminated,
            truncated,
            {"is_success": solved},
        )


class _Moment(NamedTuple):
    """Where all lanes stand.

    **Arguments:**

    - `world`, `state`: of the environment.
    - `key`: of all chance since the reset.
    - `clock`: how many steps were taken since then.
    - `over`: where an episode has ended, so that the next step starts another.
    """

    world: Any
    state: Any
    key: PRNGKeyArray
    clock: Array
    over: Array


def _verbs(environment: Environment, lanes: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The compiled `begin` and `step` of so many lanes; copies of one environment share them."""
    try:
        return _shared(environment, lanes)
    except TypeError:  # an environment that holds arrays cannot be looked up
        return _compiled(environment, lanes)


def _compiled(env: Environment, lanes: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def start(task: Any, keys: Array) -> tuple[Any, Any]:
        """A world and a first state for each lane; the task is random where there is none."""
        if task is None:
            world = jax.vmap(lambda k: env.world(env.space.sample(key=jr.fold_in(k, 0))))(keys)
        else:
            world = jax.tree.map(lambda x: jnp.broadcast_to(x, (lanes, *x.shape)), env.world(task))
        return world, jax.vmap(lambda w, k: env.reset(w, key=jr.fold_in(k, 1)))(world, keys)

    def keys_at(key: PRNGKeyArray, clock: Array) -> Array:
        return row_keys(jr.fold_in(key, clock), lanes)

    @jax.jit
    def begin(task: Any, seed: Array) -> tuple[_Moment, Any]:
        key, clock = jr.key(seed), jnp.zeros((), jnp.int32)
        world, state = start(task, keys_at(key, clock))
        return _Moment(world, state, key, clock, jnp.zeros((lanes,), bool)), jax.vmap(env.observe)(world, state)

    @jax.jit
    def step(task: Any, now: _Moment, action: Array) -> Any:
        clock = now.clock + 1
        keys = keys_at(now.key, clock)
        move = jax.vmap(lambda k: jr.fold_in(k, 2))(keys)
        after = jax.vmap(lambda w, s, a, k: env.step(w, s, a, key=k))(now.world, now.state, action, move)
        anew = lambda: jax.tree.map(partial(_where, now.over), start(task, keys), (now.world, after.state))
        world, state = jax.lax.cond(jnp.any(now.over), anew, lambda: (now.world, after.state))
        live = ~now.over
        terminated, truncated = after.terminated & live, after.truncated & ~after.terminated & live
        moment = _Moment(world, state, now.key, clock, terminated | truncated)
        ends = jnp.stack([terminated, truncated, after.solved & terminated])
        return moment, jax.vmap(env.observe)(world, state), ends, jnp.where(live, after.reward, 0.0)

    return begin, step


_shared = functools.lru_cache(maxsize=32)(_compiled)


def _where(mask: Array, new: Array, old: Array) -> Array:
    return jnp.where(mask.reshape(mask.shape + (1,) * (new.ndim - 1)), new, old)
