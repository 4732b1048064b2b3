"""Turns that were run in several pieces, so that letters of people could be taken in between, as one log."""

import jax
import jax.numpy as jnp
import numpy as np

from explora.loop import Log


def joined(pieces: list[tuple[Log, int]]) -> tuple[Log, int]:
    """One log of all pieces.

    **Arguments:**

    - `pieces`: logs, each with the number of its turns that count.

    **Returns:** the log, and how many of its turns count.
    """
    if len(pieces) == 1:
        return pieces[0]

    counts = [turns for _, turns in pieces]
    logs = [jax.tree.map(lambda x, turns=turns: np.asarray(x)[:turns], log) for log, turns in pieces]
    together = lambda *parts: np.concatenate(parts)
    rows = {}
    for name in logs[0].rows:
        known = next((log.rows[name] for log in logs if log.rows[name] is not None), None)
        blank = lambda turns, known=known: jax.tree.map(lambda x: np.zeros((turns, *x.shape[1:]), x.dtype), known)
        # a piece in plain Python without a turn of that kind has no rows of it
        parts = [
            blank(turns) if log.rows[name] is None else log.rows[name] for log, turns in zip(logs, counts, strict=True)
        ]
        rows[name] = None if known is None else jax.tree.map(together, *parts)
    metrics = {name: jnp.asarray(np.concatenate([log.metrics[name] for log in logs])) for name in logs[0].metrics}
    story = jax.tree.map(together, *(log.story for log in logs))
    return Log(metrics, rows, jnp.asarray(np.concatenate([log.phase for log in logs])), story, logs[0].names), sum(
        counts
    )
