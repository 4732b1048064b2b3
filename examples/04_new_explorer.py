"""A new explorer in less than 60 lines: what to learn from next, by `ask` and `tell`. It works in every domain.

Usage:
    python examples/04_new_explorer.py

`Staircase` makes tasks harder while they are solved and easier while they are not. It needs a space that can make a
task from coordinates in [0, 1], whose larger values are harder. `explora.testing.check_explorer(Staircase())` examines
whether it keeps the laws.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from explora import loop
from explora.core import Explorer, Parts, allow, fresh_lesson, row_keys
from explora.domains.maze import Maze, MazeSpace
from explora.learners import PPO
from explora.nets import GRU, ActorCritic, Dense


class Height(eqx.Module):
    """How far up the stairs it is, in [0, 1]."""

    height: Float[Array, ""]


@allow  # so that a run's folder may name it
class Staircase(Explorer):
    rows: int = eqx.field(static=True, default=64)
    stride: float = 0.02
    wanted: float = 0.7
    needs = frozenset({"solved"})

    def refuses(self, parts):
        if "parameters" not in parts.space.provides:
            return f"Staircase climbs along parameters, but {type(parts.space).__name__} has none: use Replay"
        return None

    def init(self, space, *, key):
        return Height(jnp.zeros(()))

    def ask(self, state, space, phase, *, key):
        place_key, task_key = jr.split(key)
        places = state.height * jr.uniform(place_key, (self.rows, len(space.parameter_names)))
        make = lambda place, key: space.from_parameters(place, key=key)
        return state, fresh_lesson(jax.vmap(make)(places, row_keys(task_key, self.rows)), True, phase=phase)

    def tell(self, state, space, lesson, outcome, *, key):
        counts = outcome.answered & jnp.isfinite(outcome.solved)
        solved = jnp.mean(outcome.solved, where=counts)  # not a number if nothing counts
        stride = jnp.where(solved > self.wanted, self.stride, -self.stride)
        return Height(jnp.where(jnp.any(counts), jnp.clip(state.height + stride, 0.0, 1.0), state.height))

    def metrics(self, state):
        return {"height": state.height}


learner = PPO(ActorCritic(Dense(32), GRU(32)), rate=3e-3, epochs=2, minibatches=2)
parts = Parts(Maze(MazeSpace(5, 5, walls=8), steps=64, max_steps=30), learner, Staircase())
state = loop.init(parts, key=jr.key(0))
for _ in range(4):
    state, log = loop.chunk(parts, state, root=jr.key(1), turns=20)
    solved, height = float(log.metrics["play/solved"].mean()), float(state.explorer.height)
    print(f"{int(state.spent.steps):>8,} steps: {solved:4.0%} solved, {height:4.0%} up the stairs")
