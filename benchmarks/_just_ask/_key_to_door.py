"""A key that matters long after it was taken, from random play."""

from typing import Any

import jax.random as jr
import numpy as np

from explora.core import Uniformly, record
from explora.domains.views import Asking
from explora.domains.yardsticks import KeyToDoor
from explora.learners.sequence import Hindsight, Sequence, SequenceNet
from explora.nets.sequence import Transformer

from ._measure import Clock, interval, judged, over_seeds, share

PROTOCOL = """
Key-to-Door with rooms of 3 x 3 cells, 2, 6 and 2 steps long: a random player succeeds in about 3 of 100 episodes. All
data are 1,000 episodes of a random player. `asked`: a transformer of two layers and width 64 that sees the whole
episode learns from all of them, is told the return, and asked for 1. `best tenth`: the same network without conditions
learns from the tenth of the episodes with the highest returns (%BC). `all`: from all. Each is judged on 1,000 fresh
tasks; the likeliest action is taken (`drawn`: drawn by its probability).
"""
EPISODES, TASKS, UPDATES = 1_000, 1_000, 800


def learner(told: tuple[str, ...]) -> Sequence:
    """What learns."""
    body = Transformer(width=64, layers=2, heads=4, window=10)
    return Sequence(
        SequenceNet(body, bins=2), Hindsight("final"), told=told, drop=0.0, rate=1e-3, batch=64, norm=1.0, decay=1e-2
    )


def measure(seed: int) -> dict[str, Any]:
    """All three from the same data."""
    keys, env = jr.split(jr.key(seed), 4), KeyToDoor()
    data = record(env, Uniformly(5), env.space.samples(EPISODES, key=keys[0]), key=keys[1])
    asking = Asking(env, ("return",), returns=1.0)
    tasks = asking.space.samples(TASKS, key=keys[2])
    best = np.sort(np.argsort(-data.returns, kind="stable")[: EPISODES // 10])
    found: dict[str, Any] = {"random": float(data.columns["solved"].mean())}
    for name, told, episodes in (
        ("asked", ("return",), data),
        ("best tenth", (), data.take(best)),
        ("all", (), data),
    ):
        clock, hand = Clock(), learner(told)
        state = hand.init(asking, key=keys[3])
        state = hand.learn(state, episodes, UPDATES, rng=np.random.default_rng([seed, 1]))
        policy = hand.policy(state)
        greedy, drawn = (judged(asking, who, tasks, seed) for who in (policy.greedy(), policy))
        found[name] = {
            "solved": share(np.asarray(greedy.solved) > 0),
            "drawn": share(np.asarray(drawn.solved) > 0),
            "loss": float(state.losses["loss"]),
            **clock.read(),
        }
    return found


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds, and how much better asking is than cloning the best tenth, seed by seed."""
    of = lambda name, way: [each[name][way]["share"] for each in seeds.values()]
    found = {
        name: {way: over_seeds(of(name, way)) for way in ("solved", "drawn")} for name in ("asked", "best tenth", "all")
    }
    gain = np.array(of("asked", "solved")) - np.array(of("best tenth", "solved"))
    gained = [float(gain.mean()), *interval(gain)]
    return found | {"random": over_seeds([each["random"] for each in seeds.values()]), "asked less best tenth": gained}
