"""Better than the demonstrator: reward from ranks that nobody gave, by noise."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import Environment, Episodes, Lesson, Parts, Policy, fresh_lesson, jitted, override, record
from explora.domains.views import Asking, Pleasing, seen
from explora.explorers import Uniform
from explora.learners import Noisy, Ranking
from explora.learners.sequence import Hindsight, Sequence, SequenceNet
from explora.loop import chunk, init
from explora.nets.sequence import Transformer
from explora.recipes._player import player

from ._measure import Clock, over_seeds

PROTOCOL = """
PPO learns from the true reward and is stopped as soon as its mean return in `tasks` reaches `mark`, far from what can
be had: it demonstrates, 12 episodes. A network imitates them (behaviour cloning: actions from what is seen, nothing
else told), and plays with 20 shares of random actions, 0, .05 … .95, 5 episodes each. A reward is learned from pieces
of 50 steps of these, less noise is better (margin .3, 5,000 pairs, 3 networks); no return was looked at. A new PPO
learns from this reward alone, as many steps as the protocol says, and is judged by the true one: the mean of 60
episodes in `tasks`, likeliest actions. `best demonstration` is the greatest return of the 12. `correlation`: of
learned and true return of trajectories that the reward was not learned from: noisy ones anew, and those of all stages
of the first PPO, which went on learning from the true reward; `beyond`: of those alone that are better than the best
demonstration, with the 95 % interval of 2,000 bootstrap samples.
"""
DEMONSTRATIONS, LEVELS, EACH, JUDGED = 12, 20, 5, 60


@dataclasses.dataclass(frozen=True)
class Course:
    """What is learned, and how long.

    **Arguments:**

    - `env`: with the true reward.
    - `suite`: whose tasks are demonstrated and judged.
    - `mark`: who reaches it demonstrates.
    - `turns`, `fields`: how long PPO learns, and its settings: with the true reward, and with the learned one.
    - `every`: after how many turns it is judged.
    - `updates`: of behaviour cloning.
    - `most`: the greatest size of a learned reward.
    """

    env: Environment
    suite: str
    mark: float
    turns: tuple[int, int]
    fields: tuple[dict[str, Any], dict[str, Any]]
    every: int
    updates: int = 2000
    most: float = 10.0

    def tasks(self, count: int) -> Any:
        """So many tasks of the suite, the same ones again and again."""
        tasks = self.env.suite(self.suite).tasks
        own = len(jax.tree.leaves(tasks)[0])
        return jax.tree.map(lambda x: x[jnp.arange(count) % own], tasks)


def measure(course: Course, seed: int) -> dict[str, Any]:
    """Everything for one seed."""
    clock, env = Clock(), course.env
    keys = jr.split(jr.key(seed), 9)
    stages, curve = _learned(course, env, 0, keys[0])
    good = [n for n, mean in enumerate(curve) if mean >= course.mark]
    if not good:
        return {"failed": f"no demonstrator: {max(curve):g} after all turns", "curve": curve, **clock.read()}
    demonstrator = stages[good[0]]
    shown = record(env, demonstrator, course.tasks(DEMONSTRATIONS), key=keys[1])
    clone = _imitated(course, shown, keys[2], seed)
    noisy, shares = _noisy(course, clone, keys[3])
    taste = Ranking().fit(noisy, _features(env, noisy), -shares, key=keys[4])
    _, again = _learned(course, Pleasing(env, taste, most=course.most), 1, keys[5])
    others = [_noisy(course, clone, keys[6])[0]]
    others += [record(env, stage, course.tasks(DEMONSTRATIONS), key=keys[7]) for stage in stages]
    fresh = Episodes.concatenate([dataclasses.replace(each, columns={}) for each in others])
    learned = _worth(taste, env, fresh)
    beyond = fresh.returns > shown.returns.max()
    means = [float(noisy.returns[shares == share].mean()) for share in np.unique(shares)]
    return {
        "demonstrations": [round(float(x), 2) for x in shown.returns],
        "best demonstration": float(shown.returns.max()),
        "imitation": float(noisy.returns[shares == 0].mean()),
        "noise": [round(x, 1) for x in means],
        "learned from the learned reward": again[-1],
        "curve": [round(x, 1) for x in again],
        "learned from the true reward": curve[-1],
        "beats the best demonstration": bool(again[-1] > shown.returns.max()),
        "trajectories": len(fresh),
        "correlation": _correlation(learned, fresh.returns),
        "trajectories beyond": int(beyond.sum()),
        "correlation beyond": _correlation(learned[beyond], fresh.returns[beyond]),
        "interval beyond": _bootstrapped(learned[beyond], fresh.returns[beyond], np.random.default_rng(seed)),
        **clock.read(),
    }


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds."""
    sound = [each for each in seeds.values() if "failed" not in each]
    names = ("best demonstration", "imitation", "learned from the learned reward", "learned from the true reward")
    found: dict[str, Any] = {name: over_seeds([each[name] for each in sound]) for name in (*names, "correlation")}
    found["correlation beyond"] = over_seeds([each["correlation beyond"] for each in sound])
    found["seeds that beat the best demonstration"] = sum(each["beats the best demonstration"] for each in sound)
    return found | {"seeds without a demonstrator": len(seeds) - len(sound)}


def _learned(course: Course, env: Environment, reward: int, key: jax.Array) -> tuple[list[Policy], list[float]]:
    """PPO at all its stages, and its mean true returns, as it acts likeliest. `reward`: 0: the true one, 1: learned."""
    parts = override(Parts(env, player(env), Uniform(rows=32, queue=1)), course.fields[reward])
    state, stages, curve = init(parts, key=key), [], []
    for _ in range(course.turns[reward] // course.every):
        state, _ = chunk(parts, state, root=key, turns=course.every)
        policy = jax.tree.map(lambda x: x + 0 if hasattr(x, "dtype") else x, parts.learner.policy(state.learner))
        stages.append(policy)
        lesson = fresh_lesson(course.tasks(JUDGED), False)
        curve.append(float(jitted(_judged, course.env)(course.env, policy, lesson, jr.fold_in(key, 1))))
    return stages, curve


def _judged(env: Environment, policy: Policy, lesson: Lesson, key: jax.Array) -> jax.Array:
    """The mean return of the likeliest actions."""
    return jnp.mean(env.judge(policy.greedy(), lesson, key=key).returns)


def _imitated(course: Course, shown: Episodes, key: jax.Array, seed: int) -> Policy:
    """Behaviour cloning: plays `Asking` that asks for nothing."""
    net = SequenceNet(Transformer(width=32, layers=1, heads=2, window=1))
    learner = Sequence(net, Hindsight("none"), told=(), drop=0.0, batch=128)
    state = learner.init(Asking(course.env, ()), key=key)
    return learner.policy(learner.learn(state, shown, course.updates, rng=np.random.default_rng([seed, 1])))


def _noisy(course: Course, clone: Policy, key: jax.Array) -> tuple[Episodes, np.ndarray]:
    """What it plays with more and more noise, and how much of it each episode had."""
    asking = Asking(course.env, ())
    shares = np.repeat(np.arange(LEVELS) / LEVELS, EACH).astype(np.float32)
    requests = jax.vmap(asking.space.of)(course.tasks(len(shares)))
    played = record(asking, Noisy(clone, jnp.asarray(shares), course.env.action), requests, key=key)
    bare = {"observation": played.observation["seen"], "final": played.final["seen"], "achieved": None, "columns": {}}
    return dataclasses.replace(played, **bare), shares


def _features(env: Environment, episodes: Episodes) -> np.ndarray:
    """What was seen after each step, as `Pleasing` looks at it."""
    later = episodes.after(np.arange(episodes.steps))
    return np.asarray(jax.vmap(lambda x: seen(env.observation, x))(later))


def _worth(taste: Any, env: Environment, episodes: Episodes) -> np.ndarray:
    """The learned return of each episode."""
    worth = np.asarray(taste(jnp.asarray(_features(env, episodes)))[0], np.float64)
    return np.diff(np.concatenate([[0.0], np.cumsum(worth)])[episodes.offsets])


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's; NaN where there is too little."""
    return float(np.corrcoef(one, other)[0, 1]) if len(one) > 2 else float("nan")


def _bootstrapped(one: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> list[float]:
    """The 95 % interval of a correlation."""
    if len(one) < 10:
        return [float("nan"), float("nan")]
    picks = rng.integers(0, len(one), (2000, len(one)))
    found = [_correlation(one[pick], other[pick]) for pick in picks]
    return [round(float(x), 4) for x in np.nanquantile(found, [0.025, 0.975])]
