"""What learners of stored experience do alike: what came of episodes, which are kept, and in an array of fixed size."""

import dataclasses
import io
from typing import Any

import jax
import numpy as np
from jaxtyping import UInt8

from explora.core import Episodes, Experience, Lesson, Outcome

_HEAD = 8  # bytes that say how many follow


def measured(lesson: Lesson, experience: Experience) -> Outcome:
    """What came of the tasks of a lesson, each of which was played `lesson.plays` times: the data are `Episodes`."""
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
