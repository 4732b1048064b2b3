"""D-REX on a pendulum that hangs at the start."""

from typing import Any

from explora.domains.yardsticks import Pendulum

from . import _drex

PROTOCOL = (
    _drex.PROTOCOL
    + """`tasks`: the suite `hanging`; PPO learns from all ways to hang. `mark`: -1,000 (who does nothing has about
-1,900, the best there is about -350). 32 lanes of 200 steps a turn; 40 turns from the true reward, 100 from the learned
one. What differs between the two settings of PPO, and the decay of the ranking networks, was tuned on seed 0."""
)
COURSE = _drex.Course(
    Pendulum(),
    "hanging",
    -1000.0,
    turns=(40, 100),
    fields=({"learner.unit": 500.0}, {"learner.unit": 50.0, "learner.entropy": 0.02}),
    every=2,
)


def measure(seed: int) -> dict[str, Any]:
    """Everything for one seed."""
    return _drex.measure(COURSE, seed)


summary = _drex.summary
