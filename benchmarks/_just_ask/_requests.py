"""Exploration by asking on bit flipping: which requests are made, with nothing else different."""

import dataclasses
from typing import Any

import jax.random as jr
import numpy as np

from explora.core import override
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.loop import host_chunk, init
from explora.recipes import recipe

from ._measure import Clock, judged, over_seeds

PROTOCOL = """
Rows of 16 bits, goals drawn at random, no data to begin with: the recipe `asking` plays 32 requests a turn for 60 turns
and learns in hindsight from all that it played, 20 updates of 128 windows a turn; there is no gradient of reward.
`beyond`: half of the requests are such that were not met before, the other half is new. `uniform`: all are new
(`--explorer.again 0`). `solved`: on 200 fresh requests after every 10 turns, actions drawn by their probability;
`solved, greedy`: the likeliest taken, at the end. `episodes to half`: after how many episodes half were solved.
"""
BITS, ROWS, TURNS, EVERY, TASKS = 16, 32, 60, 10, 200


def measure(seed: int) -> dict[str, Any]:
    """Both ways to choose requests."""
    found: dict[str, Any] = {}
    for name, again in (("beyond", 0.5), ("uniform", 0.0)):
        clock = Clock()
        parts = recipe("asking").build(BitFlipping(BitRows(BITS)))
        fields = {"explorer.rows": ROWS, "explorer.again": again, "learner.updates": 20, "learner.batch": 128}
        parts = override(parts, fields | {"learner.net.body.window": 1})
        state = init(parts, key=jr.key(seed))
        tasks: Any = parts.space.samples(TASKS, key=jr.key(10_000 + seed))
        curve = []
        for _ in range(TURNS // EVERY):
            state, _ = host_chunk(parts, state, root=jr.key(seed), turns=EVERY)
            drawn = judged(parts.domain, parts.learner.policy(state.learner), tasks, seed)
            curve.append(round(float(np.asarray(drawn.solved).mean()), 4))
        greedy = judged(
            parts.domain, dataclasses.replace(parts.learner.policy(state.learner), sampled=False), tasks, seed
        )
        episodes = [ROWS * EVERY * (n + 1) for n in range(len(curve))]
        half = next((n for n, share in zip(episodes, curve) if share >= 0.5), None)
        found[name] = {
            "solved": curve[-1],
            "solved, greedy": float(np.asarray(greedy.solved).mean()),
            "curve": curve,
            "episodes": episodes,
            "episodes to half": half,
            **clock.read(),
        }
    return found


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds, and of the differences between the two ways."""
    found: dict[str, Any] = {}
    for name in ("beyond", "uniform"):
        found[name] = {what: over_seeds([each[name][what] for each in seeds.values()]) for what in _WHAT}
        found[name]["mean of the curve"] = over_seeds([float(np.mean(each[name]["curve"])) for each in seeds.values()])
    found["beyond - uniform"] = {
        "solved": over_seeds([each["beyond"]["solved"] - each["uniform"]["solved"] for each in seeds.values()]),
        "mean of the curve": over_seeds(
            [float(np.mean(each["beyond"]["curve"]) - np.mean(each["uniform"]["curve"])) for each in seeds.values()]
        ),
    }
    return found


_WHAT = ("solved", "solved, greedy")
