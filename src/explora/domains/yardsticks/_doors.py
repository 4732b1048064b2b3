"""A room with twenty doors, one of them right, and controls that may be turned around: to be watched and tried."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import Discrete, Environment, Policy, Space, Step, TaskError, between

from ._room import MOVES, read_cell, steps_between, walked

SIDE = 7
"""Of the room [cells]."""
DOORS = np.array([*range(1, 6), *range(7, 42, 7), *range(13, 48, 7), *range(43, 48)])
"""The cells of its doors, counted row by row: all along the walls but in the corners."""


class DoorTask(eqx.Module):
    """Which door is right, and what the controls do.

    **Arguments:**

    - `door`: the right one, a place in `DOORS`.
    - `turned`: whether every action does the opposite.
    - `start`: the cell where one begins, counted row by row.
    """

    door: Int32[Array, "*tasks"]
    turned: Bool[Array, "*tasks"]
    start: Int32[Array, "*tasks"]


class DoorState(eqx.Module):
    """What changes in the room.

    **Arguments:**

    - `place`: the player's cell.
    - `time`: how many steps it has taken.
    """

    place: Int32[Array, "*lanes"]
    time: Int32[Array, "*lanes"]


class DoorTasks(Space[DoorTask]):
    """All doors, both kinds of controls, and all starts inside the room."""

    def sample(self, *, key: PRNGKeyArray) -> DoorTask:
        return self.numbered(jr.randint(key, (), 0, self.count))

    @property
    def count(self) -> int:
        """How many tasks there are."""
        return len(DOORS) * 2 * 25

    def numbered(self, number: Int32[Array, ""]) -> DoorTask:
        """The task of a number from 0 to `count` - 1."""
        which, rest = number // 50, number % 50
        start = (1 + rest % 25 // 5) * SIDE + 1 + rest % 5
        return DoorTask(jnp.int32(which), rest >= 25, jnp.int32(start))

    def valid(self, task: DoorTask) -> Bool[Array, ""]:
        row, column = task.start // SIDE, task.start % SIDE
        inside = (row >= 1) & (row <= SIDE - 2) & (column >= 1) & (column <= SIDE - 2)
        return (task.door >= 0) & (task.door < len(DOORS)) & inside

    def encode(self, task: DoorTask) -> dict[str, Any]:
        start = int(task.start)
        return {"door": int(task.door), "turned": bool(task.turned), "start": [start // SIDE, start % SIDE]}

    def decode(self, value: Any) -> DoorTask:
        if not isinstance(value, dict) or set(value) != {"door", "turned", "start"}:
            raise TaskError(f'a task has a "door", "turned" and a "start"; got {value!r}')
        door, turned = value["door"], value["turned"]
        if not isinstance(door, int) or isinstance(door, bool) or not 0 <= door < len(DOORS):
            raise TaskError(f'"door" is a whole number from 0 to {len(DOORS) - 1}; got {door!r}')
        if not isinstance(turned, bool):
            raise TaskError(f'"turned" is true or false; got {turned!r}')
        task = DoorTask(jnp.int32(door), jnp.array(turned), jnp.int32(read_cell('"start"', value["start"], SIDE)))
        if not self.valid(task):
            raise TaskError(f'"start" is inside the room, rows and columns 1 to {SIDE - 2}; got {value!r}')
        return task


class Doors(Environment[DoorTask, DoorTask, DoorState]):
    """Leave a room by the right door, where neither the door nor what the controls do can be seen.

    There is time for no step that is wrong. Who is shown somebody leaving, but not what that player's hands did, knows
    the door and begins right half of the time; who has tried knows the controls; only who has watched and tried knows
    what to do.

    - **Space**: `DoorTasks`.
    - **Observation**: `row` and `column` of the player's cell; with `shown` also `door` and `turned`, for who is to
      demonstrate.
    - **Action**: 0 up, 1 right, 2 down, 3 left; the opposite where controls are turned around; walls stop.
    - **Reward**: 1 for leaving by the right door.
    - **End**: at any door (terminated), or after as many steps as the right door is away (truncated).
    - **Optimum**: 1.

    **Arguments:**

    - `space`: its tasks.
    - `slack`: how many steps more there are.
    - `shown`: whether all is part of the observation.

    **Reference:** after the toy of Zhou et al. 2019, *Watch, Try, Learn* (arXiv:1906.03352): two targets, and axes
    whose signs are not known.
    """

    space: DoorTasks = DoorTasks()  # pyright: ignore[reportIncompatibleMethodOverride]
    slack: int = eqx.field(static=True, default=0)
    shown: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        between("slack", self.slack, 0)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"optimal_returns"})

    @property
    def steps(self) -> int:
        return 2 * SIDE - 5 + self.slack  # from one corner to the door farthest away

    def limit(self, world: DoorTask) -> Int32[Array, ""]:
        return steps_between(jnp.asarray(DOORS, jnp.int32)[world.door], world.start, SIDE) + self.slack

    @property
    def observation(self) -> dict[str, Discrete]:
        more = {"door": Discrete(len(DOORS)), "turned": Discrete(2)} if self.shown else {}
        return {"row": Discrete(SIDE), "column": Discrete(SIDE)} | more

    @property
    def action(self) -> Discrete:
        return Discrete(4, ("up", "right", "down", "left"))

    def reset(self, world: DoorTask, *, key: PRNGKeyArray) -> DoorState:
        return DoorState(world.start, jnp.zeros((), jnp.int32))

    def observe(self, world: DoorTask, state: DoorState) -> dict[str, Array]:
        more = {"door": world.door, "turned": world.turned.astype(jnp.int32)} if self.shown else {}
        return {"row": state.place // SIDE, "column": state.place % SIDE} | more

    def step(self, world: DoorTask, state: DoorState, action: Array, *, key: PRNGKeyArray) -> Step:
        move = jnp.asarray(MOVES[1:], jnp.int32)[action]  # nobody stays
        place = walked(state.place, jnp.where(world.turned, -move, move), SIDE)
        time, right = state.time + 1, place == jnp.asarray(DOORS, jnp.int32)[world.door]
        left = jnp.any(place == jnp.asarray(DOORS, jnp.int32))
        late = ~left & (time >= self.limit(world))
        return Step(DoorState(place, time), right.astype(jnp.float32), left, late, right)

    def optimal_return(self, world: DoorTask) -> Float[Array, ""]:
        return jnp.ones(())


class Guide(Policy):
    """Walks to the right door without coming to another: along the wall first where it is beside the wall."""

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        goal = jnp.asarray(DOORS, jnp.int32)[observations["door"]]
        rows, columns = goal // SIDE - observations["row"], goal % SIDE - observations["column"]
        either = jax.vmap(jr.bernoulli)(keys)
        above = (goal // SIDE == 0) | (goal // SIDE == SIDE - 1)  # or below; else at a side
        across = jnp.where(above, columns, rows)  # how far it is along the wall, and how far to the wall
        ahead = jnp.where(above, rows, columns)
        towards = (across == 0) | (either & (jnp.abs(ahead) > 1))
        vertical = jnp.where(above, towards, ~towards)
        action = jnp.where(vertical, jnp.where(rows < 0, 0, 2), jnp.where(columns > 0, 1, 3))
        return jnp.where(observations["turned"] > 0, (action + 2) % 4, action).astype(jnp.int32), memory, {}
