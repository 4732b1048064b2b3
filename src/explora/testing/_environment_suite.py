"""The laws of an environment."""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array

from explora.core import (
    Box,
    CombinationError,
    Discrete,
    Environment,
    Outcome,
    Policy,
    Spec,
    Trajectories,
    UnknownName,
    fresh_lesson,
    judge_suite,
)

from ._suite import Conformance, examine, plain, row, rows, shapes, where_false


class Fidget(Policy):
    """Acts at random within any action spec.

    **Arguments:**

    - `action`: what the environment accepts.
    """

    action: Spec = eqx.field(static=True)

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        return jax.vmap(self.draw)(keys), memory, {}

    def draw(self, key: Any) -> Array:
        """One random action; where a real action is unbounded, within [-1, 1]."""
        spec = self.action
        if isinstance(spec, Box):
            low, high = max(spec.low, -1e6), min(spec.high, 1e6)
            low, high = (low, high) if high - low < 1e6 else (-1.0, 1.0)
            return jr.uniform(key, spec.shape, spec.dtype, low, high)
        return jr.randint(key, spec.shape, 0, spec.count).astype(spec.dtype)


class _Moment(NamedTuple):
    """One step of an episode that is not started anew when it ends."""

    observation: Any
    reward: Array
    terminated: Array
    truncated: Array
    solved: Array
    alive: Array


class EnvironmentSuite(Conformance):
    """The laws of an `Environment`; those of its space are `SpaceSuite`'s.

    ```python
    class TestWalk(EnvironmentSuite):
        def part(self):
            return Walk()
    ```
    """

    COUNT: int = 8
    """How many tasks are played at once."""
    PLAYS: int = 1
    """How often a task is played to be held against its optimum; several times where chance decides."""
    LIMIT_IS_END: bool = False
    """True where the last step is the rule of the game (a design is finished) and not the end of patience."""

    def part(self) -> Environment:
        """The environment to examine."""
        return super().part()

    @property
    def tasks(self) -> Any:
        """Random tasks, stacked."""
        return self.once("tasks", lambda: jax.jit(lambda k: self.subject.space.samples(self.COUNT, key=k))(self.key(0)))

    @property
    def policy(self) -> Fidget:
        """Who plays."""
        return Fidget(self.subject.action)

    @property
    def limits(self) -> np.ndarray:
        """The limit of every task [steps]."""
        limit = lambda task: jnp.asarray(self.subject.limit(self.subject.world(task)), jnp.int32)
        return self.once("limits", lambda: plain(jax.jit(jax.vmap(limit))(self.tasks)))

    @property
    def moments(self) -> _Moment:
        """Each task played at random up to its limit, `(tasks, steps, …)`."""
        env, horizon = self.subject, int(self.limits.max())

        def one(task: Any, key: Any) -> _Moment:
            world = env.world(task)

            def step(carry: tuple[Any, Array], time: Array) -> Any:
                state, alive = carry
                act, move = jr.split(jr.fold_in(key, time))
                observation = env.observe(world, state)
                after = env.step(world, state, self.policy.draw(act), key=move)
                going = alive & ~(after.terminated | after.truncated)
                moment = _Moment(observation, after.reward, after.terminated, after.truncated, after.solved, alive)
                return (after.state, going), moment

            first = env.reset(world, key=jr.fold_in(key, 0))
            return jax.lax.scan(step, (first, jnp.ones((), bool)), jnp.arange(1, horizon + 1))[1]

        play = lambda: jax.jit(jax.vmap(one))(self.tasks, jr.split(self.key(1), self.COUNT))
        return self.once("moments", play)

    def play(self, count: int) -> Trajectories:
        """The first `count` tasks, played as in training."""

        def play() -> Trajectories:
            lesson = fresh_lesson(jax.tree.map(lambda x: x[:count], self.tasks), False)
            return jax.jit(lambda k: self.subject.play(self.policy, lesson, key=k).data)(self.key(2))

        return self.once(f"play {count}", play)

    @property
    def judged(self) -> Outcome:
        """The same tasks, judged."""
        lesson = fresh_lesson(self.tasks, False)
        return self.once(
            "judged", lambda: jax.jit(lambda k: self.subject.judge(self.policy, lesson, key=k))(self.key(2))
        )

    def test_a_step_keeps_the_shapes_of_the_state(self) -> None:
        env, task = self.subject, row(self.tasks, 0)
        first = jax.eval_shape(lambda k: env.reset(env.world(task), key=k), self.key(3))
        action = jax.eval_shape(self.policy.draw, self.key(3))
        step = lambda state, action, k: env.step(env.world(task), state, action, key=k)
        after = jax.eval_shape(step, first, action, self.key(3))
        self.require(
            shapes(first) == shapes(after.state),
            f"`step` changes shapes or types of the state: from {shapes(first)[1]} to {shapes(after.state)[1]}",
        )
        for name, kind in (("reward", jnp.float32), ("terminated", bool), ("truncated", bool), ("solved", bool)):
            found = getattr(after, name)
            self.require(
                found.shape == () and found.dtype == kind,
                f"`step` must give one {jnp.dtype(kind)} as {name}, got {found.dtype}{list(found.shape)}",
            )

    def test_reset_and_step_are_pure(self) -> None:
        env, task, key = self.subject, row(self.tasks, 0), self.key(4)

        def twice(key: Any) -> Any:
            state = env.reset(env.world(task), key=key)
            return state, env.step(env.world(task), state, self.policy.draw(key), key=key)

        once = twice(key)
        self.require_same(once, twice(key), "`reset` and `step` gave two results for the same arguments")
        self.require_close(once, jax.jit(twice)(key), "`reset` and `step` give other results under `jit`")

    def test_observations_match_their_spec(self) -> None:
        spec, seen = self.subject.observation, self.moments.observation
        is_spec = lambda x: hasattr(x, "dtype") and hasattr(x, "shape")
        named, structure = jax.tree_util.tree_flatten_with_path(spec, is_leaf=is_spec)
        self.require(
            structure == jax.tree.structure(seen),
            f"`observe` returns the tree {jax.tree.structure(seen)}, but `observation` describes {structure}",
        )
        for (path, leaf), values in zip(named, map(plain, jax.tree.leaves(seen))):
            name = jax.tree_util.keystr(path) or "the observation"
            self.require(
                values.shape[2:] == tuple(leaf.shape) and values.dtype == leaf.dtype,
                f"{name} is {values.dtype}{list(values.shape[2:])}, but its spec says {leaf.dtype}{list(leaf.shape)}",
            )
            low, high = (leaf.low, leaf.high) if isinstance(leaf, Box) else (0, leaf.count - 1)
            inside = np.isfinite(values) & (values >= low) & (values <= high)
            self.require(np.all(inside), f"{name} left [{low}, {high}]: it was {values[~inside][:3]}")

    def test_rewards_are_finite(self) -> None:
        self.require(np.all(np.isfinite(plain(self.moments.reward))), "`step` gave a reward that is not finite")

    def test_an_episode_ends_in_one_way(self) -> None:
        m = self.moments
        both = np.any(plain(m.terminated & m.truncated & m.alive))
        self.require(not both, "`step` said both terminated and truncated: one end is the game's, one is impatience")
        lost = np.any(plain(m.solved & ~m.terminated & m.alive))
        self.require(not lost, "`step` said solved without terminated: a success ends its episode")

    def test_no_episode_outlives_its_limit(self) -> None:
        limits = np.asarray(self.limits)
        self.require(np.all(limits >= 1), f"`limit` must be at least one step, got {limits.min()}")
        ended = plain(self.moments.terminated | self.moments.truncated)
        for task, limit in enumerate(limits):
            self.require(
                np.any(ended[task, :limit]), f"an episode went on after the {limit} steps that `limit` allows it"
            )

    def test_the_time_limit_is_a_truncation(self) -> None:
        if not self.LIMIT_IS_END:
            m = jax.tree.map(plain, self.moments)
            for task, limit in enumerate(self.limits):
                last = limit - 1
                late = m.alive[task, last] and m.terminated[task, last] and not m.solved[task, last]
                self.require(
                    not late,
                    "an episode that met its time limit is terminated, not truncated, so the value of what would "
                    "have followed is lost; if the last step is the rule of the game set LIMIT_IS_END",
                )

    def test_play_is_a_function_of_its_key(self) -> None:
        lesson = fresh_lesson(jax.tree.map(lambda x: x[:2], self.tasks), False)
        again = jax.jit(lambda k: self.subject.play(self.policy, lesson, key=k).data)(self.key(2))
        self.require_same(self.play(2), again, "`play` gave two experiences for one key")

    def test_a_row_does_not_depend_on_its_batch(self) -> None:
        cut = self.play(self.COUNT).take(0, 2, 0)
        self.require_close(cut, self.play(2), "two rows went another way when others were played beside them")

    def test_judge_agrees_with_play(self) -> None:
        lived, judged = self.play(self.COUNT), self.judged
        ended, rewards, solved = plain(lived.ended), plain(lived.rewards), plain(lived.solved)
        for task in range(self.COUNT):
            if np.any(ended[:, task]):
                last = int(np.argmax(ended[:, task]))
                first = (rewards[: last + 1, task].sum(), last + 1, solved[last, task])
                found = tuple(plain(x)[task] for x in (judged.returns, judged.lengths, judged.solved))
                self.require(
                    np.allclose(first, found, atol=1e-4),
                    f"with one key the first episode of `play` has (return, length, solved) = {first}, "
                    f"the episode of `judge` {found}",
                )

    def test_nobody_beats_the_optimum(self) -> None:
        if "optimal_returns" in self.subject.provides:
            self.require(self.judged.optimal_returns is not None, "`optimal_return` gave None, but `provides` names it")
            lesson = fresh_lesson(self.tasks, False, plays=self.PLAYS)
            judge = lambda: jax.jit(lambda k: self.subject.judge(self.policy, lesson, key=k))(self.key(2))
            judged = self.judged if self.PLAYS == 1 else self.once("judged often", judge)
            best, found = plain(judged.optimal_returns), plain(judged.returns)
            self.require(np.all(np.isfinite(best)), f"`optimal_return` is not finite: {best}")
            self.require(
                np.all(found <= best + 1e-4), f"random play got {found.max()}, more than `optimal_return` says: {best}"
            )

    def test_suites_hold_valid_tasks(self) -> None:
        for name in self.subject.suite_names:
            suite = self.subject.suite(name)
            domain = suite.domain or self.subject
            bad = where_false(jax.jit(jax.vmap(domain.space.valid))(suite.tasks))
            self.require(not bad, f"suite {name!r} holds tasks that are not `valid`: {[suite.names[i] for i in bad]}")
            self.require(len(set(suite.names)) == rows(suite.tasks), f"suite {name!r} must have one name for each task")
            judge = partial(judge_suite, self.subject, self.policy, suite, episodes=2)
            outcome = jax.eval_shape(lambda k: judge(key=k), self.key(5))  # noqa: B023
            self.require(outcome.status.shape == (len(suite.names),), f"`judge` of suite {name!r} has not a row a task")

    def test_unknown_suites_are_refused(self) -> None:
        try:
            self.subject.suite("no suite of this name")
        except UnknownName:
            return
        self.require(False, "`suite` took a name that it does not know instead of raising UnknownName")

    def test_frames_are_pictures(self) -> None:
        env, task = self.subject, row(self.tasks, 0)
        try:
            picture = env.frame(task, env.reset(env.world(task), key=self.key(6)), 64)
        except CombinationError:
            return  # an environment need not be drawn
        good = isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.shape[2:] == (3,)
        self.require(good, "`frame` must be an array (height, width, 3) of uint8")

    def test_the_length_of_a_play_is_known(self) -> None:
        self.require(
            isinstance(self.subject.steps, int) and self.subject.steps > 0,
            f"`steps` must be a whole number of steps, got {self.subject.steps!r}",
        )
        spec = self.subject.action
        self.require(isinstance(spec, Discrete | Box), f"`action` must be Discrete or Box, got {spec!r}")


def check_environment(environment: Environment, **settings: Any) -> None:
    """Runs every law of `EnvironmentSuite` on an environment, without pytest.

    **Arguments:**

    - `environment`: what is examined.
    - `settings`: fields and hooks of the suite to be replaced, such as `COUNT=32`.

    **Raises:** `BrokenLaw` at the first law that does not hold.
    """
    examine(EnvironmentSuite, environment, settings)
