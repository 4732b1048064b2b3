"""Our side of `qd_sphere.py`, and the traces that both sides are given."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from _ribs_child import CELLS, DIMS, EDGE, ROWS, advance, timed

from explora.explorers.quality import CVT, Grid, Kept, Proximity, Scheduler, Search, cma_mae, map_elites, summary

ALGORITHMS = ("line_map_elites", "cma_mae", "cma_mae tutorial")
SIDES = ("explora", "explora ask/tell", "pyribs")
CHILD = Path(__file__).with_name("_ribs_child.py")


def search(algorithm: str) -> Search:
    """The published settings; `"cma_mae"` with pyribs' own form of CMA-ES, `"cma_mae tutorial"` with Hansen's."""
    ends = (-EDGE, -EDGE), (EDGE, EDGE)
    if algorithm == "line_map_elites":
        return map_elites(Grid(CELLS, *ends), sigma=0.5, line=0.2, batch=ROWS)
    form = "tutorial" if algorithm.endswith("tutorial") else "pyribs"
    return cma_mae(Grid(CELLS, *ends, threshold=0.0, rate=0.01), Grid(CELLS, *ends), sigma=0.5, form=form)


def sphere(solutions: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The same function as `_ribs_child.sphere`, compiled."""
    best = 0.4 * 5.12
    worst = DIMS * (5.12 + best) ** 2
    objectives = 100.0 * (1.0 - jnp.sum((solutions - best) ** 2, axis=1) / worst)
    outside = jnp.abs(solutions) > 5.12
    folded = jnp.where(outside, 5.12 / jnp.where(outside, solutions, 1.0), solutions)
    half = DIMS // 2
    return objectives, jnp.stack([folded[:, :half].sum(axis=1), folded[:, half:].sum(axis=1)], axis=1)


@eqx.filter_jit(donate="all-except-first")
def compiled_turns(chosen: Search, state: Any, root: Any, turns: Any) -> Any:
    """Some turns, compiled with the function."""

    def turn(_: Any, state: Any) -> Any:
        ask, tell = jr.split(jr.fold_in(root, state.turns))
        solutions = chosen.ask(state, key=ask)
        return chosen.tell(state, solutions, *sphere(solutions), key=tell)[0]

    return jax.lax.fori_loop(0, turns, turn, state)


def compiled(algorithm: str, seed: int, marks: list[int]) -> Iterator[dict[str, Any]]:
    """One run whose function is compiled too; a row at each mark."""
    chosen = search(algorithm)
    state, done, wall, cpu = chosen.init(jnp.zeros(DIMS)), 0, 0.0, 0.0
    for mark in sorted({1, *marks}):
        began, spent = time.perf_counter(), time.process_time()
        state = compiled_turns(chosen, state, jr.key(seed), jnp.asarray(mark - done, jnp.int32))
        jax.block_until_ready(state)
        if done:  # the first turn compiles, on both sides
            wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - spent
        done = mark
        if mark in marks:
            yield _found(chosen.found(state), state) | {
                "iteration": done,
                "seconds": wall,
                "cpu": cpu,
                "timed": done - 1,
            }


def asked(algorithm: str, seed: int, marks: list[int]) -> Iterator[dict[str, Any]]:
    """One run by ask and tell, with pyribs' side's own NumPy function."""
    scheduler = Scheduler(search(algorithm), np.zeros(DIMS), seed=seed)
    for row in timed(scheduler, marks):
        state = scheduler.state
        yield _found(scheduler.search.found(state), state) | row


def peer(algorithm: str, seed: int, marks: list[int], python: str) -> Iterator[dict[str, Any]]:
    """One run of pyribs in its own interpreter."""
    command = [python, str(CHILD), "run", algorithm, str(seed), ",".join(map(str, marks))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield json.loads(line)
    if child.returncode:
        raise SystemExit(f"pyribs could not be run with {python}; what it says stands above")


def in_turns(algorithm: str, rounds: int, turns: int, python: str) -> Iterator[dict[str, float]]:
    """Both sides by ask and tell, taking turns of `turns` iterations each: what else the machine does hits both."""
    ours = Scheduler(search(algorithm), np.zeros(DIMS))
    with subprocess.Popen(
        [python, str(CHILD), "serve", algorithm, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def theirs(number: int) -> tuple[float, float]:
            print(number, file=child.stdin, flush=True)
            return tuple(json.loads(child.stdout.readline()))

        for number in (20, *[turns] * rounds):  # the first ones compile
            mine, other = advance(ours, number), theirs(number)
            row = {"explora": ROWS * number / mine[1], "pyribs": ROWS * number / other[1]}
            if number == turns:
                yield row | {"times": other[1] / mine[1], "times_by_clock": other[0] / mine[0]}
        child.stdin.close()


def _found(kept: Kept, state: Any) -> dict[str, Any]:
    found = summary(kept)
    restarts = sum(int(np.sum(s.restarts)) for s in state.emitters if hasattr(s, "restarts"))
    return {"qd_score": float(found.qd_score), "coverage": float(found.coverage), "restarts": restarts}


def recorded(seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Random batches for every kind of archive: many candidates a cell, many ties, some far outside.

    Objectives and measures are whole multiples of small powers of two, so that no rounding decides where one belongs;
    centres are not, so that no two are equally near.
    """
    rng = np.random.default_rng(seed)
    cases: dict[str, dict[str, Any]] = {
        "grid": {"shape": [8, 4], "low": [-2.0, 0.0], "high": [2.0, 1.0]},
        "thin": {"shape": [1, 3, 2], "low": [-1.0, 0.0, 0.0], "high": [1.0, 3.0, 4.0]},
        "annealed": {"shape": [4, 4], "low": [-2.0, 0.0], "high": [2.0, 1.0], "threshold": -1.0, "rate": 0.1},
        "at once": {"shape": [4, 4], "low": [-2.0, 0.0], "high": [2.0, 1.0], "threshold": -1.0, "rate": 1.0},
        "never": {"shape": [4, 4], "low": [-2.0, 0.0], "high": [2.0, 1.0], "threshold": 0.0, "rate": 0.0},
        "centres": {"centres": rng.uniform(-2, 2, (20, 2)), "low": [-2.0, -2.0], "high": [2.0, 2.0]},
        "annealed centres": {
            "centres": rng.uniform(-2, 2, (20, 2)),
            "low": [-2.0, -2.0],
            "high": [2.0, 2.0],
            "threshold": 0.0,
            "rate": 0.5,
        },
        "novel": {"neighbours": 5, "least": 0.25, "width": 2},
    }
    found = {}
    for name, case in cases.items():
        width = len(case.get("low", [0, 0]))
        shape = (30, 40)
        objectives = rng.integers(-64, 65, shape) / 16
        measures = rng.integers(-96, 97, (*shape, width)) / 32
        if "centres" not in case and "neighbours" not in case:
            measures[rng.random(shape) < 0.05] *= 1024.0
        solutions = rng.normal(size=(*shape, 3))
        arrays = {"objectives": objectives, "measures": measures, "solutions": solutions, **case}
        arrays.pop("width", None)
        found[name] = {
            key: np.asarray(x, np.int32 if key in ("shape", "neighbours") else np.float32) for key, x in arrays.items()
        }
    return found


def answered(case: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What our archive makes of the batches of one case."""
    more = {"threshold": float(case["threshold"]), "rate": float(case["rate"])} if "threshold" in case else {}
    if "shape" in case:
        ends = (tuple(case[name].tolist()) for name in ("low", "high"))
        archive: Any = Grid(tuple(case["shape"].tolist()), *ends, **more)
    elif "centres" in case:
        archive = CVT(jnp.asarray(case["centres"]), **more)
    else:
        archive = Proximity(2, float(case["least"]), int(case["neighbours"]), capacity=case["objectives"].size)
    kept, status, value = archive.init(jnp.zeros(3)), [], []
    add = eqx.filter_jit(archive.add)
    for batch in zip(case["solutions"], case["objectives"], case["measures"], strict=True):
        kept, added = add(kept, *map(jnp.asarray, batch))
        status.append(added.status)
        value.append(added.value)
    cells = np.flatnonzero(kept.filled)
    out = {"status": np.stack(status), "value": np.stack(value), "cells": cells}
    for name in ("objectives", "solutions", "thresholds"):
        out[name] = np.asarray(getattr(kept, name))[cells]
    return out


def compared(seed: int, python: str) -> list[dict[str, Any]]:
    """For each kind of archive: do statuses, cells and elites agree exactly, and values and thresholds to rounding?"""
    cases = recorded(seed)
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "given.npz", Path(name) / "said.npz"
        np.savez(source, **{f"{case}/{key}": x for case, arrays in cases.items() for key, x in arrays.items()})
        subprocess.run([python, str(CHILD), "traces", str(source), str(target)], check=True, stdout=sys.stderr)
        theirs = dict(np.load(target))
    rows = []
    for name, case in cases.items():
        ours = answered(case)
        row: dict[str, Any] = {"archive": name, "seed": seed, "candidates": int(case["objectives"].size)}
        for key in ("status", "cells", "objectives", "solutions"):
            row[key] = bool(np.array_equal(ours[key], theirs[f"{name}/{key}"]))
        for key in ("value", "thresholds"):
            if f"{name}/{key}" in theirs and ours[key].shape == theirs[f"{name}/{key}"].shape:
                row[key] = float(np.max(np.abs(ours[key] - theirs[f"{name}/{key}"]), initial=0.0))
        rows.append(row | {"elites": len(ours["cells"])})
    return rows
