"""The held-out terrains by which versions are judged."""

import functools
from typing import Any

from explora.core import ArgumentError, Suite, UnknownName

from ._space import random_tasks
from ._task import WalkerTask
from ._text import read_task, stacked, task_of

LAYOUTS = 10
"""So many layouts of each published setting; their seeds lie beyond those that mutations draw."""

_FIRST_SEED = 20_000_000

_STEPS_5 = {"stair_width": [4, 5], "stair_steps": [5, 6]}
_STEPS_9 = {"stair_width": [4, 5], "stair_steps": [9, 10]}
_PUBLISHED: dict[str, tuple[str, dict[str, Any]]] = {
    "v3": ("the slightly uneven ground of Gymnasium's BipedalWalker-v3", {"ground_roughness": 1}),
    "hardcore": (
        "the obstacles of Gymnasium's BipedalWalkerHardcore-v3",
        {
            "ground_roughness": 1,
            "pit_gap": [2, 3],
            "stump_height": [1, 2],
            "stump_width": [1, 3],
            "stair_height": [1, 1],
            "stair_width": [4, 5],
            "stair_steps": [3, 5],
            "whole": True,
        },
    ),
    "stairs-medium": ("5 stairs of 2 steps each", {"stair_height": [2, 2], **_STEPS_5}),
    "stairs-high": ("9 stairs of 5 steps each", {"stair_height": [5, 5], **_STEPS_9}),
    "pit-medium": ("pits of 5 steps", {"pit_gap": [5, 5]}),
    "pit-high": ("pits of 10 steps", {"pit_gap": [10, 10]}),
    "stump-medium": ("stumps of 2 steps", {"stump_height": [2, 2]}),
    "stump-high": ("stumps of 5 steps", {"stump_height": [5, 5]}),
    "roughness-medium": ("ground of roughness 5", {"ground_roughness": 5}),
    "roughness-high": ("ground of roughness 9", {"ground_roughness": 9}),
}

_ROSES = {
    "1a": (5.6, [2.4, 2.82], [4.48, 6.4]),
    "1b": (5.44, [1.8, 2.82], [4.48, 6.72]),
    "2a": (7.2, [1.98, 2.82], [5.6, 7.2]),
    "2b": (5.76, [2.16, 2.76], [1.6, 7.2]),
    "3a": (5.28, [1.98, 2.76], [4.8, 7.2]),
    "3b": (4.8, [2.4, 2.76], [4.48, 4.8]),
}
"""Roughness, stumps and pits of six terrains that POET solved, as Parker-Holder et al. 2022 list them."""

SUITE_NAMES = ("flat", *_PUBLISHED, "rose", "random")

SUITE_GROUPS = {
    "stairs": ("stairs-medium", "stairs-high"),
    "pit": ("pit-medium", "pit-high"),
    "stump": ("stump-medium", "stump-high"),
    "roughness": ("roughness-medium", "roughness-high"),
    "medium": ("stairs-medium", "pit-medium", "stump-medium", "roughness-medium"),
    "high": ("stairs-high", "pit-high", "stump-high", "roughness-high"),
}


@functools.cache
def suite_of(name: str) -> Suite[WalkerTask]:
    """A suite by name.

    **Raises:** `UnknownName` if there is none of that name; `ArgumentError` if the name stands for several.
    """
    if name in SUITE_GROUPS:
        several = ", ".join(SUITE_GROUPS[name])
        raise ArgumentError(f"{name!r} stands for several suites ({several}): take one of them, or all with `suites`")
    if name not in SUITE_NAMES:
        raise UnknownName("suite", name, (*SUITE_NAMES, *SUITE_GROUPS))
    if name == "random":
        names = tuple(f"random-{number}" for number in range(1, 101))
        return Suite(random_tasks(100, 2019), names, summary="100 terrains with genes drawn over all their ranges")
    if name == "flat":
        return _suite([{"ground_roughness": 0}], ("flat",), "perfectly flat ground, where POET begins")
    if name == "rose":
        levels = [
            {"ground_roughness": rough, "stump_height": stump, "pit_gap": pit, "seed": _FIRST_SEED + number}
            for rough, stump, pit in _ROSES.values()
            for number in range(5)
        ]
        names = tuple(f"rose-{rose}-{number}" for rose in _ROSES for number in range(1, 6))
        return _suite(levels, names, "six terrains that POET found and solved, five layouts each")
    summary, genes = _PUBLISHED[name]
    values = [{**genes, "seed": _FIRST_SEED + number} for number in range(LAYOUTS)]
    return _suite(values, tuple(f"{name}-{number}" for number in range(1, LAYOUTS + 1)), summary)


def _suite(values: list[dict[str, Any]], names: tuple[str, ...], summary: str) -> Suite[WalkerTask]:
    return Suite(task_of(stacked([read_task(value) for value in values])), names, summary=summary)
