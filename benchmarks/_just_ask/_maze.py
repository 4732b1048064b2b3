"""Asking in mazes: returns, held-out combinations of clauses, and versions of the learner."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from scipy.stats import pearsonr, spearmanr

from explora.core import Environment, Episodes, Language, Policy, record
from explora.domains.maze import MazeTask
from explora.domains.views import CONDITIONS, Asking, Request
from explora.ledger.asked import Calibration, calibrate, requests, usual_steps

from ._measure import share

KNOWN = (
    *("reach the goal", "miss the goal", "hug the left wall", "hug the right wall", "never bump"),
    *("turn left first", "turn right first", "turn at most 3 times", "turn at most 6 times", "turn at most 12 times"),
    "never enter a cell twice",
)
"""Clauses that a player can know to be true while it acts, seeing only the cells ahead and its own actions."""
RARE, OFTEN, TWICE = 0.01, 0.4, 2


def tasks_of(episodes: Episodes) -> MazeTask:
    """The mazes in which episodes were played."""
    return MazeTask(*(jnp.asarray(episodes.columns[f"task.{name}"]) for name in ("walls", "start", "goal", "heading")))


def combinations(true: np.ndarray, language: Language, count: int, *, seed: int) -> list[tuple[str, str]]:
    """Pairs of clauses to be held out: drawn at random from those that came true together, and not too often.

    A pair that is true of less than 1 % of the episodes cannot be judged, one that is true of more than 40 % is no
    news; and no clause is in more than two of them, so that each is still told with most others.
    """
    said = {clause.says: clause for clause in language.clauses}
    at = {clause.says: place for place, clause in enumerate(language.clauses)}
    pairs = [(one, other) for i, one in enumerate(KNOWN) for other in KNOWN[i + 1 :]]
    bound = lambda a, b: b in said[a].implies or a in said[b].implies or b in said[a].against
    pairs = [(a, b) for a, b in pairs if not bound(a, b)]
    pairs = [(a, b) for a, b in pairs if RARE <= true[:, [at[a], at[b]]].all(1).mean() <= OFTEN]
    found: list[tuple[str, str]] = []
    for number in np.random.default_rng(seed).permutation(len(pairs)):
        pair = pairs[number]
        if len(found) < count and all(sum(name in other for other in found) < TWICE for name in pair):
            found.append(pair)
    return found


def returns(asking: Asking, policy: Policy, data: Episodes, held_out: Episodes, count: int, seed: int) -> Calibration:
    """Asks thrice for each of six returns up to the best of each maze, with the steps in which they are usually got."""
    tasks = tasks_of(held_out.take(np.arange(min(count, len(held_out)))))
    inner: Any = asking.environment.environment
    best = np.asarray(jax.jit(jax.vmap(lambda task: inner.optimal_return(inner.world(task))))(tasks))
    steps, told = usual_steps(data), ("return", "horizon")
    key = jr.fold_in(jr.key(seed), 1)
    least, often = np.zeros(len(best)), {"levels": 6, "repeats": 3}
    return calibrate(asking, policy, tasks, least, best, **often, told=told, steps=steps, key=key)


def insisting(
    asking: Asking, policy: Any, learned: Episodes, apart: list[tuple[str, str]], values: Sequence[float], seed: int
) -> dict[float, float]:
    """For each value of `insist` which share of requests comes true: pairs that were told together, in known mazes."""
    some = learned.take(np.random.default_rng(seed).permutation(len(learned))[:20_000])
    true = asking.environment.environment.retell(some)
    drawn = [combinations(true, asking.environment.environment.language, 10, seed=seed + n) for n in (1, 2)]
    pairs = [pair for pair in dict.fromkeys([*drawn[0], *drawn[1]]) if pair not in apart][:10]
    share_of = lambda each: words(asking, each, some, pairs, 30, seed + 1)["all"]["asked"]["share"]
    return {value: share_of(dataclasses.replace(policy, insist=value)) for value in values}


def heeding(asking: Asking, policy: Any, learned: Episodes, values: Sequence[float], seed: int) -> dict[float, float]:
    """For each value of `insist` the correlation of returns asked and achieved, in known mazes."""
    some = learned.take(np.random.default_rng(seed + 3).permutation(len(learned))[:20_000])
    of = lambda value: returns(asking, dataclasses.replace(policy, insist=value), some, some, 60, seed + 3)
    return {value: of(value).correlation for value in values}


def words(
    asking: Asking, policy: Policy, held_out: Episodes, pairs: list[tuple[str, str]], each: int, seed: int
) -> dict[str, Any]:
    """Asks for combinations that were never told together, in mazes in which somebody has done both."""
    inner, rng = asking.environment.environment, np.random.default_rng(seed)
    language, true = inner.language, inner.retell(held_out)
    at = {clause.says: place for place, clause in enumerate(language.clauses)}
    chosen, pair = [], []
    for number, (one, other) in enumerate(pairs):
        able = np.flatnonzero(true[:, [at[one], at[other]]].all(1))
        able = rng.permutation(able)[:each]
        chosen.append(able)
        pair.append(np.full(len(able), number))
    rows, pair = np.concatenate(chosen), np.concatenate(pair)
    tasks = tasks_of(held_out.take(rows))
    said = np.zeros((len(pairs), len(language.clauses)), bool)
    for number, names in enumerate(pairs):
        said[number, [at[name] for name in names]] = True
    wanted, shuffled = said[pair], said[(pair + 1 + rng.integers(0, len(pairs) - 1, len(pair))) % len(pairs)]
    played = {
        "asked": _told(asking, policy, tasks, wanted, ("goal",), seed),
        "asked for nothing": _told(asking, policy, tasks, wanted, (), seed),
        "asked for another": _told(asking, policy, tasks, shuffled, ("goal",), seed),
    }
    came_true = {name: (~wanted | inner.retell(found)).all(1) for name, found in played.items()}
    table = [
        {"clauses": list(names), "requests": int((pair == number).sum())}
        | {name: float(hits[pair == number].mean()) for name, hits in came_true.items()}
        for number, names in enumerate(pairs)
        if (pair == number).any()
    ]
    news = np.isin(pair, [n for n in range(len(pairs)) if came_true["asked for nothing"][pair == n].mean() <= OFTEN])
    every = {name: share(hits) for name, hits in came_true.items()}
    some = {name: share(hits[news]) for name, hits in came_true.items()} if news.any() else {}
    return {"pairs": table, "where the unasked do it in at most 40 %": some, "all": every}


def _told(asking: Asking, policy: Policy, tasks: Any, goals: np.ndarray, told: tuple[str, ...], seed: int) -> Episodes:
    """What came of asking for clauses, as the maze itself would have recorded it."""
    inner: Environment = asking.environment.environment
    usual = jax.jit(jax.vmap(asking.space.of))(tasks)
    heard = jnp.broadcast_to(jnp.array([name in told for name in CONDITIONS]), usual.told.shape)
    wanted = Request(usual.task, usual.returns, usual.horizon, jnp.asarray(goals.astype(np.uint8)), usual.skill, heard)
    return _seen(record(Asking(inner, ()), policy, wanted, key=jr.fold_in(jr.key(seed), 2)), tasks)


def _seen(episodes: Episodes, tasks: Any) -> Episodes:
    names = ("walls", "start", "goal", "heading")
    columns = {f"task.{name}": np.asarray(getattr(tasks, name)) for name in names}
    fields = {"observation": episodes.observation["seen"], "final": episodes.final["seen"], "columns": columns}
    return Episodes(**{**vars(episodes), **fields})


def versions(data: Episodes, count: int) -> list[tuple[int, float]]:
    """Versions of the learner whose returns lie evenly between the worst and the best, and what each of them earned."""
    turns, number = np.unique(data.columns["turn"], return_inverse=True)
    earned, often = np.bincount(number, data.columns["return"]), np.bincount(number)
    around = np.ones(5)
    smooth = np.convolve(earned, around, "same") / np.convolve(often, around, "same")
    found = []
    for level in np.linspace(smooth.min(), smooth.max(), count):
        place = int(np.argmin(np.abs(smooth - level)))
        if int(turns[place]) not in [turn for turn, _ in found]:
            found.append((int(turns[place]), float(smooth[place])))
    return found


def skills(asking: Asking, policy: Policy, data: Episodes, held_out: Episodes, tasks: int, seed: int) -> dict[str, Any]:
    """Asks to play as versions of the learner did, each in the same mazes."""
    some = tasks_of(held_out.take(np.arange(min(tasks, len(held_out)))))
    count, chosen = some.walls.shape[0], versions(data, 8)
    many = jax.tree.map(lambda x: jnp.tile(x, (len(chosen), *(1,) * (x.ndim - 1))), some)
    wanted = requests(asking, many, np.zeros(count * len(chosen), np.float32), told=("skill",))
    skill = jnp.asarray(np.repeat([turn for turn, _ in chosen], count), jnp.float32)
    wanted = Request(wanted.task, wanted.returns, wanted.horizon, wanted.goal, skill, wanted.told)
    done = record(asking, policy, wanted, key=jr.fold_in(jr.key(seed), 3))
    shown = done.returns.reshape(len(chosen), count).mean(1)
    known = np.array([earned for _, earned in chosen])
    return {
        "versions": [
            {"turn": turn, "earned in the archive": earned, "shown": float(mean)}
            for (turn, earned), mean in zip(chosen, shown)
        ],
        "spearman": float(spearmanr(known, shown).statistic),
        "pearson": float(pearsonr(known, shown).statistic),
        "mazes": count,
    }
