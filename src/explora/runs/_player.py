"""What a run has learned, ready to act."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float, PyTree

from explora.core import ArgumentError, Expectation, Parts, Policy, Questions, Suite
from explora.ledger import Verdict, evaluate, joined
from explora.loop import State


class Agent:
    """Acts with a policy, one observation at a time.

    **Arguments:**

    - `policy`: what a learner has learned.
    - `seed`: of its choices.
    - `who`: which member of a population acts; None: as the policy itself has it.
    """

    def __init__(self, policy: Any, seed: int = 0, who: int | None = None):
        self.policy = policy
        self._who = {} if who is None else {"who": jnp.asarray([who], jnp.int32)}
        self._key = jr.key(seed)
        self._count = 0
        self._act = eqx.filter_jit(lambda policy, *args, **more: policy(*args, **more)[:2])
        self.reset()

    def reset(self) -> None:
        """Forgets the episode so far: call it when a new one begins."""
        self._memory = self.policy.memory(1) if isinstance(self.policy, Policy) else None
        self._fresh = True

    def act(self, observation: PyTree, *, greedy: bool = False) -> Any:
        """What to do now.

        **Arguments:**

        - `observation`: one observation, as the domain's `observe` gives it.
        - `greedy`: take the likeliest action instead of drawing one.

        **Returns:** the action, as a NumPy scalar or array.

        **Raises:** `ArgumentError` if the run's learner does not act but answers questions: then use `expect`.
        """
        if not isinstance(self.policy, Policy):
            raise ArgumentError("what this run learned answers questions and does not act: use `expect(inputs)`")
        key = jr.fold_in(self._key, self._count)
        self._count += 1
        once = jax.tree.map(lambda x: jnp.asarray(x)[None], observation)
        policy = self.policy.greedy() if greedy else self.policy
        action, self._memory = self._act(
            policy, once, self._memory, jnp.asarray([self._fresh]), keys=key[None], **self._who
        )
        self._fresh = False
        return np.asarray(action)[0]

    def play(
        self, env: Any, *, seed: int | None = None, options: dict[str, Any] | None = None, greedy: bool = True
    ) -> float:
        """Plays one episode in an environment of Gymnasium that shows and accepts what the run's domain does.

        **Arguments:**

        - `env`: a `gymnasium.Env`.
        - `seed`, `options`: of its `reset`.
        - `greedy`: as of `act`.

        **Returns:** the sum of the rewards.
        """
        self.reset()
        observation, _ = env.reset(seed=seed, options=options)
        total, over = 0.0, False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(self.act(observation, greedy=greedy))
            total, over = total + float(reward), terminated or truncated
        return total


class Player(Agent):
    """Acts as the published version of a run's learner would, one observation at a time.

    **Arguments:**

    - `parts`, `state`: of the run.
    - `seed`: of its choices.
    - `who`: which member of a population acts; None: as the learner publishes it.
    """

    def __init__(self, parts: Parts, state: State, seed: int = 0, who: int | None = None):
        super().__init__(parts.learner.policy(parts.learner.publish(state.learner)), seed, who)
        self.parts, self.state = parts, state

    def expect(self, inputs: Float[np.ndarray, "rows features"]) -> Expectation:
        """What it makes of items, where the run's domain asks questions.

        **Arguments:**

        - `inputs`: one row of features an item, as the domain's `inputs` are made.

        **Raises:** `ArgumentError` if the run's learner acts: then use `act`.
        """
        if not isinstance(self.parts.domain, Questions):
            raise ArgumentError("what this run learned acts in an environment: use `act(observation)`")
        return self.policy(inputs)

    def evaluate(self, suite: str | Suite, *, episodes: int = 20, seed: int = 0, greedy: bool = False) -> Verdict:
        """How well it does on held-out tasks.

        **Arguments:**

        - `suite`: the name of one of the domain's suites or of a group of them, or a suite.
        - `episodes`: how often each task is played.
        - `seed`: of the evaluation.
        - `greedy`: take the likeliest actions.

        **Raises:** `UnknownName` if the domain has no such suite.
        """
        name = suite if isinstance(suite, str) else "tasks"
        suites = self.parts.domain.suites(suite) if isinstance(suite, str) else {name: suite}
        found = evaluate(
            self.parts.learner,
            self.state.learner,
            self.parts.domain,
            suites,
            episodes=episodes,
            seed=seed,
            greedy=greedy,
        )
        return joined(name, tuple(found.values()))
