"""Walking to a place in a graph, and what a random walk that gets there in so many steps did first."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import ArgumentError, Discrete, Environment, Policy, Space, Step, TaskError, between


class GraphTask(eqx.Module):
    """Where to begin.

    **Arguments:**

    - `start`: the place; not the goal.
    """

    start: Int32[Array, "*tasks"]


class GraphState(eqx.Module):
    """What changes while somebody walks.

    **Arguments:**

    - `place`: where they are.
    - `time`: how many steps they have taken.
    """

    place: Int32[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class Starts(Space[GraphTask]):
    """All places of a graph but the goal, which is the last.

    **Arguments:**

    - `places`: how many there are.
    """

    places: int = eqx.field(static=True)

    def sample(self, *, key: PRNGKeyArray) -> GraphTask:
        return GraphTask(jr.randint(key, (), 0, self.places - 1))

    def valid(self, task: GraphTask) -> Bool[Array, ""]:
        return (task.start >= 0) & (task.start < self.places - 1)

    def encode(self, task: GraphTask) -> int:
        return int(task.start)

    def decode(self, value: Any) -> GraphTask:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < self.places - 1:
            raise TaskError(f"a start is a whole number from 0 to {self.places - 2}; got {value!r}")
        return GraphTask(jnp.int32(value))


class Graph(Environment[GraphTask, GraphTask, GraphState]):
    """Walk to the goal of a graph, in as few steps as may be, from wherever one is.

    - **Space**: `Starts`.
    - **Observation**: `place`.
    - **Action**: the place to go to; where no edge leads there one stays.
    - **Reward**: -1 at each step, 0 at that which reaches the goal.
    - **End**: at the goal (terminated, solved) or after `patience` steps (truncated).
    - **Optimum**: the shortest path.

    **Arguments:**

    - `edges`: `edges[a, b]`: whether one can go from `a` to `b`; the goal is the last place.
    - `patience`: when an episode is cut off [steps].

    **Reference:** Chen et al. 2021, appendix A.3 (arXiv:2106.01345).
    """

    edges: Bool[Array, "places others"]
    patience: int = eqx.field(static=True, default=20)

    def __check_init__(self):
        between("patience", self.patience, 1)
        shape = self.edges.shape
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2:
            raise ArgumentError(f"`edges` must be a square of bools, of two places at least; got the shape {shape}")

    @property
    def places(self) -> int:
        """How many places there are."""
        return self.edges.shape[0]

    @property
    def space(self) -> Starts:
        return Starts(self.places)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"optimal_returns"})

    @property
    def steps(self) -> int:
        return 2 * self.patience

    def limit(self, world: GraphTask) -> int:
        return self.patience

    @property
    def observation(self) -> dict[str, Discrete]:
        return {"place": Discrete(self.places)}

    @property
    def action(self) -> Discrete:
        return Discrete(self.places)

    def reset(self, world: GraphTask, *, key: PRNGKeyArray) -> GraphState:
        return GraphState(world.start, jnp.zeros((), jnp.int32))

    def observe(self, world: GraphTask, state: GraphState) -> dict[str, Array]:
        return {"place": state.place}

    def step(self, world: GraphTask, state: GraphState, action: Array, *, key: PRNGKeyArray) -> Step:
        place, time = jnp.where(self.edges[state.place, action], action, state.place), state.time + 1
        there = place == self.places - 1
        reward = there.astype(jnp.float32) - 1.0
        return Step(GraphState(place, time), reward, there, (time >= self.patience) & ~there, there)

    def optimal_length(self, world: GraphTask) -> Float[Array, ""]:
        return distances(self.edges)[world.start]

    def optimal_return(self, world: GraphTask) -> Float[Array, ""]:
        length = self.optimal_length(world)
        return jnp.where(length <= self.patience, 1.0 - length, -float(self.patience))


class Wanderer(Policy):
    """Goes along any edge of a graph, each as likely.

    **Arguments:**

    - `edges`: as in `Graph`; an edge leads away from every place but the goal.
    """

    edges: Bool[Array, "places places"]

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        logits = jnp.where(self.edges[observations["place"]], 0.0, -jnp.inf)
        return jax.vmap(jr.categorical)(keys, logits).astype(jnp.int32), memory, {}


def random_edges(places: int, share: float, *, rng: np.random.Generator) -> Bool[np.ndarray, "places places"]:
    """A directed graph in which each edge is there by chance, but every place has one that leads away.

    **Arguments:**

    - `places`: how many; edges from a place to itself there are none.
    - `share`: how likely each edge is.
    - `rng`: the only source of chance.
    """
    others = ~np.eye(places, dtype=bool)
    edges = (rng.random((places, places)) < share) & others
    for place in np.flatnonzero(~edges.any(1)):
        edges[place, rng.choice(np.flatnonzero(others[place]))] = True
    return edges


def distances(edges: Bool[Array, "places places"]) -> Float[Array, " places"]:
    """The fewest steps from each place to the last one; infinite where there is no way."""
    count = edges.shape[0]
    first = jnp.full((count,), jnp.inf).at[-1].set(0.0)
    nearer = lambda _, far: jnp.minimum(far, 1.0 + jnp.min(jnp.where(edges, far[None, :], jnp.inf), axis=1))
    return jax.lax.fori_loop(0, count, nearer, first)


def arrivals(edges: Bool[np.ndarray, "places places"], steps: int) -> Float[np.ndarray, "times places"]:
    """How likely a random walk from each place is at the last place for the first time after k steps, k = 0 … `steps`.

    **Reference:** first passage of a Markov chain, f(a, k) = Σ p(b | a) f(b, k - 1).
    """
    found, move = np.zeros((steps + 1, len(edges))), _moves(edges)
    found[0, -1] = 1.0
    for k in range(1, steps + 1):
        found[k] = move @ found[k - 1]
    return found


def first_steps(edges: Bool[np.ndarray, "places places"], steps: int) -> Float[np.ndarray, "steps places places"]:
    """What a random walk does first, given that it reaches the last place after exactly so many steps.

    **Arguments:**

    - `edges`: as in `Graph`.
    - `steps`: up to how many.

    **Returns:** `[k - 1, a, b]`: the probability that it goes from `a` to `b`, of those walks that are at the last
    place for the first time after k steps; zeros where there is no such walk. By Bayes' rule it is p(b | a) times the
    `arrivals` of b in k - 1 steps, divided by those of a in k.
    """
    arrive = arrivals(edges, steps)
    joint = _moves(edges)[None] * arrive[:-1, None, :]
    return joint / np.where(arrive[1:] > 0, arrive[1:], 1.0)[:, :, None]


def _moves(edges: Bool[np.ndarray, "places places"]) -> Float[np.ndarray, "places places"]:
    """The probability of each step of a random walk, which ends at the last place."""
    move = edges / np.maximum(edges.sum(1, keepdims=True), 1)
    move[-1] = 0.0
    return move
