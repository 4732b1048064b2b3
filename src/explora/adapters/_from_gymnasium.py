"""Other people's environments as a domain: whatever Gymnasium can make gets every explorer."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import equinox as eqx
import jax
from jaxtyping import Array, PRNGKeyArray, PyTree

from explora.core import (
    ArgumentError,
    CombinationError,
    Environment,
    Experience,
    Lesson,
    Outcome,
    Parts,
    Policy,
    Space,
    Spec,
    Step,
    Suite,
    suggest,
)

from . import _required
from ._parameters import ParameterSpace
from ._seeds import SeedSpace

if TYPE_CHECKING:
    import gymnasium


class GymnasiumDomain(Environment[Any, Any, Any]):
    """An environment of Gymnasium whose tasks are parameters (`ParameterSpace`) or seeds (`SeedSpace`).

    - **Observation**, **action**: as the environment says. Bytes become numbers in [0, 1]; whole numbers below 64 are
      codes; everything else is a 32-bit float.
    - **Solved**: `info["is_success"]` or `info["success"]` at the end of an episode where the environment gives one;
      otherwise the return reached `threshold`. An episode can be solved and truncated (who balances till the end).
    - **End**: as the environment says. A step that is not finite ends its episode and makes the row VOID.
    - **Suites**: `spread`, tasks that fill the box of parameters evenly; `unseen`, seeds that are never drawn.
    - **Speed**: environments step one after the other in plain Python, the policy acts on all lanes at once.

    Override `make` to wrap the environment, `prepare` to set its task in another way, `begin` to start an episode.

    **Arguments:**

    - `id`: what `gymnasium.make` makes.
    - `space`: the tasks; seeds if nothing is said.
    - `via`: how parameters get into the environment: as `"attributes"` of the unwrapped environment (what CartPole
      derives from its own is renewed), as keyword arguments of `"make"` (the environment is made anew for every
      task), or as `"options"` of `reset`. Seeds go to `reset` in any case.
    - `kwargs`: further keyword arguments of `gymnasium.make`.
    - `shown`: the entries of a Dict observation that the learner sees; None: all.
    - `steps`: the length of one play in training [steps].
    - `max_steps`: after how many steps an episode is cut off [steps]; None: as registered.
    - `threshold`: the return from which an episode counts as solved; None: as registered, if it is.
    """

    id: str = eqx.field(static=True)
    space: Space = SeedSpace()  # pyright: ignore[reportIncompatibleMethodOverride]
    via: Literal["attributes", "make", "options"] = eqx.field(static=True, default="attributes")
    kwargs: dict[str, Any] = eqx.field(default_factory=dict)
    shown: tuple[str, ...] | None = eqx.field(static=True, default=None)
    steps: int = eqx.field(static=True, default=128)  # pyright: ignore[reportIncompatibleMethodOverride]
    max_steps: int | None = eqx.field(static=True, default=None)
    threshold: float | None = eqx.field(static=True, default=None)

    hosted: ClassVar[bool] = True

    def __check_init__(self):
        if self.via not in ("attributes", "make", "options"):
            raise ArgumentError(f"`via` must be 'attributes', 'make' or 'options', got {self.via!r}")
        if self.steps < 1 or (self.max_steps is not None and self.max_steps < 1):
            raise ArgumentError(f"`steps` and `max_steps` must be at least 1, got {self.steps} and {self.max_steps}")

    def make(self, **parameters: Any) -> "gymnasium.Env":
        """A new environment; `parameters` are keyword arguments of the task if `via` is `"make"`."""
        gymnasium = _required.gymnasium()
        limit = {} if self.max_steps is None else {"max_episode_steps": self.max_steps}
        env = gymnasium.make(self.id, disable_env_checker=True, **limit, **self.kwargs, **parameters)
        if self.shown is None:
            return env
        return gymnasium.wrappers.FilterObservation(env, filter_keys=self.shown)

    def prepare(self, env: "gymnasium.Env", task: Any) -> "gymnasium.Env":
        """Makes an environment ready to play `task` until another is prepared.

        **Arguments:**

        - `env`: an environment that was playing something else.
        - `task`: NumPy arrays.

        **Returns:** the environment in which the task is played: `env`, or another one after closing it.
        """
        if not isinstance(self.space, ParameterSpace) or self.via == "options":
            return env
        if self.via == "make":
            env.close()
            return self.make(**self.space.values(task))
        for name, value in self.space.values(task).items():
            setattr(env.unwrapped, name, value)
        derive = _DERIVED.get(type(env.unwrapped).__name__)
        if derive is not None:
            derive(env.unwrapped)
        return env

    def begin(self, env: "gymnasium.Env", task: Any, *, seed: int) -> Any:
        """Starts an episode of a prepared task and returns the first observation; `seed` is the episode's own."""
        if isinstance(self.space, SeedSpace):
            return env.reset(seed=int(task))[0]
        options = None
        if isinstance(self.space, ParameterSpace) and self.via == "options":
            options = self.space.values(task)
        return env.reset(seed=seed, options=options)[0]

    def success(self, env: "gymnasium.Env", info: dict[str, Any], total: float) -> bool:
        """Whether an episode that ended with that `info` and return counts as solved."""
        for name in ("is_success", "success"):
            if name in info:
                return bool(info[name])
        threshold = self.threshold
        if threshold is None:
            threshold = env.spec.reward_threshold if env.spec is not None else None
        return threshold is not None and total >= threshold

    @property
    def observation(self) -> PyTree[Spec]:
        from ._spaces import to_spec

        return to_spec(self._fleet.probe.observation_space)

    @property
    def action(self) -> Spec:
        from ._spaces import to_spec

        return to_spec(self._fleet.probe.action_space)  # pyright: ignore[reportReturnType]

    def limit(self, world: Any) -> int:
        spec = self._fleet.probe.spec
        limit = self.max_steps or (None if spec is None else spec.max_episode_steps)
        if limit is None:
            raise ArgumentError(f"`max_steps` must be given: {self.id} is registered without a limit")
        return limit

    @property
    def suite_names(self) -> tuple[str, ...]:
        if isinstance(self.space, ParameterSpace):
            return ("spread",)
        return ("unseen",) if isinstance(self.space, SeedSpace) and self.space.reserved else ()

    def suite(self, name: str) -> Suite:
        if name in self.suite_names and isinstance(self.space, ParameterSpace | SeedSpace):
            return self.space.suite()
        return super().suite(name)

    def refuses(self, parts: Parts) -> str | None:
        if not isinstance(self.space, ParameterSpace) or self.via != "attributes":
            return None
        inner = self._fleet.probe.unwrapped
        for name in self.space.parameter_names:
            if not hasattr(inner, name):
                known = [other for other in vars(inner) if not other.startswith("_")]
                return (
                    f"{type(inner).__name__} has no attribute {name!r}{suggest(name, known)} If it is an argument of "
                    "its constructor or an option of its reset, say via='make' or via='options'"
                )
        return None

    def play(self, policy: Policy, lesson: Lesson, *, key: PRNGKeyArray) -> Experience:
        from ._hosted_play import rollout

        return rollout(self, policy, lesson, key=key)

    def watch(self, policy: Policy, lesson: Lesson, *, key: PRNGKeyArray) -> Experience:
        from ._hosted_play import rollout

        return rollout(self, policy, lesson, key=key, watched=True)

    def judge(self, policy: Policy, lesson: Lesson, *, key: PRNGKeyArray, part: Any = 1.0) -> Outcome:
        from ._hosted_play import episodes

        return episodes(self, policy, lesson, key=key, part=part)

    def reset(self, world: Any, *, key: PRNGKeyArray) -> Any:
        raise CombinationError(self._hosted_only("reset"))

    def observe(self, world: Any, state: Any) -> PyTree[Array]:
        raise CombinationError(self._hosted_only("observe"))

    def step(self, world: Any, state: Any, action: Array, *, key: PRNGKeyArray) -> Step:
        raise CombinationError(self._hosted_only("step"))

    @contextmanager
    def lent(self, count: int) -> "Iterator[list[gymnasium.Env]]":
        """Lends `count` environments, made once and used again by later plays; their task is anybody's."""
        fleet = self._fleet
        envs = [fleet.idle.pop() if fleet.idle else self.make_any() for _ in range(count)]
        try:
            yield envs
        except BaseException:
            for env in envs:
                env.close()  # who knows in what state they are
            raise
        fleet.idle.extend(envs)

    def make_any(self) -> "gymnasium.Env":
        """A new environment of some task, for those who ask it for its spaces."""
        if self.via == "make" and isinstance(self.space, ParameterSpace):
            return self.make(**self.space.values(self.space.sample(key=jax.random.key(0))))
        return self.make()

    @property
    def _fleet(self) -> "_Fleet":
        named = self.space.parameter_names if self.via == "attributes" else self.space
        return _fleet(type(self), self.id, repr((self.kwargs, self.shown, self.max_steps)), named, _Maker(self))

    def _hosted_only(self, verb: str) -> str:
        return f"{self.id} lives in plain Python and has no pure `{verb}`: use its `play` and `judge`"


class _Maker:
    """A domain that takes no part in the comparison of a cache's arguments."""

    def __init__(self, domain: GymnasiumDomain):
        self.domain = domain

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Maker)

    def __hash__(self) -> int:
        return 0


class _Fleet:
    """Environments that were made for a domain, or for one that makes them alike.

    **Arguments:**

    - `probe`: one that is only asked for its spaces.
    - `idle`: those that nobody is playing in.
    """

    def __init__(self, domain: GymnasiumDomain):
        self.probe = domain.make_any()
        self.idle: list[gymnasium.Env] = []


@functools.lru_cache(maxsize=16)
def _fleet(kind: type, name: str, settings: str, space: Any, maker: _Maker) -> _Fleet:
    return _Fleet(maker.domain)


def _derive_cart_pole(env: Any) -> None:
    env.total_mass = env.masspole + env.masscart
    env.polemass_length = env.masspole * env.length


_DERIVED = {"CartPoleEnv": _derive_cart_pole}
"""What environments of Gymnasium compute from their attributes when they are made, and not again."""
