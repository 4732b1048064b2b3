"""Pieces of stored episodes, as a player would have seen them who was told what they turned out to be good for."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float16, Float32, Int8, Int64

from explora.core import ArgumentError, Discrete, Episodes, Spec

from ._hindsight import Hindsight
from ._past import Past, of_agents, of_tasks

TOLD = ("return", "horizon", "goal", "skill")
"""The conditions of a moment, in the order of its entry `told`."""


class Batch(NamedTuple):
    """Windows to learn from.

    **Arguments:**

    - `moments`: what the player sees and is told, as `explora.domains.views.Asking` shows it, `(windows, window, …)`.
    - `action`: what it did then, `(windows, window, …)`.
    - `weight`: `(windows, window)`: 1 where there is something to learn, 0 beyond the end.
    - `past`: what is shown of other episodes; None: nothing is.
    - `segment`: where windows hold pieces of several episodes, the number of the piece, `(windows, window)`.
    """

    moments: dict[str, Any]
    action: Any
    weight: Any
    past: Past | None = None
    segment: Any = None


class Clauses(NamedTuple):
    """What is known of the clauses of a language in stored episodes.

    **Arguments:**

    - `true`: which came true of each episode: 1, 0, or -1 where it is not to be told.
    - `standing`: how each stood before each step, see `explora.core.Tally`; None: nobody says.
    """

    true: Int8[np.ndarray, "episodes clauses"]
    standing: Float16[np.ndarray, "steps clauses"] | None = None

    def at(self, step: np.ndarray, true: np.ndarray, last: np.ndarray) -> dict[str, np.ndarray]:
        """What is known at some steps: what comes `true`, how it is `standing`, whether it `holds` (-1: unknown).

        **Arguments:**

        - `step`: their numbers.
        - `true`: of their episodes.
        - `last`: whether their episodes end with them; if that broke what did not come true nobody knows.
        """
        if self.standing is None:
            return {"true": true}
        after = self.standing[np.minimum(step + 1, len(self.standing) - 1)] > -1
        holds = np.where(last[..., None], np.where(true == 1, 1, -1), after).astype(np.int8)
        holds = np.where(true < 0, np.int8(-1), holds)
        return {"true": true, "standing": self.standing[step].astype(np.float32), "holds": holds}


class _Pieces(NamedTuple):
    """Pieces of episodes, and where they stand in windows.

    **Arguments:**

    - `episode`, `first`, `stop`: of each piece its episode, its first step, and that after its last, `(pieces,)`.
    - `piece`: which piece each place of a window belongs to, `(windows, window)`.
    - `time`: which step of its episode stands there; at least `stop` where there is nothing.
    """

    episode: Int64[np.ndarray, " pieces"]
    first: Int64[np.ndarray, " pieces"]
    stop: Int64[np.ndarray, " pieces"]
    piece: Int64[np.ndarray, "windows window"]
    time: Int64[np.ndarray, "windows window"]


class Sampler:
    """Draws windows of stored episodes so that every step is as likely as every other, at every place of a window.

    Windows begin up to `window - 1` steps before an episode and are cut where it begins and ends; so the first and the
    last steps, and those of episodes shorter than a window, count as much as those in between, and a player who has
    just begun is as well prepared as one who has played for long. No window holds steps of two episodes. Only where
    hindsight chooses an end before that of the episode, the steps after it count for nothing.

    Where most episodes are short, most of such windows is empty. Packed, a window holds whole episodes one after the
    other, cut where a window ends, and nothing is empty; every step is as likely at every place as before.

    **Arguments:**

    - `episodes`: what is drawn from; memory maps are fine.
    - `window`: how many steps at most.
    - `action`: the kind of the actions.
    - `hindsight`: which goals the windows get.
    - `past`: how many steps of other episodes are shown at most: of the same agent, see `of_agents`; 0: none.
    - `demos`: whether they are of demonstrations and trials instead, see `of_tasks`. Then nothing but
      demonstrations is drawn.
    - `left`: the return that each step is told; None: what its episode still earned.
    - `balance`: how much more often steps of rare returns are drawn: of ten equal spans between the least and the
      greatest return of an episode, a span is drawn in proportion to its number of steps to the power `1 - balance`.
    - `packed`: whether windows are filled up with further episodes.
    - `clauses`: what is known of the clauses that goals are made of; None: nothing.
    """

    def __init__(
        self,
        episodes: Episodes,
        window: int,
        action: Spec,
        hindsight: Hindsight,
        past: int = 0,
        left: Float32[np.ndarray, " steps"] | None = None,
        balance: float = 0.0,
        packed: bool = False,
        demos: bool = False,
        clauses: Clauses | None = None,
    ):
        if not len(episodes):
            raise ArgumentError("`episodes` must hold at least one episode to learn from, got none")
        if packed and past:
            raise ArgumentError("`packed` windows hold several episodes, so they cannot be shown the `past` of one")
        self.episodes, self.window, self.action, self.hindsight = episodes, window, action, hindsight
        self._show = None
        if demos:
            self._show = of_tasks(episodes, past, action)
        elif past:
            self._show = of_agents(episodes, past)
        self._places = np.cumsum(episodes.lengths + window - 1)
        often = _often(episodes, episodes.lengths + window - 1, balance) if balance or demos else None
        if often is not None and demos:
            often = often * episodes.columns["demo"]
        self._often = None if often is None else np.cumsum(often)
        self._whole = _often(episodes, episodes.lengths, balance) if packed else None
        self._before, self._left, self._clauses = episodes.rewards_before, left, clauses
        self._skill = episodes.columns.get("skill", np.zeros(len(episodes), np.float32))
        self._goal = episodes.columns.get("goal")
        own_goals = hindsight.strategy == "none" or hindsight.share < 1
        if episodes.achieved is not None and own_goals and self._goal is None:
            raise ArgumentError("`episodes` have no column `goal`, which windows without hindsight need; use share 1")

    def places(
        self, count: int, *, rng: np.random.Generator
    ) -> tuple[Int64[np.ndarray, " windows"], Int64[np.ndarray, " windows"], Int64[np.ndarray, " windows"]]:
        """The episode of each of `count` windows, its first step, and that after its last."""
        if self._often is None:
            drawn = rng.integers(0, self._places[-1], count)
            episode = np.searchsorted(self._places, drawn, side="right")
        else:
            episode = np.searchsorted(self._often, rng.random(count) * self._often[-1], side="right")
            before = np.where(episode > 0, self._places[episode - 1], 0)
            drawn = before + (rng.random(count) * (self._places[episode] - before)).astype(np.int64)
        length = self.episodes.lengths[episode] if len(self.episodes) < count else self._length(episode)
        last = drawn - (self._places[episode] - length - self.window + 1)
        return episode, np.maximum(last - self.window + 1, 0), np.minimum(last + 1, length)

    def draw(
        self, count: int, *, drop: float = 0.0, together: Sequence[Sequence[str]] = (), rng: np.random.Generator
    ) -> Batch:
        """Windows to learn from.

        **Arguments:**

        - `count`: how many.
        - `drop`: how likely each condition is not told, in [0, 1).
        - `together`: if there are any, each window is told one of these sets of conditions, each set as likely.
        - `rng`: the only source of chance.
        """
        episodes = self.episodes
        at = self._windows(count, rng) if self._whole is None else self._packed(count, self._whole, rng)
        aims = self.hindsight.aims(episodes, at.episode, at.first, rng=rng)
        wide = lambda x: x[at.piece]
        start, end = episodes.offsets[at.episode], np.minimum(at.stop, aims.end)
        there = at.time < wide(end)
        time = np.minimum(at.time, wide(at.stop) - 1)
        step = wide(start) + time
        moments = {
            "seen": jax.tree.map(lambda x: x[step], episodes.observation),
            "action": self._last_action(step, time),
            "reward": np.where(time > 0, episodes.reward[np.maximum(step - 1, 0)], np.float32(0)),
            "return": self._returns(wide(start + aims.end), step),
            "horizon": np.maximum(wide(aims.end) - time, 1).astype(np.float32),
            "time": time.astype(np.float32),
            "skill": wide(self._skill[at.episode].astype(np.float32)),
            "told": wide(_told(len(at.episode), drop, together, rng)),
        }
        if episodes.achieved is not None:
            moments["goal"] = jax.tree.map(wide, self._goals(at.episode, aims.step))
        if self._clauses is not None:
            moments |= self._clauses.at(
                step, wide(self._clauses.true[at.episode]), time + 1 == wide(self._length(at.episode))
            )
        past = None if self._show is None else self._show(at.episode, rng)
        segment = None if self._whole is None else at.piece - at.piece[:, :1]
        return Batch(moments, episodes.action[step], there.astype(np.float32), past, segment)

    def _windows(self, count: int, rng: np.random.Generator) -> _Pieces:
        """One piece a window."""
        episode, first, stop = self.places(count, rng=rng)
        piece = np.broadcast_to(np.arange(count)[:, None], (count, self.window))
        return _Pieces(episode, first, stop, piece, first[:, None] + np.arange(self.window))

    def _packed(self, count: int, often: np.ndarray, rng: np.random.Generator) -> _Pieces:
        """Episodes one after the other, from a step drawn at random on, cut into windows.

        **Arguments:**

        - `count`: how many windows.
        - `often`: how often steps of each episode are drawn.
        - `rng`: the only source of chance.
        """
        lengths, total = self.episodes.lengths, count * self.window
        of_step, of_episode = np.cumsum(often), np.cumsum(often / lengths)
        draw = lambda often, n: np.searchsorted(often, rng.random(n) * often[-1], side="right")
        chosen = draw(of_step, 1)  # that in whose midst one begins is the longer, the likelier
        skipped = int(rng.integers(0, lengths[chosen[0]]))
        while (known := int(lengths[chosen].sum()) - skipped) < total:
            more = 1 + int((total - known) * of_episode[-1] / of_step[-1])
            chosen = np.concatenate([chosen, draw(of_episode, more)])
        begin = np.cumsum(lengths[chosen]) - lengths[chosen] - skipped  # the place of each one's first step
        own = begin < total
        cuts = np.union1d(np.maximum(begin[own], 0), np.arange(0, total, self.window))
        number = np.searchsorted(begin, cuts, side="right") - 1
        episode, first = chosen[number], cuts - begin[number]
        length = np.diff(cuts, append=total)
        piece = np.repeat(np.arange(len(cuts)), length)
        time = np.arange(total) - begin[number][piece]
        shape = (count, self.window)
        return _Pieces(episode, first, first + length, piece.reshape(shape), time.reshape(shape))

    def _length(self, episode: Int64[np.ndarray, " some"]) -> Int64[np.ndarray, " some"]:
        return self.episodes.offsets[episode + 1] - self.episodes.offsets[episode]

    def _returns(self, end: np.ndarray, step: np.ndarray) -> np.ndarray:
        if self._left is not None:
            return self._left[step]
        return (self._before[end] - self._before[step]).astype(np.float32)

    def _last_action(self, step: np.ndarray, time: np.ndarray) -> np.ndarray:
        before = self.episodes.action[np.maximum(step - 1, 0)]
        none = self.action.count if isinstance(self.action, Discrete) else 0
        began = (time == 0).reshape(time.shape + (1,) * (before.ndim - 2))
        return np.where(began, np.asarray(none, before.dtype), before)

    def _goals(self, episode: np.ndarray, step: np.ndarray) -> Any:
        """What was achieved after each step; the goal of the episode where `step` is -1."""
        achieved = jax.tree.map(lambda x: x[np.maximum(step, 0)], self.episodes.achieved)
        own = step < 0
        if not own.any():
            return achieved
        pick = lambda a, g: np.where(own.reshape(own.shape + (1,) * (a.ndim - 1)), g[episode], a)
        return jax.tree.map(pick, achieved, self._goal)


def _told(count: int, drop: float, together: Sequence[Sequence[str]], rng: np.random.Generator) -> np.ndarray:
    """Which conditions each of some pieces is told, `(count, conditions)` of 0 and 1."""
    told = rng.random((count, len(TOLD))) >= drop
    if together:
        sets = np.array([[name in names for name in TOLD] for names in together])
        told = sets[rng.integers(0, len(sets), count)]
    return told.astype(np.uint8)


def _often(episodes: Episodes, own: Int64[np.ndarray, " episodes"], balance: float) -> np.ndarray:
    """How often each episode is drawn that has so many places."""
    returns = episodes.returns.astype(np.float64)
    low, high = returns.min(), returns.max()
    span = np.minimum((10 * (returns - low) / max(high - low, 1e-9)).astype(np.int64), 9)
    return own * np.maximum(np.bincount(span, own), 1.0)[span] ** -balance
