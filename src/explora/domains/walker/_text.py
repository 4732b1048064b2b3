"""Terrains as JSON: the names and units of the released code, absent obstacles left out."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from explora.core import TaskError, suggest

from ._task import GENES, HUNDREDTH, LARGEST_SEED, ROUGHEST, SHAPES, WalkerTask, flat_task

_PAIRS = {gene.name: gene for gene in GENES}
_KEYS = ("ground_roughness", *_PAIRS, "stump_float", "whole", "seed")


def write_task(task: WalkerTask) -> dict[str, Any]:
    """A terrain as a JSON value; lengths in steps of the terrain.

    ```json
    {"ground_roughness": 1.2, "pit_gap": [0.4, 0.8], "seed": 7}
    ```
    """
    value: dict[str, Any] = {"ground_roughness": _short(task.roughness)}
    some = False
    for size, shapes in SHAPES.items():
        if int(np.asarray(getattr(task, size))[1]) > 0:
            some = True
            value[size] = [_short(x) for x in np.asarray(getattr(task, size))]
            value |= {shape: np.asarray(getattr(task, shape)).tolist() for shape in shapes}
    if some and bool(task.whole):
        value["whole"] = True
    value["seed"] = int(task.seed)
    return value


def read_task(value: Any) -> WalkerTask:
    """The terrain that is written in a JSON value, as NumPy arrays.

    What the released code of POET saves, `{"config": {…}, "seed": 7}`, is understood too.

    **Raises:** `TaskError` that says what is impossible, and what would be possible.
    """
    if not isinstance(value, dict):
        raise TaskError(f'a terrain is an object such as {{"ground_roughness": 1.2, "seed": 7}}; got {_shown(value)}')
    if isinstance(value.get("config"), dict) and set(value) <= {"config", "seed"}:
        saved = {name: gene for name, gene in value["config"].items() if name != "name"}
        value = saved | ({"seed": value["seed"]} if value.get("seed") is not None else {})
    for name in value:
        if name not in _KEYS:
            raise TaskError(f"a terrain has no gene {name!r}{suggest(str(name), _KEYS)}")
    if not value:
        raise TaskError('a terrain without any gene; write at least {"ground_roughness": 0}')
    genes = {name: _pair(name, value[name]) for name in _PAIRS if value.get(name)}
    if value.get("stump_float") not in (None, [], [0, 1], (0, 1)):
        raise TaskError(f"`stump_float` must be [0, 1]: stumps stand on the ground; got {_shown(value['stump_float'])}")
    for size, shapes in SHAPES.items():
        for shape in shapes:
            if shape in genes and size not in genes:
                raise TaskError(f"`{shape}` without `{size}`; write both or neither")
    whole = value.get("whole", False)
    if not isinstance(whole, bool):
        raise TaskError(f"`whole` must be true or false, got {_shown(whole)}")
    roughness = _hundredths("ground_roughness", value.get("ground_roughness", 0), ROUGHEST)
    task = flat_task(roughness, _seed(value.get("seed", 0)), **genes)
    return WalkerTask(**{**vars_of(task), "whole": np.array(whole)})


def task_of(task: Any) -> Any:
    """A terrain, or a stack of them, on the device."""
    return jax.tree.map(jnp.asarray, task)


def stacked(tasks: list[Any]) -> Any:
    """Terrains with a leading axis."""
    return jax.tree.map(lambda *x: np.stack(x), *tasks)


def vars_of(task: WalkerTask) -> dict[str, Any]:
    """The fields of a terrain by name."""
    return {name: getattr(task, name) for name in WalkerTask.__dataclass_fields__}


def _pair(name: str, value: Any) -> tuple[int, int]:
    gene = _PAIRS[name]
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TaskError(f"`{name}` must be a pair such as {_example(name)}, got {_shown(value)}")
    if gene.whole:
        if not all(_is_number(x) and float(x).is_integer() for x in value):
            raise TaskError(f"`{name}` must be two whole numbers such as {_example(name)}, got {_shown(value)}")
        low, high = (int(x) for x in value)
        if not gene.least <= low < high <= gene.most + 1:
            raise TaskError(
                f"`{name}` must be [low, high) within [{gene.least}, {gene.most + 1}), low < high; got {_shown(value)}"
            )
        return low, high
    low, high = (_hundredths(name, x, gene.most) for x in value)
    if low > high:
        raise TaskError(f"`{name}` must be [low, high] with low ≤ high; got {_shown(value)}")
    return low, high


def _hundredths(name: str, value: Any, most: int) -> int:
    if not _is_number(value) or not 0 <= value <= most:
        raise TaskError(f"`{name}` must lie in [0, {most}], got {_shown(value)}")
    return round(float(value) * HUNDREDTH)


def _seed(value: Any) -> int:
    if not _is_number(value) or not float(value).is_integer() or not 0 <= value <= LARGEST_SEED:
        raise TaskError(f"`seed` must be a whole number from 0 to {LARGEST_SEED}, got {_shown(value)}")
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _short(hundredths: Any) -> float:
    return int(hundredths) / HUNDREDTH


def _example(name: str) -> str:
    return "[1, 2]" if _PAIRS[name].whole else "[0.4, 0.8]"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
