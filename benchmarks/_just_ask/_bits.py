"""Bit flipping from random data."""

import dataclasses
from typing import Any

import jax.random as jr
import numpy as np

from explora.core import Uniformly, record
from explora.domains.views import Asking
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.learners.sequence import Hindsight, Sequence, SequenceNet
from explora.nets.sequence import Transformer

from ._measure import Clock, judged, over_seeds, share

PROTOCOL = """
Rows of 50 bits; start and goal are drawn anew in every episode, which is cut off after 50 steps. All data are 10,000
episodes of a uniformly random player (none of whom reaches the goal). A transformer of one layer and width 128 that
looks at one step learns from them for 3,000 updates of 512 steps, and is judged on 1,000 fresh tasks, told the goal and
how many steps are left. `hindsight`: goals are what was achieved a geometric number of steps later (mean 20).
`control`: the same without hindsight, each episode with its own goal. `solved`: the likeliest action is taken;
`sampled`: actions are drawn by their probability.
"""
BITS, EPISODES, UPDATES, TASKS = 50, 10_000, 3_000, 1_000


def learner() -> Sequence:
    """What learns."""
    return Sequence(
        SequenceNet(Transformer(width=128, layers=1, heads=4, window=1)),
        Hindsight("geometric", discount=0.95),
        rate=2e-3,
        batch=512,
        norm=1.0,
    )


def measure(seed: int) -> dict[str, Any]:
    """All variants on the data of one seed."""
    keys = jr.split(jr.key(seed), 4)
    env = BitFlipping(BitRows(BITS), shown=False)
    data = record(env, Uniformly(BITS), env.space.samples(EPISODES, key=keys[0]), key=keys[1])
    asking = Asking(env)
    tasks = asking.space.samples(TASKS, key=keys[2])
    hindsight = learner()
    variants = {
        "hindsight": hindsight,
        "control": dataclasses.replace(hindsight, hindsight=Hindsight("none")),
    }
    found: dict[str, Any] = {"solved in the data": float(data.columns["solved"].mean())}
    for name, variant in variants.items():
        clock = Clock()
        state = variant.learn(variant.init(asking, key=keys[3]), data, UPDATES, rng=np.random.default_rng([seed, 1]))
        spent = clock.read()
        greedy, drawn = (judged(asking, who, tasks, seed) for who in _players(variant, state))
        won = np.asarray(greedy.solved) > 0
        found[name] = {
            "solved": share(won),
            "sampled": share(np.asarray(drawn.solved) > 0),
            "steps": float(np.asarray(greedy.lengths)[won].mean()) if won.any() else None,
            "fewest steps": float(np.asarray(greedy.optimal_lengths).mean()),
            "loss": float(state.losses["loss"]),
            **spent,
        }
    return found


def _players(variant: Sequence, state: Any) -> tuple[Any, Any]:
    policy = variant.policy(state)
    return policy.greedy(), policy


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds."""
    variants = ("hindsight", "control")
    return {
        name: {way: over_seeds([each[name][way]["share"] for each in seeds.values()]) for way in ("solved", "sampled")}
        for name in variants
    } | {"most wall seconds of a seed": max(each["hindsight"]["wall_seconds"] for each in seeds.values())}
