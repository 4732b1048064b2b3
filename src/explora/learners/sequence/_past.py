"""What a player is shown before it begins: what the same agent did elsewhere, or a demonstration and its own trial."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Int64

from explora.core import ArgumentError, Discrete, Episodes, Spec

KINDS = ("demonstration", "trial")
"""What a step can be of that is shown of the same task."""


class Past(NamedTuple):
    """Steps of other episodes, `(windows, past, …)`.

    **Arguments:**

    - `seen`, `action`, `reward`: what was seen before each, what was done, what it earned.
    - `there`: which of them count.
    - `kind`: of which of `KINDS` each is; None: all are of one agent.
    - `then`: what was seen after each.
    - `left`: how many steps its episode had left, 1 for its last; None: nobody is told in which order they were.
    """

    seen: Any
    action: Any
    reward: Any
    there: Any
    kind: Any = None
    then: Any = None
    left: Any = None


Show = Callable[[Int64[np.ndarray, " windows"], np.random.Generator], Past]
"""What is shown of windows, given their episodes."""


def demonstrated(most: int, action: Spec, demos: Episodes, trials: Episodes | None = None) -> Past:
    """What players are shown who have watched, and perhaps tried: the `past` of a `SequencePolicy`.

    **Arguments:**

    - `most`: how many steps are shown at most, the last ones; half of them are for the demonstration. It is `past` of
      the network.
    - `action`: the kind of the actions.
    - `demos`: a demonstration for each lane, in their order. What is seen of it are places, not the player's hands:
      neither actions nor rewards.
    - `trials`: a trial for each lane; None: nobody has tried.

    **Returns:** steps, `(lanes, most, …)`: first those of the demonstration, then those of the trial.

    **Raises:** `ArgumentError` if there are not as many trials as demonstrations.
    """
    if trials is not None and len(trials) != len(demos):
        raise ArgumentError(f"`trials` must be as many as `demos`, one a lane: got {len(trials)} and {len(demos)}")
    each = np.arange(len(demos))
    every = np.ones(len(demos), bool)
    watched = _watched(_shown(demos, each, every, most // 2), action)
    tried = _shown(demos if trials is None else trials, each, every & (trials is not None), most - most // 2)
    return _joined(watched, tried)


def of_agents(episodes: Episodes, most: int) -> Show:
    """Steps of the agent of each window, none of the window's own episode.

    **Arguments:**

    - `episodes`: with a column `agent`; the episodes of an agent stand together.
    - `most`: how many steps at most. How many, from none to all, is drawn for each window; they follow each other, from
      a place drawn at random.
    """
    offsets, edges = episodes.offsets, _together(episodes, "agent")

    def show(episode: Int64[np.ndarray, " windows"], rng: np.random.Generator) -> Past:
        agent = np.searchsorted(edges, episode, side="right") - 1
        first, stop = offsets[edges[agent]], offsets[edges[agent + 1]]
        others = stop - first - (offsets[episode + 1] - offsets[episode])
        known = rng.integers(0, np.minimum(most, others) + 1)
        place = rng.integers(0, others - known + 1)[:, None] + np.arange(most)
        there = np.arange(most) < known[:, None]
        # The other steps in a round, from the end of the episode on: so its own are never among them.
        step = first[:, None] + (offsets[episode + 1] - first)[:, None] + place
        step = np.where(there, first[:, None] + (step - first[:, None]) % (stop - first)[:, None], 0)
        take = lambda x: x[step]
        return Past(jax.tree.map(take, episodes.observation), take(episodes.action), take(episodes.reward), there)

    return show


def of_tasks(episodes: Episodes, most: int, action: Spec) -> Show:
    """Another demonstration of the same task, a trial of it, both, or none of them, each as likely.

    **Arguments:**

    - `episodes`: with a column `task`, whose episodes stand together, and a column `demo`: whether an episode is a
      demonstration or a trial.
    - `most`: how many steps at most; half of them are for the demonstration.
    - `action`: the kind of the actions.

    **Raises:** `ArgumentError` if a column is missing, or a task has but one demonstration: then there is no other.
    """
    edges, demo = _together(episodes, "task"), episodes.columns.get("demo")
    if demo is None:
        raise ArgumentError("`episodes` have no column `demo`, which tells demonstrations from trials; add it")
    shows, tries = np.flatnonzero(demo), np.flatnonzero(~demo.astype(bool))
    demos_at, trials_at = np.searchsorted(shows, edges), np.searchsorted(tries, edges)
    if not (np.diff(demos_at) >= 2).all():
        raise ArgumentError("every task needs two demonstrations: one is learned from while another is shown")

    def show(episode: Int64[np.ndarray, " windows"], rng: np.random.Generator) -> Past:
        task = np.searchsorted(edges, episode, side="right") - 1
        watch, try_ = rng.random((2, len(episode))) < 0.5
        low, many = demos_at[task], demos_at[task + 1] - demos_at[task]
        own = np.searchsorted(shows, episode) - low
        other = shows[low + (own + 1 + rng.integers(0, many - 1)) % many]
        low, many = trials_at[task], trials_at[task + 1] - trials_at[task]
        place = low + rng.integers(0, np.maximum(many, 1))
        trial = tries[np.minimum(place, len(tries) - 1)] if len(tries) else other
        watched = _watched(_shown(episodes, other, watch, most // 2), action)
        return _joined(watched, _shown(episodes, trial, try_ & (many > 0), most - most // 2))

    return show


def _shown(
    episodes: Episodes, which: Int64[np.ndarray, " windows"], really: Bool[np.ndarray, " windows"], most: int
) -> Past:
    """The last steps of some episodes, as trials."""
    length = episodes.offsets[which + 1] - episodes.offsets[which]
    left = most - np.arange(most) + np.zeros_like(length)[:, None]
    there = (left <= length[:, None]) & really[:, None]
    step = np.where(there, episodes.offsets[which + 1][:, None] - left, 0)
    take = lambda x: np.asarray(x[step])
    kind = np.full(step.shape, KINDS.index("trial"), np.int32)
    seen = jax.tree.map(take, episodes.observation)
    then = jax.tree.map(lambda x: x.reshape(*step.shape, *x.shape[1:]), episodes.after(step.ravel()))
    return Past(seen, take(episodes.action), take(episodes.reward), there, kind, then, left.astype(np.float32))


def _watched(past: Past, action: Spec) -> Past:
    """The same as a demonstration: nobody sees what the player's hands did, or what it got."""
    none = action.count if isinstance(action, Discrete) else 0
    kind = np.full_like(past.kind, KINDS.index("demonstration"))
    return past._replace(action=np.full_like(past.action, none), reward=np.zeros_like(past.reward), kind=kind)


def _joined(one: Past, other: Past) -> Past:
    return jax.tree.map(lambda a, b: np.concatenate([a, b], axis=1), one, other)


def _together(episodes: Episodes, name: str) -> Int64[np.ndarray, " edges"]:
    """Where the episodes of each agent, or task, begin, and the number of episodes."""
    of = episodes.columns.get(name)
    if of is None:
        raise ArgumentError(f"`episodes` have no column `{name}`, which says what a window may be shown; add it")
    starts = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]]))
    if len(np.unique(of[starts])) < len(starts):
        raise ArgumentError(
            f"the episodes of one `{name}` must stand together: use `take(np.argsort({name}, kind='stable'))`"
        )
    return np.append(starts, len(of))
