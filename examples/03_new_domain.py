"""A new domain in less than 60 lines: a space of tasks, and what it means to play one. It gets every explorer.

Usage:
    python examples/03_new_domain.py

A task is a bridge of eight planks, some of them missing. The player sees the next two and steps, or jumps over one.
`explora.testing.check_space(Bridges())` and `check_environment(Crossing())` examine whether it keeps the laws.
"""

import jax.numpy as jnp
import jax.random as jr

from explora import loop
from explora.core import Codes, Discrete, Environment, Parts, Space, Step, TaskError, allow
from explora.explorers import Replay
from explora.learners import PPO
from explora.nets import GRU, ActorCritic, Dense
from explora.scores import Learnability


@allow  # so that a run's folder may name it
class Bridges(Space):
    provides = frozenset({"mutate"})

    def sample(self, *, key):
        return mended(jr.bernoulli(key, 0.6, (8,)))

    def mutate(self, task, *, key):
        plank = jr.randint(key, (), 0, 8)
        return mended(task.at[plank].set(~task[plank]))

    def valid(self, task):
        return jnp.all(task == mended(task))

    def encode(self, task):
        return "".join("=" if plank else "." for plank in task.tolist())

    def decode(self, value):
        if not isinstance(value, str) or len(value) != 8 or set(value) - set("=."):
            raise TaskError(f"a bridge is eight characters, each '=' or '.'; got {value!r}")
        return jnp.array([plank == "=" for plank in value])


def mended(planks):  # so that it can be crossed: where a plank is missing the next one is there
    return planks | ~jnp.concatenate([jnp.zeros(1, bool), planks[:-1]])


@allow
class Crossing(Environment):
    space: Bridges = Bridges()
    steps: int = 64
    observation = Codes((2,), 2)
    action = Discrete(2, ("step", "jump"))

    def limit(self, world):
        return 8

    def world(self, task):  # what stays the same during an episode: the planks, and the land behind them
        return jnp.concatenate([task, jnp.ones(4, bool)])

    def reset(self, world, *, key):
        return jnp.asarray(0, jnp.int32)

    def observe(self, world, state):
        return world[state + jnp.array([1, 2])].astype(jnp.uint8)

    def step(self, world, state, action, *, key):
        place = state + 1 + action
        over = place >= 8
        return Step(place, over.astype(jnp.float32), over | ~world[place], jnp.asarray(False), over)


learner = PPO(ActorCritic(Dense(16), GRU(16)), rate=3e-3, epochs=2)
explorer = Replay(rows=32, capacity=64, score=Learnability(), explore_learns=True)
parts = Parts(Crossing(), learner, explorer)
state = loop.init(parts, key=jr.key(0))
for _ in range(4):
    state, log = loop.chunk(parts, state, root=jr.key(1), turns=10)
    print(f"{int(state.spent.steps):>6,} steps: {float(log.metrics['play/solved'].mean()):4.0%} of the bridges crossed")
