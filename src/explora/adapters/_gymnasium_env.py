"""One environment of ours behind Gymnasium's interface."""

import functools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import gymnasium
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array

from explora.core import ArgumentError, Box, Discrete, Environment, Space

from ._spaces import to_space, to_value


class ExploraEnv(gymnasium.Env):
    """What `to_gymnasium` returns; the arguments are explained there.

    - **Observation**, **action**, **reward**, **end**: those of the environment; codes are a Box of small integers.
    - **Info**: `is_success` after every step: whether the episode ended here with success.
    - **Chance**: the seed of `reset` fixes the random tasks and everything that happens in them.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012 (Gymnasium asks for it)

    def __init__(self, environment: Environment, task: Any = None, *, render_mode: str | None = None, size: int = 320):
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ArgumentError(f"`render_mode` must be 'rgb_array' or None, got {render_mode!r}")
        self.environment, self.size, self.render_mode = environment, size, render_mode
        self.observation_space = to_space(environment.observation)
        self.action_space = to_space(environment.action)
        self._fixed = None if task is None else to_task(environment.space, task)
        self._verbs = verbs(environment)
        self._read = action_reader(environment)
        self._show = partial(to_value, environment.observation)
        self._task, self._world, self._moment = self._fixed, None, None

    @property
    def task(self) -> Any:
        """The task that is being played."""
        self._playing()
        return self._task

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        asked = task_option(self.environment.space, options)
        which, chance = (np.uint32(number) for number in self.np_random.integers(2**32, size=2))
        task = asked if asked is not None else self._fixed
        if task is None:
            task = self._verbs.sample(which)
        self._world, self._moment, seen = self._verbs.begin(task, chance)
        self._task = task
        return self._show(seen), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._moment, seen, record = self._verbs.step(self._world, self._playing(), self._read(action))
        reward, terminated, truncated, solved = np.asarray(record).tolist()
        return self._show(seen), reward, bool(terminated), bool(truncated), {"is_success": bool(solved)}

    def render(self) -> np.ndarray | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.render_mode is None:
            gymnasium.logger.warn("`render` needs an environment that was made with render_mode='rgb_array'")
            return None
        return self.environment.frame(self._task, self._playing().state, self.size)

    def _playing(self) -> "Moment":
        if self._moment is None:
            raise gymnasium.error.ResetNeeded("no episode has begun: call `reset` first")
        return self._moment


class Moment(NamedTuple):
    """Where an episode stands; it stays on the device, so that a step sends nothing there but the action.

    **Arguments:**

    - `state`: of the environment.
    - `time`: how many steps were taken.
    """

    state: Any
    time: Array


class Verbs(NamedTuple):
    """An environment's functions, compiled.

    **Arguments:**

    - `sample`: seed → task.
    - `begin`: task, seed → (world, seed), moment, observation.
    - `step`: (world, seed), moment, action → moment, observation, (reward, terminated, truncated, solved).
    """

    sample: Callable[..., Any]
    begin: Callable[..., Any]
    step: Callable[..., Any]


def verbs(environment: Environment) -> Verbs:
    """The compiled functions of an environment; copies of one environment share them."""
    try:
        return _shared(environment)
    except TypeError:  # an environment that holds arrays cannot be looked up
        return _compiled(environment)


def _compiled(environment: Environment) -> Verbs:
    def begin(task: Any, seed: Array) -> Any:
        world, time = environment.world(task), jnp.zeros((), jnp.int32)
        state = environment.reset(world, key=jr.fold_in(jr.key(seed), time))
        return (world, seed), Moment(state, time), environment.observe(world, state)

    def step(fixed: tuple[Any, Array], now: Moment, action: Array) -> Any:
        (world, seed), time = fixed, now.time + 1
        after = environment.step(world, now.state, action, key=jr.fold_in(jr.key(seed), time))
        ends = (after.terminated, after.truncated & ~after.terminated, after.solved)
        record = jnp.stack([after.reward, *(end.astype(jnp.float32) for end in ends)])
        return Moment(after.state, time), environment.observe(world, after.state), record

    return Verbs(jax.jit(lambda seed: environment.space.sample(key=jr.key(seed))), jax.jit(begin), jax.jit(step))


_shared = functools.lru_cache(maxsize=32)(_compiled)


def to_task(space: Space, value: Any) -> Any:
    """A task from a task, or from what the space's `encode` writes.

    **Raises:** `TaskError` if it is neither.
    """
    leaves = jax.tree.leaves(value)
    if leaves and all(isinstance(leaf, jax.Array | np.ndarray | np.generic) for leaf in leaves):
        shape = jax.eval_shape(lambda: space.sample(key=jr.key(0)))
        if jax.tree.structure(value) != jax.tree.structure(shape):
            raise ArgumentError(f"`task` must be a task of {type(space).__name__}, got {value!r}")
        return value
    return space.decode(value)


def task_option(space: Space, options: dict[str, Any] | None) -> Any:
    """The task that the options of a reset ask for, or None.

    **Raises:** `ArgumentError` for other options.
    """
    unknown = set(options or {}) - {"task"}
    if unknown:
        raise ArgumentError(f"`options` may hold a `task`, got {', '.join(map(repr, sorted(unknown)))}")
    value = (options or {}).get("task")
    return None if value is None else to_task(space, value)


def action_reader(environment: Environment) -> Callable[[Any], np.ndarray | np.int32]:
    """A function that checks an action, or many, and gives them our type."""
    spec = environment.action
    if isinstance(spec, Box):
        return lambda action: np.clip(np.asarray(action, spec.dtype), spec.low, spec.high)
    names = f" ({', '.join(spec.names)})" if isinstance(spec, Discrete) and spec.names else ""

    def read(action: Any) -> np.ndarray:
        array = np.asarray(action)
        if not np.issubdtype(array.dtype, np.integer) or array.min() < 0 or array.max() >= spec.count:
            raise ArgumentError(f"`action` must be a whole number in [0, {spec.count}){names}, got {action!r}")
        return array.astype(spec.dtype)

    return read
