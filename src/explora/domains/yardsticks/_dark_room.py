"""A dark room in which a goal is found by walking onto it, and found again in the next trial."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import Discrete, Environment, Policy, Space, Step, between

from ._room import MOVES, read_cell, steps_between, walked


class DarkTask(eqx.Module):
    """Where the goal of a room is.

    **Arguments:**

    - `goal`: its cell, counted row by row.
    """

    goal: Int32[Array, "*tasks"]


class DarkState(eqx.Module):
    """What changes in a dark room.

    **Arguments:**

    - `place`: the player's cell.
    - `time`: how many steps it has taken in all trials.
    """

    place: Int32[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class Goals(Space[DarkTask]):
    """All cells of a square room.

    **Arguments:**

    - `side`: of the room [cells].
    """

    side: int = eqx.field(static=True, default=9)

    def __check_init__(self):
        between("side", self.side, 2)

    def sample(self, *, key: PRNGKeyArray) -> DarkTask:
        return DarkTask(jr.randint(key, (), 0, self.side**2))

    def valid(self, task: DarkTask) -> Bool[Array, ""]:
        return (task.goal >= 0) & (task.goal < self.side**2)

    def encode(self, task: DarkTask) -> list[int]:
        return [int(task.goal) // self.side, int(task.goal) % self.side]

    def decode(self, value: Any) -> DarkTask:
        return DarkTask(jnp.int32(read_cell("a goal", value, self.side)))


class DarkRoom(Environment[DarkTask, DarkTask, DarkState]):
    """Find a goal that cannot be seen, then make use of knowing where it is.

    - **Space**: `Goals`.
    - **Observation**: `row` and `column` of the player's cell; with `shown` also `goal`, for who is to demonstrate.
    - **Action**: 0 stay, 1 up, 2 right, 3 down, 4 left; walls stop.
    - **Reward**: 1 for each step that ends on the goal.
    - **End**: after `trials` times `patience` steps (truncated). A trial begins in the middle, with the same goal; to
      the player all trials are one episode.
    - **Optimum**: exact: in each trial all steps from the first arrival on.
    - **Goals**: the cell.

    **Arguments:**

    - `space`: the room.
    - `patience`: the length of a trial [steps].
    - `trials`: how many follow each other.
    - `shown`: whether the goal is part of the observation.

    **Reference:** Laskin et al. 2022 (arXiv:2210.14215), *Dark Room*.
    """

    space: Goals = Goals()  # pyright: ignore[reportIncompatibleMethodOverride]
    patience: int = eqx.field(static=True, default=20)
    trials: int = eqx.field(static=True, default=1)
    shown: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        for name in ("patience", "trials"):
            between(name, getattr(self, name), 1)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"optimal_returns"})

    @property
    def steps(self) -> int:
        return self.patience * self.trials

    def limit(self, world: DarkTask) -> int:
        return self.steps

    @property
    def middle(self) -> int:
        """The cell where trials begin."""
        return self.space.side // 2 * (self.space.side + 1)

    @property
    def goal(self) -> Discrete:
        return Discrete(self.space.side**2)

    @property
    def observation(self) -> dict[str, Discrete]:
        side = Discrete(self.space.side)
        return {"row": side, "column": side} | ({"goal": self.goal} if self.shown else {})

    @property
    def action(self) -> Discrete:
        return Discrete(len(MOVES), ("stay", "up", "right", "down", "left"))

    def reset(self, world: DarkTask, *, key: PRNGKeyArray) -> DarkState:
        return DarkState(jnp.int32(self.middle), jnp.zeros((), jnp.int32))

    def observe(self, world: DarkTask, state: DarkState) -> dict[str, Array]:
        side = self.space.side
        where = {"row": state.place // side, "column": state.place % side}
        return where | ({"goal": world.goal} if self.shown else {})

    def achieved(self, world: DarkTask, state: DarkState) -> Int32[Array, ""]:
        return state.place

    def wanted(self, world: DarkTask) -> Int32[Array, ""]:
        return world.goal

    def step(self, world: DarkTask, state: DarkState, action: Array, *, key: PRNGKeyArray) -> Step:
        side, time = self.space.side, state.time + 1
        place = walked(state.place, jnp.asarray(MOVES, jnp.int32)[action], side)
        reward = (place == world.goal).astype(jnp.float32)
        anew = (time % self.patience == 0) & (time < self.steps)
        after = DarkState(jnp.where(anew, self.middle, place), time)
        none = jnp.zeros((), bool)
        return Step(after, reward, none, time >= self.steps, none)

    def optimal_return(self, world: DarkTask) -> Float[Array, ""]:
        far = steps_between(world.goal, jnp.int32(self.middle), self.space.side)
        best = jnp.clip(self.patience - jnp.maximum(far, 1) + 1, 0, self.patience)
        return (self.trials * best).astype(jnp.float32)


class Annealed(Policy):
    """Walks to a goal that it sees, less and less distracted: data that improve from trial to trial without learning.

    The share of random actions falls linearly from 1 in the first trial to `least` in the last.

    **Arguments:**

    - `side`: of the room [cells].
    - `patience`, `trials`: as in `DarkRoom`.
    - `least`: the share of random actions in the last trial.

    **Reference:** Zisman et al. 2023 (arXiv:2312.12275).
    """

    side: int = eqx.field(static=True, default=9)
    patience: int = eqx.field(static=True, default=20)
    trials: int = eqx.field(static=True, default=10)
    least: float = 0.0

    def memory(self, lanes: int) -> Int32[Array, " lanes"]:
        return jnp.zeros((lanes,), jnp.int32)

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        time = jnp.where(fresh, 0, memory)
        trial = (time // self.patience).astype(jnp.float32)
        noise = 1.0 - (1.0 - self.least) * trial / max(self.trials - 1, 1)
        act = lambda place, goal, noise, key: _towards(place, goal, noise, self.side, key=key)
        place = observations["row"] * self.side + observations["column"]
        return jax.vmap(act)(place, observations["goal"], noise, keys), time + 1, {}


class Habitual(Policy):
    """Acts by fixed probabilities, whatever it sees: an agent of whom all is known that can be.

    **Arguments:**

    - `habits`: the probabilities of the actions, in each lane.
    """

    habits: Float[Array, "agents actions"]

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        return jax.vmap(jr.categorical)(keys, jnp.log(self.habits)).astype(jnp.int32), memory, {}


def foreseen(
    counts: Float[np.ndarray, "agents actions"], concentrations: Float[np.ndarray, " kinds"]
) -> Float[np.ndarray, "agents actions"]:
    """What an agent will do next, by Bayes' rule, given how often it did each thing before.

    Its habits were drawn from a symmetric Dirichlet distribution whose concentration is one of several, each as likely.

    **Arguments:**

    - `counts`: how often each action was seen.
    - `concentrations`: α of each kind of agent.

    **Reference:** the Dirichlet-multinomial distribution: p(a | counts, α) = (α + n_a) / (Kα + N), weighted by
    p(counts | α) ∝ Γ(Kα) / Γ(Kα + N) · Π Γ(α + n_a) / Γ(α); Rabinowitz et al. 2018 (arXiv:1802.07740), section 3.1.
    """
    kinds, seen = concentrations[:, None, None], counts[None]
    actions, total = counts.shape[1], seen.sum(-1, keepdims=True)
    gamma = np.vectorize(math.lgamma)
    each = (gamma(kinds + seen) - gamma(kinds)).sum(-1, keepdims=True)
    likely = gamma(actions * kinds) - gamma(actions * kinds + total) + each
    weight = np.exp(likely - likely.max(0))
    given = (kinds + seen) / (actions * kinds + total)
    return (weight / weight.sum(0) * given).sum(0)


def _towards(
    place: Int32[Array, ""], goal: Int32[Array, ""], noise: Float[Array, ""], side: int, *, key: PRNGKeyArray
) -> Int32[Array, ""]:
    """A step nearer to the goal, along either axis as likely; with probability `noise` any action."""
    which, where, any_key = jr.split(key, 3)
    rows, columns = goal // side - place // side, goal % side - place % side
    vertical = jnp.where(jr.bernoulli(where), rows != 0, columns == 0)
    up_or_down = jnp.where(rows < 0, 1, jnp.where(rows > 0, 3, 0))
    along = jnp.where(columns > 0, 2, jnp.where(columns < 0, 4, 0))
    nearer = jnp.where(vertical, up_or_down, along)
    return jnp.where(jr.bernoulli(which, noise), jr.randint(any_key, (), 0, len(MOVES)), nearer).astype(jnp.int32)
