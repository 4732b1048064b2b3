"""Saying while an episode goes on how the clauses of a language stand."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Float16, PRNGKeyArray, PyTree

from explora.core import (
    After,
    ArgumentError,
    Box,
    CombinationError,
    Environment,
    Episodes,
    Language,
    Step,
    Suite,
    Tally,
    View,
)

_TOGETHER = 1 << 19
"""So many steps are counted at a time."""


class CountedState(eqx.Module):
    """What changes while it is played.

    **Arguments:**

    - `inner`: the state of the environment.
    - `counts`: of its tally.
    """

    inner: Any
    counts: Any


class Counted(View[Any, Any, CountedState]):
    """An environment that counts what its language speaks of, so that a player can know how each clause stands.

    - **Standing**: of each clause a number from -1, false for good, to 1, true as far as can be seen; see `Tally`.
    - All else is the environment's.

    **Raises:** `CombinationError` for an environment that has no tally.
    """

    def __check_init__(self):
        _ = self._tally  # which complains

    @property
    def _tally(self) -> Tally:
        found = self.environment.tally
        if found is None:
            raise CombinationError(f"{type(self.environment).__name__} counts nothing of what clauses speak of")
        return found

    @property
    def language(self) -> Language | None:
        return self.environment.language

    def retell(self, episodes: Episodes) -> Bool[np.ndarray, "episodes clauses"]:
        return self.environment.retell(episodes)

    @property
    def stands(self) -> Box:
        language = self.language
        return Box((0 if language is None else len(language.clauses),), -1.0, 1.0)

    def standing(self, world: Any, state: CountedState) -> Float[Array, " clauses"]:
        return self._tally.standing(world, state.counts, self.environment.observe(world, state.inner))

    def suite(self, name: str) -> Suite:
        return _counted(self.environment.suite(name))

    def read_tasks(self, path: str) -> list[Suite]:
        return [_counted(suite) for suite in self.environment.read_tasks(path)]

    def reset(self, world: Any, *, key: PRNGKeyArray) -> CountedState:
        return CountedState(self.environment.reset(world, key=key), self._tally.begin(world))

    def observe(self, world: Any, state: CountedState) -> PyTree[Array]:
        return self.environment.observe(world, state.inner)

    def step(self, world: Any, state: CountedState, action: Array, *, key: PRNGKeyArray) -> Step:
        done = self.environment.step(world, state.inner, action, key=key)
        seen, achieved = self.environment.observe(world, state.inner), self.environment.after(world, done).achieved
        counts = self._tally.count(world, state.counts, seen, action, achieved)
        return done._replace(state=CountedState(done.state, counts))

    def achieved(self, world: Any, state: CountedState) -> PyTree[Array] | None:
        return self.environment.achieved(world, state.inner)

    def after(self, world: Any, step: Step) -> After:
        return self.environment.after(world, step._replace(state=step.state.inner))

    def product(self, world: Any, state: CountedState) -> Any:
        return self.environment.product(world, state.inner)

    def frame(self, task: Any, state: CountedState, size: int = 160) -> np.ndarray:
        return self.environment.frame(task, state.inner, size)

    def strip(self, task: Any, states: Sequence[CountedState], size: int = 960) -> np.ndarray:
        return self.environment.strip(task, [state.inner for state in states], size)

    def moment(self, task: Any, state: CountedState) -> Any:
        return self.environment.moment(task, state.inner)


def _counted(suite: Suite) -> Suite:
    """A suite that is played elsewhere, counted there too."""
    if not isinstance(suite.domain, Environment) or suite.domain.tally is None:
        return suite
    return dataclasses.replace(suite, domain=Counted(suite.domain))


def standings(environment: Environment, episodes: Episodes) -> Float16[np.ndarray, "steps clauses"]:
    """How each clause stood before each step of stored episodes.

    **Arguments:**

    - `environment`: in which they were played.
    - `episodes`: with the arrays of their tasks as columns, as a run keeps them.

    **Raises:** `ArgumentError` for episodes that lack what is counted.
    """
    counted = environment if isinstance(environment, Counted) else Counted(environment)
    if episodes.achieved is None:
        raise ArgumentError("`episodes` must say what was achieved; keep them with `explora run … --keep-experience`")
    found = np.zeros((episodes.steps, *counted.stands.shape), np.float16)
    tasks, lengths = _tasks(counted, episodes), episodes.lengths
    order, first = np.argsort(lengths, kind="stable"), 0
    while first < len(order):
        longest = 1 << int(lengths[order[first]] - 1).bit_length()  # few shapes to compile for
        count = max(_TOGETHER // longest, 1)
        some = order[first : first + count]
        some = some[lengths[some] <= longest]
        rows = np.pad(some, (0, count - len(some)), mode="edge")
        at = episodes.offsets[rows][:, None] + np.minimum(np.arange(longest), lengths[rows][:, None] - 1)
        pick = lambda x, at=at: x[at]
        shown = jax.tree.map(pick, (episodes.observation, episodes.action, episodes.achieved))
        made = np.asarray(_follow(counted, jax.tree.map(lambda x, rows=rows: x[rows], tasks), shown))
        for row, episode in enumerate(some):
            found[episodes.offsets[episode] : episodes.offsets[episode + 1]] = made[row, : lengths[episode]]
        first += len(some)
    return found


@eqx.filter_jit
def _follow(counted: Counted, tasks: Any, shown: Any) -> Float16[Array, "rows steps clauses"]:
    """What stands before each step of episodes of one length."""
    tally = counted._tally

    def one(task: Any, shown: Any) -> Array:
        world = counted.world(task)

        def step(counts: Any, each: Any) -> tuple[Any, Array]:
            seen, action, achieved = each
            stands = tally.standing(world, counts, seen)
            return tally.count(world, counts, seen, action, achieved), stands.astype(jnp.float16)

        return jax.lax.scan(step, tally.begin(world), shown)[1]

    return jax.vmap(one)(tasks, shown)


def _tasks(environment: Environment, episodes: Episodes) -> Any:
    """The tasks of stored episodes, from their columns."""
    shape = jax.eval_shape(lambda: environment.space.sample(key=jax.random.key(0)))
    leaves, tree = jax.tree_util.tree_flatten_with_path(shape)
    names = [f"task.{jax.tree_util.keystr(path, simple=True, separator='.')}" for path, _ in leaves]
    missing = [name for name in names if name not in episodes.columns]
    if missing:
        raise ArgumentError(
            f"`episodes` must say in which tasks they were played, and lack {', '.join(missing)}; keep them with "
            "`explora run … --keep-experience`"
        )
    return jax.tree.unflatten(tree, [np.asarray(episodes.columns[name]) for name in names])
