"""Watching somebody, trying, and then doing it: demonstrations and own trials as conditions."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import Episodes, fresh_lesson, record
from explora.domains.views import Asking
from explora.domains.yardsticks import Doors, DoorTask, Guide
from explora.learners.sequence import Past, Sequence, SequenceNet, SequenceState, demonstrated, unasked
from explora.nets.sequence import Transformer

from ._measure import Clock, over_seeds

PROTOCOL = """
Twenty doors, one of them right, controls that may be turned around, and no time for a wrong step: 1,000 tasks. Three
quarters are learned from, the others are judged, 4 times each. Of each task learned from there are 4 demonstrations by
who sees all, of which a learner is shown the places alone, not what the player's hands did. A transformer of two layers
and width 64 learns from demonstrations, being shown another one (1,000 updates); then it plays 4 trials of each task
after a demonstration; then one like it learns from the same demonstrations, being shown another one, a trial, both or
nothing (6,000 updates). Shares of episodes that end at the right door, of tasks not in the data: having seen nothing,
after watching, after trying without having watched, after watching and trying. Whoever knows the door but not the
controls cannot do better than one half.
"""
SHOWS, TRIES, REPEATS, MOST, FIRST, THEN = 4, 4, 4, 18, 1_000, 6_000


def learner() -> Sequence:
    """What learns."""
    body = Transformer(width=64, layers=2, heads=4, window=9)
    return Sequence(SequenceNet(body, past=MOST, demos=True), told=(), rate=2e-3, batch=64, norm=1.0)


def tasks_of(numbers: np.ndarray) -> DoorTask:
    """The tasks of some numbers."""
    return jax.vmap(Doors().space.numbered)(jnp.asarray(numbers, jnp.int32))


def shown(numbers: np.ndarray, *, key: jax.Array) -> Episodes:
    """One demonstration of each task, without what was shown to the demonstrator."""
    done = record(Doors(shown=True), Guide(), tasks_of(numbers), key=key)
    hide = lambda seen: {name: seen[name] for name in ("row", "column")}
    return dataclasses.replace(done, observation=hide(done.observation), final=hide(done.final))


def tried(hand: Sequence, state: SequenceState, numbers: np.ndarray, past: Past, *, key: jax.Array) -> Episodes:
    """One episode of each task, by who was shown something; as the room itself would have recorded it."""
    asking = Asking(Doors(), ())
    policy = dataclasses.replace(hand.policy(state), past=past)
    return unasked(record(asking, policy, jax.vmap(asking.space.of)(tasks_of(numbers)), key=key))


def labelled(episodes: Episodes, numbers: np.ndarray, demo: bool) -> Episodes:
    """With the columns that this needs."""
    columns = {"task": numbers, "demo": np.full(len(numbers), demo)}
    return dataclasses.replace(episodes, columns=columns, achieved=None)


def measure(seed: int) -> dict[str, Any]:
    """One split of the tasks."""
    clock, rng, keys = Clock(), np.random.default_rng(seed), iter(jr.split(jr.key(seed), 9))
    asking, hand, action = Asking(Doors(), ()), learner(), Doors().action
    numbers = rng.permutation(Doors().space.count)
    held_out, known = numbers[: len(numbers) // 4], np.sort(numbers[len(numbers) // 4 :])
    taught = np.repeat(known, SHOWS)
    demos = labelled(shown(taught, key=next(keys)), taught, demo=True)
    first = hand.learn(hand.init(asking, key=next(keys)), demos, FIRST, rng=rng)
    past = demonstrated(MOST, action, shown(np.repeat(known, TRIES), key=next(keys)))
    again = np.repeat(known, TRIES)
    trials = labelled(tried(hand, first, again, past, key=next(keys)), again, demo=False)
    both = Episodes.concatenate([demos, trials])
    both = both.take(np.argsort(both.columns["task"], kind="stable"))
    state = hand.learn(hand.init(asking, key=next(keys)), both, THEN, rng=rng)
    spent = clock.read()

    judged = np.repeat(held_out, REPEATS)
    demo = shown(judged, key=next(keys))
    watched = demonstrated(MOST, action, demo)
    unseen = watched._replace(there=np.zeros_like(watched.there))
    trial = tried(hand, state, judged, watched, key=next(keys))
    blind = tried(hand, state, judged, unseen, key=next(keys))
    alone = demonstrated(MOST, action, demo, blind)
    alone = alone._replace(there=alone.there & (alone.kind > 0))
    shows = {"nothing": unseen, "watched": watched, "tried": alone, "both": demonstrated(MOST, action, demo, trial)}
    found: dict[str, Any] = {"loss": float(state.losses["loss"]), **spent}
    key, tasks = next(keys), jax.vmap(asking.space.of)(tasks_of(judged))
    for name, past in shows.items():
        policy = dataclasses.replace(hand.policy(state), past=past)
        found[name] = float(asking.judge(policy, fresh_lesson(tasks, False), key=key).solved.mean())
    tasks = jax.vmap(asking.space.of)(tasks_of(taught))
    policy = dataclasses.replace(hand.policy(state), past=demonstrated(MOST, action, demos, trials))
    found["both, in known tasks"] = float(asking.judge(policy, fresh_lesson(tasks, False), key=key).solved.mean())
    return found | {"trials in the data that succeeded": float((trials.returns > 0).mean())}


def summary(seeds: dict[str, Any]) -> dict[str, Any]:
    """Over all seeds."""
    names = ("nothing", "watched", "tried", "both")
    return {name: over_seeds([each[name] for each in seeds.values()]) for name in names}
