"""A space of a few bits, whose tasks are solved by whom they find able, so that explorers can be watched closely."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import Discrete, Domain, Environment, Explorer, Learner, Outcome, Parts, Space, Status, Step


class Bits(Space):
    """All words of `size` bits; the coordinates are the share of ones in its left and in its right half."""

    size: int = eqx.field(static=True, default=8)

    @property
    def provides(self):
        return frozenset({"mutate", "parameters", "studio"})

    def sample(self, *, key):
        return jr.bernoulli(key, 0.5, (self.size,)).astype(jnp.uint8)

    def mutate(self, task, *, key):
        return task.at[jr.randint(key, (), 0, self.size)].add(jnp.uint8(1)) % jnp.uint8(2)

    def valid(self, task):
        return jnp.all(task < 2)

    def parameters(self, task):
        return task.reshape(2, -1).astype(jnp.float32).mean(1)

    def from_parameters(self, parameters, *, key):
        half = self.size // 2
        ones = jnp.round(parameters * half)
        return (jnp.arange(half, dtype=jnp.float32)[None] < ones[:, None]).astype(jnp.uint8).reshape(-1)

    def studio(self):
        return Desk(self)

    def encode(self, task):
        return np.asarray(task).tolist()

    def decode(self, value):
        return jnp.array(value, jnp.uint8)


class Counted(Bits):
    """Bits whose features are the number of ones, and of ones in the left half."""

    @property
    def provides(self):
        return frozenset({"mutate", "features"})

    @property
    def feature_names(self):
        return ("ones", "left")

    def features(self, task):
        return jnp.stack([jnp.sum(task), jnp.sum(task[: self.size // 2])]).astype(jnp.float32)

    def feature_bounds(self):
        return jnp.zeros(2), jnp.array([self.size, self.size // 2], jnp.float32)


class Blank(Space):
    """One blank sheet: there is nothing to choose."""

    def sample(self, *, key):
        return jnp.zeros((1,))

    def valid(self, task):
        return jnp.array(True)


class Page(eqx.Module):
    word: Any
    time: Any


class Desk(Environment):
    """Writes a word of `bits`, one bit a step."""

    bits: Bits

    @property
    def space(self):
        return Blank()

    @property
    def steps(self):
        return self.bits.size

    def limit(self, world):
        return self.bits.size

    @property
    def observation(self):
        return Discrete(self.bits.size + 1)

    @property
    def action(self):
        return Discrete(2)

    def reset(self, world, *, key):
        return Page(jnp.zeros((self.bits.size,), jnp.uint8), jnp.zeros((), jnp.int32))

    def observe(self, world, state):
        return state.time

    def step(self, world, state, action, *, key):
        page = Page(state.word.at[state.time].set(action.astype(jnp.uint8)), state.time + 1)
        no = jnp.zeros((), bool)
        return Step(page, jnp.zeros(()), state.time + 1 >= self.bits.size, no, no)

    def product(self, world, state):
        return state.word


def words(*numbers: int, size: int = 8) -> jax.Array:
    """Tasks by number, most significant bit first."""
    return jnp.array([[number >> bit & 1 for bit in range(size - 1, -1, -1)] for number in numbers], jnp.uint8)


def number_of(word: jax.Array) -> int:
    """The number of a task."""
    return int("".join(str(int(bit)) for bit in word), 2)


def outcome(score: Any, status: Any = None, **columns: Any) -> Outcome:
    """An outcome whose positive advantages are the scores that the test wants."""
    score = jnp.asarray(score, jnp.float32)
    rows = score.shape[0]
    status = jnp.full((rows,), Status.ANSWERED, jnp.int8) if status is None else jnp.asarray(status, jnp.int8)
    return Outcome(status, positive_advantages=score, **columns)


class Ground(Domain):
    """A domain that is nothing but its space."""

    field: Space

    @property
    def space(self):
        return self.field


def among(space: Space, explorer: Explorer) -> Parts:
    """The parts of a run in which only the space and the explorer matter."""
    return Parts(Ground(space), Learner(), explorer)
