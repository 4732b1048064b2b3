"""An explorer in a training loop that is not ours: ask for tasks, train however you like, tell what came of them.

Usage:
    python examples/02_ask_tell.py

The learner is twenty lines of NumPy that learn how hard to throw a ball so that it lands at a given distance in a
given wind. It has never heard of explora. Put `Uniform(rows=32)` in the explorer's place to see what that is worth.
"""

import numpy as np

from explora.adapters import AskTell, ParameterSpace, Real
from explora.explorers import Replay
from explora.scores import Learnability


class Thrower:
    """Radial basis functions from (distance, wind) to the speed of a throw at 45 degrees, learned from misses."""

    def __init__(self, chance: np.random.Generator):
        self.centres = chance.uniform(0.0, 1.0, (100, 2))
        self.weights, self.chance = np.full(100, 5.0), chance

    def features(self, tasks: np.ndarray) -> np.ndarray:
        """How near each task is to each centre, summing to one."""
        place = (tasks - [2.0, -4.0]) / [28.0, 8.0]
        near = np.exp(-60.0 * ((place[:, None] - self.centres) ** 2).sum(-1))
        return near / near.sum(-1, keepdims=True)

    def throw(self, tasks: np.ndarray, tries: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """How far beyond the mark each of a few shaky throws lands, and the features of the tasks [m]."""
        features = self.features(tasks)
        speed = (features @ self.weights)[:, None] + 0.1 * self.chance.normal(size=(len(tasks), tries))
        seconds = 2**0.5 * speed / 9.81
        return speed**2 / 9.81 + tasks[:, 1:] * seconds - tasks[:, :1], features

    def train(self, tasks: np.ndarray, learn: np.ndarray) -> np.ndarray:
        """Throws, corrects the speeds by the misses, and returns the share of throws within half a metre."""
        misses, features = self.throw(tasks)
        self.weights -= 0.2 * (features * learn[:, None]).T @ misses.mean(1)
        return (np.abs(misses) < 0.5).mean(1)


space = ParameterSpace((Real("distance", 2.0, 30.0), Real("wind", -4.0, 4.0)))
explorer = Replay(rows=32, capacity=512, minimum_fill=0.25, score=Learnability(), explore_learns=True)
teacher = AskTell(explorer, space, seed=0)
thrower = Thrower(np.random.default_rng(0))
exam = np.asarray(space.suite(200).tasks)

for turn in range(401):
    if turn % 100 == 0:
        hits = (np.abs(thrower.throw(exam)[0]) < 0.5).mean()
        print(f"after {32 * turn:>6,} tasks {hits:4.0%} of all throws hit")
    tasks, ids = teacher.ask(32)
    teacher.tell(ids, solved=thrower.train(tasks, teacher.learn(ids)))

archive = teacher.archive()
hits = (np.abs(thrower.throw(archive.tasks[archive.filled])[0]) < 0.5).mean()
print(f"of the {archive.filled.sum()} tasks that are kept to be practised again, {hits:.0%}")
