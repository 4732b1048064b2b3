"""A new domain in less than 60 lines: a space of tasks, and what it means to play one. It gets every explorer.

Usage:
    python examples/03_new_domain.py

A task is a bridge of planks, some of them missing. The player sees the next two planks and steps or jumps.
"""

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora import loop
from explora.core import Codes, Discrete, Environment, Parts, Space, Step, TaskError
from explora.explorers import Replay
from explora.learners import PPO
from explora.scores import Learnability
from explora.testing import check_environment, check_space


class Bridges(Space):
    """Eight planks, True where there is one. The first is there, and no two neighbours are missing."""

    @property
    def provides(self):
        return frozenset({"mutate"})

    def sample(self, *, key):
        return mended(jr.bernoulli(key, 0.6, (8,)))

    def mutate(self, task, *, key):
        plank = jr.randint(key, (), 0, 8)
        return mended(task.at[plank].set(~task[plank]))

    def valid(self, task):
        return task[0] & jnp.all(task[1:] | task[:-1])

    def encode(self, task):
        return "".join("=" if plank else "." for plank in np.asarray(task))

    def decode(self, value):
        if not isinstance(value, str) or len(value) != 8 or set(value) - set("=."):
            raise TaskError(f"a bridge is eight characters, each = or . ; got {value!r}")
        return jnp.array([plank == "=" for plank in value])


def mended(planks):
    """A bridge that can be crossed: a plank is put wherever two in a row are missing."""
    return planks.at[0].set(True) | ~jnp.concatenate([planks[:1] | True, mended_before(planks)])


def mended_before(planks):
    return planks[:-1]


class Crossing(Environment):
    """Cross a bridge. Actions: 0 step, 1 jump over a plank. Reward 1 behind the last plank; a gap ends the episode."""

    space: Bridges = Bridges()
    steps: int = 16

    observation = Codes((2,), 2)
    action = Discrete(2, ("step", "jump"))
