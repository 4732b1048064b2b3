"""D-REX on the walker, on flat ground."""

from typing import Any

import equinox as eqx

from explora.domains.walker import Walker

from . import _drex

PROTOCOL = (
    _drex.PROTOCOL
    + """`tasks`: the suite `flat`, episodes of at most 1,000 steps; PPO learns from flat ground alone. `mark`: 40 (who
stands still has about 0, who walks to the end about 300). 32 lanes of 256 steps a turn, 240 turns from either
reward."""
)


class Flat(Walker):
    """The walker where only the flat ground is drawn and episodes are short."""

    max_steps: int = eqx.field(static=True, default=1000)


COURSE = _drex.Course(Flat(), "flat", 40.0, turns=(240, 240), fields=({}, {}), every=10, updates=4000)


def measure(seed: int) -> dict[str, Any]:
    """Everything for one seed."""
    return _drex.measure(COURSE, seed)


summary = _drex.summary
