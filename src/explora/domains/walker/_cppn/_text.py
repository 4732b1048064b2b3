"""Networks as JSON."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from explora.core import TaskError, suggest

from ._fixed import LARGEST, ONE
from ._genome import (
    ACTIVATIONS,
    GONE,
    INPUT,
    NOBODY,
    OFF,
    ON,
    OUTPUT,
    CppnTask,
    canonical_task,
    is_valid,
    straight_line,
)

_KEYS = ("bias", "response", "nodes", "edges")
_MOST = 10
"""Of weights and biases."""


def write_task(task: CppnTask) -> dict[str, Any]:
    """A network as a JSON value.

    ```json
    {"bias": 0.1, "response": 1.0, "nodes": [{"activation": "sin", "bias": 0.2}],
     "edges": [{"from": "place", "to": 1, "weight": 1.0, "on": true},
               {"from": 1, "to": "height", "weight": 0.5, "on": true}]}
    ```
    """
    task = canonical_task(task)
    kind, bias = np.asarray(task.kind), np.asarray(task.bias)
    nodes = [
        {"activation": ACTIVATIONS[kind[unit] - 1], "bias": _number(bias[unit])}
        for unit in range(1, len(kind))
        if kind[unit] != NOBODY
    ]
    columns = (np.asarray(x).tolist() for x in (task.start, task.end, task.state, task.weight))
    edges = [
        {
            "from": "place" if start == INPUT else start,
            "to": "height" if end == OUTPUT else end,
            "weight": _number(weight),
            "on": state == ON,
        }
        for start, end, state, weight in zip(*columns, strict=True)
        if state != GONE
    ]
    return {"bias": _number(bias[OUTPUT]), "response": _number(task.response), "nodes": nodes, "edges": edges}


def read_task(value: Any, hidden: int) -> CppnTask:
    """The network that is written in a JSON value.

    **Arguments:**

    - `value`: as `write_task` writes it.
    - `hidden`: how many units there is room for.

    **Raises:** `TaskError` that says what is impossible, and what would be possible.
    """
    if not isinstance(value, dict) or not isinstance(value.get("edges"), list):
        raise TaskError(
            "a terrain of a network is an object such as "
            f'{{"edges": [{{"from": "place", "to": "height", "weight": 0.1}}]}}; got {_shown(value)}'
        )
    for name in value:
        if name not in _KEYS:
            raise TaskError(f"a network has no entry {name!r}{suggest(str(name), _KEYS)}")
    nodes, edges = value.get("nodes", []), value["edges"]
    if not isinstance(nodes, list) or len(nodes) > hidden:
        raise TaskError(f"`nodes` must be a list of at most {hidden}: the space has room for so many (`hidden`)")
    if len(edges) > 2 * hidden + 1:
        raise TaskError(f"`edges` must be at most {2 * hidden + 1}, got {len(edges)}")
    blank = straight_line(hidden, 0, 0)
    kind, bias = np.array(blank.kind), np.array(blank.bias)
    start, end, state, weight = (np.zeros_like(x) for x in (blank.start, blank.end, blank.state, blank.weight))
    bias[OUTPUT] = _whole("bias", value.get("bias", 0), _MOST)
    response = _whole("response", value.get("response", 1), LARGEST)
    if response <= 0:
        raise TaskError(f"`response` must be greater than 0, got {_shown(value['response'])}")
    for unit, node in enumerate(nodes, 1):
        kind[unit], bias[unit] = _node(node)
    for place, edge in enumerate(edges):
        start[place], end[place], state[place], weight[place] = _edge(edge, len(nodes))
    if len({(a, b) for a, b in zip(start[: len(edges)].tolist(), end.tolist())}) < len(edges):
        raise TaskError("two `edges` lead from one node to the same other; write one of them")
    arrays = (kind, bias, np.int32(response), start, end, state, weight)
    task = canonical_task(CppnTask(*map(jnp.asarray, arrays)))
    if not bool(is_valid(task)):  # all else is checked above
        raise TaskError("`edges` lead in a circle; every way must lead from the place to the height")
    return task


def _node(node: Any) -> tuple[int, int]:
    if not isinstance(node, dict) or set(node) - {"activation", "bias"} or "activation" not in node:
        raise TaskError(f'a node is an object such as {{"activation": "sin", "bias": 0.1}}; got {_shown(node)}')
    name = node["activation"]
    if name not in ACTIVATIONS:
        raise TaskError(f"there is no activation {_shown(name)}{suggest(str(name), ACTIVATIONS)}")
    return 1 + ACTIVATIONS.index(name), _whole("bias", node.get("bias", 0), _MOST)


def _edge(edge: Any, nodes: int) -> tuple[int, int, int, int]:
    if not isinstance(edge, dict) or set(edge) - {"from", "to", "weight", "on"} or not {"from", "to"} <= set(edge):
        raise TaskError(
            f'an edge is an object such as {{"from": "place", "to": 1, "weight": 0.5, "on": true}}; got {_shown(edge)}'
        )
    start = INPUT if edge["from"] == "place" else _place("from", "place", edge["from"], nodes)
    end = OUTPUT if edge["to"] == "height" else _place("to", "height", edge["to"], nodes)
    on = edge.get("on", True)
    if not isinstance(on, bool):
        raise TaskError(f"`on` must be true or false, got {_shown(on)}")
    return start, end, ON if on else OFF, _whole("weight", edge.get("weight", 0), _MOST)


def _place(name: str, other: str, value: Any, nodes: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= nodes:
        raise TaskError(f'`{name}` must be "{other}" or the number of a node, 1 to {nodes}; got {_shown(value)}')
    return value


def _whole(name: str, value: Any, most: int) -> int:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or abs(value) > most:
        raise TaskError(f"`{name}` must be a number within ± {most}, got {_shown(value)}")
    return round(value * ONE)


def _number(whole: Any) -> float:
    return int(whole) / ONE  # exact


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
