"""What a run carries from one turn to the next, and what it says about each turn."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from explora.core import Experience, Lesson, Outcome, Parts


class Count(eqx.Module):
    """A counter that outlives 32 bits: `high * 10⁹ + low`.

    **Arguments:**

    - `high`, `low`: its two digits in base 10⁹.
    """

    high: Int32[Array, ""]
    low: Int32[Array, ""]

    @staticmethod
    def zero() -> "Count":
        """A counter that has counted nothing."""
        return Count(jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32))

    def plus(self, number: Array) -> "Count":
        """The counter after `number` (less than 10⁹) more."""
        low = self.low + jnp.asarray(number, jnp.int32)
        return Count(self.high + low // _BASE, low % _BASE)

    def real(self) -> Float[Array, ""]:
        """The count as a float, under `jit`."""
        return self.high.astype(jnp.float32) * _BASE + self.low.astype(jnp.float32)

    def __int__(self) -> int:
        return int(self.high) * _BASE + int(self.low)


_BASE = 1_000_000_000


class Spent(eqx.Module):
    """What a run has used up, scoring rollouts included.

    **Arguments:**

    - `steps`: environment steps.
    - `calls`: oracle calls.
    - `updates`: turns that the learner learned from.
    - `episodes`: episodes that finished.
    """

    steps: Count
    calls: Count
    updates: Count
    episodes: Count


class State(eqx.Module):
    """The whole state of a run: this, and nothing else, goes into a checkpoint.

    **Arguments:**

    - `turn`: how many turns are over.
    - `learner`, `explorer`: the states of the parts.
    - `tasks`: how many tasks have been numbered.
    - `spent`: what has been used up.
    - `budget`: how many environment steps the schedules reckon with; infinite if there is no end in sight.
    """

    turn: Int32[Array, ""]
    learner: Any
    explorer: Any
    tasks: Int32[Array, ""]
    spent: Spent
    budget: Float[Array, ""]

    @property
    def progress(self) -> Float[Array, ""]:
        """The share of the budget that is spent, in [0, 1]."""
        return jnp.clip(self.spent.steps.real() / self.budget, 0.0, 1.0)


class Event(eqx.Module):
    """What happened in one turn.

    **Arguments:**

    - `lesson`: what was asked, its new tasks numbered.
    - `experience`: what was lived.
    - `outcome`: what was measured.
    """

    lesson: Lesson
    experience: Experience
    outcome: Outcome


def init(parts: Parts, *, key: PRNGKeyArray, budget: float = float("inf")) -> State:
    """The state of a run before its first turn.

    **Arguments:**

    - `parts`: what the run is made of.
    - `key`: for the first weights and the first tasks.
    - `budget`: how many environment steps the schedules reckon with.

    **Raises:** `CombinationError` if the parts do not fit together.
    """
    parts.check()
    learner_key, explorer_key = jax.random.split(key)
    state = State(
        jnp.zeros((), jnp.int32),
        parts.learner.init(parts.domain, key=learner_key),
        parts.explorer.init(parts.space, key=explorer_key),
        jnp.zeros((), jnp.int32),
        Spent(Count.zero(), Count.zero(), Count.zero(), Count.zero()),
        jnp.asarray(budget, jnp.float32),
    )
    # A compiled chunk takes the buffers over, so no two leaves may share one; and it gives back types that are not weak
    # (a plain number's is), so that with weak ones the second chunk would be compiled anew.
    own = lambda x: jnp.array(x, x.dtype) if x.aval.weak_type else jnp.copy(x)
    return jax.tree.map(lambda x: own(x) if isinstance(x, jax.Array) else x, state)
