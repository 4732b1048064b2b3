"""A new learner in less than 60 lines: a policy, and how it learns from what was played. It gets every explorer.

Usage:
    python examples/05_new_learner.py

`Reinforce` prefers actions linearly in what it sees and makes those more likely after which more reward came than it
gets on average (Williams 1992). `explora.testing.check_learner(Reinforce())` examines whether it keeps the laws.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from explora import loop
from explora.core import Learner, Parts, Policy, Status, allow
from explora.explorers import Replay
from explora.learners import measure
from explora.nets import features, flatten
from explora.scores import Learnability
from explora.testing import Walk


class Preferences(Policy):
    matrix: Float[Array, "features actions"]
    spec: Any

    def __call__(self, observations, memory, fresh, *, keys, who=None):
        logits = flatten(self.spec, observations) @ self.matrix
        return jax.vmap(jr.categorical)(keys, logits).astype(jnp.int32), memory, {}


@allow  # so that a run's folder may name it
class Reinforce(Learner):
    rate: float = 1.0
    discount: float = 0.9
    provides = frozenset({"returns", "max_returns", "solved", "lengths", "episodes"})

    def init(self, domain, *, key):
        matrix = 0.01 * jr.normal(key, (features(domain.observation), domain.action.count))
        return Preferences(matrix, domain.observation)

    def policy(self, state):
        return state

    def measure(self, state, lesson, experience):
        return measure(lesson, experience)

    def update(self, state, lesson, experience, *, key):
        lived = experience.data
        good = lesson.learn_mask & (experience.status == Status.ANSWERED)
        counts = (good[lived.row] & ~lived.gap).astype(jnp.float32)
        weight = counts / jnp.maximum(counts.sum(), 1.0)
        later = lambda total, x: 2 * (x[0] + self.discount * jnp.where(x[1], 0.0, total),)
        zero = jnp.zeros(lived.rewards.shape[1])
        _, to_come = jax.lax.scan(later, zero, (lived.rewards, lived.ended), reverse=True)
        advantage = to_come - (weight * to_come).sum()

        def loss(matrix):
            logits = jax.nn.log_softmax(flatten(state.spec, lived.observations) @ matrix)
            chosen = jnp.take_along_axis(logits, lived.actions[..., None], axis=-1)[..., 0]
            return -(weight * advantage * chosen).sum()

        return eqx.tree_at(lambda s: s.matrix, state, state.matrix - self.rate * jax.grad(loss)(state.matrix))


parts = Parts(Walk(), Reinforce(rate=3.0), Replay(rows=32, capacity=64, score=Learnability(), explore_learns=True))
state = loop.init(parts, key=jr.key(0))
for _ in range(4):
    state, log = loop.chunk(parts, state, root=jr.key(1), turns=10)
    print(f"{int(state.spent.steps):>7,} steps: {float(np.mean(log.metrics['play/solved'])):4.0%} of the trails walked")
