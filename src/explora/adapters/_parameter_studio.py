"""Designing a task by its coordinates, one after the other: what an adversary does in a space of parameters."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int32, Key, PRNGKeyArray

from explora.core import Box, Discrete, Environment, Inspirations, Space, Step, between


class ParameterSketch(eqx.Module):
    """A task of which some coordinates are chosen.

    **Arguments:**

    - `places`: the coordinates; 0 for those that come later.
    - `time`: how many are chosen.
    - `chance`: the key from which the task is made of its coordinates.
    """

    places: Float[Array, "*lanes parameters"]
    time: Int32[Array, "*lanes"]
    chance: Key[Array, "*lanes"]


class ParameterStudio(Environment[Float[Array, " noise"], Float[Array, " noise"], ParameterSketch]):
    """Designs a task of a space with `parameters`: each step chooses one coordinate, among `bins` parts of [0, 1].

    - **Space**: `Inspirations`, a random vector z for each design.
    - **Observation**: `places`, the coordinates chosen so far, 0 for the others; `time`, how many; `noise`, z.
    - **Action**: the part in which the coordinate lies; where in it is drawn at random.
    - **Reward**: 0; whoever judges the design sends one after the last step.
    - **End**: when all coordinates are chosen (terminated).

    **Arguments:**

    - `designs`: the space of the tasks that are designed.
    - `bins`: in how many parts each coordinate is cut.
    - `noise`: the length of z.

    **Reference:** Dennis et al. 2020 (PAIRED, arXiv:2012.02096), section 4: the parameters of a task as a sequence of
    actions.
    """

    designs: Space
    bins: int = eqx.field(static=True, default=16)
    noise: int = eqx.field(static=True, default=8)

    def __check_init__(self):
        between("bins", self.bins, 2)
        between("noise", self.noise, 0)

    @property
    def space(self) -> Inspirations:
        return Inspirations(self.noise)

    @property
    def steps(self) -> int:
        return len(self.designs.parameter_names)

    def limit(self, world: Float[Array, " noise"]) -> int:
        return self.steps

    @property
    def observation(self) -> dict[str, Discrete | Box]:
        return {
            "places": Box((self.steps,), 0.0, 1.0),
            "time": Discrete(self.steps + 1),
            "noise": Box((self.noise,), 0.0, 1.0),
        }

    @property
    def action(self) -> Discrete:
        return Discrete(self.bins)

    def reset(self, world: Float[Array, " noise"], *, key: PRNGKeyArray) -> ParameterSketch:
        return ParameterSketch(jnp.zeros((self.steps,)), jnp.zeros((), jnp.int32), key)

    def observe(self, world: Float[Array, " noise"], state: ParameterSketch) -> dict[str, Array]:
        return {"places": state.places, "time": state.time, "noise": world}

    def step(self, world: Float[Array, " noise"], state: ParameterSketch, action: Array, *, key: PRNGKeyArray) -> Step:
        place = (action.astype(jnp.float32) + jr.uniform(key)) / self.bins
        sketch = ParameterSketch(state.places.at[state.time].set(place), state.time + 1, state.chance)
        no = jnp.zeros((), bool)
        return Step(sketch, jnp.zeros(()), sketch.time >= self.steps, no, no)

    def product(self, world: Float[Array, " noise"], state: ParameterSketch) -> Any:
        return self.designs.from_parameters(state.places, key=state.chance)
