"""The choice itself: how probable each answer is, given how much better one of two things is."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from explora.core import Rowwise

LEFT, TIE, RIGHT = 0, 1, 2
"""The answers to a comparison, as columns of `log_choices`."""


def log_choices(gap: Float[Rowwise, "*pairs"], log_tie: Any = -np.inf) -> Float[Rowwise, "*pairs answers"]:
    """The log-probabilities of left, of a tie, and of right.

    With d the utility of what is on the left less that of what is on the right, the answers are as probable as
    e^(d/2) : ν : e^(−d/2). With ν = 0 this is the model of Bradley and Terry, P(left) = 1 / (1 + e^(−d)).

    **Arguments:**

    - `gap`: d, as an array of NumPy or of JAX.
    - `log_tie`: log ν; −∞ where nobody can say that both are alike.

    **Reference:** Bradley and Terry 1952, Biometrika 39; Davidson 1970, Journal of the American Statistical
    Association 65, eq. 2.3, for ties.
    """
    array: Any = jnp if isinstance(gap, jax.Array) else np
    half = 0.5 * gap
    tie = array.zeros_like(half) + log_tie
    total = array.logaddexp(array.logaddexp(half, -half), tie)
    return array.stack([half - total, tie - total, -half - total], axis=-1)
