"""Gymnasium's BipedalWalker on our ground. Needs Gymnasium and Box2D, so only `_box2d` imports it."""

from typing import Any

import jax
import jax.random as jr
import numpy as np
from gymnasium.envs.box2d import bipedal_walker
from gymnasium.utils import EzPickle

from explora.core import ArgumentError

from ._cppn import CppnSpace, CppnTask
from ._space import WalkerSpace
from ._task import WalkerTask
from ._terrain import boxes, host_terrain, polyline

_THINNEST = 0.01
"""Box2D takes no polygon that is thinner than its own tolerance [m]; such a step is no obstacle either."""


class Box2DWalker(bipedal_walker.BipedalWalker):
    """BipedalWalker-v3 with the terrain of a task.

    **Arguments:**

    - `space`: whose tasks.
    - `task`: what is played, a task or what the space's `encode` writes; None: a random one at each reset.
    - `render_mode`: as Gymnasium's.
    """

    def __init__(self, space: WalkerSpace | CppnSpace, task: Any = None, render_mode: str | None = None):
        super().__init__(render_mode=render_mode)
        EzPickle.__init__(self, space, task, render_mode)
        self.space = space
        self.task = None if task is None else self._read(task)
        self._now: Any = self.task

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        """Starts an episode; `options={"terrain": …}` changes the ground of this one and of those that follow."""
        options = dict(options or {})
        asked = [options.pop(name) for name in ("terrain", "task") if name in options]
        if len(asked) > 1:
            raise ArgumentError("`options` hold a `terrain` and a `task`, which are two names of one thing; give one")
        if asked:
            self.task = None if asked[0] is None else self._read(asked[0])
        dice = self.np_random if seed is None else np.random.default_rng(seed)
        self._now = self.space.sample(key=jr.key(int(dice.integers(2**31)))) if self.task is None else self.task
        observation, info = super().reset(seed=seed, options=options)
        return observation, info | {"task": self.space.encode(self._now)}

    def _read(self, task: Any) -> WalkerTask | CppnTask:
        return task if isinstance(task, WalkerTask | CppnTask) else self.space.decode(task)

    def _generate_terrain(self, hardcore: bool) -> None:
        terrain = host_terrain(jax.tree.map(np.asarray, self._now))
        line = polyline(terrain)
        self.terrain_grass = bipedal_walker.TERRAIN_GRASS
        thick = [box for box in boxes(terrain).tolist() if box[0][1] - box[2][1] > _THINNEST]
        self.terrain = [self._solid(self.fd_polygon, box, (255, 255, 255)) for box in thick]
        self.terrain_x, self.terrain_y = line[:, 0].tolist(), line[:, 1].tolist()
        self.terrain_poly = []
        for number, (one, other) in enumerate(zip(line[:-1].tolist(), line[1:].tolist())):
            colour = (76, 255 if number % 2 == 0 else 204, 76)
            self.terrain.append(self._solid(self.fd_edge, [one, other], colour))
            self.terrain_poly.append(([tuple(one), tuple(other), (other[0], 0), (one[0], 0)], (102, 153, 76)))
        self.terrain.reverse()

    def _solid(self, shape: Any, corners: list, colour: tuple[int, int, int]) -> Any:
        """A part of the ground."""
        shape.shape.vertices = [tuple(corner) for corner in corners]
        made = self.world.CreateStaticBody(fixtures=shape)
        made.color1 = made.color2 = colour
        return made
