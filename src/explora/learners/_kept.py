"""Learners of stored experience: they play whole episodes, keep the newest, and learn from all that they kept."""

import dataclasses
import io
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import PRNGKeyArray, UInt8

from explora.core import (
    CombinationError,
    Domain,
    Environment,
    Episodes,
    Experience,
    Learner,
    Lesson,
    Outcome,
    Parts,
    Status,
    between,
    record,
)

_HEAD = 8  # bytes that say how many follow


class RecallState(eqx.Module):
    """What a learner of stored experience carries along beside what it learns.

    **Arguments:**

    - `spec`, `action`: what is shown, and what it decides.
    - `stored`: the experience that is kept; None: none.
    """

    spec: Any = eqx.field(kw_only=True)
    action: Any = eqx.field(kw_only=True)
    stored: Episodes | None = eqx.field(default=None, kw_only=True)


State = TypeVar("State", bound=RecallState)


class Recalling(Learner[State]):
    """Plays environments of `Asking` on the host, a lesson at a time, and learns from what it lately lived.

    **Arguments:**

    - `updates`: gradient steps after each lesson.
    - `room`: how much of what was lived is learned from again; the oldest episodes are forgotten [MiB].
    """

    hosted: ClassVar[bool] = True
    updates: int = eqx.field(default=50, kw_only=True)
    room: float = eqx.field(default=16.0, kw_only=True)

    def __check_init__(self):
        between("updates", self.updates, 1)
        between("room", self.room, 0)

    def learn(self, state: State, episodes: Episodes, updates: int, *, rng: np.random.Generator) -> State:
        """Learns from stored episodes.

        **Arguments:**

        - `state`: stays as it is.
        - `episodes`: of the environment itself, not of one who was asked (see `unasked`).
        - `updates`: how many gradient steps.
        - `rng`: for what is drawn of them.
        """
        raise NotImplementedError

    def unfit(self, domain: Domain) -> str | None:
        """Why it cannot play a domain; None: it can."""
        raise NotImplementedError

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"returns", "max_returns", "solved", "lengths", "episodes"})

    def refuses(self, parts: Parts) -> str | None:
        return self.unfit(parts.domain)

    def play(
        self, state: State, domain: Domain, lesson: Lesson, *, key: PRNGKeyArray
    ) -> tuple[State, Experience, Outcome]:
        if not isinstance(domain, Environment):
            raise CombinationError(self.unfit(domain))
        tasks = jax.tree.map(lambda x: jnp.repeat(x, lesson.plays, axis=0), lesson.tasks)
        lived = record(domain, self.policy(state), tasks, key=key)
        experience = Experience(np.full(lesson.rows, Status.ANSWERED, np.int8), lived)
        return state, experience, self.measure(state, lesson, experience)

    def measure(self, state: State, lesson: Lesson, experience: Experience) -> Outcome:
        lived: Episodes = experience.data
        rows = lambda x: np.asarray(x, np.float32).reshape(lesson.rows, lesson.plays)
        returns, lengths, solved = rows(lived.returns), rows(lived.lengths), rows(lived.columns["solved"])
        return Outcome(
            experience.status,
            steps=lengths.sum(1).astype(np.int32),
            episodes=np.full(lesson.rows, lesson.plays, np.int32),
            returns=returns.mean(1),
            max_returns=returns.max(1),
            solved=solved.mean(1),
            lengths=lengths.mean(1),
        )

    def update(self, state: State, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray) -> State:
        told = np.asarray(lesson.learn_mask) & (np.asarray(experience.status) == Status.ANSWERED)
        if not told.any():
            return state
        new = unasked(experience.data.take(np.repeat(told, lesson.plays)))
        stored = new if state.stored is None else Episodes.concatenate([state.stored, new])
        rng = np.random.default_rng(np.asarray(jr.key_data(key)))
        state = self.learn(dataclasses.replace(state, stored=None), stored, self.updates, rng=rng)
        return dataclasses.replace(state, stored=newest(stored, self._room))

    def freeze(self, state: State) -> Any:
        known = {"spec", "action", "stored"}
        kept = {each.name: getattr(state, each.name) for each in dataclasses.fields(state) if each.name not in known}
        return kept | {"stored": packed(state.stored, self._room)}

    def thaw(self, frozen: Any, fresh: State) -> State:
        return dataclasses.replace(fresh, **frozen | {"stored": unpacked(frozen["stored"])})

    @property
    def _room(self) -> int:
        return int(self.room * (1 << 20))


def newest(episodes: Episodes, room: int) -> Episodes | None:
    """The newest episodes that `room` bytes can hold; None: not even one.

    **Arguments:**

    - `episodes`: oldest first.
    - `room`: as for `packed`.
    """
    by_step = sum(x.nbytes for x in jax.tree.leaves((episodes.observation, episodes.action, episodes.achieved)))
    by_step = (by_step + episodes.reward.nbytes) / max(episodes.steps, 1)
    by_episode = sum(x.nbytes for x in jax.tree.leaves((episodes.final, episodes.terminated, episodes.columns)))
    by_episode = by_episode / max(len(episodes), 1) + episodes.offsets.itemsize
    size = np.cumsum((episodes.lengths * by_step + by_episode)[::-1])
    fit = int(np.searchsorted(size, room - 2048 * (2 + len(_named(episodes))), side="right"))
    if fit >= len(episodes):
        return episodes
    return episodes.take(np.arange(len(episodes) - fit, len(episodes))) if fit else None


def packed(episodes: Episodes | None, room: int) -> UInt8[np.ndarray, " bytes"]:
    """Episodes as `room` bytes, and a few that say how many of them count.

    **Arguments:**

    - `episodes`: of `newest`; None: nothing.
    - `room`: how many bytes there are.
    """
    found = np.zeros(room + _HEAD, np.uint8)
    if episodes is not None:
        file = io.BytesIO()
        arrays: dict[str, Any] = _named(episodes)
        np.savez(file, **arrays)
        data = np.frombuffer(file.getvalue(), np.uint8)
        found[:_HEAD] = np.frombuffer(np.int64(len(data)).tobytes(), np.uint8)
        found[_HEAD : _HEAD + len(data)] = data
    return found


def unpacked(found: UInt8[np.ndarray, " bytes"]) -> Episodes | None:
    """The inverse of `packed`."""
    whole = np.asarray(found)
    size = int(np.frombuffer(whole[:_HEAD].tobytes(), np.int64)[0])
    if not size:
        return None
    fields: dict[str, Any] = {"achieved": None, "columns": {}}
    with np.load(io.BytesIO(whole[_HEAD : _HEAD + size].tobytes()), allow_pickle=False) as arrays:
        for name in arrays.files:
            *way, last = name.split("/")
            place = fields
            for key in way:
                place = place.setdefault(key, {})
            place[last] = arrays[name]
    return Episodes(**fields)


def unasked(episodes: Episodes) -> Episodes:
    """Episodes of an `Asking` environment as its inner one would have recorded them."""
    seen = lambda moments: moments["seen"]
    return dataclasses.replace(episodes, observation=seen(episodes.observation), final=seen(episodes.final))


def _named(episodes: Episodes) -> dict[str, np.ndarray]:
    """All arrays, by their place."""
    leaves = jax.tree_util.tree_leaves_with_path(dict(vars(episodes)))
    return {jax.tree_util.keystr(path, simple=True, separator="/"): np.asarray(x) for path, x in leaves}
