"""A worked example of a domain, small enough to compile in a moment: walk along a trail to the marked cell.

`Trails` is a space with everything that a space can offer, `Walk` the environment that plays its tasks, `Trailblazer`
the environment in which designing a trail is itself a game. The tests of the core and of the loop use them, and so
may yours: they are the defaults of the conformance suites where a part needs company.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Float32, Int32, PRNGKeyArray, UInt8

from explora.core import ArgumentError, Box, Brush, Discrete, Environment, Field, Space, Step, Suite, TaskError

SHORTEST = 3
"""How many cells a trail has at least."""


class Trail(eqx.Module):
    """A line of cells, one of them marked. The walker starts in the middle.

    **Arguments:**

    - `length`: how many cells there are.
    - `mark`: the cell to reach.
    - `mud`: where a step fails every other time. Entries beyond `length` are padding and mean nothing.
    - `toll`: what every step costs, in [0, 0.05].
    """

    length: UInt8[Array, "*tasks"]
    mark: UInt8[Array, "*tasks"]
    mud: Bool[Array, "*tasks cells"]
    toll: Float32[Array, "*tasks"]


class Trails(Space[Trail]):
    """All trails of at most `cells` cells.

    **Arguments:**

    - `cells`: the length of the longest trail [cells].
    """

    cells: int = eqx.field(static=True, default=8)

    def __check_init__(self):
        if not SHORTEST <= self.cells <= 64:
            raise ArgumentError(f"`cells` must lie between {SHORTEST} and 64; got {self.cells}; try 8")

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"mutate", "features", "parameters", "studio"})

    def sample(self, *, key: PRNGKeyArray) -> Trail:
        place_key, trail_key = jr.split(key)
        return self.from_parameters(jr.uniform(place_key, (2,)), key=trail_key)

    def mutate(self, task: Trail, *, key: PRNGKeyArray) -> Trail:
        """Turns mud into sand or sand into mud in one cell, or moves the mark."""
        kind_key, cell_key, mark_key = jr.split(key, 3)
        length = task.length.astype(jnp.int32)
        cell = jr.randint(cell_key, (), 0, length)
        muddied = Trail(task.length, task.mark, task.mud.at[cell].set(~task.mud[cell]), task.toll)
        moved = Trail(task.length, _marked(length, jr.randint(mark_key, (), 0, length - 1)), task.mud, task.toll)
        return jax.tree.map(lambda a, b: jnp.where(jr.bernoulli(kind_key), a, b), muddied, moved)

    def valid(self, task: Trail) -> Bool[Array, ""]:
        long_enough = (task.length >= SHORTEST) & (task.length <= self.cells)
        marked = (task.mark < task.length) & (task.mark != task.length // jnp.uint8(2))
        return long_enough & marked & (task.toll >= 0.0) & (task.toll <= 0.05)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return ("length", "distance", "mud")

    def features(self, task: Trail) -> Float[Array, " features"]:
        mud = jnp.sum(self.canonical(task).mud.astype(jnp.float32))
        return jnp.stack([task.length.astype(jnp.float32), distance(task).astype(jnp.float32), mud])

    def feature_bounds(self) -> tuple[Float[Array, " features"], Float[Array, " features"]]:
        return jnp.array([SHORTEST, 1.0, 0.0]), jnp.array([self.cells, self.cells // 2, self.cells], jnp.float32)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return ("length", "mark")

    def parameters(self, task: Trail) -> Float[Array, " parameters"]:
        length, mark = task.length.astype(jnp.float32), task.mark.astype(jnp.float32)
        place = mark - (task.mark > task.length // jnp.uint8(2)).astype(jnp.float32)
        return jnp.stack([(length - SHORTEST + 0.5) / (self.cells - SHORTEST + 1), (place + 0.5) / (length - 1)])

    def from_parameters(self, parameters: Float[Array, " parameters"], *, key: PRNGKeyArray) -> Trail:
        mud_key, toll_key = jr.split(key)
        length = SHORTEST + _bin(parameters[0], self.cells - SHORTEST + 1)
        mud = jr.bernoulli(mud_key, 0.3, (self.cells,)) & (jnp.arange(self.cells) < length)
        toll = 0.05 * jr.uniform(toll_key)
        return Trail(length.astype(jnp.uint8), _marked(length, _bin(parameters[1], length - 1)), mud, toll)

    def canonical(self, task: Trail) -> Trail:
        task = super().canonical(task)
        return eqx.tree_at(lambda t: t.mud, task, task.mud & (jnp.arange(self.cells, dtype=jnp.uint8) < task.length))

    def studio(self) -> "Trailblazer":
        return Trailblazer(self)

    def encode(self, task: Trail) -> dict[str, Any]:
        cells = "".join("~" if wet else "." for wet in np.asarray(task.mud)[: int(task.length)])
        return {"cells": cells, "mark": int(task.mark), "toll": float(task.toll)}

    def decode(self, value: Any) -> Trail:
        match value:
            case {"cells": str(cells), "mark": int(mark), "toll": float(toll)}:
                pass
            case _:
                raise TaskError(f'a trail is {{"cells": "..~.", "mark": 3, "toll": 0.01}}; got {value!r}')
        length = len(cells)
        if set(cells) - set(".~") or not SHORTEST <= length <= self.cells:
            raise TaskError(f"`cells` must be {SHORTEST} to {self.cells} characters, each '.' or '~'; got {cells!r}")
        if not 0 <= mark < length or mark == length // 2:
            raise TaskError(f"`mark` must be a cell of the trail other than the middle one, {length // 2}; got {mark}")
        if not 0.0 <= toll <= 0.05:
            raise TaskError(f"`toll` must lie in [0, 0.05]; got {toll}")
        mud = np.array([cell == "~" for cell in cells.ljust(self.cells, ".")])
        return Trail(jnp.uint8(length), jnp.uint8(mark), jnp.asarray(mud), jnp.float32(toll))

    @property
    def fields(self) -> tuple[Field, ...]:
        brushes = (Brush(".", "sand", "floor"), Brush("~", "mud"))
        return (
            Field("cells", "grid", brushes=brushes, width=(SHORTEST, self.cells)),
            Field("mark", "whole", 0, self.cells - 1, hint="any cell but the middle one"),
            Field("toll", "real", 0.0, 0.05, hint="what a step costs"),
        )

    def draw(self, task: Trail, size: int = 160) -> np.ndarray:
        length = int(task.length)
        side = max(size // length, 1)
        colours = np.full((length, 3), (235, 220, 180), np.uint8)
        colours[np.asarray(task.mud)[:length]] = (120, 80, 40)
        colours[int(task.mark)] = (40, 160, 60)
        return np.broadcast_to(colours.repeat(side, axis=0), (side, length * side, 3)).copy()


class WalkState(eqx.Module):
    """What changes while a trail is walked.

    **Arguments:**

    - `place`: the cell of the walker.
    - `time`: how many steps it has taken.
    """

    place: Int32[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class Walk(Environment[Trail, Trail, WalkState]):
    """Walk to the marked cell.

    - **Observation**: `place`, the cell of the walker (`Discrete`), and `ahead`, where the mark lies (`Box`: -1 or 1).
    - **Action**: 0 one cell back, 1 one cell on. Who walks off the end stays; from a muddy cell every other step
      fails.
    - **Reward**: 1 on reaching the mark, less the trail's toll at every step.
    - **End**: on the mark (terminated) or after `patience` steps (truncated).
    - **Suites**: `corners`, the shortest and the longest trail, marked at either end.

    **Arguments:**

    - `space`: the trails.
    - `steps`: length of one play in training [steps].
    - `patience`: when an episode is cut off [steps].
    """

    space: Trails = Trails()
    steps: int = eqx.field(static=True, default=16)  # pyright: ignore[reportIncompatibleMethodOverride]
    patience: int = eqx.field(static=True, default=10)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"optimal_returns"})

    @property
    def suite_names(self) -> tuple[str, ...]:
        return ("corners",)

    def suite(self, name: str) -> Suite[Trail]:
        if name not in self.suite_names:
            return super().suite(name)
        trails = [
            self.space.decode({"cells": "." * length, "mark": mark, "toll": 0.0})
            for length in (SHORTEST, self.space.cells)
            for mark in (0, length - 1)
        ]
        names = ("short-back", "short-on", "long-back", "long-on")
        return Suite(jax.tree.map(lambda *xs: jnp.stack(xs), *trails), names, summary="to either end")

    def limit(self, world: Trail) -> int:
        return self.patience

    @property
    def observation(self) -> dict[str, Discrete | Box]:
        return {"place": Discrete(self.space.cells), "ahead": Box((1,), -1.0, 1.0)}

    @property
    def action(self) -> Discrete:
        return Discrete(2, ("back", "on"))

    def reset(self, world: Trail, *, key: PRNGKeyArray) -> WalkState:
        return WalkState(world.length.astype(jnp.int32) // 2, jnp.zeros((), jnp.int32))

    def observe(self, world: Trail, state: WalkState) -> dict[str, Array]:
        ahead = jnp.sign(world.mark.astype(jnp.int32) - state.place)
        return {"place": state.place, "ahead": ahead.astype(jnp.float32)[None]}

    def step(self, world: Trail, state: WalkState, action: Array, *, key: PRNGKeyArray) -> Step:
        stuck = world.mud[state.place] & jr.bernoulli(key)
        move = jnp.where(stuck, 0, 2 * action - 1)
        place = jnp.clip(state.place + move, 0, world.length.astype(jnp.int32) - 1)
        time = state.time + 1
        there = place == world.mark.astype(jnp.int32)
        reward = there.astype(jnp.float32) - world.toll
        return Step(WalkState(place, time), reward, there, (time >= self.patience) & ~there, there)

    def scene(self, task: Trail) -> dict[str, Any]:
        return {"kind": "grid", "text": self.space.encode(task)["cells"], "view": None}

    def moment(self, task: Trail, state: WalkState) -> list[int | None]:
        return [0, int(state.place), None]

    def optimal_return(self, world: Trail) -> Float[Array, ""]:
        """The return of a perfect player whom the mud never holds."""
        return 1.0 - world.toll * distance(world).astype(jnp.float32)


class Blank(eqx.Module):
    """What a designer starts from: nothing but a number.

    **Arguments:**

    - `number`: in [0, 256), so that designs can differ.
    """

    number: UInt8[Array, "*tasks"]


class Blanks(Space[Blank]):
    """The tasks of a designer."""

    def sample(self, *, key: PRNGKeyArray) -> Blank:
        return Blank(jr.randint(key, (), 0, 256).astype(jnp.uint8))

    def valid(self, task: Blank) -> Bool[Array, ""]:
        return jnp.ones((), bool)

    def encode(self, task: Blank) -> int:
        return int(task.number)

    def decode(self, value: Any) -> Blank:
        if not isinstance(value, int) or not 0 <= value < 256:
            raise TaskError(f"a blank is a whole number in [0, 256); got {value!r}")
        return Blank(jnp.uint8(value))


class Sketch(eqx.Module):
    """A trail that is being designed.

    **Arguments:**

    - `trail`: what it is so far.
    - `time`: how many steps were taken.
    """

    trail: Trail
    time: Int32[Array, "*lanes"]


class Trailblazer(Environment[Blank, Blank, Sketch]):
    """Designing a trail as a game: the first action places the mark, the others put mud into a cell.

    - **Observation**: `mud` and `mark`, the sketch (`Box`), and `time`.
    - **Action**: a cell. The mark never comes to lie in the middle: there it goes one cell on.
    - **Reward**: none; whoever judges the design sends one.
    - **End**: after three steps (terminated). The product is the trail.

    **Arguments:**

    - `trails`: the space of what is designed.
    """

    trails: Trails = Trails()

    @property
    def space(self) -> Blanks:
        return Blanks()

    @property
    def steps(self) -> int:
        return 3

    def limit(self, world: Blank) -> int:
        return 3

    @property
    def observation(self) -> dict[str, Discrete | Box]:
        cells = (self.trails.cells,)
        return {"mud": Box(cells, 0.0, 1.0), "mark": Box(cells, 0.0, 1.0), "time": Discrete(4)}

    @property
    def action(self) -> Discrete:
        return Discrete(self.trails.cells)

    def reset(self, world: Blank, *, key: PRNGKeyArray) -> Sketch:
        cells = self.trails.cells
        trail = Trail(jnp.uint8(cells), jnp.uint8(0), jnp.zeros((cells,), bool), jnp.zeros(()))
        return Sketch(trail, jnp.zeros((), jnp.int32))

    def observe(self, world: Blank, state: Sketch) -> dict[str, Array]:
        mark = (jnp.arange(self.trails.cells, dtype=jnp.uint8) == state.trail.mark) & (state.time > 0)
        mud = state.trail.mud.astype(jnp.float32)
        return {"mud": mud, "mark": mark.astype(jnp.float32), "time": state.time}

    def step(self, world: Blank, state: Sketch, action: Array, *, key: PRNGKeyArray) -> Step:
        trail, first = state.trail, state.time == 0
        mark = jnp.where(action == self.trails.cells // 2, action + 1, action).astype(jnp.uint8)
        mud = trail.mud.at[action].set(True)
        trail = Trail(trail.length, jnp.where(first, mark, trail.mark), jnp.where(first, trail.mud, mud), trail.toll)
        done = state.time + 1 >= 3
        return Step(Sketch(trail, state.time + 1), jnp.zeros(()), done, jnp.zeros((), bool), done)

    def product(self, world: Blank, state: Sketch) -> Trail:
        return state.trail


def distance(trail: Trail) -> Int32[Array, ""]:
    """How many cells lie between the start and the mark."""
    return jnp.abs(trail.mark.astype(jnp.int32) - trail.length.astype(jnp.int32) // 2)


def _marked(length: Int32[Array, ""], place: Int32[Array, ""]) -> UInt8[Array, ""]:
    """The mark at one of the `length - 1` cells that are not the middle one."""
    return (place + (place >= length // 2).astype(jnp.int32)).astype(jnp.uint8)


def _bin(share: Float[Array, ""], bins: Any) -> Int32[Array, ""]:
    """Which of `bins` equal parts of [0, 1] a number lies in."""
    bins = jnp.asarray(bins, jnp.int32)
    return jnp.minimum((share * bins.astype(jnp.float32)).astype(jnp.int32), bins - 1)
