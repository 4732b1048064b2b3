"""Playing on request: the same environment for a player who is told what to achieve."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Float32, Int32, PRNGKeyArray, PyTree

from explora.core import (
    After,
    ArgumentError,
    Box,
    Codes,
    CombinationError,
    Discrete,
    Environment,
    Space,
    Step,
    Suite,
    TaskError,
    View,
)

Inner = TypeVar("Inner")

CONDITIONS = ("return", "horizon", "goal", "skill")
"""What a player can be told, in the order of `Request.told`."""


class Request(eqx.Module, Generic[Inner]):
    """A task, and what the player is to do in it.

    **Arguments:**

    - `task`: of the environment.
    - `returns`: the return that it is to get.
    - `horizon`: within how many steps.
    - `goal`: what is to be achieved; None where the environment sets no goals.
    - `skill`: how well it is to play, in the terms of the data that it learned from.
    - `told`: which of return, horizon, goal and skill it is told at all.
    """

    task: Inner
    returns: Float[Array, "*tasks"]
    horizon: Int32[Array, "*tasks"]
    goal: PyTree[Array] | None
    skill: Float[Array, "*tasks"]
    told: Bool[Array, "*tasks 4"]


class AskedState(eqx.Module):
    """What changes while a request is played.

    **Arguments:**

    - `inner`: the state of the environment.
    - `action`: the last one, for a player who sees one step at a time.
    - `reward`: what it earned.
    - `earned`: the sum of all rewards.
    - `time`: how many steps were taken.
    """

    inner: Any
    action: Array
    reward: Float32[Array, "*lanes"]
    earned: Float32[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class Requests(Space[Request]):
    """Tasks of a space, each with what the environment itself would ask for.

    **Arguments:**

    - `environment`: whose tasks they are, and which knows what each wants.
    - `conditions`: what is told.
    - `returns`: the return that is asked for; None: the best there is.
    - `skill`: the skill that is asked for.
    """

    environment: Environment
    conditions: tuple[str, ...] = eqx.field(static=True, default=("horizon", "goal"))
    returns: float | None = None
    skill: float = 0.0

    def __check_init__(self):
        unknown = set(self.conditions) - set(CONDITIONS)
        if unknown:
            raise ArgumentError(f"`conditions` may name {', '.join(CONDITIONS)}; got {', '.join(sorted(unknown))}")
        if "goal" in self.conditions and self.environment.goal is None:
            raise CombinationError(f"{type(self.environment).__name__} sets no goals: leave `goal` out of `conditions`")
        best = "optimal_returns" in self.environment.provides
        if "return" in self.conditions and self.returns is None and not best:
            raise ArgumentError(
                f"nobody knows the best return in {type(self.environment).__name__}: say with `returns` what to ask for"
            )

    @property
    def provides(self) -> frozenset[str]:
        asked = {"demands"} if "return" in self.conditions else set()
        return (self.environment.space.provides & {"mutate", "features"}) | asked

    def of(self, task: Any) -> Request:
        """The request that the environment itself would make of a task."""
        world = self.environment.world(task)
        best = self.environment.optimal_return(world) if self.returns is None else jnp.float32(self.returns)
        return Request(
            task,
            jnp.zeros(()) if best is None else best,
            jnp.asarray(self.environment.limit(world), jnp.int32),
            self.environment.wanted(world),
            jnp.asarray(self.skill, jnp.float32),
            jnp.array([name in self.conditions for name in CONDITIONS]),
        )

    def sample(self, *, key: PRNGKeyArray) -> Request:
        return self.of(self.environment.space.sample(key=key))

    def mutate(self, task: Request, *, key: PRNGKeyArray) -> Request:
        """The environment's own request of a neighbour."""
        return self.of(self.environment.space.mutate(task.task, key=key))

    def demanding(self, task: Request, returns: Float[Array, ""]) -> Request:
        return eqx.tree_at(lambda r: r.returns, task, returns)

    def valid(self, task: Request) -> Bool[Array, ""]:
        finite = jnp.isfinite(task.returns) & jnp.isfinite(task.skill)
        return self.environment.space.valid(task.task) & finite & (task.horizon >= 1)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return self.environment.space.feature_names

    def features(self, task: Request) -> Float[Array, " features"]:
        return self.environment.space.features(task.task)

    def feature_bounds(self) -> tuple[Float[Array, " features"], Float[Array, " features"]]:
        return self.environment.space.feature_bounds()

    def canonical(self, task: Request) -> Request:
        inner = self.environment.space.canonical(task.task)
        return super().canonical(eqx.tree_at(lambda r: r.task, task, inner))

    def encode(self, task: Request) -> dict[str, Any]:
        return {
            "task": self.environment.space.encode(task.task),
            "return": float(task.returns),
            "horizon": int(task.horizon),
            "goal": [np.asarray(x).tolist() for x in jax.tree.leaves(task.goal)],
            "skill": float(task.skill),
            "told": [name for name, said in zip(CONDITIONS, np.asarray(task.told)) if said],
        }

    def decode(self, value: Any) -> Request:
        if not isinstance(value, dict) or "task" not in value:
            raise TaskError('a request is an object with a "task", and what is asked for: "return", "horizon" …')
        usual = self.of(self.environment.space.decode(value["task"]))
        number = lambda name, old: _number(value.get(name, float(old)), name)
        told = value.get("told", [name for name, said in zip(CONDITIONS, np.asarray(usual.told)) if said])
        if not isinstance(told, list) or not all(name in CONDITIONS for name in told):
            raise TaskError(f'"told" of a request is a list of some of {", ".join(CONDITIONS)}; got {told!r}')
        horizon = number("horizon", usual.horizon)
        if horizon < 1 or horizon != int(horizon):
            raise TaskError(f'"horizon" of a request is a whole number of steps, at least 1; got {horizon}')
        return Request(
            usual.task,
            jnp.float32(number("return", usual.returns)),
            jnp.int32(int(horizon)),
            _goal(value["goal"], usual.goal) if "goal" in value else usual.goal,
            jnp.float32(number("skill", usual.skill)),
            jnp.array([name in told for name in CONDITIONS]),
        )


class Asking(View[Request, Any, AskedState]):
    """An environment whose player is told what to achieve, and sees what it did and earned last.

    - **Space**: `Requests`, pairs of a task and of what is asked for in it.
    - **Observation**: `seen`, that of the environment; `action`, the last one (`count` where there was none); `reward`,
      what it earned; `return` and `horizon`, what is left of what was asked: less what has been earned, less the steps
      taken, at least 1; `goal` and `skill`; `told`, which of these four count: not the horizon once its steps are over;
      `time`, how many steps were taken; `standing`, how each clause stands, where the environment says so (`Counted`).
    - **Action, reward, end, optimum**: those of the environment.

    A learner of environments plays it as any other; a `Sequence` learner reads the conditions apart.

    **Arguments:**

    - `environment`: what is played.
    - `conditions`: what the player is told, of `return`, `horizon`, `goal` and `skill`.
    - `returns`: the return that is asked for where a task does not say; None: the best there is.
    - `skill`: the skill that is asked for.

    **Reference:** Schmidhuber 2019 (arXiv:1912.02875); Srivastava et al. 2019 (arXiv:1912.02877), for what is left.
    """

    conditions: tuple[str, ...] = eqx.field(static=True, default=("horizon", "goal"))
    returns: float | None = None
    skill: float = 0.0

    def __check_init__(self):
        _ = self.space  # which complains
        if not isinstance(self.environment.action, Discrete | Box):
            raise CombinationError(f"actions of {type(self.environment).__name__} are neither choices nor real numbers")

    @property
    def space(self) -> Requests:
        """The tasks with what is asked."""
        return Requests(self.environment, self.conditions, self.returns, self.skill)

    def suite(self, name: str) -> Suite[Request]:
        return self._asked(self.environment.suite(name), name)

    def read_tasks(self, path: str) -> list[Suite[Request]]:
        return [self._asked(suite, path) for suite in self.environment.read_tasks(path)]

    def _asked(self, suite: Suite, name: str) -> Suite[Request]:
        """The tasks of a suite with what is usually asked in them."""
        if suite.domain is None:
            return eqx.tree_at(lambda s: s.tasks, suite, jax.vmap(self.space.of)(suite.tasks))
        if not isinstance(suite.domain, Environment):
            raise CombinationError(f"the suite {name!r} is not played in an environment: nothing can be asked there")
        elsewhere = Asking(suite.domain, self.conditions, self.returns, self.skill)
        tasks = jax.vmap(elsewhere.space.of)(suite.tasks)
        return Suite(tasks, suite.names, elsewhere, suite.summary, suite.order, suite.tail)

    def limit(self, world: tuple[Request, Any]) -> Any:
        return self.environment.limit(world[1])

    @property
    def observation(self) -> dict[str, Any]:
        number, action, goal = Box(()), self.environment.action, self.environment.goal
        last = Discrete(action.count + 1) if isinstance(action, Discrete) else action
        shown = {"seen": self.environment.observation, "action": last, "reward": number}
        told = dict.fromkeys(("return", "horizon", "time", "skill"), number)
        which = {"told": Codes((len(CONDITIONS),), 2)}
        stands = {} if self.environment.stands is None else {"standing": self.environment.stands}
        return shown | told | which | stands | ({} if goal is None else {"goal": goal})

    def world(self, task: Request) -> tuple[Request, Any]:
        return task, self.environment.world(task.task)

    def reset(self, world: tuple[Request, Any], *, key: PRNGKeyArray) -> AskedState:
        action = self.environment.action
        none = jnp.int32(action.count) if isinstance(action, Discrete) else jnp.zeros(action.shape, action.dtype)
        zero = jnp.zeros(())
        return AskedState(self.environment.reset(world[1], key=key), none, zero, zero, jnp.zeros((), jnp.int32))

    def observe(self, world: tuple[Request, Any], state: AskedState) -> dict[str, PyTree]:
        request = world[0]
        # a deadline that has passed is told no more: nobody has learned what to do after it
        holds = jnp.array([True, False, True, True]) | (state.time < request.horizon)
        shown = {
            "seen": self.environment.observe(world[1], state.inner),
            "action": state.action,
            "reward": state.reward,
            "return": request.returns - state.earned,
            "horizon": jnp.maximum(request.horizon - state.time, 1).astype(jnp.float32),
            "time": state.time.astype(jnp.float32),
            "skill": request.skill,
            "told": (request.told & holds).astype(jnp.uint8),
        }
        standing = self.environment.standing(world[1], state.inner)
        stands = {} if standing is None else {"standing": standing}
        return shown | stands | ({} if request.goal is None else {"goal": request.goal})

    def step(self, world: tuple[Request, Any], state: AskedState, action: Array, *, key: PRNGKeyArray) -> Step:
        done = self.environment.step(world[1], state.inner, action, key=key)
        reward = done.reward.astype(jnp.float32)
        kept = action.astype(state.action.dtype)
        return done._replace(state=AskedState(done.state, kept, reward, state.earned + reward, state.time + 1))

    def achieved(self, world: tuple[Request, Any], state: AskedState) -> PyTree[Array] | None:
        return self.environment.achieved(world[1], state.inner)

    def wanted(self, world: tuple[Request, Any]) -> PyTree[Array] | None:
        return world[0].goal

    def after(self, world: tuple[Request, Any], step: Step) -> After:
        """Who has solved the task has achieved what the task wants, whatever was asked."""
        inner = self.environment.after(world[1], step._replace(state=step.state.inner))
        return After(self.observe(world, step.state), inner.achieved)

    def product(self, world: tuple[Request, Any], state: AskedState) -> Any:
        return self.environment.product(world[1], state.inner)

    def optimal_return(self, world: tuple[Request, Any]) -> Float[Array, ""] | None:
        return self.environment.optimal_return(world[1])

    def optimal_length(self, world: tuple[Request, Any]) -> Float[Array, ""] | None:
        return self.environment.optimal_length(world[1])

    def frame(self, task: Request, state: AskedState, size: int = 160) -> np.ndarray:
        return self.environment.frame(task.task, state.inner, size)

    def strip(self, task: Request, states: Sequence[AskedState], size: int = 960) -> np.ndarray:
        return self.environment.strip(task.task, [state.inner for state in states], size)

    def scene(self, task: Request) -> Any:
        return self.environment.scene(task.task)

    def moment(self, task: Request, state: AskedState) -> Any:
        return self.environment.moment(task.task, state.inner)


def _number(value: Any, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(value):
        raise TaskError(f'"{name}" of a request is a finite number; got {value!r}')
    return float(value)


def _goal(value: Any, usual: Any) -> Any:
    """A goal as `encode` writes it: the entries of its arrays, one after the other."""
    leaves, shape = jax.tree.flatten(usual)
    try:
        found = [np.asarray(x, leaf.dtype).reshape(leaf.shape) for x, leaf in zip(value, leaves, strict=True)]
    except (TypeError, ValueError, OverflowError) as wrong:
        raise TaskError(f'"goal" of a request has {len(leaves)} arrays in the shapes of the domain: {wrong}') from None
    return jax.tree.unflatten(shape, [jnp.asarray(x) for x in found])
