"""A sequence learner that learns from stored episodes instead of those that it plays."""

import dataclasses
import functools
from collections.abc import Sequence as Some
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int8, PRNGKeyArray

from explora.core import (
    ArgumentError,
    CombinationError,
    Domain,
    Environment,
    Episodes,
    Experience,
    Language,
    Learner,
    Lesson,
    Outcome,
    Parts,
    UnknownName,
    between,
)
from explora.domains.views import Asking, Spoken, standings
from explora.learners.sequence import Clauses, Sequence, SequenceState
from explora.store.experience import EpisodeStore

from ._source import open_source


class Studied(Learner[SequenceState]):
    """Learns from stored episodes; what it plays shows how far it has come, and is not learned from.

    Where goals are words (`Spoken`), each update is told some of what is true of its episodes: 1 … `said` clauses,
    drawn anew each turn in proportion to what they say of an episode, so that any combination can be asked for; a
    `ForesightNet` learns which of all came true, and how they stood at every step where the environment is `Counted`.

    **Arguments:**

    - `learner`: what learns.
    - `source`: the store, file or run, as for `open_source`.
    - `episodes`: how many of its episodes there were when this began: later ones are not looked at.
    - `said`: how many clauses are told at most.
    - `updates`: gradient steps a turn.
    - `skill`: what the condition of that name is told: the `turn` of the version of a learner that acted, where the
      episodes say so, or the `return` of the whole episode, which stays the same from its first step to its last (as
      reward-conditioned policies are told it, arXiv:1912.13465).
    - `apart`: combinations of clauses that are never told together, each clause as the language writes it: what is
      held out, to find out whether it can be asked for all the same.
    """

    hosted: ClassVar[bool] = True
    learner: Sequence
    source: str = eqx.field(static=True)
    episodes: int = eqx.field(static=True)
    said: int = eqx.field(static=True, default=4)
    updates: int = eqx.field(static=True, default=50)
    skill: Literal["turn", "return"] = eqx.field(static=True, default="turn")
    apart: tuple[tuple[str, ...], ...] = eqx.field(static=True, default=())

    def __check_init__(self):
        for name in ("episodes", "said", "updates"):
            between(name, getattr(self, name), 1)

    @property
    def provides(self) -> frozenset[str]:
        return self.learner.provides

    def refuses(self, parts: Parts) -> str | None:
        return self.learner.refuses(parts)

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> SequenceState:
        data = _data(self.source, self.episodes)
        if not isinstance(domain, Asking):
            raise CombinationError("Studied plays environments of `Asking`, so that it can be asked for something")
        _check_fit(data, domain.environment)
        if self.apart and not isinstance(domain.environment, Spoken):
            raise CombinationError(
                "`apart` names clauses, and no words are learned here: leave it out, or learn `words`"
            )
        if isinstance(domain.environment, Spoken):
            places(domain.environment.language, self.apart)  # which complains
        return self.learner.init(domain, key=key)

    def policy(self, state: SequenceState) -> Any:
        return self.learner.policy(state)

    def play(
        self, state: SequenceState, domain: Domain, lesson: Lesson, *, key: PRNGKeyArray
    ) -> tuple[SequenceState, Experience, Outcome]:
        state, experience, outcome = self.learner.play(state, domain, lesson, key=key)
        # what was played stays here; the update needs the domain's words only
        words = domain.environment if isinstance(domain, Asking) else None
        return state, Experience(experience.status, words), outcome

    def measure(self, state: SequenceState, lesson: Lesson, experience: Experience) -> Outcome:
        return self.learner.measure(state, lesson, experience)

    def update(
        self, state: SequenceState, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray
    ) -> SequenceState:
        data, environment = _data(self.source, self.episodes), experience.data
        if self.skill == "return":
            data = dataclasses.replace(data, columns={**data.columns, "skill": data.returns})
        clauses, rng = None, np.random.default_rng(np.asarray(jr.key_data(key)))
        if isinstance(environment, Spoken):
            words = _Words(environment)
            true = _true(self.source, self.episodes, words)
            apart = places(environment.language, self.apart)
            if self.learner.net.foretells:
                clauses = _clauses(self.source, self.episodes, words, apart)
                told = np.broadcast_to(np.uint8(0), true.shape)  # it is not shown
            else:
                told = tell(true, self.said, apart=apart, news=_news(true), rng=rng)
            none = np.broadcast_to(np.uint8(0), (data.steps, told.shape[1]))
            data = dataclasses.replace(data, achieved=none, columns={**data.columns, "goal": told})
        # the rate would fall and rise again with every turn
        steady = dataclasses.replace(self.learner, final_rate=1.0)
        return steady.learn(state, data, self.updates, rng=rng, clauses=clauses)

    def metrics(self, state: SequenceState) -> dict[str, Array]:
        return self.learner.metrics(state)

    def freeze(self, state: SequenceState) -> Any:
        return self.learner.freeze(state)

    def thaw(self, frozen: Any, fresh: SequenceState) -> SequenceState:
        return self.learner.thaw(frozen, fresh)


def places(language: Language, apart: Some[Some[str]]) -> tuple[tuple[int, ...], ...]:
    """The numbers of clauses that are named as the language writes them.

    **Raises:** `UnknownName` for a clause that there is not.
    """
    known = {clause.says: at for at, clause in enumerate(language.clauses)}
    for name in (name for names in apart for name in names):
        if name not in known:
            raise UnknownName("clause", name, known)
    return tuple(tuple(known[name] for name in names) for names in apart)


def tell(
    true: Bool[np.ndarray, "episodes clauses"],
    said: int,
    *,
    apart: Some[Some[int]] = (),
    news: Float[np.ndarray, " clauses"] | None = None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Some of what is true of each episode: 1 … `said` clauses, as many as there are at most.

    **Arguments:**

    - `true`: which clauses are.
    - `said`: how many are told at most.
    - `apart`: clauses that are never all told of the same episode; one of them, drawn at random, is then left out.
    - `news`: each next clause is drawn in proportion to this, of those that are left; None: each is as likely.
    - `rng`: the only source of chance.

    **Returns:** `(episodes, clauses)` of 0 and 1.

    **Reference:** Efraimidis and Spirakis 2006 for drawing by `news`: the smallest of exponential times come first.
    """
    times = rng.exponential(size=true.shape) / (np.ones(true.shape[1]) if news is None else news)
    order = np.argsort(np.where(true, times, np.inf), axis=1)
    rank = np.argsort(order, axis=1)
    count = rng.integers(1, said + 1, len(true))
    told = true & (rank < count[:, None])
    for clauses in apart:
        both = np.flatnonzero(told[:, list(clauses)].all(1))
        told[both, rng.choice(np.asarray(clauses), len(both))] = False
    return told.astype(np.uint8)


def _news(true: Bool[np.ndarray, "episodes clauses"]) -> Float[np.ndarray, " clauses"]:
    """How much each clause says of an episode [nats]: what is nearly always true need not be told often."""
    return -np.log(np.clip(true.mean(0), 1e-3, 0.95))


class _Words:
    """An environment that takes no part in the comparison of a cache's arguments: its type stands for it."""

    def __init__(self, environment: Spoken):
        self.environment, self.kind = environment, type(environment.environment)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Words) and other.kind is self.kind

    def __hash__(self) -> int:
        return hash(self.kind)


@functools.lru_cache(maxsize=2)
def _data(source: str, episodes: int) -> Episodes:
    """The first so many episodes of a source, in memory, with the skill of who acted."""
    found = open_source(source)
    count = len(found)
    if count < episodes:
        raise ArgumentError(f"`episodes` must be at most {count}, which is how many {source} holds now; got {episodes}")
    data = found.read(np.arange(episodes)) if isinstance(found, EpisodeStore) else found.take(np.arange(episodes))
    if "turn" in data.columns and "skill" not in data.columns:
        data.columns["skill"] = data.columns["turn"].astype(np.float32)
    return data


@functools.lru_cache(maxsize=2)
def _true(source: str, episodes: int, words: _Words) -> Bool[np.ndarray, "episodes clauses"]:
    return words.environment.retell(_data(source, episodes))


def keep_apart(
    true: Bool[np.ndarray, "episodes clauses"], apart: Some[Some[int]], *, rng: np.random.Generator
) -> Int8[np.ndarray, "episodes clauses"]:
    """What came true; where all of some clauses did that are never told together, nothing is told of one of them (-1).

    **Arguments:**

    - `true`: which clauses did.
    - `apart`: clauses of which never all are told of the same episode.
    - `rng`: draws the one that is left out.
    """
    known = true.astype(np.int8)
    for clauses in apart:
        both = np.flatnonzero((known[:, list(clauses)] == 1).all(1))
        known[both, rng.choice(np.asarray(clauses), len(both))] = -1
    return known


@functools.lru_cache(maxsize=2)
def _clauses(source: str, episodes: int, words: _Words, apart: tuple[tuple[int, ...], ...]) -> Clauses:
    """What is known of clauses in a source: the same in every turn, so that what is left out stays so."""
    known = keep_apart(_true(source, episodes, words), apart, rng=np.random.default_rng(0))
    inner = words.environment.environment
    return Clauses(known, None if inner.stands is None else standings(inner, _data(source, episodes)))


def _check_fit(data: Episodes, environment: Environment) -> None:
    """Complains about episodes of another domain before anything is compiled."""
    name = type(environment).__name__
    seen, specs = _entries(data.observation), _entries(environment.observation)
    if set(seen) != set(specs):
        raise CombinationError(
            f"the episodes show {', '.join(sorted(seen))} and {name} {', '.join(sorted(specs))}: name the domain in "
            "which they were played"
        )
    for entry, spec in specs.items():
        if seen[entry].shape[1:] != spec.shape:
            raise CombinationError(
                f"{entry} has the shape {seen[entry].shape[1:]} in the episodes and {spec.shape} in {name}: give it "
                "the settings with which they were played"
            )


def _entries(seen: Any) -> dict[str, Any]:
    return seen if isinstance(seen, dict) else {"the observation": seen}
