"""Random numbers of the members of an ensemble, drawn on the host: to compile a generator takes longer than to fit."""

import math
from typing import Literal

import jax.random as jr
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray

Bootstrap = Literal["none", "poisson", "multinomial"]

_POISSON = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(12)])
"""How likely a row is drawn 0 times, once at most, twice at most, …"""


def generator(key: PRNGKeyArray, *place: int) -> np.random.Generator:
    """A generator for the host from a key of JAX: the same key and place, the same numbers.

    **Arguments:**

    - `key`: of either kind.
    - `place`: whole numbers that tell generators of the same key apart (use, member).
    """
    return np.random.default_rng([*np.asarray(jr.key_data(key)).ravel().tolist(), *place])


def resampled(
    targets: Int[np.ndarray, " rows"] | Float[np.ndarray, "rows outputs"],
    *,
    bootstrap: Bootstrap,
    rng: np.random.Generator,
) -> Int[np.ndarray, " rows"]:
    """How often each row is in the sample of one member.

    A class of which the sample kept nothing is put back, each row once: a member that never heard of a class would
    disagree with the others about everything that looks like it, at just the time when the few labels there are should
    count.

    **Arguments:**

    - `targets`: classes of the rows, or values.
    - `bootstrap`: `"none"`: every member sees all rows. `"poisson"`: every row counts Poisson(1) times, whatever the
      other rows do, so that further rows change nothing for earlier ones. `"multinomial"`: as many draws with
      replacement as there are rows.
    - `rng`: makes the draws.
    """
    rows = len(targets)
    if bootstrap == "none" or rows == 0:
        return np.ones(rows, np.int64)
    if bootstrap == "poisson":
        counts = np.searchsorted(_POISSON, rng.random(rows))
    else:
        counts = np.bincount(rng.integers(0, rows, rows), minlength=rows)
    classes = targets if targets.ndim == 1 else np.zeros(rows, np.int64)
    lost = ~np.isin(classes, classes[counts > 0])
    return np.where(lost, 1, counts)
