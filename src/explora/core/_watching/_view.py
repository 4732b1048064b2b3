"""An environment seen in another way."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from .._domain import Environment, Step, Suite
from .._space import Space
from .._specs import Box

Task = TypeVar("Task")
World = TypeVar("World")
State = TypeVar("State")


class View(Environment[Task, World, State], Generic[Task, World, State]):
    """An environment that is another one, but for what a subclass says itself.

    How it is played (`play`, `watch`, `after`, `judge`) is not handed on, since that is made of what the view says; nor
    are `language` and `retell`, which read what the environment itself shows.

    **Arguments:**

    - `environment`: the other one.
    """

    environment: Environment

    @property
    def provides(self) -> frozenset[str]:
        return self.environment.provides

    @property
    def space(self) -> Space:
        return self.environment.space

    @property
    def compiler(self) -> dict[str, bool | int | str]:
        return self.environment.compiler

    @property
    def suite_names(self) -> tuple[str, ...]:
        return self.environment.suite_names

    @property
    def suite_groups(self) -> dict[str, tuple[str, ...]]:
        return self.environment.suite_groups

    @property
    def tuning_suites(self) -> tuple[str, ...]:
        return self.environment.tuning_suites

    def suite(self, name: str) -> Suite:
        return self.environment.suite(name)

    def read_tasks(self, path: str) -> list[Suite]:
        return self.environment.read_tasks(path)

    @property
    def steps(self) -> int:
        return self.environment.steps

    def limit(self, world: World) -> Any:
        return self.environment.limit(world)

    @property
    def observation(self) -> PyTree:
        return self.environment.observation

    @property
    def action(self) -> Any:
        return self.environment.action

    def world(self, task: Task) -> World:
        return self.environment.world(task)

    def reset(self, world: World, *, key: PRNGKeyArray) -> State:
        return self.environment.reset(world, key=key)

    def observe(self, world: World, state: State) -> PyTree[Array]:
        return self.environment.observe(world, state)

    def step(self, world: World, state: State, action: Array, *, key: PRNGKeyArray) -> Step:
        return self.environment.step(world, state, action, key=key)

    def product(self, world: World, state: State) -> Any:
        return self.environment.product(world, state)

    @property
    def goal(self) -> PyTree | None:
        return self.environment.goal

    def achieved(self, world: World, state: State) -> PyTree[Array] | None:
        return self.environment.achieved(world, state)

    def wanted(self, world: World) -> PyTree[Array] | None:
        return self.environment.wanted(world)

    @property
    def stands(self) -> Box | None:
        return self.environment.stands

    def standing(self, world: World, state: State) -> Float[Array, " clauses"] | None:
        return self.environment.standing(world, state)

    def optimal_return(self, world: World) -> Float[Array, ""] | None:
        return self.environment.optimal_return(world)

    def optimal_length(self, world: World) -> Float[Array, ""] | None:
        return self.environment.optimal_length(world)

    @property
    def pace(self) -> float:
        return self.environment.pace

    def frame(self, task: Task, state: State, size: int = 160) -> np.ndarray:
        return self.environment.frame(task, state, size)

    def strip(self, task: Task, states: Sequence[State], size: int = 960) -> np.ndarray:
        return self.environment.strip(task, states, size)

    def scene(self, task: Task) -> Any:
        return self.environment.scene(task)

    def moment(self, task: Task, state: State) -> Any:
        return self.environment.moment(task, state)
