"""The environment alone: random actions, observations included, 256 lanes × 256 steps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
from _contestants import Process
from _parity import maze
from _settings import Settings
from _timing import Contestant, NotRun, Sample, Stopwatch, contest

from explora.core import Uniformly, fresh_lesson

LANES, STEPS = 256, 256


@dataclass
class Rollout(Contestant):
    """A compiled function from a key to everything that happened.

    **Arguments:**

    - `name`, `peer`: see `Contestant`.
    - `build`: makes the function.
    - `pieces`: how many times it is called in a sample.
    """

    name: str
    build: Callable[[], Callable[[jax.Array], Any]]
    pieces: int
    peer: str | None = None
    unit: str = "steps/s"
    _number: int = field(default=0, repr=False)

    def prepare(self) -> None:
        self._play = self.build()
        jax.block_until_ready(self._play(jr.key(0)))

    def work(self) -> Sample:
        watch = Stopwatch()
        for _ in range(self.pieces):
            self._number += 1
            jax.block_until_ready(self._play(jr.key(self._number)))
        return watch.sample(self.pieces * LANES * STEPS)


def ours(size: int, fresh: bool) -> Callable[[jax.Array], Any]:
    """explora's rollout: the same maze again at the end of an episode, or the next of four new ones."""
    domain = maze(size)
    tasks = domain.space.samples(LANES, key=jr.key(9))

    def play(key: jax.Array) -> Any:
        if fresh:
            lesson = fresh_lesson(domain.space.samples(4 * LANES, key=jr.fold_in(key, 1)), False, queue=4)
        else:
            lesson = fresh_lesson(tasks, False)
        return domain.play(Uniformly(7), lesson, key=key).data

    return eqx.filter_jit(play)


def jaxued(size: int, fresh: bool) -> Callable[[jax.Array], Any]:
    """JaxUED's maze in its own wrapper: the same level again, or a new one, at the end of an episode."""
    try:
        from jaxued.environments import Maze
        from jaxued.environments.maze import make_level_generator
        from jaxued.wrappers import AutoReplayWrapper, AutoResetWrapper
    except ImportError as error:
        raise NotRun(f"the package jaxued cannot be imported: {error}") from error
    if not hasattr(jax, "tree_map"):
        setattr(jax, "tree_map", jax.tree.map)  # noqa: B010  JAX took this name away, and the published package still uses it
    inner: Any = Maze(max_height=size, max_width=size, agent_view_size=5, normalize_obs=True)
    generate: Any = make_level_generator(size, size, 25)
    env = AutoResetWrapper(inner, generate) if fresh else AutoReplayWrapper(inner)
    params = env.default_params
    levels = jax.vmap(generate)(jr.split(jr.key(9), LANES))

    @jax.jit
    def play(key: jax.Array) -> Any:
        key = jr.key_data(key)  # the wrapper keeps keys of the old kind
        seen, state = jax.vmap(env.reset_to_level, (0, 0, None))(jr.split(key, LANES), levels, params)

        def step(carry: Any, _: Any) -> Any:
            key, seen, state = carry
            key, act, move = jr.split(key, 3)
            action = jr.randint(act, (LANES,), 0, 7)
            keys = jr.split(move, LANES)
            after, state, reward, done, _ = jax.vmap(env.step, (0, 0, 0, None))(keys, state, action, params)
            return (key, after, state), (seen, action, reward, done)

        return jax.lax.scan(step, (key, seen, state), None, length=STEPS)

    return play


@dataclass
class MiniGrid(Contestant):
    """One MiniGrid environment of the same size in this process, started anew whenever an episode ends.

    **Arguments:**

    - `size`: cells inside the border.
    - `steps`: how many steps make a sample.
    """

    size: int
    steps: int
    peer: str | None = None
    unit: str = "steps/s"

    @property
    def name(self) -> str:  # type: ignore[override]
        """What its row is called."""
        return f"MiniGrid {self.size}×{self.size}, one process"

    def prepare(self) -> None:
        self._env = _minigrid(self.size)
        self._env.reset(seed=0)
        self._dice = np.random.default_rng(0)

    def work(self) -> Sample:
        actions = self._dice.integers(0, 7, self.steps).tolist()
        watch = Stopwatch()
        for action in actions:
            _, _, terminated, truncated, _ = self._env.step(action)
            if terminated or truncated:
                self._env.reset()
        return watch.sample(self.steps)


def _minigrid(size: int) -> Any:
    try:
        from minigrid.core.grid import Grid
        from minigrid.core.mission import MissionSpace
        from minigrid.core.world_object import Goal, Wall
        from minigrid.minigrid_env import MiniGridEnv
    except ImportError as error:
        raise NotRun(f"the package minigrid cannot be imported: {error}") from error

    class Random(MiniGridEnv):
        def _gen_grid(self, width: int, height: int) -> None:
            self.grid = Grid(width, height)
            self.grid.wall_rect(0, 0, width, height)
            for _ in range(25):
                self.grid.set(int(self._rand_int(1, width - 1)), int(self._rand_int(1, height - 1)), Wall())
            self.place_agent()
            self.place_obj(Goal())
            self.mission = "get to the goal"

    return Random(
        mission_space=MissionSpace(mission_func=lambda: "get to the goal"),
        grid_size=size + 2,
        max_steps=250,
        see_through_walls=True,
        agent_view_size=5,
    )


def environment(settings: Settings) -> list[dict]:
    """The rows of this group."""
    contestants: list[Contestant] = []
    pieces = 1 if settings.quick else 4
    # A peer that draws a maze for every lane at every step would take minutes for the large ones.
    for size, fresh in ((13, False), (13, True), (51, False)):
        kind = f"{size}×{size}, {'new mazes' if fresh else 'same maze again'}"
        peer = f"JaxUED {kind}"
        contestants += [
            Rollout(f"explora {kind}", lambda s=size, f=fresh: ours(s, f), 4 * pieces, peer=peer),
            Rollout(peer, lambda s=size, f=fresh: jaxued(s, f), pieces),
            Process(
                f"minimax {kind}",
                settings.minimax,
                "_minimax_child.py",
                [str(size), str(LANES), str(STEPS), str(int(fresh))],
                absent="no interpreter with minimax-lib was given (--minimax)",
            ),
        ]
    contestants.append(MiniGrid(13, 500 if settings.quick else 5000))
    rows = contest(contestants, settings.repeats)
    small, large = (_median(rows, f"explora {size}×{size}, same maze again") for size in (13, 51))
    if small and large:
        rows.append({"name": "explora, cost of a step at 51×51 over 13×13", "unit": "×", "median": small / large})
    return rows


def _median(rows: list[dict], name: str) -> float | None:
    return next((row.get("median") for row in rows if row["name"] == name), None)
