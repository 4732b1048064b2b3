"""The space of terrains."""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from explora.core import ArgumentError, Space

from ._draw import draw_terrain
from ._mutate import (
    PRESETS,
    Preset,
    flat_start,
    mutate_task,
    random_task,
    share_names,
    shares_of,
    task_of_shares,
)
from ._task import HUNDREDTH, WalkerTask, canonical_task, is_valid
from ._text import read_task, task_of, write_task

_OBSTACLES = ("roughness", "pit_gap", "stump_height", "stair_height")


class WalkerSpace(Space[WalkerTask]):
    """All terrains of the published genes, and how they change.

    A mutation changes the genes of some or all kinds of obstacle and draws a new layout. Where the paper and the
    released code of POET differ, `rules` says whose rule it is:

    | | `"released-code"` | `"paper"` |
    |---|---|---|
    | widest pit [steps] | 8 | 10 |
    | each time | every enabled kind changes | some or all of them change |
    | number of stairs | always 1 | changes like the other genes, up to 9 |
    | kinds, if `obstacles` does not say | roughness, pits, stumps | these and stairs |

    Common to both: an obstacle appears at its smallest (pits [0, 0.8] steps, stumps and stairs [0, 0.4]); then the
    ends of its range move by ± 0.4 (pits) or ± 0.2, uniformly among the legal moves; roughness changes by at most 0.6,
    rounded to tenths, within [0, 10]; stumps and stairs grow up to 5 steps.

    **Arguments:**

    - `rules`: whose rules.
    - `obstacles`: which genes change: `"roughness"`, `"pit_gap"`, `"stump_height"`, `"stair_height"`; None: as `rules`.
    - `start`: what `sample` draws: `"flat"` ground, where runs of POET begin, or `"random"` genes over their ranges.

    **Reference:** Wang et al. 2019, *Paired Open-Ended Trailblazer (POET)*, arXiv 1901.01753.
    """

    rules: Literal["released-code", "paper"] = eqx.field(static=True, default="released-code")
    obstacles: tuple[str, ...] | None = eqx.field(static=True, default=None)
    start: Literal["flat", "random"] = eqx.field(static=True, default="flat")

    def __check_init__(self):
        if self.rules not in PRESETS:
            raise ArgumentError(f"`rules` must be one of {', '.join(map(repr, PRESETS))}; got {self.rules!r}")
        if self.start not in ("flat", "random"):
            raise ArgumentError(f'`start` must be "flat" or "random"; got {self.start!r}')
        wrong = [name for name in self.obstacles or () if name not in _OBSTACLES]
        if wrong or self.obstacles == () or len(set(self.obstacles or ())) != len(self.obstacles or ()):
            raise ArgumentError(f"`obstacles` must be some of {', '.join(_OBSTACLES)}, each once; got {self.obstacles}")

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"mutate", "features", "parameters"})

    @property
    def _preset(self) -> Preset:
        return PRESETS[self.rules]

    @property
    def _changing(self) -> tuple[str, ...]:
        return self._preset.obstacles if self.obstacles is None else self.obstacles

    def sample(self, *, key: PRNGKeyArray) -> WalkerTask:
        if self.start == "flat":
            return flat_start(key=key)
        return random_task(self._changing, self._preset, key=key)

    def mutate(self, task: WalkerTask, *, key: PRNGKeyArray) -> WalkerTask:
        return mutate_task(task, self._changing, self._preset, key=key)

    def valid(self, task: WalkerTask) -> Bool[Array, ""]:
        return is_valid(task)

    def canonical(self, task: WalkerTask) -> WalkerTask:
        return canonical_task(task)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return ("roughness", "pit low", "pit high", "stump low", "stump high", "stair low", "stair high", "stair steps")

    def features(self, task: WalkerTask) -> Float[Array, " features"]:
        """The encoding of which POET measures novelty, in its own units, and the stairs that it leaves out.

        Roughness; least and greatest width of pits, height of stumps and of stairs [steps]; the most stairs in a row,
        0 if there are none.
        """
        task = canonical_task(task)
        pairs = (task.pit_gap, task.stump_height, task.stair_height)
        lengths = jnp.concatenate([task.roughness[None], *pairs]).astype(jnp.float32) / HUNDREDTH
        steps = jnp.where(task.stair_height[1] > 0, task.stair_steps[1] - 1, 0).astype(jnp.float32)
        return jnp.concatenate([lengths, steps[None]])

    def feature_bounds(self) -> tuple[Float[Array, " features"], Float[Array, " features"]]:
        return jnp.zeros(8), jnp.array([10.0, 10.0, 10.0, 5.0, 5.0, 5.0, 5.0, 9.0])

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return share_names(self._changing)

    def parameters(self, task: WalkerTask) -> Float[Array, " parameters"]:
        return shares_of(task, self._changing, self._preset)

    def from_parameters(self, parameters: Float[Array, " parameters"], *, key: PRNGKeyArray) -> WalkerTask:
        return task_of_shares(parameters, self._changing, self._preset, key=key)

    def encode(self, task: WalkerTask) -> dict[str, Any]:
        return write_task(task)

    def decode(self, value: Any) -> WalkerTask:
        return task_of(read_task(value))

    def describe(self, task: WalkerTask) -> str:
        value = write_task(canonical_task(task))
        spans = {"pit_gap": "pits", "stump_height": "stumps", "stair_height": "stairs"}
        parts = [f"roughness {value['ground_roughness']:g}"] if value["ground_roughness"] else []
        for name, kind in spans.items():
            if name in value:
                low, high = value[name]
                size = f"{low:g}" if low == high else f"{low:g} to {high:g}"
                parts.append(f"{kind} of {size}" + (f" × {value['stair_steps'][1] - 1}" if kind == "stairs" else ""))
        return f"{', '.join(parts)} (layout {value['seed']})" if parts else "flat ground"

    def draw(self, task: WalkerTask, size: int = 160) -> np.ndarray:
        return draw_terrain(task, size)


def random_tasks(count: int, seed: int) -> WalkerTask:
    """Terrains of every kind of obstacle with uniformly drawn genes, stacked."""
    space = WalkerSpace(rules="paper", start="random")
    return space.samples(count, key=jr.key(seed))
