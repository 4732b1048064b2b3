"""The walker in Box2D: the oracle and final judge, as a Gymnasium environment with our terrain on reset."""

import importlib.util
from typing import TYPE_CHECKING, Any

from explora.core import MissingExtra

from ._cppn import CppnSpace
from ._space import WalkerSpace

if TYPE_CHECKING:
    import gymnasium


def box2d_walker(
    task: Any = None,
    *,
    space: WalkerSpace | CppnSpace | None = None,
    max_steps: int = 2000,
    render_mode: str | None = None,
) -> "gymnasium.Env":
    """Gymnasium's BipedalWalker with the terrain of a task.

    `reset(options={"terrain": …})` plays another terrain from then on: a task, or what the space's `encode` writes,
    such as `{"ground_roughness": 1, "pit_gap": [0.4, 0.8], "seed": 7}`; None: a random one each time. `"task"` means
    the same.
    `gymnasium.make("explora.adapters.registered:explora/BipedalWalker-v0")` makes this environment too.

    **Arguments:**

    - `task`: what is played; None: a random task of the space at each reset.
    - `space`: whose tasks; None: `WalkerSpace()`.
    - `max_steps`: after how many steps an episode is truncated.
    - `render_mode`: as Gymnasium's.

    **Raises:** `MissingExtra` without Gymnasium and Box2D.
    """
    if any(importlib.util.find_spec(name) is None for name in ("gymnasium", "Box2D")):
        raise MissingExtra("gymnasium[box2d]", "box2d")
    from gymnasium.wrappers import TimeLimit

    from ._box2d_env import Box2DWalker

    walker = Box2DWalker(WalkerSpace() if space is None else space, task, render_mode)
    return TimeLimit(walker, max_steps)
