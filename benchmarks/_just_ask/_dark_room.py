"""Getting better from trial to trial without learning: algorithm distillation from annealed noise."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import Episodes, record
from explora.domains.views import Asking
from explora.domains.yardsticks import Annealed, DarkRoom, DarkTask
from explora.learners.sequence import Hindsight, Sequence, SequenceNet
from explora.nets.sequence import Transformer

from ._measure import Clock, over_seeds

PROTOCOL = """
Dark Room, 9 x 9 cells, trials of 20 steps. Data are 40 histories for each of 64 goals: 10 trials in which a player who
sees the goal walks there, with a share of random actions that falls from 1 to 0. A transformer of two layers and width
64 that looks back 60 steps, over the ends of trials, learns from them to do what was done next, and never sees a goal.
It is judged on the 17 goals that are not in the data, 20 times each, for 12 trials, with its weights fixed; actions are
drawn by their probability. `trials`: the mean return of each trial; `share`: that of the last three as a share of the
optimum for these goals.
"""
HISTORIES, TRIALS, HELD_OUT, REPEATS, JUDGED, UPDATES = 40, 10, 17, 20, 12, 10_000


def learner() -> Sequence:
    """What learns."""
    body = Transformer(width=64, layers=2, heads=4, window=60)
    return Sequence(SequenceNet(body), Hindsight("final"), told=(), rate=2e-3, batch=48, norm=1.0)


def histories(goals: np.ndarray, *, seed: int) -> Episodes:
    """Of who walks to each goal, ever more surely; without the goal, which was shown to it."""
    env = DarkRoom(trials=TRIALS, shown=True)
    tasks = DarkTask(jnp.asarray(np.repeat(goals, HISTORIES), jnp.int32))
    done = record(env, Annealed(env.space.side, env.patience, TRIALS), tasks, key=jr.key(seed))
    hide = lambda seen: {name: seen[name] for name in ("row", "column")}
    return dataclasses.replace(done, observation=hide(done.observation), final=hide(done.final))


def measure(seed: int) -> dict[str, Any]:
    """One split of the goals."""
    clock, rng = Clock(), np.random.default_rng(seed)
    goals = rng.permutation(81)
    held_out, known = goals[:HELD_OUT], goals[HELD_OUT:]
    env = DarkRoom(trials=JUDGED)
    asking, hand = Asking(env, ()), learner()
    state = hand.learn(hand.init(asking, key=jr.key(seed)), histories(known, seed=seed), UPDATES, rng=rng)
    spent = clock.read()
    found: dict[str, Any] = {"loss": float(state.losses["loss"]), **spent}
    for name, cells in (("held out", held_out), ("known", known)):
        tasks = DarkTask(jnp.asarray(np.repeat(cells, REPEATS), jnp.int32))
        done = record(asking, hand.policy(state), jax.vmap(asking.space.of)(tasks), key=jr.key(seed + 1000))
        earned = done.reward.reshape(len(cells), REPEATS, JUDGED, env.patience).sum(3)
        best = np.asarray(jax.vmap(env.optimal_return)(tasks)).reshape(len(cells), REPEATS)[:, 0] / JUDGED
        found[name] = {
            "trials": earned.mean((0, 1)).round(3).tolist(),
            "optimum": float(best.mean()),
            "share": float(earned[:, :, -3:].mean() / best.mean()),
            "by goal": (earned[:, :, -3:].mean((1, 2)) / best).round(3).tolist(),
        }
    return found


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds."""
    names = ("held out", "known")
    return {name: over_seeds([each[name]["share"] for each in seeds.values()]) for name in names}
