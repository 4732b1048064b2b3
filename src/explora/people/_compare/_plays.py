"""Episodes that are compared: two versions of the learner on one task, or one version twice."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.random as jr
import numpy as np

from explora.core import Environment, ExploraError
from explora.learners import Comparisons, Judgement, Ranked, Ranker, Yardstick
from explora.maths import LEFT, RIGHT, TIE, choose_pairs
from explora.runs import newest
from explora.store import RunFolder, TaskRow

from .._scene import Scene
from ._book import Pair, Play

_VERSIONS = 12  # that are compared at most: the first, the last, and some evenly between them
_SEEDS = 2**31 - 1
_KEY = 0xB0057
_TOLD = {"left": LEFT, "tie": TIE, "right": RIGHT}


class Ladder(NamedTuple):
    """How far versions are preferred to each other.

    **Arguments:**

    - `turns`: of the versions, oldest first.
    - `ranked`: the fit; its features are the versions.
    - `people`: whose each reliability is.
    """

    turns: list[int]
    ranked: Ranked
    people: list[str]


class Bouts:
    """Chooses pairs of episodes, and says which versions people prefer from what they said of them.

    Both episodes are of the same task, which is drawn from those of the run, and so are shown in step. Which two
    versions play is what would tell most of how far each is preferred (`choose_pairs`, as for tasks, with one feature
    for each version); they play with the same chance. As long as the run has kept one version only, it plays twice,
    with different chance. A judgement is of those two episodes: task, version, seed and greediness are written down,
    and the same four make the same episode again.

    **Arguments:**

    - `folder`: of the run.
    - `scene`: its parts.
    """

    def __init__(self, folder: RunFolder, scene: Scene):
        self._folder, self._scene, self._ranker = folder, scene, Ranker()

    def waiting(self, tasks: int) -> str | None:
        """Why there are no pairs (yet); None if there may be some.

        **Arguments:**

        - `tasks`: how many tasks the run has recorded.
        """
        parts: Any = self._scene.parts(0.5)
        if parts is None:
            return self._scene.problem or "The parts of this run are being built; that takes some seconds."
        if not isinstance(parts.domain, Environment):
            return f"{type(parts.domain).__name__} is not played in time: there are no episodes to compare."
        if not tasks:
            return "There is nothing to compare yet. Pairs appear here by themselves once the run has kept some tasks."
        if not self._turns():
            return "The run has saved no version of the learner yet. Pairs appear here by themselves once it has."
        return None

    def choose(
        self, who: str, count: int, tasks: Sequence[TaskRow], said: Sequence[tuple[Pair, Judgement]], number: int
    ) -> list[Pair]:
        """New pairs for somebody.

        **Arguments:**

        - `who`: the person.
        - `count`: how many.
        - `tasks`: those to draw from.
        - `said`: what stands.
        - `number`: another one for every call: of all chance.
        """
        turns, rng = self._turns(), np.random.default_rng([_KEY, number])
        if not turns or not tasks:
            return []
        ladder = self.ladder(said)
        assert ladder is not None  # there are versions
        rivals = _rivals(ladder, turns, count, rng) if len(turns) > 1 else [(turns[0], turns[0], 0.0)] * count
        found = []
        for left, right, gain in rivals:
            row, seeds = tasks[int(rng.integers(len(tasks)))], rng.integers(0, _SEEDS, 2).tolist()
            plays = (Play(left, seeds[0], False), Play(right, seeds[0] if left != right else seeds[1], False))
            found.append(Pair(secrets.token_hex(16), who, row.id, row.id, round(gain, 6), plays, row.spec))
        return found

    def playable(self, pair: Pair) -> bool:
        """Whether both versions of a pair are still there."""
        turns = set(self._folder.versions.turns())
        return pair.plays is not None and all(play.turn in turns or [play.turn] == self._turns() for play in pair.plays)

    def ladder(self, said: Sequence[tuple[Pair, Judgement]]) -> Ladder | None:
        """Which versions are preferred, by the same learner that fits a taste for tasks.

        **Arguments:**

        - `said`: what stands.

        **Returns:** None as long as there is no version.
        """
        told = [(pair.plays, each) for pair, each in said if pair.plays is not None and each.said in _TOLD]
        known = sorted({play.turn for plays, _ in told for play in plays} | set(self._turns()))
        if not known:
            return None
        people = Yardstick.raters([each for _, each in told])
        places = np.array([[known.index(play.turn) for play in plays] for plays, _ in told], int).reshape(-1, 2)
        one = np.eye(len(known))
        answers = np.array([_TOLD[each.said] for _, each in told], np.int64)
        raters = np.array([people.index(each.person) for _, each in told], np.int64)
        compared = Comparisons.of_things(one[places[:, 0]], one[places[:, 1]], answers, raters)
        return Ladder(known, self._ranker.fit(compared, key=jr.key(_KEY)), people)

    def _turns(self) -> list[int]:
        """The versions that may play: those that are kept, for ever; else the newest checkpoint, while it is there."""
        kept = list(self._folder.versions.turns())
        if not kept:
            try:
                return [newest(self._folder)]
            except ExploraError:
                return []
        chosen = np.unique(np.linspace(0, len(kept) - 1, min(len(kept), _VERSIONS)).round().astype(int))
        return [kept[place] for place in chosen.tolist()]


def _rivals(ladder: Ladder, turns: list[int], count: int, rng: np.random.Generator) -> list[tuple[int, int, float]]:
    """Versions to be compared, on the sides on which they are shown, and what each answer would tell."""
    fit = ladder.ranked.linear
    features = np.eye(len(ladder.turns))[[ladder.turns.index(turn) for turn in turns]]
    found: list[tuple[int, int, float]] = []
    while len(found) < count:  # there may be fewer pairs of versions than pairs of episodes are wanted
        missing = count - len(found)
        some, gains = choose_pairs(features, fit.weights, fit.covariance, missing, rng=rng, log_tie=fit.log_tie)
        rows = zip(some.tolist(), gains.tolist(), strict=True)
        found += [(turns[left], turns[right], gain) for (left, right), gain in rows]
    return found
