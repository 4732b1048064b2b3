"""Theory of mind: what will this agent do, given what it did before?"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import Episodes, record
from explora.domains.views import Asking
from explora.domains.yardsticks import DarkRoom, DarkTask, Habitual, foreseen
from explora.learners.sequence import Past, Sequence, SequenceNet
from explora.nets.sequence import Transformer

from ._measure import Clock, over_seeds

PROTOCOL = """
An agent acts by fixed probabilities of 5 actions, drawn from a symmetric Dirichlet distribution whose concentration is
one of 0.01, 0.03, 0.1, 0.3, 1 and 3, each as likely. A transformer of two layers and width 32 learns from 6,000 agents,
each of whom acted 11 times, to foresee an action given from none to 10 others of the same agent, without ever being
told who it is. It is judged on 2,000 other agents. `excess`: Kullback-Leibler divergence of what it foresees from the
exact posterior, in the mean over agents and numbers of known actions (and by that number) [nats]. `nothing known`: the
same for who always foresees what can be foreseen of an unknown agent. `entropy`: of the posterior.
"""
KINDS = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0])
AGENTS, JUDGED, KNOWN, UPDATES = 6_000, 2_000, 10, 3_000


def learner() -> Sequence:
    """What learns."""
    body = Transformer(width=32, layers=2, heads=4, window=1)
    return Sequence(SequenceNet(body, past=KNOWN), told=(), rate=3e-3, batch=256, norm=1.0)


def lived(agents: int, *, seed: list[int]) -> Episodes:
    """What some agents did, each `KNOWN + 1` times, once an episode."""
    rng, times = np.random.default_rng(seed), KNOWN + 1
    habits = np.stack([rng.dirichlet(np.full(5, rng.choice(KINDS))) for _ in range(agents)])
    env = DarkRoom(patience=1)
    tasks = DarkTask(jnp.zeros((agents * times,), jnp.int32))
    each = jnp.asarray(np.repeat(habits, times, axis=0), jnp.float32)
    done = record(env, Habitual(each), tasks, key=jr.key(int(rng.integers(2**31))))
    return dataclasses.replace(done, columns={"agent": np.repeat(np.arange(agents), times)})


def measure(seed: int) -> dict[str, Any]:
    """One set of agents."""
    clock, asking, hand = Clock(), Asking(DarkRoom(patience=1), ()), learner()
    state = hand.init(asking, key=jr.key(seed))
    state = hand.learn(state, lived(AGENTS, seed=[seed, 0]), UPDATES, rng=np.random.default_rng([seed, 1]))
    spent = clock.read()

    others = lived(JUDGED, seed=[seed, 2])
    acts = others.action.reshape(JUDGED, KNOWN + 1)[:, :KNOWN]
    task = jax.vmap(asking.space.of)(DarkTask(jnp.zeros((JUDGED,), jnp.int32)))
    world = jax.vmap(asking.world)(task)
    moments = jax.vmap(lambda w: asking.observe(w, asking.reset(w, key=jr.key(0))))(world)
    moments = jax.tree.map(lambda x: x[:, None], moments)
    seen = jax.tree.map(lambda x: x.reshape(JUDGED, KNOWN + 1, *x.shape[1:])[:, :KNOWN], others.observation)
    excess, entropy, blind = [], [], []
    for known in range(KNOWN + 1):
        there = np.broadcast_to(np.arange(KNOWN) < known, acts.shape)
        past = Past(seen, acts, np.zeros(acts.shape, np.float32), there)
        outputs = hand.net(state.weights, state.spec, state.ranges, moments, past)
        model = np.asarray(jax.nn.log_softmax(outputs[:, 0]), np.float64)
        counts = (acts[:, :known, None] == np.arange(5)).sum(1).astype(np.float64)
        exact = foreseen(counts, KINDS)
        excess.append(float((exact * (np.log(exact) - model)).sum(1).mean()))
        entropy.append(float(-(exact * np.log(exact)).sum(1).mean()))
        blind.append(float((exact * (np.log(exact) - np.log(0.2))).sum(1).mean()))
    return {
        "excess": float(np.mean(excess)),
        "excess by actions known": [round(x, 5) for x in excess],
        "nothing known": float(np.mean(blind)),
        "entropy": float(np.mean(entropy)),
        "loss": float(state.losses["loss"]),
        **spent,
    }


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds."""
    names = ("excess", "nothing known", "entropy")
    return {name: over_seeds([each[name] for each in seeds.values()]) for name in names}
