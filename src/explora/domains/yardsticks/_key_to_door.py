"""A key that opens a door two rooms later, where nobody sees any more whether it was taken."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Int32, PRNGKeyArray

from explora.core import Discrete, Environment, Space, Step, TaskError, between

from ._room import MOVES, read_cell, steps_between, walked

KEY, NOTHING, DOOR = 0, 1, 2
"""What is to be found in each of the three rooms."""


class KeyTask(eqx.Module):
    """Where key and door are.

    **Arguments:**

    - `key`: the cell of the key, counted row by row, in the first room.
    - `door`: the cell of the door in the last.
    """

    key: Int32[Array, "*tasks"]
    door: Int32[Array, "*tasks"]


class KeyState(eqx.Module):
    """What changes on the way from key to door.

    **Arguments:**

    - `place`: the player's cell.
    - `time`: how many steps it has taken.
    - `held`: whether it has the key.
    """

    place: Int32[Array, "*lanes"]
    time: Int32[Array, "*lanes"]
    held: Bool[Array, "*lanes"]


class KeyRooms(Space[KeyTask]):
    """All cells of a room for the key and for the door, but the middle, where one comes in.

    **Arguments:**

    - `side`: of the rooms, odd [cells].
    """

    side: int = eqx.field(static=True, default=3)

    def __check_init__(self):
        between("side", self.side, 3)

    @property
    def middle(self) -> int:
        """The cell where one comes into a room."""
        return self.side // 2 * (self.side + 1)

    def sample(self, *, key: PRNGKeyArray) -> KeyTask:
        cells = jr.randint(key, (2,), 0, self.side**2 - 1)
        return KeyTask(*(cells + (cells >= self.middle).astype(jnp.int32)))

    def valid(self, task: KeyTask) -> Bool[Array, ""]:
        cells = jnp.stack([task.key, task.door])
        return jnp.all((cells >= 0) & (cells < self.side**2) & (cells != self.middle))

    def encode(self, task: KeyTask) -> dict[str, list[int]]:
        return {name: [int(x) // self.side, int(x) % self.side] for name, x in vars(task).items()}

    def decode(self, value: Any) -> KeyTask:
        named = value if isinstance(value, dict) else {}
        cells = [read_cell(f"`{name}`", named.get(name), self.side) for name in ("key", "door")]
        if self.middle in cells:
            raise TaskError("neither key nor door is in the middle, where one comes in; move it")
        return KeyTask(*(jnp.int32(x) for x in cells))


class KeyToDoor(Environment[KeyTask, KeyTask, KeyState]):
    """Take a key in the first room, wait in the second, and reach the door in the third.

    - **Space**: `KeyRooms`.
    - **Observation**: `place`, the player's cell; `thing`, the cell of the key while it lies there, or of the door,
      else the number of cells; `room`. Whether the key was taken is seen in the first room only.
    - **Action**: 0 stay, 1 up, 2 right, 3 down, 4 left; walls stop. After `patience` steps one is in the middle of the
      next room; walking onto the key takes it.
    - **Reward**: 1 for reaching the door with the key.
    - **End**: at the door (terminated; solved with the key), or at the end of the time in the last room (truncated).
    - **Optimum**: 1.

    **Arguments:**

    - `space`: the rooms.
    - `patience`: how long one is in each room [steps].

    **Reference:** Mesnard et al. 2021 (arXiv:2011.09464); Chen et al. 2021, section 5.4 (arXiv:2106.01345). Neither
    says how large the rooms are; here a random player succeeds about as rarely as theirs.
    """

    space: KeyRooms = KeyRooms()  # pyright: ignore[reportIncompatibleMethodOverride]
    patience: tuple[int, int, int] = eqx.field(static=True, default=(2, 6, 2))

    def __check_init__(self):
        for steps in self.patience:
            between("patience", steps, 1)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"optimal_returns"})

    @property
    def steps(self) -> int:
        return sum(self.patience)

    def limit(self, world: KeyTask) -> int:
        return self.steps

    @property
    def observation(self) -> dict[str, Discrete]:
        cells = self.space.side**2
        return {"place": Discrete(cells), "thing": Discrete(cells + 1), "room": Discrete(3, ("key", "nothing", "door"))}

    @property
    def action(self) -> Discrete:
        return Discrete(len(MOVES), ("stay", "up", "right", "down", "left"))

    def reset(self, world: KeyTask, *, key: PRNGKeyArray) -> KeyState:
        return KeyState(jnp.int32(self.space.middle), jnp.zeros((), jnp.int32), jnp.zeros((), bool))

    def observe(self, world: KeyTask, state: KeyState) -> dict[str, Array]:
        room, none = self._room(state.time), jnp.int32(self.space.side**2)
        lies = jnp.where(state.held, none, world.key)
        thing = jnp.where(room == KEY, lies, jnp.where(room == DOOR, world.door, none))
        return {"place": state.place, "thing": thing, "room": room}

    def step(self, world: KeyTask, state: KeyState, action: Array, *, key: PRNGKeyArray) -> Step:
        side, time, room = self.space.side, state.time + 1, self._room(state.time)
        place = walked(state.place, jnp.asarray(MOVES, jnp.int32)[action], side)
        held = state.held | ((room == KEY) & (place == world.key))
        there = (room == DOOR) & (place == world.door)
        solved = there & held
        enters = (time == self.patience[0]) | (time == self.patience[0] + self.patience[1])
        after = KeyState(jnp.where(enters, self.space.middle, place), time, held)
        return Step(after, solved.astype(jnp.float32), there, (time >= self.steps) & ~there, solved)

    def optimal_return(self, world: KeyTask) -> Array:
        near = (self._far(world.key) <= self.patience[0]) & (self._far(world.door) <= self.patience[2])
        return near.astype(jnp.float32)

    def _far(self, cell: Int32[Array, ""]) -> Int32[Array, ""]:
        """How many steps a cell is from the middle."""
        return steps_between(cell, jnp.int32(self.space.middle), self.space.side)

    def _room(self, time: Int32[Array, ""]) -> Int32[Array, ""]:
        first, second, _ = self.patience
        return (time >= first).astype(jnp.int32) + (time >= first + second).astype(jnp.int32)
