"""Cutting what lanes lived, episode after episode without a break, into episodes."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Int

from .._episodes import Episodes
from .._errors import ArgumentError
from .._lesson import Experience, Lesson, Status, Trajectories


def cut(
    lesson: Lesson, experience: Experience, *, unfinished: bool = False, columns: dict[str, Any] | None = None
) -> Episodes | None:
    """The episodes that a lesson led to, lane after lane, each in the order in which it was lived.

    - An episode that ended by its own rules has `terminated` set; one that a time limit cut off has not.
    - The look that a policy takes at what it would have seen next (`gap`) is no step.
    - Rows that are not ANSWERED are left out, and so are episodes with a reward that is not finite.

    **Arguments:**

    - `lesson`: what was played.
    - `experience`: what came of it, watched (see `watching`).
    - `unfinished`: keep the episode too that each lane was in when the play was over. It is not `terminated`, and a
      column of that name tells it from one that a time limit cut off.
    - `columns`: further columns, one value for all episodes.

    **Returns:** the episodes, with the columns `task` (its number), `member`, `return` and `solved`, and the arrays of
    the task itself, each named by its place (`task.walls`, say). None if no episode is left.

    **Raises:** `ArgumentError` for an experience that was not watched.
    """
    tasks = _named("task", jax.device_get(lesson.tasks))
    number = np.asarray(lesson.id)
    found = []
    for lived, first, member in _by_member(lesson, jax.device_get(experience)):
        if not isinstance(lived.data, Trajectories) or lived.data.after is None:
            raise ArgumentError("`experience` must be watched to be cut into episodes: play it with `watching(parts)`")
        episodes, row = _cut(lived.data, lived.status == Status.ANSWERED, unfinished)
        if not len(episodes):
            continue
        row = row + first
        who = np.full(len(row), member, np.int32) if lesson.who is None else np.asarray(lesson.who, np.int32)[row]
        names = {"task": number[row], "member": who, "return": episodes.returns, **episodes.columns}
        names |= {name: np.asarray(x)[row] for name, x in tasks.items()}
        names |= {name: np.full(len(row), x) for name, x in (columns or {}).items()}
        episodes.columns.update(names)
        found.append(episodes)
    return Episodes.concatenate(found) if found else None


def _by_member(lesson: Lesson, experience: Experience) -> list[tuple[Experience, int, int]]:
    """The experience of each member of a population, the number of its first row, and the member's."""
    if not isinstance(experience.data, Experience):
        return [(experience, 0, 0)]
    members = experience.data.status.shape[0]
    rows = lesson.rows // members
    return [(jax.tree.map(lambda x, m=m: x[m], experience.data), m * rows, m) for m in range(members)]


def _cut(
    lived: Trajectories, answered: Bool[np.ndarray, " rows"], unfinished: bool
) -> tuple[Episodes, Int[np.ndarray, " episodes"]]:
    """The episodes of all lanes, and the row that each belongs to."""
    flat = lambda tree: jax.tree.map(lambda x: np.swapaxes(x, 0, 1).reshape(-1, *x.shape[2:]), tree)
    row, reward = flat(lived.row), flat(lived.rewards)
    live = ~flat(lived.gap)
    number = np.cumsum(flat(lived.fresh)) - 1  # of the episode: every lane begins with a fresh one
    count = int(number[-1]) + 1
    some = lambda mask: np.bincount(number, mask, count) > 0
    ended = some(flat(lived.terminated) | flat(lived.truncated))
    good = ~some(live & ~(answered[row] & np.isfinite(reward)))
    chosen = good & (ended | unfinished)
    steps = np.flatnonzero(live & chosen[number])
    lengths = np.bincount(number[steps], minlength=count)[chosen]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    last = steps[offsets[1:] - 1]
    assert lived.after is not None
    after = flat(lived.after)
    columns = {"solved": flat(lived.solved)[last]}
    if unfinished:
        columns["unfinished"] = ~ended[chosen]
    episodes = Episodes(
        offsets,
        observation=jax.tree.map(lambda x: x[steps], flat(lived.observations)),
        final=jax.tree.map(lambda x: x[last], after.observation),
        action=flat(lived.actions)[steps],
        reward=reward[steps],
        terminated=flat(lived.terminated)[last],
        achieved=jax.tree.map(lambda x: x[steps], after.achieved),
        columns=columns,
    )
    return episodes, row[last]


def _named(name: str, tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a tree by their place in it."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {".".join(filter(None, (name, jax.tree_util.keystr(p, simple=True, separator=".")))): x for p, x in leaves}
