"""The space of terrains that networks write."""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from explora.core import ArgumentError, Space, between

from .._draw import draw_terrain
from .._terrain import METRE, START_PAD
from ._change import first_line, mutate_task
from ._genome import ACTIVATIONS, HIGHEST, NOBODY, CppnTask, canonical_task, is_valid, straight_line
from ._text import read_task, write_task


class CppnSpace(Space[CppnTask]):
    """All terrains that networks of a few units write: the encoding of Enhanced POET.

    The ground behind the flat start is what a network says of each place from -π to π, less what it says of the first
    [m]. A network begins as one edge from the place to the height. With a chance of 0.1 a mutation puts a unit into the
    middle of an edge (identity, sin 5x, sigmoid 5x, square or tanh 2.5x; the edge is switched off, the new ones weigh 1
    and what the old one did), with 0.075 it takes a unit out with its edges; then each weight and each bias moves with
    a chance of ¾ by a normal number of deviation 0.1, within ± 10. The ground of a mutant must rise somewhere: by less
    than 0.25 m, and it is scaled to 0.25 to 0.75 m, by more than 16 m, to 12 to 16 m. Valleys have no bound. What does
    not rise, or is no different, is drawn again.

    What is ours: numbers are whole multiples of 2⁻¹⁶ and cut off at ± 256, so that the ground is equal to the last bit
    everywhere; there is room for `hidden` units; a rise of less than 1/256 m is none; ground is cut off 64 m above and
    below the start; and a mutation is given up after 64 attempts.

    | | `"released-code"` | `"paper"` |
    |---|---|---|
    | where the rise is measured | from -1 to 1, apart from what is walked on | on the terrain itself |
    | where a run begins | on a random slope | on flat ground |

    The first column is what the code does. The second is what notes on the paper say of it: its text was not at hand.

    **Arguments:**

    - `rules`: whose rules.
    - `hidden`: how many hidden units a network can have.

    **Reference:** Wang et al. 2020, *Enhanced POET*, arXiv 2003.08536; Stanley 2007, *Compositional pattern producing
    networks*.
    """

    rules: Literal["released-code", "paper"] = eqx.field(static=True, default="released-code")
    hidden: int = eqx.field(static=True, default=8)

    def __check_init__(self):
        if self.rules not in ("released-code", "paper"):
            raise ArgumentError(f"`rules` must be 'released-code' or 'paper'; got {self.rules!r}")
        between("hidden", self.hidden, 1, 100)

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"mutate", "features"})

    def sample(self, *, key: PRNGKeyArray) -> CppnTask:
        if self.rules == "paper":
            return straight_line(self.hidden, 0, 0)
        return first_line(self.hidden, key=key)

    def mutate(self, task: CppnTask, *, key: PRNGKeyArray) -> CppnTask:
        return mutate_task(task, self.rules == "released-code", key=key)

    def valid(self, task: CppnTask) -> Bool[Array, ""]:
        return is_valid(task)

    def canonical(self, task: CppnTask) -> CppnTask:
        return canonical_task(task)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return ("highest", "lowest", "steepest up", "steepest down")

    def features(self, task: CppnTask) -> Float[Array, " features"]:
        """The highest and the lowest ground above the start, and its steepest steps up and down, all in metres."""
        rise = (task.heights()[START_PAD + 1 :]).astype(jnp.float32) / METRE
        rise, steps = rise - rise[0], jnp.diff(rise)
        return jnp.stack([rise.max(), rise.min(), jnp.maximum(steps.max(), 0.0), jnp.minimum(steps.min(), 0.0)])

    def feature_bounds(self) -> tuple[Float[Array, " features"], Float[Array, " features"]]:
        top, far = float(HIGHEST), 2.0 * HIGHEST
        return jnp.array([0.0, -top, 0.0, -far]), jnp.array([top, 0.0, far, 0.0])

    def encode(self, task: CppnTask) -> dict[str, Any]:
        return write_task(task)

    def decode(self, value: Any) -> CppnTask:
        return read_task(value, self.hidden)

    def describe(self, task: CppnTask) -> str:
        high, low, up, down = (float(x) for x in self.features(task))
        if high == low:
            return "flat ground"
        kinds = [ACTIVATIONS[kind - 1] for kind in np.asarray(task.kind)[1:] if kind != NOBODY]
        through = f" through {', '.join(kinds)}" if kinds else ""
        return f"ground from {low:.2g} to {high:.2g} m, steps of {down:.2g} to {up:.2g} m{through}"

    def draw(self, task: CppnTask, size: int = 160) -> np.ndarray:
        return draw_terrain(task, size)
