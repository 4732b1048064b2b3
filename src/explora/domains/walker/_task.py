"""What a terrain is: the genes of its obstacles and the seed from which they are laid out."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int16, Int32

from explora.core import Rowwise

HUNDREDTH = 100
"""Lengths are whole hundredths of a step of the terrain (14/30 m), roughness hundredths of its unit."""

LARGEST_SEED = 2**31 - 1


class Gene(NamedTuple):
    """What a gene may be.

    **Arguments:**

    - `name`: the field of `WalkerTask`.
    - `most`: its largest value, in steps of the terrain or whole numbers.
    - `least`: its smallest value where there is such an obstacle.
    - `whole`: a range `[low, high)` of whole numbers; otherwise `[low, high]` in hundredths.
    - `usual`: what the field holds where there is no such obstacle.
    """

    name: str
    most: int
    least: int = 0
    whole: bool = False
    usual: tuple[int, int] = (0, 0)


GENES = (
    Gene("pit_gap", 10),
    Gene("stump_height", 5),
    Gene("stump_width", 6, 1, True, (1, 2)),
    Gene("stair_height", 5),
    Gene("stair_width", 10, 1, True, (4, 5)),
    Gene("stair_steps", 9, 1, True, (1, 2)),
)
"""The pairs. Roughness lies in [0, 10]."""

ROUGHEST = 10

SHAPES = {"pit_gap": (), "stump_height": ("stump_width",), "stair_height": ("stair_width", "stair_steps")}
"""The genes that say how large an obstacle is, and those that say more of its shape."""


class WalkerTask(eqx.Module):
    """One terrain, as the published genes write it; the layout follows from genes and seed alone.

    There are pits, stumps or stairs exactly if the upper end of `pit_gap`, `stump_height` or `stair_height` is above 0.
    Two bytes a number, so that large archives stay small and that no rounding tells equal terrains apart.

    **Arguments:**

    - `roughness`: of the ground [hundredths].
    - `pit_gap`: least and greatest width of a pit [hundredths of a step].
    - `stump_height`: least and greatest height of a stump [hundredths of a step].
    - `stump_width`: how many steps wide a stump is, from the first number up to below the second.
    - `stair_height`: least and greatest height of one stair [hundredths of a step].
    - `stair_width`: how many steps wide one stair is, likewise.
    - `stair_steps`: how many stairs follow one another, likewise.
    - `whole`: draw only whole sizes, and stumps as high as they are wide: the obstacles of `BipedalWalkerHardcore`.
    - `seed`: of the layout, from 0.
    """

    roughness: Int16[Rowwise, "*tasks"]
    pit_gap: Int16[Rowwise, "*tasks 2"]
    stump_height: Int16[Rowwise, "*tasks 2"]
    stump_width: Int16[Rowwise, "*tasks 2"]
    stair_height: Int16[Rowwise, "*tasks 2"]
    stair_width: Int16[Rowwise, "*tasks 2"]
    stair_steps: Int16[Rowwise, "*tasks 2"]
    whole: Bool[Rowwise, "*tasks"]
    seed: Int32[Rowwise, "*tasks"]


def flat_task(roughness: int = 0, seed: int = 0, **genes: tuple[int, int]) -> WalkerTask:
    """A terrain without obstacles but for the given genes, as NumPy arrays.

    **Arguments:**

    - `roughness`: in hundredths.
    - `seed`: of the layout.
    - `genes`: pairs by name, in the units of `WalkerTask`.
    """
    pairs = {gene.name: np.array(genes.get(gene.name, gene.usual), np.int16) for gene in GENES}
    return WalkerTask(
        roughness=np.array(roughness, np.int16),
        whole=np.array(False),
        seed=np.array(seed, np.int32),
        **pairs,
    )


def present(pair: Int16[Array, "2"]) -> Bool[Array, ""]:
    """Whether there are obstacles of this size at all."""
    return pair[1] > 0


def is_valid(task: WalkerTask) -> Bool[Array, ""]:
    """Whether every gene lies within its published range."""
    good = (task.roughness >= 0) & (task.roughness <= ROUGHEST * HUNDREDTH) & (task.seed >= 0)
    for gene in GENES:
        low, high = getattr(task, gene.name)
        if gene.whole:
            good &= (gene.least <= low) & (low < high) & (high <= gene.most + 1)
        else:
            good &= (low >= 0) & (low <= high) & (high <= gene.most * HUNDREDTH)
    return good


def canonical_task(task: WalkerTask) -> WalkerTask:
    """The same terrain with nothing written that does not show: shapes of absent obstacles, the seed of flat ground."""
    fields = {}
    some = jnp.zeros((), bool)
    for size, shapes in SHAPES.items():
        there = present(getattr(task, size))
        some |= there
        for gene in (gene for gene in GENES if gene.name in (size, *shapes)):
            usual = jnp.array(gene.usual, jnp.int16)
            fields[gene.name] = jnp.where(there, getattr(task, gene.name), usual)
    # A stump of whole size is as high as it is wide, whatever its height says.
    heights = jnp.array([0, HUNDREDTH], jnp.int16)
    square = task.whole & present(task.stump_height)
    fields["stump_height"] = jnp.where(square, heights, fields["stump_height"])
    seed = jnp.where(some | (task.roughness > 0), task.seed, jnp.zeros_like(task.seed))
    return WalkerTask(roughness=task.roughness, whole=task.whole & some, seed=seed, **fields)
