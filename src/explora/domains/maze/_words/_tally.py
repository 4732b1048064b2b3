"""What a player in a maze could know of its own way so far, and how clauses stand by it."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int32

from explora.core import Tally

from .._task import AHEAD, WALL

HANDS = {"left": 3, "right": 1}
"""By how many quarter turns to the right the hands lie from where a player looks."""
HALVES = ("upper", "lower", "left", "right")

_FAR = 4.0
"""So many moves more or fewer beside a wall than are needed look like any larger number."""


class Counts(eqx.Module):
    """The way of a player so far.

    **Arguments:**

    - `cell`: where it is, counted through the rows of the world's `codes`.
    - `entered`: in which cells it has been, likewise.
    - `steps`, `turns`, `moves`: how many actions there were, how many turned, how many led to another cell.
    - `walled`: after how many moves there was a wall at its left and at its right hand.
    - `visited`: in which of `HALVES` it began, and which it has moved to.
    - `bumped`, `twice`: whether it went forward into a wall, and whether it entered a cell again.
    - `first`: its first turn: 0 left, 1 right, -1 none yet.
    """

    cell: Int32[Array, "*lanes"]
    entered: Bool[Array, "*lanes cells"]
    steps: Int32[Array, "*lanes"]
    turns: Int32[Array, "*lanes"]
    moves: Int32[Array, "*lanes"]
    walled: Int32[Array, "*lanes 2"]
    visited: Bool[Array, "*lanes 2 4"]
    bumped: Bool[Array, "*lanes"]
    twice: Bool[Array, "*lanes"]
    first: Int32[Array, "*lanes"]


class Now(NamedTuple):
    """A moment of an episode: the way so far, and whether the cell ahead has been entered before."""

    counts: Counts
    again: Bool[Array, ""]


Standing = Callable[[Now], Array | float]
"""How a clause stands, see `explora.core.Tally`."""


def unknown(now: Now) -> float:
    """For what shows at the end only."""
    return 0.0


def at_most(number: int, of: Callable[[Counts], Array]) -> Standing:
    """The share of `number` that is left."""

    def standing(now: Now) -> Array:
        used = of(now.counts).astype(jnp.float32)
        return jnp.where(used > number, -1.0, 1.0 - used / number)

    return standing


def unless(broken: Callable[[Counts], Array]) -> Standing:
    """True until something happens."""
    return lambda now: jnp.where(broken(now.counts), -1.0, 1.0)


def hugging(hand: int, share: float) -> Standing:
    """By how many moves beside a wall there are more than `share` of all, in both directions up to some."""

    def standing(now: Now) -> Array:
        more = now.counts.walled[hand].astype(jnp.float32) - share * now.counts.moves.astype(jnp.float32)
        return jnp.clip(more / _FAR, -0.95, 1.0)  # it can always be made good

    return standing


def passing(half: int) -> Standing:
    """Whether a move has led there."""
    return lambda now: jnp.where(now.counts.visited[1, half], 1.0, 0.0)


def staying(other: int) -> Standing:
    """True until it is in the other half."""
    return unless(lambda counts: jnp.any(counts.visited[:, other]))


def never_twice(now: Now) -> Array:
    """0 where a step forward would enter a cell again."""
    return jnp.where(now.counts.twice, -1.0, jnp.where(now.again, 0.0, 1.0))


def turning(first: int) -> Standing:
    """Unknown before the first turn."""

    def standing(now: Now) -> Array:
        mine = jnp.where(now.counts.first == first, 1.0, -1.0)
        return jnp.where(now.counts.first < 0, 0.0, mine)

    return standing


@dataclasses.dataclass(frozen=True)
class MazeTally(Tally):
    """Counts along the way through a maze, see `explora.core.Tally`.

    **Arguments:**

    - `pad`: how wide the border of a world is [cells].
    - `clauses`: how each clause stands.
    """

    pad: int
    clauses: tuple[Standing, ...]

    def begin(self, world: Any) -> Counts:
        zero, no = jnp.zeros((), jnp.int32), jnp.zeros((), bool)
        entered = jnp.zeros((world.codes.size,), bool).at[world.start].set(True)
        visited = jnp.stack([self._halves(world, world.start), jnp.zeros((4,), bool)])
        pair = jnp.zeros((2,), jnp.int32)
        return Counts(world.start, entered, zero, zero, zero, pair, visited, no, no, jnp.full((), -1, jnp.int32))

    def count(self, world: Any, counts: Counts, seen: dict[str, Array], action: Array, achieved: Array) -> Counts:
        # what is achieved is the cell
        place = achieved.astype(jnp.int32) + self.pad
        cell = place[0] * world.codes.shape[-1] + place[1]
        moved, turned = cell != counts.cell, action < 2
        heading = seen["direction"].astype(jnp.int32)
        beside = jnp.stack([_code(world, cell, (heading + hand) % 4) == WALL for hand in HANDS.values()])
        began = (counts.first < 0) & turned
        return Counts(
            cell,
            counts.entered.at[cell].set(True),
            counts.steps + 1,
            counts.turns + turned.astype(jnp.int32),
            counts.moves + moved.astype(jnp.int32),
            counts.walled + (moved & beside).astype(jnp.int32),
            counts.visited.at[1].set(counts.visited[1] | (moved & self._halves(world, cell))),
            counts.bumped | ((action == 2) & ~moved),
            counts.twice | (moved & counts.entered[cell]),
            jnp.where(began, action.astype(jnp.int32), counts.first),
        )

    def standing(self, world: Any, counts: Counts, seen: dict[str, Array]) -> Float[Array, " clauses"]:
        ahead = counts.cell + _steps(world)[seen["direction"].astype(jnp.int32)]
        now = Now(counts, counts.entered.at[ahead].get(mode="promise_in_bounds"))
        return jnp.stack([jnp.asarray(each(now), jnp.float32) for each in self.clauses])

    def _halves(self, world: Any, cell: Array) -> Bool[Array, "4"]:
        """In which of `HALVES` a cell lies; the middle row or column of an odd number lies in neither."""
        stride = world.codes.shape[-1]
        sides = [(cell // stride, world.codes.shape[-2]), (cell % stride, stride)]
        twice = [(2 * (place - self.pad) + 1, size - 2 * self.pad) for place, size in sides]
        return jnp.stack([side for at, size in twice for side in (at < size, at > size)])


def _steps(world: Any) -> Int32[Array, "4"]:
    """One step forward in the rows of the world's `codes`, by heading."""
    return jnp.asarray((np.array(AHEAD) @ [world.codes.shape[-1], 1]).astype(np.int32))


def _code(world: Any, cell: Array, heading: Array) -> Array:
    """The code of the cell next to another."""
    return world.codes.reshape(-1).at[cell + _steps(world)[heading]].get(mode="promise_in_bounds")
