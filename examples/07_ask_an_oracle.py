"""Which labels to ask for: a small model asks the questions that it is least able to answer, and learns more from each.

Usage:
    python examples/07_ask_an_oracle.py

Requests to a shop, written by a small grammar; the label is the desk that must answer. Half of the requests are set
aside to judge by. Twice over, with the same seeds, a linear model asks for 60 labels: once for requests drawn at
random, once for those between whose two likeliest desks it can decide least. The pairs of seeds say whether that is
better or luck. It needs the extra `pool`: pip install 'explora[pool]'.
"""

import jax.random as jr
import numpy as np

from explora import loop
from explora.core import Parts
from explora.domains.pool import Pool, Source
from explora.explorers import Query
from explora.explorers.query import Random, Top
from explora.learners import Supervised
from explora.ledger import evaluate
from explora.ledger.labels import aulc, paired
from explora.nets import Ensemble
from explora.scores import Margin

SEEDS, BATCH, ROUNDS = 8, 5, 12


def curve(explorer, seed):
    """The accuracy on held-out requests after each batch of answers."""
    pool = Pool(Source("made:requests"), held_out=0.5, split=seed)
    parts = Parts(pool, Supervised(Ensemble()), explorer)
    state, scores = loop.init(parts, key=jr.key(seed)), []
    for _ in range(ROUNDS):
        for phase in ("look", "ask"):
            state, _ = loop.step(parts, state, root=jr.key(seed), phase=phase)
        suites = {"held-out": pool.suite("held-out")}
        scores.append(evaluate(parts.learner, state.learner, pool, suites, episodes=1)["held-out"].mean)
    return scores


explorers = {"random": Query(Random(), batch=BATCH), "margin": Query(Top(), Margin(), batch=BATCH)}
curves = {name: np.array([curve(explorer, seed) for seed in range(SEEDS)]) for name, explorer in explorers.items()}
print("answers  random  margin")
for place in range(1, ROUNDS, 2):
    print(f"{BATCH * (place + 1):7}" + "".join(f"{found[:, place].mean():8.1%}" for found in curves.values()))
found = paired(aulc(curves["margin"]), aulc(curves["random"]))
print(f"mean accuracy over the answers, margin less random: {found.sentence()}")
better = found.better < 0.05 and found.low > 0
print("Asking what it is least able to answer is better." if better else "No difference that is not luck.")
