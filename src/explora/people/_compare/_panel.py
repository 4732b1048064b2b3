"""Between people who compare tasks or episodes and the run that follows their taste."""

import secrets
import zlib
from collections import Counter
from math import erf, sqrt
from threading import Event, Lock, Thread
from typing import Any, NamedTuple

import numpy as np

from explora.core import ArgumentError, ExploraError
from explora.learners import Judgement, Ranked, Yardstick
from explora.maths import Preference, choose_pairs
from explora.runs import PREFERENCE, follows
from explora.store import RunFolder, TaskRow

from .._log import EventLog
from .._scene import Scene
from .._watch import Follower
from ._book import PLAYS, TASKS, Book, Pair, Said
from ._plays import Bouts, Ladder

_NEWEST, _OLDER = 120, 60  # tasks among which pairs are chosen: those recorded last, and some of those before
_SURE = 400  # random pairs by which it is told how sure the fit is


class Standing(NamedTuple):
    """How far the comparing is.

    **Arguments:**

    - `mine`: what this person said, by answer.
    - `all`: how many answers there are of everybody, those who could not tell aside.
    - `people`: how many gave them.
    - `sure`: the probability, averaged over pairs of tasks (of versions, where episodes are compared), that the fit
      prefers the right one; a half before anything was said. None before there is anything to compare.
    - `follows`: whether the run does anything with it.
    """

    mine: dict[str, int]
    all: int
    people: int
    sure: float | None
    follows: bool


class Panel:
    """Chooses pairs of tasks, or of episodes, takes what people say of them, and sends the run what it can follow.

    Judgements of episodes are kept and exported; no run follows them yet. Those of tasks go to the run: an answer is
    written into the log and then put into the run's inbox under the same name; where something breaks in between,
    sending the answer again, or opening the server again, mends it.

    **Arguments:**

    - `folder`: of the run.
    - `log`: where what people do is written down.
    - `scene`: the parts of the run.
    - `follower`: which tasks there are.
    """

    def __init__(self, folder: RunFolder, log: EventLog, scene: Scene, follower: Follower):
        self._folder, self._log, self._scene, self._follower = folder, log, scene, follower
        self._book, self._lock, self._ready = Book(log), Lock(), Event()
        self._bouts = Bouts(folder, scene)
        self._builder: Thread | None = None
        self._yard: Yardstick | None = None
        self._problem: str | None = None
        self._rows: dict[int, TaskRow] = {}
        self._fit: tuple[tuple[int, ...], Ranked] | None = None

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until pairs can be chosen, or never will be."""
        self._begin()
        return self._ready.wait(seconds)

    def next(self, who: str, count: int, what: str = TASKS) -> list[tuple[Pair, TaskRow, TaskRow]]:
        """What this person should compare next: what they were asked already, filled up with new pairs."""
        if self.waiting(what):
            return []
        with self._lock:
            self._book.look()
            held = [shown for pair in self._book.open(who, what) if (shown := self._shown(pair)) is not None][:count]
            if (missing := count - len(held)) > 0:
                fresh = self._choose(who, missing) if what == TASKS else self._pitted(who, missing)
                self._book.ask(fresh)
                held += [shown for pair in fresh if (shown := self._shown(pair)) is not None]
            return held

    def say(self, who: str, pair: str, said: str, uuid: str, seconds: float | None) -> None:
        """Takes an answer; sent again with the same `uuid` it changes nothing.

        **Raises:** `ArgumentError` for a pair about which this person was never asked.
        """
        with self._lock:
            self._book.look()
            asked = self._book.pairs.get(pair)
            if asked is None or asked.person != who:
                raise ArgumentError("you were not asked about this pair: ask for the next ones first")
            shown = self._shown(asked)
            if shown is None:
                raise ArgumentError("the run has gone back to before it knew what you compared: ask for other pairs")
            self._book.say(who, asked, said, uuid, seconds)
            self._send(uuid, said, shown)

    def undo(
        self, who: str, uuid: str, what: str | None = None
    ) -> tuple[Said, tuple[Pair, TaskRow, TaskRow] | None] | None:
        """Takes back what this person said last; again, what they said before that. None if nothing is left."""
        with self._lock:
            self._book.look()
            said = self._book.undo(who, uuid, what)
            if said is None:
                return None
            pair = self._book.pairs[said.pair]
            if said.said != "unsure" and pair.what == TASKS:
                self._folder.inbox.put(uuid, PREFERENCE, {"undo": said.uuid}, who)
            return said, self._shown(pair)

    def standing(self, who: str, what: str = TASKS) -> Standing:
        """How far the comparing is."""
        with self._lock:
            self._book.look()
            stands = self._book.stands(what)
            told = [said for said in stands if said.said != "unsure"]
            mine = Counter(said.said for said in stands if said.person == who)
            followed, parts = False, self._scene.parts()
            if what == PLAYS:
                ladder = self._bouts.ladder(self._of_plays())
                sure = None if ladder is None else _sure(np.eye(len(ladder.turns)), ladder.ranked.linear)
            else:
                sure = None if self._yard is None else self._sure_of_tasks(self._yard)
                followed = parts is not None and follows(parts)
            return Standing(dict(mine), len(told), len({said.person for said in told}), sure, followed)

    def taste(self) -> tuple[Yardstick, Preference, list[str]] | None:
        """What the answers so far say: the features, the fit, and whose each reliability is; None if `waiting`."""
        yard = None if self.waiting() else self._yard
        if yard is None:
            return None
        with self._lock:
            self._book.look()
            return yard, self._fitted(yard).linear, Yardstick.raters(self._judged())

    def ladder(self) -> tuple[Ladder | None, Counter[int]]:
        """Which versions are preferred (None: there are none), and how many judgements there are of each."""
        with self._lock:
            self._book.look()
            plays = [self._book.pairs[said.pair].plays or () for said in self._book.stands(PLAYS)]
            return self._bouts.ladder(self._of_plays()), Counter(
                turn for pair in plays for turn in {play.turn for play in pair}
            )

    def said(self) -> list[tuple[Said, Pair, tuple[Any, Any], bool]]:
        """All that was ever said, oldest first: with the pair, its tasks (None: gone), and whether it stands."""
        with self._lock:
            self._book.look()
            every = [(said, True) for said in self._book.said.values()]
            every += [(said, False) for said in self._book.undone.values()]
            every.sort(key=lambda each: each[0].act)
            pairs = [self._book.pairs[said.pair] for said, _ in every]
            self._tasks(sorted({id for pair in pairs for id in (pair.left, pair.right)}))
            spec = lambda pair, id: self._rows[id].spec if pair.what == TASKS and id in self._rows else pair.spec
            specs = [(spec(pair, pair.left), spec(pair, pair.right)) for pair in pairs]
            return [(said, pair, two, stands) for (said, stands), pair, two in zip(every, pairs, specs, strict=True)]

    def resend(self) -> None:
        """Puts all that stands into the run's inbox, but for what is there already."""
        with self._lock:
            self._book.look()
            there = {letter.uuid for letter in self._folder.inbox.letters(kind=PREFERENCE)}
            for said in self._book.stands(TASKS):
                shown = self._shown(self._book.pairs[said.pair])
                if shown is not None and said.uuid not in there:
                    self._send(said.uuid, said.said, shown)

    def forget(self) -> None:
        """Reads the log anew: somebody in it has another name now."""
        with self._lock:
            self._book, self._fit = Book(self._log), None

    def _send(self, uuid: str, said: str, shown: tuple[Pair, TaskRow, TaskRow]) -> None:
        if said != "unsure" and shown[0].what == TASKS:  # else nothing follows from it
            pair, left, right = shown
            data = {"left": left.spec, "right": right.spec, "said": said}
            self._folder.inbox.put(uuid, PREFERENCE, data, pair.person)

    def _choose(self, who: str, count: int) -> list[Pair]:
        yard = self._yard
        assert yard is not None  # nobody waits for it any more
        asked = [pair for pair in self._book.pairs.values() if pair.person == who]
        rng = np.random.default_rng([zlib.crc32(self._folder.path.name.encode()), len(self._book.pairs)])
        rows, features = self._measured(yard, rng)
        ids = [row.id for row in rows]
        if len(ids) < 2:
            return []
        place = {id: number for number, id in enumerate(ids)}
        known = {
            (min(one, other), max(one, other))
            for pair in asked
            if (one := place.get(pair.left)) is not None and (other := place.get(pair.right)) is not None
        }
        fit = self._fitted(yard).linear
        pairs, gains = choose_pairs(
            features, fit.weights, fit.covariance, count, rng=rng, log_tie=fit.log_tie, known=known
        )
        chosen = zip(pairs.tolist(), gains.tolist(), strict=True)
        return [
            Pair(secrets.token_hex(16), who, ids[left], ids[right], round(gain, 6)) for (left, right), gain in chosen
        ]

    def _pitted(self, who: str, count: int) -> list[Pair]:
        number = len(self._book.pairs)
        some = self._some(np.random.default_rng([zlib.crc32(self._folder.path.name.encode()), number]))
        return self._bouts.choose(who, count, some, self._of_plays(), number)

    def _some(self, rng: np.random.Generator) -> list[TaskRow]:
        """The tasks among which pairs are chosen: the newest, and some older ones."""
        known = self._follower.known.tasks.id
        older, newest = known[:-_NEWEST], known[-_NEWEST:]
        some = rng.choice(older, min(_OLDER, len(older)), replace=False) if len(older) else older
        return self._tasks([*some.tolist(), *newest.tolist()])

    def _measured(self, yard: Yardstick, rng: np.random.Generator) -> tuple[list[TaskRow], np.ndarray]:
        rows = self._some(rng)
        features = yard.standard([row.spec for row in rows])
        good = np.isfinite(features.sum(axis=1))
        return [row for row, fine in zip(rows, good.tolist(), strict=True) if fine], features[good]

    def _judged(self) -> list[Judgement]:
        """What stands of what was said of tasks."""
        found = []
        for said in self._book.stands(TASKS):
            shown = self._shown(self._book.pairs[said.pair])
            if shown is not None:
                found.append(Judgement(shown[1].spec, shown[2].spec, said.said, said.person))
        return found

    def _of_plays(self) -> list[tuple[Pair, Judgement]]:
        """What stands of what was said of episodes, also of versions that are no longer there."""
        pairs = [(self._book.pairs[said.pair], said) for said in self._book.stands(PLAYS)]
        return [(pair, Judgement(pair.spec, pair.spec, said.said, said.person)) for pair, said in pairs]

    def _fitted(self, yard: Yardstick) -> Ranked:
        stands = tuple(said.act for said in self._book.stands(TASKS))
        if self._fit is None or self._fit[0] != stands:
            self._fit = (stands, yard.fit(self._judged()))
        return self._fit[1]

    def _sure_of_tasks(self, yard: Yardstick) -> float | None:
        features = self._measured(yard, np.random.default_rng(0))[1]
        return _sure(features, self._fitted(yard).linear)

    def _shown(self, pair: Pair) -> tuple[Pair, TaskRow, TaskRow] | None:
        rows = self._tasks([pair.left, pair.right])
        if len(rows) < 2 or (pair.what == PLAYS and not (rows[0].spec == pair.spec and self._bouts.playable(pair))):
            return None
        return pair, rows[0], rows[1]

    def _tasks(self, ids: list[int]) -> list[TaskRow]:
        lacking = [id for id in ids if id not in self._rows]
        if lacking:
            self._rows |= {row.id: row for row in self._folder.database.tasks_of(lacking)}
        return [self._rows[id] for id in ids if id in self._rows]

    def waiting(self, what: str = TASKS) -> str | None:
        """Why there are no pairs (yet): a sentence, or None if there may be some."""
        if what == PLAYS:
            return self._bouts.waiting(len(self._follower.known.tasks.id))
        self._begin()
        self._ready.wait(0.5)
        if self._yard is None and self._problem is None:
            return "The tasks of this run are being measured for the first time; that takes some seconds."
        return self._problem

    def _begin(self) -> None:
        """Measuring takes seconds to compile, so it begins when somebody wants to compare, and aside."""
        with self._lock:
            if self._builder is None:
                self._builder = Thread(target=self._build, name="yardstick", daemon=True)
                self._builder.start()

    def _build(self) -> None:
        try:
            self._scene.wait()
            parts: Any = self._scene.parts()
            if parts is None:
                self._problem = self._scene.problem or "the parts of this run cannot be built here"
                return
            self._yard = Yardstick(parts.space)
            self.resend()
        except ExploraError as error:
            self._problem = str(error)
        except Exception as error:  # of somebody's own space: else everybody would wait for ever
            self._problem = f"the tasks of this run cannot be measured: {type(error).__name__}: {error}"
        finally:
            self._ready.set()


def _sure(features: np.ndarray, fit: Preference) -> float | None:
    """How probably the fit prefers the right one of two things, averaged over pairs that are not alike."""
    if len(features) < 2:
        return None
    pairs = np.random.default_rng(0).integers(0, len(features), (2, _SURE))
    gaps = features[pairs[0]] - features[pairs[1]]
    gaps = gaps[np.any(gaps != 0, axis=1)]
    spread = np.sqrt(np.einsum("pf,fg,pg->p", gaps, fit.covariance, gaps))
    side = np.abs(gaps @ fit.weights) / np.maximum(spread, 1e-12)
    return float(np.mean([(1 + erf(z / sqrt(2))) / 2 for z in side])) if len(side) else None
