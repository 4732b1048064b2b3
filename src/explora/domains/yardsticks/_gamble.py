"""A choice between a sure thing and a gamble, in which luck looks like skill."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import Discrete, Environment, Space, Step, TaskError, between


class GambleTask(eqx.Module):
    """Which of two machines is the gamble.

    **Arguments:**

    - `risky`: its number, 0 or 1.
    """

    risky: Int32[Array, "*tasks"]


class GambleState(eqx.Module):
    """What changes while one plays.

    **Arguments:**

    - `time`: how many rounds were played.
    """

    time: Int32[Array, "*lanes"]


class Machines(Space[GambleTask]):
    """Two machines, one of which is the gamble."""

    def sample(self, *, key: PRNGKeyArray) -> GambleTask:
        return GambleTask(jr.randint(key, (), 0, 2))

    def valid(self, task: GambleTask) -> Bool[Array, ""]:
        return (task.risky == 0) | (task.risky == 1)

    def encode(self, task: GambleTask) -> dict[str, int]:
        return {"risky": int(task.risky)}

    def decode(self, value: Any) -> GambleTask:
        risky = value.get("risky") if isinstance(value, dict) else None
        if isinstance(risky, bool) or risky not in (0, 1):
            raise TaskError(
                f'a gamble is {{"risky": 0}} or {{"risky": 1}}, the number of the risky machine; got {value!r}'
            )
        return GambleTask(jnp.int32(risky))


class Gamble(Environment[GambleTask, GambleTask, GambleState]):
    """Choose between a sure prize and a gamble that is worse in the mean and better with luck.

    Who asks for the best return in the data asks for luck: `stake` was only ever got by gambling, and who gambles gets
    `stake · (2 · odds - 1)` in the mean, -1.5 by default, where the sure prize is 1.

    - **Space**: `Machines`.
    - **Observation**: `risky`, the number of the risky machine.
    - **Action**: which machine to play.
    - **Reward**: `prize` from the sure one; from the other `stake` with probability `odds`, else `-stake`.
    - **End**: after `rounds` (truncated); nothing counts as solved, since winning is luck.
    - **Optimum**: the return of the better machine in the mean.

    **Arguments:**

    - `space`: the machines.
    - `prize`, `stake`, `odds`: see above.
    - `rounds`: the length of an episode [steps].

    **Reference:** Paster et al. 2022, You Can't Count on Luck (arXiv:2205.15967), section 3, for the kind of problem.
    """

    space: Machines = Machines()  # pyright: ignore[reportIncompatibleMethodOverride]
    prize: float = eqx.field(static=True, default=1.0)
    stake: float = eqx.field(static=True, default=3.0)
    odds: float = eqx.field(static=True, default=0.25)
    rounds: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        between("odds", self.odds, 0, 1)
        between("rounds", self.rounds, 1)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"optimal_returns"})

    @property
    def steps(self) -> int:
        return self.rounds

    def limit(self, world: GambleTask) -> int:
        return self.rounds

    @property
    def observation(self) -> dict[str, Discrete]:
        return {"risky": Discrete(2)}

    @property
    def action(self) -> Discrete:
        return Discrete(2, ("first", "second"))

    def reset(self, world: GambleTask, *, key: PRNGKeyArray) -> GambleState:
        return GambleState(jnp.zeros((), jnp.int32))

    def observe(self, world: GambleTask, state: GambleState) -> dict[str, Array]:
        return {"risky": world.risky}

    def step(self, world: GambleTask, state: GambleState, action: Array, *, key: PRNGKeyArray) -> Step:
        time, none = state.time + 1, jnp.zeros((), bool)
        won = jnp.where(jr.bernoulli(key, self.odds), self.stake, -self.stake)
        reward = jnp.where(action == world.risky, won, self.prize).astype(jnp.float32)
        return Step(GambleState(time), reward, none, time >= self.rounds, none)

    def optimal_return(self, world: GambleTask) -> Float[Array, ""]:
        return jnp.float32(self.rounds * max(self.prize, self.stake * (2 * self.odds - 1)))
