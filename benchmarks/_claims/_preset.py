"""What the claims are tested with, fixed before any run: course, marks, budgets, and what is called challenging."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

MOST = {"ground_roughness": (10.0,), "pit_gap": (8.0, 8.0), "stump_height": (5.0, 5.0)}
"""The greatest values of the genes that POET's encoding has, as in the released code."""

CHANGE = {"ground_roughness": 0.6, "pit_gap": 0.4, "stump_height": 0.2}
"""How far a mutation moves a gene at most."""

FIRST = {"pit_gap": (0.0, 0.8), "stump_height": (0.0, 0.4)}
"""How an obstacle appears."""


@dataclasses.dataclass(frozen=True)
class Preset:
    """All settings of the benchmark.

    **Arguments:**

    - `name`: of the preset.
    - `course`: how much of the way of BipedalWalker has to be walked; returns shrink in proportion, marks too.
    - `max_steps`: after how many steps an episode ends; 2,000 are usual for the whole way.
    - `obstacles`: which genes change.
    - `stump`, `rough`: from which height of the highest stump, and from which roughness on a terrain is challenging:
      a quarter of the published marks (2.4 and 4.5). One is enough; both make it very challenging.
    - `low`, `high`, `reproduce`, `solve`: the marks of POET, the published ones times `course`.
    - `easy`: a terrain on which the flat walker's mean return reaches this challenges nobody: it solves it as it is.
    - `capacity`: niches, and children at a time.
    - `every`: how many turns agents learn between two generations (each with one round of transfer before it).
    - `pairs`: perturbations, both ways: so `2 + 2 * pairs` plays an iteration and niche.
    - `first`: how much of an episode agents play that have earned nothing yet.
    - `budget`: environment steps of a run of POET, with everything counted.
    - `walking`: environment steps after which training the flat walker is given up.
    - `walks`: the mean return on flat ground from which on it is trained.
    - `trial`: in how many fresh episodes a return is verified.
    - `fresh`: how many fresh episodes decide whether a transfer was right.
    - `brood`: how many children both measures of novelty rank.
    """

    name: str = "reduced"
    course: float = 0.5
    max_steps: int = 1000
    obstacles: tuple[str, ...] = ("roughness", "stump_height")
    stump: float = 0.6
    rough: float = 1.125
    low: float = 25.0
    high: float = 150.0
    reproduce: float = 100.0
    solve: float = 115.0
    easy: float = 115.0
    capacity: int = 4
    every: int = 6
    pairs: int = 63
    first: float = 0.4
    budget: int = 24_000_000
    walking: int = 60_000_000
    walks: float = 125.0
    trial: int = 16
    fresh: int = 32
    brood: int = 8

    def told(self) -> dict[str, Any]:
        """The settings as JSON."""
        return dataclasses.asdict(self) | {"obstacles": list(self.obstacles)}


SMOKE = Preset(
    name="smoke: means nothing",
    course=0.05,
    max_steps=32,
    stump=0.4,
    rough=0.1,
    low=-900.0,
    high=900.0,
    reproduce=-900.0,
    solve=-900.0,
    easy=900.0,
    every=2,
    pairs=7,
    budget=60_000,
    walking=4_000,
    walks=-900.0,
    trial=2,
    fresh=4,
)
"""Goes through every stage in a minute: on a course of two steps everybody does well."""


def encoding(genes: Mapping[str, Any]) -> list[float]:
    """Roughness, then least and greatest pit and stump, each as a share of the greatest there can be."""
    found: list[float] = []
    for name, most in MOST.items():
        value = genes.get(name, 0.0)
        pair = value if isinstance(value, (list, tuple)) else [value] * len(most)
        found += [float(x) / y for x, y in zip(pair, most, strict=True)]
    return found


def distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """How far two terrains are from each other, in [0, 1].

    **Reference:** Wang et al. 2019, POET (arXiv:1901.01753), section 4.2.
    """
    return math.dist(encoding(one), encoding(other)) / math.sqrt(len(encoding(one)))


def hardness(genes: Mapping[str, Any]) -> float:
    """The distance from flat ground."""
    return distance(genes, {})


def level(genes: Mapping[str, Any], begin: float, preset: Preset) -> int:
    """How challenging a terrain is: 0 not at all, 1 challenging, 2 very challenging.

    **Arguments:**

    - `genes`: of the terrain.
    - `begin`: the mean return of the flat walker there: what it solves as it is challenges nobody.
    - `preset`: the marks.
    """
    stump = genes.get("stump_height", (0.0, 0.0))[1]
    marks = int(stump >= preset.stump) + int(genes.get("ground_roughness", 0.0) >= preset.rough)
    return marks if begin < preset.easy else 0


def nearer(genes: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, Any]:
    """The next terrain of the direct path: each gene one step of mutation nearer to the target, the layout its own.

    An obstacle that there is not appears as in POET, but never larger than the target has it.
    """
    after: dict[str, Any] = {"seed": target["seed"]}
    for name, step in CHANGE.items():
        if name == "ground_roughness":
            after[name] = _towards(genes.get(name, 0.0), target.get(name, 0.0), step)
        elif name in target:
            aim = target[name]
            if name in genes:
                after[name] = [_towards(x, y, step) for x, y in zip(genes[name], aim, strict=True)]
            else:
                after[name] = [min(x, y) for x, y in zip(FIRST[name], aim, strict=True)]
    return after


def _towards(value: float, aim: float, step: float) -> float:
    return round(value + max(-step, min(step, aim - value)), 6)
