"""The terrains that POET solved, attacked directly: evolution strategies on the target alone, and the direct path."""

import sys
from collections.abc import Sequence
from typing import Any, Literal

import jax.random as jr
import numpy as np

from ._engine import Bench
from ._preset import distance, nearer

Way = Literal["alone", "path", "scratch"]

_TAIL = 10


def choose(runs: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The targets: the hardest challenging terrain that each run solved, then the second hardest of each, and so on.

    **Arguments:**

    - `runs`: of POET with transfer: their `seed` and what they `solved`, the hardest first.
    - `count`: how many targets are wanted; more than that only if one of each run are more.
    """
    rows = [[dict(fact, seed=run["seed"]) for fact in run["solved"] if fact["level"] > 0] for run in runs]
    deepest = max((len(row) for row in rows), default=0)
    turns = [[row[depth] for row in rows if depth < len(row)] for depth in range(deepest)]
    found = turns[0] if turns else []
    for turn in turns[1:]:
        found = found + turn[: max(0, count - len(found))]
    return found


def attack(bench: Bench, weights: np.ndarray | None, target: dict[str, Any], way: Way, budget: int) -> dict[str, Any]:
    """Tries to solve a terrain until it is solved or the budget is spent.

    **Arguments:**

    - `bench`: domain, learner, settings.
    - `weights`: of the flat walker; None: random ones.
    - `target`: a fact of `poet`, with the seed of its run.
    - `way`: `"alone"` and `"scratch"` on the target from the first step on; `"path"` from flat ground, a step of
      mutation nearer whenever the return reaches the mark for having children.
    - `budget`: in environment steps.

    **Returns:** after how many steps a trial found it solved (None: never), and how far it came.
    """
    preset, genes = bench.preset, target["genes"]
    first, learn, judge = jr.split(jr.fold_in(jr.key(30_000 + target["seed"]), genes["seed"]), 3)
    state = bench.fresh(first) if weights is None else bench.copies(weights, first)
    here: dict[str, Any] = {"ground_roughness": 0.0, "seed": genes["seed"]} if way == "path" else dict(genes)
    task, there = bench.task(here), _same(here, genes)
    near, steps, turn, solved, moves, owns = 1.0, 0, 0, None, [], []
    while steps < budget and solved is None:
        state, own, spent = bench.practise(state, [task], [0], jr.fold_in(learn, turn))
        steps, turn, owns = steps + int(spent[0]), turn + 1, [*owns, float(own[0])]
        if turn % 25 == 0:
            sys.stderr.write(f"  {steps / 1e6:.1f}M: return {np.mean(owns[-_TAIL:]):.0f} in {here}\n")
        if own[0] >= preset.solve and there:
            shown, _ = bench.trial(state, [task], [0], preset.trial, jr.fold_in(judge, turn))
            solved = steps if shown.mean() >= preset.solve else None
        elif own[0] >= preset.reproduce and not there:
            near = min(near, distance(here, genes))
            here = nearer(here, genes)
            task, there = bench.task(here), _same(here, genes)
            moves.append(steps)
    shown, _ = bench.trial(state, [bench.task(genes)], [0], preset.trial, judge)
    return {
        "way": way,
        "solved_at": solved,
        "steps": steps,
        "budget": budget,
        "iterations": turn,
        "return": float(shown.mean()),
        "late": float(np.mean(owns[-_TAIL:])),
        "best": max(owns),
        "moves": moves,
        "there": there,
        "distance": 0.0 if solved is not None else near if way == "path" else None,
    }


def verdicts(target: dict[str, Any], found: dict[str, Any]) -> dict[str, bool]:
    """Whether it was solved within what POET had spent: on the line of that agent, in all until then, in its whole run.

    What the flat walker cost belongs to both sides and counts for neither, but for who begins from nothing it is there.
    """
    more = target["walking"] if found["way"] == "scratch" else 0
    marks = {"line": target["line"], "until": target["steps"], "run": target["run"]}
    at = found["solved_at"]
    return {name: at is not None and at <= mark + more for name, mark in marks.items()}


def _same(here: dict[str, Any], genes: dict[str, Any]) -> bool:
    return distance(here, genes) < 1e-6
