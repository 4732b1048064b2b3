"""How many steps of the walker fit into a second, with the network of POET deciding every one, and of Gymnasium's.

    python benchmarks/walker_speed.py [--lanes N ...] [--sweeps N ...] [--contacts N] [--seconds S] [--rounds N]
                                      [--out FILE]

Every lane has weights of its own, as the copies of an evolution strategy have, and stands on rough ground with pits and
stumps. Episodes are not ended: what is measured is a step, not a policy. Compilation does not count.

- *one core*: the simulator in a process on one core, for each number of sweeps of the solver and of lanes.
- *all cores*: one such process on each, each with that many lanes, as `--engine processes:N` has them.
- *Gymnasium*: BipedalWalker on the same ground with the same network in NumPy, in one process and in one for each core;
  its resets do not count. Wants Box2D: `pip install 'gymnasium[box2d]'`.

All take turns, `--rounds` times; what is told is the middle. Physics settings but the sweeps are the domain's own.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from _machine import ROOT, load, machine

from explora.core import fresh_lesson, jitted
from explora.domains.walker import Walker, box2d_walker
from explora.learners import LanePolicy
from explora.learners._lane_nets import shape_of

GENES = {"ground_roughness": 2, "pit_gap": [0, 1], "stump_height": [0, 1], "seed": 1}
LAYERS = (40, 40)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--lanes", type=int, nargs="+", default=[16, 64, 128, 256, 512, 1024, 2048])
    say.add_argument("--sweeps", type=int, nargs="+", default=[10, 20, 30])
    say.add_argument("--contacts", type=int, default=Walker().contacts)
    say.add_argument("--seconds", type=float, default=2.0, help="for how long each of them runs in a round [s]")
    say.add_argument("--rounds", type=int, default=3)
    say.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "walker_speed.json")
    return say.parse_args()


Play = Callable[[], tuple[int, np.ndarray]]
"""Plays some steps: how many, and what of the time was spent on other things (of the clock, of the processor) [s]."""


def ours(lanes: int, sweeps: int, contacts: int) -> Play:
    """Plays in our simulator."""
    walker = Walker(iterations=sweeps, contacts=contacts)
    shape = shape_of(walker.observation, walker.action, LAYERS)
    policy = LanePolicy(0.1 * jr.normal(jr.key(0), (lanes, shape.count)), shape)
    task = walker.space.decode(GENES)
    lesson = fresh_lesson(jax.tree.map(lambda x: jnp.broadcast_to(x, (lanes, *x.shape)), task), False)
    keys, who = jr.split(jr.key(1), lanes), jnp.arange(lanes, dtype=jnp.int32)
    world = jax.jit(jax.vmap(walker.world))(lesson.tasks)
    state = jax.jit(jax.vmap(lambda w, k: walker.reset(w, key=k)))(world, keys)
    steps = 100

    def run(weights: jax.Array, world: Any, state: Any) -> Any:
        brain = LanePolicy(weights, shape).prepared(who)

        def step(_: jax.Array, state: Any) -> Any:
            seen = jax.vmap(walker.observe)(world, state)
            action, _, _ = brain(seen, (), jnp.zeros((lanes,), bool), keys=keys, who=who)
            return jax.vmap(lambda w, s, a, k: walker.step(w, s, a, key=k).state)(world, state, action, keys)

        return jax.lax.fori_loop(0, steps, step, state)

    compiled = jitted(run, walker)

    def play() -> tuple[int, np.ndarray]:
        nonlocal state
        state = jax.block_until_ready(compiled(policy.weights, world, state))
        return lanes * steps, np.zeros(2)

    return play


def gymnasiums() -> Play:
    """Plays in Gymnasium's; its resets are other things."""
    walker, random = box2d_walker(GENES), np.random.default_rng(0)
    sizes = (24, *LAYERS, 4)
    layers = [(random.normal(size=(a, b)), random.normal(size=b)) for a, b in itertools.pairwise(sizes)]
    seen = walker.reset(seed=0)[0]

    def play() -> tuple[int, np.ndarray]:
        nonlocal seen
        for step in range(100):
            for between, own in layers:
                seen = np.tanh(seen @ between + own)
            seen, _, ended, late, _ = walker.step(seen)
            if ended or late:
                before = _now()
                seen = walker.reset()[0]
                return step + 1, _now() - before
        return 100, np.zeros(2)

    return play


def _now() -> np.ndarray:
    return np.asarray((time.perf_counter(), time.process_time()))


def _timed(play: Play, seconds: float) -> tuple[float, float]:
    """Steps a second of the clock, and of processor time."""
    start, steps, other = _now(), 0, np.zeros(2)
    while (_now() - start)[0] < seconds:
        played, beside = play()
        steps, other = steps + played, other + beside
    clock, processor = steps / (_now() - start - other)
    return float(clock), float(processor)


def _worker(pipe: Connection, core: int, make: Callable[..., Play], given: tuple[Any, ...]) -> None:
    """A process: plays whenever it is told for how long."""
    os.environ["NPROC"] = "1"  # read by JAX when it computes for the first time
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    play = make(*given)
    play()
    pipe.send("ready")
    while (seconds := pipe.recv()) is not None:
        pipe.send(_timed(play, seconds))


class Side:
    """One or more processes that play at the same time.

    **Arguments:**

    - `cores`: what each process may use.
    - `make`, `given`: what each of them plays.
    """

    def __init__(self, cores: list[int], make: Callable[..., Play], *given: Any):
        start = multiprocessing.get_context("spawn")
        self._pipes, self._processes = [], []
        for core in cores:
            near, far = start.Pipe()
            process = start.Process(target=_worker, args=(far, core, make, given), daemon=True)
            process.start()
            self._pipes.append(near)
            self._processes.append(process)
        for pipe in self._pipes:
            pipe.recv()

    def measure(self, seconds: float) -> tuple[float, float]:
        """Steps a second of the clock, all together, and of processor time, of one."""
        for pipe in self._pipes:
            pipe.send(seconds)
        found = [pipe.recv() for pipe in self._pipes]
        return sum(clock for clock, _ in found), statistics.mean(processor for _, processor in found)

    def close(self) -> None:
        """Ends the processes."""
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join()


def main() -> None:
    """Measures everything, prints the table, and keeps it."""
    chosen = arguments()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    teams = {"one core": cores[:1], "all cores": cores}
    before = load()
    peers = {name: Side(team, gymnasiums) for name, team in teams.items()}
    rows = []
    print(
        "| sweeps | lanes | one core | ratio to Gymnasium | all cores | ratio to Gymnasium on one | on all |\n"
        "|---|---|---|---|---|---|---|"
    )
    for sweeps in chosen.sweeps:
        for lanes in chosen.lanes:
            sides = {name: Side(team, ours, lanes, sweeps, chosen.contacts) for name, team in teams.items()}
            found: dict[str, list[tuple[float, float]]] = {}
            for _ in range(chosen.rounds):
                for name in teams:
                    found.setdefault(name, []).append(sides[name].measure(chosen.seconds))
                    found.setdefault(f"Gymnasium, {name}", []).append(peers[name].measure(chosen.seconds))
            for side in sides.values():
                side.close()
            middle = {name: round(statistics.median(clock for clock, _ in each)) for name, each in found.items()}
            rows.append({"sweeps": sweeps, "lanes": lanes, "steps a second": middle, "rounds": found})
            one, many, gym, gyms = (middle[f"{side}{name}"] for side in ("", "Gymnasium, ") for name in teams)
            print(
                f"| {sweeps} | {lanes} | {one:,} | {one / gym:.0f} | {many:,} | {many / gym:.0f} | {many / gyms:.0f} |",
                flush=True,
            )
    for peer in peers.values():
        peer.close()
    report = {"machine": machine(), "load before": before, "contacts": chosen.contacts, "rows": rows}
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(f"\nAll numbers: {chosen.out}")


if __name__ == "__main__":
    main()
