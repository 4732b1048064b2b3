"""A gamble that is worse in the mean: who asks for the best return asks for luck."""

import dataclasses
from typing import Any

import jax.random as jr
import numpy as np

from explora.core import Uniformly, record
from explora.domains.views import Asking
from explora.domains.yardsticks import Gamble
from explora.learners.sequence import Hindsight, Sequence, SequenceNet
from explora.ledger.asked import calibrate
from explora.nets.sequence import Transformer

from ._measure import Clock, over_seeds

PROTOCOL = """
A sure prize of 1, or a gamble that pays 3 with probability 0.25 and else -3, -1.5 in the mean. All data are 2,000
episodes of a random player. A transformer of one layer and width 16 learns from them for 300 updates of 128 steps and
is asked for seven returns from the least to the greatest that it was told of, in 100 fresh tasks, 4 times each. `got`:
it is told the return that was got; `expected`: the mean return of steps that were alike. `luck`: the share of the
variance of returns that is left when the same actions are played again.
"""
EPISODES, TASKS, UPDATES = 2_000, 100, 300


def learner() -> Sequence:
    """What learns."""
    net = SequenceNet(Transformer(width=16, layers=1, heads=2, window=1), bins=7)
    return Sequence(net, Hindsight("none"), told=("return",), rate=1e-2, norm=1.0, batch=128, drop=0.0)


def measure(seed: int) -> dict[str, Any]:
    """Both kinds of return on the data of one seed."""
    keys, env = jr.split(jr.key(seed), 5), Gamble()
    data = record(env, Uniformly(2), env.space.samples(EPISODES, key=keys[0]), key=keys[1])
    asking, tasks = Asking(env, ("return",)), env.space.samples(TASKS, key=keys[2])
    found: dict[str, Any] = {}
    for name in ("got", "expected"):
        clock, hand = Clock(), dataclasses.replace(learner(), returns=name)
        state = hand.learn(hand.init(asking, key=keys[3]), data, UPDATES, rng=np.random.default_rng([seed, 1]))
        bounds = (np.full(TASKS, float(x)) for x in state.ranges["return"])
        asked = calibrate(asking, hand.policy(state), tasks, *bounds, levels=7, repeats=4, key=keys[4])
        found[name] = {
            "levels": [level._asdict() for level in asked.levels],
            "correlation": asked.correlation,
            "luck": asked.luck,
            "optimistic": asked.optimistic,
            "verdict": asked.verdict,
            **clock.read(),
        }
    return found


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds."""
    found = {}
    for name in ("got", "expected"):
        best = [each[name]["levels"][-1] for each in seeds.values()]
        found[name] = {
            "asked": over_seeds([level["asked"] for level in best]),
            "achieved": over_seeds([level["achieved"] for level in best]),
            "luck": over_seeds([each[name]["luck"] for each in seeds.values()]),
            "optimistic": sum(each[name]["optimistic"] for each in seeds.values()),
        }
    return found
