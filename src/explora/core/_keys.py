"""Random keys: one rule for the whole library, so that a seed fully determines a run.

A run has one root key. The key of a turn is `fold_in(root, turn)`; each verb of the turn gets its own; the key of a
row is `fold_in(verb, row)`, and each use of it at a time step has a number of its own. Nothing is ever split off a key
that is used elsewhere, and a row's randomness does not depend on how many other rows are played beside it.
"""

from typing import Literal

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Int, Key, PRNGKeyArray


def turn_keys(root: PRNGKeyArray, turn: Array, count: int) -> Key[Array, " verbs"]:
    """The keys of one turn.

    **Arguments:**

    - `root`: the key of the run.
    - `turn`: the number of the turn, a scalar integer.
    - `count`: how many verbs need a key.

    **Returns:** an array of `count` keys.
    """
    return jr.split(jr.fold_in(root, turn), count)


def row_keys(key: PRNGKeyArray, rows: int, first: Int[Array, ""] | None = None) -> Key[Array, " rows"]:
    """One key for each of `rows` rows; row `i` gets the same key however many rows there are.

    **Arguments:**

    - `key`: what they are made from.
    - `rows`: how many there are.
    - `first`: the number of the first one, where the rows are a piece of a lesson; None: 0.
    """
    numbers = jnp.arange(rows) if first is None else first + jnp.arange(rows, dtype=first.dtype)
    return jax.vmap(lambda row: jr.fold_in(key, row))(numbers)


def step_key(key: PRNGKeyArray, time: Array, use: Literal["act", "move", "start"]) -> PRNGKeyArray:
    """The key of one use at one time step of a play; time 0 knows only the start of the first episode.

    **Arguments:**

    - `key`: the key of the row.
    - `time`: the step, from 1; a scalar integer.
    - `use`: what it is for: the choice of an action, the environment's move, the start of the next episode.
    """
    return jr.fold_in(key, 3 * time + ("act", "move", "start").index(use))
