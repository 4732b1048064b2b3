"""Q-learning in hindsight on bit flipping, beside exploration by asking on the same budget."""

from typing import Any

import jax.random as jr
import numpy as np

from explora.core import override
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.loop import host_chunk, init
from explora.recipes import recipe

from ._measure import Clock, judged, over_seeds
from ._requests import BITS, EVERY, ROWS, TASKS, TURNS

PROTOCOL = """
As `requests`: rows of 16 bits, 32 requests a turn for 60 turns, 20 updates of 128 a turn, judged on 200 fresh
requests after every 10 turns; but the recipe `her`, double Q-learning with four of five steps in hindsight, with its
own settings (rate 1e-3, discount 0.98, noise 0.2 while it learns). `her`: as the recipe is; `none`: the same without
hindsight. Nothing was tuned.
"""


def measure(seed: int) -> dict[str, Any]:
    """With hindsight and without."""
    found: dict[str, Any] = {}
    for name, strategy in (("her", "future"), ("none", "none")):
        clock = Clock()
        parts = recipe("her").build(BitFlipping(BitRows(BITS)))
        fields = {"explorer.rows": ROWS, "learner.updates": 20, "learner.batch": 128}
        parts = override(parts, fields | {"learner.hindsight.strategy": strategy})
        state = init(parts, key=jr.key(seed))
        tasks: Any = parts.space.samples(TASKS, key=jr.key(10_000 + seed))
        curve = []
        for _ in range(TURNS // EVERY):
            state, _ = host_chunk(parts, state, root=jr.key(seed), turns=EVERY)
            policy = parts.learner.policy(parts.learner.publish(state.learner))
            curve.append(round(float(np.asarray(judged(parts.domain, policy, tasks, seed).solved).mean()), 4))
        found[name] = {"solved": curve[-1], "curve": curve, **clock.read()}
    return found


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds."""
    return {
        name: {
            "solved": over_seeds([each[name]["solved"] for each in seeds.values()]),
            "mean of the curve": over_seeds([float(np.mean(each[name]["curve"])) for each in seeds.values()]),
        }
        for name in ("her", "none")
    }
