"""A small pool of texts with a run that has learned from all of them."""

from pathlib import Path

import numpy as np

from explora.adapters import Estimator
from explora.core import Parts
from explora.domains.pool import Pool, Source
from explora.explorers import Query
from explora.explorers.query import Random
from explora.learners import Supervised
from explora.runs import Plan, run

GOOD = ("good", "lovely", "fresh", "tasty", "friendly", "quick")
BAD = ("bad", "awful", "stale", "bland", "rude", "slow")
THINGS = ("soup", "bread", "fish", "salad", "service", "coffee", "cake", "table")


def taught(place: Path) -> Path:
    """A run that was told the label of each of sixty short reviews: none of them has the word `not`."""
    rng, rows = np.random.default_rng(0), []
    for number in range(80):
        words, label = (GOOD, "good") if number % 2 else (BAD, "bad")
        first, second = rng.choice(words, 2, replace=False)
        one, two = rng.choice(THINGS, 2, replace=False)
        rows.append(f"r{number},the {one} was {first} and the {two} was {second},{label}")
    table = place / "reviews.csv"
    table.write_text("id,text,label\n" + "\n".join(rows) + "\n")
    pool = Pool(Source(str(table), target="label", text=("text",)), kind="classes")
    learner = Supervised(Estimator("sklearn.linear_model.LogisticRegression", options={"C": 100.0}))
    return run(Parts(pool, learner, Query(Random(), batch=60)), Plan(seed=1), out=place / "run").path
