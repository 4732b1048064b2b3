"""Shortest paths from random walks."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array

from explora.core import Episodes, Outcome, Policy, record
from explora.domains.views import Asking, Request
from explora.domains.yardsticks import Graph, GraphTask, Wanderer, arrivals, distances, first_steps, random_edges
from explora.learners.sequence import Hindsight, Sequence, SequenceNet
from explora.maths import wilson
from explora.nets.sequence import Transformer

from ._measure import Clock, judged, over_seeds, share

PROTOCOL = """
A seed is a directed graph of 50 places in which each edge is there with probability 0.06, and 5,000 random walks of at
most 20 steps from places drawn at random; a walk ends at the goal. From each place the best that is asked for is the
fewest steps in which any walk in the data went from there to the goal, as a return and as a number of steps. `found`:
the share of places, among those whose shortest path is present as the end of some walk, from which the model, asked so,
needs no more steps than it. `best in the data`: the share of all places (from which the goal can be reached) whose
shortest path is present. `posterior`: the same share for a player who draws or takes the likeliest action by the exact
posterior of random walks, given the number of steps that are left. `random`: the exact probability that
a random walk does. `gap`: the Kullback-Leibler divergence of the model's first step from that posterior, in the mean
over what is asked [nats].
"""
PLACES, SHARE, PATIENCE, WALKS, UPDATES = 50, 0.06, 20, 5_000, 2_000


def learner() -> Sequence:
    """What learns."""
    body = Transformer(width=64, layers=1, heads=4, window=1)
    return Sequence(
        SequenceNet(body, bins=PATIENCE + 1),
        Hindsight("final"),
        told=("return", "horizon"),
        rate=3e-3,
        batch=512,
        norm=1.0,
        drop=0.0,
    )


def measure(seed: int) -> dict[str, Any]:
    """One graph."""
    clock, keys = Clock(), jr.split(jr.key(seed), 3)
    edges = random_edges(PLACES, SHARE, rng=np.random.default_rng(seed))
    env = Graph(jnp.asarray(edges), PATIENCE)
    data = record(env, Wanderer(env.edges), env.space.samples(WALKS, key=keys[0]), key=keys[1])
    asking, hand = Asking(env, ("return", "horizon")), learner()
    state = hand.learn(hand.init(asking, key=keys[2]), data, UPDATES, rng=np.random.default_rng([seed, 1]))
    spent = clock.read()

    far, best = np.asarray(distances(env.edges)), fewest(data)
    starts = np.flatnonzero(far[:-1] <= PATIENCE)
    present = best[starts] == far[starts]
    requests = asked(asking, starts, np.where(np.isfinite(best[starts]), best[starts], PATIENCE))
    exact = ByPosterior(jnp.asarray(first_steps(edges, PATIENCE)))
    policy = hand.policy(state)
    players = {"found": policy.greedy(), "found, sampled": policy}
    players |= {"posterior": exact.greedy(), "posterior, sampled": exact}
    found: dict[str, Any] = {"places": len(starts), "best in the data": share(present)}
    for name, who in players.items():
        found[name] = share(_optimal(judged(asking, who, requests, seed))[present])
    by_chance = arrivals(edges, PATIENCE)[far[starts].astype(int), starts]
    found["random"] = {"share": float(by_chance[present].mean()), "least": float(by_chance[present].min())}
    found["gap"] = gap(hand, state, asking, requests, exact)
    return found | {"loss": float(state.losses["loss"]), **spent}


class ByPosterior(Policy):
    """Does what a random walk would do that arrives after exactly as many steps as are left.

    **Arguments:**

    - `steps`: of `first_steps`.
    - `sampled`: draws, or takes the likeliest.
    """

    steps: Array
    sampled: bool = eqx.field(static=True, default=True)

    def likely(self, observations: Any) -> Array:
        """The logarithm of the probability of each place to go to."""
        left = jnp.clip(observations["horizon"].astype(jnp.int32), 1, len(self.steps)) - 1
        return jnp.log(self.steps[left, observations["seen"]["place"]])

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        likely = self.likely(observations)
        chosen = jax.vmap(jr.categorical)(keys, likely) if self.sampled else jnp.argmax(likely, axis=-1)
        return chosen.astype(jnp.int32), memory, {}

    def greedy(self) -> "ByPosterior":
        return ByPosterior(self.steps, False)


def fewest(data: Episodes) -> np.ndarray:
    """The fewest steps in which a walk of the data goes from each place to the goal; infinite where none does."""
    best, left = np.full(PLACES, np.inf), data.offsets[data.episode + 1] - np.arange(data.steps)
    arrived = data.terminated[data.episode]
    np.minimum.at(best, data.observation["place"][arrived], left[arrived])
    return best


def asked(env: Asking, starts: np.ndarray, steps: np.ndarray) -> Request:
    """From each start, to arrive after so many steps."""
    usual = jax.vmap(env.space.of)(GraphTask(jnp.asarray(starts, jnp.int32)))
    returns, horizon = jnp.asarray(1 - steps, jnp.float32), jnp.asarray(steps, jnp.int32)
    return eqx.tree_at(lambda r: (r.returns, r.horizon), usual, (returns, horizon))


def gap(hand: Sequence, state: Any, env: Asking, requests: Request, exact: ByPosterior) -> float:
    """How far the model's first step is from the posterior [nats], in the mean over all requests."""
    worlds = jax.vmap(env.world)(requests)
    moments = jax.vmap(lambda world: env.observe(world, env.reset(world, key=jr.key(0))))(worlds)
    once = jax.tree.map(lambda x: x[:, None], moments)
    model = jax.nn.log_softmax(hand.net(state.weights, state.spec, state.ranges, once)[:, 0])
    likely = exact.likely(moments)
    terms = jnp.where(jnp.isfinite(likely), jnp.exp(likely) * (likely - model), 0.0)
    return float(jnp.mean(jnp.sum(terms, axis=-1)))


def _optimal(outcome: Outcome) -> np.ndarray:
    """Where an episode took no more steps than it must."""
    return (np.asarray(outcome.solved) > 0) & (np.asarray(outcome.lengths) <= np.asarray(outcome.optimal_lengths))


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all graphs."""
    shares = ("best in the data", "found", "found, sampled", "posterior", "posterior, sampled", "random")
    found = {name: over_seeds([each[name]["share"] for each in seeds.values()]) for name in shares}
    pooled = sum(each["found"]["share"] * each["found"]["of"] for each in seeds.values())
    count = sum(each["found"]["of"] for each in seeds.values())
    return found | {
        "found, all starts together": [pooled / count, *wilson(pooled, count)],
        "gap": over_seeds([each["gap"] for each in seeds.values()]),
        "wall minutes in all": sum(each["wall_seconds"] for each in seeds.values()) / 60,
    }
